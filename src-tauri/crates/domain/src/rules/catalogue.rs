//! Every rule with its stable code, default severity, wording and source.
//!
//! A code is never reused or renamed: reports to providers and saved settings refer to it. The
//! wording is data here, in both languages, so that the window, the command line and exports say
//! the same.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::finding::Severity;

/// What administrators read about a rule.
#[derive(Debug)]
pub struct RuleText {
    /// What is wrong.
    pub title: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

/// A rule's description.
#[derive(Debug)]
pub struct RuleInfo {
    /// Stable code, `group.name`.
    pub code: &'static str,
    /// Severity unless a connection sets another.
    pub severity: Severity,
    /// Where the rule comes from.
    pub source: &'static str,
    /// Chinese wording.
    pub zh: RuleText,
    /// English wording.
    pub en: RuleText,
}

macro_rules! rules {
    ($($name:ident, $code:literal, $severity:ident, $source:literal, $zh:literal, $zh_advice:literal, $en:literal, $en_advice:literal;)*) => {
        /// Names a rule. The number is the place in [`RULES`] and has no meaning elsewhere.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[allow(missing_docs, reason = "each is documented by its entry in RULES")]
        pub enum Rule { $($name),* }

        /// All rules, in the order in which they are applied to a record.
        pub static RULES: &[RuleInfo] = &[$(RuleInfo {
            code: $code,
            severity: Severity::$severity,
            source: $source,
            zh: RuleText { title: $zh, advice: $zh_advice },
            en: RuleText { title: $en, advice: $en_advice },
        }),*];

        /// All rules by name.
        pub const ALL: &[Rule] = &[$(Rule::$name),*];
    };
}

rules! {
    // Format.
    FormatStructure, "format.structure", Reject, "GB/T 39046—2020, practice", "值不是文本或数字", "请提供方按单值传送该字段", "The value is not a text or number", "Ask the provider to send a single value in this field";
    FormatCharacters, "format.characters", Reject, "practice", "含有控制字符或乱码", "请提供方检查字符编码后重传", "Control characters or garbled text", "Ask the provider to check the character encoding and send again";
    FormatFullWidth, "format.full_width", Reject, "practice", "编码或数字中含有全角字符", "改为半角字符,或在映射中增加“全角转半角”", "Full-width characters in a code or number", "Use half-width characters, or add the transform to the mapping";
    FormatInteger, "format.integer", Reject, "national exchange tables", "不是整数", "应为不带小数和单位的数字", "Not a whole number", "Digits only, without decimals or units";
    FormatMoment, "format.moment", Reject, "GB/T 39046—2020 tables 2, 5, 8, 9", "日期时间无法识别", "应为 yyyy-MM-dd HH:mm:ss,东八区", "The date and time cannot be read", "Use yyyy-MM-dd HH:mm:ss in UTC+8";
    FormatDate, "format.date", Reject, "national user tables", "日期无法识别", "应为 yyyyMMdd 或 yyyy-MM-dd", "The date cannot be read", "Use yyyyMMdd or yyyy-MM-dd";
    FormatUrl, "format.url", Warn, "practice", "网址格式不正确", "应以 http:// 或 https:// 开头", "Not a web address", "Start with http:// or https://";
    FormatCertKey, "format.cert_key", Reject, "national user tables", "散列标识应为64位十六进制", "请提供方按散列算法重新计算", "An identity hash has 64 hexadecimal digits", "Ask the provider to compute the hash again";
    FormatMobile, "format.mobile", Warn, "practice", "手机号格式不正确", "应为11位,以1开头", "Not a mobile number", "Eleven digits that begin with 1";
    FormatRegion, "format.region", Reject, "GB/T 2260", "行政区划应为6、9或12位数字", "按 GB/T 2260 填写", "A region has 6, 9 or 12 digits", "Use GB/T 2260 codes";
    FormatDataSource, "format.data_source", Reject, "national exchange tables", "数据来源应为1加两位省级代码", "例如黑龙江为123", "A data source is 1 and two digits of the province", "Heilongjiang, for example, is 123";
    FormatNumberRange, "format.range", Reject, "national exchange tables", "数值超出范围", "核对该数值", "The number is out of range", "Check the number";
    // Required.
    RequiredMissing, "required.missing", Reject, "national exchange tables", "必填字段为空", "请提供方补全", "A required field is empty", "Ask the provider to fill it in";
    RequiredPlaceholder, "required.placeholder", Reject, "practice", "必填字段填的是占位值", "“无”“0”等占位值视为未填,请提供方补全", "A required field holds a placeholder", "Placeholders count as missing; ask the provider for the value";
    // Length.
    LengthExceeded, "length.exceeded", Reject, "national exchange tables", "超过最大长度", "缩短到规定长度以内", "Longer than the field allows", "Shorten it to the limit";
    LengthDisputed, "length.disputed", Warn, "GB/T 39046—2020 and national exchange tables", "超过部分来源规定的长度", "各来源规定不一,仅提示", "Longer than some sources allow", "Sources disagree on the width; only a hint";
    // Codes.
    CodeUnknown, "code.unknown", Reject, "code lists", "代码不在代码表中", "在代码表中增加该代码,或请提供方更正", "The code is not in the list", "Add the code to the list, or ask the provider to correct it";
    CodeExtension, "code.extension", Warn, "GB/T 39046—2020 A.1", "代码属于扩充段", "确认该扩充代码的含义", "The code is in the range kept for extensions", "Make sure what the extension means";
    // Check digits.
    IdNumberFormat, "id_number.format", Reject, "GB 11643", "公民身份号码位数或字符不正确", "应为18位,末位可为X", "A citizen ID has 18 characters", "Eighteen digits, the last may be X";
    IdNumberDate, "id_number.date", Reject, "GB 11643", "公民身份号码中的出生日期不存在", "核对证件号码", "The birth date in the citizen ID does not exist", "Check the number against the document";
    IdNumberCheck, "id_number.check", Reject, "GB 11643", "公民身份号码校验码错误", "核对证件号码", "Wrong check character in the citizen ID", "Check the number against the document";
    IdNumberRegion, "id_number.region", Warn, "GB/T 2260", "公民身份号码中的区划未知", "核对前6位", "Unknown region in the citizen ID", "Check the first six digits";
    IdNumberFifteen, "id_number.fifteen", Warn, "GB 11643", "15位旧身份号码", "建议升为18位", "An old citizen ID of 15 digits", "Better upgraded to 18 digits";
    IdNumberType, "id_number.type", Reject, "practice", "证件号码与证件类型不符", "核对证件类型和号码", "The number does not fit the document type", "Check the document's type and number";
    CreditCodeFormat, "credit_code.format", Reject, "GB 32100", "统一社会信用代码位数或字符不正确", "应为18位,不含 I O S V Z", "A credit code has 18 characters", "Eighteen characters without I O S V Z";
    CreditCodeCheck, "credit_code.check", Reject, "GB 32100", "统一社会信用代码校验码错误", "核对代码", "Wrong check character in the credit code", "Check the code";
    DepartmentOrganisationCode, "department.organisation_code", Warn, "GB 11714, practice", "部门编码为9位组织机构代码", "应更换为18位统一社会信用代码", "The department code is an old organisation code", "Replace it by the 18-character credit code";
    DepartmentFormat, "department.format", Warn, "GB 32100, practice", "部门编码不是统一社会信用代码", "应为18位统一社会信用代码", "The department code is no credit code", "Use the 18-character credit code";
    DepartmentCheck, "department.check", Warn, "GB 32100, practice", "部门编码校验码错误", "核对统一社会信用代码", "Wrong check character in the department code", "Check the credit code";
    RegionUnknown, "region.unknown", Warn, "GB/T 2260", "行政区划代码未知", "核对区划代码", "The region code is unknown", "Check the region code";
    RegionAbolished, "region.abolished", Warn, "GB/T 2260", "行政区划代码已撤销", "换用现行代码", "The region code is no longer in use", "Use the code in force";
    TaskCodeFormat, "task_code.format", Warn, "GB/T 39554.1—2020, practice", "实施编码不是31位", "应为信用代码18位+行使层级1位+基本编码12位", "The task code has not 31 characters", "Credit code 18, level 1, catalogue code 12";
    TaskCodeLocal, "task_code.local", Warn, "practice", "实施编码为地方形式", "确认地方编码规则", "The task code has a local form", "Make sure of the local coding rule";
    TaskCodeCheck, "task_code.check", Warn, "GB 32100, GB/T 39554.1—2020", "实施编码中的信用代码校验码错误", "核对实施编码前18位", "Wrong check character in the task code's credit code", "Check its first 18 characters";
    TaskCodeLevel, "task_code.level", Warn, "GB/T 39554.1—2020, practice", "实施编码第19位与行使层级不符", "核对行使层级", "The task code's level differs from the item's", "Check the exercising level";
    TaskCodeCatalog, "task_code.catalog", Warn, "GB/T 39554.1—2020, practice", "实施编码后12位与基本编码不符", "核对基本编码", "The task code's catalogue part differs", "Check the catalogue code";
    CatalogCodeFormat, "catalog_code.format", Warn, "GB/T 39554.1—2020, practice", "基本编码不是12位数字", "应为地区2位+类型2位+主项5位+子项3位", "The catalogue code has not 12 digits", "Region 2, type 2, main item 5, sub-item 3";
    // Service items, cross-field.
    ItemPromiseExceedsLegal, "item.promise_exceeds_legal", Warn, "practice", "承诺时限长于法定时限", "承诺时限不应超过法定时限", "The promised limit exceeds the legal one", "Promise no more than the legal limit";
    ItemInstantPromise, "item.instant_promise", Warn, "practice (city check 1)", "即办件与承诺时限不一致", "即办件的承诺时限应为0", "Instant case and promised limit disagree", "An instant case promises 0";
    ItemResultType, "item.result_type", Warn, "practice (city check 2)", "结果名称与结果类型不一致", "证照对应1,批文对应2", "Result name and result type disagree", "Licences are type 1, approvals type 2";
    ItemOnlineVisits, "item.online_visits", Warn, "practice (city check 4)", "全程网办但到场次数不为0", "全程网办的到场次数应为0", "Fully online, yet visits are needed", "Fully online items need 0 visits";
    ItemPhonesSame, "item.phones_same", Warn, "practice (city check 5)", "咨询与监督投诉方式相同", "两者应分开设置", "Enquiry and complaint contacts are the same", "Give two different contacts";
    ItemWorkTime, "item.work_time", Warn, "practice (city check 6)", "办理时间未写明工作日或全天", "写明工作日、全天或节假日安排", "Office hours name no working days", "Say working days, all day or holidays";
    ItemTopic, "item.topic", Warn, "practice (city check 7)", "服务对象与主题分类不一致", "自然人对应自然人主题,法人对应法人主题", "Target group and topics disagree", "Persons need a personal topic, organisations a corporate one";
    ItemFlowSteps, "item.flow_steps", Warn, "practice (city check 8)", "行政许可的办理流程缺少环节", "应包括受理、审核、审批、办结、送达", "A licence's procedure lacks steps", "Name acceptance, review, approval, completion, delivery";
    ItemFeeBasis, "item.fee_basis", Warn, "practice (city check 9)", "收费事项缺少收费依据", "补充收费依据", "A fee without its legal basis", "Add the basis of the fee";
    ItemFreePayment, "item.free_payment", Warn, "practice (city check 9)", "不收费事项支持网上支付", "核对是否收费", "No fee, yet online payment", "Check whether there is a fee";
    ItemSignOnLink, "item.sign_on_link", Warn, "practice", "已对接单点登录但缺少跳转地址", "补充在线办理跳转地址", "Single sign-on without a link", "Add the address of the online service";
    ItemPlanDates, "item.plan_dates", Reject, "practice", "计划取消早于计划生效", "核对计划日期", "Cancelled before it takes effect", "Check the planned dates";
    // Notices.
    NoticeUpdatedEarly, "notice.updated_early", Reject, "practice", "更新时间早于发布时间", "核对两个时间", "Updated before it was published", "Check both times";
    // Cases, cross-field.
    CaseAcceptEarly, "case.accept_early", Reject, "practice (timeline)", "受理时间早于申请时间", "核对申请和受理时间", "Accepted before it was applied for", "Check both times";
    CasePromiseEarly, "case.promise_early", Reject, "practice (timeline)", "承诺办结时间早于受理时间", "核对承诺办结时间", "Promised before acceptance", "Check the promised time";
    CaseFuture, "case.future", Reject, "practice (timeline)", "时间晚于当前时间", "核对时间,或检查提供方时钟", "The time lies in the future", "Check the time, or the provider's clock";
    CaseApplicantKind, "case.applicant_kind", Reject, "practice", "申请人类型与证件类型不符", "自然人用个人证件,法人用统一社会信用代码", "Applicant type and document type disagree", "Persons use personal documents, organisations credit codes";
    StepTimes, "step.times", Reject, "GB/T 39046—2020 table 7, practice", "环节结束早于开始", "无结束时间应填开始时间", "A step ends before it begins", "Without an end, give the start";
    StepEarly, "step.early", Reject, "practice (timeline)", "环节开始早于受理", "核对环节和受理时间", "A step begins before acceptance", "Check the step's and the acceptance's time";
    ResultEarly, "result.early", Reject, "practice (timeline)", "办结早于受理", "核对办结和受理时间", "Completed before acceptance", "Check both times";
    ResultInstantLate, "result.instant_late", Warn, "practice (timeline)", "即办件未当日办结", "核对办件类型", "An instant case not completed the same day", "Check the case type";
    ResultReason, "result.reason", Reject, "practice (case supervision tables)", "非出证办结缺少说明", "补充办件结果描述", "An outcome other than a licence needs a reason", "Describe the outcome";
    ResultCertificate, "result.certificate", Warn, "practice (case supervision tables)", "出证办结缺少证照编号", "补充结果证照编号", "A licence without its number", "Add the certificate number";
    SpecialTimes, "special.times", Reject, "GB/T 39046—2020 table 7, practice", "特别程序结束早于开始", "核对起止时间", "A special procedure ends before it begins", "Check both times";
    SpecialEarly, "special.early", Reject, "practice (timeline)", "特别程序开始早于受理", "核对起止时间", "A special procedure begins before acceptance", "Check both times";
    // Reviews, cross-field.
    ReviewDetailFormat, "review.detail_format", Reject, "national review interface", "评价详情代码未知", "按评价详情代码表填写", "Unknown review detail code", "Use the list of review details";
    ReviewDetailMismatch, "review.detail_mismatch", Reject, "national review interface", "评价详情与满意度不符", "详情首位数字应等于满意度,检查满意度方向设置", "Review details contradict the satisfaction", "The first digit must equal the satisfaction; check the scale's direction";
    ReviewDetailOld, "review.detail_old", Warn, "national review interface", "评价详情为旧版代码", "换用新版代码", "Review detail of an older list", "Use the current list";
    ReviewReason, "review.reason", Reject, "national review interface", "差评未勾选详情也无文字", "差评必须勾选详情或填写文字", "A bad review without details or text", "A bad review needs details or words";
    ReviewAcceptDate, "review.accept_date", Reject, "national review interface", "办理中或已完结但缺少受理时间", "补充受理时间", "In progress or completed without an acceptance time", "Add the acceptance time";
    ReviewResultDate, "review.result_date", Reject, "national review interface", "已完结但缺少办结时间", "补充办结时间", "Completed without a completion time", "Add the completion time";
    ReviewEarly, "review.early", Reject, "practice (timeline)", "评价早于受理", "核对评价和受理时间", "Reviewed before acceptance", "Check both times";
    ReviewCertKey, "review.cert_key", Reject, "national review interface", "网上评价缺少用户散列标识", "身份证用户的网上评价必须带散列标识", "An online review without an identity hash", "Online reviews by citizen ID need the hash";
    ReviewServiceNumber, "review.service_number", Reject, "national review interface", "服务次数应为1至99", "核对第几次服务", "The service number must be 1 to 99", "Check the service number";
    // Accounts, cross-field.
    AccountValidity, "account.validity", Reject, "national user tables", "失效日期早于生效日期", "核对有效期", "It expires before it takes effect", "Check the validity";
    AccountBirthday, "account.birthday", Reject, "GB 11643", "出生日期与身份号码不符", "核对出生日期", "Birth date and citizen ID disagree", "Check the birth date";
    AccountSex, "account.sex", Reject, "GB 11643, GB/T 2261.1", "性别与身份号码不符", "核对性别", "Sex and citizen ID disagree", "Check the sex";
    AccountExpired, "account.expired", Warn, "national user tables", "授权或证件已过期", "请续期后重传", "The authorisation or document has expired", "Renew and send again";
    // References and duplicates.
    ReferenceItem, "reference.item", Hold, "practice", "引用的事项尚未入库", "等待事项到达后自动复核", "The service item has not arrived", "It is rechecked when the item arrives";
    ReferenceCase, "reference.case", Hold, "practice", "引用的办件尚未入库", "等待办件到达后自动复核", "The case has not arrived", "It is rechecked when the case arrives";
    ReferenceLegalPerson, "reference.legal_person", Hold, "national user tables", "引用的法人尚未入库", "等待法人到达后自动复核", "The legal person has not arrived", "It is rechecked when the legal person arrives";
    HoldExpired, "reference.waited", Reject, "practice", "等待超时", "核对上级数据是否缺失", "Waited too long", "See whether the parent is missing at the provider";
    DuplicateKey, "duplicate.key", Reject, "national review interface, practice", "业务编号与已入库记录重复", "请提供方删除重复记录", "Another record already has this number", "Ask the provider to remove the duplicate";
    WithdrawalLimit, "withdrawal.limit", Hold, "limits of the connection", "一次撤销的记录超过上限", "核对提供方是否误删；确认后对这些记录执行“重新校验”即撤销", "More withdrawals in one run than the limit", "See whether the provider deleted by mistake; checking these records again withdraws them";
    // Timeliness.
    TimelinessFuture, "timeliness.future", Reject, "practice", "同步时间晚于当前时间", "检查提供方时钟", "The synchronisation time lies in the future", "Check the provider's clock";
    TimelinessLate, "timeliness.late", Off, "practice", "数据延迟到达", "检查提供方的同步频率", "The record came late", "Check how often the provider publishes";
    // Delivery.
    DeliveryRefused, "delivery.refused", Reject, "the portal's library", "入库被门户库拒绝", "按门户库返回的代码和说明处理；更正映射或由提供方更正后重新投递", "The portal's library refused the record", "See the library's code and words; mend the mapping or have the record corrected, then deliver again";
}

impl Rule {
    /// The rule's description.
    pub fn info(self) -> &'static RuleInfo {
        &RULES[self as usize]
    }

    /// The rule's stable code.
    pub fn code(self) -> &'static str {
        self.info().code
    }

    /// The rule of a code.
    pub fn by_code(code: &str) -> Option<Self> {
        ALL.iter().copied().find(|rule| rule.code() == code)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Rule::by_code(&code)
            .ok_or_else(|| serde::de::Error::custom(format!("there is no rule {code:?}")))
    }
}

//! 统一身份认证: natural persons, legal persons, their agents, and the portal's own accounts.
//!
//! A person is keyed on `cert_key`, never on a phone number; one legal person has many agents, each
//! with validity dates. There is no field for a password, on purpose.

use super::{CD_OPERATION, CD_TIME};
use crate::dataset::{Dataset, DatasetId, Flow, ParentReference, System};
use crate::field::{Field, Kind, Personal, Source};

const fn user(name: &'static str, zh: &'static str, kind: Kind) -> Field {
    Field::new(name, zh, kind).from(Source::UserTables)
}

const fn portal(name: &'static str, zh: &'static str, kind: Kind) -> Field {
    Field::new(name, zh, kind).from(Source::Practice)
}

/// `UP_UC_PROVINCE_USER`.
pub static NATURAL_PERSON: Dataset = Dataset {
    id: DatasetId::NaturalPerson,
    zh: "自然人账号",
    en: "Natural persons",
    system: System::UnifiedIdentity,
    flow: Flow::Static,
    fields: &[
        user("cert_key", "用户散列标识", Kind::CertKey)
            .must()
            .personal(Personal::Pseudonym),
        user("cert_no", "证件号码", Kind::IdNumber("cert_type"))
            .soft(64)
            .personal(Personal::IdNumber),
        user("cert_type", "证件类型", Kind::Code("id_type")),
        user("user_name", "姓名", Kind::Text)
            .soft(64)
            .personal(Personal::Name),
        user("user_mobile", "移动电话", Kind::Mobile).personal(Personal::Phone),
        user("user_real_lvl", "实名等级", Kind::Code("real_name_level")).must(),
        user("user_region", "来源区划", Kind::Region).must(),
        user("cert_eff_date", "证件生效日期", Kind::Date),
        user("cert_ext_date", "证件失效日期", Kind::Date),
        user("birthday", "出生日期", Kind::Date).personal(Personal::FreeText),
        user("sex", "性别", Kind::Code("sex")),
        CD_OPERATION,
        CD_TIME,
    ],
    key: &["cert_key"],
    business_key: &["cert_key"],
    version: None,
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[],
    department: None,
    region: Some("user_region"),
    title: "user_name",
    searched: &["user_name", "cert_key", "cert_no", "user_mobile"],
};

/// `UP_UC_CORPORATOR_IDENTITY`.
pub static LEGAL_PERSON: Dataset = Dataset {
    id: DatasetId::LegalPerson,
    zh: "法人账号",
    en: "Legal persons",
    system: System::UnifiedIdentity,
    flow: Flow::Static,
    fields: &[
        user("certificate_key", "法人散列标识", Kind::CertKey)
            .must()
            .personal(Personal::Pseudonym),
        user("certificate_sno", "统一社会信用代码", Kind::CreditCode).must(),
        user("corp_type", "法人类型", Kind::Code("applicant_type")).must(),
        user("corp_name", "法人名称", Kind::Text).soft(256),
        user("corp_status", "法人状态", Kind::Code("corp_status")),
        user("legal_name", "法定代表人", Kind::Text)
            .soft(64)
            .personal(Personal::Name),
        user(
            "legal_cert_no",
            "法定代表人证件号码",
            Kind::IdNumber("legal_cert_type"),
        )
        .soft(64)
        .personal(Personal::IdNumber),
        user(
            "legal_cert_type",
            "法定代表人证件类型",
            Kind::Code("id_type"),
        ),
        user("legal_cert_eff_date", "法定代表人证件生效日期", Kind::Date),
        user("legal_cert_ext_date", "法定代表人证件失效日期", Kind::Date),
        user("legal_mobile", "法定代表人手机", Kind::Mobile).personal(Personal::Phone),
        CD_OPERATION,
        CD_TIME,
    ],
    key: &["certificate_key"],
    business_key: &["certificate_sno"],
    version: None,
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[],
    department: None,
    region: None,
    title: "corp_name",
    searched: &["corp_name", "certificate_sno", "legal_name"],
};

/// `UP_UC_CORPORATOR_ACCOUNT`: an agent (经办人) acting for a legal person.
pub static AGENT_ACCOUNT: Dataset = Dataset {
    id: DatasetId::AgentAccount,
    zh: "经办人账号",
    en: "Agent accounts",
    system: System::UnifiedIdentity,
    flow: Flow::Static,
    fields: &[
        user("trust_acct_no", "账号", Kind::Text).must().hard(64),
        user("trust_acct_no_key", "账号散列标识", Kind::CertKey)
            .must()
            .personal(Personal::Pseudonym),
        user("acct_type", "账号类型", Kind::Code("account_type")).must(),
        user(
            "certificate_sno",
            "所属法人统一社会信用代码",
            Kind::CreditCode,
        )
        .must(),
        user("agent_name", "经办人姓名", Kind::Text)
            .soft(64)
            .personal(Personal::Name),
        user("agent_mobile", "经办人手机", Kind::Mobile).personal(Personal::Phone),
        user(
            "agent_cert",
            "经办人证件号码",
            Kind::IdNumber("agent_cert_type"),
        )
        .soft(64)
        .personal(Personal::IdNumber),
        user("agent_cert_type", "经办人证件类型", Kind::Code("id_type")),
        user("agent_cert_key", "经办人散列标识", Kind::CertKey).personal(Personal::Pseudonym),
        user("agent_channel", "授权渠道", Kind::Text).must().soft(6),
        user("agent_eff_date", "授权生效日期", Kind::Date),
        user("agent_exp_date", "授权失效日期", Kind::Date),
        CD_OPERATION,
        CD_TIME,
    ],
    key: &["trust_acct_no"],
    business_key: &["trust_acct_no"],
    version: None,
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[ParentReference {
        field: "certificate_sno",
        parent: DatasetId::LegalPerson,
        waits: true,
    }],
    department: None,
    region: None,
    title: "agent_name",
    searched: &[
        "agent_name",
        "trust_acct_no",
        "certificate_sno",
        "agent_mobile",
    ],
};

/// The accounts of the government-website platform itself.
pub static PORTAL_ACCOUNT: Dataset = Dataset {
    id: DatasetId::PortalAccount,
    zh: "门户账号",
    en: "Portal accounts",
    system: System::UnifiedIdentity,
    flow: Flow::Static,
    fields: &[
        portal("account_id", "门户账号标识", Kind::Text)
            .must()
            .hard(64),
        portal("account_kind", "账号类别", Kind::Code("account_kind")).must(),
        portal("display_name", "显示名称", Kind::Text)
            .soft(256)
            .personal(Personal::Name),
        portal("cert_key", "用户散列标识", Kind::CertKey).personal(Personal::Pseudonym),
        portal("credit_code", "统一社会信用代码", Kind::CreditCode),
        portal("legal_name", "法定代表人", Kind::Text)
            .soft(64)
            .personal(Personal::Name),
        portal("id_type", "证件类型", Kind::Code("id_type")),
        portal("id_number", "证件号码", Kind::IdNumber("id_type"))
            .soft(64)
            .personal(Personal::IdNumber),
        portal("mobile", "移动电话", Kind::Mobile).personal(Personal::Phone),
        portal(
            "required_level",
            "站点要求的实名等级",
            Kind::Code("real_name_level"),
        ),
        portal("account_state", "账号状态", Kind::Code("account_state")).must(),
        portal("bound_to", "已绑定的统一身份标识", Kind::Text).personal(Personal::Pseudonym),
        portal("bound_by", "绑定依据", Kind::Code("bound_by")),
        portal("roles", "角色", Kind::Text),
        portal("site", "所属站点", Kind::Text).soft(100),
        portal("updated_at", "更新时间", Kind::Moment).must(),
    ],
    key: &["account_id"],
    business_key: &["account_id"],
    version: None,
    source_time: Some("updated_at"),
    operation: None,
    parents: &[],
    department: None,
    region: None,
    title: "display_name",
    searched: &["display_name", "account_id", "mobile"],
};

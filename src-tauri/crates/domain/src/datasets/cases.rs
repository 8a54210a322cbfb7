//! 办件信息库: acceptance, steps, results and special procedures, each its own row.

use super::{CD_BATCH, CD_OPERATION, CD_TIME, DATA_SOURCE, ROW_GUID};
use crate::dataset::{Dataset, DatasetId, Flow, ParentReference, System};
use crate::field::{Field, Kind, Personal};

const PROJECT_NO: Field = Field::new("project_no", "办件编号", Kind::Text)
    .must()
    .hard(50);
const CASE: ParentReference = ParentReference {
    field: "project_no",
    parent: DatasetId::CaseAcceptance,
    waits: true,
};

/// `UP_PRO_ACCEPT`.
pub static CASE_ACCEPTANCE: Dataset = Dataset {
    id: DatasetId::CaseAcceptance,
    zh: "办件受理",
    en: "Case acceptances",
    system: System::CaseRecords,
    flow: Flow::Process,
    fields: &[
        ROW_GUID,
        PROJECT_NO,
        Field::new("catalog_code", "基本编码", Kind::CatalogCode)
            .must()
            .soft(12),
        Field::new("local_catalog_code", "地方基本编码", Kind::Text).hard(50),
        Field::new("task_code", "实施编码", Kind::TaskCode).must(),
        Field::new("local_task_code", "地方实施编码", Kind::Text).hard(50),
        Field::new("task_handle_item", "业务办理项编码", Kind::Text).hard(50),
        Field::new("task_name", "事项名称", Kind::Text)
            .must()
            .soft(1000),
        Field::new("task_version", "事项版本", Kind::Integer).must(),
        Field::new("project_name", "办件摘要", Kind::Text)
            .soft(1000)
            .personal(Personal::FreeText),
        Field::new("project_type", "办件类型", Kind::Code("project_type")).must(),
        Field::new("applyer_name", "申请人名称", Kind::Text)
            .must()
            .soft(100)
            .personal(Personal::Name),
        Field::new("applyer_type", "申请人类型", Kind::Code("applicant_type")).must(),
        Field::new("applyer_page_type", "申请人证件类型", Kind::Code("id_type")).must(),
        Field::new(
            "applyer_page_code",
            "申请人证件号码",
            Kind::IdNumber("applyer_page_type"),
        )
        .must()
        .soft(500)
        .personal(Personal::IdNumber),
        Field::new("apply_date", "申请时间", Kind::Moment).must(),
        Field::new("apply_type", "申请类型", Kind::Code("apply_type")).must(),
        Field::new("legal", "法定代表人", Kind::Text)
            .soft(100)
            .personal(Personal::Name),
        Field::new("contact_name", "联系人/代理人姓名", Kind::Text)
            .soft(100)
            .personal(Personal::Name),
        Field::new(
            "contact_type",
            "联系人/代理人证件类型",
            Kind::Code("id_type"),
        ),
        Field::new(
            "contact_code",
            "联系人/代理人证件号码",
            Kind::IdNumber("contact_type"),
        )
        .soft(50)
        .personal(Personal::IdNumber),
        Field::new("contact_mobile", "联系人手机号", Kind::Mobile)
            .soft(11)
            .personal(Personal::Phone),
        Field::new("zip_code", "邮编", Kind::Text).soft(6),
        Field::new("address", "通讯地址", Kind::Text)
            .soft(1000)
            .personal(Personal::Address),
        Field::new("org_name", "受理部门名称", Kind::Text)
            .must()
            .soft(100),
        Field::new("org_code", "受理部门编码", Kind::DepartmentCode)
            .must()
            .hard(64),
        Field::new("handle_user_name", "受理人员", Kind::Text)
            .soft(100)
            .personal(Personal::Name),
        Field::new("accept_date", "受理时间", Kind::Moment).must(),
        Field::new("accept_doc_no", "受理文书编号", Kind::Text).hard(50),
        Field::new("promise_date", "承诺办结时间", Kind::Moment),
        Field::new("area_code", "行政区划", Kind::Region),
        CD_OPERATION,
        CD_TIME,
        CD_BATCH,
        DATA_SOURCE,
    ],
    key: &["data_source", "row_guid"],
    business_key: &["project_no"],
    version: None,
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[ParentReference {
        field: "task_code",
        parent: DatasetId::ServiceItem,
        waits: true,
    }],
    department: Some("org_code"),
    region: Some("area_code"),
    title: "task_name",
    searched: &[
        "project_no",
        "task_name",
        "applyer_name",
        "org_name",
        "row_guid",
    ],
};

/// `UP_PRO_PROCESS`.
pub static CASE_STEP: Dataset = Dataset {
    id: DatasetId::CaseStep,
    zh: "办件过程",
    en: "Case steps",
    system: System::CaseRecords,
    flow: Flow::Process,
    fields: &[
        ROW_GUID,
        PROJECT_NO,
        Field::new("process_name", "环节名称", Kind::Text)
            .must()
            .soft(1000),
        Field::new("event_name", "业务动作", Kind::Code("event_name")).must(),
        Field::new("handle_user_name", "环节处理人", Kind::Text)
            .must()
            .soft(100)
            .personal(Personal::Name),
        Field::new("handle_explain", "处理意见", Kind::Text)
            .must()
            .soft(2000),
        Field::new("event_start_time", "环节开始时间", Kind::Moment).must(),
        Field::new("event_end_time", "环节结束时间", Kind::Moment).must(),
        Field::new("remark", "备注", Kind::Text).soft(256),
        CD_OPERATION,
        CD_TIME,
        CD_BATCH,
        DATA_SOURCE,
    ],
    key: &["data_source", "row_guid"],
    business_key: &[],
    version: None,
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[CASE],
    department: None,
    region: None,
    title: "process_name",
    searched: &["project_no", "process_name", "handle_user_name", "row_guid"],
};

/// `UP_PRO_RESULT`.
pub static CASE_RESULT: Dataset = Dataset {
    id: DatasetId::CaseResult,
    zh: "办件结果",
    en: "Case results",
    system: System::CaseRecords,
    flow: Flow::Process,
    fields: &[
        ROW_GUID,
        PROJECT_NO,
        Field::new("handle_user_name", "办理人", Kind::Text)
            .soft(100)
            .personal(Personal::Name),
        Field::new("result_date", "办结时间", Kind::Moment).must(),
        Field::new("result_type", "办结结果", Kind::Code("case_result_type")).must(),
        Field::new("satisfaction", "满意度", Kind::Code("satisfaction")),
        Field::new("result_cetr_name", "结果证照名称", Kind::Text).soft(256),
        Field::new("result_cetr_no", "结果证照编号", Kind::Text).soft(2000),
        Field::new("result_explain", "办件结果描述", Kind::Text).soft(2000),
        Field::new("is_delivery_results", "是否快递送达", Kind::Code("yes_no")).must(),
        Field::new("remark", "备注", Kind::Text).soft(256),
        CD_OPERATION,
        CD_TIME,
        CD_BATCH,
        DATA_SOURCE,
    ],
    key: &["data_source", "row_guid"],
    business_key: &["project_no"],
    version: None,
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[CASE],
    department: None,
    region: None,
    title: "project_no",
    searched: &["project_no", "result_cetr_name", "row_guid"],
};

/// `UP_PRO_SPECIAL_PROCEDURE`.
pub static SPECIAL_PROCEDURE: Dataset = Dataset {
    id: DatasetId::SpecialProcedure,
    zh: "特别程序",
    en: "Special procedures",
    system: System::CaseRecords,
    flow: Flow::Process,
    fields: &[
        ROW_GUID,
        PROJECT_NO,
        Field::new("special_type", "特别程序种类", Kind::Code("special_type")).must(),
        Field::new("special_name", "特别程序种类名称", Kind::Text)
            .must()
            .soft(1000),
        Field::new("special_time", "特别程序开始时间", Kind::Moment).must(),
        Field::new("special_reason", "启动理由", Kind::Text)
            .must()
            .soft(2000),
        Field::new("end_time", "特别程序结束时间", Kind::Moment).must(),
        Field::new("result", "特别程序结果", Kind::Text).soft(2000),
        Field::new("special_explain", "办理意见", Kind::Text).soft(2000),
        Field::new("applyer_user_name", "申请人", Kind::Text)
            .soft(100)
            .personal(Personal::Name),
        Field::new("handle_user", "办理人", Kind::Text)
            .soft(100)
            .personal(Personal::Name),
        CD_OPERATION,
        CD_TIME,
        CD_BATCH,
        DATA_SOURCE,
    ],
    key: &["data_source", "row_guid"],
    business_key: &[],
    version: None,
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[CASE],
    department: None,
    region: None,
    title: "special_name",
    searched: &["project_no", "special_name", "row_guid"],
};

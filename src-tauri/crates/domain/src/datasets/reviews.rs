//! "好差评"系统: one row per review.

use super::{CD_OPERATION, CD_TIME};
use crate::dataset::{Dataset, DatasetId, Flow, ParentReference, System};
use crate::field::{Field, Kind, Personal, Source};

const fn review(name: &'static str, zh: &'static str, kind: Kind) -> Field {
    Field::new(name, zh, kind).from(Source::ReviewInterface)
}

/// The review of the national interface. (办件编号, 评价次数) is unique.
pub static REVIEW: Dataset = Dataset {
    id: DatasetId::Review,
    zh: "好差评",
    en: "Reviews",
    system: System::Reviews,
    flow: Flow::Process,
    fields: &[
        review("review_id", "评价唯一标识", Kind::Text)
            .must()
            .hard(50),
        review("project_no", "办件编号", Kind::Text).must().hard(50),
        review("task_code", "实施编码", Kind::TaskCode).must(),
        review("task_handle_item", "业务办理项编码", Kind::Text).hard(50),
        review("task_name", "事项名称", Kind::Text)
            .must()
            .soft(1000),
        review("area_code", "行政区划", Kind::Region),
        review("dept_code", "部门编码", Kind::DepartmentCode),
        review("pro_depart", "受理部门", Kind::Text).soft(200),
        review("pro_status", "办件状态", Kind::Code("case_status")).must(),
        review("pf", "评价渠道", Kind::Code("review_channel")).must(),
        review("satisfaction", "满意度", Kind::Code("satisfaction")).must(),
        review("eval_detail", "评价详情", Kind::ReviewDetails),
        review("writing_evaluation", "文字评价", Kind::Text).personal(Personal::FreeText),
        review("assess_time", "评价时间", Kind::Moment).must(),
        review("assess_number", "评价次数", Kind::Integer).must(),
        review("service_name", "服务名称", Kind::Text).soft(200),
        review("service_number", "第几次服务", Kind::Integer),
        review("service_time", "服务时间", Kind::Moment),
        review("accept_date", "受理时间", Kind::Moment),
        review("result_date", "办结时间", Kind::Moment),
        review("user_prop", "申请人类型", Kind::Code("applicant_type")),
        review("user_name", "评价人", Kind::Text)
            .soft(100)
            .personal(Personal::Name),
        review("user_page_type", "评价人证件类型", Kind::Code("id_type")),
        review("cert_key", "用户散列标识", Kind::CertKey).personal(Personal::Pseudonym),
        review("mobile", "手机号", Kind::Mobile).personal(Personal::Phone),
        review("is_default", "是否默认评价", Kind::Code("yes_no")),
        review("data_source", "数据来源", Kind::Text).must().hard(3),
        CD_OPERATION,
        CD_TIME,
    ],
    key: &["data_source", "review_id"],
    business_key: &["project_no", "assess_number"],
    version: None,
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[
        ParentReference {
            field: "project_no",
            parent: DatasetId::CaseAcceptance,
            waits: true,
        },
        ParentReference {
            field: "task_code",
            parent: DatasetId::ServiceItem,
            waits: true,
        },
    ],
    department: Some("dept_code"),
    region: Some("area_code"),
    title: "task_name",
    searched: &[
        "project_no",
        "task_name",
        "pro_depart",
        "user_name",
        "writing_evaluation",
    ],
};

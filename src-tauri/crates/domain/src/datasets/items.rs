//! 政务服务事项库: service items and service notices.

use super::{CD_BATCH, CD_OPERATION, CD_TIME, DATA_SOURCE, ROW_GUID};
use crate::dataset::{Dataset, DatasetId, Flow, ParentReference, System};
use crate::field::{Field, Kind, Source};

/// `UP_TASK_GENERAL_BASIC` with the columns of `_EXTEND` that screens and rules need.
pub static SERVICE_ITEM: Dataset = Dataset {
    id: DatasetId::ServiceItem,
    zh: "政务服务事项",
    en: "Service items",
    system: System::ServiceItems,
    flow: Flow::Static,
    fields: &[
        ROW_GUID,
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
        Field::new("task_type", "事项类型", Kind::Code("task_type")).must(),
        Field::new("task_state", "事项状态", Kind::Code("task_state")).must(),
        Field::new("task_version", "事项版本", Kind::Integer).must(),
        Field::new("plan_effective_date", "计划生效日期", Kind::Moment),
        Field::new("plan_cancel_date", "计划取消日期", Kind::Moment),
        Field::new("by_law", "设定依据", Kind::Text).must(),
        Field::new("use_level", "行使层级", Kind::Codes("use_level")).must(),
        Field::new("power_source", "权力来源", Kind::Code("power_source")).must(),
        Field::new("dept_name", "实施主体", Kind::Text)
            .must()
            .soft(200),
        Field::new("dept_code", "实施主体编码", Kind::DepartmentCode)
            .must()
            .hard(50),
        Field::new("dept_type", "实施主体性质", Kind::Code("dept_type")).must(),
        Field::new("entrust_name", "委托部门", Kind::Text).soft(100),
        Field::new("server_type", "服务对象", Kind::Codes("server_type")).must(),
        Field::new("project_type", "办件类型", Kind::Code("project_type")).must(),
        Field::new("handle_type", "办理形式", Kind::Codes("handle_type")),
        Field::new("accept_condition", "受理条件", Kind::Text).must(),
        Field::new("handle_flow", "办理流程", Kind::Text).must(),
        Field::new("anticipate_day", "法定办结时限", Kind::Integer).must(),
        Field::new(
            "anticipate_type",
            "法定办结时限单位",
            Kind::Code("time_unit"),
        )
        .must(),
        Field::new("promise_day", "承诺办结时限", Kind::Integer).must(),
        Field::new("promise_type", "承诺办结时限单位", Kind::Code("time_unit")).must(),
        Field::new("special_procedure", "特别程序", Kind::Text)
            .must()
            .soft(500),
        Field::new("is_fee", "是否收费", Kind::Code("yes_no")).must(),
        Field::new("fee_basis", "收费依据", Kind::Text),
        Field::new("limit_scene_num", "到办事现场次数", Kind::Integer).must(),
        Field::new(
            "is_single_login",
            "计算机端是否对接单点登录",
            Kind::Code("yes_no"),
        )
        .must(),
        Field::new(
            "app_is_single_login",
            "移动端是否对接单点登录",
            Kind::Code("yes_no"),
        )
        .must(),
        Field::new("link_addr", "计算机端在线办理跳转地址", Kind::Url).soft(256),
        Field::new("mobile_terminal_url", "移动端办理地址", Kind::Url).soft(500),
        Field::new("link_way", "咨询方式", Kind::Text).must(),
        Field::new("supervise_way", "监督投诉方式", Kind::Text).must(),
        Field::new("transact_addr", "办理地点", Kind::Text)
            .must()
            .soft(500),
        Field::new("transact_time", "办理时间", Kind::Text)
            .must()
            .soft(500),
        Field::new("is_online", "是否网办", Kind::Code("yes_no")),
        Field::new("is_pay_online", "是否支持网上支付", Kind::Code("yes_no")),
        Field::new("is_express", "是否支持物流快递", Kind::Code("yes_no")),
        Field::new("handle_area", "通办范围", Kind::Code("handle_area")),
        Field::new("online_handle_depth", "网办深度", Kind::Text).soft(20),
        Field::new("result_name", "结果名称", Kind::Text).soft(200),
        Field::new("result_type", "结果类型", Kind::Code("item_result_type")),
        Field::new("user_topic_type", "自然人主题", Kind::Text).soft(40),
        Field::new("corp_topic_type", "法人主题", Kind::Text).soft(40),
        Field::new("area_code", "行政区划", Kind::Region).from(Source::Gb39046(4)),
        CD_OPERATION,
        CD_TIME,
        CD_BATCH,
        DATA_SOURCE,
    ],
    key: &["data_source", "row_guid"],
    business_key: &["task_code"],
    version: Some("task_version"),
    source_time: Some("cd_time"),
    operation: Some("cd_operation"),
    parents: &[],
    department: Some("dept_code"),
    region: Some("area_code"),
    title: "task_name",
    searched: &["task_name", "task_code", "dept_name", "row_guid"],
};

/// 办事资讯 with the core metadata 标识, 标题, 来源, 发布/更新时间, 分类, 主体.
pub static SERVICE_NOTICE: Dataset = Dataset {
    id: DatasetId::ServiceNotice,
    zh: "办事资讯",
    en: "Service notices",
    system: System::ServiceItems,
    flow: Flow::Static,
    fields: &[
        ROW_GUID.from(Source::Practice),
        Field::new("title", "标题", Kind::Text)
            .must()
            .soft(200)
            .from(Source::Practice),
        Field::new("source_name", "来源", Kind::Text)
            .must()
            .soft(100)
            .from(Source::Practice),
        Field::new("publish_time", "发布时间", Kind::Moment)
            .must()
            .from(Source::Practice),
        Field::new("update_time", "更新时间", Kind::Moment).from(Source::Practice),
        Field::new("category", "分类", Kind::Code("notice_category"))
            .must()
            .from(Source::Practice),
        Field::new("dept_name", "主体", Kind::Text)
            .must()
            .soft(200)
            .from(Source::Practice),
        Field::new("dept_code", "主体编码", Kind::DepartmentCode)
            .hard(50)
            .from(Source::Practice),
        Field::new("area_code", "行政区划", Kind::Region).from(Source::Practice),
        Field::new("task_code", "相关实施编码", Kind::TaskCode).from(Source::Practice),
        Field::new("summary", "摘要", Kind::Text).from(Source::Practice),
        Field::new("content", "正文", Kind::Text)
            .must()
            .from(Source::Practice),
        Field::new("link_addr", "原文地址", Kind::Url).from(Source::Practice),
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
    parents: &[ParentReference {
        field: "task_code",
        parent: DatasetId::ServiceItem,
        waits: true,
    }],
    department: Some("dept_code"),
    region: Some("area_code"),
    title: "title",
    searched: &["title", "dept_name", "row_guid"],
};

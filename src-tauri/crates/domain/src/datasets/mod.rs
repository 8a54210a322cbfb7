//! The tables themselves, one file per system.
//!
//! Column names, widths and requirements follow the national exchange tables; what only
//! GB/T 39046—2020 or a live interface has is marked with its source.

mod cases;
mod identity;
mod items;
mod reviews;

use crate::dataset::Dataset;
use crate::field::{Field, Kind};

/// All datasets, in the order of [`crate::DatasetId`].
pub static ALL: [&Dataset; 11] = [
    &items::SERVICE_ITEM,
    &items::SERVICE_NOTICE,
    &cases::CASE_ACCEPTANCE,
    &cases::CASE_STEP,
    &cases::CASE_RESULT,
    &cases::SPECIAL_PROCEDURE,
    &reviews::REVIEW,
    &identity::NATURAL_PERSON,
    &identity::LEGAL_PERSON,
    &identity::AGENT_ACCOUNT,
    &identity::PORTAL_ACCOUNT,
];

/// 记录唯一标识, not null in every national table.
const ROW_GUID: Field = Field::new("row_guid", "记录唯一标识", Kind::Text)
    .must()
    .hard(50);
/// 同步类型: I, U or D.
const CD_OPERATION: Field =
    Field::new("cd_operation", "同步类型", Kind::Code("cd_operation")).must();
/// 同步时间.
const CD_TIME: Field = Field::new("cd_time", "同步时间", Kind::Moment).must();
/// 批次号.
const CD_BATCH: Field = Field::new("cd_batch", "批次号", Kind::Text).must().hard(32);
/// 数据来源: 1 and the two digits of the province.
const DATA_SOURCE: Field = Field::new("data_source", "数据来源", Kind::Text)
    .must()
    .hard(3);

//! The quality of the data that came, by department and dataset.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;

/// A period of quality figures.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct QualityRequest {
    /// Only this connection's.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// First day, `YYYY-MM-DD` in UTC+8; absent means thirty days before the last.
    pub from: Option<String>,
    /// Last day; absent means today.
    pub to: Option<String>,
}

/// Contents that were judged for the first time in a period. What came again unchanged is not counted
/// again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QualityFigures {
    /// How many.
    #[ts(type = "number")]
    pub judged: i64,
    /// Accepted at once.
    #[ts(type = "number")]
    pub passed: i64,
    /// 完整性: something that must be there is missing.
    #[ts(type = "number")]
    pub incomplete: i64,
    /// 准确性: a value has not its form, is in no list, or its check digit is wrong.
    #[ts(type = "number")]
    pub inaccurate: i64,
    /// 及时性: it came late, or its time lies in the future.
    #[ts(type = "number")]
    pub late: i64,
    /// 一致性: fields or records do not agree.
    #[ts(type = "number")]
    pub inconsistent: i64,
    /// 唯一性: it is there more than once.
    #[ts(type = "number")]
    pub doubled: i64,
}

/// The figures of one dataset of one department.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QualityCell {
    /// The dataset.
    pub dataset: DatasetId,
    /// Department's code; empty where the rows name none.
    pub department: String,
    /// Its figures.
    pub figures: QualityFigures,
}

/// The figures of one day.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QualityDay {
    /// The day, in UTC+8.
    pub day: String,
    /// Its figures.
    pub figures: QualityFigures,
}

/// The quality of the data of a period.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QualityReport {
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// All of it.
    pub total: QualityFigures,
    /// By dataset, in their order.
    pub datasets: Vec<QualityCell>,
    /// By department, most contents first; at most 500.
    pub departments: Vec<QualityCell>,
    /// Departments in all.
    #[ts(type = "number")]
    pub department_count: i64,
    /// By dataset and department, most contents first; at most 2,000.
    pub cells: Vec<QualityCell>,
    /// By day; days without any content are left out.
    pub days: Vec<QualityDay>,
}

/// Writes a quality report.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct QualityExport {
    /// Which period.
    pub request: QualityRequest,
    /// The file: `.html` or `.xlsx`.
    pub path: String,
    /// zh-CN or en.
    pub language: String,
}

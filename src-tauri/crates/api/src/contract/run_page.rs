//! A run's page beyond its counters: how it came about, what happened when, comparison, report.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;

use super::{Counts, KeptBy, RunRow};

/// How a run came about and how it stands to others.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunStanding {
    /// Who asked for it; empty where nobody is known.
    pub asked_by: String,
    /// The run that it undoes.
    #[ts(type = "number | null")]
    pub undoes: Option<i64>,
    /// The last run that undid it.
    #[ts(type = "number | null")]
    pub undone_by: Option<i64>,
    /// How that one stands.
    pub undone_state: Option<String>,
    /// ended, running, or history_forgotten: whether it can be undone and why not.
    pub undoable: String,
    /// Of an undo: what was kept, by what changed it since.
    pub kept: Vec<KeptBy>,
    /// The run before it of the same connection, to compare with.
    #[ts(type = "number | null")]
    pub previous: Option<i64>,
}

/// Two runs to compare.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CompareRuns {
    /// This one.
    #[ts(type = "number")]
    pub run_id: i64,
    /// The earlier one; the one before if absent.
    #[ts(type = "number | null")]
    pub other: Option<i64>,
}

/// Two runs side by side.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunComparison {
    /// This one.
    pub run: RunRow,
    /// The earlier one.
    pub other: RunRow,
    /// By dataset.
    pub datasets: Vec<DatasetComparison>,
    /// Causes that this run has and the other had not.
    pub new_causes: Vec<RunCause>,
    /// Causes that the other had and this run has not.
    pub gone_causes: Vec<RunCause>,
}

/// One dataset in both runs; absent where a run did not read it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DatasetComparison {
    /// The dataset.
    pub dataset: DatasetId,
    /// Counters of this run.
    pub counts: Option<Counts>,
    /// Counters of the other.
    pub other: Option<Counts>,
    /// How long this run took.
    #[ts(type = "number | null")]
    pub took_ms: Option<i64>,
    /// How long the other took.
    #[ts(type = "number | null")]
    pub other_took_ms: Option<i64>,
}

/// A cause of rejections in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunCause {
    /// The dataset.
    pub dataset: DatasetId,
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
    /// What the values have in common, in words.
    pub values: super::ClusterWords,
    /// Rows of the run with it.
    #[ts(type = "number")]
    pub rows: i64,
}

/// Writes a run's report.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunReportRequest {
    /// The run.
    #[ts(type = "number")]
    pub run_id: i64,
    /// The file: `.html` or `.xlsx`.
    pub path: String,
    /// zh-CN or en.
    pub language: String,
}

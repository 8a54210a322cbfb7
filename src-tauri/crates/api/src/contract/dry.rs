//! What a run covers, how much that is about, and dry runs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::{DatasetId, Finding};
use zhengqiao_exchange::{Environment, Narrowing};

use super::{Counts, RunDatasetRow, RunMode};

/// A window of time in UTC+8, `yyyy-MM-dd HH:mm:ss`; the end does not belong to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SyncWindow {
    /// Its beginning.
    pub from: String,
    /// Its end.
    pub to: String,
}

/// What a run covers besides its mode.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct SyncScope {
    /// Only what changed in a window.
    pub window: Option<SyncWindow>,
    /// Only the records of these ids; empty means all.
    pub ids: Vec<String>,
    /// Only this department, by its code.
    pub department: Option<String>,
    /// Only this region, by its code.
    pub region: Option<String>,
    /// Whether the next incremental run begins where this one ends, though it covers only a part.
    pub moves_cursor: bool,
}

/// What the reading of a dataset can be narrowed by.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReachRow {
    /// The dataset.
    pub dataset: DatasetId,
    /// A window of time.
    pub window: Narrowing,
    /// A list of ids.
    pub ids: Narrowing,
    /// A department.
    pub department: Narrowing,
    /// A region.
    pub region: Narrowing,
    /// Whether a window can move the place where the next incremental run begins.
    pub moves_cursor: bool,
}

/// About how much a run would read.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SyncProbe {
    /// Each dataset that would be read.
    pub datasets: Vec<ProbedDataset>,
    /// Datasets that cannot be narrowed so and would be left out.
    pub left_out: Vec<DatasetId>,
}

/// About how much would be read of one dataset.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ProbedDataset {
    /// The dataset.
    pub dataset: DatasetId,
    /// Rows; absent when the provider does not tell.
    #[ts(type = "number | null")]
    pub rows: Option<u64>,
    /// Why it could not be asked.
    pub error: Option<String>,
}

/// Names a dry run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DryId {
    /// Its number.
    #[ts(type = "number")]
    pub dry_id: i64,
}

/// A dry run in a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DryRunRow {
    /// Its number.
    #[ts(type = "number")]
    pub dry_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// How much.
    pub mode: RunMode,
    /// What it covers besides.
    pub scope: SyncScope,
    /// State word.
    pub state: String,
    /// The cause in a sentence, where it did not succeed.
    pub message: Option<String>,
    /// Begin, unix ms.
    #[ts(type = "number")]
    pub started_at: i64,
    /// End, unix ms.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
    /// When it is forgotten, unix ms.
    #[ts(type = "number")]
    pub kept_until: i64,
    /// Sums.
    pub counts: Counts,
    /// The real run of the same data.
    #[ts(type = "number | null")]
    pub applied_run_id: Option<i64>,
}

/// How many rows of a dataset have a fate.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DryCount {
    /// The dataset.
    pub dataset: DatasetId,
    /// created, changed, unchanged, withdrawn, rejected, held, superseded, surplus, released, expired.
    pub fate: String,
    /// Rows.
    #[ts(type = "number")]
    pub rows: i64,
}

/// A dry run with its parts.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DryRunDetail {
    /// As in lists.
    pub run: DryRunRow,
    /// The parts.
    pub datasets: Vec<RunDatasetRow>,
    /// What would become of the rows.
    pub fates: Vec<DryCount>,
}

/// Which rows of a dry run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct DryChangesRequest {
    /// The dry run.
    #[ts(type = "number")]
    pub dry_id: i64,
    /// Only this dataset's.
    pub dataset: Option<DatasetId>,
    /// Only rows of this fate.
    pub fate: Option<String>,
    /// Only rows after this number.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of a dry run's rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DryChangesPage {
    /// The rows, masked.
    pub changes: Vec<DryChange>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// What would become of a row, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DryChange {
    /// Its number.
    #[ts(type = "number")]
    pub no: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// Its fate.
    pub fate: String,
    /// Its key, masked where it is personal.
    pub record_key: String,
    /// Shown title, masked.
    pub title: String,
    /// Fields that would be other than they are.
    pub differences: Vec<FieldChange>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// A field before and after, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FieldChange {
    /// Our field.
    pub field: String,
    /// The value before; absent when there was none.
    pub before: Option<String>,
    /// The value after; absent when there is none.
    pub after: Option<String>,
    /// Whether the values are masked; two that differ may look the same then.
    pub masked: bool,
}

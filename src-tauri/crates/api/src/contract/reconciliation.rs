//! Reconciliation: cells, keys that differ, re-pull, signing off.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;

/// Compares a connection with the provider's counts.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StartReconciliation {
    /// Which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Which datasets; empty means all that the connection carries.
    pub datasets: Vec<DatasetId>,
    /// First day in UTC+8, `yyyy-MM-dd`; absent means thirty days in all.
    pub from: Option<String>,
    /// Last day; absent means yesterday.
    pub to: Option<String>,
    /// Whether to compare key by key where the figures agree as well.
    pub every_key: bool,
}

/// Names a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationId {
    /// Its number.
    #[ts(type = "number")]
    pub reconciliation_id: i64,
}

/// A comparison while it goes on. The last message is always sent.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationProgress {
    /// The comparison.
    #[ts(type = "number")]
    pub reconciliation_id: i64,
    /// counting, comparing, looking, pulling.
    pub phase: String,
    /// With which dataset.
    pub dataset: Option<DatasetId>,
    /// Datasets that are done.
    pub datasets_done: usize,
    /// Datasets in all.
    pub datasets: usize,
    /// Days of the dataset that are done.
    pub days_done: usize,
    /// Days of the dataset that are looked into.
    pub days: usize,
    /// Rows read so far.
    #[ts(type = "number")]
    pub rows: u64,
    /// Whether this is the last message.
    pub ended: bool,
}

/// Which comparisons.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationsRequest {
    /// Of which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A comparison in a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationRow {
    /// Its number.
    #[ts(type = "number")]
    pub reconciliation_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// running, equal, differs, unknown (something of it), failed, cancelled, interrupted.
    pub state: String,
    /// Begin, unix ms.
    #[ts(type = "number")]
    pub begun_at: i64,
    /// End, unix ms.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
    /// Who asked for it.
    pub actor: String,
    /// Its datasets.
    pub datasets: Vec<DatasetId>,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Whether every key was compared.
    pub every_key: bool,
    /// Code of what ended it early.
    pub code: Option<String>,
    /// That in a sentence.
    pub message: Option<String>,
    /// Who signed it off.
    pub signed_by: Option<String>,
    /// When, unix ms.
    #[ts(type = "number | null")]
    pub signed_at: Option<i64>,
    /// What they noted.
    pub note: Option<String>,
    /// Keys that the provider has and that are not here.
    #[ts(type = "number")]
    pub missing: i64,
    /// Keys that are here and that the provider has no more.
    #[ts(type = "number")]
    pub surplus: i64,
    /// Keys that the provider sends more than once.
    #[ts(type = "number")]
    pub doubled: i64,
    /// Keys with other content.
    #[ts(type = "number")]
    pub different: i64,
    /// Keys that a re-pull healed.
    #[ts(type = "number")]
    pub healed: i64,
}

/// The figures of a dataset's day, or of a department's part of it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationCell {
    /// The dataset.
    pub dataset: DatasetId,
    /// The day.
    pub day: String,
    /// The department; absent for all of them together.
    pub department: Option<String>,
    /// equal, healed, explained, unknown, differs, over, short.
    pub state: String,
    /// What the provider says; absent where it cannot be known.
    #[ts(type = "number | null")]
    pub provider: Option<i64>,
    /// What was received, by key.
    #[ts(type = "number")]
    pub received: i64,
    /// Accepted.
    #[ts(type = "number")]
    pub accepted: i64,
    /// Rejected.
    #[ts(type = "number")]
    pub rejected: i64,
    /// Held.
    #[ts(type = "number")]
    pub held: i64,
    /// Withdrawn.
    #[ts(type = "number")]
    pub withdrawn: i64,
    /// Whether its keys were compared one by one.
    pub looked: bool,
    /// Keys that differ and were not healed.
    #[ts(type = "number")]
    pub open_keys: i64,
    /// Keys that were healed.
    #[ts(type = "number")]
    pub healed_keys: i64,
}

/// A comparison in full: one entry a dataset and day.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationDetail {
    /// The comparison.
    pub reconciliation: ReconciliationRow,
    /// Its datasets' days.
    pub days: Vec<ReconciliationCell>,
}

/// Which departments' cells.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationCellsRequest {
    /// The comparison.
    #[ts(type = "number")]
    pub reconciliation_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The day.
    pub day: String,
}

/// Which keys.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ReconciliationKeysRequest {
    /// The comparison.
    #[ts(type = "number")]
    pub reconciliation_id: i64,
    /// Only this dataset's.
    pub dataset: Option<DatasetId>,
    /// Only this day's.
    pub day: Option<String>,
    /// Only this department's.
    pub department: Option<String>,
    /// missing, surplus, doubled, different.
    pub kind: Option<String>,
    /// Only those that were not healed.
    pub open: bool,
    /// Only keys after this number.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A key that differs, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationKey {
    /// Its number.
    #[ts(type = "number")]
    pub key_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The day.
    pub day: String,
    /// The department.
    pub department: String,
    /// missing, surplus, doubled, different.
    pub kind: String,
    /// The key, masked; empty where the row names none.
    pub record_key: String,
    /// When it was found healed, unix ms.
    #[ts(type = "number | null")]
    pub healed_at: Option<i64>,
}

/// A page of keys.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReconciliationKeysPage {
    /// The keys.
    pub keys: Vec<ReconciliationKey>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// Signs a comparison off.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SignReconciliation {
    /// The comparison.
    #[ts(type = "number")]
    pub reconciliation_id: i64,
    /// What was found and agreed on.
    pub note: String,
}

/// Writes the keys that differ into a `.csv` file, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExportReconciliation {
    /// The comparison.
    #[ts(type = "number")]
    pub reconciliation_id: i64,
    /// The file.
    pub path: String,
    /// Language of the titles: `zh-CN` or `en`.
    pub language: String,
}

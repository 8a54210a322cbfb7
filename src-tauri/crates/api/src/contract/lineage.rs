//! Undoing a run, and who brought what: plans, what was reversed and kept, versions and origins.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;

use super::{FieldValue, RecordRow};

/// What changed something after a run: a later run, or a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ChangedSince {
    /// The run, or the last one before the person's act.
    #[ts(type = "number")]
    pub run_id: i64,
    /// The person; absent when it was the run itself.
    pub actor: Option<String>,
    /// run, undo, revalidation, ignore_rejections, reopen_rejections.
    pub act: String,
    /// When, unix ms.
    #[ts(type = "number")]
    pub at: i64,
}

/// Keys that an undo keeps for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KeptBy {
    /// What changed them last.
    pub since: ChangedSince,
    /// How many.
    #[ts(type = "number")]
    pub keys: i64,
}

/// Where the next incremental run begins after an undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CursorBack {
    /// The dataset.
    pub dataset: DatasetId,
    /// Where it would begin again, in words; absent for the very beginning.
    pub to: Option<String>,
    /// The later run that moved it, for which it stays where it is.
    #[ts(type = "number | null")]
    pub moved_by: Option<i64>,
}

/// What undoing a run would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UndoPlan {
    /// The run that would be undone.
    #[ts(type = "number")]
    pub run_id: i64,
    /// Records and rejections that it touched.
    #[ts(type = "number")]
    pub touched: i64,
    /// Those that would get back an earlier state.
    #[ts(type = "number")]
    pub restored: i64,
    /// Those that would be unknown again.
    #[ts(type = "number")]
    pub removed: i64,
    /// Those that would be kept because something changed them since.
    pub kept: Vec<KeptBy>,
    /// Where the next incremental run would begin.
    pub cursors: Vec<CursorBack>,
}

/// Undoes a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UndoRun {
    /// Which.
    #[ts(type = "number")]
    pub run_id: i64,
    /// The connection's name, typed by the user; needed in production.
    pub confirm_name: Option<String>,
}

/// Which of the records and rejections that an undo dealt with.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct UndoneRequest {
    /// The undo.
    #[ts(type = "number")]
    pub run_id: i64,
    /// restored, removed or kept; all if absent.
    pub fate: Option<String>,
    /// Only this dataset's.
    pub dataset: Option<DatasetId>,
    /// Only those after this number.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// What became of one record or rejection in an undo.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UndoneRow {
    /// Its number in this list.
    #[ts(type = "number")]
    pub undone_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The record's key, masked.
    pub record_key: String,
    /// restored, removed or kept.
    pub fate: String,
    /// What changed a kept one since.
    pub since: Option<ChangedSince>,
    /// The present record, if there is one.
    #[ts(type = "number | null")]
    pub record_id: Option<i64>,
    /// The present rejection, if there is one.
    #[ts(type = "number | null")]
    pub rejection_id: Option<i64>,
}

/// A page of what an undo did.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UndonePage {
    /// In the order in which it was done.
    pub rows: Vec<UndoneRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// Whose history: a record's number, or a key or business number, present or former.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct RecordHistoryRequest {
    /// The record's number in the cache.
    #[ts(type = "number | null")]
    pub record_id: Option<i64>,
    /// A whole key or business number.
    pub search: Option<String>,
}

/// The histories that were found.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecordHistories {
    /// One for each record.
    pub histories: Vec<RecordHistory>,
}

/// A record's states and where each field comes from, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecordHistory {
    /// The connection.
    pub connection: String,
    /// The record as in lists, or as it last was.
    pub record: RecordRow,
    /// Whether it is in the cache; an undo may have removed it.
    pub present: bool,
    /// Its states, newest first.
    pub versions: Vec<RecordVersion>,
    /// Where the present value of each field comes from.
    pub origins: Vec<FieldOrigin>,
}

/// One state of a record.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecordVersion {
    /// accepted or withdrawn.
    pub state: String,
    /// The run that brought it.
    #[ts(type = "number")]
    pub run_id: i64,
    /// run, revalidation or undo.
    pub via: String,
    /// Who asked for it.
    pub asked_by: Option<String>,
    /// When it was written, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// The provider's time.
    pub source_time: Option<String>,
    /// Version of the connection's settings, mapping included.
    #[ts(type = "number | null")]
    pub profile_version: Option<i64>,
    /// Version of the rule set.
    pub rule_set: Option<String>,
    /// What ended it; absent for the present state.
    pub replaced: Option<ChangedSince>,
    /// Its fields, masked.
    pub fields: Vec<FieldValue>,
    /// Fields that differ from the state before it.
    pub changed: Vec<String>,
}

/// Where the present value of a field comes from.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FieldOrigin {
    /// Our field.
    pub field: String,
    /// The run that brought the value.
    #[ts(type = "number")]
    pub run_id: i64,
    /// run or revalidation.
    pub via: String,
    /// When, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Version of the connection's settings, mapping included.
    #[ts(type = "number | null")]
    pub profile_version: Option<i64>,
    /// Version of the rule set.
    pub rule_set: Option<String>,
    /// Whether earlier states are gone, so that the value may be older.
    pub at_least: bool,
}

/// How long what is kept, to be counted before a change.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CountRetention {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Days for request logs; 0 keeps them.
    pub request_log_days: u32,
    /// Days for resolved rejections; 0 keeps them.
    pub resolved_days: u32,
    /// Days for earlier versions; 0 keeps them.
    pub history_days: u32,
}

/// What would be forgotten at the end of the next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RetentionCounts {
    /// Requests in logs.
    #[ts(type = "number")]
    pub requests: i64,
    /// Resolved rejections.
    #[ts(type = "number")]
    pub resolved: i64,
    /// Earlier versions of records and rejections.
    #[ts(type = "number")]
    pub versions: i64,
    /// Runs that could not be undone any more.
    #[ts(type = "number")]
    pub runs: i64,
}

//! What a person decides of a run that a guard stopped.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RunDecision {
    /// The guard is passed over, in this run alone; a result is accepted as it is.
    GoOn,
    /// It ends here; the next run begins where this one did.
    Stop,
}

/// Decides what becomes of a run that a guard stopped.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecideRun {
    /// The run.
    #[ts(type = "number")]
    pub run_id: i64,
    /// What is decided.
    pub decision: RunDecision,
}

/// A part of a run that waits for a decision, or of which one was taken.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct GuardedPart {
    /// The dataset.
    pub dataset: DatasetId,
    /// The guard: reject_rate, nothing_received, implausible, page_drift, scale_reversed, schema_drift.
    pub code: String,
    /// Its figures in a sentence.
    pub message: String,
    /// Rows received.
    #[ts(type = "number")]
    pub fetched: i64,
    /// Rows that are usual, where that is known.
    #[ts(type = "number | null")]
    pub usual: Option<i64>,
    /// What was decided; absent while it waits.
    pub decision: Option<RunDecision>,
    /// Who decided.
    pub actor: Option<String>,
    /// When, unix ms.
    #[ts(type = "number | null")]
    pub decided_at: Option<i64>,
}

/// A field of the source that came, went or changed its form in a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FieldDrift {
    /// The dataset.
    pub dataset: DatasetId,
    /// The field's name at the source.
    pub name: String,
    /// new, missing, retyped.
    pub kind: String,
    /// The kinds of its values before: text, number, boolean, object, array, joined by `+`.
    pub was: Option<String>,
    /// And now.
    pub now: Option<String>,
    /// Rows that have it.
    #[ts(type = "number")]
    pub rows: i64,
    /// A value, masked.
    pub example: Option<String>,
}

/// What the guards say of a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunGuards {
    /// Parts that wait or were decided.
    pub parts: Vec<GuardedPart>,
    /// Whether a decision can still be taken.
    pub can_decide: bool,
    /// Deletions that are held, of those that this run last saw.
    #[ts(type = "number")]
    pub held_deletions: i64,
    /// Fields that came, went or changed their form.
    pub drift: Vec<FieldDrift>,
}

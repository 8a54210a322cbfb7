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
    /// The guard: reject_rate, nothing_received, implausible, page_drift, scale_reversed.
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
}

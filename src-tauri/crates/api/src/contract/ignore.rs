//! Ignoring rejections: decisions, what they cover, and revoking them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;

use super::{BulkRequest, ClusterWords};

/// How long something is ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum IgnoreTerm {
    /// Until its value changes.
    #[default]
    Value,
    /// Until a date, whatever comes.
    Date,
    /// For ever.
    Ever,
}

/// Ignores rejections, or a cause with what comes of it later.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct IgnoreRequest {
    /// Which; of a standing decision, a filter that names the cause.
    pub which: BulkRequest,
    /// Why.
    pub reason: String,
    /// How long; until a date where one is given.
    pub term: IgnoreTerm,
    /// `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Whether it also covers rejections of the cause that come later.
    pub standing: bool,
}

/// What was ignored.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IgnoreReport {
    /// Rejections that are ignored now.
    #[ts(type = "number")]
    pub changed: i64,
    /// Rejections of the cause that stay open because something else is wrong with them too.
    #[ts(type = "number")]
    pub left: i64,
    /// The decisions, one a connection; revoking them undoes it.
    #[ts(type = "Array<number>")]
    pub decision_ids: Vec<i64>,
}

/// By whom, why and until when a rejection is ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IgnoredBy {
    /// The decision.
    #[ts(type = "number")]
    pub decision_id: i64,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// How long.
    pub term: IgnoreTerm,
    /// `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Whether its cause is ignored.
    pub standing: bool,
}

/// Asks for decisions to ignore.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct IgnoresRequest {
    /// Only of this connection.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// Also those that were revoked or have expired.
    pub ended: bool,
    /// Only decisions before this one.
    #[ts(type = "number | null")]
    pub before: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// The cause that a decision stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IgnoredCause {
    /// The dataset.
    pub dataset: DatasetId,
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
    /// What the values have in common, as a key.
    pub cluster: String,
    /// The same in words.
    pub values: ClusterWords,
}

/// A decision to ignore.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IgnoreDecision {
    /// Its number.
    #[ts(type = "number")]
    pub decision_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The cause, of one that stands; else rows were chosen.
    pub cause: Option<IgnoredCause>,
    /// How long.
    pub term: IgnoreTerm,
    /// `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// When it ended, unix ms.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
    /// Who revoked it; empty where its date has passed.
    pub ended_by: Option<String>,
    /// Rejections that are ignored by it.
    #[ts(type = "number")]
    pub covers: i64,
}

/// A page of decisions, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IgnoresPage {
    /// The decisions.
    pub decisions: Vec<IgnoreDecision>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// Revokes decisions: what they cover opens again, in the state that it had.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevokeIgnores {
    /// The decisions.
    #[ts(type = "Array<number>")]
    pub decision_ids: Vec<i64>,
}

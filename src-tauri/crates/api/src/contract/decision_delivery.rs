//! Decisions about bindings on their way to the portal.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_exchange::{DecisionTarget, Environment, Interface};

/// How decisions of a connection go to the portal, and how far they have come.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionDelivery {
    /// The connection whose decisions they are.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The connection by which the portal is reached: the source of its accounts.
    #[ts(type = "number")]
    pub through_id: i64,
    /// Its name.
    pub through: String,
    /// Its environment.
    pub environment: Environment,
    /// Through what kind of door it reads.
    pub interface: Interface,
    /// Its address.
    pub place: String,
    /// Whether its secret is kept.
    pub has_secret: bool,
    /// The way to the portal; absent means that there is none yet.
    pub target: Option<DecisionTarget>,
    /// Deliveries by state: waiting, sending, delivered, already, gone, changed, refused, failed.
    pub counts: Vec<DecisionDeliveryCount>,
    /// Whether this process is delivering.
    pub is_running: bool,
}

/// Deliveries in a state.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionDeliveryCount {
    /// The state.
    pub state: String,
    /// Deliveries.
    #[ts(type = "number")]
    pub count: i64,
}

/// Says how decisions go to the portal.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveDecisionTarget {
    /// The connection whose decisions they are; the target belongs to the source of its accounts.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The way to the portal; absent removes it.
    pub target: Option<DecisionTarget>,
}

/// Which deliveries.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionDeliveriesRequest {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Whether what has arrived is left out.
    #[serde(default)]
    pub open: bool,
    /// Only decisions before this number.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub before: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of deliveries, newest decision first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionDeliveriesPage {
    /// The deliveries.
    pub deliveries: Vec<DecisionDeliveryRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// One decision on its way to the portal.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionDeliveryRow {
    /// The decision.
    #[ts(type = "number")]
    pub decision_id: i64,
    /// The portal account.
    pub account_id: String,
    /// link, unlink or merge.
    pub act: String,
    /// Whether a decision that was taken back is made good.
    pub restores: bool,
    /// waiting, sending, delivered, already, gone, changed, refused or failed; in a dry run also send.
    pub state: String,
    /// The identity's masked key.
    pub identity_key: Option<String>,
    /// For a merge the account that remains.
    pub remaining_account_id: Option<String>,
    /// What would be sent, keys masked; told by a dry run.
    pub would_send: Option<String>,
    /// What was wrong.
    pub message: Option<String>,
    /// How often it was sent.
    #[ts(type = "number")]
    pub tries: i64,
    /// When it was decided, unix ms.
    #[ts(type = "number")]
    pub decided_at: i64,
    /// When something last happened, unix ms.
    #[ts(type = "number | null")]
    pub at: Option<i64>,
}

/// Brings decisions to the portal, or says what would be brought.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct DeliverDecisions {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Only these acts (link, unlink, merge); empty means all.
    pub acts: Vec<String>,
    /// Only asks what the accounts have; nothing is sent and nothing is kept.
    pub dry_run: bool,
}

/// A delivery of decisions while it goes on. Sent at most ten times a second; the last is always sent.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionDeliveryProgress {
    /// Decisions looked at.
    #[ts(type = "number")]
    pub done: i64,
    /// Decisions in all.
    #[ts(type = "number")]
    pub total: i64,
}

/// How a delivery of decisions, or its dry run, ended.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionDeliveryReport {
    /// Whether it was a dry run.
    pub dry_run: bool,
    /// Decisions in all.
    #[ts(type = "number")]
    pub total: i64,
    /// Outcomes by state; in a dry run `send` is what would be sent.
    pub counts: Vec<DecisionDeliveryCount>,
    /// Whether somebody asked it to end.
    pub cancelled: bool,
    /// Why it ended before its end.
    pub stopped: Option<String>,
    /// The first outcomes, those that need somebody first.
    pub rows: Vec<DecisionDeliveryRow>,
}

/// Writes decisions as a file, for a portal without an interface.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExportDecisions {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Only these acts (link, unlink, merge); empty means all.
    #[serde(default)]
    pub acts: Vec<String>,
    /// The file; `.csv` or `.xlsx`.
    pub path: String,
    /// Titles in zh or en.
    pub language: String,
    /// Why: the file has the full keys of people.
    pub reason: String,
}

//! Delivery to the portal's library: its target, its state, what waits.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_exchange::{Environment, Target};

/// How a connection's delivery stands.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DeliveryRow {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// postgres or push.
    pub kind: String,
    /// Where the library is, without user and password.
    pub place: String,
    /// never, running, paused (broken off, goes on when it is started again), succeeded,
    /// finished_with_rejections, cancelled or failed.
    pub state: String,
    /// Code of the cause, where the last delivery was broken off.
    pub code: Option<String>,
    /// The cause in a sentence.
    pub message: Option<String>,
    /// Rows that wait.
    #[ts(type = "number")]
    pub waiting: i64,
    /// Rows that the last delivery brought.
    #[ts(type = "number")]
    pub delivered: i64,
    /// Records that it had refused.
    #[ts(type = "number")]
    pub refused: i64,
    /// Records that the library refuses at present.
    #[ts(type = "number")]
    pub refused_open: i64,
    /// Begin of the last delivery, unix ms.
    #[ts(type = "number | null")]
    pub begun_at: Option<i64>,
    /// Its end, unix ms.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
}

/// A delivery while it goes on. Sent at most ten times a second; the last is always sent.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DeliveryProgress {
    /// How it stands.
    pub delivery: DeliveryRow,
    /// Rows per second over the last seconds.
    pub rows_per_s: f64,
    /// Whether this is the last message.
    pub ended: bool,
}

/// Says where a connection's records go on to.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveDeliveryTarget {
    /// Which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The target; absent removes it: the local cache is the library then.
    pub target: Option<Target>,
    /// What proves us there; absent keeps what there is, an empty text forgets it.
    #[serde(default)]
    pub secret: Option<String>,
}

/// Tests a target, as it is kept or as it is given.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TestDeliveryTarget {
    /// Which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The target that is not saved yet.
    #[serde(default)]
    pub target: Option<Target>,
    /// The secret that is not saved yet.
    #[serde(default)]
    pub secret: Option<String>,
}

/// Begins a delivery.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DeliverNow {
    /// Which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Everything again, as this cache has it; it becomes the one that the library follows.
    #[serde(default)]
    pub again: bool,
}

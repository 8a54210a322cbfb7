//! Runs that have not ended: going on, resting, interrupted; and what ends them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::Environment;

use super::RunRow;

/// How an unfinished run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Standing {
    /// It goes on.
    Running,
    /// It will wait at the next page edge.
    Pausing,
    /// It will end at the next page edge.
    Cancelling,
    /// A person lets it wait.
    Paused,
    /// Its program ended in the middle of it.
    Interrupted,
}

/// A run that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ActiveRun {
    /// The run.
    pub run: RunRow,
    /// How it stands.
    pub standing: Standing,
    /// Whether this program runs it.
    pub here: bool,
    /// Process and host that run it; empty where nobody does.
    pub owner: String,
    /// Who asked for it; empty for a person at the window or the command line.
    pub asked_by: String,
    /// Last sign of life, unix ms.
    #[ts(type = "number")]
    pub heartbeat_at: i64,
}

/// The request that a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunningRequest {
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// GET or POST.
    pub method: String,
    /// Address without secrets.
    pub url: String,
    /// Since when, unix ms.
    #[ts(type = "number")]
    pub since: i64,
    /// Which try.
    pub attempt: u32,
}

/// A connection whose state is another after a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StateChange {
    /// The run.
    #[ts(type = "number")]
    pub run_id: i64,
    /// The connection's name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// State word of the run before; `never` for the first.
    pub before: String,
    /// State word of this run.
    pub after: String,
}

/// A short text for the system's notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Notice {
    /// Whose: connection and environment.
    pub title: String,
    /// What changed.
    pub text: String,
}

/// Somebody closes the window while runs go on in this program.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Closing {
    /// The runs that would be interrupted.
    pub runs: Vec<ActiveRun>,
}

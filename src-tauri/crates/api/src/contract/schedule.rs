//! When connections run by themselves.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_exchange::Environment;
use zhengqiao_sync::schedule::Definition;

/// A schedule with what it means and what is next.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ScheduleRow {
    /// Its number.
    #[ts(type = "number")]
    pub schedule_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// The definition.
    pub definition: Definition,
    /// Whether hosts start its runs.
    pub enabled: bool,
    /// What it means, in Chinese.
    pub zh: String,
    /// What it means, in English.
    pub en: String,
    /// The next runs, unix ms; empty while switched off.
    #[ts(type = "Array<number>")]
    pub next: Vec<i64>,
    /// The run that it started last.
    #[ts(type = "number | null")]
    pub last_run_id: Option<i64>,
    /// How that run stands.
    pub last_state: Option<String>,
    /// What it missed, newest first.
    pub misses: Vec<MissedRuns>,
}

/// Times of a schedule that passed without their run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MissedRuns {
    /// The first of them, unix ms.
    #[ts(type = "number")]
    pub first_due_at: i64,
    /// The last of them, unix ms.
    #[ts(type = "number")]
    pub last_due_at: i64,
    /// How many.
    #[ts(type = "number")]
    pub times: i64,
    /// off (no host was there), running (the earlier run went on), paused, refused.
    pub reason: String,
    /// Particulars in a sentence.
    pub message: Option<String>,
    /// The run that made up for them.
    #[ts(type = "number | null")]
    pub run_id: Option<i64>,
}

/// Makes or changes a schedule.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveSchedule {
    /// Which one; a new one if absent.
    #[ts(type = "number | null")]
    pub schedule_id: Option<i64>,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The definition.
    pub definition: Definition,
    /// Whether hosts start its runs.
    pub enabled: bool,
}

/// Names a schedule.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ScheduleId {
    /// Its number.
    #[ts(type = "number")]
    pub schedule_id: i64,
}

/// Asks what a definition means before it is saved.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PreviewSchedule {
    /// The definition.
    pub definition: Definition,
}

/// What a definition means.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SchedulePreview {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The next runs, unix ms.
    #[ts(type = "Array<number>")]
    pub next: Vec<i64>,
}

/// How far ahead.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ComingRequest {
    /// Days, today included (≤ 62).
    pub days: u32,
}

/// One schedule's runs of one day.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ComingRuns {
    /// The day in UTC+8, `YYYY-MM-DD`.
    pub day: String,
    /// The schedule.
    #[ts(type = "number")]
    pub schedule_id: i64,
    /// Its connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The connection's name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// The first ones, unix ms.
    #[ts(type = "Array<number>")]
    pub times: Vec<i64>,
    /// How many there are on that day.
    pub count: u32,
}

/// A schedule for servers without the window.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ScheduleFiles {
    /// Lines for a crontab.
    pub crontab: String,
    /// Name of the systemd units, without its ending.
    pub unit: String,
    /// The timer.
    pub timer: String,
    /// The service.
    pub service: String,
}

/// What became of a due time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "word")]
#[ts(export)]
pub enum ScheduledStart {
    /// A run goes on.
    Started {
        /// Its number.
        #[ts(type = "number")]
        run_id: i64,
    },
    /// Nothing starts in these hours.
    Quiet,
    /// No time is due, or another host has taken it.
    NotDue,
    /// The schedule is switched off.
    SwitchedOff,
    /// Missed times were passed over, as the schedule says.
    PassedOver,
    /// A person paused the connection's run.
    Paused,
    /// The connection's earlier run goes on.
    Running {
        /// Who runs it.
        message: String,
    },
    /// The run could not be started.
    Refused {
        /// Why.
        message: String,
    },
}

/// What a schedule did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ScheduleEvent {
    /// The schedule.
    #[ts(type = "number")]
    pub schedule_id: i64,
    /// Its connection's name.
    pub connection: String,
    /// What became of it.
    pub start: ScheduledStart,
}

//! What a person says of when a connection runs.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;

use super::ScheduleError;

/// When a connection runs by itself, and what it then reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Definition {
    /// At which times.
    pub timing: Timing,
    /// On which weekdays, 1 Monday to 7 Sunday; empty means all. A cron expression has its own.
    pub weekdays: Vec<u8>,
    /// When nothing starts.
    pub quiet: Vec<Quiet>,
    /// Which datasets; empty means all.
    pub datasets: Vec<DatasetId>,
    /// Everything instead of what changed.
    pub full: bool,
    /// What is done about times that passed while nothing could run.
    pub missed: Missed,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            timing: Timing::Daily {
                times: vec!["02:00".into()],
            },
            weekdays: Vec::new(),
            quiet: Vec::new(),
            datasets: Vec::new(),
            full: false,
            missed: Missed::RunOnce,
        }
    }
}

/// At which times of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Timing {
    /// At certain times.
    Daily {
        /// `HH:MM`.
        times: Vec<String>,
    },
    /// Every so many hours, counted from midnight.
    Hourly {
        /// 1 to 23.
        every: u32,
        /// 0 to 59.
        minute: u32,
    },
    /// As a cron expression of five fields says.
    Cron {
        /// Minute, hour, day of the month, month, day of the week.
        expression: String,
    },
}

/// A part of the day in which nothing starts; it may go over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Quiet {
    /// `HH:MM`, included.
    pub from: String,
    /// `HH:MM`, not included.
    pub to: String,
}

/// What is done about missed times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// One run makes up for all of them.
    RunOnce,
    /// They are told and passed over.
    Skip,
}

/// Reads `HH:MM`.
pub(super) fn time_of_day(field: &'static str, text: &str) -> Result<NaiveTime, ScheduleError> {
    let remedy = "is no time of day; write hours and minutes, like 02:00 or 14:30";
    let wrong = || ScheduleError::new(field, text, remedy);
    let (hours, minutes) = text.trim().split_once([':', '：']).ok_or_else(wrong)?;
    let number = |part: &str| {
        (part.len() <= 2 && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let time = number(hours)
        .zip(number(minutes).filter(|_| minutes.len() == 2))
        .and_then(|(hours, minutes)| NaiveTime::from_hms_opt(hours, minutes, 0));
    time.ok_or_else(wrong)
}

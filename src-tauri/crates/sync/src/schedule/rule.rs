//! One cron expression, and how a definition becomes some of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use super::definition::{Definition, Timing, time_of_day};
use super::{ScheduleError, to_the_minute};

/// Most times of a day that are told one by one.
const MOST_TIMES: usize = 96;
/// Longest expression that is read.
const LONGEST: usize = 200;

/// A cron expression with the values of its fields.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    cron: Cron,
}

/// The days of a rule: both fields may restrict them, and then either is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    pub month_days: Option<Vec<u16>>,
    pub weekdays: Option<Vec<u16>>,
}

impl Rule {
    fn new(expression: &str) -> Result<Self, String> {
        let cron = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build()
            .parse(expression)
            .map_err(|error| error.to_string())?;
        Ok(Self { cron })
    }

    /// The next moment after one.
    pub fn next(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let found = self.cron.find_next_occurrence(&after.and_utc(), false);
        found.ok().map(|at: DateTime<Utc>| at.naive_utc())
    }

    /// The last moment before one.
    pub fn previous(&self, before: NaiveDateTime) -> Option<NaiveDateTime> {
        // The crate steps back from whole minutes.
        let whole = to_the_minute(before);
        let inclusive = whole < before;
        let found = self
            .cron
            .find_previous_occurrence(&whole.and_utc(), inclusive);
        found.ok().map(|at: DateTime<Utc>| at.naive_utc())
    }

    pub fn minutes(&self) -> Vec<u16> {
        self.cron.pattern.minutes.values()
    }

    pub fn hours(&self) -> Vec<u16> {
        self.cron.pattern.hours.values()
    }

    pub fn months(&self) -> Vec<u16> {
        self.cron.pattern.months.values()
    }

    /// Which days, weekdays from 0 for Sunday.
    pub fn days(&self) -> Days {
        let pattern = &self.cron.pattern;
        Days {
            month_days: (!pattern.is_dom_wildcard()).then(|| pattern.days.values()),
            weekdays: (!pattern.is_dow_wildcard()).then(|| pattern.days_of_week.values()),
        }
    }
}

/// The rules of a definition.
pub(super) fn of(definition: &Definition) -> Result<Vec<Rule>, ScheduleError> {
    let weekdays: BTreeSet<u8> = definition.weekdays.iter().copied().collect();
    if let Some(wrong) = weekdays.iter().find(|day| !(1..=7).contains(*day)) {
        return Err(ScheduleError::new(
            "weekdays",
            wrong.to_string(),
            "is no weekday; 1 is Monday and 7 is Sunday",
        ));
    }
    let days = if weekdays.is_empty() || weekdays.len() == 7 {
        "*".to_owned()
    } else {
        joined(weekdays.iter().map(|day| day % 7))
    };
    let expressions = match &definition.timing {
        Timing::Daily { times } => daily(times, &days)?,
        Timing::Hourly { every, minute } => vec![hourly(*every, *minute, &days)?],
        Timing::Cron { expression } => {
            if !weekdays.is_empty() {
                return Err(ScheduleError::new(
                    "weekdays",
                    joined(&weekdays),
                    "belongs into the cron expression's last field; leave the weekdays empty",
                ));
            }
            return Ok(vec![cron(expression)?]);
        }
    };
    expressions
        .iter()
        .map(|text| Rule::new(text).map_err(|error| ScheduleError::new("timing", text, error)))
        .collect()
}

/// One expression for the times that share a minute.
fn daily(times: &[String], days: &str) -> Result<Vec<String>, ScheduleError> {
    if times.is_empty() {
        return Err(ScheduleError::new(
            "times",
            "",
            "names no time; give at least one, like 02:00",
        ));
    }
    if times.len() > MOST_TIMES {
        return Err(ScheduleError::new(
            "times",
            times.len().to_string(),
            format!("are too many times of a day; give at most {MOST_TIMES}, or a cron expression"),
        ));
    }
    let mut hours: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for text in times {
        let time = time_of_day("times", text)?;
        hours.entry(time.minute()).or_default().insert(time.hour());
    }
    Ok(hours
        .iter()
        .map(|(minute, hours)| format!("{minute} {} * * {days}", joined(hours)))
        .collect())
}

fn hourly(every: u32, minute: u32, days: &str) -> Result<String, ScheduleError> {
    if !(1..=23).contains(&every) {
        return Err(ScheduleError::new(
            "every",
            every.to_string(),
            "is no number of hours from 1 to 23; for once a day give a time",
        ));
    }
    if minute > 59 {
        return Err(ScheduleError::new(
            "minute",
            minute.to_string(),
            "is no minute from 0 to 59",
        ));
    }
    let hours = joined((0..24).step_by(every as usize));
    Ok(format!("{minute} {hours} * * {days}"))
}

/// Only what every cron and systemd understand alike: no seconds, years, `L`, `W`, `#`, `?`.
fn cron(expression: &str) -> Result<Rule, ScheduleError> {
    let wrong = |remedy: String| {
        let shown: String = expression.chars().take(LONGEST).collect();
        ScheduleError::new("expression", shown, remedy)
    };
    let fields: Vec<&str> = expression.split_whitespace().collect();
    if fields.len() != 5 || expression.len() > LONGEST {
        return Err(wrong(
            "is no cron expression of five fields: minute, hour, day of the month, month, day of the week"
                .into(),
        ));
    }
    for field in &fields {
        for part in field.split([',', '-', '/']) {
            let plain = part == "*"
                || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
                || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
            if !plain {
                return Err(wrong(format!(
                    "has {field:?}, which not every cron understands; use numbers, names of three letters, * , - and /"
                )));
            }
        }
    }
    Rule::new(expression).map_err(|error| wrong(format!("cannot be read: {error}")))
}

fn joined<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    values
        .into_iter()
        .map(|value| value.to_string())
        .collect::<Vec<_>>()
        .join(",")
}

//! When a connection runs by itself: one definition for the window, the command line and servers.
//!
//! Every way of telling the times becomes one or more cron expressions; a well-kept crate finds the
//! moments, and the same expressions become crontab lines and systemd timers, so that all three
//! start at the same minutes. Times are those of UTC+8, and the present is always handed in.

mod definition;
mod due;
mod rule;
mod units;
mod words;

use std::collections::BTreeSet;

use chrono::{Duration, NaiveDateTime, NaiveTime, Timelike};

pub use definition::{Definition, Missed, Quiet, Timing};
pub use due::{Due, Passed};
pub use units::{Units, crontab, systemd};
pub use words::{in_chinese, in_english};

use rule::Rule;

/// How far ahead runs are looked for.
const HORIZON_DAYS: i64 = 5 * 366;
/// Moments looked at to find one outside the quiet hours.
const LOOKED_AT: usize = 20_000;

/// What is wrong with a definition: the field, the value and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {value:?} {remedy}")]
pub struct ScheduleError {
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// What is wrong, and what to do.
    pub remedy: String,
}

impl ScheduleError {
    fn new(field: &'static str, value: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            field,
            value: value.into(),
            remedy: remedy.into(),
        }
    }
}

/// A definition that was checked.
#[derive(Debug, Clone)]
pub struct Schedule {
    definition: Definition,
    rules: Vec<Rule>,
    quiet: Vec<(NaiveTime, NaiveTime)>,
}

impl Schedule {
    /// Checks a definition.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn new(definition: &Definition) -> Result<Self, ScheduleError> {
        let rules = rule::of(definition)?;
        let quiet = definition
            .quiet
            .iter()
            .map(|hours| {
                let from = definition::time_of_day("quiet.from", &hours.from)?;
                let to = definition::time_of_day("quiet.to", &hours.to)?;
                if from == to {
                    return Err(ScheduleError::new(
                        "quiet",
                        format!("{}–{}", hours.from, hours.to),
                        "begins and ends at the same time; give two times, or leave it out",
                    ));
                }
                Ok((from, to))
            })
            .collect::<Result<_, _>>()?;
        let schedule = Self {
            definition: definition.clone(),
            rules,
            quiet,
        };
        // From a fixed day: whether a definition has runs at all does not depend on the present.
        let from = NaiveDateTime::default() + Duration::days(20_000);
        if schedule.next_runs(from, 1).is_empty() {
            return Err(ScheduleError::new(
                "timing",
                words::in_english(&schedule.definition),
                "never runs; every time is within the quiet hours, or on a day that no month has",
            ));
        }
        Ok(schedule)
    }

    /// The definition.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Whether nothing may start at a moment.
    pub fn is_quiet(&self, at: NaiveDateTime) -> bool {
        let time = at.time();
        self.quiet.iter().any(|(from, to)| {
            if from < to {
                *from <= time && time < *to
            } else {
                *from <= time || time < *to
            }
        })
    }

    /// The next `n` moments after one, quiet hours left out.
    pub fn next_runs(&self, after: NaiveDateTime, n: usize) -> Vec<NaiveDateTime> {
        let mut found = Vec::new();
        let mut at = after;
        for _ in 0..LOOKED_AT {
            if found.len() >= n {
                break;
            }
            let Some(next) = self.rules.iter().filter_map(|rule| rule.next(at)).min() else {
                break;
            };
            if next - after > Duration::days(HORIZON_DAYS) {
                break;
            }
            if !self.is_quiet(next) {
                found.push(next);
            }
            at = next;
        }
        found
    }

    /// The moments after `after` up to `until`, quiet hours left out; at most `limit`, the last ones.
    pub fn runs_between(
        &self,
        after: NaiveDateTime,
        until: NaiveDateTime,
        limit: usize,
    ) -> Vec<NaiveDateTime> {
        let mut found = BTreeSet::new();
        let mut at = until + Duration::nanoseconds(1);
        while found.len() < limit {
            let Some(before) = self
                .rules
                .iter()
                .filter_map(|rule| rule.previous(at))
                .max()
                .filter(|before| *before > after)
            else {
                break;
            };
            if !self.is_quiet(before) {
                found.insert(before);
            }
            at = before;
        }
        found.into_iter().collect()
    }

    /// How often all rules fire, quiet or not, for servers' timers.
    fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

/// A moment without its seconds.
pub(crate) fn to_the_minute(at: NaiveDateTime) -> NaiveDateTime {
    at - Duration::seconds(i64::from(at.second()))
        - Duration::nanoseconds(i64::from(at.nanosecond()))
}

#[cfg(test)]
mod tests;

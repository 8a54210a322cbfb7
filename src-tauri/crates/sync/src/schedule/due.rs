//! What is due now: on time, missed while nothing could run, or not yet.

use chrono::{Duration, NaiveDateTime};

use super::{Missed, Schedule};

/// A time that passed so long ago is late: the machine was off, or asleep.
const ON_TIME_MINUTES: i64 = 5;
/// Missed times that are counted.
const MOST_COUNTED: usize = 10_000;

/// Times that passed without their run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The first.
    pub first: NaiveDateTime,
    /// The last.
    pub last: NaiveDateTime,
    /// How many.
    pub times: usize,
}

/// What is to be done at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing; the next run begins then.
    NotYet(Option<NaiveDateTime>),
    /// Start the run of `at`; `missed` ones before it are told.
    Start {
        /// The time that is taken.
        at: NaiveDateTime,
        /// Those that passed before.
        missed: Option<Passed>,
    },
    /// Start one run for all missed ones.
    MakeUp(Passed),
    /// Tell the missed ones and pass them over.
    PassOver(Passed),
    /// A missed run waits for the end of the quiet hours.
    Quiet(Passed),
}

impl Schedule {
    /// What passed after `last` up to now without having been taken.
    pub fn missed(&self, last: NaiveDateTime, now: NaiveDateTime) -> Option<Passed> {
        let late = now - Duration::minutes(ON_TIME_MINUTES);
        passed(&self.runs_between(last, late, MOST_COUNTED))
    }

    /// What is to be done now, when the times up to `last` were taken.
    pub fn due(&self, last: NaiveDateTime, now: NaiveDateTime) -> Due {
        let missed = self.missed(last, now);
        let late = now - Duration::minutes(ON_TIME_MINUTES);
        let on_time = self.runs_between(late.max(last), now, 1);
        if let Some(at) = on_time.last() {
            return Due::Start { at: *at, missed };
        }
        match (missed, self.definition().missed) {
            (None, _) => Due::NotYet(self.next_runs(now, 1).first().copied()),
            (Some(passed), Missed::Skip) => Due::PassOver(passed),
            (Some(passed), Missed::RunOnce) if self.is_quiet(now) => Due::Quiet(passed),
            (Some(passed), Missed::RunOnce) => Due::MakeUp(passed),
        }
    }
}

fn passed(times: &[NaiveDateTime]) -> Option<Passed> {
    Some(Passed {
        first: *times.first()?,
        last: *times.last()?,
        times: times.len(),
    })
}

//! Whether a run's number of rows is usual, judged by earlier runs of the same kind.
//!
//! Peers show green when nothing came. But an unusual number is no fault either: a holiday is one, and a
//! provider that lost a table is another. So it is told with the figures that it was judged by, and a
//! person decides. Figures are compared with those of the same weekday where there are enough of them,
//! and an incremental run only with runs that covered about as long a time.

use std::fmt;

use chrono::{Datelike, NaiveDate};

/// Earlier runs that it takes to judge.
pub const ENOUGH: usize = 3;
/// An incremental run that covers less time than this is not judged: its overlap is most of it.
pub const SHORTEST_MS: i64 = 600_000;
/// Usual rows below which fewer are no surprise.
const FEW: i64 = 50;
/// Rows above the usual that are no surprise.
const MORE: i64 = 500;
/// Figures that are told at most.
const TOLD: usize = 8;

/// A run of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// The day in UTC+8.
    pub day: NaiveDate,
    /// Rows received.
    pub rows: i64,
    /// The time that it covers: since the run before it. Absent for a full reading.
    pub covers_ms: Option<i64>,
}

/// Why a number is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing came where there was always something.
    Nothing,
    /// Far below the usual.
    FarBelow,
    /// Far above the usual.
    FarAbove,
}

/// What a number was judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usual {
    /// The median of the earlier runs.
    pub rows: i64,
    /// The earlier runs, newest first.
    pub past: Vec<Past>,
    /// Whether they are those of the same weekday.
    pub same_weekday: bool,
    /// Why the number is doubted, if it is.
    pub why: Option<Why>,
}

impl fmt::Display for Usual {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self
            .past
            .iter()
            .take(TOLD)
            .map(|one| format!("{}: {}", one.day, one.rows))
            .collect();
        let of = if self.same_weekday {
            "of the same weekday"
        } else {
            "of earlier runs"
        };
        write!(out, "the usual {} {of} ({})", self.rows, told.join(", "))
    }
}

/// Judges a run's rows by earlier runs, newest first; nothing where there are too few to judge by.
/// `factor` is how many times the usual is too many, and its reciprocal too few; 0 judges nothing.
pub fn judge(now: &Past, past: &[Past], factor: f64) -> Option<Usual> {
    if factor <= 1.0 || now.covers_ms.is_some_and(|covers| covers < SHORTEST_MS) {
        return None;
    }
    let alike: Vec<Past> = past
        .iter()
        .filter(|one| covers_alike(now.covers_ms, one.covers_ms))
        .copied()
        .collect();
    let weekday: Vec<Past> = alike
        .iter()
        .filter(|one| one.day.weekday() == now.day.weekday())
        .copied()
        .collect();
    let same_weekday = weekday.len() >= ENOUGH;
    let past = if same_weekday { weekday } else { alike };
    if past.len() < ENOUGH {
        return None;
    }
    let mut rows: Vec<i64> = past.iter().map(|one| one.rows).collect();
    rows.sort_unstable();
    let (least, usual, most) = (rows[0], rows[rows.len() / 2], rows[rows.len() - 1]);
    let why = if now.rows == 0 && least > 0 {
        Some(Why::Nothing)
    } else if usual >= FEW && now.rows < least && (now.rows as f64) * factor < usual as f64 {
        Some(Why::FarBelow)
    } else if now.rows > most
        && now.rows.saturating_sub(usual) > MORE
        && now.rows as f64 > usual as f64 * factor
    {
        Some(Why::FarAbove)
    } else {
        None
    };
    Some(Usual {
        rows: usual,
        past,
        same_weekday,
        why,
    })
}

/// Whether two runs cover about as long a time: half of it to double.
fn covers_alike(one: Option<i64>, other: Option<i64>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one / 2 <= other && other <= one.saturating_mul(2),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY_MS: i64 = 86_400_000;

    fn day(number: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 5).unwrap() + chrono::Duration::days(number)
    }

    fn past(number: i64, rows: i64) -> Past {
        Past {
            day: day(number),
            rows,
            covers_ms: Some(DAY_MS),
        }
    }

    fn why(rows: i64, history: &[Past]) -> Option<Why> {
        judge(&past(28, rows), history, 5.0).and_then(|usual| usual.why)
    }

    #[test]
    fn nothing_is_doubted_where_there_was_always_something() {
        let always: Vec<Past> = (0..28).rev().map(|number| past(number, 9)).collect();
        assert_eq!(why(0, &always), Some(Why::Nothing));
        assert_eq!(why(1, &always), None);
        let mut once = always;
        for one in &mut once {
            one.rows -= i64::from(one.day == day(7)) * 9;
        }
        assert_eq!(why(0, &once), None, "it happened on that weekday before");
    }

    #[test]
    fn the_same_weekday_counts_where_there_are_enough_of_it() {
        // Quiet Mondays, busy other days; the 28th day after is a Monday.
        let history: Vec<Past> = (0..28)
            .rev()
            .map(|number| past(number, if number % 7 == 0 { 20 } else { 2_000 }))
            .collect();
        assert_eq!(why(20, &history), None);
        assert_eq!(why(2_000, &history), Some(Why::FarAbove));
        let tuesday = judge(&past(29, 20), &history, 5.0).unwrap();
        assert_eq!(tuesday.why, Some(Why::FarBelow));
        assert!(tuesday.same_weekday);
        assert!(tuesday.to_string().contains("2000"), "{tuesday}");
    }

    #[test]
    fn a_run_soon_after_another_is_not_compared_with_whole_days() {
        let history: Vec<Past> = (0..28).rev().map(|number| past(number, 2_000)).collect();
        let soon = Past {
            covers_ms: Some(3_600_000),
            ..past(28, 3)
        };
        assert_eq!(judge(&soon, &history, 5.0), None);
    }

    #[test]
    fn the_guard_can_be_switched_off() {
        let history: Vec<Past> = (0..28).rev().map(|number| past(number, 2_000)).collect();
        assert_eq!(judge(&past(28, 0), &history, 0.0), None);
    }

    proptest! {
        #[test]
        fn what_lies_between_the_least_and_the_most_is_never_doubted(
            rows in proptest::collection::vec(0i64..1_000_000, 3..40),
            at in 0.0f64..=1.0,
        ) {
            let (least, most) = (*rows.iter().min().unwrap(), *rows.iter().max().unwrap());
            let history: Vec<Past> = rows.iter().map(|rows| past(1, *rows)).collect();
            let between = least + ((most - least) as f64 * at) as i64;
            prop_assert_eq!(why(between, &history), None);
        }

        #[test]
        fn fewer_than_enough_runs_judge_nothing(rows in any::<i64>(), known in proptest::collection::vec(any::<i64>(), 0..ENOUGH)) {
            let history: Vec<Past> = known.iter().map(|rows| past(1, *rows)).collect();
            prop_assert_eq!(judge(&past(28, rows.max(0)), &history, 5.0), None);
        }

        #[test]
        fn the_order_of_earlier_runs_does_not_matter(mut rows in proptest::collection::vec(0i64..100_000, 3..20), now in 0i64..1_000_000) {
            let one: Vec<Past> = rows.iter().map(|rows| past(1, *rows)).collect();
            rows.reverse();
            let other: Vec<Past> = rows.iter().map(|rows| past(1, *rows)).collect();
            prop_assert_eq!(why(now, &one), why(now, &other));
        }
    }
}

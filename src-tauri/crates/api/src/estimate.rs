//! How fast a run reads, and when it will have ended: only told when that can be told.
//!
//! An estimate is *stable* when the run was watched for a while, the provider told how much there
//! is of everything, and all moments at which the run would end, as estimated during the last
//! seconds, lie closer together than a quarter of the time that is left. Slow starts, pauses and
//! retries therefore make the estimate go away instead of jumping.

use std::collections::VecDeque;

/// What the shown rate is measured over.
const RATE_OVER_MS: i64 = 5_000;
/// What the end is estimated from.
const PACE_OVER_MS: i64 = 15_000;
/// How long a run is watched before its end is told.
const WATCHED_MS: i64 = 6_000;
/// How long the estimates must have agreed.
const AGREED_MS: i64 = 4_000;
/// How far they may lie apart: this share of the time left, or this much.
const APART_SHARE: i64 = 4;
const APART_MS: i64 = 3_000;

/// What was seen at a moment.
#[derive(Debug, Clone, Copy)]
struct Look {
    at_ms: i64,
    fetched: i64,
    ends_at_ms: Option<i64>,
}

/// The looks at a run during the last seconds.
#[derive(Debug, Default)]
pub struct Estimate {
    looks: VecDeque<Look>,
    begun_ms: Option<i64>,
}

impl Estimate {
    /// Takes in how many rows were fetched at a moment and how many are still to come, where that is
    /// known; returns rows per second, and the time left when the estimate is stable.
    pub fn after(&mut self, at_ms: i64, fetched: i64, rest: Option<i64>) -> (f64, Option<i64>) {
        let begun = *self.begun_ms.get_or_insert(at_ms);
        while self
            .looks
            .front()
            .is_some_and(|look| at_ms - look.at_ms > PACE_OVER_MS)
        {
            self.looks.pop_front();
        }
        let shown = self.pace(at_ms, fetched, RATE_OVER_MS);
        let pace = self.pace(at_ms, fetched, PACE_OVER_MS);
        let ends_at_ms = rest
            .filter(|_| pace >= 1.0)
            .map(|rest| at_ms + (rest as f64 / pace * 1000.0) as i64);
        self.looks.push_back(Look {
            at_ms,
            fetched,
            ends_at_ms,
        });
        let left = ends_at_ms.map(|end| end - at_ms);
        let stable = left.filter(|left| {
            at_ms - begun >= WATCHED_MS && self.agree(at_ms, (left / APART_SHARE).max(APART_MS))
        });
        (shown, stable)
    }

    /// Rows per second since the first look within `over`.
    fn pace(&self, at_ms: i64, fetched: i64, over: i64) -> f64 {
        let Some(from) = self.looks.iter().find(|look| at_ms - look.at_ms <= over) else {
            return 0.0;
        };
        let ms = at_ms - from.at_ms;
        if ms < 200 {
            0.0
        } else {
            (fetched - from.fetched) as f64 * 1000.0 / ms as f64
        }
    }

    /// Whether all ends estimated lately lie within `apart`.
    fn agree(&self, at_ms: i64, apart: i64) -> bool {
        let mut ends = self
            .looks
            .iter()
            .filter(|look| at_ms - look.at_ms <= AGREED_MS)
            .map(|look| look.ends_at_ms);
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        ends.all(|end| {
            let Some(end) = end else { return false };
            first = first.min(end);
            last = last.max(end);
            true
        }) && last - first <= apart
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks eight times a second at a run of 100,000 rows; returns what was told last.
    fn watch(
        estimate: &mut Estimate,
        from_ms: i64,
        to_ms: i64,
        fetched: impl Fn(i64) -> i64,
    ) -> (f64, Option<i64>) {
        let mut told = (0.0, None);
        for at in (from_ms..=to_ms).step_by(125) {
            told = estimate.after(at, fetched(at), Some(100_000 - fetched(at)));
        }
        told
    }

    #[test]
    fn a_steady_run_is_told_its_end_after_some_seconds_and_not_before() {
        let mut estimate = Estimate::default();
        let (rate, early) = watch(&mut estimate, 0, 5_000, |at| at);
        assert!((rate - 1000.0).abs() < 1.0, "{rate}");
        assert_eq!(early, None);
        let (_, left) = watch(&mut estimate, 5_125, 10_000, |at| at);
        assert!(
            left.is_some_and(|left| (left - 90_000).abs() < 500),
            "{left:?}"
        );
    }

    #[test]
    fn a_run_that_changes_its_pace_is_told_no_end_until_it_is_steady_again() {
        let mut estimate = Estimate::default();
        watch(&mut estimate, 0, 12_000, |at| at);
        let slower = |at: i64| 12_000 + (at - 12_000) / 20;
        let (_, left) = watch(&mut estimate, 12_125, 20_000, slower);
        assert_eq!(left, None);
        let (_, left) = watch(&mut estimate, 20_125, 45_000, slower);
        assert!(left.is_some());
    }

    #[test]
    fn nothing_is_told_where_the_provider_does_not_say_how_much_there_is() {
        let mut estimate = Estimate::default();
        for at in (0..20_000).step_by(125) {
            assert_eq!(estimate.after(at, at, None).1, None);
        }
    }

    #[test]
    fn a_run_that_stands_still_has_no_rate_and_no_end() {
        let mut estimate = Estimate::default();
        assert_eq!(watch(&mut estimate, 0, 20_000, |_| 500), (0.0, None));
    }
}

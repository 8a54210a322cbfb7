//! What a connection puts up with, and how long it keeps what is over.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::ExchangeError;

/// Limits of a connection's runs, and retention. Source: practice; every figure is a choice of the
/// administrator's, and 0 switches a guard off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Limits {
    /// A held record becomes rejected after so many hours.
    pub held_waiting_hours: u32,
    /// Reject-rate guard: a dataset stops for a decision when more than this share of its rows, in
    /// percent, is rejected. 0 means no guard.
    pub reject_rate_percent: f64,
    /// Rows that it takes to judge the share.
    pub reject_rate_min_rows: u32,
    /// Deletion guard: withdrawals of accepted records beyond this number in one run are held. 0
    /// means no limit.
    pub withdrawal_rows: u32,
    /// Deletion guard: the same as a share of the accepted records, in percent; the smaller of both
    /// holds, and twenty are always let through. 0 means no limit.
    pub withdrawal_percent: f64,
    /// A run that brings so many times the usual rows of earlier runs, or as many times fewer, needs a
    /// decision. 0 means no guard.
    pub implausible_factor: f64,
    /// Requests in the log of a run are forgotten after so many days; 0 keeps them. The law asks for
    /// at least six months of network logs.
    pub request_log_days: u32,
    /// Resolved rejections are forgotten after so many days; 0 keeps them.
    pub resolved_days: u32,
    /// Earlier versions of records and rejections are forgotten after so many days, and with them the
    /// possibility to undo the runs of that time; 0 keeps them.
    pub history_days: u32,
    /// Whether a person may put an edited copy in the place of a rejected row.
    pub allows_override: bool,
    /// Whether lists of rejections may be exported with personal values, with a reason.
    pub allows_unmasked_export: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            held_waiting_hours: 72,
            reject_rate_percent: 50.0,
            reject_rate_min_rows: 1000,
            withdrawal_rows: 1000,
            withdrawal_percent: 20.0,
            implausible_factor: 5.0,
            request_log_days: 200,
            resolved_days: 400,
            history_days: 400,
            allows_override: false,
            allows_unmasked_export: false,
        }
    }
}

/// Withdrawals that are let through even where the share is smaller.
const ALWAYS_WITHDRAWN: i64 = 20;

impl Limits {
    /// How many of `accepted` records a run may withdraw; `None` without a guard.
    pub fn withdrawals(&self, accepted: i64) -> Option<i64> {
        let rows = (self.withdrawal_rows > 0).then(|| i64::from(self.withdrawal_rows));
        let share = (self.withdrawal_percent > 0.0).then(|| {
            #[allow(clippy::cast_possible_truncation, reason = "a count of rows")]
            let share = (accepted as f64 * self.withdrawal_percent / 100.0) as i64;
            share.max(ALWAYS_WITHDRAWN)
        });
        match (rows, share) {
            (Some(rows), Some(share)) => Some(rows.min(share)),
            (one, other) => one.or(other),
        }
    }

    /// Whether so many rejected of so many fetched rows are too many.
    pub fn is_reject_rate_exceeded(&self, fetched: i64, rejected: i64) -> bool {
        self.reject_rate_percent > 0.0
            && fetched >= i64::from(self.reject_rate_min_rows.max(1))
            && rejected as f64 * 100.0 > fetched as f64 * self.reject_rate_percent
    }

    /// Whether the figures make sense.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] naming the field, its value and the remedy.
    pub fn validate(&self) -> Result<(), ExchangeError> {
        for (field, value) in [
            ("limits.reject_rate_percent", self.reject_rate_percent),
            ("limits.withdrawal_percent", self.withdrawal_percent),
        ] {
            if !(0.0..=100.0).contains(&value) {
                return Err(ExchangeError::Settings {
                    field: field.into(),
                    what: format!("{value} is no percentage; give 0 to 100"),
                });
            }
        }
        let factor = self.implausible_factor;
        if factor != 0.0 && !(1.5..=1000.0).contains(&factor) {
            return Err(ExchangeError::Settings {
                field: "limits.implausible_factor".into(),
                what: format!(
                    "{factor} is no factor to judge by; give 1.5 to 1000, or 0 for no guard"
                ),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_count_and_share_holds_and_twenty_are_let_through() {
        let limits = Limits {
            withdrawal_rows: 100,
            withdrawal_percent: 10.0,
            ..Limits::default()
        };
        let allowed = [50, 500, 5000].map(|accepted| limits.withdrawals(accepted));
        assert_eq!(allowed, [Some(20), Some(50), Some(100)]);
        let none = Limits {
            withdrawal_rows: 0,
            withdrawal_percent: 0.0,
            ..limits
        };
        assert_eq!(none.withdrawals(5000), None);
    }

    #[test]
    fn a_share_that_is_no_percentage_is_refused_by_its_name() {
        for value in [-1.0, 100.5, f64::NAN, f64::INFINITY] {
            let limits = Limits {
                reject_rate_percent: value,
                ..Limits::default()
            };
            let text = limits.validate().unwrap_err().to_string();
            assert!(text.contains("limits.reject_rate_percent"), "{text}");
        }
    }
}

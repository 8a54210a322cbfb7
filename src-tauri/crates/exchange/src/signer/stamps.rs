//! Time stamps that never come twice for the same request.
//!
//! A family without a nonce proves by its time stamp that a request is new. Where the same request
//! is asked again within one step of the clock, its stamp goes one step ahead, so that a provider
//! that refuses repeated requests accepts it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// So many requests are remembered before old ones are forgotten.
const REMEMBERED: usize = 1000;

/// The stamps that were given.
#[derive(Default)]
pub struct Stamps(Mutex<HashMap<String, u64>>);

impl Stamps {
    /// The moment to sign a request with, in ms; `step_ms` is the smallest difference that counts.
    pub fn next(&self, request: String, now_ms: u64, step_ms: u64) -> u64 {
        let step_ms = step_ms.max(1);
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if given.len() >= REMEMBERED {
            given.retain(|_, step| step.saturating_mul(step_ms) >= now_ms);
        }
        let now = now_ms / step_ms;
        let step = given
            .get(&request)
            .map_or(now, |last| now.max(last.saturating_add(1)));
        given.insert(request, step);
        step.saturating_mul(step_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_request_never_gets_the_same_stamp() {
        let stamps = Stamps::default();
        let next = |request: &str, now| stamps.next(request.into(), now, 1000);
        assert_eq!(next("a", 5_400), 5_000);
        assert_eq!(next("b", 5_500), 5_000);
        assert_eq!(next("a", 5_600), 6_000);
        assert_eq!(next("a", 9_000), 9_000);
    }

    #[test]
    fn what_is_past_is_forgotten() {
        let stamps = Stamps::default();
        for request in 0..5_000u64 {
            stamps.next(request.to_string(), request * 10, 1);
        }
        assert!(stamps.0.lock().unwrap().len() <= REMEMBERED);
    }
}

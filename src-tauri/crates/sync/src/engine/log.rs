//! The requests of a run, kept until they are written with the next rows.

use std::sync::{Mutex, PoisonError};

use zhengqiao_exchange::{RequestBegun, RequestEntry, RequestObserver};
use zhengqiao_store::run_request::RequestRow;

use crate::present::Present;

/// Keeps the requests until they are written with the next rows.
#[derive(Default)]
pub(super) struct Log(Mutex<Vec<RequestRow>>, Present);

impl Log {
    /// The request that goes on, as JSON text.
    pub(super) fn present(&self) -> Option<String> {
        self.1.json()
    }

    /// What has come since the last time.
    pub(super) fn take(&self) -> Vec<RequestRow> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RequestObserver for Log {
    fn begun(&self, request: RequestBegun) {
        self.1.begun(request);
    }

    fn request(&self, entry: RequestEntry) {
        self.1.ended();
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(RequestRow {
                dataset: entry.dataset,
                at: entry.at_ms,
                method: entry.method.to_owned(),
                url: entry.url,
                status: entry.status.map(i64::from),
                ms: number(entry.ms),
                bytes: number(entry.bytes),
                records: number(entry.records),
                attempt: i64::from(entry.attempt),
                outcome: entry.outcome.to_owned(),
                sent: entry.headers.sent,
                received: entry.headers.received,
            });
    }
}

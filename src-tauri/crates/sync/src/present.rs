//! The request that a run waits for at present.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::RequestBegun;

/// A request that goes on, as it is kept with the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresentRequest {
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// GET or POST.
    pub method: String,
    /// Address without secrets.
    pub url: String,
    /// Since when, unix ms.
    pub since: i64,
    /// Which try, from 1.
    pub attempt: u32,
}

/// Keeps the request that began last, until it ends.
#[derive(Default)]
pub struct Present(Mutex<Option<PresentRequest>>);

impl Present {
    /// A request begins.
    pub fn begun(&self, request: RequestBegun) {
        self.set(Some(PresentRequest {
            dataset: request.dataset,
            method: request.method.to_owned(),
            url: request.url,
            since: request.at_ms,
            attempt: request.attempt,
        }));
    }

    /// It has ended.
    pub fn ended(&self) {
        self.set(None);
    }

    /// It as JSON text, for the run's row.
    pub fn json(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .and_then(|request| serde_json::to_string(request).ok())
    }

    fn set(&self, request: Option<PresentRequest>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = request;
    }
}

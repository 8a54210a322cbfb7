//! How the network is used.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How the network is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Network {
    /// Time to connect, in ms.
    #[ts(type = "number")]
    pub connect_timeout_ms: u64,
    /// Time for a whole request, in ms.
    #[ts(type = "number")]
    pub request_timeout_ms: u64,
    /// Largest body, decompressed.
    #[ts(type = "number")]
    pub max_body_bytes: u64,
    /// Requests a second at most; 0 means no limit.
    pub requests_per_second: f64,
    /// Tries after the first.
    pub retries: u32,
    /// Wait before the second try, in ms; doubled with each.
    #[ts(type = "number")]
    pub backoff_ms: u64,
    /// Longest `Retry-After` that is waited for, in s.
    #[ts(type = "number")]
    pub max_retry_after_s: u64,
    /// Pages of one dataset in one run at most.
    #[ts(type = "number")]
    pub max_pages: u64,
    /// Proxy address; empty means the system's.
    pub proxy: String,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 10_000,
            request_timeout_ms: 60_000,
            max_body_bytes: 32 * 1024 * 1024,
            requests_per_second: 0.0,
            retries: 4,
            backoff_ms: 250,
            max_retry_after_s: 60,
            max_pages: 1_000_000,
            proxy: String::new(),
        }
    }
}

//! The request log, without secrets.

use zhengqiao_domain::DatasetId;

/// One try of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestEntry {
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// When, unix ms.
    pub at_ms: i64,
    /// GET or POST.
    pub method: &'static str,
    /// Path and paging parameters; never a token, key or signature.
    pub url: String,
    /// HTTP status, once there was one.
    pub status: Option<u16>,
    /// Time taken.
    pub ms: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Records in the answer.
    pub records: u64,
    /// Which try, from 1.
    pub attempt: u32,
    /// `ok`, or the fault's code.
    pub outcome: &'static str,
}

/// A request that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestBegun {
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// Since when, unix ms.
    pub at_ms: i64,
    /// GET or POST.
    pub method: &'static str,
    /// Path and paging parameters; never a token, key or signature.
    pub url: String,
    /// Which try, from 1.
    pub attempt: u32,
}

/// Somebody who is told of each request.
pub trait RequestObserver: Send + Sync {
    /// A try begins.
    fn begun(&self, _request: RequestBegun) {}

    /// A try has ended.
    fn request(&self, entry: RequestEntry);
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl RequestObserver for NoObserver {
    fn request(&self, _entry: RequestEntry) {}
}

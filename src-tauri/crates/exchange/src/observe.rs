//! The request log, without secrets.

use reqwest::header::HeaderMap;
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
    /// Headers that went with it; only of HTTP.
    pub headers: Headers,
}

/// Headers of a request and its answer as they may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Sent: names and values.
    pub sent: Vec<(String, String)>,
    /// Received: names and values.
    pub received: Vec<(String, String)>,
}

/// Headers whose values say nothing secret; of every other only the length is shown.
const SHOWN: [&str; 26] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "age",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "host",
    "keep-alive",
    "last-modified",
    "pragma",
    "retry-after",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "x-request-id",
];
/// Headers that are kept of one message.
const MOST_HEADERS: usize = 40;
/// Characters that are kept of one value.
const LONGEST_VALUE: usize = 200;

/// Headers as they may be shown. What is not known to be harmless is replaced by its length.
pub(crate) fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .take(MOST_HEADERS)
        .map(|(name, value)| {
            let open = !value.is_sensitive() && SHOWN.contains(&name.as_str());
            let text = match value.to_str() {
                Ok(text) if open => text.chars().take(LONGEST_VALUE).collect(),
                _ => format!("•••• ({} B)", value.len()),
            };
            (name.as_str().to_owned(), text)
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn only_headers_that_are_known_to_be_harmless_show_their_value() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/json"),
            ("set-cookie", "SESSION=abc"),
            ("x-tif-signature", "f00d"),
            ("authorization", "Bearer abc"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let mut secret = HeaderValue::from_static("secret host");
        secret.set_sensitive(true);
        headers.insert("host", secret);
        let shown = shown(&headers);
        let open: Vec<&str> = shown
            .iter()
            .filter(|(_, value)| !value.starts_with("••••"))
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(open, ["content-type"]);
        assert_eq!(shown.len(), 5);
        assert!(
            shown
                .iter()
                .all(|(_, value)| !value.contains("abc") && !value.contains("f00d"))
        );
    }
}

//! Why a try at a provider failed: judged by error, status and what the answer is.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};

use crate::error::Fault;
use crate::profile::DatasetSource;
use crate::signer::SignError;
use crate::tls;

/// Why a try failed, and what to do before the next.
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    pub(crate) what: String,
    pub(crate) wait: Option<Duration>,
    pub(crate) token_refused: bool,
    pub(crate) status: Option<u16>,
    pub(crate) bytes: u64,
}

impl Failure {
    pub(crate) fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
            wait: None,
            token_refused: false,
            status: None,
            bytes: 0,
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Failure::new(error.fault, error.what)
    }
}

pub(crate) fn content_type(headers: &HeaderMap) -> Result<(), Failure> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_ascii_lowercase();
    // Some providers send JSON as text or without any type; a page for people is never JSON.
    if kind.contains("html") || kind.contains("xml") || kind.starts_with("image/") {
        let what = format!("the answer is {kind}, not JSON: perhaps a sign-in or error page");
        return Err(Failure::new(Fault::WrongContentType, what));
    }
    Ok(())
}

pub(crate) fn by_status(status: StatusCode, headers: &HeaderMap, longest_s: u64) -> Failure {
    let (fault, what) = match status.as_u16() {
        401 => (
            Fault::Unauthorised,
            "401: the provider does not accept the credentials",
        ),
        403 => (
            Fault::Forbidden,
            "403: the provider does not allow this dataset",
        ),
        407 => (Fault::ProxyAuth, "407: the proxy wants user and password"),
        412 => (
            Fault::ChangedMeanwhile,
            "412: it was changed since it was read",
        ),
        404 => (Fault::NotFound, "404: there is nothing at this path"),
        429 => (Fault::RateLimited, "429: too many requests"),
        300..=399 => (
            Fault::RedirectRefused,
            "a redirect to another host was not followed",
        ),
        500..=599 => (Fault::ProviderError, "the provider failed"),
        _ => (Fault::BadRequest, "the provider refused the request"),
    };
    let mut failure = Failure::new(fault, format!("{what} (status {})", status.as_u16()));
    failure.status = Some(status.as_u16());
    failure.token_refused = fault == Fault::Unauthorised;
    failure.wait = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(retry_after)
        .map(|wait| wait.min(Duration::from_secs(longest_s)));
    failure
}

/// What a portal said when it refused a batch: its own code and message where there are any.
pub(crate) fn refusal(status: StatusCode, said: &[u8], source: &DatasetSource) -> String {
    let said: serde_json::Value = serde_json::from_slice(said).unwrap_or_default();
    let at = |pointer: &str| match said.pointer(pointer) {
        Some(serde_json::Value::String(text)) if !pointer.is_empty() => Some(text.clone()),
        Some(serde_json::Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let code = at(&source.envelope.code).unwrap_or_else(|| status.as_u16().to_string());
    let message = at(&source.envelope.message).unwrap_or_default();
    let message: String = message.chars().take(200).collect();
    format!("code {code}: {message}")
}

/// `Retry-After` in seconds or as an HTTP date.
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    (at.to_utc() - chrono::Utc::now()).to_std().ok()
}

/// Whether a page for people has a field for a password.
pub(crate) fn asks_to_sign_in(page: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&page[..page.len().min(256 * 1024)]).to_ascii_lowercase();
    head.contains("type=\"password\"")
        || head.contains("type='password'")
        || head.contains("type=password")
}

pub(crate) fn network(error: &reqwest::Error, proves: bool) -> Failure {
    let text = chain(error);
    let lower = text.to_ascii_lowercase();
    let fault = if error.is_timeout() {
        Fault::Timeout
    } else if let Some(cause) = tls_cause(error) {
        tls::fault(cause, false, proves)
    } else if lower.contains("proxy authorization required") {
        Fault::ProxyAuth
    } else if lower.contains("tunnel error: failed to create underlying connection") {
        Fault::ProxyUnreachable
    } else if lower.contains("tunnel error") {
        Fault::ProxyRefused
    } else if lower.contains("dns") || lower.contains("lookup") || lower.contains("resolve") {
        Fault::NameResolution
    } else if lower.contains("certificate") || lower.contains("tls") || lower.contains("handshake")
    {
        Fault::Tls
    } else if error.is_connect() {
        Fault::Connect
    } else {
        Fault::Reset
    };
    Failure::new(fault, text)
}

/// The TLS error among the causes. The causes of an I/O error are inside it, not behind it.
fn tls_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        next = match error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// An error with its causes, without the address, which may hold a token.
pub(crate) fn chain(error: &reqwest::Error) -> String {
    use std::error::Error as _;
    let mut parts = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        parts.push(cause.to_string());
        source = cause.source();
    }
    parts.dedup();
    if parts.is_empty() {
        if error.is_timeout() {
            "no answer in time".into()
        } else {
            "the request failed".into()
        }
    } else if error.is_timeout() {
        format!("no answer in time: {}", parts.join(": "))
    } else {
        parts.join(": ")
    }
}

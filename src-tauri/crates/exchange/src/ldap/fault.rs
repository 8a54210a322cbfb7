//! What a directory says is wrong, by the names that HTTP providers' faults have too.

use std::error::Error;

use ldap3::LdapError;
use zhengqiao_domain::DatasetId;

use crate::error::{ExchangeError, Fault};
use crate::tls;

/// What went wrong, before it is known with which dataset.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub fault: Fault,
    pub what: String,
}

impl Trouble {
    pub fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
        }
    }

    /// The error of a dataset's search.
    pub fn of(self, dataset: DatasetId, base: &str) -> ExchangeError {
        ExchangeError::Request {
            fault: self.fault,
            dataset: Some(dataset),
            path: base.to_owned(),
            what: self.what,
        }
    }
}

/// What an error of the library is.
pub fn of(error: &LdapError, proves: bool) -> Trouble {
    if let LdapError::LdapResult { result } = error {
        return said(result.rc, &result.text);
    }
    if let Some(cause) = rustls_cause(error) {
        return Trouble::new(tls::fault(&cause, false, proves), cause.to_string());
    }
    let fault = match error {
        LdapError::Io { source } => match source.kind() {
            std::io::ErrorKind::ConnectionRefused => Fault::Connect,
            std::io::ErrorKind::TimedOut => Fault::Timeout,
            _ if source.to_string().contains("lookup") => Fault::NameResolution,
            _ => Fault::Reset,
        },
        LdapError::Timeout { .. } => Fault::Timeout,
        LdapError::FilterParsing => Fault::BadRequest,
        _ => Fault::Reset,
    };
    Trouble::new(fault, error.to_string())
}

/// The meaning of a result code.
///
/// Source: RFC 4511, 4.1.9 and appendix A.
pub fn said(code: u32, text: &str) -> Trouble {
    let (fault, what) = match code {
        3 => (
            Fault::Timeout,
            "the search takes longer than the directory allows",
        ),
        4 | 11 => (
            Fault::ProviderRefused,
            "the directory gives no more entries: it needs the control for pages, or a higher limit for this user",
        ),
        8 | 13 => (
            Fault::EncryptionNeeded,
            "the directory takes only encrypted connections",
        ),
        10 => (
            Fault::ProviderRefused,
            "the directory refers to another one; enter that address if it is meant",
        ),
        32 => (Fault::NotFound, "there is no entry of that name"),
        48 | 49 => (
            Fault::Unauthorised,
            "the directory does not accept name and password",
        ),
        50 => (Fault::Forbidden, "the directory does not allow this search"),
        51 => (Fault::RateLimited, "the directory is busy"),
        52 | 80 | 1 => (Fault::ProviderError, "the directory failed"),
        _ => (Fault::ProviderRefused, "the directory refused"),
    };
    let text: String = text.chars().take(200).collect();
    let what = if text.is_empty() {
        format!("{what} ({code})")
    } else {
        format!("{what} ({code}: {text})")
    };
    Trouble::new(fault, what)
}

/// The TLS error among the causes. The causes of an I/O error are inside it, not behind it.
fn rustls_cause(error: &LdapError) -> Option<rustls::Error> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = next {
        if let Some(found) = one.downcast_ref::<rustls::Error>() {
            return Some(found.clone());
        }
        next = match one
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => one.source(),
        };
    }
    None
}

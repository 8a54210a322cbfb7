//! Certificates in words: whose, from whom, until when.

use chrono::{DateTime, Utc};
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A subject's or issuer's characters at most.
const MAX_NAME: usize = 200;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Whose.
    pub subject: String,
    /// From whom.
    pub issuer: String,
    /// When it ends, unix ms.
    pub not_after_ms: i64,
    /// Whether subject and issuer are the same.
    pub self_issued: bool,
}

/// Reads a certificate; `None` when it cannot be read.
pub fn describe(der: &CertificateDer<'_>) -> Option<Described> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let cut = |name: String| name.chars().take(MAX_NAME).collect::<String>();
    Some(Described {
        subject: cut(certificate.subject().to_string()),
        issuer: cut(certificate.issuer().to_string()),
        not_after_ms: certificate
            .validity()
            .not_after
            .timestamp()
            .saturating_mul(1000),
        self_issued: certificate.subject() == certificate.issuer(),
    })
}

impl Described {
    /// Whole days that are left; negative when it has ended.
    pub fn days_left(&self, now: DateTime<Utc>) -> i64 {
        (self.not_after_ms - now.timestamp_millis()).div_euclid(86_400_000)
    }

    /// The day on which it ends, in UTC.
    pub fn until(&self) -> String {
        DateTime::from_timestamp_millis(self.not_after_ms)
            .map_or_else(|| "?".into(), |time| time.format("%Y-%m-%d").to_string())
    }

    /// One line about it.
    pub fn line(&self, now: DateTime<Utc>) -> String {
        format!(
            "{} ← {} · {} ({} d)",
            self.subject,
            self.issuer,
            self.until(),
            self.days_left(now)
        )
    }
}

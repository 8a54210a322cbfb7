//! Portal accounts from a directory (LDAP, RFC 4511).
//!
//! A search reads entries page by page (RFC 2696). The pages of a search belong to one connection, so
//! that a reading that was interrupted begins the search again; what was accepted before is found
//! unchanged. Referrals are not followed: they lead to hosts that nobody named.

mod diagnose;
mod entry;
mod fault;
mod walk;

use std::sync::Arc;
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::Url;
use zeroize::Zeroizing;

use crate::auth::Auth;
use crate::error::{ExchangeError, Fault};
use crate::network::{Network, is_loopback};
use crate::observe::RequestObserver;
use crate::profile::{Environment, Profile};
use crate::secrets::Secrets;
use crate::tls;

pub(crate) use diagnose::diagnose;
use fault::Trouble;
pub use walk::LdapWalk;

/// Entries a page at most.
const MAX_ROWS: u32 = 10_000;

/// How far below the base entries are looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LdapScope {
    /// Everything below.
    #[default]
    Subtree,
    /// Only directly below.
    OneLevel,
}

/// Where the entries are and which of them are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct LdapSource {
    /// Name of the entry below which they are.
    pub base: String,
    /// How far below.
    pub scope: LdapScope,
    /// Which of them (RFC 4515).
    pub filter: String,
    /// Attributes that are asked for, between commas; empty means all.
    pub attributes: String,
    /// Entries a page.
    pub page_rows: u32,
    /// The attribute with the moment of the last change; empty means that everything is read always.
    pub time_attribute: String,
}

impl Default for LdapSource {
    fn default() -> Self {
        Self {
            base: String::new(),
            scope: LdapScope::Subtree,
            filter: "(objectClass=person)".into(),
            attributes: String::new(),
            page_rows: 500,
            time_attribute: "modifyTimestamp".into(),
        }
    }
}

impl LdapSource {
    /// Whether it can be used; the first thing that is wrong otherwise.
    pub(crate) fn validate(&self, place: &str) -> Result<(), ExchangeError> {
        let wrong = |field: &str, what: String| {
            Err(ExchangeError::Settings {
                field: format!("{place}.{field}"),
                what,
            })
        };
        if ldap3::parse_filter(&self.filter).is_err() {
            return wrong(
                "filter",
                format!(
                    "{:?} is no filter; write it as (objectClass=person)",
                    self.filter
                ),
            );
        }
        if self.page_rows == 0 || self.page_rows > MAX_ROWS {
            let what = format!("{} entries a page; 1 to {MAX_ROWS}", self.page_rows);
            return wrong("page_rows", what);
        }
        if !self
            .time_attribute
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || char == '-')
        {
            let what = format!("{:?} is no attribute", self.time_attribute);
            return wrong("time_attribute", what);
        }
        Ok(())
    }
}

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    /// From its first byte (`ldaps`).
    FromTheStart,
    /// From the first request on (StartTLS).
    StartTls,
    /// Not at all.
    None,
}

/// A directory that can be asked.
pub struct LdapProvider {
    url: Url,
    encryption: Encryption,
    user: String,
    password: Zeroizing<String>,
    network: Network,
    secrets: Secrets,
    observer: Arc<dyn RequestObserver>,
}

impl LdapProvider {
    /// A provider for a profile and its secret, which is the password.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the profile cannot be used.
    pub fn new(
        profile: &Profile,
        secrets: Secrets,
        observer: Arc<dyn RequestObserver>,
    ) -> Result<Self, ExchangeError> {
        profile.validate()?;
        let url = profile.address()?;
        let user = match &profile.auth {
            Auth::Basic { user } => user.clone(),
            _ => String::new(),
        };
        let encryption = encryption(profile, &url);
        if encryption != Encryption::None {
            tls::client_config(&profile.network, &secrets)?;
        }
        Ok(Self {
            url,
            encryption,
            user,
            password: Zeroizing::new(secrets.expose().to_owned()),
            network: profile.network.clone(),
            secrets,
            observer,
        })
    }

    /// Host and port.
    fn place(&self) -> (String, u16) {
        let host = self.url.host_str().unwrap_or_default();
        let standard = if self.encryption == Encryption::FromTheStart {
            636
        } else {
            389
        };
        (
            host.trim_matches(['[', ']']).to_owned(),
            self.url.port().unwrap_or(standard),
        )
    }

    /// A connection that has proven who asks.
    async fn connect(&self) -> Result<Ldap, Trouble> {
        let limit = Duration::from_millis(self.network.connect_timeout_ms);
        tokio::time::timeout(limit, self.open())
            .await
            .unwrap_or_else(|_| {
                let what = "the directory does not answer in time";
                Err(Trouble::new(Fault::Timeout, what))
            })
    }

    async fn open(&self) -> Result<Ldap, Trouble> {
        let proves = !self.network.client_certificate.trim().is_empty();
        let trouble = |error: &ldap3::LdapError| fault::of(error, proves);
        let mut settings = LdapConnSettings::new();
        if self.encryption != Encryption::None {
            let config = tls::client_config(&self.network, &self.secrets)
                .map_err(|error| Trouble::new(Fault::Tls, error.to_string()))?;
            settings = settings
                .set_config(Arc::new(config))
                .set_starttls(self.encryption == Encryption::StartTls);
        }
        let (connection, mut ldap) = LdapConnAsync::with_settings(settings, self.url.as_str())
            .await
            .map_err(|error| trouble(&error))?;
        tokio::spawn(async move {
            // What ends the connection is told to whoever waits for an answer.
            if let Err(error) = connection.drive().await {
                tracing::debug!(%error, "the connection to the directory ended");
            }
        });
        if !self.user.is_empty() {
            // A name without a password would be let in as nobody (RFC 4513, 5.1.2).
            if self.password.is_empty() {
                return Err(Trouble::new(Fault::Unauthorised, "there is no password"));
            }
            ldap.simple_bind(&self.user, &self.password)
                .await
                .and_then(ldap3::LdapResult::success)
                .map_err(|error| trouble(&error))?;
        }
        Ok(ldap)
    }
}

/// Everything is encrypted wherever the profile says whom to trust or how to prove who we are, and
/// wherever else it is not this machine.
fn encryption(profile: &Profile, url: &Url) -> Encryption {
    if url.scheme() == "ldaps" {
        return Encryption::FromTheStart;
    }
    let network = &profile.network;
    let is_told =
        !network.ca_bundle.trim().is_empty() || !network.client_certificate.trim().is_empty();
    let may_be_plain = is_loopback(url)
        || network.allow_plain_http && profile.environment != Environment::Production;
    if is_told || !may_be_plain {
        Encryption::StartTls
    } else {
        Encryption::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str, network: Network) -> Encryption {
        let profile = Profile {
            network,
            ..Profile::default()
        };
        encryption(&profile, &Url::parse(address).unwrap())
    }

    #[test]
    fn what_leaves_this_machine_is_encrypted() {
        let plain = Network::default();
        assert_eq!(
            of("ldap://directory.example", plain.clone()),
            Encryption::StartTls
        );
        assert_eq!(
            of("ldaps://directory.example", plain.clone()),
            Encryption::FromTheStart
        );
        assert_eq!(of("ldap://127.0.0.1:389", plain), Encryption::None);
        let allowed = Network {
            allow_plain_http: true,
            ..Network::default()
        };
        assert_eq!(of("ldap://directory.example", allowed), Encryption::None);
    }

    #[test]
    fn a_filter_that_is_none_is_refused_by_its_name() {
        let source = LdapSource {
            filter: "objectClass=*)(".into(),
            ..LdapSource::default()
        };
        let error = source.validate("datasets.portal_account.ldap").unwrap_err();
        assert!(error.to_string().contains("ldap.filter"), "{error}");
        assert!(LdapSource::default().validate("x").is_ok());
    }
}

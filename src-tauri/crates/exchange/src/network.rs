//! How the network is used: limits, pacing, the way through a proxy, whom to trust.
//!
//! Certificates travel with the profile, so that an exported connection works elsewhere. The client
//! certificate's private key and the proxy's password are secrets and never part of it.

use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;
use url::{Host, Url};

use crate::error::ExchangeError;
use crate::profile::Environment;
use crate::tls;

/// Bytes of certificates in a profile at most.
const MAX_PEM_BYTES: usize = 1024 * 1024;
/// Entries of a bypass list at most.
const MAX_BYPASS: usize = 200;

/// Which proxy is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ProxyMode {
    /// The system's, as its settings or the usual environment variables say.
    #[default]
    System,
    /// None; the settings of an own one are kept.
    None,
    /// The address given.
    Own,
}

/// The way through a proxy. Its password is a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Proxy {
    /// Which proxy is used.
    pub mode: ProxyMode,
    /// `http://host:port` or `https://host:port`, for an own proxy.
    pub address: String,
    /// The user's name at the proxy; empty means that it asks for none.
    pub user: String,
    /// Hosts that are reached directly: a name (with everything below it), an address, a CIDR
    /// range, or `*`.
    pub bypass: Vec<String>,
}

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
    /// Requests a second to one host at most; 0 means no limit.
    pub requests_per_second: f64,
    /// Requests under way at once at most; 0 means no limit.
    pub max_concurrent: u32,
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
    /// The way through a proxy.
    #[serde(deserialize_with = "proxy_or_address")]
    pub proxy: Proxy,
    /// Certificates (PEM) that are trusted besides the system's.
    pub ca_bundle: String,
    /// The client's certificate with its chain (PEM), without the private key.
    pub client_certificate: String,
    /// Whether a host that is not this machine may be asked without encryption; never in production.
    pub allow_plain_http: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 10_000,
            request_timeout_ms: 60_000,
            max_body_bytes: 32 * 1024 * 1024,
            requests_per_second: 0.0,
            max_concurrent: 4,
            retries: 4,
            backoff_ms: 250,
            max_retry_after_s: 60,
            max_pages: 1_000_000,
            proxy: Proxy::default(),
            ca_bundle: String::new(),
            client_certificate: String::new(),
            allow_plain_http: false,
        }
    }
}

/// Earlier profiles have only the address, empty for the system's proxy.
fn proxy_or_address<'de, D: Deserializer<'de>>(source: D) -> Result<Proxy, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Address(String),
        Proxy(Proxy),
    }
    Ok(match Either::deserialize(source)? {
        Either::Proxy(proxy) => proxy,
        Either::Address(address) => Proxy {
            mode: if address.is_empty() {
                ProxyMode::System
            } else {
                ProxyMode::Own
            },
            address,
            ..Proxy::default()
        },
    })
}

impl Network {
    /// Whether these settings can be used; the first thing that is wrong otherwise.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] naming the field, its value and the remedy.
    pub fn validate(&self) -> Result<(), ExchangeError> {
        if self.proxy.mode == ProxyMode::Own {
            let shown = || format!("{:?}", self.proxy.address);
            let url = Url::parse(self.proxy.address.trim()).map_err(|error| {
                wrong(
                    "proxy.address",
                    format!(
                        "{} is no address ({error}); write it as http://host:port",
                        shown()
                    ),
                )
            })?;
            if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
                return Err(wrong(
                    "proxy.address",
                    format!("{} is not http://host:port or https://host:port", shown()),
                ));
            }
            if !url.username().is_empty() || url.password().is_some() {
                return Err(wrong(
                    "proxy.address",
                    "leave out user and password; they have their own fields".into(),
                ));
            }
        }
        if self.proxy.bypass.len() > MAX_BYPASS {
            return Err(wrong(
                "proxy.bypass",
                format!(
                    "{} entries are more than {MAX_BYPASS}; name ranges or suffixes",
                    self.proxy.bypass.len()
                ),
            ));
        }
        if let Some(odd) = self.proxy.bypass.iter().find(|entry| {
            let entry = entry.trim();
            entry.is_empty() || entry.contains("://") || entry.contains([',', ' '])
        }) {
            return Err(wrong(
                "proxy.bypass",
                format!("{odd:?} is no host, suffix or range; write one a line, as 10.0.0.0/8"),
            ));
        }
        if !self.requests_per_second.is_finite() || self.requests_per_second < 0.0 {
            return Err(wrong(
                "requests_per_second",
                format!("{} is no rate; 0 means no limit", self.requests_per_second),
            ));
        }
        for (field, text) in [
            ("ca_bundle", &self.ca_bundle),
            ("client_certificate", &self.client_certificate),
        ] {
            if text.len() > MAX_PEM_BYTES {
                return Err(wrong(
                    field,
                    format!("{} bytes are more than {MAX_PEM_BYTES}", text.len()),
                ));
            }
            if text.contains("PRIVATE KEY-----") {
                return Err(wrong(
                    field,
                    "leave out the private key; it has its own field".into(),
                ));
            }
            tls::certificates(field, text)?;
        }
        Ok(())
    }

    /// Whether `url` may be asked as it is.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when it needs encryption and has none.
    pub fn validate_encryption(
        &self,
        url: &Url,
        environment: Environment,
    ) -> Result<(), ExchangeError> {
        if self.allow_plain_http && environment == Environment::Production {
            return Err(wrong(
                "allow_plain_http",
                "production needs https; switch it off".into(),
            ));
        }
        if url.scheme() != "http" || is_loopback(url) || self.allow_plain_http {
            return Ok(());
        }
        Err(ExchangeError::Settings {
            field: "base_url".into(),
            what: if environment == Environment::Production {
                "production needs https".into()
            } else {
                "https is needed; a test or demo provider without it has to be allowed under network (allow_plain_http)".into()
            },
        })
    }
}

/// Whether an address is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // The host of a scheme that browsers do not know is a name, whatever it looks like.
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name.ends_with(".localhost")
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn wrong(field: &str, what: String) -> ExchangeError {
    ExchangeError::Settings {
        field: format!("network.{field}"),
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(network: &Network) -> Option<String> {
        match network.validate() {
            Err(ExchangeError::Settings { field, .. }) => Some(field),
            _ => None,
        }
    }

    #[test]
    fn a_profile_with_only_a_proxy_address_keeps_its_proxy() {
        let old: Network =
            serde_json::from_str(r#"{"proxy":"http://proxy.example:8080"}"#).unwrap();
        assert_eq!(old.proxy.mode, ProxyMode::Own);
        assert_eq!(old.proxy.address, "http://proxy.example:8080");
        let none: Network = serde_json::from_str(r#"{"proxy":""}"#).unwrap();
        assert_eq!(none.proxy, Proxy::default());
        let again: Network = serde_json::from_str(&serde_json::to_string(&old).unwrap()).unwrap();
        assert_eq!(again, old);
    }

    #[test]
    fn a_proxy_that_is_off_may_keep_any_settings() {
        let proxy = Proxy {
            mode: ProxyMode::None,
            address: "not yet known".into(),
            ..Proxy::default()
        };
        let off = Network {
            proxy: proxy.clone(),
            ..Network::default()
        };
        assert_eq!(field(&off), None);
        let on = Network {
            proxy: Proxy {
                mode: ProxyMode::Own,
                ..proxy
            },
            ..Network::default()
        };
        assert_eq!(field(&on).as_deref(), Some("network.proxy.address"));
    }

    #[test]
    fn a_private_key_has_no_place_in_the_profile() {
        let network = Network {
            client_certificate: "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----"
                .into(),
            ..Network::default()
        };
        assert_eq!(
            field(&network).as_deref(),
            Some("network.client_certificate")
        );
    }

    #[test]
    fn only_a_test_environment_may_be_asked_without_encryption() {
        let url = Url::parse("http://provider.example/").unwrap();
        let allowed = Network {
            allow_plain_http: true,
            ..Network::default()
        };
        let refused = Network::default();
        assert!(allowed.validate_encryption(&url, Environment::Test).is_ok());
        assert!(
            allowed
                .validate_encryption(&url, Environment::Production)
                .is_err()
        );
        assert!(
            refused
                .validate_encryption(&url, Environment::Test)
                .is_err()
        );
        let here = Url::parse("http://127.0.0.1:1/").unwrap();
        assert!(
            refused
                .validate_encryption(&here, Environment::Production)
                .is_ok()
        );
    }
}

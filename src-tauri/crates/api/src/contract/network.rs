//! Network secrets of a connection, and what ends one day.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_exchange::Environment;

/// Changes the secrets of a connection's network. What is absent stays; an empty text forgets.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveNetworkSecrets {
    /// Which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The password at the proxy.
    #[serde(default)]
    pub proxy_password: Option<String>,
    /// The client certificate's private key, PEM.
    #[serde(default)]
    pub client_key: Option<String>,
    /// Certificate and key in one file; the certificate becomes part of the profile.
    #[serde(default)]
    pub client_pkcs12: Option<Pkcs12File>,
}

/// A PKCS#12 file. Its passphrase is used once and not kept.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Pkcs12File {
    /// The file, base64.
    pub content: String,
    /// Its passphrase.
    pub passphrase: String,
}

/// A secret of the network that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NetworkSecretRow {
    /// proxy_password or client_key.
    pub name: String,
    /// When it was changed, unix ms.
    #[ts(type = "number")]
    pub changed_at: i64,
}

/// Something that ends one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExpiryRow {
    /// Whose connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The connection's name.
    pub connection: String,
    /// What it is for.
    pub environment: Environment,
    /// server_certificate, client_certificate, ca_bundle, secret or token.
    pub kind: String,
    /// Whose it is; empty for the connection's own secret.
    pub subject: String,
    /// When it ends, unix ms.
    #[ts(type = "number")]
    pub not_after_ms: i64,
    /// When a test last saw it, unix ms; absent where the user noted it.
    #[ts(type = "number | null")]
    pub seen_at: Option<i64>,
}

//! How a request proves who asks.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a request proves who asks. The secret is never part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// The secret in a header.
    ApiKey {
        /// The header's name.
        header: String,
    },
    /// HTTP basic authentication; the secret is the password.
    Basic {
        /// The user's name.
        user: String,
    },
    /// National gateway: `gjzwfwpt_*` headers signed with HMAC-SHA256.
    Gateway {
        /// `gjzwfwpt_rid`, the requester's number.
        requester_id: String,
    },
    /// OAuth 2.0 client credentials; the secret is the client's.
    Oauth2Client {
        /// Where tokens are had.
        token_path: String,
        /// The client's id.
        client_id: String,
    },
}

impl Auth {
    /// The kind's name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Auth::None => "none",
            Auth::ApiKey { .. } => "api_key",
            Auth::Basic { .. } => "basic",
            Auth::Gateway { .. } => "gateway",
            Auth::Oauth2Client { .. } => "oauth2_client",
        }
    }

    /// Whether a secret is needed.
    pub const fn needs_secret(&self) -> bool {
        !matches!(self, Auth::None)
    }
}

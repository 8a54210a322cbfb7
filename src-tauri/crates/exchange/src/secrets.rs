//! A connection's secrets, each by its name.

use std::fmt;

use zeroize::Zeroizing;

type Kept = Option<Zeroizing<String>>;

/// A connection's secrets. They are wiped when dropped, and never printed.
#[derive(Clone, Default)]
pub struct Secrets {
    provider: Kept,
    client_key: Kept,
    proxy_password: Kept,
}

impl Secrets {
    /// A connection with this secret for its provider, or without any.
    pub fn new(secret: Option<String>) -> Self {
        Self {
            provider: secret.map(Zeroizing::new),
            ..Self::default()
        }
    }

    /// With the client certificate's private key (PEM).
    pub fn with_client_key(mut self, key: Option<String>) -> Self {
        self.client_key = key.map(Zeroizing::new);
        self
    }

    /// With the password at the proxy.
    pub fn with_proxy_password(mut self, password: Option<String>) -> Self {
        self.proxy_password = password.map(Zeroizing::new);
        self
    }

    pub(crate) fn expose(&self) -> &str {
        text(&self.provider)
    }

    pub(crate) fn client_key(&self) -> &str {
        text(&self.client_key)
    }

    pub(crate) fn proxy_password(&self) -> &str {
        text(&self.proxy_password)
    }
}

fn text(kept: &Kept) -> &str {
    kept.as_ref().map_or("", |secret| secret.as_str())
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secrets(…)")
    }
}

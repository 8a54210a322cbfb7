//! Secrets: the cache's key and the connections' secrets, never in the cache or a plain file.
//!
//! The operating system's secret store is the place. Where there is none, as on a server, they are
//! in a file sealed with a passphrase that the administrator chooses.

mod os;
mod passphrase;

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use os::OsSecretStore;
pub use passphrase::PassphraseFile;

use crate::cache::CacheKey;
use crate::error::StoreError;

/// A secret text. It is wiped when it is dropped, and never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// A place that keeps secrets by name.
pub trait SecretStore: Send + Sync {
    /// The secret of a name, if there is one.
    ///
    /// # Errors
    /// The store's.
    fn get(&self, name: &str) -> Result<Option<Secret>, StoreError>;

    /// Keeps a secret.
    ///
    /// # Errors
    /// The store's.
    fn set(&self, name: &str, secret: &Secret) -> Result<(), StoreError>;

    /// Forgets a secret; one that is not there is no error.
    ///
    /// # Errors
    /// The store's.
    fn delete(&self, name: &str) -> Result<(), StoreError>;

    /// Seals the store anew with another passphrase, where it has one.
    ///
    /// # Errors
    /// [`StoreError::WrongPassphrase`] when `old` is not the present one.
    fn change_passphrase(&self, _old: &Secret, _new: &Secret) -> Result<(), StoreError> {
        Err(StoreError::SecretStore(
            "the secrets are kept by the system; there is no passphrase".into(),
        ))
    }
}

/// The key of the cache named `name`, made of random bytes at first use.
///
/// # Errors
/// The store's.
pub fn cache_key(store: &dyn SecretStore, name: &str) -> Result<CacheKey, StoreError> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    if let Some(kept) = store.get(name)? {
        let bytes = Zeroizing::new(
            engine
                .decode(kept.expose())
                .map_err(|error| StoreError::SecretStore(error.to_string()))?,
        );
        let bytes: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| StoreError::SecretStore("the kept cache key has not 32 bytes".into()))?;
        return Ok(CacheKey::new(bytes));
    }
    let mut bytes = [0; 32];
    random(&mut bytes)?;
    store.set(name, &Secret::new(engine.encode(bytes)))?;
    let key = CacheKey::new(bytes);
    bytes.zeroize();
    Ok(key)
}

fn random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| StoreError::SecretStore(error.to_string()))
}

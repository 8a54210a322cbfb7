//! The operating system's secret store.

use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Error};

use super::{Secret, SecretStore};
use crate::error::StoreError;

/// The service name under which entries are kept.
const SERVICE: &str = "zhengqiao";

/// Secret Service on Linux, Credential Manager on Windows, Keychain on macOS.
pub struct OsSecretStore {
    store: Arc<CredentialStore>,
}

fn failed(error: &Error) -> StoreError {
    StoreError::SecretStore(error.to_string())
}

impl OsSecretStore {
    /// The store, proven by writing, reading and deleting an entry.
    ///
    /// # Errors
    /// [`StoreError::SecretStore`] where there is none or it refuses.
    pub fn open() -> Result<Self, StoreError> {
        let this = Self {
            store: platform().map_err(|error| failed(&error))?,
        };
        let probe = Secret::new("probe".into());
        this.set("probe", &probe)?;
        let kept = this.get("probe")?;
        this.delete("probe")?;
        if kept.as_ref() == Some(&probe) {
            Ok(this)
        } else {
            Err(StoreError::SecretStore(
                "what was written could not be read again".into(),
            ))
        }
    }

    fn entry(&self, name: &str) -> Result<Entry, StoreError> {
        self.store
            .build(SERVICE, name, None)
            .map_err(|error| failed(&error))
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn platform() -> Result<Arc<CredentialStore>, Error> {
    // Without a session bus there is nobody to ask, and asking would wait.
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        return Err(Error::NotSupportedByStore("there is no session bus".into()));
    }
    let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

#[cfg(target_os = "macos")]
fn platform() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = apple_native_keyring_store::keychain::Store::new()?;
    Ok(store)
}

#[cfg(windows)]
fn platform() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = windows_native_keyring_store::Store::new()?;
    Ok(store)
}

impl SecretStore for OsSecretStore {
    fn get(&self, name: &str) -> Result<Option<Secret>, StoreError> {
        match self.entry(name)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), StoreError> {
        self.entry(name)?
            .set_password(secret.expose())
            .map_err(|error| failed(&error))
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }
}

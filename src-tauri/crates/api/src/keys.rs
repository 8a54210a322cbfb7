//! Where the cache's key and the connections' secrets are kept, and how the cache is opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use zhengqiao_store::secret::{OsSecretStore, PassphraseFile, Secret, SecretStore, cache_key};
use zhengqiao_store::{Cache, StoreError, hash};

use crate::contract::{ApiError, ErrorCode, KeyStore};

/// The cache's file name.
const CACHE: &str = "cache.db";
/// The sealed secrets' file name.
const SEALED: &str = "secrets.sealed";

/// How keys are kept.
#[derive(Clone)]
pub enum KeyChoice {
    /// In the system's secret store where there is one, else in a passphrase file.
    Auto,
    /// In a passphrase file.
    Passphrase(Secret),
    /// In memory only: nothing can be opened again. For the demonstration.
    Ephemeral,
}

/// An open cache with its secrets.
pub struct Open {
    /// The cache.
    pub cache: Cache,
    /// The secrets.
    pub secrets: Box<dyn SecretStore>,
}

#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Secret>>);

impl SecretStore for Memory {
    fn get(&self, name: &str) -> Result<Option<Secret>, StoreError> {
        Ok(self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned())
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), StoreError> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), secret.clone());
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
        Ok(())
    }
}

/// Which store a data directory uses: a sealed file that is there decides, then the system's store.
pub fn key_store(data_dir: &Path, choice: &KeyChoice) -> KeyStore {
    match choice {
        KeyChoice::Passphrase(_) => KeyStore::PassphraseFile,
        KeyChoice::Ephemeral => KeyStore::System,
        KeyChoice::Auto if data_dir.join(SEALED).exists() => KeyStore::PassphraseFile,
        KeyChoice::Auto if OsSecretStore::open().is_ok() => KeyStore::System,
        KeyChoice::Auto => KeyStore::PassphraseFile,
    }
}

/// Whether there is no cache yet.
pub fn is_first_use(data_dir: &Path) -> bool {
    !data_dir.join(CACHE).exists() && !data_dir.join(SEALED).exists()
}

/// Opens the cache of a directory.
///
/// # Errors
/// [`ErrorCode::Locked`] when a passphrase is needed and none was given.
pub fn open(data_dir: &Path, store: KeyStore, choice: &KeyChoice) -> Result<Open, ApiError> {
    std::fs::create_dir_all(data_dir).map_err(|error| ApiError {
        code: ErrorCode::File,
        message: format!("{}: {error}", data_dir.display()),
        retryable: false,
        details: None,
    })?;
    let secrets: Box<dyn SecretStore> = match (choice, store) {
        (KeyChoice::Ephemeral, _) => Box::new(Memory::default()),
        (KeyChoice::Passphrase(passphrase), _) => {
            Box::new(PassphraseFile::open(&data_dir.join(SEALED), passphrase)?)
        }
        (KeyChoice::Auto, KeyStore::System) => Box::new(OsSecretStore::open()?),
        (KeyChoice::Auto, KeyStore::PassphraseFile) => {
            return Err(ApiError {
                code: ErrorCode::Locked,
                message: "the cache is locked: give the passphrase".into(),
                retryable: true,
                details: None,
            });
        }
    };
    // Several data directories of one user have several keys.
    let place = data_dir
        .canonicalize()
        .unwrap_or_else(|_| data_dir.to_path_buf());
    let short = hex::encode(&hash::of_bytes(place.to_string_lossy().as_bytes())[..6]);
    let name = match store {
        KeyStore::System => format!("cache-key-{short}"),
        KeyStore::PassphraseFile => "cache-key".to_owned(),
    };
    let key = cache_key(secrets.as_ref(), &name)?;
    Ok(Open {
        cache: Cache::open(&data_dir.join(CACHE), &key)?,
        secrets,
    })
}

/// Where cache, sealed secrets and logs are unless a host is told otherwise: the user's data
/// directory of the system.
pub fn default_data_dir() -> PathBuf {
    directories::ProjectDirs::from("cn", "", "zhengqiao").map_or_else(
        || PathBuf::from("zhengqiao-data"),
        |dirs| dirs.data_local_dir().to_path_buf(),
    )
}

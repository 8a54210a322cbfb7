//! A file with secrets, sealed with a passphrase: Argon2id, then XChaCha20-Poly1305.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use argon2::Argon2;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Secret, SecretStore, random};
use crate::error::StoreError;

#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Format of the file.
    version: u32,
    /// Salt of the key derivation, base64.
    salt: String,
    /// Nonce, base64; another with each writing.
    nonce: String,
    /// The sealed JSON object, base64.
    content: String,
}

/// An open passphrase file.
pub struct PassphraseFile {
    path: PathBuf,
    seal: Mutex<Seal>,
    entries: Mutex<BTreeMap<String, Secret>>,
}

/// What the file is sealed with.
struct Seal {
    salt: Vec<u8>,
    key: Zeroizing<[u8; 32]>,
}

impl Seal {
    /// A new seal, with a new salt.
    fn new(passphrase: &Secret) -> Result<Self, StoreError> {
        let mut salt = vec![0; 16];
        random(&mut salt)?;
        let key = derive(passphrase, &salt)?;
        Ok(Self { salt, key })
    }
}

impl PassphraseFile {
    /// Opens the file, or makes it with this passphrase.
    ///
    /// # Errors
    /// [`StoreError::WrongPassphrase`] when the passphrase does not open it or it was changed.
    pub fn open(path: &Path, passphrase: &Secret) -> Result<Self, StoreError> {
        if !path.exists() {
            let seal = Seal::new(passphrase)?;
            save(path, &seal, &BTreeMap::new())?;
            return Ok(Self {
                path: path.to_path_buf(),
                seal: Mutex::new(seal),
                entries: Mutex::new(BTreeMap::new()),
            });
        }
        let sealed = Unread::read(path)?;
        let seal = Seal {
            key: derive(passphrase, &sealed.salt)?,
            salt: sealed.salt.clone(),
        };
        let entries = sealed.open(path, &seal)?;
        Ok(Self {
            path: path.to_path_buf(),
            seal: Mutex::new(seal),
            entries: Mutex::new(entries),
        })
    }

    /// Changes the entries and writes them. What another process wrote in the meantime is kept.
    fn change(&self, work: impl FnOnce(&mut BTreeMap<String, Secret>)) -> Result<(), StoreError> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let seal = self.seal.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = Unread::read(&self.path)?.open(&self.path, &seal)?;
        work(&mut fresh);
        save(&self.path, &seal, &fresh)?;
        *entries = fresh;
        Ok(())
    }
}

/// The file's parts, still sealed.
struct Unread {
    salt: Vec<u8>,
    nonce: Vec<u8>,
    content: Vec<u8>,
}

fn damaged(path: &Path) -> StoreError {
    StoreError::SecretStore(format!("{}: not a passphrase file", path.display()))
}

impl Unread {
    fn read(path: &Path) -> Result<Self, StoreError> {
        let text = std::fs::read_to_string(path).map_err(|source| StoreError::File {
            path: path.to_path_buf(),
            source,
        })?;
        let sealed: Sealed = serde_json::from_str(&text).map_err(|_| damaged(path))?;
        if sealed.version != 1 {
            return Err(StoreError::SecretStore(format!(
                "{}: format {} is not known",
                path.display(),
                sealed.version
            )));
        }
        let bytes = |text: &str| STANDARD.decode(text).map_err(|_| damaged(path));
        let this = Self {
            salt: bytes(&sealed.salt)?,
            nonce: bytes(&sealed.nonce)?,
            content: bytes(&sealed.content)?,
        };
        if this.nonce.len() == 24 {
            Ok(this)
        } else {
            Err(damaged(path))
        }
    }

    fn open(&self, path: &Path, seal: &Seal) -> Result<BTreeMap<String, Secret>, StoreError> {
        let plain = cipher(&seal.key)
            .decrypt(XNonce::from_slice(&self.nonce), self.content.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| StoreError::WrongPassphrase)?;
        let entries: BTreeMap<String, String> =
            serde_json::from_slice(&plain).map_err(|_| damaged(path))?;
        Ok(entries
            .into_iter()
            .map(|(name, text)| (name, Secret::new(text)))
            .collect())
    }
}

fn save(path: &Path, seal: &Seal, entries: &BTreeMap<String, Secret>) -> Result<(), StoreError> {
    let plain: BTreeMap<&str, &str> = entries
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.expose()))
        .collect();
    let plain = Zeroizing::new(serde_json::to_vec(&plain)?);
    let mut nonce = [0; 24];
    random(&mut nonce)?;
    let content = cipher(&seal.key)
        .encrypt(XNonce::from_slice(&nonce), plain.as_slice())
        .map_err(|error| StoreError::SecretStore(error.to_string()))?;
    let sealed = Sealed {
        version: 1,
        salt: STANDARD.encode(&seal.salt),
        nonce: STANDARD.encode(nonce),
        content: STANDARD.encode(content),
    };
    replace(path, &serde_json::to_vec(&sealed)?).map_err(|source| StoreError::File {
        path: path.to_path_buf(),
        source,
    })
}

fn derive(passphrase: &Secret, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut key = Zeroizing::new([0; 32]);
    Argon2::default()
        .hash_password_into(passphrase.expose().as_bytes(), salt, key.as_mut())
        .map_err(|error| StoreError::SecretStore(error.to_string()))?;
    Ok(key)
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.as_ref().into())
}

/// Writes a file beside the old one and puts it in its place, so that a kill leaves one of the two.
fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

impl SecretStore for PassphraseFile {
    /// What another process wrote in the meantime is seen; where it changed the passphrase as well, what
    /// was known before holds until this one is opened anew.
    fn get(&self, name: &str) -> Result<Option<Secret>, StoreError> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let seal = self.seal.lock().unwrap_or_else(PoisonError::into_inner);
        match Unread::read(&self.path).and_then(|unread| unread.open(&self.path, &seal)) {
            Ok(fresh) => *entries = fresh,
            Err(StoreError::WrongPassphrase) => {}
            Err(error) => return Err(error),
        }
        Ok(entries.get(name).cloned())
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), StoreError> {
        self.change(|entries| {
            entries.insert(name.to_owned(), secret.clone());
        })
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.change(|entries| {
            entries.remove(name);
        })
    }

    fn change_passphrase(&self, old: &Secret, new: &Secret) -> Result<(), StoreError> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seal = self.seal.lock().unwrap_or_else(PoisonError::into_inner);
        if *derive(old, &seal.salt)? != *seal.key {
            return Err(StoreError::WrongPassphrase);
        }
        let fresh = Seal::new(new)?;
        save(&self.path, &fresh, &entries)?;
        *seal = fresh;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn what_another_process_saves_is_seen_without_opening_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.sealed");
        let passphrase = Secret::new("correct horse".to_owned());
        let one = PassphraseFile::open(&path, &passphrase).unwrap();
        let other = PassphraseFile::open(&path, &passphrase).unwrap();
        one.set("connection 1", &Secret::new("first".to_owned()))
            .unwrap();
        let seen = other.get("connection 1").unwrap().unwrap();
        assert_eq!(seen.expose(), "first");
    }

    #[test]
    fn secrets_are_there_after_reopening_and_unreadable_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets");
        let file = PassphraseFile::open(&path, &secret("一句口令")).unwrap();
        file.set("connection-1", &secret("app-secret-value"))
            .unwrap();
        let again = PassphraseFile::open(&path, &secret("一句口令")).unwrap();
        assert_eq!(
            again.get("connection-1").unwrap(),
            Some(secret("app-secret-value"))
        );
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("app-secret-value") && !text.contains("connection-1"));
        again.delete("connection-1").unwrap();
        assert_eq!(
            PassphraseFile::open(&path, &secret("一句口令"))
                .unwrap()
                .get("connection-1")
                .unwrap(),
            None
        );
    }

    #[test]
    fn a_changed_passphrase_opens_the_same_secrets_and_the_old_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets");
        let file = PassphraseFile::open(&path, &secret("old words")).unwrap();
        file.set("a", &secret("1")).unwrap();
        assert!(matches!(
            file.change_passphrase(&secret("wrong"), &secret("new words")),
            Err(StoreError::WrongPassphrase)
        ));
        file.change_passphrase(&secret("old words"), &secret("new words"))
            .unwrap();
        file.set("b", &secret("2")).unwrap();
        assert!(PassphraseFile::open(&path, &secret("old words")).is_err());
        let again = PassphraseFile::open(&path, &secret("new words")).unwrap();
        assert_eq!(again.get("a").unwrap(), Some(secret("1")));
        assert_eq!(again.get("b").unwrap(), Some(secret("2")));
    }

    #[test]
    fn what_another_process_kept_in_the_meantime_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets");
        let one = PassphraseFile::open(&path, &secret("the words")).unwrap();
        let other = PassphraseFile::open(&path, &secret("the words")).unwrap();
        one.set("a", &secret("1")).unwrap();
        other.set("b", &secret("2")).unwrap();
        let again = PassphraseFile::open(&path, &secret("the words")).unwrap();
        assert_eq!(again.get("a").unwrap(), Some(secret("1")));
        assert_eq!(again.get("b").unwrap(), Some(secret("2")));
        other
            .change_passphrase(&secret("the words"), &secret("other words"))
            .unwrap();
        assert!(matches!(
            one.set("c", &secret("3")),
            Err(StoreError::WrongPassphrase)
        ));
    }

    #[test]
    fn another_passphrase_and_a_changed_file_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets");
        PassphraseFile::open(&path, &secret("right")).unwrap();
        assert!(matches!(
            PassphraseFile::open(&path, &secret("wrong")),
            Err(StoreError::WrongPassphrase)
        ));
        let mut sealed: Sealed =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut content = STANDARD.decode(&sealed.content).unwrap();
        content[0] ^= 1;
        sealed.content = STANDARD.encode(content);
        std::fs::write(&path, serde_json::to_vec(&sealed).unwrap()).unwrap();
        assert!(matches!(
            PassphraseFile::open(&path, &secret("right")),
            Err(StoreError::WrongPassphrase)
        ));
    }

    #[test]
    fn the_cache_key_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = PassphraseFile::open(&dir.path().join("secrets"), &secret("p")).unwrap();
        super::super::cache_key(&file, "cache-key").unwrap();
        let first = file.get("cache-key").unwrap();
        super::super::cache_key(&file, "cache-key").unwrap();
        assert_eq!(file.get("cache-key").unwrap(), first);
    }
}

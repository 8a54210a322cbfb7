//! Whether a file is still the one that was read before.

use std::fs::File;
use std::io::Read as _;
use std::time::UNIX_EPOCH;

use chrono::DateTime;
use zhengqiao_domain::primitives::moment;

use super::Trouble;
use crate::error::Fault;

/// Bytes that are looked at.
const HEAD_BYTES: u64 = 64 * 1024;

/// What a file is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name without the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last changed, in UTC+8.
    pub changed: String,
    /// Its mark: size and hash of its beginning.
    pub mark: String,
}

/// The identity of a file.
pub fn of(path: &str) -> Result<Identity, Trouble> {
    let io = |error: std::io::Error| Trouble::of_io(path, &error);
    if path.trim().is_empty() {
        return Err(Trouble::new(
            Fault::FileMissing,
            "no file is named; choose one",
        ));
    }
    let file = File::open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(Trouble::new(
            Fault::FileMissing,
            format!("{path} is no file; choose a file"),
        ));
    }
    if about.len() == 0 {
        return Err(Trouble::new(Fault::FileEmpty, format!("{path} is empty")));
    }
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(io)?;
    let changed_ms = about
        .modified()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0);
    let local = DateTime::from_timestamp_millis(changed_ms)
        .unwrap_or_default()
        .naive_utc()
        + chrono::Duration::hours(8);
    let hash = blake3::hash(&head).to_hex();
    Ok(Identity {
        name: std::path::Path::new(path)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        bytes: about.len(),
        changed: moment::canonical(local),
        mark: format!("{}-{changed_ms}-{}", about.len(), &hash[..16]),
    })
}

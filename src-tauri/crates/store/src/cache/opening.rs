//! Opening the file: its key, how its pages are sealed, waiting for others, a second file beside it, copies.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroize as _;

use super::CacheKey;
use crate::error::StoreError;

/// Bytes of a page; larger pages cost less with encryption.
pub(super) const PAGE_BYTES: u32 = 8192;
/// How long a connection waits for a lock of another process.
const BUSY: Duration = Duration::from_secs(10);
/// How often it looks whether it is free.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// Waits for another process's lock. It looks often: a run there gives the lock back for some milliseconds
/// between two transactions, which SQLite's own waiting, ten looks a second, mostly misses.
fn wait_for_lock(looks: i32) -> bool {
    let waited = LOOK_EVERY.saturating_mul(looks.unsigned_abs());
    if waited >= BUSY {
        return false;
    }
    std::thread::sleep(LOOK_EVERY);
    true
}

/// What each page is authenticated with. New files have the first: processors have instructions for it, and a
/// page is sealed in less than half the time. Files of before have SQLCipher's default.
pub(super) const SEALS: [&str; 2] = ["HMAC_SHA256", "HMAC_SHA512"];

/// SQLCipher's defaults belong to the whole process, and keys that are set at the same moment on several
/// threads disturb each other: one connection is opened at a time.
pub(super) static OPENING: Mutex<()> = Mutex::new(());

pub(crate) fn connect(
    path: &Path,
    key: &CacheKey,
    flags: OpenFlags,
) -> Result<Connection, StoreError> {
    let mut outcome = connect_sealed(path, key, flags, SEALS[0]);
    for seal in &SEALS[1..] {
        if !matches!(outcome, Err(StoreError::WrongKey { .. })) {
            break;
        }
        outcome = connect_sealed(path, key, flags, seal);
    }
    outcome
}

pub(super) fn connect_sealed(
    path: &Path,
    key: &CacheKey,
    flags: OpenFlags,
    seal: &str,
) -> Result<Connection, StoreError> {
    let connection = {
        let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = Connection::open_with_flags(path, flags)?;
        let mut pragma = key.pragma();
        connection.execute_batch(&pragma)?;
        pragma.zeroize();
        connection.execute_batch(&format!(
            "PRAGMA cipher_log_level = NONE;
             PRAGMA cipher_page_size = {PAGE_BYTES};
             PRAGMA cipher_hmac_algorithm = {seal};"
        ))?;
        connection
    };
    connection.busy_handler(Some(wait_for_lock))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.set_prepared_statement_cache_capacity(128);
    connection
        .query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| {
            row.get::<_, i64>(0)
        })
        .map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => StoreError::WrongKey {
                path: path.to_path_buf(),
            },
            _ => StoreError::Sqlite(error),
        })?;
    Ok(connection)
}

/// Attaches the real cache to the connection of a scratch cache, to be read only.
pub(super) fn attach(
    connection: &Connection,
    base: &Path,
    key: &CacheKey,
) -> Result<(), StoreError> {
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    // An attached file is opened with the defaults before anything can be said of it.
    connection.execute_batch(&format!("PRAGMA cipher_default_page_size = {PAGE_BYTES}"))?;
    let mut literal = key.literal();
    let mut outcome = Ok(());
    for seal in SEALS {
        connection.execute_batch(&format!("PRAGMA cipher_default_hmac_algorithm = {seal}"))?;
        outcome = connection
            .execute(
                "ATTACH DATABASE ?1 AS base KEY ?2",
                [read_only(base).as_str(), literal.as_str()],
            )
            .map(|_| ());
        let other_seal = outcome.as_ref().is_err_and(|error| {
            error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase)
        });
        if !other_seal {
            break;
        }
    }
    literal.zeroize();
    Ok(outcome?)
}

/// The address of a file that is only read (<https://sqlite.org/uri.html>).
fn read_only(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut address = String::from("file:");
    if !text.starts_with('/') && text.contains(':') {
        // A drive's letter.
        address.push('/');
    }
    for char in text.chars() {
        match char {
            '%' => address.push_str("%25"),
            '?' => address.push_str("%3f"),
            '#' => address.push_str("%23"),
            other => address.push(other),
        }
    }
    address.push_str("?mode=ro");
    address
}

pub(super) fn copy(from: &Connection, to: &Path, key: &CacheKey) -> Result<(), StoreError> {
    if to.exists() {
        std::fs::remove_file(to).map_err(|source| StoreError::File {
            path: to.to_path_buf(),
            source,
        })?;
    }
    // As its file is sealed: the two differ in how much of a page is theirs, and pages are copied whole.
    let seal: String = from.query_row("PRAGMA cipher_hmac_algorithm", [], |row| row.get(0))?;
    let mut target = connect_sealed(to, key, OpenFlags::default(), &seal)?;
    let backup = rusqlite::backup::Backup::new(from, &mut target)?;
    backup.run_to_completion(1_000, Duration::ZERO, None)?;
    Ok(())
}

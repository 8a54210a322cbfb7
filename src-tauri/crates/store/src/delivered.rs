//! Table `delivered`: what the library has of a record.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::hash::Hash;

/// Notes what the library has of a record now.
///
/// # Errors
/// SQLite's.
pub fn note(
    connection: &Connection,
    record_id: i64,
    source_id: i64,
    no: i64,
    hash: &Hash,
    at: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO delivered (record_id, source_id, no, hash, at)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (record_id) DO UPDATE
             SET no = excluded.no, hash = excluded.hash, at = excluded.at",
        )?
        .execute(params![record_id, source_id, no, hash, at])?;
    Ok(())
}

/// When a record's present content reached the library, unix ms; `None` when it has another or none.
///
/// # Errors
/// SQLite's.
pub fn of_record(connection: &Connection, record_id: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT d.at
             FROM delivered d
             JOIN record r ON r.id = d.record_id AND r.hash = d.hash
             WHERE d.record_id = ?1",
        )?
        .query_row([record_id], |row| row.get(0))
        .optional()?)
}

/// What the library has of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// When it arrived, unix ms.
    pub at: i64,
    /// Its fields as JSON text; `None` where the cache does not have that version any more.
    pub fields: Option<String>,
}

/// The version of a record that the library has: the present one, or an earlier one that is kept.
///
/// # Errors
/// SQLite's.
pub fn version_of(connection: &Connection, record_id: i64) -> Result<Option<Version>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT d.at,
               COALESCE(
                 (SELECT r.fields FROM record r WHERE r.id = d.record_id AND r.hash = d.hash),
                 (SELECT v.fields
                  FROM record r
                  JOIN record_version v ON v.source_id = r.source_id AND v.key_hash = r.key_hash
                  WHERE r.id = d.record_id AND v.hash = d.hash
                  ORDER BY v.id DESC
                  LIMIT 1))
             FROM delivered d
             WHERE d.record_id = ?1",
        )?
        .query_row([record_id], |row| {
            Ok(Version {
                at: row.get(0)?,
                fields: row.get(1)?,
            })
        })
        .optional()?)
}

/// Records that a connection's library has.
///
/// # Errors
/// SQLite's.
pub fn count(connection: &Connection, connection_id: i64) -> Result<i64, StoreError> {
    Ok(connection.query_row(
        "SELECT COUNT(*) FROM delivered WHERE source_id IN (SELECT id FROM source WHERE connection_id = ?1)",
        [connection_id],
        |row| row.get(0),
    )?)
}

/// Forgets what a connection's library had.
///
/// # Errors
/// SQLite's.
pub fn forget(connection: &Connection, connection_id: i64) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM delivered WHERE source_id IN (SELECT id FROM source WHERE connection_id = ?1)",
        [connection_id],
    )?;
    Ok(())
}

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

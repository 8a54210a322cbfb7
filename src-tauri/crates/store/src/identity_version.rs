//! Tables `identity_version` and `identity_reviewed`: the saved states of claim mapping and review
//! policy, and the one that the kept bindings were computed by.
//!
//! The present state is also in the connection's row, where a review reads it.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// A saved state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityVersion {
    /// Its number; 0 is the state before the first save.
    pub number: i64,
    /// When, unix ms.
    pub saved_at: i64,
    /// By whom; empty for the state before the first save.
    pub saved_by: String,
    /// Why.
    pub note: String,
    /// The claim mapping, as JSON.
    pub claims: String,
    /// The review policy, as JSON.
    pub policy: String,
}

/// The number of the present state; 0 when nothing was ever saved.
///
/// # Errors
/// SQLite's.
pub fn present(connection: &Connection, connection_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT max(number) FROM identity_version WHERE connection_id = ?1")?
        .query_row([connection_id], |row| row.get::<_, Option<i64>>(0))?
        .unwrap_or(0))
}

/// The saved states, the latest first.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    connection_id: i64,
    limit: u32,
) -> Result<Vec<IdentityVersion>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, saved_at, saved_by, note, claims, policy
         FROM identity_version
         WHERE connection_id = ?1
         ORDER BY number DESC
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![connection_id, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One saved state.
///
/// # Errors
/// SQLite's.
pub fn get(
    connection: &Connection,
    connection_id: i64,
    number: i64,
) -> Result<Option<IdentityVersion>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT number, saved_at, saved_by, note, claims, policy
             FROM identity_version
             WHERE connection_id = ?1 AND number = ?2",
        )?
        .query_row(params![connection_id, number], read)
        .optional()?)
}

/// Keeps a state and, unless it is the one before the first save, makes it the present one.
///
/// # Errors
/// SQLite's.
pub fn save(
    connection: &Connection,
    connection_id: i64,
    version: &IdentityVersion,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO identity_version (connection_id, number, saved_at, saved_by, note, claims, policy)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            connection_id,
            version.number,
            version.saved_at,
            version.saved_by,
            version.note,
            version.claims,
            version.policy
        ])?;
    if version.number > 0 {
        connection
            .prepare_cached("UPDATE connection SET claims = ?2, review_policy = ?3 WHERE id = ?1")?
            .execute(params![connection_id, version.claims, version.policy])?;
    }
    Ok(())
}

/// Notes which state the bindings that are kept were computed by.
///
/// # Errors
/// SQLite's.
pub fn set_reviewed(
    connection: &Connection,
    connection_id: i64,
    number: i64,
    at: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO identity_reviewed (connection_id, number, at)
             VALUES (?1, ?2, ?3)
             ON CONFLICT (connection_id) DO UPDATE SET number = excluded.number, at = excluded.at",
        )?
        .execute(params![connection_id, number, at])?;
    Ok(())
}

/// The state that the bindings that are kept were computed by.
///
/// # Errors
/// SQLite's.
pub fn reviewed(connection: &Connection, connection_id: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT number FROM identity_reviewed WHERE connection_id = ?1")?
        .query_row([connection_id], |row| row.get(0))
        .optional()?)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<IdentityVersion> {
    Ok(IdentityVersion {
        number: row.get(0)?,
        saved_at: row.get(1)?,
        saved_by: row.get(2)?,
        note: row.get(3)?,
        claims: row.get(4)?,
        policy: row.get(5)?,
    })
}

//! Column `connection.sign_on`: how a connection's people sign on, never the secret.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// A connection's sign-on, as JSON.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, connection_id: i64) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT sign_on FROM connection WHERE id = ?1")?
        .query_row([connection_id], |row| row.get(0))
        .optional()?
        .flatten())
}

/// Keeps a connection's sign-on.
///
/// # Errors
/// SQLite's.
pub fn set(connection: &Connection, connection_id: i64, sign_on: &str) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE connection SET sign_on = ?2 WHERE id = ?1",
        params![connection_id, sign_on],
    )?;
    Ok(())
}

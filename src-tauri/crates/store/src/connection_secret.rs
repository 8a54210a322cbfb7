//! Table `connection_secret`: which further secrets a connection has, never the secrets themselves.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// The names of a connection's further secrets, with when each was changed, unix ms.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, connection_id: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, changed_at
         FROM connection_secret
         WHERE connection_id = ?1
         ORDER BY name",
    )?;
    let rows = statement.query_map([connection_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes that a secret was changed, or forgotten where there is no time.
///
/// # Errors
/// SQLite's.
pub fn note(
    connection: &Connection,
    connection_id: i64,
    name: &str,
    at: Option<i64>,
) -> Result<(), StoreError> {
    match at {
        Some(at) => connection.execute(
            "INSERT INTO connection_secret (connection_id, name, changed_at)
             VALUES (?1, ?2, ?3)
             ON CONFLICT (connection_id, name) DO UPDATE SET changed_at = excluded.changed_at",
            params![connection_id, name, at],
        )?,
        None => connection.execute(
            "DELETE FROM connection_secret WHERE connection_id = ?1 AND name = ?2",
            params![connection_id, name],
        )?,
    };
    Ok(())
}

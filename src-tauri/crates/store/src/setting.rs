//! Table `setting`: the user's choices.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// The value of a setting.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT value FROM setting WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Sets a value.
///
/// # Errors
/// SQLite's.
pub fn set(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO setting (name, value)
             VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![name, value])?;
    Ok(())
}

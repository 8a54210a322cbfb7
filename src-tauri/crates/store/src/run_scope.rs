//! The columns `scope` and `asked_by` of table `run`: what a run covers, and who wanted it.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// Notes what a run covers, as JSON text, and who asked for it.
///
/// # Errors
/// SQLite's.
pub fn set(
    connection: &Connection,
    run_id: i64,
    scope: Option<&str>,
    asked_by: &str,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run SET scope = ?2, asked_by = ?3 WHERE id = ?1",
        params![run_id, scope, asked_by],
    )?;
    Ok(())
}

/// What a run covers, as JSON text; nothing for one that covers its mode.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, run_id: i64) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT scope FROM run WHERE id = ?1")?
        .query_row([run_id], |row| row.get::<_, Option<String>>(0))
        .optional()?
        .flatten())
}

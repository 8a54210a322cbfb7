//! Decisions and rejections whose date has passed.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// Ignored rejections whose date has passed.
///
/// # Errors
/// SQLite's.
pub fn expired(connection: &Connection, today: &str, limit: u32) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id
         FROM rejection
         WHERE ignored_until IS NOT NULL AND state = 4 AND ignored_until < ?1
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![today, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether any decision's date has passed, or any rejection is ignored beyond its date.
///
/// # Errors
/// SQLite's.
pub fn is_any_over(connection: &Connection, today: &str) -> Result<bool, StoreError> {
    let decisions = connection
        .prepare_cached(
            "SELECT 1 FROM ignore_decision WHERE until IS NOT NULL AND ended_at IS NULL AND until < ?1 LIMIT 1",
        )?
        .exists([today])?;
    Ok(decisions || !expired(connection, today, 1)?.is_empty())
}

/// Ends the decisions whose date has passed.
///
/// # Errors
/// SQLite's.
pub fn end_expired(connection: &Connection, today: &str, at: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE ignore_decision
         SET ended_at = ?2, ended_by = ''
         WHERE until IS NOT NULL AND ended_at IS NULL AND until < ?1",
        params![today, at],
    )?;
    Ok(())
}

//! Table `person_change`: which records of people and accounts changed, or were decided about.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// The last change that there is.
///
/// # Errors
/// SQLite's.
pub fn newest(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT COALESCE(MAX(no), 0) FROM person_change")?
        .query_row([], |row| row.get(0))?)
}

/// The records that changed after a change and up to another, by number; `None` when the first of them
/// were cut off.
///
/// # Errors
/// SQLite's.
pub fn since(
    connection: &Connection,
    after: i64,
    until: i64,
) -> Result<Option<Vec<i64>>, StoreError> {
    let oldest: i64 = connection
        .prepare_cached("SELECT COALESCE(MIN(no), 0) FROM person_change")?
        .query_row([], |row| row.get(0))?;
    if oldest > after + 1 {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT record_id FROM person_change WHERE no > ?1 AND no <= ?2 ORDER BY record_id",
    )?;
    let rows = statement.query_map(params![after, until], |row| row.get(0))?;
    Ok(Some(rows.collect::<Result<_, _>>()?))
}

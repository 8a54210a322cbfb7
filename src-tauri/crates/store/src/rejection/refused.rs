//! Accepted records that the portal's library refused: they are resolved by a delivery, not by a run.

use rusqlite::{Connection, params};

use super::REFUSED;
use crate::error::StoreError;

/// Open refusals of a source.
///
/// # Errors
/// SQLite's.
pub fn count_refused(connection: &Connection, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT COALESCE(SUM(n), 0)
             FROM facet_count
             WHERE facet = 'outcome' AND source_id = ?1 AND state IN (1, 2) AND value = CAST(?2 AS TEXT)",
        )?
        .query_row(params![source_id, REFUSED], |row| row.get(0))?)
}

/// Whether a source has a refusal that is not resolved, whatever else became of it.
///
/// # Errors
/// SQLite's.
pub fn any_refused(connection: &Connection, source_id: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (
               SELECT 1
               FROM facet_count
               WHERE facet = 'outcome' AND source_id = ?1 AND state <> 3 AND value = CAST(?2 AS TEXT) AND n > 0)",
        )?
        .query_row(params![source_id, REFUSED], |row| row.get(0))?)
}

/// Resolves all refusals of a connection: the library that refused is not its library any more.
///
/// # Errors
/// SQLite's.
pub fn settle_refused(connection: &Connection, connection_id: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE rejection
         SET state = 3
         WHERE outcome = ?2 AND state <> 3 AND source_id IN (SELECT id FROM source WHERE connection_id = ?1)",
        params![connection_id, REFUSED],
    )?;
    Ok(())
}

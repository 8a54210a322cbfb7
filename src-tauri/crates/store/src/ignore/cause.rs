//! What names a cause, for decisions that stand on it and for mending.

use rusqlite::{Connection, OptionalExtension, params};
use zhengqiao_domain::DatasetId;

use super::Standing;
use crate::error::StoreError;
use crate::source;

/// The connection of a cause, its dataset, and what names it.
///
/// # Errors
/// SQLite's.
pub fn cause_of(
    connection: &Connection,
    cause_id: i64,
) -> Result<Option<(i64, DatasetId, Standing, i64)>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT s.connection_id, s.dataset, c.source_id, c.rule, c.field, c.cluster, c.open_count
             FROM cause c
             JOIN source s ON s.id = c.source_id
             WHERE c.id = ?1",
        )?
        .query_row([cause_id], |row| {
            Ok((
                row.get(0)?,
                source::dataset(row, 1)?,
                Standing {
                    source_id: row.get(2)?,
                    rule: row.get(3)?,
                    field: row.get(4)?,
                    cluster: row.get(5)?,
                },
                row.get(6)?,
            ))
        })
        .optional()?)
}

/// The number of a cause, if it is known.
///
/// # Errors
/// SQLite's.
pub fn cause_id(connection: &Connection, cause: &Standing) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id FROM cause WHERE source_id = ?1 AND rule = ?2 AND field = ?3 AND cluster = ?4",
        )?
        .query_row(
            params![cause.source_id, cause.rule, cause.field, cause.cluster],
            |row| row.get(0),
        )
        .optional()?)
}

/// The cause that a rejection's finding belongs to.
///
/// # Errors
/// SQLite's.
pub fn cause_of_finding(
    connection: &Connection,
    rejection_id: i64,
    rule: &str,
    field: &str,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT c.id
             FROM rejection_cause rc
             JOIN cause c ON c.id = rc.cause_id
             WHERE rc.rejection_id = ?1 AND c.rule = ?2 AND c.field = ?3
             LIMIT 1",
        )?
        .query_row(params![rejection_id, rule, field], |row| row.get(0))
        .optional()?)
}

//! Table `cause`: rejections with the same dataset, rule, field and cluster of values.

use rusqlite::{Connection, OptionalExtension, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::source;

/// A cause with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
    /// What the values have in common.
    pub cluster: String,
    /// Open rejections, held ones included.
    pub open: i64,
    /// Of these, held.
    pub held: i64,
    /// First seen, unix ms.
    pub first_seen_at: i64,
    /// Last seen, unix ms.
    pub last_seen_at: i64,
}

const ROW: &str = "SELECT c.id, s.connection_id, s.dataset, c.rule, c.field, c.cluster, c.open_count, c.held_count,
    c.first_seen_at, c.last_seen_at
  FROM cause c
  JOIN source s ON s.id = c.source_id";

fn read(row: &Row<'_>) -> rusqlite::Result<CauseRow> {
    Ok(CauseRow {
        id: row.get(0)?,
        connection_id: row.get(1)?,
        dataset: source::dataset(row, 2)?,
        rule: row.get(3)?,
        field: row.get(4)?,
        cluster: row.get(5)?,
        open: row.get(6)?,
        held: row.get(7)?,
        first_seen_at: row.get(8)?,
        last_seen_at: row.get(9)?,
    })
}

/// A cause.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<CauseRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{ROW} WHERE c.id = ?1"))?
        .query_row([id], read)
        .optional()?)
}

/// Causes with open rejections, most first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, limit: u32) -> Result<Vec<CauseRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{ROW} WHERE c.open_count > 0 ORDER BY c.open_count DESC, c.id DESC LIMIT ?1"
    ))?;
    let rows = statement.query_map([limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One rule's open causes that have a cluster: number, field, and how many open rejections each has.
///
/// # Errors
/// SQLite's.
pub fn of_rule(
    connection: &Connection,
    source_id: i64,
    rule: &str,
) -> Result<Vec<(i64, String, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, field, open_count
         FROM cause
         WHERE source_id = ?1 AND rule = ?2 AND open_count > 0 AND cluster <> ''",
    )?;
    let rows = statement.query_map(rusqlite::params![source_id, rule], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest open rejections of a cause.
///
/// # Errors
/// SQLite's.
pub fn newest_open(
    connection: &Connection,
    cause_id: i64,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id
         FROM rejection_cause rc
         JOIN rejection r ON r.id = rc.rejection_id
         WHERE rc.cause_id = ?1 AND r.state IN (1, 2)
         ORDER BY rc.rejection_id DESC
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![cause_id, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets those of the causes that no rejection has any more.
///
/// # Errors
/// SQLite's.
pub fn forget_empty(connection: &Connection, ids: &[i64]) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("DELETE FROM cause WHERE id = ?1 AND total_count = 0")?;
    for id in ids {
        statement.execute([id])?;
    }
    Ok(())
}

//! Table `source`: one dataset of one connection, with its counters and where to go on.

use rusqlite::{Connection, OptionalExtension, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;

/// A dataset of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// Where an incremental run begins, as JSON text.
    pub incremental_state: Option<String>,
    /// Accepted records.
    pub accepted: i64,
    /// Withdrawn records.
    pub withdrawn: i64,
    /// Open rejections.
    pub rejected: i64,
    /// Held records.
    pub held: i64,
    /// Last success, unix ms.
    pub last_success_at: Option<i64>,
}

/// Reads a dataset's number.
pub(crate) fn dataset(row: &Row<'_>, at: usize) -> rusqlite::Result<DatasetId> {
    let number: i64 = row.get(at)?;
    DatasetId::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(at, number))
}

/// The source's number, made if it is new.
///
/// # Errors
/// SQLite's.
pub fn ensure(
    connection: &Connection,
    connection_id: i64,
    dataset: DatasetId,
) -> Result<i64, StoreError> {
    if let Some(id) = find(connection, connection_id, dataset)? {
        return Ok(id);
    }
    connection.execute(
        "INSERT INTO source (connection_id, dataset) VALUES (?1, ?2)",
        params![connection_id, dataset.number()],
    )?;
    Ok(connection.last_insert_rowid())
}

/// The source's number, if there is one.
///
/// # Errors
/// SQLite's.
pub fn find(
    connection: &Connection,
    connection_id: i64,
    dataset: DatasetId,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id FROM source WHERE connection_id = ?1 AND dataset = ?2")?
        .query_row(params![connection_id, dataset.number()], |row| row.get(0))
        .optional()?)
}

/// The dataset of a source.
///
/// # Errors
/// SQLite's.
pub fn dataset_of(connection: &Connection, id: i64) -> Result<DatasetId, StoreError> {
    Ok(connection
        .prepare_cached("SELECT dataset FROM source WHERE id = ?1")?
        .query_row([id], |row| dataset(row, 0))?)
}

/// The connection of a source.
///
/// # Errors
/// SQLite's.
pub fn connection_of(connection: &Connection, id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT connection_id FROM source WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?)
}

/// Accepted records of a source.
///
/// # Errors
/// SQLite's.
pub fn accepted(connection: &Connection, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT accepted_rows FROM source WHERE id = ?1")?
        .query_row([source_id], |row| row.get(0))?)
}

/// Accepted and withdrawn records of a source.
///
/// # Errors
/// SQLite's.
pub fn records(connection: &Connection, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT accepted_rows + withdrawn_rows FROM source WHERE id = ?1")?
        .query_row([source_id], |row| row.get(0))?)
}

/// All sources, of one connection or of all, in the order of dependency.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    connection_id: Option<i64>,
) -> Result<Vec<SourceRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, s.connection_id, s.dataset, s.incremental_state, s.accepted_rows, s.withdrawn_rows, s.last_success_at,
           COALESCE((SELECT SUM(n) FROM facet_count f
                     WHERE f.facet = 'outcome' AND f.source_id = s.id AND f.state IN (1, 2) AND f.value = '1'), 0),
           COALESCE((SELECT SUM(n) FROM facet_count f
                     WHERE f.facet = 'outcome' AND f.source_id = s.id AND f.state IN (1, 2) AND f.value = '2'), 0)
         FROM source s
         WHERE ?1 IS NULL OR s.connection_id = ?1
         ORDER BY s.connection_id, s.dataset",
    )?;
    let rows = statement.query_map([connection_id], |row| {
        Ok(SourceRow {
            id: row.get(0)?,
            connection_id: row.get(1)?,
            dataset: dataset(row, 2)?,
            incremental_state: row.get(3)?,
            accepted: row.get(4)?,
            withdrawn: row.get(5)?,
            last_success_at: row.get(6)?,
            rejected: row.get(7)?,
            held: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds to the counters of accepted and withdrawn records.
///
/// # Errors
/// SQLite's.
pub fn bump(
    connection: &Connection,
    id: i64,
    accepted: i64,
    withdrawn: i64,
) -> Result<(), StoreError> {
    if accepted != 0 || withdrawn != 0 {
        connection
            .prepare_cached(
                "UPDATE source
                 SET accepted_rows = accepted_rows + ?2, withdrawn_rows = withdrawn_rows + ?3
                 WHERE id = ?1",
            )?
            .execute(params![id, accepted, withdrawn])?;
    }
    Ok(())
}

/// Notes a success and where the next incremental run begins.
///
/// # Errors
/// SQLite's.
pub fn succeeded(
    connection: &Connection,
    id: i64,
    incremental_state: Option<&str>,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE source
         SET last_success_at = ?3, incremental_state = COALESCE(?2, incremental_state)
         WHERE id = ?1",
        params![id, incremental_state, at],
    )?;
    Ok(())
}

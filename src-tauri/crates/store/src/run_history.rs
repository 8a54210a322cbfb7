//! What earlier runs read of a source, to judge by whether a result is usual.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// A run that ended well, or whose result a person accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// Begin, unix ms.
    pub started_at: i64,
    /// full or incremental.
    pub mode: String,
    /// What it covered besides its mode, as JSON text.
    pub scope: Option<String>,
    /// Rows received.
    pub fetched: i64,
}

/// The runs of a source before one, newest first.
///
/// # Errors
/// SQLite's.
pub fn before(
    connection: &Connection,
    source_id: i64,
    run_id: i64,
    limit: u32,
) -> Result<Vec<PastRun>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.started_at, r.mode, r.scope, d.fetched
         FROM run_dataset d
         JOIN run r ON r.id = d.run_id
         WHERE d.source_id = ?1
           AND d.run_id < ?2
           AND d.state IN ('succeeded', 'finished_with_rejections')
         ORDER BY d.run_id DESC
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![source_id, run_id, limit], |row| {
        Ok(PastRun {
            started_at: row.get(0)?,
            mode: row.get(1)?,
            scope: row.get(2)?,
            fetched: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes how many rows are usual for a part of a run.
///
/// # Errors
/// SQLite's.
pub fn note_usual(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    usual: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run_dataset SET usual_rows = ?3 WHERE run_id = ?1 AND source_id = ?2",
        params![run_id, source_id, usual],
    )?;
    Ok(())
}

/// How many rows were noted as usual for a part of a run.
///
/// # Errors
/// SQLite's.
pub fn usual(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT usual_rows FROM run_dataset WHERE run_id = ?1 AND source_id = ?2")?
        .query_row(params![run_id, source_id], |row| {
            row.get::<_, Option<i64>>(0)
        })
        .optional()?
        .flatten())
}

//! Table `run_drift`: fields that came, went or changed their form in a run.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// A field that came, went or changed its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftRow {
    /// The source.
    pub source_id: i64,
    /// The field's name.
    pub name: String,
    /// new, missing, retyped.
    pub kind: String,
    /// The kinds of its values before.
    pub was: Option<String>,
    /// And now.
    pub now: Option<String>,
    /// Rows that have it.
    pub rows: i64,
    /// A value, masked.
    pub example: Option<String>,
}

/// Notes a field of a run.
///
/// # Errors
/// SQLite's.
pub fn put(connection: &Connection, run_id: i64, row: &DriftRow) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO run_drift (run_id, source_id, name, kind, was, now, rows, example)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            run_id,
            row.source_id,
            row.name,
            row.kind,
            row.was,
            row.now,
            row.rows,
            row.example
        ])?;
    Ok(())
}

/// The fields of a run that came, went or changed their form.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, run_id: i64) -> Result<Vec<DriftRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT source_id, name, kind, was, now, rows, example
         FROM run_drift
         WHERE run_id = ?1
         ORDER BY source_id, kind, name",
    )?;
    let rows = statement.query_map([run_id], |row| {
        Ok(DriftRow {
            source_id: row.get(0)?,
            name: row.get(1)?,
            kind: row.get(2)?,
            was: row.get(3)?,
            now: row.get(4)?,
            rows: row.get(5)?,
            example: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

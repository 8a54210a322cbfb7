//! Table `source_field`: the fields that a source's rows have, as they were last seen.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// A field of a source's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRow {
    /// Its name.
    pub name: String,
    /// The kinds of its values, joined by `+`.
    pub kind: String,
    /// Whether every row of the last run had it.
    pub always: bool,
}

/// The fields of a source, by name.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, source_id: i64) -> Result<Vec<FieldRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, kind, always
         FROM source_field
         WHERE source_id = ?1
         ORDER BY name",
    )?;
    let rows = statement.query_map([source_id], |row| {
        Ok(FieldRow {
            name: row.get(0)?,
            kind: row.get(1)?,
            always: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes how a field was seen in a run.
///
/// # Errors
/// SQLite's.
pub fn put(
    connection: &Connection,
    source_id: i64,
    run_id: i64,
    field: &FieldRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO source_field (source_id, name, kind, always, first_run_id, last_run_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)
             ON CONFLICT (source_id, name) DO UPDATE
             SET kind = excluded.kind, always = excluded.always, last_run_id = excluded.last_run_id",
        )?
        .execute(params![
            source_id,
            field.name,
            field.kind,
            field.always,
            run_id
        ])?;
    Ok(())
}

/// Forgets a field that is gone.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, source_id: i64, name: &str) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM source_field WHERE source_id = ?1 AND name = ?2",
        params![source_id, name],
    )?;
    Ok(())
}

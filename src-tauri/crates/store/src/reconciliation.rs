//! Table `reconciliation`: comparisons with the provider's counts, each kept and signed off.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;

/// A comparison with the provider's counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconciliationRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// Begin, unix ms.
    pub begun_at: i64,
    /// End, unix ms.
    pub ended_at: Option<i64>,
    /// Who asked for it.
    pub actor: String,
    /// What it covers, as JSON text.
    pub scope: String,
    /// Code of what ended it early.
    pub code: Option<String>,
    /// That in a sentence.
    pub message: Option<String>,
    /// Who signed it off.
    pub signed_by: Option<String>,
    /// When, unix ms.
    pub signed_at: Option<i64>,
    /// What they noted.
    pub note: Option<String>,
}

const ROW: &str =
    "SELECT id, connection_id, begun_at, ended_at, actor, scope, code, message, signed_by, signed_at, note
  FROM reconciliation";

fn read(row: &Row<'_>) -> rusqlite::Result<ReconciliationRow> {
    Ok(ReconciliationRow {
        id: row.get(0)?,
        connection_id: row.get(1)?,
        begun_at: row.get(2)?,
        ended_at: row.get(3)?,
        actor: row.get(4)?,
        scope: row.get(5)?,
        code: row.get(6)?,
        message: row.get(7)?,
        signed_by: row.get(8)?,
        signed_at: row.get(9)?,
        note: row.get(10)?,
    })
}

/// Begins a comparison; gives its number.
///
/// # Errors
/// SQLite's.
pub fn insert(
    connection: &Connection,
    connection_id: i64,
    actor: &str,
    scope: &str,
    at: i64,
) -> Result<i64, StoreError> {
    connection.execute(
        "INSERT INTO reconciliation (connection_id, begun_at, actor, scope)
         VALUES (?1, ?2, ?3, ?4)",
        params![connection_id, at, actor, scope],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Ends a comparison; with a cause, if it was ended early.
///
/// # Errors
/// SQLite's.
pub fn finish(
    connection: &Connection,
    id: i64,
    cause: Option<(&str, &str)>,
    at: i64,
) -> Result<(), StoreError> {
    let (code, message) = cause.unzip();
    connection.execute(
        "UPDATE reconciliation SET ended_at = ?2, code = ?3, message = ?4 WHERE id = ?1",
        params![id, at, code, message],
    )?;
    Ok(())
}

/// Signs a comparison off; says whether it could be: it has ended, and nobody did before.
///
/// # Errors
/// SQLite's.
pub fn sign(
    connection: &Connection,
    id: i64,
    actor: &str,
    note: &str,
    at: i64,
) -> Result<bool, StoreError> {
    Ok(connection.execute(
        "UPDATE reconciliation
         SET signed_by = ?2, signed_at = ?3, note = ?4
         WHERE id = ?1 AND ended_at IS NOT NULL AND signed_at IS NULL",
        params![id, actor, at, note],
    )? == 1)
}

/// One comparison.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<ReconciliationRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{ROW} WHERE id = ?1"))?
        .query_row([id], read)
        .optional()?)
}

/// The last comparisons of a connection, newest first.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    connection_id: i64,
    limit: u32,
) -> Result<Vec<ReconciliationRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{ROW} WHERE connection_id = ?1 ORDER BY id DESC LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![connection_id, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

//! Table `claim_sample`: claims of test logins, kept for previews with every personal value replaced.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// A kept sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSample {
    /// Its number; 0 for one that is to be kept.
    pub id: i64,
    /// natural, legal or agent.
    pub kind: String,
    /// What a person called it.
    pub name: String,
    /// The claims, as a JSON object.
    pub claims: String,
    /// When, unix ms.
    pub kept_at: i64,
    /// By whom.
    pub kept_by: String,
}

/// The samples of a connection by kind and name.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, connection_id: i64) -> Result<Vec<ClaimSample>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, name, claims, kept_at, kept_by
         FROM claim_sample
         WHERE connection_id = ?1
         ORDER BY kind, name",
    )?;
    let rows = statement.query_map([connection_id], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One sample of a connection.
///
/// # Errors
/// SQLite's.
pub fn get(
    connection: &Connection,
    connection_id: i64,
    id: i64,
) -> Result<Option<ClaimSample>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, kind, name, claims, kept_at, kept_by
             FROM claim_sample
             WHERE connection_id = ?1 AND id = ?2",
        )?
        .query_row([connection_id, id], read)
        .optional()?)
}

/// Keeps a sample, over one of the same kind and name; gives its number.
///
/// # Errors
/// SQLite's.
pub fn keep(
    connection: &Connection,
    connection_id: i64,
    sample: &ClaimSample,
) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached(
            "INSERT INTO claim_sample (connection_id, kind, name, claims, kept_at, kept_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (connection_id, kind, name) DO UPDATE
             SET claims = excluded.claims, kept_at = excluded.kept_at, kept_by = excluded.kept_by
             RETURNING id",
        )?
        .query_row(
            params![
                connection_id,
                sample.kind,
                sample.name,
                sample.claims,
                sample.kept_at,
                sample.kept_by
            ],
            |row| row.get(0),
        )?)
}

/// Throws a sample away; says whether there was one.
///
/// # Errors
/// SQLite's.
pub fn forget(connection: &Connection, connection_id: i64, id: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("DELETE FROM claim_sample WHERE connection_id = ?1 AND id = ?2")?
        .execute([connection_id, id])?
        > 0)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<ClaimSample> {
    Ok(ClaimSample {
        id: row.get(0)?,
        kind: row.get(1)?,
        name: row.get(2)?,
        claims: row.get(3)?,
        kept_at: row.get(4)?,
        kept_by: row.get(5)?,
    })
}

//! Table `identity_change`: proposed changes of claim mapping and review policy.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// A proposed change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityChange {
    /// Its number; 0 for one that is to be kept.
    pub id: i64,
    /// The version that it was tried against.
    pub based_on: i64,
    /// The claim mapping, as JSON.
    pub claims: String,
    /// The review policy, as JSON.
    pub policy: String,
    /// Why.
    pub note: String,
    /// What it would have done, as JSON.
    pub numbers: String,
    /// When, unix ms.
    pub proposed_at: i64,
    /// By whom.
    pub proposed_by: String,
    /// open, applied or discarded.
    pub state: String,
    /// When it was decided, unix ms.
    pub decided_at: Option<i64>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// The version that it became.
    pub version: Option<i64>,
}

const COLUMNS: &str =
    "id, based_on, claims, policy, note, numbers, proposed_at, proposed_by, state, decided_at,
    decided_by, version";

/// Keeps a proposal; gives its number.
///
/// # Errors
/// SQLite's.
pub fn propose(
    connection: &Connection,
    connection_id: i64,
    change: &IdentityChange,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO identity_change (connection_id, based_on, claims, policy, note, numbers, proposed_at,
               proposed_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            connection_id,
            change.based_on,
            change.claims,
            change.policy,
            change.note,
            change.numbers,
            change.proposed_at,
            change.proposed_by
        ])?;
    Ok(connection.last_insert_rowid())
}

/// The proposals of a connection, the latest first.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    connection_id: i64,
    limit: u32,
) -> Result<Vec<IdentityChange>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}
         FROM identity_change
         WHERE connection_id = ?1
         ORDER BY id DESC
         LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![connection_id, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One proposal.
///
/// # Errors
/// SQLite's.
pub fn get(
    connection: &Connection,
    connection_id: i64,
    id: i64,
) -> Result<Option<IdentityChange>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS}
             FROM identity_change
             WHERE connection_id = ?1 AND id = ?2"
        ))?
        .query_row(params![connection_id, id], read)
        .optional()?)
}

/// Decides an open proposal; says whether it was open.
///
/// # Errors
/// SQLite's.
pub fn decide(
    connection: &Connection,
    connection_id: i64,
    id: i64,
    state: &str,
    by: &str,
    at: i64,
    version: Option<i64>,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "UPDATE identity_change
             SET state = ?3, decided_by = ?4, decided_at = ?5, version = ?6
             WHERE connection_id = ?1 AND id = ?2 AND state = 'open'",
        )?
        .execute(params![connection_id, id, state, by, at, version])?
        > 0)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<IdentityChange> {
    Ok(IdentityChange {
        id: row.get(0)?,
        based_on: row.get(1)?,
        claims: row.get(2)?,
        policy: row.get(3)?,
        note: row.get(4)?,
        numbers: row.get(5)?,
        proposed_at: row.get(6)?,
        proposed_by: row.get(7)?,
        state: row.get(8)?,
        decided_at: row.get(9)?,
        decided_by: row.get(10)?,
        version: row.get(11)?,
    })
}

//! Table `binding`: which portal account belongs to which identity, as last computed.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// A binding as it is kept. Lists are JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRow {
    /// Its number; 0 for one that is to be written.
    pub id: i64,
    /// natural, legal or agent.
    pub kind: String,
    /// The identity's key.
    pub identity_key: Option<String>,
    /// The identity's name.
    pub identity_title: Option<String>,
    /// The portal account.
    pub account_id: Option<String>,
    /// Its name.
    pub account_title: Option<String>,
    /// State word.
    pub state: String,
    /// Kinds of conflict.
    pub conflicts: String,
    /// What speaks for it.
    pub evidence: String,
    /// Other accounts that would fit.
    pub candidates: String,
}

/// Replaces all bindings of a connection.
///
/// # Errors
/// SQLite's.
pub fn replace_all(
    connection: &Connection,
    connection_id: i64,
    bindings: &[BindingRow],
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM binding WHERE connection_id = ?1",
        [connection_id],
    )?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO binding (connection_id, kind, identity_key, identity_title, account_id, account_title, state,
           conflicts, evidence, candidates, computed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for binding in bindings {
        statement.execute(params![
            connection_id,
            binding.kind,
            binding.identity_key,
            binding.identity_title,
            binding.account_id,
            binding.account_title,
            binding.state,
            binding.conflicts,
            binding.evidence,
            binding.candidates,
            at
        ])?;
    }
    Ok(())
}

/// A page of bindings by number. `conflict` is a kind of conflict.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    connection_id: i64,
    state: Option<&str>,
    conflict: Option<&str>,
    kind: Option<&str>,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<BindingRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, identity_key, identity_title, account_id, account_title, state, conflicts, evidence, candidates
         FROM binding
         WHERE connection_id = ?1 AND id > ?2
           AND (?3 IS NULL OR state = ?3)
           AND (?4 IS NULL OR kind = ?4)
           AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(conflicts) WHERE value = ?5))
         ORDER BY id
         LIMIT ?6",
    )?;
    let rows = statement.query_map(
        params![
            connection_id,
            after.unwrap_or(0),
            state,
            kind,
            conflict,
            limit
        ],
        |row| {
            Ok(BindingRow {
                id: row.get(0)?,
                kind: row.get(1)?,
                identity_key: row.get(2)?,
                identity_title: row.get(3)?,
                account_id: row.get(4)?,
                account_title: row.get(5)?,
                state: row.get(6)?,
                conflicts: row.get(7)?,
                evidence: row.get(8)?,
                candidates: row.get(9)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Counts by state and by kind of conflict, and when they were computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BindingCounts {
    /// By state.
    pub states: Vec<(String, i64)>,
    /// By kind of conflict.
    pub conflicts: Vec<(String, i64)>,
    /// When, unix ms.
    pub computed_at: Option<i64>,
}

/// A connection's counts.
///
/// # Errors
/// SQLite's.
pub fn counts(connection: &Connection, connection_id: i64) -> Result<BindingCounts, StoreError> {
    let pairs = |sql: &str| -> Result<Vec<(String, i64)>, StoreError> {
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([connection_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    Ok(BindingCounts {
        states: pairs(
            "SELECT state, COUNT(*) FROM binding WHERE connection_id = ?1 GROUP BY state ORDER BY state",
        )?,
        conflicts: pairs(
            "SELECT value, COUNT(*)
             FROM binding, json_each(binding.conflicts)
             WHERE connection_id = ?1
             GROUP BY value
             ORDER BY 2 DESC, 1",
        )?,
        computed_at: connection.query_row(
            "SELECT MAX(computed_at) FROM binding WHERE connection_id = ?1",
            [connection_id],
            |row| row.get(0),
        )?,
    })
}

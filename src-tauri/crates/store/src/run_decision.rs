//! Table `run_decision`: what a person decided of a part of a run that a guard stopped.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::hold;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The guard is passed over, in this run alone.
    GoOn,
    /// It ends here; the next run begins where this one did.
    Stop,
}

impl Decision {
    /// The word in the database and on IPC.
    pub const fn as_str(self) -> &'static str {
        match self {
            Decision::GoOn => "go_on",
            Decision::Stop => "stop",
        }
    }
}

/// A decision that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The source.
    pub source_id: i64,
    /// The guard's code.
    pub code: String,
    /// The decision's word.
    pub decision: String,
    /// Who decided.
    pub actor: String,
    /// When, unix ms.
    pub at: i64,
}

/// Notes a decision.
///
/// # Errors
/// SQLite's.
pub fn put(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    code: &str,
    decision: Decision,
    actor: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO run_decision (run_id, source_id, code, decision, actor, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![run_id, source_id, code, decision.as_str(), actor, at],
    )?;
    Ok(())
}

/// The decisions of a run.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, run_id: i64) -> Result<Vec<DecisionRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT source_id, code, decision, actor, at
         FROM run_decision
         WHERE run_id = ?1
         ORDER BY at, source_id",
    )?;
    let rows = statement.query_map([run_id], |row| {
        Ok(DecisionRow {
            source_id: row.get(0)?,
            code: row.get(1)?,
            decision: row.get(2)?,
            actor: row.get(3)?,
            at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The guards that are passed over in a part of a run.
///
/// # Errors
/// SQLite's.
pub fn passed_over(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
) -> Result<HashSet<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT code
         FROM run_decision
         WHERE run_id = ?1 AND source_id = ?2 AND decision = 'go_on'",
    )?;
    let rows = statement.query_map(params![run_id, source_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a later run has read a source.
///
/// # Errors
/// SQLite's.
pub fn is_overtaken(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1
             FROM run_dataset
             WHERE source_id = ?1 AND run_id > ?2 AND started_at IS NOT NULL",
        )?
        .exists(params![source_id, run_id])?)
}

/// Lets a part of a run that has ended go on where it ended, and its run with it.
///
/// # Errors
/// SQLite's.
pub fn reopen(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    owner: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run_dataset
         SET state = 'waiting', code = NULL, message = NULL, ended_at = NULL
         WHERE run_id = ?1 AND source_id = ?2",
        params![run_id, source_id],
    )?;
    connection.execute(
        "UPDATE run
         SET state = 'running', code = NULL, message = NULL, ended_at = NULL, cancel_requested = 0
         WHERE id = ?1",
        [run_id],
    )?;
    hold::take_up(connection, run_id, owner, at)
}

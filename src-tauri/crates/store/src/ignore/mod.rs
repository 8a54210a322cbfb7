//! Tables `ignore_decision` and `rejection_ignore`: who ignores what, why and until when.
//!
//! A decision over a cause stands: it also covers rejections of that cause that come later, as long as
//! nothing else is wrong with them, so that ignoring one cause never hides another.

mod cause;
mod cover;
mod expiry;

use rusqlite::{Connection, OptionalExtension, Row, params};
use zhengqiao_domain::DatasetId;

pub use cause::{cause_id, cause_of, cause_of_finding};
pub use cover::{cover, cover_by_standing, covered, only_of, outlasts, stands_for, uncover};
pub(crate) use cover::{link_of, put_link};
pub use expiry::{end_expired, expired, is_any_over};

use crate::error::StoreError;
use crate::source;

/// How long something is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Until its value changes.
    Value = 1,
    /// Until a date, whatever comes.
    Date = 2,
    /// For ever.
    Ever = 3,
}

impl Term {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Term::Value => "value",
            Term::Date => "date",
            Term::Ever => "ever",
        }
    }

    fn of(number: i64) -> Self {
        match number {
            2 => Term::Date,
            3 => Term::Ever,
            _ => Term::Value,
        }
    }
}

/// A cause that a decision stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The source.
    pub source_id: i64,
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
    /// The cluster of values.
    pub cluster: String,
}

/// A decision that is made.
#[derive(Debug, Clone)]
pub struct NewDecision<'a> {
    /// The connection.
    pub connection_id: i64,
    /// The cause, of one that stands.
    pub standing: Option<&'a Standing>,
    /// How rows were chosen, as JSON text.
    pub chosen: Option<&'a str>,
    /// How long.
    pub term: Term,
    /// `YYYY-MM-DD`, of [`Term::Date`].
    pub until: Option<&'a str>,
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub actor: &'a str,
    /// When, unix ms.
    pub at: i64,
}

/// A decision in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// The dataset and cause, of one that stands.
    pub standing: Option<(DatasetId, Standing)>,
    /// How rows were chosen, as JSON text.
    pub chosen: Option<String>,
    /// How long.
    pub term: Term,
    /// `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When, unix ms.
    pub at: i64,
    /// When it ended, unix ms.
    pub ended_at: Option<i64>,
    /// Who revoked it; empty where its date has passed.
    pub ended_by: Option<String>,
    /// Rejections that are ignored by it.
    pub covers: i64,
}

const DECISION: &str = "SELECT d.id, d.connection_id, d.source_id, s.dataset, d.rule, d.field, d.cluster, d.chosen, d.term,
    d.until, d.reason, d.actor, d.at, d.ended_at, d.ended_by, d.covers
  FROM ignore_decision d
  LEFT JOIN source s ON s.id = d.source_id";

fn read(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    let source_id: Option<i64> = row.get(2)?;
    Ok(DecisionRow {
        id: row.get(0)?,
        connection_id: row.get(1)?,
        standing: match source_id {
            Some(source_id) => Some((
                source::dataset(row, 3)?,
                Standing {
                    source_id,
                    rule: row.get(4)?,
                    field: row.get(5)?,
                    cluster: row.get(6)?,
                },
            )),
            None => None,
        },
        chosen: row.get(7)?,
        term: Term::of(row.get(8)?),
        until: row.get(9)?,
        reason: row.get(10)?,
        actor: row.get(11)?,
        at: row.get(12)?,
        ended_at: row.get(13)?,
        ended_by: row.get(14)?,
        covers: row.get(15)?,
    })
}

/// Makes a decision; [`cover`] lets it cover rejections.
///
/// # Errors
/// SQLite's.
pub fn decide(connection: &Connection, new: &NewDecision<'_>) -> Result<i64, StoreError> {
    let standing = new.standing;
    connection
        .prepare_cached(
            "INSERT INTO ignore_decision (connection_id, source_id, rule, field, cluster, chosen, term, until, reason, actor, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            new.connection_id,
            standing.map(|one| one.source_id),
            standing.map(|one| &one.rule),
            standing.map(|one| &one.field),
            standing.map(|one| &one.cluster),
            new.chosen,
            new.term as i64,
            new.until,
            new.reason,
            new.actor,
            new.at
        ])?;
    Ok(connection.last_insert_rowid())
}

/// One decision.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<DecisionRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{DECISION} WHERE d.id = ?1"))?
        .query_row([id], read)
        .optional()?)
}

/// The standing decision on a cause, if there is one.
///
/// # Errors
/// SQLite's.
pub fn standing_on(
    connection: &Connection,
    cause: &Standing,
) -> Result<Option<DecisionRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "{DECISION}
             WHERE d.source_id = ?1 AND d.rule = ?2 AND d.field = ?3 AND d.cluster = ?4 AND d.ended_at IS NULL
             ORDER BY d.id DESC
             LIMIT 1"
        ))?
        .query_row(
            params![cause.source_id, cause.rule, cause.field, cause.cluster],
            read,
        )
        .optional()?)
}

/// Decisions of a connection or of all, newest first, before a number; those that ended only if asked for.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    connection_id: Option<i64>,
    ended: bool,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<DecisionRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{DECISION}
         WHERE (?1 IS NULL OR d.connection_id = ?1) AND d.id < ?2 AND (?3 OR d.ended_at IS NULL)
         ORDER BY d.id DESC
         LIMIT ?4"
    ))?;
    let rows = statement.query_map(
        params![connection_id, before.unwrap_or(i64::MAX), ended, limit],
        read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The decision that a rejection is ignored by.
///
/// # Errors
/// SQLite's.
pub fn of_rejection(
    connection: &Connection,
    rejection_id: i64,
) -> Result<Option<DecisionRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "{DECISION} JOIN rejection_ignore i ON i.decision_id = d.id WHERE i.rejection_id = ?1"
        ))?
        .query_row([rejection_id], read)
        .optional()?)
}

/// Ends a decision.
///
/// # Errors
/// SQLite's.
pub fn end(connection: &Connection, id: i64, by: &str, at: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE ignore_decision SET ended_at = ?3, ended_by = ?2 WHERE id = ?1 AND ended_at IS NULL",
        params![id, by, at],
    )?;
    Ok(())
}

/// A person ignores rejections until their value changes, for tests of what looks at them.
///
/// # Errors
/// SQLite's.
#[cfg(test)]
pub(crate) fn for_test(
    connection: &rusqlite::Connection,
    ids: &[i64],
    act: &crate::rejection_version::Act<'_>,
) -> Result<i64, crate::StoreError> {
    let decision = decide(
        connection,
        &NewDecision {
            connection_id: 1,
            standing: None,
            chosen: Some("[]"),
            term: Term::Value,
            until: None,
            reason: "known",
            actor: "管理员",
            at: 5,
        },
    )?;
    cover(connection, ids, decision, act)
}

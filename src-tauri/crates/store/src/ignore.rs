//! Tables `ignore_decision` and `rejection_ignore`: who ignores what, why and until when.
//!
//! A decision over a cause stands: it also covers rejections of that cause that come later, as long as
//! nothing else is wrong with them, so that ignoring one cause never hides another.

use rusqlite::{Connection, OptionalExtension, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::rejection_version::{self, Act};
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

/// Ignores those of the rejections that are open, by a decision; says how many.
///
/// # Errors
/// SQLite's.
pub fn cover(
    connection: &Connection,
    ids: &[i64],
    decision_id: i64,
    act: &Act<'_>,
) -> Result<i64, StoreError> {
    let mut changed = 0;
    for id in ids {
        rejection_version::keep_where(connection, *id, &[1, 2], act)?;
        changed += i64::from(cover_one(connection, *id, decision_id)?);
    }
    Ok(changed)
}

/// Ignores a rejection if it is open; whoever calls this has kept it as it was.
fn cover_one(connection: &Connection, id: i64, decision_id: i64) -> Result<bool, StoreError> {
    let noted = connection
        .prepare_cached(
            "INSERT INTO rejection_ignore (rejection_id, decision_id, was_state)
             SELECT id, ?2, state FROM rejection WHERE id = ?1 AND state IN (1, 2)",
        )?
        .execute(params![id, decision_id])?;
    if noted == 0 {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "UPDATE rejection
             SET state = 4, (reason, ignored_until) = (SELECT reason, until FROM ignore_decision WHERE id = ?2)
             WHERE id = ?1",
        )?
        .execute(params![id, decision_id])?;
    Ok(true)
}

/// Whether a source has standing decisions at all.
///
/// # Errors
/// SQLite's.
pub fn stands_for(connection: &Connection, source_id: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM ignore_decision WHERE source_id = ?1 AND ended_at IS NULL LIMIT 1",
        )?
        .exists([source_id])?)
}

/// Ignores an open rejection if standing decisions cover each of its causes; says whether they do.
///
/// # Errors
/// SQLite's.
pub fn cover_by_standing(
    connection: &Connection,
    rejection_id: i64,
    today: &str,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT (
           SELECT MAX(d.id)
           FROM ignore_decision d
           WHERE d.source_id = c.source_id AND d.rule = c.rule AND d.field = c.field AND d.cluster = c.cluster
             AND d.ended_at IS NULL AND (d.until IS NULL OR d.until >= ?2))
         FROM rejection_cause rc
         JOIN cause c ON c.id = rc.cause_id
         WHERE rc.rejection_id = ?1",
    )?;
    let by: Vec<Option<i64>> = statement
        .query_map(params![rejection_id, today], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    match by.iter().copied().collect::<Option<Vec<i64>>>() {
        Some(decisions) => match decisions.first() {
            Some(decision_id) => cover_one(connection, rejection_id, *decision_id),
            None => Ok(false),
        },
        None => Ok(false),
    }
}

/// Whether an ignored rejection stays so although its value changed.
///
/// # Errors
/// SQLite's.
pub fn outlasts(
    connection: &Connection,
    rejection_id: i64,
    today: &str,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1
             FROM rejection_ignore i
             JOIN ignore_decision d ON d.id = i.decision_id
             WHERE i.rejection_id = ?1 AND d.source_id IS NULL
               AND (d.term = 3 OR (d.term = 2 AND d.until >= ?2))",
        )?
        .exists(params![rejection_id, today])?)
}

/// Open rejections of a cause that nothing else is wrong with, after a number.
///
/// # Errors
/// SQLite's.
pub fn only_of(
    connection: &Connection,
    cause_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id
         FROM rejection_cause rc
         JOIN rejection r ON r.id = rc.rejection_id
         WHERE rc.cause_id = ?1 AND rc.rejection_id > ?2 AND r.state IN (1, 2)
           AND NOT EXISTS (SELECT 1 FROM rejection_cause o WHERE o.rejection_id = r.id AND o.cause_id <> ?1)
         ORDER BY rc.rejection_id
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![cause_id, after, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Rejections that a decision covers.
///
/// # Errors
/// SQLite's.
pub fn covered(
    connection: &Connection,
    decision_id: i64,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT rejection_id FROM rejection_ignore WHERE decision_id = ?1 ORDER BY rejection_id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![decision_id, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Opens ignored rejections again, in the state that they had; says how many.
///
/// # Errors
/// SQLite's.
pub fn uncover(connection: &Connection, ids: &[i64], act: &Act<'_>) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE rejection
         SET state = COALESCE((SELECT was_state FROM rejection_ignore WHERE rejection_id = ?1), 1),
           reason = NULL, ignored_until = NULL
         WHERE id = ?1 AND state = 4",
    )?;
    let mut changed = 0;
    for id in ids {
        rejection_version::keep_where(connection, *id, &[4], act)?;
        changed += statement.execute(params![id])? as i64;
    }
    Ok(changed)
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

/// Ignored rejections whose date has passed.
///
/// # Errors
/// SQLite's.
pub fn expired(connection: &Connection, today: &str, limit: u32) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id
         FROM rejection
         WHERE ignored_until IS NOT NULL AND state = 4 AND ignored_until < ?1
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![today, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether any decision's date has passed, or any rejection is ignored beyond its date.
///
/// # Errors
/// SQLite's.
pub fn is_any_over(connection: &Connection, today: &str) -> Result<bool, StoreError> {
    let decisions = connection
        .prepare_cached(
            "SELECT 1 FROM ignore_decision WHERE until IS NOT NULL AND ended_at IS NULL AND until < ?1 LIMIT 1",
        )?
        .exists([today])?;
    Ok(decisions || !expired(connection, today, 1)?.is_empty())
}

/// Ends the decisions whose date has passed.
///
/// # Errors
/// SQLite's.
pub fn end_expired(connection: &Connection, today: &str, at: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE ignore_decision
         SET ended_at = ?2, ended_by = ''
         WHERE until IS NOT NULL AND ended_at IS NULL AND until < ?1",
        params![today, at],
    )?;
    Ok(())
}

/// The decision of an ignored rejection and what it was before, for its image.
pub(crate) fn link_of(
    connection: &Connection,
    rejection_id: i64,
) -> Result<Option<(i64, i64)>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT decision_id, was_state FROM rejection_ignore WHERE rejection_id = ?1",
        )?
        .query_row([rejection_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Puts the link of an ignored rejection back, where its decision is still known.
pub(crate) fn put_link(
    connection: &Connection,
    rejection_id: i64,
    link: Option<(i64, i64)>,
) -> Result<(), StoreError> {
    let Some((decision_id, was_state)) = link else {
        return Ok(());
    };
    connection
        .prepare_cached("DELETE FROM rejection_ignore WHERE rejection_id = ?1")?
        .execute([rejection_id])?;
    connection
        .prepare_cached(
            "INSERT INTO rejection_ignore (rejection_id, decision_id, was_state)
             SELECT ?1, id, ?3 FROM ignore_decision WHERE id = ?2",
        )?
        .execute(params![rejection_id, decision_id, was_state])?;
    Ok(())
}

/// The connection of a cause, its dataset, and what names it.
///
/// # Errors
/// SQLite's.
pub fn cause_of(
    connection: &Connection,
    cause_id: i64,
) -> Result<Option<(i64, DatasetId, Standing, i64)>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT s.connection_id, s.dataset, c.source_id, c.rule, c.field, c.cluster, c.open_count
             FROM cause c
             JOIN source s ON s.id = c.source_id
             WHERE c.id = ?1",
        )?
        .query_row([cause_id], |row| {
            Ok((
                row.get(0)?,
                source::dataset(row, 1)?,
                Standing {
                    source_id: row.get(2)?,
                    rule: row.get(3)?,
                    field: row.get(4)?,
                    cluster: row.get(5)?,
                },
                row.get(6)?,
            ))
        })
        .optional()?)
}

/// The number of a cause, if it is known.
///
/// # Errors
/// SQLite's.
pub fn cause_id(connection: &Connection, cause: &Standing) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id FROM cause WHERE source_id = ?1 AND rule = ?2 AND field = ?3 AND cluster = ?4",
        )?
        .query_row(
            params![cause.source_id, cause.rule, cause.field, cause.cluster],
            |row| row.get(0),
        )
        .optional()?)
}

/// The cause that a rejection's finding belongs to.
///
/// # Errors
/// SQLite's.
pub fn cause_of_finding(
    connection: &Connection,
    rejection_id: i64,
    rule: &str,
    field: &str,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT c.id
             FROM rejection_cause rc
             JOIN cause c ON c.id = rc.cause_id
             WHERE rc.rejection_id = ?1 AND c.rule = ?2 AND c.field = ?3
             LIMIT 1",
        )?
        .query_row(params![rejection_id, rule, field], |row| row.get(0))
        .optional()?)
}

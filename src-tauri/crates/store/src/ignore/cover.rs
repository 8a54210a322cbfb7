//! Which rejections a decision covers: letting it, and letting go.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::rejection_version::{self, Act};

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

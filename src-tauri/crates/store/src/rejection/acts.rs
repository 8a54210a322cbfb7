//! What a person does with rejections: ignore, open again.

use rusqlite::{Connection, params};

use super::read::{RejectionFilter, narrow};
use super::unlink;
use crate::cause;
use crate::error::StoreError;
use crate::rejection_version::{self, Act};

/// The numbers of a filter's rejections, oldest first, after a number.
///
/// # Errors
/// SQLite's.
pub fn select_ids(
    connection: &Connection,
    filter: &RejectionFilter,
    after: i64,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let (sql, values) = narrow(filter);
    let sql = format!(
        "SELECT r.id FROM rejection r WHERE r.id > {after}{sql} ORDER BY r.id LIMIT {limit}"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ignores open rejections, with the reason, until a date or until the value changes.
///
/// # Errors
/// SQLite's.
pub fn ignore(
    connection: &Connection,
    ids: &[i64],
    reason: &str,
    until: Option<&str>,
    act: &Act<'_>,
) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE rejection SET state = 4, reason = ?2, ignored_until = ?3 WHERE id = ?1 AND state IN (1, 2)",
    )?;
    let mut changed = 0;
    for id in ids {
        rejection_version::keep_where(connection, *id, &[1, 2], act)?;
        changed += statement.execute(params![id, reason, until])? as i64;
    }
    Ok(changed)
}

/// Forgets rejections of a connection that were resolved, and last seen before a moment; says how
/// many.
///
/// # Errors
/// SQLite's.
pub fn forget_resolved(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
    limit: u32,
) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id
         FROM rejection r
         JOIN source s ON s.id = r.source_id
         WHERE s.connection_id = ?1 AND r.state = 3 AND r.seen_at < ?2
         ORDER BY r.id
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![connection_id, before_ms, limit], |row| row.get(0))?;
    let ids: Vec<i64> = rows.collect::<Result<_, _>>()?;
    for id in &ids {
        remove(connection, *id)?;
    }
    Ok(ids.len())
}

/// Removes a rejection with what hangs on it.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, id: i64) -> Result<(), StoreError> {
    let left = unlink(connection, id)?;
    connection
        .prepare_cached("DELETE FROM rejection WHERE id = ?1")?
        .execute([id])?;
    cause::forget_empty(connection, &left)
}

/// Opens ignored rejections again.
///
/// # Errors
/// SQLite's.
pub fn reopen(connection: &Connection, ids: &[i64], act: &Act<'_>) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE rejection SET state = 1, reason = NULL, ignored_until = NULL WHERE id = ?1 AND state = 4",
    )?;
    let mut changed = 0;
    for id in ids {
        rejection_version::keep_where(connection, *id, &[4], act)?;
        changed += statement.execute(params![id])? as i64;
    }
    Ok(changed)
}

/// Raw rows of a source's open rejections after a number, with their numbers; those that the library
/// refused have passed the rules.
///
/// # Errors
/// SQLite's.
pub fn open_payloads(
    connection: &Connection,
    source_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id, p.raw
         FROM rejection r
         JOIN rejection_payload p ON p.rejection_id = r.id
         WHERE r.source_id = ?1 AND r.id > ?2 AND r.state IN (1, 2) AND r.outcome <> 3
         ORDER BY r.id
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![source_id, after, limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Marks a rejection overridden with a reason, or open again without one.
///
/// # Errors
/// SQLite's.
pub fn set_overridden(
    connection: &Connection,
    id: i64,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE rejection
             SET state = CASE WHEN ?2 IS NULL THEN 1 ELSE 5 END, reason = ?2, ignored_until = NULL
             WHERE id = ?1",
        )?
        .execute(params![id, reason])?;
    Ok(())
}

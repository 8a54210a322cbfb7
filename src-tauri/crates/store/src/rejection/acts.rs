//! What is done with rejections as a whole: choose them, remove them, read their rows.

use rusqlite::{Connection, OptionalExtension, params};

use super::read::{RejectionFilter, narrow};
use super::unlink;
use crate::cause;
use crate::error::StoreError;
use crate::hash::Hash;

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

/// Some of a filter's rejections from both its ends, by number: so a few stand for many.
///
/// # Errors
/// SQLite's.
pub fn ends(
    connection: &Connection,
    filter: &RejectionFilter,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let (sql, values) = narrow(filter);
    let mut ids = select_ids(connection, filter, 0, limit - limit / 2)?;
    let sql = format!(
        "SELECT r.id FROM rejection r WHERE r.id > {}{sql} ORDER BY r.id DESC LIMIT {}",
        ids.last().copied().unwrap_or(0),
        limit / 2
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
    ids.extend(rows.collect::<Result<Vec<i64>, _>>()?);
    Ok(ids)
}

/// The greatest number of a rejection; 0 where there is none.
///
/// # Errors
/// SQLite's.
pub fn greatest_id(connection: &Connection) -> Result<i64, StoreError> {
    Ok(
        connection.query_row("SELECT COALESCE(MAX(id), 0) FROM rejection", [], |row| {
            row.get(0)
        })?,
    )
}

/// The hash of a rejection's key.
///
/// # Errors
/// SQLite's.
pub fn find_key(connection: &Connection, id: i64) -> Result<Option<Hash>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT key_hash FROM rejection WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
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

/// By number: with the index of the states, whose two lists are joined, each page would sort all that follow.
pub(super) const OPEN_PAYLOADS: &str = "SELECT r.id, p.raw
     FROM rejection r
     JOIN rejection_payload p ON p.rejection_id = r.id
     WHERE +r.source_id = ?1 AND r.id > ?2 AND +r.state IN (1, 2) AND r.outcome <> 3
     ORDER BY r.id
     LIMIT ?3";

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
    let mut statement = connection.prepare_cached(OPEN_PAYLOADS)?;
    let rows = statement.query_map(params![source_id, after, limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Shows a source's open rejections with numbers after one and up to another, without what its library refused:
/// number, raw row, findings as JSON text.
///
/// # Errors
/// SQLite's, or what `show` returned.
pub fn show_open_between(
    connection: &Connection,
    source_id: i64,
    after: i64,
    until: i64,
    mut show: impl FnMut(i64, &[u8], &str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id, p.raw, p.findings
         FROM rejection r
         JOIN rejection_payload p ON p.rejection_id = r.id
         WHERE +r.source_id = ?1 AND r.id > ?2 AND r.id <= ?3 AND +r.state IN (1, 2) AND r.outcome <> 3
         ORDER BY r.id",
    )?;
    let mut rows = statement.query(params![source_id, after, until])?;
    while let Some(row) = rows.next()? {
        let text = |at: usize| row.get_ref(at);
        let (raw, findings) = (text(1)?, text(2)?);
        let raw = raw.as_bytes().map_err(rusqlite::Error::from)?;
        let findings = findings.as_str().map_err(rusqlite::Error::from)?;
        show(row.get(0)?, raw, findings)?;
    }
    Ok(())
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

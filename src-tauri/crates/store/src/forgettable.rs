//! What retention would take away, over several tables: counted before anything goes.

use rusqlite::{Connection, params};

use crate::error::StoreError;

fn count(
    connection: &Connection,
    sql: &str,
    connection_id: i64,
    before_ms: i64,
) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached(sql)?
        .query_row(params![connection_id, before_ms], |row| row.get(0))?)
}

/// Requests of runs that ended before a moment.
///
/// # Errors
/// SQLite's.
pub fn requests(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
) -> Result<i64, StoreError> {
    count(
        connection,
        "SELECT COUNT(*)
         FROM run r
         JOIN run_request q ON q.run_id = r.id
         WHERE r.connection_id = ?1 AND r.ended_at < ?2",
        connection_id,
        before_ms,
    )
}

/// Rejections that were resolved, and last seen before a moment.
///
/// # Errors
/// SQLite's.
pub fn resolved(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
) -> Result<i64, StoreError> {
    count(
        connection,
        "SELECT COUNT(*)
         FROM source s
         JOIN rejection r ON r.source_id = s.id
         WHERE s.connection_id = ?1 AND r.state = 3 AND r.seen_at < ?2",
        connection_id,
        before_ms,
    )
}

/// Earlier versions of records and rejections that were replaced before a moment.
///
/// # Errors
/// SQLite's.
pub fn versions(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
) -> Result<i64, StoreError> {
    count(
        connection,
        "SELECT
           (SELECT COUNT(*)
            FROM source s
            JOIN record_version v ON v.source_id = s.id
            WHERE s.connection_id = ?1 AND v.replaced_at < ?2)
           + (SELECT COUNT(*)
              FROM source s
              JOIN rejection_version v ON v.source_id = s.id
              WHERE s.connection_id = ?1 AND v.replaced_at < ?2)",
        connection_id,
        before_ms,
    )
}

/// Runs that can still be undone and began before a moment.
///
/// # Errors
/// SQLite's.
pub fn runs(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
) -> Result<i64, StoreError> {
    count(
        connection,
        "SELECT COUNT(*)
         FROM run
         WHERE connection_id = ?1 AND history_forgotten = 0 AND started_at < ?2",
        connection_id,
        before_ms,
    )
}

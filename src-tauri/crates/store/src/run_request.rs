//! Table `run_request`: what a run asked of the provider, and what it was answered.

use rusqlite::{Connection, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;

/// One request to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// When, unix ms.
    pub at: i64,
    /// GET or POST.
    pub method: String,
    /// Address without secrets.
    pub url: String,
    /// HTTP status.
    pub status: Option<i64>,
    /// Time taken.
    pub ms: i64,
    /// Bytes received.
    pub bytes: i64,
    /// Records in the answer.
    pub records: i64,
    /// Which try.
    pub attempt: i64,
    /// `ok`, or a code.
    pub outcome: String,
    /// Headers sent, secrets replaced.
    pub sent: Vec<(String, String)>,
    /// Headers received, secrets replaced.
    pub received: Vec<(String, String)>,
}

/// Adds requests to a run's log, which keeps the newest 2,000.
///
/// # Errors
/// SQLite's.
pub fn log(
    connection: &Connection,
    run_id: i64,
    requests: &[RequestRow],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO run_request (run_id, dataset, at, method, url, status, ms, bytes, records, attempt, outcome,
           sent, received)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for request in requests {
        statement.execute(params![
            run_id,
            request.dataset.map(DatasetId::number),
            request.at,
            request.method,
            request.url,
            request.status,
            request.ms,
            request.bytes,
            request.records,
            request.attempt,
            request.outcome,
            header_text(&request.sent)?,
            header_text(&request.received)?
        ])?;
    }
    connection
        .prepare_cached(
            "DELETE FROM run_request
             WHERE run_id = ?1
               AND id <= (SELECT id FROM run_request WHERE run_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET 2000)",
        )?
        .execute([run_id])?;
    Ok(())
}

fn header_text(headers: &[(String, String)]) -> Result<Option<String>, StoreError> {
    if headers.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::to_string(headers)?))
}

/// Headers of a request; those of an unknown form are left out.
fn headers(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<(String, String)>> {
    let text: Option<String> = row.get(at)?;
    Ok(text
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

/// A run's requests, newest first.
///
/// # Errors
/// SQLite's.
pub fn newest(
    connection: &Connection,
    run_id: i64,
    limit: u32,
) -> Result<Vec<RequestRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT dataset, at, method, url, status, ms, bytes, records, attempt, outcome, sent, received
         FROM run_request
         WHERE run_id = ?1
         ORDER BY id DESC
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![run_id, limit], |row| {
        Ok(RequestRow {
            dataset: row
                .get::<_, Option<i64>>(0)?
                .and_then(DatasetId::from_number),
            at: row.get(1)?,
            method: row.get(2)?,
            url: row.get(3)?,
            status: row.get(4)?,
            ms: row.get(5)?,
            bytes: row.get(6)?,
            records: row.get(7)?,
            attempt: row.get(8)?,
            outcome: row.get(9)?,
            sent: headers(row, 10)?,
            received: headers(row, 11)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets the requests of a connection's runs that ended before a moment; says how many.
///
/// # Errors
/// SQLite's.
pub fn forget(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
    limit: u32,
) -> Result<usize, StoreError> {
    Ok(connection.execute(
        "DELETE FROM run_request
         WHERE id IN (
           SELECT q.id
           FROM run r
           JOIN run_request q ON q.run_id = r.id
           WHERE r.connection_id = ?1 AND r.ended_at < ?2
           LIMIT ?3)",
        params![connection_id, before_ms, limit],
    )?)
}

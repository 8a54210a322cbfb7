//! What a connection keeps no longer: old request logs and rejections that were resolved long ago.
//!
//! Earlier versions of records go as well after their time; runs that lose some are marked, because
//! they cannot be undone any more. Accepted records are never forgotten here. Each transaction is small, so that a screen never waits.

use zhengqiao_exchange::Limits;
use zhengqiao_store::{
    Cache, Connection, StoreError, Transaction, audit, forgettable, mend, record_version,
    rejection, rejection_version, run_request, run_row, undone,
};

use crate::error::SyncError;

/// Rows of one transaction.
const BATCH_ROWS: u32 = 2_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

type Forget = fn(&Transaction<'_>, i64, i64, u32) -> Result<usize, StoreError>;

fn forget_history(
    tx: &Transaction<'_>,
    connection_id: i64,
    before_ms: i64,
    limit: u32,
) -> Result<usize, StoreError> {
    undone::mark_forgotten(tx, connection_id, before_ms)?;
    let mut forgotten = 0;
    for forget in [
        record_version::forget,
        rejection_version::forget,
        undone::forget,
        run_row::forget,
        mend::forget,
    ] {
        let left = limit.saturating_sub(u32::try_from(forgotten).unwrap_or(limit));
        forgotten += forget(tx, connection_id, before_ms, left)?;
    }
    Ok(forgotten)
}

/// What would be forgotten of a connection under other limits, counted at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgettable {
    /// Requests in logs.
    pub requests: i64,
    /// Resolved rejections.
    pub resolved: i64,
    /// Earlier versions of records and rejections.
    pub versions: i64,
    /// Runs that could not be undone any more.
    pub runs: i64,
}

/// Counts what is older than the limits say.
///
/// # Errors
/// The cache's.
pub fn count(
    conn: &Connection,
    connection_id: i64,
    limits: &Limits,
    now_ms: i64,
) -> Result<Forgettable, StoreError> {
    let before = |days: u32| (days > 0).then(|| now_ms - i64::from(days) * DAY_MS);
    let mut counts = Forgettable::default();
    if let Some(before_ms) = before(limits.request_log_days) {
        counts.requests = forgettable::requests(conn, connection_id, before_ms)?;
    }
    if let Some(before_ms) = before(limits.resolved_days) {
        counts.resolved = forgettable::resolved(conn, connection_id, before_ms)?;
    }
    if let Some(before_ms) = before(limits.history_days) {
        counts.versions = forgettable::versions(conn, connection_id, before_ms)?;
        counts.runs = forgettable::runs(conn, connection_id, before_ms)?;
    }
    Ok(counts)
}

/// Forgets what is older than the limits say, and notes in the audit log how much that was.
///
/// # Errors
/// The cache's.
pub async fn forget(
    cache: &Cache,
    connection_id: i64,
    limits: &Limits,
    now_ms: i64,
) -> Result<(), SyncError> {
    let acts: [(&str, u32, Forget); 3] = [
        (
            "request_log",
            limits.request_log_days,
            |tx, id, before, limit| run_request::forget(tx, id, before, limit),
        ),
        ("resolved", limits.resolved_days, |tx, id, before, limit| {
            rejection::forget_resolved(tx, id, before, limit)
        }),
        ("history", limits.history_days, forget_history),
    ];
    for (what, days, act) in acts {
        if days == 0 {
            continue;
        }
        let before_ms = now_ms - i64::from(days) * DAY_MS;
        let mut forgotten = 0;
        loop {
            let rows = cache
                .write(move |tx| act(tx, connection_id, before_ms, BATCH_ROWS))
                .await?;
            forgotten += rows;
            if rows < BATCH_ROWS as usize {
                break;
            }
        }
        if forgotten > 0 {
            let detail =
                format!(r#"{{"what":"{what}","rows":{forgotten},"older_than_days":{days}}}"#);
            cache
                .write(move |tx| {
                    audit::append(
                        tx,
                        now_ms,
                        "zhengqiao",
                        "retention",
                        &connection_id.to_string(),
                        &detail,
                    )
                })
                .await?;
        }
    }
    Ok(())
}

//! What a connection keeps no longer: old request logs and rejections that were resolved long ago.
//!
//! Accepted records are never forgotten here. Each transaction is small, so that a screen never waits.

use zhengqiao_exchange::Limits;
use zhengqiao_store::{Cache, StoreError, Transaction, audit, rejection, run};

use crate::error::SyncError;

/// Rows of one transaction.
const BATCH_ROWS: u32 = 2_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

type Forget = fn(&Transaction<'_>, i64, i64, u32) -> Result<usize, StoreError>;

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
    let acts: [(&str, u32, Forget); 2] = [
        (
            "request_log",
            limits.request_log_days,
            |tx, id, before, limit| run::forget_requests(tx, id, before, limit),
        ),
        ("resolved", limits.resolved_days, |tx, id, before, limit| {
            rejection::forget_resolved(tx, id, before, limit)
        }),
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

//! Held rows: checked again when their parents have come, rejected when they waited too long.

use zhengqiao_domain::{Check, CompiledMapping, Outcome, RuleSet};
use zhengqiao_store::rejection::{self, HELD, RejectionHead};
use zhengqiao_store::run::Progress;
use zhengqiao_store::run_row::{self, Met};
use zhengqiao_store::{StoreError, Transaction, record};

use crate::batch::{Desk, expire, revalidate};
use crate::error::SyncError;
use crate::trace;

/// Held rows of one transaction at most.
const BATCH_ROWS: u32 = 500;

/// Goes on with the held rows after `after`; returns the last one seen, or `None` at the end.
pub(crate) fn due(
    tx: &Transaction<'_>,
    desk: &Desk,
    mapping: &CompiledMapping,
    check: &Check<'_>,
    rules: &RuleSet,
    after: i64,
    progress: &mut Progress,
) -> Result<Option<i64>, SyncError> {
    let ids = rejection::due(tx, desk.source_id, after, BATCH_ROWS)?;
    let mut released = Vec::new();
    for id in &ids {
        let head = rejection::head(tx, *id)?;
        let before = progress.released;
        let outcome = revalidate(tx, desk, mapping, check, rules, *id)?;
        trace::rechecked(tx, desk, *id, head.as_ref(), outcome)?;
        account(desk, head.as_ref(), outcome, progress);
        if progress.released > before && !desk.dry {
            released.extend(record::of_rejection(tx, *id)?);
        }
    }
    run_row::note(tx, desk.run_id, desk.source_id, Met::Released, &released)?;
    Ok(ids.last().copied())
}

/// Rejects held rows that began to wait before `before_ms`; says whether there are more.
pub(crate) fn overdue(
    tx: &Transaction<'_>,
    desk: &Desk,
    rules: &RuleSet,
    before_ms: i64,
    progress: &mut Progress,
) -> Result<bool, StoreError> {
    let ids = rejection::overdue(tx, desk.source_id, before_ms, BATCH_ROWS)?;
    for id in &ids {
        let head = rejection::head(tx, *id)?;
        expire(tx, desk, rules, *id)?;
        trace::rechecked(tx, desk, *id, head.as_ref(), Outcome::Rejected)?;
        account(desk, head.as_ref(), Outcome::Rejected, progress);
    }
    Ok(!ids.is_empty())
}

/// A row that this run itself counted as held moves to its new counter; one of an earlier run was
/// not fetched by this one and is only noted.
fn account(desk: &Desk, head: Option<&RejectionHead>, outcome: Outcome, progress: &mut Progress) {
    let Some(head) = head.filter(|head| head.outcome == HELD) else {
        return;
    };
    let own = head.run_id == desk.run_id;
    match outcome {
        Outcome::Held => {}
        Outcome::Accepted if own => {
            progress.counts.held -= 1;
            progress.counts.accepted += 1;
        }
        Outcome::Rejected if own => {
            progress.counts.held -= 1;
            progress.counts.rejected += 1;
        }
        Outcome::Accepted => progress.released += 1,
        Outcome::Rejected => {}
    }
}

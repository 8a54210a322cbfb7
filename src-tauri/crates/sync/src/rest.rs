//! Waiting: a run is paused by a person, interrupted by a program that ends, or given up.
//!
//! A paused run waits until a person resumes it; an interrupted one is taken up by whoever starts
//! the connection next. Both go on after the last page that was committed.

use std::sync::atomic::{AtomicBool, Ordering};

use zhengqiao_store::{Cache, StoreError, hold, run};

use crate::engine::has_process;
use crate::error::SyncError;
use crate::state::StateWord;

static LEAVING: AtomicBool = AtomicBool::new(false);

/// Lets every run of this process stop at its next page edge, as interrupted.
pub fn leave() {
    LEAVING.store(true, Ordering::Relaxed);
}

/// Lets runs go on again.
pub fn stay() {
    LEAVING.store(false, Ordering::Relaxed);
}

/// Whether the program is about to end.
pub fn is_leaving() -> bool {
    LEAVING.load(Ordering::Relaxed)
}

/// Pauses a run: at its next page edge, or at once where nobody runs it.
///
/// # Errors
/// [`SyncError::NotActive`], or the cache's.
pub async fn pause(cache: &Cache, run_id: i64, now_ms: i64) -> Result<(), SyncError> {
    let found = cache
        .write(move |tx| {
            let Some(row) = run::get(tx, run_id)?.filter(|row| row.ended_at.is_none()) else {
                return Ok(false);
            };
            if has_process(&row, now_ms) {
                return hold::request_pause(tx, run_id);
            }
            hold::let_go(tx, run_id, true)?;
            Ok(true)
        })
        .await?;
    found.then_some(()).ok_or(SyncError::NotActive(run_id))
}

/// Cancels a run: at its next page edge, or at once where nobody runs it.
///
/// # Errors
/// [`SyncError::NotActive`], or the cache's.
pub async fn give_up(cache: &Cache, run_id: i64, now_ms: i64) -> Result<(), SyncError> {
    let found = cache
        .write(move |tx| {
            let Some(row) = run::get(tx, run_id)?.filter(|row| row.ended_at.is_none()) else {
                return Ok(false);
            };
            run::request_cancel(tx, run_id)?;
            if !has_process(&row, now_ms) {
                end_cancelled(tx, run_id, now_ms)?;
            }
            Ok(true)
        })
        .await?;
    found.then_some(()).ok_or(SyncError::NotActive(run_id))
}

/// What was committed stays; the parts that had not ended are cancelled.
fn end_cancelled(
    tx: &zhengqiao_store::Connection,
    run_id: i64,
    now_ms: i64,
) -> Result<(), StoreError> {
    let word = StateWord::Cancelled.as_str();
    for part in run::datasets(tx, run_id)? {
        if part.ended_at.is_none() && part.started_at.is_some() {
            run::set_dataset_state(tx, run_id, part.source_id, word, None, now_ms)?;
        }
    }
    run::finish(tx, run_id, word, None, now_ms)
}

//! What undoing a run would do.

use std::collections::{HashMap, HashSet};

use zhengqiao_store::hash::Hash;
use zhengqiao_store::rejection_version::Since;
use zhengqiao_store::run::{self, RunRow};
use zhengqiao_store::undone::{self, MovedCursor, PLACES, REMOVED, RESTORED};
use zhengqiao_store::{Cache, Connection, StoreError};

use super::BATCH_KEYS;
use super::standing::Standing;
use crate::error::SyncError;

/// What an undo would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoPlan {
    /// Keys that the run touched.
    pub touched: i64,
    /// Keys that would get back an earlier state.
    pub restored: i64,
    /// Keys that would be unknown again.
    pub removed: i64,
    /// Keys that would be kept, by what changed them since.
    pub kept: Vec<KeptBy>,
    /// The cursors that the run moved.
    pub cursors: Vec<MovedCursor>,
}

/// Keys that are kept for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBy {
    /// What changed them last, and when.
    pub since: Since,
    /// How many.
    pub keys: i64,
}

/// What undoing a run would do; nothing is written.
///
/// # Errors
/// The cache's, or why the run cannot be undone.
pub fn plan(cache: &Cache, run_id: i64) -> Result<UndoPlan, SyncError> {
    cache.read_blocking(|conn| {
        if let Err(error) = undoable(conn, run_id)? {
            return Ok(Err(error));
        }
        let mut plan = UndoPlan {
            cursors: undone::cursors(conn, run_id, 0)?,
            ..UndoPlan::default()
        };
        let mut seen: HashSet<(i64, Hash)> = HashSet::new();
        let mut kept: HashMap<(i64, Option<String>, String), KeptBy> = HashMap::new();
        for place in 0..PLACES.len() {
            let mut after = 0;
            loop {
                let keys = undone::touched(conn, place, run_id, 0, after, BATCH_KEYS)?;
                let Some((last, ..)) = keys.last() else { break };
                after = *last;
                for (_, source_id, key_hash) in keys {
                    if !seen.insert((source_id, key_hash)) {
                        continue;
                    }
                    let standing = Standing::of(conn, source_id, &key_hash, run_id)?;
                    let Some(fate) = standing.fate() else {
                        continue;
                    };
                    plan.touched += 1;
                    match (fate, standing.since) {
                        (RESTORED, _) => plan.restored += 1,
                        (REMOVED, _) => plan.removed += 1,
                        (_, Some(since)) => {
                            let why = (since.run_id, since.actor.clone(), since.act.clone());
                            let one = kept.entry(why).or_insert_with(|| KeptBy {
                                since: since.clone(),
                                keys: 0,
                            });
                            one.keys += 1;
                            one.since.at = one.since.at.max(since.at);
                        }
                        _ => {}
                    }
                }
            }
        }
        plan.kept = kept.into_values().collect();
        plan.kept
            .sort_by_key(|one| (std::cmp::Reverse(one.keys), one.since.run_id));
        Ok(Ok(plan))
    })?
}

/// The run, if it can be undone.
pub(super) fn undoable(
    conn: &Connection,
    run_id: i64,
) -> Result<Result<RunRow, SyncError>, StoreError> {
    let Some(row) = run::get(conn, run_id)? else {
        return Ok(Err(SyncError::NoRun(run_id)));
    };
    if row.ended_at.is_none() {
        return Ok(Err(SyncError::Unfinished(run_id)));
    }
    if undone::standing(conn, run_id)?.history_forgotten {
        return Ok(Err(SyncError::HistoryForgotten(run_id)));
    }
    Ok(Ok(row))
}

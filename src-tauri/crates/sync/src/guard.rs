//! What stops a part of a run for a person, and what the person decides.
//!
//! A guarded part has ended where it stands, with its place kept, so that it waits through any restart.
//! Going on opens it again at that place, with this guard passed over in this run alone; stopping leaves
//! the cursor where it was. A later run over the same dataset makes the decision void.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use zhengqiao_exchange::Limits;
use zhengqiao_store::run::{self, RunDatasetRow, RunRow};
use zhengqiao_store::run_decision::{self, Decision};
use zhengqiao_store::run_history::{self, PastRun};
use zhengqiao_store::{Cache, Connection, StoreError, audit};

use crate::engine::{already_running, has_process, local, owner};
use crate::error::SyncError;
use crate::plausible::{self, Past, Usual, Why};
use crate::state::{RunMode, StateWord};

/// Earlier runs that are looked at.
const PAST_RUNS: u32 = 400;

/// A part's result that is not usual: code and sentence.
pub(crate) fn doubt(part: &RunDatasetRow, usual: Option<&Usual>) -> Option<(String, String)> {
    let usual = usual?;
    let word = match usual.why? {
        Why::Nothing => "nothing was received, not",
        Why::FarBelow => "far below",
        Why::FarAbove => "far above",
    };
    Some((
        "implausible".into(),
        format!(
            "{}: {} rows were received, {word} {usual}",
            part.dataset, part.counts.fetched
        ),
    ))
}

/// What a part's number of rows is judged by, and noted with it.
pub(crate) fn usual(
    conn: &Connection,
    run: &RunRow,
    part: &RunDatasetRow,
    scope: Option<&str>,
    limits: &Limits,
) -> Result<Option<Usual>, StoreError> {
    let past = run_history::before(conn, part.source_id, run.id, PAST_RUNS)?;
    let since = past.iter().find(|one| one.scope.is_none());
    let covers = |mode: &str, at: i64, before: Option<&PastRun>| {
        (mode == RunMode::Incremental.as_str())
            .then(|| before.map_or(0, |before| at - before.started_at))
    };
    let day = |at: i64| -> NaiveDateTime { local(at) };
    let now = Past {
        day: day(run.started_at).date(),
        rows: part.counts.fetched,
        covers_ms: covers(&run.mode, run.started_at, since),
    };
    let alike: Vec<Past> = past
        .iter()
        .enumerate()
        .filter(|(_, one)| one.mode == run.mode && one.scope.as_deref() == scope)
        .map(|(at, one)| Past {
            day: day(one.started_at).date(),
            rows: one.fetched,
            covers_ms: covers(
                &one.mode,
                one.started_at,
                past[at + 1..].iter().find(|one| one.scope.is_none()),
            ),
        })
        .collect();
    let usual = plausible::judge(&now, &alike, limits.implausible_factor);
    if let Some(usual) = &usual {
        run_history::note_usual(conn, run.id, part.source_id, usual.rows)?;
    }
    Ok(usual)
}

/// The guards that are passed over in a part of a run.
pub(crate) fn passed_over(
    conn: &Connection,
    run_id: i64,
    source_id: i64,
) -> Result<HashSet<String>, StoreError> {
    run_decision::passed_over(conn, run_id, source_id)
}

/// Decides what becomes of a run that a guard stopped. Says whether it is to be run on: after going on,
/// [`crate::run`] takes it from where it stands.
///
/// # Errors
/// [`SyncError::NothingToDecide`] where no part waits, or a later run has read its dataset;
/// [`SyncError::AlreadyRunning`] while the connection is being run.
pub fn decide(
    cache: &Cache,
    run_id: i64,
    decision: Decision,
    actor: &str,
    now_ms: i64,
) -> Result<bool, SyncError> {
    let actor = actor.to_owned();
    cache.write_blocking(move |tx| {
        let nothing = |why: &str| {
            Ok(Err(SyncError::NothingToDecide {
                run_id,
                why: why.to_owned(),
            }))
        };
        let Some(row) = run::get(tx, run_id)? else {
            return nothing("there is no such run");
        };
        if let Some(other) = run::unfinished(tx, row.connection_id)? {
            if other.id == run_id {
                return nothing("it has not ended");
            }
            if decision == Decision::GoOn && has_process(&other, now_ms) {
                return Ok(Err(already_running(&other)));
            }
            if decision == Decision::GoOn {
                return nothing("an interrupted run of the connection comes first");
            }
        }
        let waiting: Vec<RunDatasetRow> = run::datasets(tx, run_id)?
            .into_iter()
            .filter(|part| part.state == StateWord::NeedsDecision.as_str())
            .collect();
        if waiting.is_empty() {
            return nothing("none of its datasets waits for a decision");
        }
        for part in &waiting {
            if run_decision::is_overtaken(tx, run_id, part.source_id)? {
                return nothing("a later run has read the dataset");
            }
            let code = part.code.as_deref().unwrap_or_default();
            run_decision::put(tx, run_id, part.source_id, code, decision, &actor, now_ms)?;
            match decision {
                Decision::GoOn => {
                    run_decision::reopen(tx, run_id, part.source_id, &owner(), now_ms)?;
                }
                Decision::Stop => run::set_dataset_state(
                    tx,
                    run_id,
                    part.source_id,
                    StateWord::Cancelled.as_str(),
                    part.code.as_deref().zip(part.message.as_deref()),
                    now_ms,
                )?,
            }
        }
        if decision == Decision::Stop {
            let worst = run::datasets(tx, run_id)?
                .iter()
                .filter_map(|part| StateWord::by_name(&part.state))
                .max()
                .unwrap_or(StateWord::Cancelled);
            let cause = row.code.as_deref().zip(row.message.as_deref());
            run::finish(tx, run_id, worst.as_str(), cause, now_ms)?;
        }
        let codes: Vec<&str> = waiting
            .iter()
            .filter_map(|part| part.code.as_deref())
            .collect();
        let detail = serde_json::json!({ "decision": decision.as_str(), "guards": codes });
        audit::append(
            tx,
            now_ms,
            &actor,
            "decide_run",
            &format!("run {run_id}"),
            &detail.to_string(),
        )?;
        Ok(Ok(decision == Decision::GoOn))
    })?
}

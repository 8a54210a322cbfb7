//! How a dataset's part ends: its state, the cause, and where the next incremental run begins.

use std::collections::HashSet;

use zhengqiao_domain::CompiledMapping;
use zhengqiao_domain::rules::scale_is_reversed;
use zhengqiao_exchange::{Incremental, IncrementalState, Limits};
use zhengqiao_store::run::{self, Counts, RunDatasetRow};
use zhengqiao_store::{StoreError, hold, run_cause, run_request, source, undone};

use super::read::{MAX_PASSES, fields_of};
use super::start::run_scope_text;
use super::{End, Engine, now_ms, owner};
use crate::drift::{self, Fields};
use crate::error::SyncError;
use crate::guard;
use crate::state::{RunMode, StateWord};

/// Reviews with details that it takes to judge the satisfaction scale.
const SCALE_EVIDENCE: u64 = 20;

impl Engine {
    /// Judges a dataset's part, writes its state, and where the next incremental run begins.
    pub(super) async fn close(
        &self,
        part: &RunDatasetRow,
        end: End,
    ) -> Result<(StateWord, Option<(String, String)>), SyncError> {
        let (run_id, source_id, dataset) = (part.run_id, part.source_id, part.dataset);
        let requests = self.log.take();
        // Who asks for a part asks for something that is there.
        let full = self.run.mode != RunMode::Incremental.as_str() || !self.scope.is_whole();
        let moves = self.scope.moves();
        let until = match &self.scope.window {
            Some(window) => window.to.clone().min(self.run.until.clone()),
            None => self.run.until.clone(),
        };
        let limits = self.profile.limits.clone();
        let run = self.run.clone();
        let mapping = self
            .profile
            .datasets
            .get(&dataset)
            .and_then(|described| CompiledMapping::new(dataset, &described.mapping).ok());
        let kept = run_scope_text(&self.scope)?;
        let incremental = self
            .profile
            .datasets
            .get(&dataset)
            .and_then(|described| described.incremental.clone());
        Ok(self
            .cache
            .write(move |tx| {
                run_request::log(tx, run_id, &requests)?;
                let now = run::datasets(tx, run_id)?
                    .into_iter()
                    .find(|row| row.source_id == source_id)
                    .ok_or_else(|| StoreError::Content(format!("run {run_id} lost {dataset}")))?;
                let passed = guard::passed_over(tx, run_id, source_id)?;
                let usual = match &end {
                    End::Read { .. } => guard::usual(tx, &run, &now, kept.as_deref(), &limits)?,
                    _ => None,
                };
                let fields = match &end {
                    End::Read { .. } => fields_of(&now),
                    _ => Fields::default(),
                };
                let changed = match &mapping {
                    Some(mapping) => drift::tell(tx, &now, &fields, mapping)?,
                    None => None,
                };
                let doubt = guard::doubt(&now, usual.as_ref())
                    .filter(|(code, _)| !passed.contains(code))
                    .or(changed.filter(|(code, _)| !passed.contains(code)));
                let (state, cause) = judge(&end, &now, full, &limits, doubt, &passed);
                let at = now_ms();
                hold::sign_of_life(tx, run_id, &owner(), at)?;
                let told = cause
                    .as_ref()
                    .map(|(code, message)| (code.as_str(), message.as_str()));
                run::set_dataset_state(tx, run_id, source_id, state.as_str(), told, at)?;
                if matches!(
                    state,
                    StateWord::Succeeded | StateWord::FinishedWithRejections
                ) {
                    drift::accept(tx, &now, &fields)?;
                }
                if let End::Read { cursor, .. } = end
                    && moves
                    && matches!(
                        state,
                        StateWord::Succeeded | StateWord::FinishedWithRejections
                    )
                {
                    let version = match incremental {
                        Some(Incremental::Version { .. }) => {
                            zhengqiao_store::record::greatest_version(tx, source_id)?
                        }
                        _ => None,
                    };
                    let kept = IncrementalState {
                        since: Some(until),
                        version,
                        cursor,
                    };
                    undone::note_cursor(tx, run_id, source_id)?;
                    source::succeeded(tx, source_id, Some(&serde_json::to_string(&kept)?), at)?;
                }
                run_cause::note(tx, run_id, source_id)?;
                Ok((state, cause))
            })
            .await?)
    }
}

fn judge(
    end: &End,
    part: &RunDatasetRow,
    full: bool,
    limits: &Limits,
    doubt: Option<(String, String)>,
    passed: &HashSet<String>,
) -> (StateWord, Option<(String, String)>) {
    let counts: &Counts = &part.counts;
    // Who accepts that nothing came has accepted that fewer came than were told.
    let implied = |code: &str| code == "page_drift" && passed.contains("nothing_received");
    let stops = |code: &str| !passed.contains(code) && !implied(code);
    let cause = |code: &str, message: String| Some((code.to_owned(), message));
    match end {
        End::Cancelled => (StateWord::Cancelled, None),
        End::Paused => (StateWord::Paused, None),
        End::Failed(error) => (StateWord::Failed, cause(error.code(), error.to_string())),
        End::Read { .. } if !counts.balance() => (
            StateWord::Failed,
            cause(
                "accounting",
                format!("{}: the counters do not add up", part.dataset),
            ),
        ),
        End::Read { .. } if full && counts.fetched == 0 && stops("nothing_received") => (
            StateWord::NeedsDecision,
            cause(
                "nothing_received",
                format!("{}: the provider sent no record", part.dataset),
            ),
        ),
        End::Guarded => (StateWord::NeedsDecision, Some(reject_rate(part, limits))),
        End::Read { .. }
            if limits.is_reject_rate_exceeded(counts.fetched, counts.rejected)
                && stops("reject_rate") =>
        {
            (StateWord::NeedsDecision, Some(reject_rate(part, limits)))
        }
        End::Read { drifted: true, .. } if stops("page_drift") => (
            StateWord::NeedsDecision,
            cause(
                "page_drift",
                format!(
                    "{}: rows moved between pages in {MAX_PASSES} readings",
                    part.dataset
                ),
            ),
        ),
        End::Read { .. } if scale_reversed(part) && stops("scale_reversed") => (
            StateWord::NeedsDecision,
            cause(
                "scale_reversed",
                format!(
                    "{}: {} reviews contradict the satisfaction scale that is set, {} agree; the scale seems to be reversed",
                    part.dataset, part.scale_mirrors, part.scale_agrees
                ),
            ),
        ),
        End::Read { .. } if doubt.is_some() => (StateWord::NeedsDecision, doubt),
        End::Read { .. } if counts.rejected + counts.held > 0 => {
            (StateWord::FinishedWithRejections, None)
        }
        End::Read { .. } => (StateWord::Succeeded, None),
    }
}

fn reject_rate(part: &RunDatasetRow, limits: &Limits) -> (String, String) {
    let counts = &part.counts;
    let what = format!(
        "{}: {} of {} rows were rejected, more than the limit of {} %; mend the mapping, or raise the limit",
        part.dataset, counts.rejected, counts.fetched, limits.reject_rate_percent
    );
    ("reject_rate".into(), what)
}

fn scale_reversed(part: &RunDatasetRow) -> bool {
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    scale_is_reversed(
        number(part.scale_agrees),
        number(part.scale_mirrors),
        SCALE_EVIDENCE,
    ) == Some(true)
}

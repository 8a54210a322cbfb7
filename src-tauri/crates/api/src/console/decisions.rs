//! What the guards say of a run, and what a person decides.

use std::sync::PoisonError;

use zhengqiao_store::rejection::{self, RejectionFilter};
use zhengqiao_store::run_decision::{self, Decision};
use zhengqiao_store::{run, run_drift, run_history};
use zhengqiao_sync::StateWord;

use super::{Console, actor, blocking, not_found, now_ms};
use crate::contract::{
    ApiError, DecideRun, FieldDrift, GuardedPart, Nothing, RunDecision, RunGuards, RunId,
};

/// The rule that holds a deletion.
pub(super) const DELETION: &str = "withdrawal.limit";

impl Console {
    /// What the guards say of a run.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_run_guards(&self, request: RunId) -> Result<RunGuards, ApiError> {
        let id = request.run_id;
        self.read(move |conn| {
            let Some(row) = run::get(conn, id)? else {
                return Ok(None);
            };
            let decided = run_decision::list(conn, id)?;
            let waits = StateWord::NeedsDecision.as_str();
            let mut can_decide = row.ended_at.is_some();
            let (mut parts, mut waiting) = (Vec::new(), false);
            let changed = run_drift::list(conn, id)?;
            let mut drift = Vec::with_capacity(changed.len());
            for part in run::datasets(conn, id)? {
                drift.extend(
                    changed
                        .iter()
                        .filter(|row| row.source_id == part.source_id)
                        .cloned()
                        .map(|row| FieldDrift {
                            dataset: part.dataset,
                            name: row.name,
                            kind: row.kind,
                            was: row.was,
                            now: row.now,
                            rows: row.rows,
                            example: row.example,
                        }),
                );
                let usual = run_history::usual(conn, id, part.source_id)?;
                for one in decided.iter().filter(|one| one.source_id == part.source_id) {
                    parts.push(GuardedPart {
                        dataset: part.dataset,
                        code: one.code.clone(),
                        message: String::new(),
                        fetched: part.counts.fetched,
                        usual,
                        decision: Some(if one.decision == Decision::GoOn.as_str() {
                            RunDecision::GoOn
                        } else {
                            RunDecision::Stop
                        }),
                        actor: Some(one.actor.clone()),
                        decided_at: Some(one.at),
                    });
                }
                if part.state == waits {
                    waiting = true;
                    can_decide &= !run_decision::is_overtaken(conn, id, part.source_id)?;
                    parts.push(GuardedPart {
                        dataset: part.dataset,
                        code: part.code.unwrap_or_default(),
                        message: part.message.unwrap_or_default(),
                        fetched: part.counts.fetched,
                        usual,
                        decision: None,
                        actor: None,
                        decided_at: None,
                    });
                }
            }
            let filter = RejectionFilter {
                run_id: Some(id),
                rule: Some(DELETION.into()),
                states: vec![rejection::State::Open as i64],
                ..RejectionFilter::default()
            };
            Ok(Some(RunGuards {
                parts,
                can_decide: can_decide && waiting,
                held_deletions: rejection::count(conn, &filter)?,
                drift,
            }))
        })
        .await?
        .ok_or_else(|| not_found(format!("there is no run {id}")))
    }

    /// Decides what becomes of a run that a guard stopped. One that goes on does so in the background.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when nothing waits for a decision (any more);
    /// [`crate::contract::ErrorCode::AlreadyRunning`] while the connection is being run.
    pub async fn decide_run(&self, request: DecideRun) -> Result<Nothing, ApiError> {
        let run_id = request.run_id;
        let row = self
            .read(move |conn| run::get(conn, run_id))
            .await?
            .ok_or_else(|| not_found(format!("there is no run {run_id}")))?;
        let secrets = self.secrets(row.connection_id).await?;
        let decision = match request.decision {
            RunDecision::GoOn => Decision::GoOn,
            RunDecision::Stop => Decision::Stop,
        };
        let cache = self.cache()?;
        let registry = cache.clone();
        let goes_on = blocking(move || {
            zhengqiao_sync::decide(&registry, run_id, decision, &actor(), now_ms())
        })
        .await??;
        if !goes_on {
            return Ok(Nothing {});
        }
        let (console, connection_id) = (self.clone(), row.connection_id);
        let task = tokio::spawn(async move {
            tracing::info!(run_id, connection_id, "a run goes on after a decision");
            match zhengqiao_sync::run(&cache, run_id, secrets).await {
                Ok(state) => {
                    tracing::info!(run_id, state = state.as_str(), "a run ended");
                    if let Err(error) = console.review_after(connection_id, run_id).await {
                        tracing::warn!(run_id, %error, "the bindings could not be reviewed after the run");
                    }
                }
                // The run is taken up again with the next start, as any that was interrupted.
                Err(error) => tracing::error!(run_id, %error, "a run was broken off"),
            }
            console
                .0
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&run_id);
        });
        if !task.is_finished() {
            self.0
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(run_id, task);
        }
        Ok(Nothing {})
    }
}

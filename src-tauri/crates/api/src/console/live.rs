//! Runs that have not ended: which there are, letting them wait, taking them up, leaving them.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use zhengqiao_exchange::{Environment, Profile};
use zhengqiao_store::{Connection, StoreError, connection, hold, mend, run};
use zhengqiao_sync::{PresentRequest, StateWord, SyncError, has_process, in_words};

use super::runs::run_row;
use super::{Console, not_found, now_ms};
use crate::contract::{
    ActiveRun, ApiError, ConnectionId, Nothing, Notice, RunId, RunMode, RunStarted, RunningRequest,
    Standing, StartSync, StateChange,
};
use crate::notice;

/// How long a program that ends waits for its runs' page edges.
const LEAVE_WITHIN: Duration = Duration::from_secs(15);
/// Between two looks at what still goes on.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whose a run is, and what is asked of it.
pub(super) struct Whose {
    pub connection: String,
    pub environment: Environment,
    pub standing: hold::Standing,
}

impl Default for Whose {
    fn default() -> Self {
        Self {
            connection: String::new(),
            environment: Environment::Test,
            standing: hold::Standing::default(),
        }
    }
}

pub(super) fn whose(conn: &Connection, row: &run::RunRow) -> Result<Whose, StoreError> {
    let Some(found) = connection::get(conn, row.connection_id)? else {
        return Ok(Whose::default());
    };
    Ok(Whose {
        environment: serde_json::from_str::<Profile>(&found.profile)?.environment,
        connection: found.name,
        standing: hold::standing(conn, row.id)?,
    })
}

/// How an unfinished run stands.
pub(super) fn standing(row: &run::RunRow, asked: &hold::Standing) -> Standing {
    if has_process(row, now_ms()) {
        if row.cancel_requested {
            Standing::Cancelling
        } else if asked.pause_requested {
            Standing::Pausing
        } else {
            Standing::Running
        }
    } else if row.state == StateWord::Paused.as_str() {
        Standing::Paused
    } else {
        Standing::Interrupted
    }
}

/// The request that a run waits for.
pub(super) fn request(standing: &hold::Standing) -> Option<RunningRequest> {
    let request: PresentRequest = serde_json::from_str(standing.request.as_deref()?).ok()?;
    Some(RunningRequest {
        dataset: request.dataset,
        method: request.method,
        url: request.url,
        since: request.since,
        attempt: request.attempt,
    })
}

impl Console {
    /// The runs of all connections that have not ended.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_active_runs(&self, _request: Nothing) -> Result<Vec<ActiveRun>, ApiError> {
        let here = self.runs_here();
        self.read(move |conn| {
            hold::unfinished(conn)?
                .into_iter()
                .map(|row| {
                    let asked = hold::standing(conn, row.id)?;
                    Ok(ActiveRun {
                        standing: standing(&row, &asked),
                        here: here.contains(&row.id),
                        owner: in_words(&row.owner),
                        asked_by: asked.asked_by,
                        heartbeat_at: row.heartbeat_at,
                        run: run_row(conn, row)?,
                    })
                })
                .collect()
        })
        .await
    }

    /// Lets a run wait from its next page edge on; it stays where it is until somebody resumes it.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] when it has ended or never was.
    pub async fn pause_run(&self, request: RunId) -> Result<Nothing, ApiError> {
        zhengqiao_sync::pause(&self.cache()?, request.run_id, now_ms()).await?;
        Ok(Nothing {})
    }

    /// Goes on with a run that waits or was interrupted.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] when it has ended,
    /// [`crate::contract::ErrorCode::AlreadyRunning`] while it goes on.
    pub async fn resume_run(&self, request: RunId) -> Result<RunStarted, ApiError> {
        let id = request.run_id;
        let row = self
            .read(move |conn| run::get(conn, id))
            .await?
            .filter(|row| row.ended_at.is_none())
            .ok_or_else(|| not_found(format!("run {id} is not active")))?;
        let asks = self
            .read(move |conn| Ok(mend::get(conn, id)?.is_some_and(|row| row.phase == "asks")))
            .await?;
        if asks {
            // Who resumes it has answered.
            return self.continue_revalidation(request).await;
        }
        self.start_sync(StartSync {
            connection_id: row.connection_id,
            datasets: Vec::new(),
            mode: RunMode::Incremental,
            scope: None,
        })
        .await
    }

    /// The numbers of the runs that this program runs.
    pub fn runs_here(&self) -> Vec<i64> {
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .keys()
            .copied()
            .collect()
    }

    /// Interrupts this program's runs at their next page edge, so that it can end; the next start
    /// offers to continue them. Says whether all of them came to rest in time.
    pub async fn leave_runs(&self) -> bool {
        zhengqiao_sync::leave();
        let rested = self.wait_for_runs(LEAVE_WITHIN).await;
        zhengqiao_sync::stay();
        rested
    }

    /// Waits until this program runs nothing any more; says whether that came about in time.
    pub async fn wait_for_runs(&self, within: Duration) -> bool {
        let begun = Instant::now();
        while !self.runs_here().is_empty() {
            if begun.elapsed() > within {
                return false;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        true
    }

    /// Changes of connections' states from now on, told when runs of this program end.
    pub fn changes(&self) -> tokio::sync::broadcast::Receiver<StateChange> {
        self.0.changes.subscribe()
    }

    /// The next change as a notice in the user's language.
    pub async fn next_notice(
        &self,
        changes: &mut tokio::sync::broadcast::Receiver<StateChange>,
    ) -> Option<Notice> {
        use tokio::sync::broadcast::error::RecvError;
        loop {
            match changes.recv().await {
                Ok(change) => return Some(notice::of_change(&change, self.speaks_chinese().await)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }

    async fn speaks_chinese(&self) -> bool {
        let language = self.get_settings().await.unwrap_or_default().language;
        if language.is_empty() {
            super::system::is_chinese_system()
        } else {
            language.starts_with("zh")
        }
    }

    /// Tells listeners when a run left its connection in another state than the run before.
    pub(super) async fn tell_change(&self, connection_id: i64, run_id: i64) {
        let change = self
            .read(move |conn| {
                let Some(row) = run::get(conn, run_id)?.filter(|row| row.ended_at.is_some()) else {
                    return Ok(None);
                };
                let before = hold::state_before(conn, connection_id, run_id)?
                    .unwrap_or_else(|| StateWord::Never.as_str().to_owned());
                let whose = whose(conn, &row)?;
                let told = row.state != before && row.state != StateWord::Cancelled.as_str();
                Ok(told.then_some(StateChange {
                    run_id,
                    connection: whose.connection,
                    environment: whose.environment,
                    before,
                    after: row.state,
                }))
            })
            .await;
        match change {
            // Nobody need listen.
            Ok(Some(change)) => drop(self.0.changes.send(change)),
            Ok(None) => {}
            Err(error) => tracing::warn!(run_id, %error, "whether the state changed is not known"),
        }
    }

    /// Ends a run whose own work could not, unless another process has it.
    pub(super) async fn close_broken(&self, run_id: i64, error: &SyncError) {
        if let SyncError::Store(StoreError::TakenOver { owner, .. }) = error {
            let owner = in_words(owner);
            tracing::warn!(run_id, owner, "another process has taken the run over");
            return;
        }
        tracing::error!(run_id, %error, "a run was broken off");
        let message = error.to_string();
        let closed = self
            .write(move |tx| {
                run::finish(
                    tx,
                    run_id,
                    StateWord::Failed.as_str(),
                    Some(("storage", &message)),
                    now_ms(),
                )
            })
            .await;
        if let Err(error) = closed {
            tracing::error!(run_id, %error, "the broken run could not be closed");
        }
    }

    /// The interrupted runs, of one connection or of all.
    ///
    /// # Errors
    /// The cache's.
    pub async fn interrupted_runs(
        &self,
        only: Option<ConnectionId>,
    ) -> Result<Vec<ActiveRun>, ApiError> {
        let runs = self.list_active_runs(Nothing {}).await?;
        Ok(runs
            .into_iter()
            .filter(|active| {
                active.standing == Standing::Interrupted
                    && only.is_none_or(|id| id.connection_id == active.run.connection_id)
            })
            .collect())
    }
}

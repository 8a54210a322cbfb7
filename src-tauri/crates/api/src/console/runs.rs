//! Synchronisation: where each dataset stands, starting, watching, cancelling, past runs.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{IncrementalState, Profile, Secrets};
use zhengqiao_store::{
    Cache, StoreError, connection, outbox, run, run_moment, run_request, source,
};
use zhengqiao_sync::{REVALIDATION, RunOptions, Started, StateWord, UNDO, has_process};

use super::identity::has_people;
use super::run_page::{headers, run_standing};
use super::system::LARGEST_PAGE;
use super::{Console, blocking, dry, invalid, live, not_found, now_ms};
use crate::contract::{
    ApiError, ConnectionId, Counts, Nothing, RequestRow, RunDatasetRow, RunDetail, RunId, RunMode,
    RunMoment, RunProgress, RunRow, RunStarted, RunsPage, RunsRequest, StartSync, SyncRow,
};
use crate::estimate::Estimate;

/// Between two looks at a run's counters; eight messages a second at most.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(125);
/// Runs in a sparkline.
const HISTORY_RUNS: u32 = 12;
/// Requests on a run's page.
const SHOWN_REQUESTS: u32 = 200;

impl Console {
    /// One row for each connection × dataset, worst first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_sync_state(&self) -> Result<Vec<SyncRow>, ApiError> {
        let mut rows = self
            .read(|conn| {
                let mut rows = Vec::new();
                for row in connection::list(conn)? {
                    let profile: Profile = serde_json::from_str(&row.profile)?;
                    let alive = run::unfinished(conn, row.id)?
                        .is_some_and(|run| has_process(&run, now_ms()));
                    let mut sources: HashMap<DatasetId, source::SourceRow> =
                        source::list(conn, Some(row.id))?
                            .into_iter()
                            .map(|source| (source.dataset, source))
                            .collect();
                    for dataset in profile.datasets.keys() {
                        let source = sources.remove(dataset);
                        let history = match &source {
                            Some(source) => run::history(conn, source.id, HISTORY_RUNS)?,
                            None => Vec::new(),
                        };
                        rows.push(SyncRow {
                            connection_id: row.id,
                            connection: row.name.clone(),
                            environment: profile.environment,
                            dataset: *dataset,
                            state: history
                                .last()
                                .map_or("never", |(state, _)| word(state, alive))
                                .into(),
                            last_success_at: source
                                .as_ref()
                                .and_then(|source| source.last_success_at),
                            cursor: source
                                .as_ref()
                                .and_then(|source| cursor(source.incremental_state.as_deref()?)),
                            accepted: source.as_ref().map_or(0, |source| source.accepted),
                            withdrawn: source.as_ref().map_or(0, |source| source.withdrawn),
                            rejected: source.as_ref().map_or(0, |source| source.rejected),
                            held: source.as_ref().map_or(0, |source| source.held),
                            backlog: match &source {
                                Some(source) if profile.delivery.is_some() => {
                                    Some(outbox::waiting_of_source(conn, source.id)?)
                                }
                                _ => profile.delivery.is_some().then_some(0),
                            },
                            history: history.into_iter().map(|(_, fetched)| fetched).collect(),
                        });
                    }
                }
                Ok(rows)
            })
            .await?;
        rows.sort_by_key(|row| std::cmp::Reverse(StateWord::by_name(&row.state)));
        Ok(rows)
    }

    /// Starts a run, or goes on with the connection's interrupted one. It goes on in the background.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::AlreadyRunning`] while the connection is being run.
    pub async fn start_sync(&self, request: StartSync) -> Result<RunStarted, ApiError> {
        if request.mode == RunMode::Verify {
            return Err(invalid("mode: verifying keeps nothing; start a dry run"));
        }
        if request.mode == RunMode::Undo {
            return Err(invalid(
                "mode: a run is undone by undo_run, not by start_sync",
            ));
        }
        if request.mode == RunMode::Revalidation {
            return Err(invalid(
                "mode: rejections are checked again by start_revalidation, not by start_sync",
            ));
        }
        self.launch(dry::options(request)).await
    }

    /// Registers a run and lets it go on in the background.
    pub(super) async fn launch(&self, options: RunOptions) -> Result<RunStarted, ApiError> {
        let connection_id = options.connection_id;
        let secrets = self.secrets(connection_id).await?;
        let cache = self.cache()?;
        let registry = cache.clone();
        let started = blocking(move || zhengqiao_sync::start(&registry, options)).await??;
        let run_id = started.run_id;
        self.carry_out(cache, &started, connection_id, secrets);
        Ok(RunStarted {
            run_id,
            resumed: started.resumed,
        })
    }

    /// Lets a registered run go on in the background.
    pub(super) fn carry_out(
        &self,
        cache: Cache,
        started: &Started,
        connection_id: i64,
        secrets: Secrets,
    ) {
        let (run_id, resumed) = (started.run_id, started.resumed);
        let console = self.clone();
        let task = tokio::spawn(async move {
            tracing::info!(run_id, connection_id, resumed = resumed, "a run begins");
            match zhengqiao_sync::run(&cache, run_id, secrets).await {
                Ok(state) => {
                    tracing::info!(run_id, state = state.as_str(), "a run ended");
                    if let Err(error) = console.review_after(connection_id, run_id).await {
                        tracing::warn!(run_id, %error, "the bindings could not be reviewed after the run");
                    }
                    if let Err(error) = console.deliver_waiting(connection_id).await {
                        tracing::warn!(run_id, %error, "what the run brought could not be delivered");
                    }
                }
                Err(error) => console.close_broken(run_id, &error).await,
            }
            console.tell_change(connection_id, run_id).await;
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
    }

    /// The bindings are computed anew when people or portal accounts have come: those of the connections
    /// that have the people.
    pub(super) async fn review_after(
        &self,
        connection_id: i64,
        run_id: i64,
    ) -> Result<(), ApiError> {
        let parts = self.read(move |conn| run::datasets(conn, run_id)).await?;
        let came = |wanted: &dyn Fn(DatasetId) -> bool| {
            parts
                .iter()
                .any(|part| part.counts.fetched > 0 && wanted(part.dataset))
        };
        let accounts = came(&|dataset| dataset == DatasetId::PortalAccount);
        let people = came(&|dataset| {
            dataset != DatasetId::PortalAccount
                && dataset.dataset().system == zhengqiao_domain::System::UnifiedIdentity
        });
        if !accounts && !people {
            return Ok(());
        }
        let concerned = self
            .read(move |conn| {
                let mut concerned = Vec::new();
                for row in connection::list(conn)? {
                    let from = row.accounts_from.unwrap_or(row.id);
                    let is_concerned =
                        (people && row.id == connection_id) || (accounts && from == connection_id);
                    if is_concerned && has_people(conn, row.id)? {
                        concerned.push(row.id);
                    }
                }
                Ok(concerned)
            })
            .await?;
        for connection_id in concerned {
            self.review_identity(ConnectionId { connection_id }).await?;
        }
        Ok(())
    }

    /// Asks a run to end at the next page edge; one that nobody runs ends at once.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] when it has ended or never was.
    pub async fn cancel_run(&self, request: RunId) -> Result<Nothing, ApiError> {
        zhengqiao_sync::give_up(&self.cache()?, request.run_id, now_ms()).await?;
        Ok(Nothing {})
    }

    /// Tells how a run goes on, until it ends; the last message is returned as well.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn watch_run(
        &self,
        request: RunId,
        mut on_progress: impl FnMut(RunProgress) + Send,
    ) -> Result<RunProgress, ApiError> {
        let id = request.run_id;
        let mut estimate = Estimate::default();
        let begun = Instant::now();
        loop {
            let (row, parts, whose) = self
                .read(move |conn| {
                    let row = run::get(conn, id)?;
                    let whose = match &row {
                        Some(row) => live::whose(conn, row)?,
                        None => live::Whose::default(),
                    };
                    Ok((row, run::datasets(conn, id)?, whose))
                })
                .await?;
            let row = row.ok_or_else(|| not_found(format!("there is no run {id}")))?;
            // The bindings belong to the run's work: its task ends after them.
            let busy = self
                .0
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .contains_key(&id);
            let ended = !busy && (row.ended_at.is_some() || !has_process(&row, now_ms()));
            let (records_per_s, remaining_ms) = estimate.after(
                i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX),
                row.counts.fetched,
                rest(&parts),
            );
            let progress = RunProgress {
                run_id: id,
                connection: whose.connection,
                environment: whose.environment,
                standing: (row.ended_at.is_none()).then(|| live::standing(&row, &whose.standing)),
                request: live::request(&whose.standing).filter(|_| !ended),
                state: word(&row.state, ended || busy || has_process(&row, now_ms())).into(),
                counts: counts(&row.counts),
                elapsed_ms: row.ended_at.unwrap_or_else(now_ms) - row.started_at,
                records_per_s,
                remaining_ms: remaining_ms.filter(|_| row.ended_at.is_none()),
                datasets: parts.into_iter().map(part_row).collect(),
                ended,
            };
            if ended {
                on_progress(progress.clone());
                return Ok(progress);
            }
            on_progress(progress);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Past runs, newest first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_runs(&self, request: RunsRequest) -> Result<RunsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let runs = self
            .recent_runs(request.connection_id, request.before, limit)
            .await?;
        let next = (runs.len() == limit as usize)
            .then(|| runs.last().map(|run| run.run_id))
            .flatten();
        Ok(RunsPage { runs, next })
    }

    pub(super) async fn recent_runs(
        &self,
        connection_id: Option<i64>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<RunRow>, ApiError> {
        self.read(move |conn| {
            run::page(conn, connection_id, before, limit)?
                .into_iter()
                .map(|row| run_row(conn, row))
                .collect()
        })
        .await
    }

    /// One run with its parts and its last requests.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_run(&self, request: RunId) -> Result<RunDetail, ApiError> {
        let id = request.run_id;
        self.read(move |conn| {
            let Some(row) = run::get(conn, id)? else {
                return Ok(None);
            };
            let requests = run_request::newest(conn, id, SHOWN_REQUESTS)?;
            let standing = run_standing(conn, &row)?;
            let scope = zhengqiao_sync::dry::scope_of(conn, id)?;
            Ok(Some(RunDetail {
                standing,
                moments: run_moment::list(conn, id)?
                    .into_iter()
                    .map(|(at, what)| RunMoment { at, what })
                    .collect(),
                scope: (!scope.is_whole()).then(|| dry::told(scope)),
                profile_version: row.profile_version,
                rule_set: row.rule_set.clone(),
                run: run_row(conn, row)?,
                datasets: run::datasets(conn, id)?.into_iter().map(part_row).collect(),
                requests: requests
                    .into_iter()
                    .map(|row| RequestRow {
                        at: row.at,
                        dataset: row.dataset,
                        method: row.method,
                        url: row.url,
                        status: row.status,
                        ms: row.ms,
                        bytes: row.bytes,
                        records: row.records,
                        attempt: row.attempt,
                        outcome: row.outcome,
                        sent: headers(row.sent),
                        received: headers(row.received),
                    })
                    .collect(),
            }))
        })
        .await?
        .ok_or_else(|| not_found(format!("there is no run {id}")))
    }
}

/// A run whose process is gone is not running: it waits to be taken up again.
pub(super) fn word(state: &str, has_process: bool) -> &str {
    if state == StateWord::Running.as_str() && !has_process {
        StateWord::Paused.as_str()
    } else {
        state
    }
}

pub(super) fn cursor(state: &str) -> Option<String> {
    let state: IncrementalState = serde_json::from_str(state).ok()?;
    state
        .since
        .or_else(|| state.version.map(|version| format!("v{version}")))
        .or(state.cursor)
}

/// Rows that are still to come; only known when the provider told of each dataset how much there is.
pub(super) fn rest(parts: &[run::RunDatasetRow]) -> Option<i64> {
    let mut rest = 0;
    for part in parts.iter().filter(|part| part.ended_at.is_none()) {
        rest += (part.provider_total? - part.counts.fetched).max(0);
    }
    Some(rest)
}

pub(super) fn counts(counts: &run::Counts) -> Counts {
    Counts {
        fetched: counts.fetched,
        accepted: counts.accepted,
        unchanged: counts.unchanged,
        held: counts.held,
        rejected: counts.rejected,
        withdrawn: counts.withdrawn,
        superseded: counts.superseded,
    }
}

pub(super) fn part_row(row: run::RunDatasetRow) -> RunDatasetRow {
    RunDatasetRow {
        dataset: row.dataset,
        state: row.state,
        code: row.code,
        message: row.message,
        counts: counts(&row.counts),
        released: row.released,
        delivered: row.delivered,
        left_out: row.left_out,
        pages: row.pages,
        provider_total: row.provider_total,
        started_at: row.started_at,
        ended_at: row.ended_at,
    }
}

pub(super) fn run_row(
    conn: &zhengqiao_store::Connection,
    row: run::RunRow,
) -> Result<RunRow, StoreError> {
    let connection = connection::get(conn, row.connection_id)?;
    let environment = match &connection {
        Some(connection) => serde_json::from_str::<Profile>(&connection.profile)?.environment,
        None => zhengqiao_exchange::Environment::Test,
    };
    let alive = has_process(&row, now_ms());
    Ok(RunRow {
        run_id: row.id,
        connection_id: row.connection_id,
        connection: connection
            .map(|connection| connection.name)
            .unwrap_or_default(),
        environment,
        mode: match row.mode.as_str() {
            "full" => RunMode::Full,
            UNDO => RunMode::Undo,
            REVALIDATION => RunMode::Revalidation,
            _ => RunMode::Incremental,
        },
        state: word(&row.state, alive).into(),
        code: row.code,
        message: row.message,
        started_at: row.started_at,
        ended_at: row.ended_at,
        counts: counts(&row.counts),
    })
}

//! What a run covers, about how much that is, and dry runs.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;
use std::time::Instant;

use serde_json::{Map, Value};
use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{DatasetId, Finding};
use zhengqiao_exchange::{Filters, Profile, reach};
use zhengqiao_store::dry_row::{self, DryRow, Fate};
use zhengqiao_store::{Cache, StoreError, connection, run};
use zhengqiao_sync::{RunOptions, RunScope, SyncError, Window, dry, has_process};

use super::runs::{LOOK_EVERY, counts, part_row, rest, word};
use super::system::LARGEST_PAGE;
use super::{Console, actor, blocking, file_error, invalid, live, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, ConnectionId, DryChange, DryChangesPage, DryChangesRequest, DryCount, DryId,
    DryRunDetail, DryRunRow, FieldChange, Nothing, ProbedDataset, ReachRow, RunMode, RunProgress,
    RunStarted, StartSync, SyncProbe, SyncScope, SyncWindow,
};
use crate::estimate::Estimate;
use crate::masks;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A dry run is kept so long unless it is discarded.
const KEPT_MS: i64 = 7 * DAY_MS;
/// What a comparison left behind is taken away after so long.
const CHECK_MS: i64 = 60 * 60 * 1000;

/// Dry runs that this process has open, and those that it runs.
#[derive(Default)]
pub(super) struct DryRuns {
    open: HashMap<i64, Cache>,
    running: HashSet<i64>,
}

/// The engine's scope of a request.
fn scope_of(scope: Option<SyncScope>) -> RunScope {
    let scope = scope.unwrap_or_default();
    RunScope {
        window: scope.window.map(|window| Window {
            from: window.from,
            to: window.to,
        }),
        ids: scope.ids,
        filters: Filters {
            department: scope.department,
            region: scope.region,
        },
        moves_cursor: scope.moves_cursor,
        replays: None,
    }
}

pub(super) fn told(scope: RunScope) -> SyncScope {
    SyncScope {
        window: scope.window.map(|window| SyncWindow {
            from: window.from,
            to: window.to,
        }),
        ids: scope.ids,
        department: scope.filters.department,
        region: scope.filters.region,
        moves_cursor: scope.moves_cursor,
    }
}

/// The engine's options of a request.
pub(super) fn options(request: StartSync) -> RunOptions {
    RunOptions {
        connection_id: request.connection_id,
        datasets: request.datasets,
        mode: match request.mode {
            RunMode::Full => zhengqiao_sync::RunMode::Full,
            RunMode::Incremental | RunMode::Undo | RunMode::Revalidation => {
                zhengqiao_sync::RunMode::Incremental
            }
            RunMode::Verify => zhengqiao_sync::RunMode::Verify,
        },
        scope: scope_of(request.scope),
        asked_by: actor(),
        now_ms: now_ms(),
    }
}

/// The mode of a name in the database.
fn mode_of(name: &str) -> RunMode {
    match zhengqiao_sync::RunMode::by_name(name) {
        Some(zhengqiao_sync::RunMode::Full) => RunMode::Full,
        Some(zhengqiao_sync::RunMode::Verify) => RunMode::Verify,
        _ => RunMode::Incremental,
    }
}

impl Console {
    fn dry_runs(&self) -> std::sync::MutexGuard<'_, DryRuns> {
        self.0.dry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What each dataset of a connection can be narrowed by.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn list_reach(&self, request: ConnectionId) -> Result<Vec<ReachRow>, ApiError> {
        let (_, profile) = self.profile(request.connection_id).await?;
        Ok(profile
            .datasets
            .iter()
            .map(|(dataset, source)| {
                let reach = reach(profile.interface, *dataset, source);
                ReachRow {
                    dataset: *dataset,
                    window: reach.window,
                    ids: reach.ids,
                    department: reach.department,
                    region: reach.region,
                    moves_cursor: reach.moves_cursor,
                }
            })
            .collect())
    }

    /// About how much a run would read, by the first page of each dataset; nothing is written.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for a scope that cannot be kept to.
    pub async fn probe_sync(&self, request: StartSync) -> Result<SyncProbe, ApiError> {
        let (_, profile) = self.profile(request.connection_id).await?;
        let secrets = self.secrets(request.connection_id).await?;
        let all = request.datasets.is_empty();
        let told = zhengqiao_sync::probe(&self.cache()?, options(request), secrets).await?;
        let left_out = profile
            .datasets
            .keys()
            .filter(|dataset| all && told.iter().all(|one| one.dataset != **dataset))
            .copied()
            .collect();
        Ok(SyncProbe {
            datasets: told
                .into_iter()
                .map(|one| ProbedDataset {
                    dataset: one.dataset,
                    rows: one.rows,
                    error: one.error.map(|error| error.to_string()),
                })
                .collect(),
            left_out,
        })
    }

    /// Starts a dry run. It goes on in the background and writes nothing into the cache.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::AlreadyRunning`] while the connection is being run.
    pub async fn start_dry_run(&self, request: StartSync) -> Result<DryId, ApiError> {
        self.sweep().await?;
        let secrets = self.secrets(request.connection_id).await?;
        let cache = self.cache()?;
        let options = options(request);
        let dry_id = options.now_ms;
        let (scratch, started) = blocking(move || dry::start(&cache, options)).await??;
        {
            let mut runs = self.dry_runs();
            runs.open.insert(dry_id, scratch.clone());
            runs.running.insert(dry_id);
        }
        let console = self.clone();
        tokio::spawn(async move {
            tracing::info!(dry_id, "a dry run begins");
            match dry::run_dry(&scratch, started.run_id, secrets).await {
                Ok(state) => tracing::info!(dry_id, state = state.as_str(), "a dry run ended"),
                Err(error) => {
                    tracing::error!(dry_id, %error, "a dry run was broken off");
                    let message = error.to_string();
                    let run_id = started.run_id;
                    let closed = scratch
                        .write(move |tx| {
                            run::finish(tx, run_id, "failed", Some(("storage", &message)), now_ms())
                        })
                        .await;
                    if let Err(error) = closed {
                        tracing::error!(dry_id, %error, "the broken dry run could not be closed");
                    }
                }
            }
            console.dry_runs().running.remove(&dry_id);
        });
        Ok(DryId { dry_id })
    }

    /// The scratch cache of a dry run.
    async fn dry_cache(&self, dry_id: i64) -> Result<Cache, ApiError> {
        if let Some(open) = self.dry_runs().open.get(&dry_id) {
            return Ok(open.clone());
        }
        let cache = self.cache()?;
        let opened = blocking(move || dry::open(&cache, dry_id)).await??;
        self.dry_runs().open.insert(dry_id, opened.clone());
        Ok(opened)
    }

    /// Forgets dry runs whose time is over, and what a comparison left behind.
    async fn sweep(&self) -> Result<(), ApiError> {
        let path = self.cache()?.path().to_path_buf();
        let listed = {
            let path = path.clone();
            blocking(move || dry::list(&path)).await?
        };
        for id in listed {
            let over = if id > 0 {
                now_ms() - id > KEPT_MS
            } else {
                now_ms() + id > CHECK_MS
            };
            if !over || self.dry_runs().running.contains(&id) {
                continue;
            }
            self.dry_runs().open.remove(&id);
            let path = path.clone();
            if let Err(error) = blocking(move || dry::discard(&path, id)).await? {
                tracing::warn!(dry_id = id, %error, "an old dry run could not be forgotten");
            }
        }
        Ok(())
    }

    /// Tells how a dry run goes on, until it ends; the last message is returned as well.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn watch_dry_run(
        &self,
        request: DryId,
        mut on_progress: impl FnMut(RunProgress) + Send,
    ) -> Result<RunProgress, ApiError> {
        let cache = self.dry_cache(request.dry_id).await?;
        let mut estimate = Estimate::default();
        let begun = Instant::now();
        loop {
            // Asked before the rows are read: what was written last is then among them.
            let busy = self.dry_runs().running.contains(&request.dry_id);
            let found = cache
                .read(|conn| {
                    let Some(dry) = dry_row::dry_run(conn)? else {
                        return Ok(None);
                    };
                    let row = run::get(conn, dry.run_id)?;
                    let parts = run::datasets(conn, dry.run_id)?;
                    row.map(|row| Ok((live::whose(conn, &row)?, row, parts)))
                        .transpose()
                })
                .await?;
            let (whose, row, parts) = found.ok_or_else(|| gone(request.dry_id))?;
            let ended = !busy && (row.ended_at.is_some() || !has_process(&row, now_ms()));
            let (records_per_s, remaining_ms) = estimate.after(
                i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX),
                row.counts.fetched,
                rest(&parts),
            );
            let progress = RunProgress {
                run_id: row.id,
                connection: whose.connection,
                environment: whose.environment,
                standing: row
                    .ended_at
                    .is_none()
                    .then(|| live::standing(&row, &whose.standing)),
                request: live::request(&whose.standing).filter(|_| !ended),
                state: word(&row.state, busy || row.ended_at.is_some()).into(),
                counts: counts(&row.counts),
                elapsed_ms: row.ended_at.unwrap_or_else(now_ms) - row.started_at,
                records_per_s,
                remaining_ms: remaining_ms.filter(|_| row.ended_at.is_none()),
                datasets: parts.into_iter().map(part_row).collect(),
                ended,
            };
            on_progress(progress.clone());
            if ended {
                return Ok(progress);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Asks a dry run to end at the next page edge.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] when it has ended or never was.
    pub async fn cancel_dry_run(&self, request: DryId) -> Result<Nothing, ApiError> {
        let cancelled = self
            .dry_cache(request.dry_id)
            .await?
            .write(|tx| match dry_row::dry_run(tx)? {
                Some(dry) => run::request_cancel(tx, dry.run_id),
                None => Ok(false),
            })
            .await?;
        if cancelled {
            Ok(Nothing {})
        } else {
            Err(not_found(format!(
                "dry run {} is not active",
                request.dry_id
            )))
        }
    }

    /// Dry runs that are kept, newest first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_dry_runs(&self) -> Result<Vec<DryRunRow>, ApiError> {
        self.sweep().await?;
        let path = self.cache()?.path().to_path_buf();
        let mut rows = Vec::new();
        for dry_id in blocking(move || dry::list(&path)).await? {
            if dry_id <= 0 {
                continue;
            }
            // One that cannot be read (of another version, or only begun) hides no other.
            match self.get_dry_run(DryId { dry_id }).await {
                Ok(detail) => rows.push(detail.run),
                Err(error) => tracing::warn!(dry_id, %error, "a dry run cannot be read"),
            }
        }
        Ok(rows)
    }

    /// One dry run: what would become of its rows, by dataset.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_dry_run(&self, request: DryId) -> Result<DryRunDetail, ApiError> {
        let busy = self.dry_runs().running.contains(&request.dry_id);
        let cache = self.dry_cache(request.dry_id).await?;
        let found = cache.read(move |conn| detail(conn, busy)).await?;
        found.ok_or_else(|| gone(request.dry_id))
    }

    /// A page of a dry run's rows, masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown fate.
    pub async fn list_dry_changes(
        &self,
        request: DryChangesRequest,
    ) -> Result<DryChangesPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let fate = match request.fate.as_deref() {
            None | Some("") => None,
            Some(name) => Some(
                Fate::by_name(name)
                    .ok_or_else(|| invalid(format!("fate: {name:?} is none that a row has")))?,
            ),
        };
        let rows = self
            .dry_cache(request.dry_id)
            .await?
            .read(move |conn| {
                dry_row::page(
                    conn,
                    request.dataset,
                    fate,
                    request.after.unwrap_or(0),
                    limit,
                )
            })
            .await?;
        let next = (rows.len() == limit as usize)
            .then(|| rows.last().map(|row| row.no))
            .flatten();
        let changes = rows.iter().map(change).collect::<Result<_, StoreError>>()?;
        Ok(DryChangesPage { changes, next })
    }

    /// Turns a dry run into the real run of the same data; the provider is not asked again.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when the cache has moved on in a way that matters.
    pub async fn apply_dry_run(&self, request: DryId) -> Result<RunStarted, ApiError> {
        let scratch = self.dry_cache(request.dry_id).await?;
        let found = scratch
            .read(dry_row::dry_run)
            .await?
            .ok_or_else(|| gone(request.dry_id))?;
        let secrets = self.secrets(found.connection_id).await?;
        let mut options = dry::to_apply(&self.cache()?, request.dry_id, secrets, now_ms()).await?;
        options.asked_by = actor();
        let started = self.launch(options).await?;
        if started.resumed {
            return Ok(started);
        }
        let run_id = started.run_id;
        scratch
            .write(move |tx| dry_row::applied(tx, run_id))
            .await?;
        Ok(started)
    }

    /// Takes a dry run away.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`]; [`crate::contract::ErrorCode::AlreadyRunning`] while it goes on.
    pub async fn discard_dry_run(&self, request: DryId) -> Result<Nothing, ApiError> {
        let dry_id = request.dry_id;
        if self.dry_runs().running.contains(&dry_id) {
            return Err(SyncError::AlreadyRunning {
                run_id: dry_id,
                owner: "this program".into(),
                since: moment::canonical(now_local()),
            }
            .into());
        }
        let open = self.dry_runs().open.remove(&dry_id);
        let path = self.cache()?.path().to_path_buf();
        let shown = path.display().to_string();
        let outcome = blocking(move || {
            drop(open);
            dry::discard(&path, dry_id)
        })
        .await?;
        match outcome {
            Ok(true) => Ok(Nothing {}),
            Ok(false) => Err(gone(dry_id)),
            Err(error) => Err(file_error(&shown, &error)),
        }
    }
}

fn gone(dry_id: i64) -> ApiError {
    SyncError::NoDryRun(dry_id).into()
}

fn detail(
    conn: &zhengqiao_store::Connection,
    busy: bool,
) -> Result<Option<DryRunDetail>, StoreError> {
    let Some(dry) = dry_row::dry_run(conn)? else {
        return Ok(None);
    };
    let (Some(row), Some(owner)) = (
        run::get(conn, dry.run_id)?,
        connection::get(conn, dry.connection_id)?,
    ) else {
        return Ok(None);
    };
    let profile: Profile = serde_json::from_str(&owner.profile)?;
    let alive = busy || has_process(&row, now_ms());
    Ok(Some(DryRunDetail {
        run: DryRunRow {
            dry_id: dry.id,
            connection_id: dry.connection_id,
            connection: owner.name,
            environment: profile.environment,
            mode: mode_of(&row.mode),
            scope: told(dry::scope_of(conn, row.id)?),
            state: word(&row.state, alive).into(),
            message: row.message,
            started_at: row.started_at,
            ended_at: if busy { None } else { row.ended_at },
            kept_until: dry.started_at + KEPT_MS,
            counts: counts(&row.counts),
            applied_run_id: dry.applied_run_id,
        },
        datasets: run::datasets(conn, dry.run_id)?
            .into_iter()
            .map(part_row)
            .collect(),
        fates: dry_row::counts(conn)?
            .into_iter()
            .map(|(dataset, fate, rows)| DryCount {
                dataset,
                fate: fate.as_str().into(),
                rows,
            })
            .collect(),
    }))
}

fn object(text: Option<&str>) -> Result<Map<String, Value>, StoreError> {
    Ok(match text.map(serde_json::from_str).transpose()? {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    })
}

fn change(row: &DryRow) -> Result<DryChange, StoreError> {
    let id = row.dataset;
    let (before, after) = (
        object(row.before.as_deref())?,
        object(row.after.as_deref())?,
    );
    let findings: Vec<Finding> = match &row.findings {
        Some(text) => serde_json::from_str(text)?,
        None => Vec::new(),
    };
    let title = id.dataset().title;
    let shown = after.get(title).or_else(|| before.get(title));
    Ok(DryChange {
        no: row.no,
        dataset: id,
        fate: row.fate.as_str().into(),
        record_key: masks::joined(id, id.dataset().key, &row.record_key),
        title: shown
            .and_then(Value::as_str)
            .map(|text| masks::value(id, title, text))
            .unwrap_or_default(),
        differences: if row.fate == Fate::Changed {
            differences(id, &before, &after)
        } else {
            Vec::new()
        },
        findings: findings
            .into_iter()
            .map(|finding| masks::finding(id, finding))
            .collect(),
    })
}

/// The fields that differ, in the order of the dataset's fields.
fn differences(
    id: DatasetId,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Vec<FieldChange> {
    let text = |fields: &Map<String, Value>, name: &str| {
        let value = fields.get(name)?.as_str()?;
        Some(masks::value(id, name, value))
    };
    id.dataset()
        .fields
        .iter()
        .filter(|field| before.get(field.name) != after.get(field.name))
        .map(|field| FieldChange {
            field: field.name.into(),
            before: text(before, field.name),
            after: text(after, field.name),
            masked: masks::is_masked(id, field.name),
        })
        .collect()
}

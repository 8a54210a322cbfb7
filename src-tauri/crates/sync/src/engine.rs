//! The run itself: datasets in order, pages ahead of the writer, states at the end.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::rules::scale_is_reversed;
use zhengqiao_domain::{Check, CompiledMapping, DatasetId, RuleSet};
use zhengqiao_exchange::{
    DatasetSource, ExchangeError, Fault, Incremental, IncrementalState, Limits, Position, Profile,
    Provider, Receipt, RequestBegun, RequestEntry, RequestObserver, Scope, Secrets, Slip,
};
use zhengqiao_store::run::{self, Counts, NewRun, Progress, RequestRow, RunDatasetRow, RunRow};
use zhengqiao_store::{
    Cache, StoreError, Transaction, connection, hash, hold, run_cause, run_scope, source, undone,
};

use crate::batch::Desk;
use crate::drift::{self, Fields};
use crate::dry;
use crate::error::SyncError;
use crate::fair::Going;
use crate::guard;
use crate::ignored;
use crate::mend;
use crate::owner;
use crate::prepare::{Prepared, prepare_noting};
use crate::present::Present;
use crate::recheck;
use crate::replay;
use crate::rest;
use crate::retention;
use crate::scope::RunScope;
use crate::state::{RunMode, StateWord};
use crate::trace;
use crate::undo;

/// Rows of one transaction, if they come fast.
const COMMIT_ROWS: usize = 20_000;
/// Time between two transactions, if rows come slowly.
const COMMIT_EVERY: Duration = Duration::from_millis(700);
/// Pages fetched and checked ahead of the writer.
const PAGES_AHEAD: usize = 3;
/// Readings of a dataset whose rows move between pages.
const MAX_PASSES: i64 = 3;
/// Reviews with details that it takes to judge the satisfaction scale.
const SCALE_EVIDENCE: u64 = 20;

/// What is to be run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The connection.
    pub connection_id: i64,
    /// Its datasets; empty means all that it carries.
    pub datasets: Vec<DatasetId>,
    /// Everything or what changed.
    pub mode: RunMode,
    /// What it covers besides.
    pub scope: RunScope,
    /// Who asked for it: a person, a schedule.
    pub asked_by: String,
    /// Now, unix ms.
    pub now_ms: i64,
}

impl RunOptions {
    /// A run over all that a mode covers.
    pub fn new(connection_id: i64, mode: RunMode, now_ms: i64) -> Self {
        Self {
            connection_id,
            datasets: Vec::new(),
            mode,
            scope: RunScope::default(),
            asked_by: String::new(),
            now_ms,
        }
    }
}

/// A run that may begin or go on.
#[derive(Debug, Clone)]
pub struct Started {
    /// Its number.
    pub run_id: i64,
    /// Whether it was interrupted before.
    pub resumed: bool,
}

/// Where a dataset of a run goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    pub walk: Position,
    pub drifted: bool,
    /// The fields of the rows that were read.
    pub fields: Fields,
}

/// This process, as the owner of a run.
pub(crate) fn owner() -> String {
    owner::this_process().to_owned()
}

/// Whether the process that runs a run still lives, as far as can be told.
pub fn has_process(run: &RunRow, now_ms: i64) -> bool {
    owner::lives(&run.owner, run.heartbeat_at, now_ms)
}

/// What is said of a run that has a process.
pub(crate) fn already_running(run: &RunRow) -> SyncError {
    SyncError::AlreadyRunning {
        run_id: run.id,
        owner: owner::in_words(&run.owner),
        since: moment::canonical(local(run.started_at)),
    }
}

/// A moment in UTC+8 of unix ms.
pub(crate) fn local(ms: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .naive_utc()
        + chrono::Duration::hours(8)
}

pub(crate) fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// The version of a profile's rule set.
///
/// # Errors
/// [`StoreError::Content`] for settings that cannot be written.
pub fn rule_set(profile: &Profile) -> Result<String, StoreError> {
    let rule_set = hash::of_bytes(serde_json::to_string(&profile.rules)?.as_bytes());
    Ok(rule_set
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Registers a run, or takes over the connection's interrupted one.
///
/// # Errors
/// [`SyncError::AlreadyRunning`] while another process runs the connection.
pub fn start(cache: &Cache, options: RunOptions) -> Result<Started, SyncError> {
    cache.write_blocking(move |tx| register(tx, options))?
}

/// [`start`] within a transaction.
pub(crate) fn register(
    tx: &Transaction<'_>,
    options: RunOptions,
) -> Result<Result<Started, SyncError>, StoreError> {
    let Some(row) = connection::get(tx, options.connection_id)? else {
        return Ok(Err(SyncError::NoConnection(options.connection_id)));
    };
    if let Some(run) = run::unfinished(tx, options.connection_id)? {
        if has_process(&run, options.now_ms) {
            return Ok(Err(already_running(&run)));
        }
        if mend::asks(tx, run.id)? {
            // Only a person's answer lets it go on.
            return Ok(Err(SyncError::Unfinished(run.id)));
        }
        hold::take_up(tx, run.id, &owner(), options.now_ms)?;
        return Ok(Ok(Started {
            run_id: run.id,
            resumed: true,
        }));
    }
    let profile: Profile = serde_json::from_str(&row.profile)?;
    let scope = match options.scope.checked(local(options.now_ms)) {
        Ok(scope) => scope,
        Err(error) => return Ok(Err(error)),
    };
    let datasets = match scope.datasets(&profile, options.datasets) {
        Ok(datasets) => datasets,
        Err(error) => return Ok(Err(error)),
    };
    let rule_set = rule_set(&profile)?;
    let until = match &scope.replays {
        Some(replay) => replay.until.clone(),
        None => moment::canonical(local(options.now_ms)),
    };
    let run_id = run::insert(
        tx,
        &NewRun {
            connection_id: options.connection_id,
            mode: options.mode.as_str(),
            at: options.now_ms,
            owner: &owner(),
            until: &until,
            profile_version: row.profile_version,
            rule_set: &rule_set,
        },
    )?;
    let kept = match run_scope_text(&scope) {
        Ok(kept) => kept,
        Err(error) => return Ok(Err(error)),
    };
    run_scope::set(tx, run_id, kept.as_deref(), &options.asked_by)?;
    for dataset in datasets {
        let source_id = source::ensure(tx, options.connection_id, dataset)?;
        run::insert_dataset(tx, run_id, source_id, dataset)?;
    }
    Ok(Ok(Started {
        run_id,
        resumed: false,
    }))
}

/// Keeps the requests until they are written with the next rows.
#[derive(Default)]
struct Log(Mutex<Vec<RequestRow>>, Present);

impl Log {
    fn take(&self) -> Vec<RequestRow> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RequestObserver for Log {
    fn begun(&self, request: RequestBegun) {
        self.1.begun(request);
    }

    fn request(&self, entry: RequestEntry) {
        self.1.ended();
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(RequestRow {
                dataset: entry.dataset,
                at: entry.at_ms,
                method: entry.method.to_owned(),
                url: entry.url,
                status: entry.status.map(i64::from),
                ms: number(entry.ms),
                bytes: number(entry.bytes),
                records: number(entry.records),
                attempt: i64::from(entry.attempt),
                outcome: entry.outcome.to_owned(),
                sent: entry.headers.sent,
                received: entry.headers.received,
            });
    }
}

/// How a dataset's part ended, before its counters are judged.
enum End {
    Read {
        cursor: Option<String>,
        drifted: bool,
    },
    Cancelled,
    /// Somebody asked it to wait.
    Paused,
    /// Too many rows were rejected to go on without a person.
    Guarded,
    Failed(ExchangeError),
}

/// What a commit says of how to go on.
struct Committed {
    cancelled: bool,
    paused: bool,
    guarded: bool,
    /// What became of each row.
    receipts: Vec<Receipt>,
}

struct Engine {
    cache: Cache,
    provider: Arc<Provider>,
    log: Arc<Log>,
    profile: Profile,
    rules: Arc<RuleSet>,
    run: RunRow,
    scope: RunScope,
    /// The dry run whose rows are taken in place of the provider's.
    replay: Option<Cache>,
    /// Whether this is a dry run itself: nothing is written back to the provider.
    dry: bool,
    now: NaiveDateTime,
    going: Going,
}

/// Runs a started run to its end and returns its state.
///
/// # Errors
/// The cache's. A provider's failure is the state `failed`, not an error.
pub async fn run(cache: &Cache, run_id: i64, secrets: Secrets) -> Result<StateWord, SyncError> {
    let (row, parts, profile, scope, dry) = cache
        .read(move |conn| {
            let row = run::get(conn, run_id)?
                .ok_or_else(|| StoreError::Content(format!("there is no run {run_id}")))?;
            let connection = connection::get(conn, row.connection_id)?
                .ok_or_else(|| StoreError::Content(format!("run {run_id} has no connection")))?;
            let scope = dry::scope_of(conn, run_id)?;
            let dry = zhengqiao_store::dry_row::is_of(conn)?;
            Ok((
                row,
                run::datasets(conn, run_id)?,
                connection.profile,
                scope,
                dry,
            ))
        })
        .await?;
    if row.mode == undo::UNDO {
        return undo::run(cache, row).await;
    }
    if row.mode == mend::REVALIDATION {
        return mend::run(cache, row).await;
    }
    if !dry {
        ignored::open_expired(cache, &ignored::today(row.started_at), now_ms()).await?;
    }
    let profile: Profile = serde_json::from_str(&profile).map_err(StoreError::from)?;
    let log = Arc::new(Log::default());
    let provider = match Provider::new(&profile, secrets, log.clone()) {
        Ok(provider) => provider,
        Err(error) => {
            finish(
                cache,
                run_id,
                StateWord::Failed,
                Some((error.code().to_owned(), error.to_string())),
            )
            .await?;
            return Ok(StateWord::Failed);
        }
    };
    let replay = match &scope.replays {
        None => None,
        Some(replay) => {
            let (real, dry_id) = (cache.clone(), replay.dry_id);
            let opened = tokio::task::spawn_blocking(move || dry::open(&real, dry_id)).await;
            match opened {
                Ok(Ok(dry)) => Some(dry),
                Ok(Err(error @ SyncError::NoDryRun(_))) => {
                    let cause = Some(("dry_run_gone".to_owned(), error.to_string()));
                    finish(cache, run_id, StateWord::Failed, cause).await?;
                    return Ok(StateWord::Failed);
                }
                Ok(Err(error)) => return Err(error),
                Err(error) => return Err(SyncError::Interrupted(error.to_string())),
            }
        }
    };
    let engine = Engine {
        cache: cache.clone(),
        provider: Arc::new(provider),
        log,
        rules: Arc::new(RuleSet::new(&profile.rules)),
        now: local(
            scope
                .replays
                .as_ref()
                .map_or(row.started_at, |replay| replay.judged_at_ms),
        ),
        profile,
        run: row,
        scope,
        replay,
        dry,
        going: Going::one_more(),
    };
    engine.go(parts).await
}

async fn finish(
    cache: &Cache,
    run_id: i64,
    state: StateWord,
    cause: Option<(String, String)>,
) -> Result<(), SyncError> {
    cache
        .write(move |tx| {
            let cause = cause
                .as_ref()
                .map(|(code, message)| (code.as_str(), message.as_str()));
            let at = now_ms();
            hold::sign_of_life(tx, run_id, &owner(), at)?;
            run::finish(tx, run_id, state.as_str(), cause, at)
        })
        .await?;
    Ok(())
}

impl Engine {
    async fn go(&self, parts: Vec<RunDatasetRow>) -> Result<StateWord, SyncError> {
        let mut worst = StateWord::Succeeded;
        let mut cause: Option<(String, String)> = None;
        let mut barred: Option<ExchangeError> = None;
        for part in &parts {
            let ended = StateWord::by_name(&part.state).filter(|_| part.ended_at.is_some());
            let (state, why) = match (ended, &barred) {
                (Some(state), _) => (state, part.code.clone().zip(part.message.clone())),
                (None, Some(error)) => self.close(part, End::Failed(error.clone())).await?,
                (None, None) => {
                    let end = self.dataset(part).await?;
                    if matches!(end, End::Paused) {
                        return self.rest().await;
                    }
                    if let End::Failed(error) = &end
                        && bars_all(error)
                    {
                        barred = Some(error.clone());
                    }
                    self.close(part, end).await?
                }
            };
            if state > worst {
                worst = state;
                cause = why;
            }
            if state == StateWord::Cancelled {
                break;
            }
        }
        if worst != StateWord::Cancelled {
            self.recheck_others(&parts).await?;
        }
        finish(&self.cache, self.run.id, worst, cause).await?;
        retention::forget(
            &self.cache,
            self.run.connection_id,
            &self.profile.limits,
            now_ms(),
        )
        .await?;
        Ok(worst)
    }

    /// Waits for whoever takes the run up again.
    async fn rest(&self) -> Result<StateWord, SyncError> {
        let (run_id, wished) = (self.run.id, !rest::is_leaving());
        self.cache
            .write(move |tx| {
                hold::sign_of_life(tx, run_id, &owner(), now_ms())?;
                hold::let_go(tx, run_id, wished)
            })
            .await?;
        Ok(StateWord::Paused)
    }

    /// Reads one dataset, as often as its rows move.
    async fn dataset(&self, part: &RunDatasetRow) -> Result<End, SyncError> {
        let Some(source) = self.profile.datasets.get(&part.dataset) else {
            let what = format!("the connection no longer carries {}", part.dataset);
            return Ok(End::Failed(ExchangeError::Settings {
                field: "datasets".into(),
                what,
            }));
        };
        let described = &self.scope.over(source);
        let mapping = match CompiledMapping::new(part.dataset, &described.mapping) {
            Ok(mapping) => Arc::new(mapping),
            Err(error) => {
                return Ok(End::Failed(ExchangeError::Settings {
                    field: "mapping".into(),
                    what: error.to_string(),
                }));
            }
        };
        let (run_id, source_id) = (part.run_id, part.source_id);
        let scope = self.scope(described, source_id).await?;
        self.cache
            .write(move |tx| {
                run::set_dataset_state(
                    tx,
                    run_id,
                    source_id,
                    StateWord::Running.as_str(),
                    None,
                    now_ms(),
                )
            })
            .await?;
        let mut place: Place = part
            .position
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let mut pass = part.pass;
        let end = loop {
            let end = self
                .pages(part, described, &mapping, &scope, &mut place)
                .await?;
            let End::Read { drifted: true, .. } = end else {
                break end;
            };
            // The rows of a dry run hold all its readings.
            if pass >= MAX_PASSES || self.replay.is_some() {
                break end;
            }
            pass += 1;
            place = Place::default();
            self.cache
                .write(move |tx| run::begin_pass(tx, run_id, source_id, pass))
                .await?;
        };
        if matches!(end, End::Read { .. }) {
            self.recheck(part.dataset, source_id, &mapping).await?;
        }
        Ok(end)
    }

    async fn scope(&self, described: &DatasetSource, source_id: i64) -> Result<Scope, SyncError> {
        if let Some(scope) = self.scope.narrowed() {
            return Ok(scope);
        }
        if self.run.mode != RunMode::Incremental.as_str() {
            return Ok(Scope::Full);
        }
        let connection_id = self.run.connection_id;
        let kept = self
            .cache
            .read(move |conn| {
                let rows = source::list(conn, Some(connection_id))?;
                Ok(rows
                    .into_iter()
                    .find(|row| row.id == source_id)
                    .and_then(|row| row.incremental_state))
            })
            .await?;
        Ok(incremental_scope(described, kept.as_deref()))
    }

    /// One reading of a dataset's pages: fetched, checked and committed on three stages.
    async fn pages(
        &self,
        part: &RunDatasetRow,
        described: &DatasetSource,
        mapping: &Arc<CompiledMapping>,
        scope: &Scope,
        place: &mut Place,
    ) -> Result<End, SyncError> {
        let (fetched, mut to_check) = mpsc::channel(PAGES_AHEAD);
        let resume = (place.walk != Position::default()).then(|| place.walk.clone());
        let replayed = self.replay.clone().map(|dry| (dry, place.walk.clone()));
        let dataset = part.dataset;
        let mut walk = self.provider.walk(
            part.dataset,
            described,
            scope.clone(),
            &self.run.until,
            resume,
        );
        let provider = self.provider.clone();
        let fetcher = tokio::spawn(async move {
            if let Some((dry, from)) = replayed {
                return replay::feed(dry, dataset, from, fetched).await;
            }
            loop {
                let page = provider.next(&mut walk).await.transpose();
                let ends = !matches!(page, Some(Ok(_)));
                let Some(page) = page else { break };
                if fetched.send(page).await.is_err() || ends {
                    break;
                }
            }
        });
        let (checked, mut to_commit) = mpsc::channel(PAGES_AHEAD);
        let (rules, mapping, dataset, now) =
            (self.rules.clone(), mapping.clone(), part.dataset, self.now);
        let checker = tokio::spawn(async move {
            while let Some(page) = to_check.recv().await {
                let (rules, mapping) = (rules.clone(), mapping.clone());
                let work = tokio::task::spawn_blocking(move || {
                    page.map(|page| {
                        let check = Check::new(&rules, now);
                        let mut fields = Fields::default();
                        let rows: Vec<Prepared> = (0..page.records.len())
                            .map(|at| {
                                let raw = page.raw(at);
                                prepare_noting(raw, &mapping, dataset, &check, &rules, |row| {
                                    fields.note(row);
                                })
                            })
                            .collect();
                        Ready {
                            fields,
                            rows,
                            position: page.position_after,
                            drifted: page.drift.is_some(),
                            total: page.total,
                            slips: page.slips,
                        }
                    })
                });
                let Ok(ready) = work.await else { break };
                if checked.send(ready).await.is_err() {
                    break;
                }
            }
        });
        let end = self.commits(part, described, place, &mut to_commit).await;
        fetcher.abort();
        checker.abort();
        end
    }

    async fn commits(
        &self,
        part: &RunDatasetRow,
        described: &DatasetSource,
        place: &mut Place,
        ready: &mut mpsc::Receiver<Checked>,
    ) -> Result<End, SyncError> {
        let mut rows: Vec<Prepared> = Vec::new();
        let mut slips: Vec<Slip> = Vec::new();
        let mut progress = Progress::default();
        let mut since = Instant::now();
        loop {
            let next = tokio::time::timeout(COMMIT_EVERY, ready.recv()).await;
            let mut failed = None;
            let mut ended = false;
            match next {
                Ok(Some(Ok(page))) => {
                    if rows.is_empty() {
                        since = Instant::now();
                    }
                    rows.extend(page.rows);
                    slips.extend(page.slips);
                    progress.pages += 1;
                    progress.provider_total =
                        page.total.and_then(|total| i64::try_from(total).ok());
                    place.walk = page.position;
                    place.drifted |= page.drifted;
                    place.fields.add(page.fields);
                }
                Ok(Some(Err(error))) => failed = Some(error),
                Ok(None) => ended = true,
                // Nothing came for a while: what there is, is written.
                Err(_) => {}
            }
            let due = failed.is_some()
                || ended
                || rows.len() >= COMMIT_ROWS / self.going.number()
                || (self.replay.is_some() && progress.pages > 0)
                || since.elapsed() >= COMMIT_EVERY;
            if !due {
                continue;
            }
            let committed = self
                .commit(
                    part,
                    std::mem::take(&mut rows),
                    std::mem::take(&mut progress),
                    place,
                    &slips,
                )
                .await?;
            since = Instant::now();
            // Only what is kept here is receipted; after a break before this, the rows come again.
            let told: Vec<_> = slips.drain(..).zip(committed.receipts).collect();
            if !self.dry
                && let Err(error) = self
                    .provider
                    .acknowledge(part.dataset, described, told)
                    .await
            {
                failed.get_or_insert(error);
            }
            if let Some(error) = failed {
                return Ok(End::Failed(error));
            }
            if ended {
                if !place.walk.ended {
                    return Err(SyncError::Interrupted(format!(
                        "{} was not read to its end",
                        part.dataset
                    )));
                }
                return Ok(End::Read {
                    cursor: place.walk.cursor.clone(),
                    drifted: place.drifted,
                });
            }
            if committed.cancelled {
                return Ok(End::Cancelled);
            }
            if committed.paused {
                return Ok(End::Paused);
            }
            if committed.guarded {
                return Ok(End::Guarded);
            }
        }
    }

    /// One transaction: rows, counters, position, log, sign of life.
    async fn commit(
        &self,
        part: &RunDatasetRow,
        rows: Vec<Prepared>,
        mut progress: Progress,
        place: &Place,
        slips: &[Slip],
    ) -> Result<Committed, SyncError> {
        let slips = if self.dry { slips.to_vec() } else { Vec::new() };
        let requests = self.log.take();
        let present = self.log.1.json();
        let position = serde_json::to_string(place).map_err(StoreError::from)?;
        let (rules, now, run_id, connection_id) = (
            self.rules.clone(),
            self.now,
            self.run.id,
            self.run.connection_id,
        );
        let (dataset, source_id) = (part.dataset, part.source_id);
        let limits = self.profile.limits.clone();
        Ok(self
            .cache
            .write(move |tx| {
                let at = now_ms();
                let check = Check::new(&rules, now);
                let mut receipts = Vec::new();
                if progress.pages > 0 {
                    let desk = Desk::new(
                        tx,
                        connection_id,
                        dataset,
                        run_id,
                        at,
                        &moment::canonical(now),
                    )?
                    .guarded(tx, &limits)?;
                    receipts = desk.commit(tx, &check, rows, &mut progress)?;
                    if !slips.is_empty() {
                        trace::slips(tx, source_id, &slips)?;
                    }
                    progress.position = Some(position);
                    run::progress(tx, run_id, source_id, &progress, at)?;
                }
                run::log_requests(tx, run_id, &requests)?;
                hold::note_request(tx, run_id, present.as_deref())?;
                let counts = run::dataset_counts(tx, run_id, source_id)?;
                Ok(Committed {
                    cancelled: run::heartbeat(tx, run_id, &owner(), at)?,
                    paused: rest::is_leaving() || hold::standing(tx, run_id)?.pause_requested,
                    guarded: limits.is_reject_rate_exceeded(counts.fetched, counts.rejected)
                        && !guard::passed_over(tx, run_id, source_id)?.contains("reject_rate"),
                    receipts,
                })
            })
            .await?)
    }

    /// Checks the held rows of a source again, and rejects those that waited too long.
    async fn recheck(
        &self,
        dataset: DatasetId,
        source_id: i64,
        mapping: &Arc<CompiledMapping>,
    ) -> Result<(), SyncError> {
        let waiting = chrono::Duration::hours(i64::from(self.profile.limits.held_waiting_hours))
            .num_milliseconds();
        let before_ms = self.run.started_at - waiting;
        let mut after = Some(0);
        let mut more = true;
        while after.is_some() || more {
            let (rules, now, run_id, connection_id) = (
                self.rules.clone(),
                self.now,
                self.run.id,
                self.run.connection_id,
            );
            let mapping = mapping.clone();
            let outcome = self
                .cache
                .write(move |tx| {
                    let at = now_ms();
                    let check = Check::new(&rules, now);
                    let desk = Desk::new(
                        tx,
                        connection_id,
                        dataset,
                        run_id,
                        at,
                        &moment::canonical(now),
                    )?;
                    let mut progress = Progress::default();
                    let next = match after {
                        Some(after) => match recheck::due(
                            tx,
                            &desk,
                            &mapping,
                            &check,
                            &rules,
                            after,
                            &mut progress,
                        ) {
                            Ok(next) => next,
                            Err(SyncError::Store(error)) => return Err(error),
                            Err(error) => return Err(StoreError::Content(error.to_string())),
                        },
                        None => None,
                    };
                    let more = next.is_none()
                        && recheck::overdue(tx, &desk, &rules, before_ms, &mut progress)?;
                    run::progress(tx, run_id, source_id, &progress, at)?;
                    hold::sign_of_life(tx, run_id, &owner(), at)?;
                    Ok((next, more))
                })
                .await?;
            (after, more) = outcome;
        }
        Ok(())
    }

    /// Rows of datasets that the run did not read may wait for what it brought.
    async fn recheck_others(&self, parts: &[RunDatasetRow]) -> Result<(), SyncError> {
        let connection_id = self.run.connection_id;
        let sources = self
            .cache
            .read(move |conn| source::list(conn, Some(connection_id)))
            .await?;
        for other in sources {
            let Some(described) = self.profile.datasets.get(&other.dataset) else {
                continue;
            };
            if other.held == 0 || parts.iter().any(|part| part.source_id == other.id) {
                continue;
            }
            if let Ok(mapping) = CompiledMapping::new(other.dataset, &described.mapping) {
                self.recheck(other.dataset, other.id, &Arc::new(mapping))
                    .await?;
            }
        }
        Ok(())
    }

    /// Judges a dataset's part, writes its state, and where the next incremental run begins.
    async fn close(
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
                run::log_requests(tx, run_id, &requests)?;
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

/// What an incremental reading covers: everything where nothing is known of an earlier one.
pub(crate) fn incremental_scope(described: &DatasetSource, kept: Option<&str>) -> Scope {
    let state = kept.and_then(|text| serde_json::from_str::<IncrementalState>(text).ok());
    let (Some(incremental), Some(mut state)) = (&described.incremental, state) else {
        return Scope::Full;
    };
    if let (Incremental::Window { overlap_s, .. }, Some(since)) = (incremental, &state.since)
        && let Some(moment::Parsed::At(at)) = moment::parse(since)
    {
        state.since = Some(moment::canonical(
            at - chrono::Duration::seconds(i64::from(*overlap_s)),
        ));
    }
    Scope::Incremental(state)
}

/// What a run covers besides its mode, as it is kept with the run.
fn run_scope_text(scope: &RunScope) -> Result<Option<String>, SyncError> {
    Ok((*scope != RunScope::default())
        .then(|| serde_json::to_string(scope))
        .transpose()
        .map_err(StoreError::from)?)
}

/// The fields of the rows of a part, as its position keeps them.
fn fields_of(part: &RunDatasetRow) -> Fields {
    part.position
        .as_deref()
        .and_then(|text| serde_json::from_str::<Place>(text).ok())
        .unwrap_or_default()
        .fields
}

/// A checked page.
struct Ready {
    fields: Fields,
    rows: Vec<Prepared>,
    position: Position,
    drifted: bool,
    total: Option<u64>,
    slips: Vec<Slip>,
}

type Checked = Result<Ready, ExchangeError>;

/// Whether every other dataset would fail in the same way.
fn bars_all(error: &ExchangeError) -> bool {
    matches!(
        error,
        ExchangeError::Request {
            fault: Fault::NameResolution | Fault::Connect | Fault::Tls | Fault::Unauthorised,
            ..
        }
    )
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

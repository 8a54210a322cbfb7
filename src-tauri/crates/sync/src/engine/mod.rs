//! The run itself: datasets in order, pages ahead of the writer, states at the end.

mod checking;
mod close;
mod commit;
mod log;
mod packing;
mod read;
mod start;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use chrono::NaiveDateTime;
use zhengqiao_domain::RuleSet;
use zhengqiao_exchange::{ExchangeError, Fault, Profile, Provider, Secrets};
use zhengqiao_store::run::{self, RunDatasetRow, RunRow};
use zhengqiao_store::sieve::Sieve;
use zhengqiao_store::{Cache, StoreError, connection, hold};

use self::log::Log;
pub(crate) use self::read::{Place, incremental_scope};
pub use self::start::{RunOptions, Started, has_process, rule_set, start};
pub(crate) use self::start::{already_running, local, now_ms, owner, register};
use crate::dry;
use crate::error::SyncError;
use crate::fair::Going;
use crate::ignored;
use crate::mend;
use crate::rest;
use crate::retention;
use crate::scope::RunScope;
use crate::state::StateWord;
use crate::undo;

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
    /// Whether most rows of late were new or changed: what is kept of them is then written ahead.
    mostly_new: Arc<AtomicBool>,
    /// What the source that is read certainly does not have.
    sieve: Arc<Mutex<Option<Sieve>>>,
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
        mostly_new: Arc::new(AtomicBool::new(true)),
        sieve: Arc::default(),
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
}

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

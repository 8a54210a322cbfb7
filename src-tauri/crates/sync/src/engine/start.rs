//! Registering a run, or taking up the connection's interrupted one; whose it is.

use chrono::{DateTime, NaiveDateTime};
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;
use zhengqiao_exchange::Profile;
use zhengqiao_store::run::{self, NewRun, RunRow};
use zhengqiao_store::{Cache, StoreError, Transaction, connection, hash, hold, run_scope, source};

use crate::error::SyncError;
use crate::mend;
use crate::owner;
use crate::scope::RunScope;
use crate::state::RunMode;

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
    Ok(hex::encode(&rule_set[..6]))
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

/// What a run covers besides its mode, as it is kept with the run.
pub(super) fn run_scope_text(scope: &RunScope) -> Result<Option<String>, SyncError> {
    Ok((*scope != RunScope::default())
        .then(|| serde_json::to_string(scope))
        .transpose()
        .map_err(StoreError::from)?)
}

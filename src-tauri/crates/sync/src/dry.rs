//! Dry runs: the real engine over a scratch cache that can only read the real one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::Secrets;
use zhengqiao_store::dry_row::{self, Covered, DryRunRow, Fate};
use zhengqiao_store::run::{RunDatasetRow, RunRow};
use zhengqiao_store::{Cache, StoreError, connection, run, run_scope, scratch, source};

use crate::engine::{self, Place, RunOptions, Started, has_process};
use crate::error::SyncError;
use crate::scope::{Replay, RunScope};
use crate::state::{RunMode, StateWord};

/// The directory of dry runs beside a cache.
pub const DIRECTORY: &str = "dry-runs";

/// The file of a dry run, from the real cache or from a scratch cache beside it.
pub fn path_of(cache: &Path, dry_id: i64) -> PathBuf {
    let beside = cache.parent().unwrap_or(Path::new(""));
    let directory = if beside.file_name().is_some_and(|name| name == DIRECTORY) {
        beside.to_path_buf()
    } else {
        beside.join(DIRECTORY)
    };
    directory.join(format!("{dry_id}.db"))
}

/// Takes the files of a dry run away; says whether there was one.
///
/// # Errors
/// The disk's.
pub fn discard(real: &Path, dry_id: i64) -> std::io::Result<bool> {
    let path = path_of(real, dry_id);
    let was = path.exists();
    for end in ["db", "db-wal", "db-shm"] {
        match std::fs::remove_file(path.with_extension(end)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(was)
}

/// The numbers of the dry runs beside a cache, newest first.
pub fn list(real: &Path) -> Vec<i64> {
    let path = path_of(real, 0);
    let Some(Ok(entries)) = path.parent().map(std::fs::read_dir) else {
        return Vec::new();
    };
    let mut ids: Vec<i64> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str()?.strip_suffix(".db")?.parse().ok()
        })
        .collect();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids
}

/// Opens the scratch cache of a dry run that is there.
///
/// # Errors
/// [`SyncError::NoDryRun`], or the cache's.
pub fn open(real: &Cache, dry_id: i64) -> Result<Cache, SyncError> {
    let path = path_of(real.path(), dry_id);
    if !path.exists() {
        return Err(SyncError::NoDryRun(dry_id));
    }
    Ok(real.scratch_at(&path)?)
}

/// Registers a dry run in a new scratch cache. The real cache is only read.
///
/// # Errors
/// [`SyncError::AlreadyRunning`] while the connection is being run; what [`engine::start`] refuses.
pub fn start(real: &Cache, options: RunOptions) -> Result<(Cache, Started), SyncError> {
    let dry_id = options.now_ms;
    start_as(real, options, dry_id)
}

fn start_as(real: &Cache, options: RunOptions, dry_id: i64) -> Result<(Cache, Started), SyncError> {
    let (connection_id, now_ms) = (options.connection_id, options.now_ms);
    let (active, mark) = real.read_blocking(|conn| {
        if connection::get(conn, connection_id)?.is_none() {
            return Ok((None, None));
        }
        let active = run::unfinished(conn, connection_id)?.filter(|run| has_process(run, now_ms));
        Ok((active, Some(scratch::mark(conn, connection_id)?)))
    })?;
    let Some(mark) = mark else {
        return Err(SyncError::NoConnection(connection_id));
    };
    if let Some(run) = active {
        return Err(engine::already_running(&run));
    }
    let path = path_of(real.path(), dry_id);
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(|source| StoreError::File {
            path: directory.to_path_buf(),
            source,
        })?;
    }
    let cache = real.scratch_at(&path)?;
    let verifies = options.mode == RunMode::Verify;
    let begun = cache.write_blocking(move |tx| {
        scratch::begin(tx, connection_id, now_ms)?;
        let started = match engine::register(tx, options)? {
            Ok(started) => started,
            Err(error) => return Ok(Err(error)),
        };
        dry_row::begin(
            tx,
            &DryRunRow {
                id: dry_id,
                connection_id,
                run_id: started.run_id,
                started_at: now_ms,
                verifies,
                mark,
                applied_run_id: None,
            },
        )?;
        Ok(Ok(started))
    });
    match begun {
        Ok(Ok(started)) => Ok((cache, started)),
        Ok(Err(error)) => {
            drop(cache);
            // What is left is taken away with the next sweep.
            let _ = discard(real.path(), dry_id);
            Err(error)
        }
        Err(error) => Err(error.into()),
    }
}

/// Runs a started dry run to its end and returns its state. Nothing is written back to the provider.
///
/// # Errors
/// The cache's.
pub async fn run_dry(cache: &Cache, run_id: i64, secrets: Secrets) -> Result<StateWord, SyncError> {
    let state = engine::run(cache, run_id, secrets).await?;
    let verifies = cache
        .read(|conn| Ok(dry_row::dry_run(conn)?.is_some_and(|row| row.verifies)))
        .await?;
    if verifies {
        cache
            .write(move |tx| {
                let scope = scope_of(tx, run_id)?;
                for part in run::datasets(tx, run_id)? {
                    if is_read(&part) && scope.ids.is_empty() {
                        look_for_surplus(tx, &part, &scope)?;
                    }
                }
                Ok(())
            })
            .await?;
    }
    Ok(state)
}

fn look_for_surplus(
    tx: &zhengqiao_store::Transaction<'_>,
    part: &RunDatasetRow,
    scope: &RunScope,
) -> Result<(), StoreError> {
    let dataset = part.dataset.dataset();
    let filters = [
        (dataset.department, &scope.filters.department),
        (dataset.region, &scope.filters.region),
    ];
    let equals: Vec<(&str, &str)> = filters
        .iter()
        .filter_map(|(field, value)| Some(((*field)?, value.as_deref()?)))
        .collect();
    dry_row::find_surplus(
        tx,
        part.source_id,
        dataset.key,
        &Covered {
            from: scope.window.as_ref().map(|window| window.from.as_str()),
            to: scope.window.as_ref().map(|window| window.to.as_str()),
            equals: &equals,
        },
    )?;
    Ok(())
}

/// What a run covers.
///
/// # Errors
/// SQLite's.
pub fn scope_of(conn: &zhengqiao_store::Connection, run_id: i64) -> Result<RunScope, StoreError> {
    Ok(run_scope::get(conn, run_id)?
        .map(|text| serde_json::from_str(&text))
        .transpose()?
        .unwrap_or_default())
}

/// Whether a part of a run was read to its end.
fn is_read(part: &RunDatasetRow) -> bool {
    part.position
        .as_deref()
        .and_then(|text| serde_json::from_str::<Place>(text).ok())
        .is_some_and(|place| place.walk.ended)
}

/// Rows of one dataset that would now fare otherwise than in the dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// The dataset.
    pub dataset: DatasetId,
    /// What would have become of them.
    pub was: Fate,
    /// What would become of them now.
    pub now: Fate,
    /// How many.
    pub rows: u64,
}

/// What the real run of a dry run's data is started with. When something was done to the connection
/// since, the rows go through a second dry run first; the real run is refused unless every row fares
/// as it did.
///
/// # Errors
/// [`SyncError::NotApplicable`] saying why, [`SyncError::MovedOn`] with what differs, or the cache's.
pub async fn to_apply(
    real: &Cache,
    dry_id: i64,
    secrets: Secrets,
    now_ms: i64,
) -> Result<RunOptions, SyncError> {
    let opened = real.clone();
    let dry = tokio::task::spawn_blocking(move || open(&opened, dry_id))
        .await
        .map_err(|error| SyncError::Interrupted(error.to_string()))??;
    let (row, first, parts, scope) = dry
        .read(move |conn| {
            let gone = || StoreError::Content(format!("dry run {dry_id} is not complete"));
            let row = dry_row::dry_run(conn)?.ok_or_else(gone)?;
            let first = run::get(conn, row.run_id)?.ok_or_else(gone)?;
            let parts = run::datasets(conn, row.run_id)?;
            let scope = scope_of(conn, row.run_id)?;
            Ok((row, first, parts, scope))
        })
        .await?;
    let options = options(&row, &first, &parts, scope, now_ms)?;
    let connection_id = row.connection_id;
    let (mark, waiting) = real
        .read(move |conn| {
            Ok((
                scratch::mark(conn, connection_id)?,
                run::unfinished(conn, connection_id)?,
            ))
        })
        .await?;
    if let Some(run) = waiting {
        if has_process(&run, now_ms) {
            return Err(engine::already_running(&run));
        }
        return Err(SyncError::NotApplicable {
            dry_id,
            why: format!("run {} was interrupted; go on with it first", run.id),
        });
    }
    if mark != row.mark {
        let differs = compare(real, &dry, options.clone(), secrets).await?;
        if !differs.is_empty() {
            return Err(SyncError::MovedOn { dry_id, differs });
        }
    }
    Ok(options)
}

fn options(
    row: &DryRunRow,
    first: &RunRow,
    parts: &[RunDatasetRow],
    mut scope: RunScope,
    now_ms: i64,
) -> Result<RunOptions, SyncError> {
    let refuse = |why: String| {
        Err(SyncError::NotApplicable {
            dry_id: row.id,
            why,
        })
    };
    if let Some(run_id) = row.applied_run_id {
        return refuse(format!("it was turned into run {run_id} already"));
    }
    if first.ended_at.is_none() {
        return refuse("it has not ended".into());
    }
    let unread = parts
        .iter()
        .find(|part| !is_read(part) || part.state == StateWord::Failed.as_str());
    if let Some(part) = unread {
        return refuse(format!(
            "{} was not read to its end ({}); start another dry run",
            part.dataset, part.state
        ));
    }
    let judged_at_ms = scope
        .replays
        .as_ref()
        .map_or(first.started_at, |replay| replay.judged_at_ms);
    scope.replays = Some(Replay {
        dry_id: row.id,
        judged_at_ms,
        until: first.until.clone(),
    });
    Ok(RunOptions {
        connection_id: row.connection_id,
        datasets: parts.iter().map(|part| part.dataset).collect(),
        mode: match RunMode::by_name(&first.mode) {
            Some(RunMode::Incremental) => RunMode::Incremental,
            _ => RunMode::Full,
        },
        scope,
        asked_by: String::new(),
        now_ms,
    })
}

/// The rows of a dry run that would fare otherwise now, by a second dry run over the same rows.
async fn compare(
    real: &Cache,
    dry: &Cache,
    options: RunOptions,
    secrets: Secrets,
) -> Result<Vec<Differs>, SyncError> {
    // No dry run that was asked for has a number below zero.
    let check_id = -options.now_ms;
    let opened = real.clone();
    let (second, started) =
        tokio::task::spawn_blocking(move || start_as(&opened, options, check_id))
            .await
            .map_err(|error| SyncError::Interrupted(error.to_string()))??;
    let outcome = engine::run(&second, started.run_id, secrets).await;
    let differs = match outcome {
        Ok(_) => {
            let (was, now) = (fates(dry).await?, fates(&second).await?);
            Ok(difference(&was, &now))
        }
        Err(error) => Err(error),
    };
    drop(second);
    // What is left is taken away with the next sweep.
    let _ = discard(real.path(), check_id);
    differs
}

/// The rows of a dry run by dataset and key, each with its fates in their order.
type Fates = BTreeMap<(DatasetId, [u8; 16]), Vec<Fate>>;

async fn fates(cache: &Cache) -> Result<Fates, SyncError> {
    Ok(cache
        .read(|conn| {
            let datasets: BTreeMap<i64, DatasetId> = source::list(conn, None)?
                .into_iter()
                .map(|source| (source.id, source.dataset))
                .collect();
            let mut fates = Fates::new();
            dry_row::for_each_fate(conn, |source_id, key_hash, fate| {
                if let Some(dataset) = datasets.get(&source_id)
                    && fate != Fate::Surplus
                {
                    fates.entry((*dataset, key_hash)).or_default().push(fate);
                }
            })?;
            Ok(fates)
        })
        .await?)
}

fn difference(was: &Fates, now: &Fates) -> Vec<Differs> {
    let mut counted: BTreeMap<(DatasetId, Fate, Fate), u64> = BTreeMap::new();
    for ((dataset, key), before) in was {
        let after = now.get(&(*dataset, *key));
        for (at, fate) in before.iter().enumerate() {
            // A row that would not be released or expire any more stays as it is.
            let other = after
                .and_then(|after| after.get(at))
                .copied()
                .unwrap_or(Fate::Unchanged);
            if other != *fate {
                *counted.entry((*dataset, *fate, other)).or_default() += 1;
            }
        }
    }
    for ((dataset, key), after) in now {
        let known = was.get(&(*dataset, *key)).map_or(0, Vec::len);
        for fate in after.iter().skip(known) {
            *counted
                .entry((*dataset, Fate::Unchanged, *fate))
                .or_default() += 1;
        }
    }
    counted
        .into_iter()
        .map(|((dataset, was, now), rows)| Differs {
            dataset,
            was,
            now,
            rows,
        })
        .collect()
}

//! Undoing a run: every key that it touched goes back to what it was before, unless something
//! changed it since.
//!
//! An undo is itself a run, so that it has progress, a page and a history, and so that it can be
//! undone in turn. One connection's runs follow one another, and a person's act is noted with the
//! last run before it: numbers of runs alone tell what came after what, whatever the clock said.

mod back;
mod plan;
mod standing;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};
use zhengqiao_domain::primitives::moment;
use zhengqiao_store::run::{self, NewRun, Progress, RunRow};
use zhengqiao_store::undone::{self, KEPT, PLACES, REMOVED, RESTORED};
use zhengqiao_store::{Cache, StoreError, Transaction, hold, source};

use self::plan::undoable;
pub use self::plan::{KeptBy, UndoPlan, plan};
use self::standing::Standing;
use crate::batch::Desk;
use crate::engine::{Started, already_running, has_process, local, now_ms, owner};
use crate::error::SyncError;
use crate::state::StateWord;

/// `mode` of a run that undoes another.
pub const UNDO: &str = "undo";
/// Keys of one transaction.
const BATCH_KEYS: u32 = 2_000;

/// Registers the undo of a run, or takes over the interrupted one; [`crate::run`] carries it out.
///
/// # Errors
/// [`SyncError::AlreadyRunning`], [`SyncError::Unfinished`], [`SyncError::HistoryForgotten`].
pub fn start(
    cache: &Cache,
    run_id: i64,
    asked_by: &str,
    now_ms: i64,
) -> Result<Started, SyncError> {
    let asked_by = asked_by.to_owned();
    cache.write_blocking(move |tx| {
        let Some(row) = run::get(tx, run_id)? else {
            return Ok(Err(SyncError::NoRun(run_id)));
        };
        if let Some(active) = run::unfinished(tx, row.connection_id)? {
            if has_process(&active, now_ms) {
                return Ok(Err(already_running(&active)));
            }
            if undone::standing(tx, active.id)?.undoes != Some(run_id) {
                return Ok(Err(SyncError::Unfinished(active.id)));
            }
            hold::take_up(tx, active.id, &owner(), now_ms)?;
            return Ok(Ok(Started {
                run_id: active.id,
                resumed: true,
            }));
        }
        let row = match undoable(tx, run_id)? {
            Ok(row) => row,
            Err(error) => return Ok(Err(error)),
        };
        let undo_id = run::insert(
            tx,
            &NewRun {
                connection_id: row.connection_id,
                mode: UNDO,
                at: now_ms,
                owner: &owner(),
                until: &moment::canonical(local(now_ms)),
                profile_version: row.profile_version,
                rule_set: &row.rule_set,
            },
        )?;
        undone::set_undoes(tx, undo_id, run_id)?;
        undone::set_asked_by(tx, undo_id, &asked_by)?;
        for part in run::datasets(tx, run_id)? {
            run::insert_dataset(tx, undo_id, part.source_id, part.dataset)?;
        }
        Ok(Ok(Started {
            run_id: undo_id,
            resumed: false,
        }))
    })?
}

/// Where an undo goes on.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Place {
    place: usize,
    after: i64,
}

/// What a batch says of how to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    More,
    Cancelled,
    End,
}

/// Carries a registered undo out, from where it stands.
pub(crate) async fn run(cache: &Cache, row: RunRow) -> Result<StateWord, SyncError> {
    let undo = Undo::new(cache, row).await?;
    undo.begin(cache).await?;
    let mut next = Next::More;
    while next == Next::More {
        next = undo.step(cache, BATCH_KEYS).await?;
    }
    let state = match next {
        Next::Cancelled => StateWord::Cancelled,
        Next::More | Next::End => StateWord::Succeeded,
    };
    Ok(cache.write(move |tx| undo.close(tx, state)).await?)
}

/// Carries out so many batches of an undo and leaves it there, as a process does that is killed; says
/// whether nothing is left to do.
///
/// # Errors
/// The cache's.
pub async fn batches(
    cache: &Cache,
    undo_id: i64,
    batches: u32,
    keys: u32,
) -> Result<bool, SyncError> {
    let row = cache
        .read(move |conn| run::get(conn, undo_id))
        .await?
        .ok_or(SyncError::NoRun(undo_id))?;
    let undo = Undo::new(cache, row).await?;
    undo.begin(cache).await?;
    for _ in 0..batches {
        if undo.step(cache, keys).await? != Next::More {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An undo that is being carried out.
#[derive(Debug, Clone)]
struct Undo {
    /// Itself.
    row: RunRow,
    /// What it undoes.
    run_id: i64,
}

impl Undo {
    async fn new(cache: &Cache, row: RunRow) -> Result<Self, SyncError> {
        let id = row.id;
        let standing = cache.read(move |conn| undone::standing(conn, id)).await?;
        let run_id = standing.undoes.ok_or_else(|| {
            StoreError::Content(format!("run {id} does not say which run it undoes"))
        })?;
        Ok(Self { row, run_id })
    }

    async fn begin(&self, cache: &Cache) -> Result<(), SyncError> {
        let id = self.row.id;
        cache
            .write(move |tx| {
                for part in run::datasets(tx, id)? {
                    run::set_dataset_state(
                        tx,
                        id,
                        part.source_id,
                        StateWord::Running.as_str(),
                        None,
                        now_ms(),
                    )?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    async fn step(&self, cache: &Cache, keys: u32) -> Result<Next, StoreError> {
        let undo = self.clone();
        cache.write(move |tx| undo.batch(tx, keys)).await
    }

    /// One transaction: some keys, what became of them, counters, where to go on, sign of life.
    fn batch(&self, tx: &Transaction<'_>, keys: u32) -> Result<Next, StoreError> {
        let id = self.row.id;
        let parts = run::datasets(tx, id)?;
        let keeper = parts
            .iter()
            .find(|part| part.position.is_some())
            .or(parts.first())
            .ok_or_else(|| StoreError::Content(format!("run {id} has no part")))?;
        let mut place: Place = keeper
            .position
            .as_deref()
            .map(serde_json::from_str)
            .transpose()?
            .unwrap_or_default();
        if place.place >= PLACES.len() {
            return Ok(Next::End);
        }
        let touched = undone::touched(tx, place.place, self.run_id, id, place.after, keys)?;
        match touched.last() {
            Some((last, ..)) => place.after = *last,
            None => {
                place = Place {
                    place: place.place + 1,
                    after: 0,
                }
            }
        }
        let mut desks: BTreeMap<i64, (Desk, Progress)> = BTreeMap::new();
        for (_, source_id, key_hash) in touched {
            if undone::is_done(tx, id, source_id, &key_hash)? {
                continue;
            }
            let standing = Standing::of(tx, source_id, &key_hash, self.run_id)?;
            let Some(fate) = standing.fate() else {
                continue;
            };
            let (desk, progress) = match desks.entry(source_id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    place.insert((self.desk(tx, source_id)?, Progress::default()))
                }
            };
            let key = standing.record_key(tx, desk.dataset)?;
            progress.counts.fetched += 1;
            match fate {
                RESTORED => progress.counts.accepted += 1,
                REMOVED => progress.counts.withdrawn += 1,
                _ => progress.counts.superseded += 1,
            }
            if fate != KEPT {
                desk.turn_back(tx, &key_hash, &standing)?;
            }
            undone::insert(
                tx,
                id,
                source_id,
                &key_hash,
                &key,
                fate,
                standing.since.as_ref(),
            )?;
        }
        let at = now_ms();
        for (source_id, (_, progress)) in desks {
            run::progress(tx, id, source_id, &progress, at)?;
        }
        let progress = Progress {
            position: Some(serde_json::to_string(&place)?),
            ..Progress::default()
        };
        run::progress(tx, id, keeper.source_id, &progress, at)?;
        Ok(if run::heartbeat(tx, id, &owner(), at)? {
            Next::Cancelled
        } else if place.place >= PLACES.len() {
            Next::End
        } else {
            Next::More
        })
    }

    fn desk(&self, tx: &Transaction<'_>, source_id: i64) -> Result<Desk, StoreError> {
        let dataset = source::dataset_of(tx, source_id)?;
        // What the run released in other datasets has no part of its own yet.
        run::ensure_dataset(tx, self.row.id, source_id, dataset, now_ms())?;
        let at = now_ms();
        let mut desk = Desk::new(
            tx,
            self.row.connection_id,
            dataset,
            self.row.id,
            at,
            &moment::canonical(local(at)),
        )?;
        desk.hand.via = UNDO;
        Ok(desk)
    }

    /// Puts the cursors back and ends the run.
    fn close(&self, tx: &Transaction<'_>, state: StateWord) -> Result<StateWord, StoreError> {
        let (id, at) = (self.row.id, now_ms());
        let cursors = match state {
            StateWord::Cancelled => Vec::new(),
            _ => undone::cursors(tx, self.run_id, id)?,
        };
        let mut worst = state;
        for part in run::datasets(tx, id)? {
            let cursor = cursors
                .iter()
                .find(|cursor| cursor.source_id == part.source_id);
            let mut cause = None;
            if let Some(cursor) = cursor {
                if let Some(by) = cursor.moved_by {
                    let what = format!(
                        "{}: the next incremental run begins where run {by} left off; the beginning was not put back",
                        part.dataset
                    );
                    cause = Some(("cursor_kept", what));
                } else {
                    undone::note_cursor(tx, id, part.source_id)?;
                    undone::set_cursor(tx, part.source_id, cursor.before.as_deref())?;
                }
            }
            let mut part_state = state;
            if !part.counts.balance() {
                part_state = StateWord::Failed;
                worst = StateWord::Failed;
                cause = Some((
                    "accounting",
                    format!("{}: the counters do not add up", part.dataset),
                ));
            }
            let told = cause.as_ref().map(|(code, what)| (*code, what.as_str()));
            run::set_dataset_state(tx, id, part.source_id, part_state.as_str(), told, at)?;
        }
        run::finish(tx, id, worst.as_str(), None, at)?;
        Ok(worst)
    }
}

//! Undoing a run: every key that it touched goes back to what it was before, unless something
//! changed it since.
//!
//! An undo is itself a run, so that it has progress, a page and a history, and so that it can be
//! undone in turn. One connection's runs follow one another, and a person's act is noted with the
//! last run before it: numbers of runs alone tell what came after what, whatever the clock said.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;
use zhengqiao_store::hash::Hash;
use zhengqiao_store::record::{self, ACCEPTED};
use zhengqiao_store::record_version::{self, Present};
use zhengqiao_store::rejection::{self, RejectionHead};
use zhengqiao_store::rejection_version::{self, Since};
use zhengqiao_store::run::{self, NewRun, Progress, RunRow};
use zhengqiao_store::undone::{self, KEPT, MovedCursor, PLACES, REMOVED, RESTORED};
use zhengqiao_store::{Cache, Connection, StoreError, Transaction, hold, source};

use crate::batch::{Desk, read_record};
use crate::engine::{Started, already_running, has_process, local, now_ms, owner};
use crate::error::SyncError;
use crate::state::StateWord;

/// `mode` of a run that undoes another.
pub const UNDO: &str = "undo";
/// Keys of one transaction.
const BATCH_KEYS: u32 = 2_000;

/// What an undo would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoPlan {
    /// Keys that the run touched.
    pub touched: i64,
    /// Keys that would get back an earlier state.
    pub restored: i64,
    /// Keys that would be unknown again.
    pub removed: i64,
    /// Keys that would be kept, by what changed them since.
    pub kept: Vec<KeptBy>,
    /// The cursors that the run moved.
    pub cursors: Vec<MovedCursor>,
}

/// Keys that are kept for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBy {
    /// What changed them last, and when.
    pub since: Since,
    /// How many.
    pub keys: i64,
}

/// What happens to one half of a key: its record or its rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Leave,
    Remove,
    Restore(i64),
}

/// How a key stands to the run that is undone.
struct Standing {
    record: Option<Present>,
    rejection: Option<RejectionHead>,
    record_turn: Turn,
    rejection_turn: Turn,
    /// What changed it since.
    since: Option<Since>,
}

impl Standing {
    fn of(
        conn: &Connection,
        source_id: i64,
        key_hash: &Hash,
        run_id: i64,
    ) -> Result<Self, StoreError> {
        let record = record_version::present(conn, source_id, key_hash)?;
        let rejection = rejection::find(conn, source_id, key_hash)?;
        let later_record = record
            .as_ref()
            .filter(|record| {
                // A person checked it again after the run; a run that does so is the run itself.
                record.run_id > run_id || (record.run_id == run_id && record.actor.is_some())
            })
            .map(|record| Since {
                run_id: record.run_id,
                actor: record.actor.clone(),
                act: record.via.clone(),
                at: record.changed_at,
            });
        let since = [
            later_record,
            record_version::since(conn, source_id, key_hash, run_id)?,
            rejection_version::since(conn, source_id, key_hash, run_id)?,
            rejection_version::opened_since(conn, source_id, key_hash, run_id)?,
        ]
        .into_iter()
        .flatten()
        .max_by_key(|since| (since.run_id, since.actor.is_some(), since.at));
        let record_turn = match record_version::before_run(conn, source_id, key_hash, run_id)? {
            // The run brought it new and changed it again.
            Some(former) if former.run_id == run_id => Turn::Remove,
            Some(former) => Turn::Restore(former.id),
            None if record.as_ref().is_some_and(|now| now.run_id == run_id) => Turn::Remove,
            None => Turn::Leave,
        };
        let opened = rejection
            .as_ref()
            .is_some_and(|now| now.first_run_id == run_id);
        let rejection_turn = match rejection_version::before_run(conn, source_id, key_hash, run_id)?
        {
            Some(former) if !former.existed => Turn::Remove,
            Some(former) => Turn::Restore(former.id),
            None if opened => Turn::Remove,
            None => Turn::Leave,
        };
        Ok(Self {
            record,
            rejection,
            record_turn,
            rejection_turn,
            since,
        })
    }

    /// Restored, removed or kept; `None` for a key that the run left as it was.
    fn fate(&self) -> Option<i64> {
        if self.since.is_some() {
            return Some(KEPT);
        }
        if self.record_turn == Turn::Leave && self.rejection_turn == Turn::Leave {
            return None;
        }
        let stays = |turn: Turn, present: bool| match turn {
            Turn::Leave => present,
            Turn::Remove => false,
            Turn::Restore(_) => true,
        };
        let known = stays(self.record_turn, self.record.is_some())
            || stays(self.rejection_turn, self.rejection.is_some());
        Some(if known { RESTORED } else { REMOVED })
    }

    /// The key as text, from the rejection or the record's own fields.
    fn record_key(&self, conn: &Connection, dataset: DatasetId) -> Result<String, StoreError> {
        if let Some(head) = &self.rejection {
            return Ok(rejection::get(conn, head.id)?
                .map(|row| row.record_key)
                .unwrap_or_default());
        }
        if let Turn::Restore(id) = self.rejection_turn
            && let Some(key) = rejection_version::record_key(conn, id)?
        {
            return Ok(key);
        }
        let fields = match (&self.record, self.record_turn) {
            (Some(record), _) => record::get(conn, record.id)?.map(|(row, _)| row.fields),
            (None, Turn::Restore(id)) => Some(record_version::fields(conn, id)?),
            (None, _) => None,
        };
        let Some(fields) = fields else {
            return Ok(String::new());
        };
        let record = read_record(dataset, &fields)?;
        Ok(record
            .get_all(dataset.dataset().key)
            .map(|parts| parts.join("|"))
            .unwrap_or_default())
    }
}

/// What undoing a run would do; nothing is written.
///
/// # Errors
/// The cache's, or why the run cannot be undone.
pub fn plan(cache: &Cache, run_id: i64) -> Result<UndoPlan, SyncError> {
    cache.read_blocking(|conn| {
        if let Err(error) = undoable(conn, run_id)? {
            return Ok(Err(error));
        }
        let mut plan = UndoPlan {
            cursors: undone::cursors(conn, run_id, 0)?,
            ..UndoPlan::default()
        };
        let mut seen: HashSet<(i64, Hash)> = HashSet::new();
        let mut kept: HashMap<(i64, Option<String>, String), KeptBy> = HashMap::new();
        for place in 0..PLACES.len() {
            let mut after = 0;
            loop {
                let keys = undone::touched(conn, place, run_id, 0, after, BATCH_KEYS)?;
                let Some((last, ..)) = keys.last() else { break };
                after = *last;
                for (_, source_id, key_hash) in keys {
                    if !seen.insert((source_id, key_hash)) {
                        continue;
                    }
                    let standing = Standing::of(conn, source_id, &key_hash, run_id)?;
                    let Some(fate) = standing.fate() else {
                        continue;
                    };
                    plan.touched += 1;
                    match (fate, standing.since) {
                        (RESTORED, _) => plan.restored += 1,
                        (REMOVED, _) => plan.removed += 1,
                        (_, Some(since)) => {
                            let why = (since.run_id, since.actor.clone(), since.act.clone());
                            let one = kept.entry(why).or_insert_with(|| KeptBy {
                                since: since.clone(),
                                keys: 0,
                            });
                            one.keys += 1;
                            one.since.at = one.since.at.max(since.at);
                        }
                        _ => {}
                    }
                }
            }
        }
        plan.kept = kept.into_values().collect();
        plan.kept
            .sort_by_key(|one| (std::cmp::Reverse(one.keys), one.since.run_id));
        Ok(Ok(plan))
    })?
}

/// The run, if it can be undone.
fn undoable(conn: &Connection, run_id: i64) -> Result<Result<RunRow, SyncError>, StoreError> {
    let Some(row) = run::get(conn, run_id)? else {
        return Ok(Err(SyncError::NoRun(run_id)));
    };
    if row.ended_at.is_none() {
        return Ok(Err(SyncError::Unfinished(run_id)));
    }
    if undone::standing(conn, run_id)?.history_forgotten {
        return Ok(Err(SyncError::HistoryForgotten(run_id)));
    }
    Ok(Ok(row))
}

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

impl Desk {
    /// Turns both halves of a key back to what they were.
    fn turn_back(
        &self,
        tx: &Transaction<'_>,
        key_hash: &Hash,
        standing: &Standing,
    ) -> Result<(), StoreError> {
        match (standing.record_turn, &standing.record) {
            (Turn::Remove, Some(present)) => self.remove(tx, present)?,
            (Turn::Restore(version), present) => self.restore(tx, version, present.as_ref())?,
            _ => {}
        }
        match (standing.rejection_turn, &standing.rejection) {
            (Turn::Remove, Some(head)) => {
                rejection_version::keep(tx, head.id, &self.act())?;
                rejection::remove(tx, head.id)
            }
            (Turn::Restore(version), head) => {
                match head {
                    Some(head) => rejection_version::keep(tx, head.id, &self.act())?,
                    None => {
                        rejection_version::keep_absence(tx, self.source_id, key_hash, &self.act())?;
                    }
                }
                rejection_version::restore(tx, version, self.at)
            }
            _ => Ok(()),
        }
    }

    /// Removes a record that the undone run had brought new.
    fn remove(&self, tx: &Transaction<'_>, present: &Present) -> Result<(), StoreError> {
        self.keep_record(tx, present.id)?;
        record::remove(tx, present.id)?;
        self.bump(tx, Some(present.state), None)
    }

    /// Restores a record's earlier state.
    fn restore(
        &self,
        tx: &Transaction<'_>,
        version_id: i64,
        present: Option<&Present>,
    ) -> Result<(), StoreError> {
        if let Some(present) = present {
            self.keep_record(tx, present.id)?;
        }
        let id = record_version::restore(
            tx,
            version_id,
            present.map(|present| present.id),
            self.run_id,
            self.at,
        )?;
        let now = record::state(tx, id)?;
        self.bump(tx, present.map(|present| present.state), now)
    }

    /// Keeps the source's counters right when a record's state changes.
    fn bump(
        &self,
        tx: &Transaction<'_>,
        before: Option<i64>,
        now: Option<i64>,
    ) -> Result<(), StoreError> {
        let (mut accepted, mut withdrawn) = (0, 0);
        for (state, by) in [(before, -1), (now, 1)] {
            match state {
                Some(ACCEPTED) => accepted += by,
                Some(_) => withdrawn += by,
                None => {}
            }
        }
        source::bump(tx, self.source_id, accepted, withdrawn)
    }
}

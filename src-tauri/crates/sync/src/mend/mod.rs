//! Checking rejections again, as a run: first a few, then the rest, in batches.
//!
//! It is a run so that it has progress, a page and a history, is taken up where a kill left it, and is
//! undone as every run is. It stops and asks before the rest when a canary turns out otherwise than it
//! was predicted, fails by something new, or when none of them is cured.

mod again;
mod begin;
mod release;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{Check, CompiledMapping, DatasetId, RuleSet};
use zhengqiao_exchange::Profile;
use zhengqiao_store::mend::{self, LEFT, NewItem, OTHERWISE, PASSED};
use zhengqiao_store::rejection::{self, REFUSED, State};
use zhengqiao_store::run::{self, Progress, RunRow};
use zhengqiao_store::{Cache, Connection, StoreError, Transaction, connection, hold};

pub use begin::{MendOptions, start};

use crate::batch::Desk;
use crate::engine::{local, now_ms, owner};
use crate::error::SyncError;
use crate::judge::Under;
use crate::rest;
use crate::state::StateWord;
use again::Again;

/// `mode` of a run that checks rejections again.
pub const REVALIDATION: &str = "revalidation";
/// Rejections of one transaction.
const BATCH_ROWS: u32 = 200;

/// Whether a run waits for a person's word on its canaries.
pub(crate) fn asks(connection: &Connection, run_id: i64) -> Result<bool, StoreError> {
    Ok(mend::get(connection, run_id)?.is_some_and(|row| row.phase == "asks"))
}

/// A person has looked at the canaries and lets the rest follow; whoever resumes the run carries it out.
///
/// # Errors
/// [`SyncError::NotActive`] for a run that does not ask.
pub async fn go_on(cache: &Cache, run_id: i64) -> Result<(), SyncError> {
    let found = cache
        .write(move |tx| {
            let open = run::get(tx, run_id)?.is_some_and(|row| row.ended_at.is_none());
            if !open || !asks(tx, run_id)? {
                return Ok(false);
            }
            mend::set_phase(tx, run_id, "rest", None)?;
            Ok(true)
        })
        .await?;
    found.then_some(()).ok_or(SyncError::NotActive(run_id))
}

/// What a batch says of how to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    More,
    Cancelled,
    Paused,
    Asks,
    End,
}

/// Carries a registered run out, from where it stands.
pub(crate) async fn run(cache: &Cache, row: RunRow) -> Result<StateWord, SyncError> {
    let work = Work::new(cache, row).await?;
    let mut next = Next::More;
    while next == Next::More {
        next = work.step(cache, BATCH_ROWS).await?;
    }
    match next {
        Next::Asks | Next::Paused => {
            let (id, wished) = (work.row.id, next == Next::Asks || !rest::is_leaving());
            cache
                .write(move |tx| {
                    hold::sign_of_life(tx, id, &owner(), now_ms())?;
                    hold::let_go(tx, id, wished)
                })
                .await?;
            Ok(StateWord::Paused)
        }
        Next::Cancelled => Ok(work.close(cache, true).await?),
        Next::More | Next::End => {
            work.release(cache).await?;
            Ok(work.close(cache, false).await?)
        }
    }
}

/// Carries out so many batches of a run and leaves it there, as a process does that is killed; says
/// whether nothing is left to do.
///
/// # Errors
/// The cache's.
pub async fn batches(
    cache: &Cache,
    run_id: i64,
    batches: u32,
    rows: u32,
) -> Result<bool, SyncError> {
    let row = cache
        .read(move |conn| run::get(conn, run_id))
        .await?
        .ok_or(SyncError::NoRun(run_id))?;
    let work = Work::new(cache, row).await?;
    for _ in 0..batches {
        if work.step(cache, rows).await? != Next::More {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What rows are judged by.
pub(crate) struct Rulings {
    pub rules: RuleSet,
    pub mappings: BTreeMap<DatasetId, CompiledMapping>,
}

impl Rulings {
    /// The rulings of a profile; a dataset whose mapping cannot be used has none.
    pub fn of(profile: &Profile) -> Self {
        Self {
            rules: RuleSet::new(&profile.rules),
            mappings: profile
                .datasets
                .iter()
                .filter_map(|(id, source)| {
                    Some((*id, CompiledMapping::new(*id, &source.mapping).ok()?))
                })
                .collect(),
        }
    }
}

/// A run that is being carried out.
#[derive(Clone)]
struct Work {
    row: RunRow,
    rulings: std::sync::Arc<Rulings>,
    /// Whether withdrawals that a guard holds are let through: they were chosen as such.
    releases: bool,
}

impl Work {
    async fn new(cache: &Cache, row: RunRow) -> Result<Self, SyncError> {
        let (id, connection_id) = (row.id, row.connection_id);
        let (profile, releases) = cache
            .read(move |conn| {
                let found = connection::get(conn, connection_id)?
                    .ok_or_else(|| StoreError::Content(format!("run {id} has no connection")))?;
                let row = mend::get(conn, id)?.ok_or_else(|| {
                    StoreError::Content(format!("run {id} does not say what it checks again"))
                })?;
                let profile: Profile = serde_json::from_str(&found.profile)?;
                Ok((profile, begin::releases(row.filter.as_ref())))
            })
            .await?;
        Ok(Self {
            row,
            rulings: std::sync::Arc::new(Rulings::of(&profile)),
            releases,
        })
    }

    async fn step(&self, cache: &Cache, rows: u32) -> Result<Next, StoreError> {
        let work = self.clone();
        cache.write(move |tx| work.batch(tx, rows)).await
    }

    /// One transaction: some rejections, what became of them, counters, where to go on, sign of life.
    fn batch(&self, tx: &Transaction<'_>, rows: u32) -> Result<Next, StoreError> {
        let id = self.row.id;
        let state = mend::get(tx, id)?
            .ok_or_else(|| StoreError::Content(format!("run {id} lost what it checks again")))?;
        let canaries = state.phase == "canary";
        if state.phase == "asks" {
            return Ok(Next::Asks);
        }
        let mut ids = mend::waiting(tx, id, canaries, rows)?;
        let mut next = Next::More;
        if ids.is_empty() && canaries {
            let asks = match left(tx, id, &state)? {
                0 => None,
                _ => why_ask(&mend::canaries(tx, id)?),
            };
            mend::set_phase(tx, id, if asks.is_some() { "asks" } else { "rest" }, asks)?;
            if asks.is_some() {
                next = Next::Asks;
            }
        } else if ids.is_empty() {
            next = self.more(tx, &state, rows, &mut ids)?;
        }
        let mut desks: BTreeMap<i64, (Desk, Progress)> = BTreeMap::new();
        let now = local(now_ms());
        let check = Check::new(&self.rulings.rules, now);
        for rejection_id in ids {
            let again = self.one(tx, &check, rejection_id, &mut desks)?;
            mend::settle(tx, id, rejection_id, again.fate, again.fails.as_deref())?;
        }
        let at = now_ms();
        for (source_id, (_, progress)) in desks {
            run::progress(tx, id, source_id, &progress, at)?;
        }
        Ok(if run::heartbeat(tx, id, &owner(), at)? {
            Next::Cancelled
        } else if next == Next::More
            && (rest::is_leaving() || hold::standing(tx, id)?.pause_requested)
        {
            Next::Paused
        } else {
            next
        })
    }

    /// The next rejections of the filter, noted as items.
    fn more(
        &self,
        tx: &Transaction<'_>,
        state: &mend::MendRow,
        rows: u32,
        ids: &mut Vec<i64>,
    ) -> Result<Next, StoreError> {
        let id = self.row.id;
        let Some(filter) = &state.filter else {
            return Ok(Next::End);
        };
        let found = rejection::select_ids(tx, filter, state.after_id, rows)?;
        let Some(last) = found.last().filter(|_| found[0] <= state.upto) else {
            return Ok(Next::End);
        };
        mend::set_after(tx, id, *last)?;
        for rejection_id in found {
            if rejection_id > state.upto || mend::has(tx, id, rejection_id)? {
                continue;
            }
            if let Some(row) = rejection::get(tx, rejection_id)? {
                mend::add(
                    tx,
                    id,
                    &NewItem {
                        rejection_id,
                        canary: false,
                        predicted: None,
                        dataset: row.dataset,
                        record_key: row.record_key,
                    },
                )?;
                ids.push(rejection_id);
            }
        }
        Ok(Next::More)
    }

    fn one(
        &self,
        tx: &Transaction<'_>,
        check: &Check<'_>,
        rejection_id: i64,
        desks: &mut BTreeMap<i64, (Desk, Progress)>,
    ) -> Result<Again, StoreError> {
        let Some(found) = rejection::get(tx, rejection_id)? else {
            return Ok(Again::left());
        };
        let mine = found.connection_id == self.row.connection_id;
        let settled = found.state == State::Resolved as i64
            || found.state == State::Overridden as i64
            || found.outcome == REFUSED;
        let mapping = self.rulings.mappings.get(&found.dataset);
        let Some(mapping) = mapping.filter(|_| mine) else {
            return Ok(Again::left());
        };
        let (desk, progress) = match desks.entry(found.source_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                run::ensure_dataset(tx, self.row.id, found.source_id, found.dataset, now_ms())?;
                place.insert((self.desk(tx, found.dataset)?, Progress::default()))
            }
        };
        let again = if settled {
            Again::left()
        } else {
            let under = Under {
                mapping,
                check,
                rules: &self.rulings.rules,
            };
            again::check(tx, desk, &under, rejection_id, self.releases)?
        };
        let counts = &mut progress.counts;
        counts.fetched += 1;
        match (again.fate, again.held) {
            (PASSED, _) => counts.accepted += 1,
            (LEFT, _) => counts.unchanged += 1,
            (_, true) => counts.held += 1,
            (_, false) => counts.rejected += 1,
        }
        Ok(again)
    }

    fn desk(&self, tx: &Transaction<'_>, dataset: DatasetId) -> Result<Desk, StoreError> {
        let at = now_ms();
        let mut desk = Desk::new(
            tx,
            self.row.connection_id,
            dataset,
            self.row.id,
            at,
            &moment::canonical(local(at)),
        )?;
        desk.hand.via = REVALIDATION;
        Ok(desk)
    }

    async fn close(&self, cache: &Cache, cancelled: bool) -> Result<StateWord, StoreError> {
        let id = self.row.id;
        cache
            .write(move |tx| {
                let at = now_ms();
                let mut worst = StateWord::Succeeded;
                for part in run::datasets(tx, id)? {
                    let counts = &part.counts;
                    let mut cause = None;
                    let state = if !counts.balance() {
                        let what = format!("{}: the counters do not add up", part.dataset);
                        cause = Some(what);
                        StateWord::Failed
                    } else if cancelled {
                        StateWord::Cancelled
                    } else if counts.rejected + counts.held > 0 {
                        StateWord::FinishedWithRejections
                    } else {
                        StateWord::Succeeded
                    };
                    worst = worst.max(state);
                    let told = cause.as_deref().map(|what| ("accounting", what));
                    run::set_dataset_state(tx, id, part.source_id, state.as_str(), told, at)?;
                }
                hold::sign_of_life(tx, id, &owner(), at)?;
                run::finish(tx, id, worst.as_str(), None, at)?;
                Ok(worst)
            })
            .await
    }
}

/// How many are left after the canaries, as far as it matters: none or some.
fn left(tx: &Connection, run_id: i64, state: &mend::MendRow) -> Result<usize, StoreError> {
    let waiting = mend::waiting(tx, run_id, false, 1)?.len();
    let Some(filter) = &state.filter else {
        return Ok(waiting);
    };
    let limit = u32::try_from(state.canary)
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let mut more = waiting;
    for id in rejection::select_ids(tx, filter, 0, limit)? {
        more += usize::from(id <= state.upto && !mend::has(tx, run_id, id)?);
    }
    Ok(more)
}

/// Why the rest does not follow by itself: by what was predicted of each canary and became of it.
fn why_ask(canaries: &[(Option<i64>, i64)]) -> Option<&'static str> {
    let looked: Vec<_> = canaries.iter().filter(|(_, fate)| *fate != LEFT).collect();
    if looked
        .iter()
        .any(|(predicted, fate)| predicted.is_some_and(|predicted| predicted != *fate))
    {
        Some("canary_differs")
    } else if looked.iter().any(|(_, fate)| *fate == OTHERWISE) {
        Some("canary_otherwise")
    } else if !looked.is_empty() && !looked.iter().any(|(_, fate)| *fate == PASSED) {
        Some("canary_none")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;

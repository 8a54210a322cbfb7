//! Committing what was read: one transaction for rows, counters, position, log and sign of life.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{Check, CompiledMapping, DatasetId};
use zhengqiao_exchange::{ExchangeError, Receipt, Slip};
use zhengqiao_store::run::{self, Progress, RunDatasetRow};
use zhengqiao_store::sieve::Sieve;
use zhengqiao_store::{StoreError, Transaction, hold, payload, run_request, source};

use super::checking::{Next, Pages};
use super::read::Place;
use super::{End, Engine, now_ms, owner};
use crate::batch::Desk;
use crate::error::SyncError;
use crate::guard;
use crate::recheck;
use crate::rest;
use crate::trace;

/// Rows of one transaction at most.
const COMMIT_ROWS: usize = 50_000;
/// How long a transaction takes rows while nobody else waits for the writer. The longer it is, the seldomer
/// the same pages of an index are written.
const SITTING: Duration = Duration::from_secs(2);
/// How long it takes rows though somebody waits.
pub(super) const SHARE: Duration = Duration::from_millis(300);
/// How long a transaction waits for a page that is not ready. A slow provider's pages are committed one
/// by one, so that each is shown at once and nobody waits for the provider.
const PATIENCE: Duration = Duration::from_millis(40);

/// Keys in a page of the index, about: to read all of it costs as much as so many look-ups each.
const KEYS_OF_A_PAGE: i64 = 200;

/// What one transaction took, and how to go on.
pub(super) struct Taken {
    pub pages: Pages,
    pub place: Place,
    /// By what each row is found again at the provider, and what became of it.
    pub slips: Vec<Slip>,
    pub receipts: Vec<Receipt>,
    pub failed: Option<ExchangeError>,
    pub ended: bool,
    /// Why it is to end before everything was read.
    pub stops: Option<End>,
}

impl Engine {
    /// One transaction: rows as they come, counters, position, log, sign of life.
    pub(super) async fn sit(
        &self,
        part: &RunDatasetRow,
        first: Next,
        mut pages: Pages,
        mut place: Place,
    ) -> Result<Taken, SyncError> {
        let (rules, now, run_id, connection_id) = (
            self.rules.clone(),
            self.now,
            self.run.id,
            self.run.connection_id,
        );
        let (dataset, source_id) = (part.dataset, part.source_id);
        let (limits, log) = (self.profile.limits.clone(), self.log.clone());
        let (most, waiting) = (
            COMMIT_ROWS / self.going.number(),
            self.cache.waiting().clone(),
        );
        let (dry, mostly_new, kept) = (self.dry, self.mostly_new.clone(), self.sieve.clone());
        // What a dry run committed at once comes as one page.
        let one_page = self.replay.is_some();
        let runtime = Handle::current();
        Ok(self
            .cache
            .write(move |tx| {
                let begun = Instant::now();
                let check = Check::new(&rules, now);
                let (mut slips, mut receipts) = (Vec::new(), Vec::new());
                let (mut failed, mut ended) = (None, false);
                let mut next = first;
                if let Next::Page(page) = &next {
                    let sieve = if dry {
                        None
                    } else {
                        let expected = page.total.and_then(|total| usize::try_from(total).ok());
                        let is_worth = mostly_new.load(Ordering::Relaxed);
                        sieve(tx, run_id, source_id, &kept, expected, is_worth)?
                    };
                    let canonical = moment::canonical(now);
                    let desk = Desk::new(tx, connection_id, dataset, run_id, now_ms(), &canonical)?
                        .guarded(tx, &limits)?;
                    let mut sitting = desk.sit(tx, sieve)?;
                    let mut progress = Progress::default();
                    while let Next::Page(mut page) = next {
                        progress.pages += 1;
                        progress.left_out += i64::try_from(page.left_out).unwrap_or(i64::MAX);
                        progress.provider_total =
                            page.total.and_then(|total| i64::try_from(total).ok());
                        slips.append(&mut page.slips);
                        if let Some(learned) = page.learned.take() {
                            payload::keep(tx, source_id, &learned)?;
                        }
                        let mut rows = place.pass(page);
                        sitting.take(&check, &mut rows, &mut progress)?;
                        // Thousands of small pieces of memory: given back while the next page is taken.
                        runtime.spawn_blocking(move || drop(rows));
                        let so_far = begun.elapsed();
                        let full = one_page
                            || sitting.rows() >= most
                            || so_far >= SITTING
                            || (so_far >= SHARE && waiting.is_any());
                        next = if full {
                            Next::Nothing
                        } else {
                            runtime.block_on(pages.next(PATIENCE))
                        };
                    }
                    let (told, sieve) = sitting.rise(&mut progress)?;
                    receipts = told;
                    *kept.lock().unwrap_or_else(PoisonError::into_inner) = sieve;
                    let counts = &progress.counts;
                    mostly_new.store(counts.unchanged * 2 < counts.fetched, Ordering::Relaxed);
                    if dry && !slips.is_empty() {
                        trace::slips(tx, source_id, &slips)?;
                    }
                    progress.position = Some(serde_json::to_string(&place)?);
                    run::progress(tx, run_id, source_id, &progress, now_ms())?;
                }
                match next {
                    Next::Failed(error) => failed = Some(error),
                    Next::Ended => ended = true,
                    Next::Page(_) | Next::Nothing => {}
                }
                run_request::log(tx, run_id, &log.take())?;
                hold::note_request(tx, run_id, log.present().as_deref())?;
                let counts = run::dataset_counts(tx, run_id, source_id)?;
                let cancelled = run::heartbeat(tx, run_id, &owner(), now_ms())?;
                let paused = rest::is_leaving() || hold::standing(tx, run_id)?.pause_requested;
                let guarded = limits.is_reject_rate_exceeded(counts.fetched, counts.rejected)
                    && !guard::passed_over(tx, run_id, source_id)?.contains("reject_rate");
                Ok(Taken {
                    pages,
                    place,
                    slips,
                    receipts,
                    failed,
                    ended,
                    stops: match (cancelled, paused, guarded) {
                        (true, ..) => Some(End::Cancelled),
                        (_, true, _) => Some(End::Paused),
                        (_, _, true) => Some(End::Guarded),
                        _ => None,
                    },
                })
            })
            .await?)
    }

    /// Checks the held rows of a source again, and rejects those that waited too long.
    pub(super) async fn recheck(
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
    pub(super) async fn recheck_others(&self, parts: &[RunDatasetRow]) -> Result<(), SyncError> {
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
}

/// The sieve of a source: the one of the transaction before, or a new one when it is worth reading all places
/// for it.
fn sieve(
    tx: &Transaction<'_>,
    run_id: i64,
    source_id: i64,
    kept: &Mutex<Option<Sieve>>,
    expected: Option<usize>,
    mostly_new: bool,
) -> Result<Option<Sieve>, StoreError> {
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
    let holds = match &kept {
        Some(sieve) => sieve.holds(tx, source_id)?,
        None => false,
    };
    if holds {
        return Ok(kept);
    }
    drop(kept);
    let count = source::records(tx, source_id)?;
    let fetched = run::dataset_counts(tx, run_id, source_id)?.fetched;
    if !mostly_new || (count > 0 && fetched * KEYS_OF_A_PAGE < count) {
        return Ok(None);
    }
    let count = usize::try_from(count).unwrap_or_default();
    Sieve::of(tx, source_id, count, expected.unwrap_or_default())
}

//! Rows that are committed together: what they share, and what they add up to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use zhengqiao_domain::{Check, DatasetId, ParentFacts};
use zhengqiao_exchange::Receipt;
use zhengqiao_store::hash::{self, Hash};
use zhengqiao_store::run::Progress;
use zhengqiao_store::run_row::{self, Met};
use zhengqiao_store::sieve::Sieve;
use zhengqiao_store::{
    Connection, StoreError, Transaction, record, record_place, rejection, rejection_doubt, source,
};

use crate::batch::{Desk, read_record};
use crate::prepare::Prepared;
use crate::quality::Quality;
use crate::trace::{self, Seen};

impl Desk {
    /// Begins to take rows that are committed together; what `sieve` does not have is not looked for.
    pub fn sit<'t>(
        &'t self,
        tx: &'t Transaction<'t>,
        sieve: Option<Sieve>,
    ) -> Result<Sitting<'t>, StoreError> {
        Ok(Sitting {
            desk: self,
            tx,
            batch: trace::next_batch(tx, self)?,
            parents: ParentCache::default(),
            totals: Totals {
                doubts: Doubts::of(tx, self.source_id)?,
                sieve,
                ..Totals::default()
            },
            receipts: Vec::new(),
        })
    }
}

/// What rows change in a source's counters.
#[derive(Default)]
pub(crate) struct Totals {
    /// Why the row at hand was rejected.
    pub(crate) reason: Option<String>,
    pub(crate) accepted: i64,
    pub(crate) withdrawn: i64,
    pub(crate) removed: i64,
    /// The rejections of the source that have a doubtful key.
    pub(crate) doubts: Doubts,
    /// What the source certainly does not have, where most rows are new.
    pub(crate) sieve: Option<Sieve>,
    /// Texts that rejections are to be found by, written together: between other statements each would
    /// be flushed by itself.
    search: BTreeMap<i64, String>,
    /// The record of the last row that has one.
    pub(crate) last_found: Option<i64>,
    /// What the rows say of the quality of the data.
    pub(crate) quality: Quality,
    /// Records that had the same content, and what was newer than its row.
    pub(crate) unchanged: Vec<i64>,
    pub(crate) newer_records: Vec<i64>,
    pub(crate) newer_rejections: Vec<i64>,
}

impl Totals {
    pub(crate) fn note(&mut self, rejected: Unsearched) {
        if let Some(text) = rejected.text {
            self.search.insert(rejected.id, text);
        }
        if let (Some(rest), Doubts::These(these)) = (rejected.doubt, &mut self.doubts) {
            these.insert(rest);
        }
    }
}

/// A rejection that is not yet found by its text.
pub(crate) struct Unsearched {
    pub(crate) id: i64,
    /// The text, unless it stands there already.
    pub(crate) text: Option<String>,
    /// The other parts of its key, where the name of the provider in it is wrong.
    pub(crate) doubt: Option<Hash>,
}

/// Doubts that are kept in memory at most.
const MOST_DOUBTS: u32 = 20_000;

/// Rejections whose key is wrong in the part that names the provider, by its other parts.
pub(crate) enum Doubts {
    These(HashSet<Hash>),
    /// Too many to know them all.
    Many,
}

impl Default for Doubts {
    fn default() -> Self {
        Doubts::These(HashSet::new())
    }
}

impl Doubts {
    fn of(tx: &Transaction<'_>, source_id: i64) -> Result<Self, StoreError> {
        let these = rejection_doubt::rests(tx, source_id, MOST_DOUBTS + 1)?;
        Ok(if these.len() > MOST_DOUBTS as usize {
            Doubts::Many
        } else {
            Doubts::These(these.into_iter().collect())
        })
    }

    pub(crate) fn are_none(&self) -> bool {
        matches!(self, Doubts::These(these) if these.is_empty())
    }

    pub(crate) fn may_have(&self, rest: &Hash) -> bool {
        match self {
            Doubts::These(these) => these.contains(rest),
            Doubts::Many => true,
        }
    }
}

/// Rows that are committed together: what they share, and what they add up to.
pub struct Sitting<'t> {
    desk: &'t Desk,
    tx: &'t Transaction<'t>,
    batch: i64,
    parents: ParentCache,
    totals: Totals,
    receipts: Vec<Receipt>,
}

impl Sitting<'_> {
    /// How many rows it has taken.
    pub fn rows(&self) -> usize {
        self.receipts.len()
    }

    /// Takes rows; adds to `progress`.
    ///
    /// # Errors
    /// The cache's.
    pub fn take(
        &mut self,
        check: &Check<'_>,
        rows: &mut [Prepared],
        progress: &mut Progress,
    ) -> Result<(), StoreError> {
        let (desk, tx) = (self.desk, self.tx);
        trace::bring(tx, desk, rows)?;
        self.receipts.reserve(rows.len());
        for row in rows {
            let seen = Seen::before(tx, desk, row, &progress.counts)?;
            progress.counts.fetched += 1;
            match row.scale {
                Some(true) => progress.scale_agrees += 1,
                Some(false) => progress.scale_mirrors += 1,
                None => {}
            }
            let held = progress.counts.held;
            desk.one(
                tx,
                check,
                row,
                &mut self.parents,
                &mut progress.counts,
                &mut self.totals,
            )?;
            if let Some(seen) = seen {
                seen.after(tx, desk, self.batch, &progress.counts)?;
            }
            self.receipts.push(match self.totals.reason.take() {
                Some(reason) => Receipt::Rejected(reason),
                None if progress.counts.held > held => Receipt::Held,
                None => Receipt::Accepted,
            });
        }
        Ok(())
    }

    /// Writes what the rows add up to; says what became of each, and gives the sieve back.
    ///
    /// # Errors
    /// The cache's.
    pub fn rise(
        self,
        progress: &mut Progress,
    ) -> Result<(Vec<Receipt>, Option<Sieve>), StoreError> {
        let (desk, tx, mut totals) = (self.desk, self.tx, self.totals);
        progress.removed += totals.removed;
        for (id, text) in &totals.search {
            rejection::write_search(tx, *id, text)?;
        }
        if !desk.dry {
            let day = desk.now.get(..10).unwrap_or_default();
            totals.quality.write(tx, desk.source_id, day)?;
            for (met, ids) in [
                (Met::Unchanged, &totals.unchanged),
                (Met::NewerRecord, &totals.newer_records),
                (Met::NewerRejection, &totals.newer_rejections),
            ] {
                run_row::note(tx, desk.run_id, desk.source_id, met, ids)?;
            }
        }
        source::bump(tx, desk.source_id, totals.accepted, totals.withdrawn)?;
        if let Some(sieve) = &mut totals.sieve {
            sieve.stamp_anew(tx)?;
        }
        record_place::settle(tx)?;
        Ok((self.receipts, totals.sieve))
    }
}

/// Parents of which only the presence is known that are remembered at most, and those with all their fields
/// (some kilobytes each).
const MOST_PARENTS: usize = 200_000;
const MOST_RECORDS: usize = 4_000;

/// Parents that were looked up for the same sitting.
#[derive(Default)]
pub(crate) struct ParentCache {
    known: HashMap<(i64, Hash), ParentFacts>,
    /// Those of them with all their fields.
    records: usize,
}

impl ParentCache {
    pub(crate) fn get(
        &mut self,
        tx: &Connection,
        parent: DatasetId,
        source_id: i64,
        value: &str,
    ) -> Result<ParentFacts, StoreError> {
        let business = hash::of_parts([value]);
        if let Some(facts) = self.known.get(&(source_id, business)) {
            return Ok(facts.clone());
        }
        let facts = if ParentFacts::are_compared(parent) {
            match record::by_business(tx, source_id, &business)? {
                Some((_, fields)) => {
                    ParentFacts::Accepted(Some(Arc::new(read_record(parent, &fields)?)))
                }
                None => ParentFacts::Absent,
            }
        } else if record::is_accepted(tx, source_id, &business)? {
            ParentFacts::Accepted(None)
        } else {
            ParentFacts::Absent
        };
        self.keep((source_id, business), facts.clone());
        Ok(facts)
    }

    fn keep(&mut self, parent: (i64, Hash), facts: ParentFacts) {
        if self.known.len() >= MOST_PARENTS || self.records >= MOST_RECORDS {
            *self = Self::default();
        }
        self.records += usize::from(matches!(facts, ParentFacts::Accepted(Some(_))));
        self.known.insert(parent, facts);
    }
}

//! Committing rows: how each stands to the cache, and what is written for it.

mod anew;
mod neighbours;
mod rejecting;

use zhengqiao_domain::{Check, DatasetId, Outcome};
use zhengqiao_exchange::Limits;
use zhengqiao_store::hash::Hash;
use zhengqiao_store::record::{self, Followers, NewRecord};
use zhengqiao_store::rejection::{self, HELD, REFUSED, REJECTED, RejectionHead, State};
use zhengqiao_store::run::{self, Counts};
use zhengqiao_store::sieve::Sieve;
use zhengqiao_store::{
    Connection, StoreError, Transaction, outbox, rejection_doubt, scratch, source,
};

pub(crate) use self::anew::expire;
pub use self::anew::{read_record, revalidate};
use self::neighbours::parents;
use self::rejecting::{reason, rest_of_key, wrong_source};
use crate::history::Hand;
use crate::prepare::Prepared;
use crate::sitting::{Doubts, ParentCache, Totals};

/// Who writes, when, and where to.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The run.
    pub run_id: i64,
    /// The source that is written.
    pub source_id: i64,
    /// Its dataset.
    pub dataset: DatasetId,
    /// Sources of the datasets that it refers to.
    pub parents: Vec<Option<i64>>,
    /// Now, unix ms.
    pub at: i64,
    /// Now in UTC+8, canonical.
    pub now: String,
    /// How many accepted records may still be withdrawn; `None` without a guard.
    pub withdrawals: Option<i64>,
    /// Whether this is a dry run over a scratch cache, which notes every row's fate.
    pub dry: bool,
    /// Under what and through whom it is written.
    pub hand: Hand,
    /// Who is told of new records.
    pub followers: Followers,
}

impl Desk {
    /// A desk for a dataset of a connection.
    pub fn new(
        tx: &Transaction<'_>,
        connection_id: i64,
        dataset: DatasetId,
        run_id: i64,
        at: i64,
        now: &str,
    ) -> Result<Self, StoreError> {
        let source_id = source::ensure(tx, connection_id, dataset)?;
        Ok(Self {
            run_id,
            source_id,
            dataset,
            parents: parents(tx, connection_id, dataset)?,
            at,
            now: now.to_owned(),
            withdrawals: None,
            dry: scratch::is_scratch(tx)?,
            hand: Hand::of_run(tx, run_id)?,
            followers: Followers::of(tx, source_id)?,
        })
    }

    /// A desk to judge at, which writes nothing.
    pub fn reading(
        connection: &Connection,
        connection_id: i64,
        dataset: DatasetId,
        source_id: i64,
        at: i64,
        now: &str,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            run_id: 0,
            source_id,
            dataset,
            parents: parents(connection, connection_id, dataset)?,
            at,
            now: now.to_owned(),
            withdrawals: None,
            dry: false,
            hand: Hand::default(),
            followers: Followers::default(),
        })
    }

    /// The same desk, with the connection's deletion guard.
    pub fn guarded(mut self, tx: &Transaction<'_>, limits: &Limits) -> Result<Self, StoreError> {
        let removed = run::removed(tx, self.run_id, self.source_id)?;
        let accepted = source::accepted(tx, self.source_id)?;
        self.withdrawals = limits
            .withdrawals(accepted + removed)
            .map(|allowed| (allowed - removed).max(0));
        Ok(self)
    }

    /// Decides on one row and writes what became of it.
    pub(crate) fn one(
        &self,
        tx: &Transaction<'_>,
        check: &Check<'_>,
        row: &mut Prepared,
        parents: &mut ParentCache,
        counts: &mut Counts,
        totals: &mut Totals,
    ) -> Result<(), StoreError> {
        self.settle_doubts(tx, row, &totals.doubts)?;
        let may_be_there = totals
            .sieve
            .as_ref()
            .is_none_or(|sieve| sieve.may_have_key(&row.key_hash));
        let head = match totals.last_found {
            _ if !may_be_there => None,
            Some(last) => {
                record::find_by_guess(tx, self.source_id, &row.key_hash, last.saturating_add(1))?
            }
            None => record::find(tx, self.source_id, &row.key_hash)?,
        };
        totals.last_found = head.as_ref().map(|head| head.id).or(totals.last_found);
        let before = rejection::find(tx, self.source_id, &row.key_hash)?;
        if let Some(head) = &head {
            if self.is_older(row, head.version, head.source_time.as_deref()) {
                counts.superseded += 1;
                totals.newer_records.push(head.id);
                return Ok(());
            }
            let state = if row.withdraws {
                record::WITHDRAWN
            } else {
                record::ACCEPTED
            };
            if head.hash == row.hash && head.state == state {
                if before
                    .as_ref()
                    .is_some_and(|before| before.state == State::Overridden as i64)
                {
                    // The provider has corrected it to what a person had made of it: its own now.
                    counts.accepted += 1;
                    self.put(tx, row, Some((head.id, head.state)), totals)?;
                    return self.settle(tx, &row.key_hash, before);
                }
                counts.unchanged += 1;
                totals.unchanged.push(head.id);
                return self.settle(tx, &row.key_hash, before);
            }
        }
        if let Some(before) = &before
            && before.state != State::Resolved as i64
            && self.is_older(row, before.version, before.source_time.as_deref())
        {
            counts.superseded += 1;
            totals.newer_rejections.push(before.id);
            return Ok(());
        }
        if row.withdraws && !row.key.is_empty() {
            let removes = head
                .as_ref()
                .is_some_and(|head| head.state == record::ACCEPTED);
            let waits = before.as_ref().is_some_and(|before| {
                before.outcome == HELD && before.state != State::Resolved as i64
            });
            let full = self
                .withdrawals
                .is_some_and(|room| waits || totals.removed >= room);
            if removes && full {
                counts.held += 1;
                row.findings.push(self.withdrawal_held(row));
                totals.note(self.reject_unsearched(tx, row, HELD)?);
                return Ok(());
            }
            counts.withdrawn += 1;
            return self.withdraw(tx, row, head, totals);
        }
        let sieve = totals.sieve.as_ref();
        let may_others_have =
            |business: &Hash| sieve.is_none_or(|sieve| sieve.may_have_business(business));
        self.add_neighbours(tx, check, row, parents, may_others_have)?;
        let judged_before = before.as_ref().is_some_and(|before| {
            before.state != State::Resolved as i64 && before.hash == row.hash
        });
        if !judged_before {
            let department = self.dataset.dataset().department;
            totals.quality.count(
                department.and_then(|field| row.record.get(field)),
                &row.findings,
            );
        }
        match Outcome::of(&row.findings) {
            Outcome::Accepted => {
                counts.accepted += 1;
                self.put(tx, row, head.map(|head| (head.id, head.state)), totals)?;
                self.settle(tx, &row.key_hash, before)
            }
            Outcome::Held => {
                counts.held += 1;
                totals.note(self.reject_unsearched(tx, row, HELD)?);
                Ok(())
            }
            Outcome::Rejected => {
                counts.rejected += 1;
                totals.reason = Some(reason(&row.findings));
                totals.note(self.reject_unsearched(tx, row, REJECTED)?);
                Ok(())
            }
        }
    }

    /// Whether the cache knows a newer version: by the version where there is one, else by the
    /// provider's time.
    fn is_older(&self, row: &Prepared, version: Option<i64>, source_time: Option<&str>) -> bool {
        let dataset = self.dataset.dataset();
        if let (Some(ours), Some(known)) = (row.version, version) {
            return ours < known;
        }
        let ours = dataset.source_time.and_then(|field| row.record.get(field));
        // A time in the future is a mistake and does not make what follows old.
        matches!((ours, source_time), (Some(ours), Some(known))
            if ours.len() == known.len() && ours < known && known <= self.now.as_str())
    }

    /// Settles what came before with a wrong name of the provider in its key, and comes now with the
    /// right one.
    fn settle_doubts(
        &self,
        tx: &Transaction<'_>,
        row: &Prepared,
        doubts: &Doubts,
    ) -> Result<(), StoreError> {
        if doubts.are_none() || wrong_source(row) {
            return Ok(());
        }
        let Some(rest) = rest_of_key(row).filter(|rest| doubts.may_have(rest)) else {
            return Ok(());
        };
        for id in rejection_doubt::take(tx, self.source_id, &rest)? {
            if let Some(head) = rejection::head(tx, id)?
                && head.state != State::Resolved as i64
            {
                self.keep_rejection(tx, &head)?;
                rejection::resolve(tx, id, self.run_id, self.at)?;
            }
        }
        Ok(())
    }

    /// Settles the rejection of a row that is taken now.
    fn settle(
        &self,
        tx: &Transaction<'_>,
        key_hash: &Hash,
        before: Option<RejectionHead>,
    ) -> Result<(), StoreError> {
        if let Some(head) = before
            && head.state != State::Resolved as i64
            // What the library refused is resolved when it takes a version of it.
            && head.outcome != REFUSED
        {
            self.keep_rejection(tx, &head)?;
            rejection::resolve(tx, head.id, self.run_id, self.at)?;
            outbox::ensure(tx, self.source_id, key_hash)?;
        }
        Ok(())
    }

    /// Resolves a rejection whose row has another key under the present mapping: what becomes of the row
    /// is written under that one, and nothing would ever come for the former.
    fn leave_former_key(
        &self,
        tx: &Transaction<'_>,
        rejection_id: i64,
        key_hash: &Hash,
    ) -> Result<(), StoreError> {
        if let Some(row) = rejection::get(tx, rejection_id)?
            && row.key_hash != *key_hash
            && let Some(head) = rejection::head(tx, rejection_id)?
        {
            self.keep_rejection(tx, &head)?;
            rejection::resolve(tx, rejection_id, self.run_id, self.at)?;
        }
        Ok(())
    }

    fn source_time<'r>(&self, row: &'r Prepared) -> Option<&'r str> {
        self.dataset
            .dataset()
            .source_time
            .and_then(|field| row.record.get(field))
    }

    pub(crate) fn withdraw(
        &self,
        tx: &Transaction<'_>,
        row: &Prepared,
        head: Option<record::RecordHead>,
        totals: &mut Totals,
    ) -> Result<(), StoreError> {
        if let Some(head) = head {
            if head.state == record::ACCEPTED {
                totals.accepted -= 1;
                totals.withdrawn += 1;
                totals.removed += 1;
            }
            self.keep_record(tx, head.id)?;
            record::withdraw(
                tx,
                head.id,
                &row.hash,
                self.source_time(row),
                &self.record_hand(),
            )?;
        } else {
            totals.withdrawn += 1;
            self.write(tx, row, None, record::WITHDRAWN, totals.sieve.as_mut())?;
        }
        let before = rejection::find(tx, self.source_id, &row.key_hash)?;
        self.settle(tx, &row.key_hash, before)
    }

    pub(crate) fn accept(
        &self,
        tx: &Transaction<'_>,
        row: &Prepared,
        head: Option<(i64, i64)>,
        totals: &mut Totals,
    ) -> Result<(), StoreError> {
        self.put(tx, row, head, totals)?;
        let before = rejection::find(tx, self.source_id, &row.key_hash)?;
        self.settle(tx, &row.key_hash, before)
    }

    /// Writes an accepted row, over the record that is there.
    pub(crate) fn put(
        &self,
        tx: &Transaction<'_>,
        row: &Prepared,
        head: Option<(i64, i64)>,
        totals: &mut Totals,
    ) -> Result<(), StoreError> {
        match head {
            None => totals.accepted += 1,
            Some((_, record::ACCEPTED)) => {}
            Some(_) => {
                totals.accepted += 1;
                totals.withdrawn -= 1;
            }
        }
        let id = head.map(|(id, _)| id);
        self.write(tx, row, id, record::ACCEPTED, totals.sieve.as_mut())
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        row: &Prepared,
        id: Option<i64>,
        state: i64,
        sieve: Option<&mut Sieve>,
    ) -> Result<(), StoreError> {
        let fields = row.fields()?;
        let warnings = if row.findings.is_empty() {
            None
        } else {
            Some(serde_json::to_string(&row.findings)?)
        };
        let new = NewRecord {
            source_id: self.source_id,
            key_hash: &row.key_hash,
            business_hash: row.business_hash.as_ref(),
            version: row.version,
            hash: &row.hash,
            state,
            run_id: self.run_id,
            at: self.at,
            source_time: self.source_time(row),
            fields: &fields,
            warnings: warnings.as_deref(),
            raw: &row.kept(),
            profile_version: self.hand.profile_version,
            via: self.hand.via,
            actor: self.hand.actor.as_deref(),
        };
        match id {
            Some(id) => {
                self.keep_record(tx, id)?;
                record::replace(tx, id, &new, sieve)
            }
            None => record::insert(tx, &new, self.followers, sieve),
        }
    }
}

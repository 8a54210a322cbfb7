//! The population of one connection in memory, and the bindings kept by difference.
//!
//! The first review of a process reads every person and account; from then on the log of changed
//! records says which are to be read again. One connection is kept, the one reviewed last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Instant;

use chrono::NaiveDate;
use zhengqiao_domain::{DatasetId, Record};
use zhengqiao_identity::{
    AccountReader, ClaimRow, Decided, Identity, PortalAccount, ReviewPolicy, Settled,
};
use zhengqiao_store::{Cache, Connection, StoreError, binding_decision, person_change, record};

use super::account_texts::Texts;
use super::population;
use super::ruled::{decisions, ruling};
use crate::contract::ReviewTook;

/// Changes beyond which everything is read anew.
const FEW: usize = 100_000;
/// Changed records that are read before any of them is taken in.
const TOGETHER: usize = 10_000;
/// Changed records that are worth a second reader.
const WORTH_A_READER: usize = 500;
/// Records that are handed to the other thread at once.
const BATCH: usize = 1_000;
/// Batches that may wait.
const WAITING: usize = 8;

/// What a review goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Basis {
    pub(super) connection_id: i64,
    pub(super) accounts_from: i64,
    pub(super) policy: ReviewPolicy,
    pub(super) claims: Vec<ClaimRow>,
}

/// The population that is kept, if any.
#[derive(Clone, Default)]
pub(in crate::console) struct Warm(Arc<Mutex<Option<Known>>>);

impl Warm {
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection's population is in memory.
    pub(super) fn has(&self, connection_id: i64) -> bool {
        self.lock()
            .as_ref()
            .is_some_and(|known| known.basis.connection_id == connection_id)
    }
}

/// A population with where it stands.
pub(super) struct Known {
    basis: Basis,
    change: i64,
    sources: HashMap<i64, DatasetId>,
    reader: AccountReader,
    pub(super) population: zhengqiao_identity::Population,
}

/// What is to be written.
pub(super) struct Found {
    /// What was looked at again; none when that was everything.
    pub(super) settled: Option<Settled>,
    pub(super) texts: Texts,
    pub(super) took: ReviewTook,
}

/// Whom a record is about. One that cannot be read as a person was accepted under other rules; it binds
/// nobody.
enum Seen {
    Person(Box<Identity>),
    Account(Box<PortalAccount>),
    Nobody,
}

/// Records of one source with their fields one after another.
struct Batch {
    dataset: DatasetId,
    /// Number, and where the fields end.
    ends: Vec<(i64, usize)>,
    fields: String,
}

/// The population as the cache has it now: caught up where it is in memory, read where it is not.
pub(super) fn look(
    cache: &Cache,
    known: Option<Known>,
    basis: Basis,
    today: NaiveDate,
) -> Result<(Known, Found), StoreError> {
    if let Some(mut known) = known.filter(|known| known.basis == basis)
        && let Some(found) = known.catch_up(cache, today)?
    {
        return Ok((known, found));
    }
    cache.read_blocking(|conn| Known::read(conn, basis, today))
}

impl Known {
    /// The connection.
    pub(super) const fn connection_id(&self) -> i64 {
        self.basis.connection_id
    }

    fn read(
        conn: &Connection,
        basis: Basis,
        today: NaiveDate,
    ) -> Result<(Self, Found), StoreError> {
        // The hashes of ID numbers are only compared among themselves and not kept.
        let mut hash_key = [0; 32];
        getrandom::fill(&mut hash_key)
            .map_err(|error| StoreError::Content(format!("no random numbers: {error}")))?;
        let begun = Instant::now();
        let change = person_change::newest(conn)?;
        let sources = population::sources(conn, basis.connection_id, basis.accounts_from)?;
        let reader = AccountReader::of(&basis.policy, &basis.claims, hash_key)
            .map_err(|error| StoreError::Content(error.to_string()))?;
        let decided = decisions(conn, basis.connection_id)?;
        let mut known = Self {
            population: zhengqiao_identity::Population::new(basis.policy.clone(), today),
            sources: sources
                .iter()
                .map(|(id, dataset, _)| (*id, *dataset))
                .collect(),
            basis,
            change,
            reader,
        };
        let mut texts = Texts::default();
        let count = |accounts: bool| {
            let of_side = sources
                .iter()
                .filter(|(_, dataset, _)| (*dataset == DatasetId::PortalAccount) == accounts);
            let all: i64 = of_side.map(|(_, _, accepted)| *accepted).sum();
            usize::try_from(all).unwrap_or_default()
        };
        known.population.reserve(count(false), count(true));
        texts.reserve(count(true));
        let mut records = 0;
        // One thread decrypts, the other decodes.
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel::<Batch>(WAITING);
            let decode = scope.spawn(|| {
                for batch in receive {
                    let mut from = 0;
                    for (id, end) in batch.ends {
                        let fields = &batch.fields[from..end];
                        from = end;
                        let seen = seen(&known.reader, batch.dataset, fields, |account_id| {
                            Ok(decided.get(account_id).cloned())
                        });
                        // Nothing is looked up that could fail.
                        known.take_in(&mut texts, id, seen.unwrap_or(Seen::Nobody));
                        records += 1;
                    }
                }
            });
            let read = read_all(conn, &sources, &send);
            drop(send);
            if let Err(panic) = decode.join() {
                std::panic::resume_unwind(panic);
            }
            read
        })?;
        let read_ms = elapsed(begun);
        let begun = Instant::now();
        known.population.settle();
        let took = ReviewTook {
            incremental: false,
            records,
            read_ms,
            match_ms: elapsed(begun),
            ..ReviewTook::default()
        };
        let found = Found {
            settled: None,
            texts,
            took,
        };
        Ok((known, found))
    }

    /// `None` when everything is to be read anew.
    fn catch_up(&mut self, cache: &Cache, today: NaiveDate) -> Result<Option<Found>, StoreError> {
        let begun = Instant::now();
        let (newest, changed, sources) = cache.read_blocking(|conn| {
            let newest = person_change::newest(conn)?;
            let changed = person_change::since(conn, self.change, newest)?;
            let (own, portal) = (self.basis.connection_id, self.basis.accounts_from);
            Ok((newest, changed, population::sources(conn, own, portal)?))
        })?;
        let Some(changed) = changed.filter(|changed| changed.len() <= FEW) else {
            return Ok(None);
        };
        self.sources = sources
            .iter()
            .map(|(id, dataset, _)| (*id, *dataset))
            .collect();
        let mut texts = Texts::default();
        for part in changed.chunks(TOGETHER) {
            for (id, seen) in self.look_again(cache, part)? {
                self.take_in(&mut texts, id, seen);
            }
        }
        self.change = newest;
        let read_ms = elapsed(begun);
        let begun = Instant::now();
        self.population.set_today(today);
        let settled = self.population.settle();
        Ok(Some(Found {
            settled: Some(settled),
            texts,
            took: ReviewTook {
                incremental: true,
                records: i64::try_from(changed.len()).unwrap_or_default(),
                read_ms,
                match_ms: elapsed(begun),
                ..ReviewTook::default()
            },
        }))
    }

    /// Changed records as they are now, by number. Where there are many, two connections read: most of the
    /// time goes into decrypting a page for each record.
    fn look_again(&self, cache: &Cache, ids: &[i64]) -> Result<Vec<(i64, Seen)>, StoreError> {
        let read = |ids: &[i64]| {
            cache.read_blocking(|conn| {
                // One transaction: each of its own would look at the log's locks anew.
                let tx = conn.unchecked_transaction()?;
                let seen = ids
                    .iter()
                    .map(|id| self.again(&tx, *id).map(|seen| (*id, seen)));
                seen.collect::<Result<Vec<_>, StoreError>>()
            })
        };
        if ids.len() < WORTH_A_READER {
            return read(ids);
        }
        let (low, high) = ids.split_at(ids.len() / 2);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| read(high));
            let mut all = read(low)?;
            match second.join() {
                Ok(others) => all.extend(others?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            Ok(all)
        })
    }

    fn again(&self, conn: &Connection, id: i64) -> Result<Seen, StoreError> {
        let found = record::numbered(conn, id)?.filter(|(source_id, _, state, _)| {
            *state == record::ACCEPTED && self.sources.contains_key(source_id)
        });
        let Some((_, dataset, _, fields)) = found else {
            return Ok(Seen::Nobody);
        };
        seen(&self.reader, dataset, &fields, |account_id| {
            let holding = binding_decision::of_account(conn, self.basis.connection_id, account_id)?;
            Ok(holding.as_ref().and_then(ruling))
        })
    }

    fn take_in(&mut self, texts: &mut Texts, id: i64, seen: Seen) {
        match seen {
            Seen::Person(person) => self.population.put_person(handle(id), &person),
            Seen::Account(account) => {
                texts.put(id, &account);
                self.population.put_account(handle(id), &account);
            }
            Seen::Nobody => {
                self.population.remove_account(handle(id));
                self.population.remove_person(handle(id));
            }
        }
    }
}

fn elapsed(begun: Instant) -> i64 {
    i64::try_from(begun.elapsed().as_millis()).unwrap_or_default()
}

/// Numbers of records are positive; the population's handles have no sign.
pub(super) fn handle(record_id: i64) -> u64 {
    record_id.unsigned_abs()
}

pub(super) fn number(handle: u64) -> i64 {
    i64::try_from(handle).unwrap_or_default()
}

/// Place of a word in its list.
pub(super) fn place<T: PartialEq>(list: &[T], one: &T) -> i64 {
    list.iter()
        .position(|other| other == one)
        .and_then(|at| i64::try_from(at).ok())
        .unwrap_or(-1)
}

fn read_all(
    conn: &Connection,
    sources: &[(i64, DatasetId, i64)],
    send: &mpsc::SyncSender<Batch>,
) -> Result<(), StoreError> {
    let closed = |_| StoreError::Content("the decoding of records ended early".into());
    for (source_id, dataset, _) in sources {
        let mut batch = Batch::new(*dataset, 0);
        record::for_each_numbered(conn, *source_id, |id, fields| {
            batch.fields.push_str(fields);
            batch.ends.push((id, batch.fields.len()));
            if batch.ends.len() == BATCH {
                let next = Batch::new(*dataset, batch.fields.len());
                return send
                    .send(std::mem::replace(&mut batch, next))
                    .map_err(closed);
            }
            Ok(())
        })?;
        send.send(batch).map_err(closed)?;
    }
    Ok(())
}

impl Batch {
    fn new(dataset: DatasetId, bytes: usize) -> Self {
        Self {
            dataset,
            ends: Vec::with_capacity(BATCH),
            fields: String::with_capacity(bytes),
        }
    }
}

fn seen(
    reader: &AccountReader,
    dataset: DatasetId,
    fields: &str,
    decided: impl Fn(&str) -> Result<Option<Decided>, StoreError>,
) -> Result<Seen, StoreError> {
    let Ok(record) = Record::from_text(dataset, fields) else {
        return Ok(Seen::Nobody);
    };
    if dataset != DatasetId::PortalAccount {
        let person = reader.identity(&record);
        return Ok(person.map_or(Seen::Nobody, |one| Seen::Person(Box::new(one))));
    }
    let Ok(mut account) = reader.account(&record) else {
        return Ok(Seen::Nobody);
    };
    account.decided = decided(&account.account_id)?;
    Ok(Seen::Account(Box::new(account)))
}

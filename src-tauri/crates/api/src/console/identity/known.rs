//! The population of one connection in memory, and the bindings kept by difference.
//!
//! The first review of a process reads every person and account; from then on the log of changed
//! records says which are to be read again. One connection is kept, the one reviewed last.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Instant;

use chrono::NaiveDate;
use zhengqiao_domain::{DatasetId, Record};
use zhengqiao_identity::{
    AccountKind, AccountReader, BindingState, ClaimRow, Decided, Population, ReviewPolicy, Row,
    Settled,
};
use zhengqiao_store::binding::{AccountTexts, Computed};
use zhengqiao_store::binding_decision::{self, BindingDecision};
use zhengqiao_store::{Connection, StoreError, binding, person_change, record};

use super::population;
use crate::contract::ReviewTook;

/// Changes beyond which everything is read anew.
const FEW: usize = 100_000;
/// Records that are handed to the other thread at once.
const BATCH: usize = 1_000;
/// Batches that may wait.
const WAITING: usize = 8;
/// Decisions read at once.
const DECISIONS: u32 = 1_000;

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
    population: Population,
}

/// Texts of accounts by their record. Sites repeat.
#[derive(Default)]
struct Texts {
    of: HashMap<i64, AccountTexts>,
    sites: HashSet<Arc<str>>,
}

impl Texts {
    fn put(&mut self, id: i64, account: &zhengqiao_identity::PortalAccount) {
        let site = account.site.as_deref().map(|site| {
            let known = self.sites.get(site).cloned();
            known.unwrap_or_else(|| {
                let new: Arc<str> = site.into();
                self.sites.insert(new.clone());
                new
            })
        });
        let account_id = account.account_id.clone();
        self.of.insert(id, AccountTexts { account_id, site });
    }

    fn get(&self, id: i64) -> Option<&AccountTexts> {
        self.of.get(&id)
    }
}

/// What is to be written.
pub(super) struct Found {
    settled: Option<Settled>,
    texts: Texts,
    pub(super) took: ReviewTook,
}

/// The population as the cache has it now: caught up where it is in memory, read where it is not.
pub(super) fn look(
    conn: &Connection,
    known: Option<Known>,
    basis: Basis,
    today: NaiveDate,
) -> Result<(Known, Found), StoreError> {
    if let Some(mut known) = known.filter(|known| known.basis == basis)
        && let Some(found) = known.catch_up(conn, today)?
    {
        return Ok((known, found));
    }
    Known::read(conn, basis, today)
}

impl Known {
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
        let sources = sources(conn, &basis)?;
        let reader = AccountReader::of(&basis.policy, &basis.claims, hash_key)
            .map_err(|error| StoreError::Content(error.to_string()))?;
        let decided = decisions(conn, basis.connection_id)?;
        let mut texts = Texts::default();
        let mut records = 0;
        let mut population = Population::new(basis.policy.clone(), today);
        // One thread decrypts, the other decodes.
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel::<Vec<(i64, DatasetId, String)>>(WAITING);
            let decode = scope.spawn(|| {
                for (id, dataset, fields) in receive.into_iter().flatten() {
                    put(
                        &mut population,
                        &reader,
                        &decided,
                        &mut texts,
                        id,
                        dataset,
                        &fields,
                    );
                    records += 1;
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
        population.settle();
        let took = ReviewTook {
            incremental: false,
            records,
            read_ms,
            match_ms: elapsed(begun),
            ..ReviewTook::default()
        };
        let known = Self {
            basis,
            change,
            sources,
            reader,
            population,
        };
        let found = Found {
            settled: None,
            texts,
            took,
        };
        Ok((known, found))
    }

    /// `None` when everything is to be read anew.
    fn catch_up(
        &mut self,
        conn: &Connection,
        today: NaiveDate,
    ) -> Result<Option<Found>, StoreError> {
        let begun = Instant::now();
        let newest = person_change::newest(conn)?;
        let Some(changed) = person_change::since(conn, self.change, newest)? else {
            return Ok(None);
        };
        if changed.len() > FEW {
            return Ok(None);
        }
        self.sources = sources(conn, &self.basis)?;
        let mut texts = Texts::default();
        let connection_id = self.basis.connection_id;
        for id in &changed {
            let found = record::numbered(conn, *id)?.filter(|(source_id, _, state, _)| {
                *state == record::ACCEPTED && self.sources.contains_key(source_id)
            });
            let Some((_, dataset, _, fields)) = found else {
                self.population.remove_account(handle(*id));
                self.population.remove_person(handle(*id));
                continue;
            };
            let mut decided = HashMap::new();
            if dataset == DatasetId::PortalAccount
                && let Ok(record) = zhengqiao_sync::read_record(dataset, &fields)
                && let Some(account_id) = record.get("account_id")
                && let Some(decision) =
                    binding_decision::of_account(conn, connection_id, account_id)?
            {
                decided.extend(ruling(&decision).map(|ruling| (account_id.into(), ruling)));
            }
            put(
                &mut self.population,
                &self.reader,
                &decided,
                &mut texts,
                *id,
                dataset,
                &fields,
            );
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

    /// Writes what differs from what is kept; says how many bindings that were.
    pub(super) fn write(&self, conn: &Connection, found: &Found) -> Result<i64, StoreError> {
        let connection_id = self.basis.connection_id;
        match &found.settled {
            None => self.write_all(conn, connection_id, found),
            Some(settled) => {
                let mut written = 0;
                // Whoever lost an account has a row again only when that account's is changed.
                let accounts = settled.accounts.iter().map(|one| (*one, true));
                let people = settled.people.iter().map(|one| (*one, false));
                for (one, is_account) in accounts.chain(people) {
                    let row = self.row(one, is_account);
                    let id = number(one);
                    let kept = binding::of_record(conn, connection_id, id, is_account)?;
                    let texts = found.texts.get(id);
                    match (kept, row) {
                        (None, None) => {}
                        (Some(kept), None) => {
                            binding::remove(conn, kept.id)?;
                            written += 1;
                        }
                        (Some(kept), Some(row)) => {
                            let new = computed(&row);
                            if new != kept.computed {
                                binding::update(conn, kept.id, &new)?;
                                written += 1;
                            }
                            if let Some(texts) = texts
                                && texts.site.as_deref() != kept.site.as_deref()
                            {
                                binding::set_site(conn, kept.id, texts.site.as_deref())?;
                            }
                        }
                        (None, Some(row)) => {
                            insert(conn, connection_id, &row, texts)?;
                            written += 1;
                        }
                    }
                }
                Ok(written)
            }
        }
    }

    fn write_all(
        &self,
        conn: &Connection,
        connection_id: i64,
        found: &Found,
    ) -> Result<i64, StoreError> {
        let mut seen: HashSet<u64> = HashSet::new();
        let (mut gone, mut changed, mut moved) = (Vec::new(), Vec::new(), Vec::new());
        binding::for_each(conn, connection_id, |id, kept, site| {
            let one = match (kept.account_record, kept.person_record) {
                (Some(account), _) => Some((handle(account), true)),
                (None, Some(person)) => Some((handle(person), false)),
                _ => None,
            };
            let row = one.and_then(|(one, is_account)| self.row(one, is_account));
            match (one, row) {
                (Some((one, is_account)), Some(row)) => {
                    seen.insert(one);
                    let new = computed(&row);
                    if new != kept {
                        changed.push((id, new));
                    }
                    if is_account
                        && let Some(texts) = found.texts.get(number(one))
                        && texts.site.as_deref() != site.as_deref()
                    {
                        moved.push((id, texts.site.clone()));
                    }
                }
                _ => gone.push(id),
            }
            Ok(())
        })?;
        let mut written = gone.len() + changed.len();
        for id in gone {
            binding::remove(conn, id)?;
        }
        for (id, new) in changed {
            binding::update(conn, id, &new)?;
        }
        for (id, site) in moved {
            binding::set_site(conn, id, site.as_deref())?;
        }
        let mut accounts: Vec<u64> = self.population.accounts().collect();
        let mut people: Vec<u64> = self.population.people().collect();
        accounts.retain(|one| !seen.contains(one));
        people.retain(|one| !seen.contains(one));
        accounts.sort_unstable();
        people.sort_unstable();
        let accounts = accounts.into_iter().map(|one| (one, true));
        let people = people.into_iter().map(|one| (one, false));
        for (one, is_account) in accounts.chain(people) {
            if let Some(row) = self.row(one, is_account) {
                insert(conn, connection_id, &row, found.texts.get(number(one)))?;
                written += 1;
            }
        }
        Ok(i64::try_from(written).unwrap_or_default())
    }

    fn row(&self, one: u64, is_account: bool) -> Option<Row> {
        if is_account {
            self.population.account_row(one)
        } else {
            self.population.person_row(one)
        }
    }
}

fn elapsed(begun: Instant) -> i64 {
    i64::try_from(begun.elapsed().as_millis()).unwrap_or_default()
}

/// Numbers of records are positive; the population's handles have no sign.
fn handle(record_id: i64) -> u64 {
    record_id.unsigned_abs()
}

fn number(handle: u64) -> i64 {
    i64::try_from(handle).unwrap_or_default()
}

fn insert(
    conn: &Connection,
    connection_id: i64,
    row: &Row,
    texts: Option<&AccountTexts>,
) -> Result<(), StoreError> {
    binding::insert(conn, connection_id, &computed(row), texts)?;
    // An account that came back keeps what was decided about it.
    if let Some(texts) = texts
        && let Some(decision) =
            binding_decision::of_account(conn, connection_id, &texts.account_id)?
    {
        binding::set_decision(
            conn,
            connection_id,
            &texts.account_id,
            Some(&decision.act),
            decision.until.as_deref(),
        )?;
    }
    Ok(())
}

/// Place of a word in its list.
pub(super) fn place<T: PartialEq>(list: &[T], one: &T) -> i64 {
    list.iter()
        .position(|other| other == one)
        .and_then(|at| i64::try_from(at).ok())
        .unwrap_or(-1)
}

fn computed(row: &Row) -> Computed {
    Computed {
        kind: place(AccountKind::ALL, &row.kind),
        state: place(BindingState::ALL, &row.state),
        account_record: row.account.map(number),
        person_record: row.person.map(number),
        conflicts: row.conflicts.into(),
        compared: row.compared.into(),
        agreed: row.agreed.into(),
        candidates: (!row.candidates.is_empty()).then(|| {
            let list: Vec<String> = row.candidates.iter().map(u64::to_string).collect();
            format!("[{}]", list.join(","))
        }),
    }
}

fn sources(conn: &Connection, basis: &Basis) -> Result<HashMap<i64, DatasetId>, StoreError> {
    Ok(
        population::sources(conn, basis.connection_id, basis.accounts_from)?
            .into_iter()
            .map(|(id, dataset, _)| (id, dataset))
            .collect(),
    )
}

fn read_all(
    conn: &Connection,
    sources: &HashMap<i64, DatasetId>,
    send: &mpsc::SyncSender<Vec<(i64, DatasetId, String)>>,
) -> Result<(), StoreError> {
    let closed = || StoreError::Content("the decoding of records ended early".into());
    for (source_id, dataset) in sources {
        let mut batch = Vec::with_capacity(BATCH);
        record::for_each_numbered(conn, *source_id, |id, fields| {
            batch.push((id, *dataset, fields.to_owned()));
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                return send.send(full).map_err(|_| closed());
            }
            Ok(())
        })?;
        send.send(batch).map_err(|_| closed())?;
    }
    Ok(())
}

/// A record that cannot be read as a person was accepted under other rules; it binds nobody.
fn put(
    population: &mut Population,
    reader: &AccountReader,
    decided: &HashMap<String, Decided>,
    texts: &mut Texts,
    id: i64,
    dataset: DatasetId,
    fields: &str,
) {
    let one = handle(id);
    let Ok(record) = zhengqiao_sync::read_record(dataset, fields) else {
        population.remove_account(one);
        population.remove_person(one);
        return;
    };
    if dataset == DatasetId::PortalAccount {
        match account(reader, &record, decided) {
            Some(account) => {
                texts.put(id, &account);
                population.put_account(one, &account);
            }
            None => population.remove_account(one),
        }
    } else {
        match reader.identity(&record) {
            Ok(person) => population.put_person(one, &person),
            Err(_) => population.remove_person(one),
        }
    }
}

/// The account in a record, with what was decided about it.
pub(super) fn account(
    reader: &AccountReader,
    record: &Record,
    decided: &HashMap<String, Decided>,
) -> Option<zhengqiao_identity::PortalAccount> {
    let mut account = reader.account(record).ok()?;
    account.decided = decided.get(&*account.account_id).cloned();
    Some(account)
}

/// What a decision means for the review; putting it off means nothing.
fn ruling(decision: &BindingDecision) -> Option<Decided> {
    match decision.act.as_str() {
        "link" => decision
            .identity_key
            .as_deref()
            .map(|key| Decided::Link(key.into())),
        "unlink" => Some(Decided::Unlink(
            decision.identity_key.as_deref().map(Into::into),
        )),
        "merge" => Some(Decided::Merge),
        "do_not_touch" => Some(Decided::DoNotTouch),
        _ => None,
    }
}

/// What was decided about accounts, by account.
pub(super) fn decisions(
    conn: &Connection,
    connection_id: i64,
) -> Result<HashMap<String, Decided>, StoreError> {
    let mut all = HashMap::new();
    let mut after: Option<String> = None;
    loop {
        let page = binding_decision::holding(conn, connection_id, after.as_deref(), DECISIONS)?;
        let is_last = page.len() < DECISIONS as usize;
        for decision in page {
            if let Some(ruling) = ruling(&decision) {
                all.insert(decision.account_id.clone(), ruling);
            }
            after = Some(decision.account_id);
        }
        if is_last {
            return Ok(all);
        }
    }
}

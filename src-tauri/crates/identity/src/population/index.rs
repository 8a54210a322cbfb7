//! Which identities an account points to, and which accounts an identity may be pointed to by.

use super::column::Column;
use super::rows::{Account, Person, mix};
use crate::binding::{Binding, EvidenceKind};
use crate::kind::AccountKind;

/// Identities by everything that an account can point to them with.
pub(super) struct People {
    keys: Column<Person>,
    other_keys: Column<Person>,
    pub(super) cert_keys: Column<Person>,
    pub(super) numbers: Column<Person>,
    pub(super) codes: Column<Person>,
    pub(super) orgs: Column<Person>,
    pub(super) agent_codes: Column<Person>,
    pub(super) agent_orgs: Column<Person>,
    pub(super) mobiles: Column<Person>,
    pub(super) supports: Column<Person>,
}

/// Accounts by everything that they can point with.
pub(super) struct Accounts {
    bound: Column<Account>,
    cert_keys: Column<Account>,
    numbers: Column<Account>,
    codes: Column<Account>,
    orgs: Column<Account>,
    mobiles: Column<Account>,
}

fn legal(person: &Person, key: u64) -> u64 {
    if person.kind == Some(AccountKind::Legal) {
        key
    } else {
        0
    }
}

fn agent(person: &Person, code: u64) -> u64 {
    if person.kind == Some(AccountKind::Agent) {
        mix(code, u64::from(person.title))
    } else {
        0
    }
}

/// A key that is not the hash.
fn but(key: u64, cert_key: u64) -> u64 {
    if key == cert_key { 0 } else { key }
}

/// A code, and for an agent the code with the name: a legal person's agents are told apart by it.
fn coded(account: &Account, code: u64) -> u64 {
    match account.kind {
        Some(AccountKind::Legal) => code,
        Some(AccountKind::Agent) => mix(code, u64::from(account.title)),
        _ => 0,
    }
}

impl People {
    pub(super) fn new() -> Self {
        Self {
            // A natural person's key is its hash, a legal person's other one too: those are found there.
            keys: Column::sparse(|one| but(one.key, one.cert_key)),
            other_keys: Column::sparse(|one| but(one.other_key, one.cert_key)),
            cert_keys: Column::new(|one| one.cert_key),
            // A legal person's number is its representative's, who may represent several.
            numbers: Column::new(|one| match one.kind {
                Some(AccountKind::Legal) => 0,
                _ => one.number,
            }),
            codes: Column::sparse(|one| legal(one, one.code)),
            orgs: Column::sparse(|one| legal(one, one.org)),
            agent_codes: Column::sparse(|one| agent(one, one.code)),
            agent_orgs: Column::sparse(|one| agent(one, one.org)),
            mobiles: Column::new(|one| one.mobile),
            supports: Column::new(|one| mix(one.mobile, u64::from(one.title))),
        }
    }

    pub(super) fn link(&mut self, rows: &[Person], at: u32) {
        for column in self.all() {
            column.link(rows, at);
        }
    }

    pub(super) fn unlink(&mut self, rows: &[Person], at: u32) {
        for column in self.all() {
            column.unlink(rows, at);
        }
    }

    pub(super) fn all(&mut self) -> [&mut Column<Person>; 10] {
        [
            &mut self.keys,
            &mut self.other_keys,
            &mut self.cert_keys,
            &mut self.numbers,
            &mut self.codes,
            &mut self.orgs,
            &mut self.agent_codes,
            &mut self.agent_orgs,
            &mut self.mobiles,
            &mut self.supports,
        ]
    }

    /// Those with a key.
    fn keyed<'a>(&'a self, rows: &'a [Person], key: u64) -> impl Iterator<Item = u32> + 'a {
        let hashed = self.cert_keys.find(rows, key);
        self.keys
            .find(rows, key)
            .chain(hashed.filter(move |at| rows[*at as usize].key == key))
    }

    /// Those with another key.
    fn other_keyed<'a>(&'a self, rows: &'a [Person], key: u64) -> impl Iterator<Item = u32> + 'a {
        let hashed = self.cert_keys.find(rows, key);
        self.other_keys
            .find(rows, key)
            .chain(hashed.filter(move |at| rows[*at as usize].other_key == key))
    }
}

impl Accounts {
    pub(super) fn new() -> Self {
        Self {
            // Most natural persons' accounts are bound to the hash that they have themselves.
            bound: Column::sparse(|one| but(one.bound, one.cert_key)),
            cert_keys: Column::new(|one| one.cert_key),
            numbers: Column::new(|one| one.number),
            codes: Column::sparse(|one| coded(one, one.code)),
            orgs: Column::sparse(|one| coded(one, one.org)),
            mobiles: Column::new(|one| one.mobile),
        }
    }

    pub(super) fn link(&mut self, rows: &[Account], at: u32) {
        for column in self.all() {
            column.link(rows, at);
        }
    }

    pub(super) fn unlink(&mut self, rows: &[Account], at: u32) {
        for column in self.all() {
            column.unlink(rows, at);
        }
    }

    pub(super) fn all(&mut self) -> [&mut Column<Account>; 6] {
        [
            &mut self.bound,
            &mut self.cert_keys,
            &mut self.numbers,
            &mut self.codes,
            &mut self.orgs,
            &mut self.mobiles,
        ]
    }

    /// Accounts that may be bound to a person, or may point to it by a key: some are named twice.
    pub(super) fn pointing<'a>(
        &'a self,
        rows: &'a [Account],
        person: &'a Person,
    ) -> impl Iterator<Item = u32> + 'a {
        let title = u64::from(person.title);
        [person.key, person.other_key, person.org]
            .into_iter()
            .flat_map(|key| {
                // An account that has the key it is bound to as its own hash stands there.
                let bound = self.bound.find(rows, key);
                bound.chain(self.cert_keys.find(rows, key))
            })
            .chain(self.cert_keys.find(rows, person.cert_key))
            .chain(self.numbers.find(rows, person.number))
            .chain(self.codes.find(rows, person.code))
            .chain(self.codes.find(rows, mix(person.code, title)))
            .chain(self.orgs.find(rows, person.org))
            .chain(self.orgs.find(rows, mix(person.org, title)))
    }

    /// Accounts with a telephone number.
    pub(super) fn calling<'a>(
        &'a self,
        rows: &'a [Account],
        mobile: u64,
    ) -> impl Iterator<Item = u32> + 'a {
        self.mobiles.find(rows, mobile)
    }
}

/// Identities that one kind of evidence points to.
#[derive(Debug, Default)]
pub(super) struct Pointed {
    /// The first ones by handle.
    pub(super) first: Vec<u32>,
    /// Whether the account's own is among all.
    pub(super) has_own: bool,
}

/// The people as an account sees them.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) people: &'a [Person],
    pub(super) index: &'a People,
    pub(super) evidence: &'a [EvidenceKind],
}

impl View<'_> {
    /// The identity that the account is bound to.
    pub(super) fn bound(self, account: &Account) -> Option<u32> {
        let of_kind = |at: &u32| self.people[*at as usize].kind == account.kind;
        let (people, key) = (self.people, account.bound);
        let handle = |at: &u32| people[*at as usize].handle;
        let keyed = self.index.keyed(people, key).filter(of_kind);
        keyed
            .min_by_key(handle)
            .or_else(|| {
                let other = self.index.other_keyed(people, key).filter(of_kind);
                other.min_by_key(handle)
            })
            .or_else(|| {
                let orgs = self.index.orgs.find(people, key).filter(of_kind);
                orgs.min_by_key(handle).filter(|_| account.bound_by_org)
            })
    }

    /// The identities that the account's own keys point to: one list for each kind of evidence that
    /// points anywhere, in the policy's order.
    pub(super) fn pointed_to(self, account: &Account, own: Option<u32>) -> Vec<Pointed> {
        let mut lists: Vec<Pointed> = Vec::new();
        for evidence in self.evidence {
            // An agent's name tells which of a legal person's agents it is, where nothing else does.
            let last_resort = lists.is_empty();
            let list = self.by_evidence(*evidence, account, own, last_resort);
            if !list.first.is_empty() {
                lists.push(list);
            }
        }
        lists
    }

    fn by_evidence(
        self,
        evidence: EvidenceKind,
        account: &Account,
        own: Option<u32>,
        last_resort: bool,
    ) -> Pointed {
        let index = self.index;
        let mut list = Pointed::default();
        match (evidence, account.kind) {
            (EvidenceKind::CertKey, _) => {
                let found = index.cert_keys.find(self.people, account.cert_key);
                self.take(found.filter(|at| self.fits(account, *at)), own, &mut list);
            }
            (EvidenceKind::IdNumber, _) => {
                let found = index.numbers.find(self.people, account.number);
                self.take(found.filter(|at| self.fits(account, *at)), own, &mut list);
            }
            (EvidenceKind::CreditCode, Some(AccountKind::Legal)) => {
                self.take(index.codes.find(self.people, account.code), own, &mut list);
                self.take(index.orgs.find(self.people, account.org), own, &mut list);
            }
            (EvidenceKind::CreditCode, Some(AccountKind::Agent)) if last_resort => {
                let name = u64::from(account.title);
                let by_code = index.agent_codes.find(self.people, mix(account.code, name));
                self.take(by_code, own, &mut list);
                let by_org = index.agent_orgs.find(self.people, mix(account.org, name));
                self.take(by_org, own, &mut list);
            }
            _ => {}
        }
        list
    }

    /// Of the account's kind; of an agent's identities those for the legal person that the account
    /// names: one person may act for several, each with an identity of its own.
    fn fits(self, account: &Account, at: u32) -> bool {
        let person = &self.people[at as usize];
        person.kind == account.kind
            && (account.kind != Some(AccountKind::Agent)
                || account.code | account.org == 0
                || account.has_code_of(person))
    }

    /// Keeps the first by handle: where thousands have one key, nobody looks through them.
    fn take(self, found: impl Iterator<Item = u32>, own: Option<u32>, list: &mut Pointed) {
        for at in found {
            list.has_own |= Some(at) == own;
            let handle = self.people[at as usize].handle;
            let place = list
                .first
                .partition_point(|one| self.people[*one as usize].handle < handle);
            if place <= Binding::MOST_CANDIDATES {
                list.first.insert(place, at);
                list.first.truncate(Binding::MOST_CANDIDATES + 1);
            }
        }
    }

    /// Identities of the account's kind with its telephone *and* its name: worth a look, no more.
    pub(super) fn supported(self, account: &Account) -> Vec<u32> {
        let key = mix(account.mobile, u64::from(account.title));
        let found = self.index.supports.find(self.people, key);
        let mut list = Pointed::default();
        let of_kind = found.filter(|at| self.people[*at as usize].kind == account.kind);
        self.take(of_kind, None, &mut list);
        list.first.truncate(Binding::MOST_CANDIDATES);
        list.first
    }
}

/// Every identity of the lists once, without `but`.
pub(super) fn merged(lists: &[Pointed], but: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut merged: Vec<u32> = Vec::new();
    for at in lists.iter().flat_map(|list| list.first.iter().copied()) {
        if !but(at) && !merged.contains(&at) {
            merged.push(at);
            if merged.len() == Binding::MOST_CANDIDATES {
                break;
            }
        }
    }
    merged
}

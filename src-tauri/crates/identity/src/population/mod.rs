//! Everyone in comparable form, with what the review found: computed whole once, then only around
//! what changed.
//!
//! An account's place depends on its own row and on the identities that its keys point to; its
//! conflicts besides on how many accounts its identity has, on who else has its telephone, and on the
//! person's other mandates. So a change is answered by looking again at the accounts that the changed
//! row points to or is pointed to by, before and after, and at the accounts of every identity that
//! gained or lost one.

mod column;
mod index;
mod judge;
mod rows;
mod settle;

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};

pub(crate) use self::rows::{Account, Certificate, NO_RANK, Person, Ruling, Standing};

use self::column::Column;
use self::index::{Accounts, People};
use self::judge::Place;
use self::rows::Comparer;
use crate::account::PortalAccount;
use crate::binding::{Binding, BindingState};
use crate::conflicts::Compared;
use crate::identity::Identity;
use crate::kind::AccountKind;
use crate::policy::ReviewPolicy;

/// No identity.
const NOBODY: u32 = u32::MAX;

/// What was found about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcome {
    conflicts: u32,
    compared: Compared,
    state: BindingState,
    /// Whether the account was counted as active.
    was_active: bool,
    place: Place,
}

impl Outcome {
    const NOTHING: Self = Self {
        conflicts: 0,
        compared: Compared {
            compared: 0,
            agreed: 0,
        },
        state: BindingState::Unmatched,
        was_active: false,
        place: Place {
            person: NOBODY,
            standing: judge::Standing::None,
        },
    };
}

/// A binding by handles: what [`Binding`] says, without a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Natural person, legal person or agent.
    pub kind: AccountKind,
    /// The account.
    pub account: Option<u64>,
    /// The identity; none for an orphaned binding.
    pub person: Option<u64>,
    /// How it stands.
    pub state: BindingState,
    /// Kinds of conflict, as a set of [`crate::ConflictKind::bit`].
    pub conflicts: u32,
    /// Kinds of evidence that were compared, as a set of [`crate::EvidenceKind::bit`].
    pub compared: u8,
    /// Those of them that agree.
    pub agreed: u8,
    /// What else would fit: identities where there is an account, else accounts.
    pub candidates: Vec<u64>,
}

/// What was looked at again, by handles in ascending order: every row that may differ is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Accounts.
    pub accounts: Vec<u64>,
    /// Identities, whose row is there while no account belongs to them.
    pub people: Vec<u64>,
}

/// Identities and portal accounts of one connection.
///
/// A handle names a row for good, and is the caller's; an order of handles is the order of candidates.
pub struct Population {
    policy: ReviewPolicy,
    today: i32,
    comparer: Comparer,
    people: Vec<Person>,
    person_at: Column<Person>,
    free_people: Vec<u32>,
    accounts: Vec<Account>,
    account_at: Column<Account>,
    free_accounts: Vec<u32>,
    /// Filled by the first settling: a column is built quicker, and smaller, from all rows at once.
    by: People,
    from: Accounts,
    /// Accounts that belong to each identity, and the active ones among them.
    held: Vec<u32>,
    active: Vec<u32>,
    outcomes: Vec<Outcome>,
    /// Of each account the identities that would fit besides, of each identity without an account
    /// the accounts that would fit.
    fitting: HashMap<u32, Box<[u32]>>,
    wanted: HashMap<u32, Box<[u32]>>,
    is_settled: bool,
    touched_people: HashSet<u32>,
    touched_accounts: HashSet<u32>,
    gone: Settled,
}

impl Population {
    /// An empty population, reviewed by a policy as of a day.
    pub fn new(policy: ReviewPolicy, today: NaiveDate) -> Self {
        Self {
            policy,
            today: today.num_days_from_ce(),
            comparer: Comparer::default(),
            people: Vec::new(),
            // No key is 0, and a free row has none.
            person_at: Column::new(|one| one.handle.wrapping_add(1)),
            free_people: Vec::new(),
            accounts: Vec::new(),
            account_at: Column::new(|one| one.handle.wrapping_add(1)),
            free_accounts: Vec::new(),
            by: People::new(),
            from: Accounts::new(),
            held: Vec::new(),
            active: Vec::new(),
            outcomes: Vec::new(),
            fitting: HashMap::new(),
            wanted: HashMap::new(),
            is_settled: false,
            touched_people: HashSet::new(),
            touched_accounts: HashSet::new(),
            gone: Settled::default(),
        }
    }

    /// What it is reviewed by.
    pub const fn policy(&self) -> &ReviewPolicy {
        &self.policy
    }

    /// Goes on as of another day: authorisations begin and end.
    pub fn set_today(&mut self, today: NaiveDate) {
        let (before, now) = (self.today, today.num_days_from_ce());
        self.today = now;
        if !self.is_settled || before == now {
            return;
        }
        let turned: Vec<u32> = (0u32..)
            .zip(&self.people)
            .filter(|(_, one)| {
                one.kind == Some(AccountKind::Agent)
                    && ((one.until < before) != (one.until < now)
                        || (one.from > before) != (one.from > now))
            })
            .map(|(at, _)| at)
            .collect();
        for at in turned {
            self.touch_around_person(at);
        }
    }

    /// Makes room for so many identities and accounts.
    pub fn reserve(&mut self, people: usize, accounts: usize) {
        self.people.reserve_exact(people);
        self.held.reserve_exact(people);
        self.active.reserve_exact(people);
        self.person_at.reserve(&self.people, people);
        self.accounts.reserve_exact(accounts);
        self.outcomes.reserve_exact(accounts);
        self.account_at.reserve(&self.accounts, accounts);
    }

    fn person_at(&self, handle: u64) -> Option<u32> {
        let key = handle.wrapping_add(1);
        self.person_at.find(&self.people, key).next()
    }

    fn account_at(&self, handle: u64) -> Option<u32> {
        let key = handle.wrapping_add(1);
        self.account_at.find(&self.accounts, key).next()
    }

    /// Adds an identity, or changes the one with this handle.
    pub fn put_person(&mut self, handle: u64, identity: &Identity) {
        let row = self.comparer.person(handle, identity);
        let at = match self.person_at(handle) {
            Some(at) if self.people[at as usize] == row => return,
            Some(at) => {
                self.touch_around_person(at);
                if self.is_settled {
                    self.by.unlink(&self.people, at);
                }
                self.people[at as usize] = row;
                at
            }
            None => {
                let Some(at) = self.place_of_new_person(row) else {
                    return;
                };
                self.person_at.link(&self.people, at);
                at
            }
        };
        if self.is_settled {
            self.by.link(&self.people, at);
        }
        self.touch_around_person(at);
    }

    fn place_of_new_person(&mut self, row: Person) -> Option<u32> {
        if let Some(at) = self.free_people.pop() {
            self.people[at as usize] = row;
            return Some(at);
        }
        let at = u32::try_from(self.people.len()).ok()?;
        self.people.push(row);
        self.held.push(0);
        self.active.push(0);
        Some(at)
    }

    /// Takes an identity out.
    pub fn remove_person(&mut self, handle: u64) {
        let Some(at) = self.person_at(handle) else {
            return;
        };
        self.touch_around_person(at);
        if self.is_settled {
            self.by.unlink(&self.people, at);
        }
        self.person_at.unlink(&self.people, at);
        self.people[at as usize] = Person::FREE;
        self.touched_people.remove(&at);
        self.wanted.remove(&at);
        self.gone.people.push(handle);
        self.free_people.push(at);
    }

    /// Adds a portal account, or changes the one with this handle.
    pub fn put_account(&mut self, handle: u64, account: &PortalAccount) {
        let row = self.comparer.account(handle, account, &self.policy);
        let at = match self.account_at(handle) {
            Some(at) if self.accounts[at as usize] == row => return,
            Some(at) => {
                if self.is_settled {
                    self.from.unlink(&self.accounts, at);
                }
                self.accounts[at as usize] = row;
                at
            }
            None => {
                let Some(at) = self.place_of_new_account(row) else {
                    return;
                };
                self.account_at.link(&self.accounts, at);
                at
            }
        };
        if self.is_settled {
            self.from.link(&self.accounts, at);
            self.touched_accounts.insert(at);
        }
    }

    fn place_of_new_account(&mut self, row: Account) -> Option<u32> {
        if let Some(at) = self.free_accounts.pop() {
            self.accounts[at as usize] = row;
            return Some(at);
        }
        let at = u32::try_from(self.accounts.len()).ok()?;
        self.accounts.push(row);
        self.outcomes.push(Outcome::NOTHING);
        Some(at)
    }

    /// Takes a portal account out.
    pub fn remove_account(&mut self, handle: u64) {
        let Some(at) = self.account_at(handle) else {
            return;
        };
        self.let_go(at);
        let fitting = self.fitting.remove(&at);
        self.touched_people.extend(fitting.iter().flatten());
        if self.is_settled {
            self.from.unlink(&self.accounts, at);
        }
        self.account_at.unlink(&self.accounts, at);
        self.accounts[at as usize] = Account::FREE;
        self.touched_accounts.remove(&at);
        self.gone.accounts.push(handle);
        self.free_accounts.push(at);
    }

    /// How many identities and accounts there are.
    pub fn len(&self) -> (usize, usize) {
        (
            self.people.len() - self.free_people.len(),
            self.accounts.len() - self.free_accounts.len(),
        )
    }

    /// Handles of all identities, in no order.
    pub fn people(&self) -> impl Iterator<Item = u64> + '_ {
        let there = self.people.iter().filter(|one| one.kind.is_some());
        there.map(|one| one.handle)
    }

    /// Handles of all accounts, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = u64> + '_ {
        let there = self.accounts.iter().filter(|one| one.kind.is_some());
        there.map(|one| one.handle)
    }

    /// What was found about an account.
    pub fn account_row(&self, handle: u64) -> Option<Row> {
        let at = self.account_at(handle)?;
        let outcome = &self.outcomes[at as usize];
        let person = outcome.place.person;
        Some(Row {
            kind: self.accounts[at as usize].kind?,
            account: Some(handle),
            person: (person != NOBODY).then(|| self.people[person as usize].handle),
            state: outcome.state,
            conflicts: outcome.conflicts,
            compared: outcome.compared.compared,
            agreed: outcome.compared.agreed,
            candidates: some(self.fitting.get(&at).map(AsRef::as_ref), |at| {
                self.people[at as usize].handle
            }),
        })
    }

    /// What was found about an identity that no account belongs to; `None` for any other.
    pub fn person_row(&self, handle: u64) -> Option<Row> {
        let at = self.person_at(handle)?;
        if self.held[at as usize] > 0 {
            return None;
        }
        Some(Row {
            kind: self.people[at as usize].kind?,
            account: None,
            person: Some(handle),
            state: BindingState::Unmatched,
            conflicts: 0,
            compared: 0,
            agreed: 0,
            candidates: some(self.wanted.get(&at).map(AsRef::as_ref), |at| {
                self.accounts[at as usize].handle
            }),
        })
    }
}

/// The handles of as many as are told.
fn some(list: Option<&[u32]>, handle: impl Fn(u32) -> u64) -> Vec<u64> {
    list.map_or_else(Vec::new, |list| {
        let told = list.iter().take(Binding::MOST_CANDIDATES);
        told.map(|at| handle(*at)).collect()
    })
}

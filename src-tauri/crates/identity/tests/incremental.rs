//! What is computed around a change is what the whole review finds.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other tests use the rest")]
mod people;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use people::{account, agent, legal, natural, today};
use proptest::prelude::*;
use zhengqiao_identity::{
    AccountState, Binding, BoundBy, ConflictKind, Decided, Evidence, IdNumberHash, Identity,
    NumberForm, Population, PortalAccount, ReviewPolicy, Row, review,
};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    Person(u64, Box<Identity>),
    PersonGone(u64),
    Account(u64, Box<PortalAccount>),
    AccountGone(u64),
    NextDay,
    Look,
}

/// Few values, so that everything collides with everything. A person's key is its handle's, because
/// two records with one key are no two people.
fn some_person() -> impl Strategy<Value = (u64, Identity)> {
    (0..12u64, "[a-d]", "[a-c]", 0..6u64, any::<[bool; 4]>()).prop_map(
        |(handle, name, other, days, [keyed, numbered, named, hashed])| {
            let base = match handle % 3 {
                0 => natural(&name),
                1 => legal(&name),
                _ => agent(&name, &other),
            };
            let day = today() - Days::new(3) + Days::new(days);
            let key: Box<str> = format!("{:02}-{}", handle, &base.key).into();
            // A natural person's key mostly is its hash, a legal person's other key too.
            let cert_key = if hashed {
                Some(key.clone())
            } else {
                base.cert_key.filter(|_| keyed)
            };
            let person = Identity {
                other_key: if hashed && numbered {
                    cert_key.clone()
                } else {
                    base.other_key
                },
                key,
                cert_key,
                mobile: Some(format!("tel-{other}").into()),
                title: base.title.filter(|_| named),
                id_number_hash: numbered.then_some(IdNumberHash([other.as_bytes()[0]; 16])),
                number_form: Some(if keyed {
                    NumberForm::Resident18
                } else {
                    NumberForm::ForeignerNew(1)
                }),
                representative: Some(other.into()),
                valid_from: Some(day),
                valid_until: Some(day + Days::new(1)),
                status: Some(days.to_string().into()),
                ..base
            };
            (handle, person)
        },
    )
}

fn some_account() -> impl Strategy<Value = (u64, PortalAccount)> {
    (
        0..12u64,
        some_person(),
        some_person(),
        0..4,
        0..8,
        any::<[bool; 5]>(),
    )
        .prop_map(
            |(
                handle,
                (_, own),
                (_, other),
                binding,
                ruling,
                [keyed, coded, active, old, phone],
            )| {
                let base = account(&format!("P{handle:02}"), &own);
                let account = PortalAccount {
                    bound_to: match binding {
                        0 => None,
                        1 => Some("nobody".into()),
                        2 => Some(own.key.clone()),
                        _ => Some(other.key.clone()),
                    },
                    bound_by: Some(if phone {
                        BoundBy::Phone
                    } else {
                        BoundBy::Manual
                    }),
                    cert_key: base.cert_key.filter(|_| keyed),
                    credit_code: if coded { other.credit_code } else { None },
                    id_number_hash: other.id_number_hash,
                    number_form: Some(if old {
                        NumberForm::Resident15
                    } else {
                        NumberForm::ForeignerOld(1)
                    }),
                    representative: other.representative,
                    mobile: if old { own.mobile } else { other.mobile },
                    state: if active {
                        AccountState::Active
                    } else {
                        AccountState::Disabled
                    },
                    decided: match ruling {
                        0 => Some(Decided::Link(other.key)),
                        1 => Some(Decided::Unlink(None)),
                        2 => Some(Decided::Merge),
                        3 => Some(Decided::DoNotTouch),
                        _ => None,
                    },
                    ..base
                };
                (handle, account)
            },
        )
}

fn some_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => some_person().prop_map(|(handle, one)| Event::Person(handle, one.into())),
        1 => (0..12u64).prop_map(Event::PersonGone),
        4 => some_account().prop_map(|(handle, one)| Event::Account(handle, one.into())),
        1 => (0..12u64).prop_map(Event::AccountGone),
        1 => Just(Event::NextDay),
        3 => Just(Event::Look),
    ]
}

/// The world as lists, and beside it the rows that the population said were to be looked at.
struct World {
    people: BTreeMap<u64, Identity>,
    accounts: BTreeMap<u64, PortalAccount>,
    today: NaiveDate,
    population: Population,
    kept: BTreeMap<(bool, u64), Row>,
}

impl World {
    fn new() -> Self {
        Self {
            people: BTreeMap::new(),
            accounts: BTreeMap::new(),
            today: today(),
            population: Population::new(ReviewPolicy::default(), today()),
            kept: BTreeMap::new(),
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Person(handle, one) => {
                self.population.put_person(handle, &one);
                self.people.insert(handle, *one);
            }
            Event::PersonGone(handle) => {
                self.population.remove_person(handle);
                self.people.remove(&handle);
            }
            Event::Account(handle, one) => {
                self.population.put_account(handle, &one);
                self.accounts.insert(handle, *one);
            }
            Event::AccountGone(handle) => {
                self.population.remove_account(handle);
                self.accounts.remove(&handle);
            }
            Event::NextDay => {
                self.today = self.today + Days::new(1);
                self.population.set_today(self.today);
            }
            Event::Look => self.look(),
        }
    }

    /// Keeps by difference, as the cache does.
    fn look(&mut self) {
        let settled = self.population.settle();
        if self.kept.is_empty() {
            let accounts = self.accounts.keys();
            let rows = accounts.filter_map(|one| Some((*one, self.population.account_row(*one)?)));
            self.kept.extend(rows.map(|(one, row)| ((true, one), row)));
            let people = self.people.keys();
            let rows = people.filter_map(|one| Some((*one, self.population.person_row(*one)?)));
            self.kept.extend(rows.map(|(one, row)| ((false, one), row)));
        }
        for one in settled.accounts {
            match self.population.account_row(one) {
                Some(row) => self.kept.insert((true, one), row),
                None => self.kept.remove(&(true, one)),
            };
        }
        for one in settled.people {
            match self.population.person_row(one) {
                Some(row) => self.kept.insert((false, one), row),
                None => self.kept.remove(&(false, one)),
            };
        }
    }

    fn told(&self) -> Vec<Binding> {
        let account = |handle: u64| &self.accounts[&handle];
        let person = |handle: u64| &self.people[&handle];
        let text = |text: &str| text.to_owned();
        self.kept
            .values()
            .map(|row| Binding {
                kind: row.kind,
                identity_key: match row.person {
                    Some(one) => Some(text(&person(one).key)),
                    None if row.conflicts & ConflictKind::OrphanedBinding.bit() != 0 => {
                        account(row.account.unwrap()).bound_key().map(text)
                    }
                    None => None,
                },
                identity_title: row
                    .person
                    .and_then(|one| person(one).title.as_deref())
                    .map(text),
                account_id: row.account.map(|one| text(&account(one).account_id)),
                account_title: row
                    .account
                    .and_then(|one| account(one).title.as_deref())
                    .map(text),
                state: row.state,
                conflicts: ConflictKind::of_bits(row.conflicts),
                evidence: Evidence::of_bits(row.compared, row.agreed),
                candidates: row
                    .candidates
                    .iter()
                    .map(|one| match row.account {
                        Some(_) => text(&person(*one).key),
                        None => text(&account(*one).account_id),
                    })
                    .collect(),
            })
            .collect()
    }
}

/// In one order: handles and keys sort people differently.
fn sorted(mut list: Vec<Binding>) -> Vec<String> {
    for one in &mut list {
        one.candidates.sort();
    }
    let mut list: Vec<String> = list.iter().map(|one| format!("{one:?}")).collect();
    list.sort();
    list
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn after_any_changes_the_kept_rows_are_the_whole_review(
        events in prop::collection::vec(some_event(), 1..60)
    ) {
        let mut world = World::new();
        for event in events {
            world.happens(event);
        }
        world.look();
        let whole = review(
            world.people.values().cloned(),
            world.accounts.values().cloned(),
            &ReviewPolicy::default(),
            world.today,
        );
        prop_assert_eq!(sorted(world.told()), sorted(whole));
    }
}

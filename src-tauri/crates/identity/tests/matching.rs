//! What accounts are matched by, and that nobody is lost.

#![allow(clippy::unwrap_used)]

mod people;

use std::collections::BTreeSet;

use people::{account, agent, bound, legal, natural, reviewed, today};
use proptest::prelude::*;
use zhengqiao_identity::{
    AccountKind, AccountState, Binding, BindingState, BoundBy, ConflictKind, Evidence,
    EvidenceKind, IdNumberHash, Identity, PortalAccount, ReviewPolicy, review,
};

fn unbound(id: &str, of: &Identity) -> PortalAccount {
    PortalAccount {
        cert_key: None,
        credit_code: None,
        ..account(id, of)
    }
}

#[test]
fn the_hash_matches_first() {
    let (one, other) = (natural("a"), natural("b"));
    let found = reviewed(&[&one, &other], &[&account("P", &one)]);
    assert_eq!(found[0].identity_key.as_deref(), Some("key-a"));
    assert_eq!(found[0].state, BindingState::Linked);
    assert_eq!(found[1].state, BindingState::Unmatched);
    assert_eq!(found[1].account_id, None);
}

#[test]
fn the_id_number_matches_where_the_hash_changed_with_the_name() {
    let person = Identity {
        id_number_hash: Some(IdNumberHash([1; 16])),
        ..natural("new name")
    };
    let before = PortalAccount {
        id_number_hash: person.id_number_hash,
        ..account("P", &natural("old name"))
    };
    let found = reviewed(&[&person], &[&before]);
    assert_eq!(found[0].state, BindingState::Linked);
    let evidence = |kind, agrees| Evidence { kind, agrees };
    assert_eq!(
        found[0].evidence,
        [
            evidence(EvidenceKind::CertKey, false),
            evidence(EvidenceKind::IdNumber, true),
            evidence(EvidenceKind::Phone, false),
            evidence(EvidenceKind::Name, false),
        ]
    );
}

#[test]
fn telephone_and_name_together_are_worth_a_look_but_bind_nobody() {
    let person = natural("a");
    let found = reviewed(&[&person], &[&unbound("P", &person)]);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].state, BindingState::Unmatched);
    assert_eq!(found[0].identity_key, None);
    assert_eq!(found[0].candidates, ["key-a"]);
    assert_eq!(found[1].candidates, ["P"]);
    let nameless = PortalAccount {
        title: None,
        ..unbound("P", &person)
    };
    assert!(reviewed(&[&person], &[&nameless])[0].candidates.is_empty());
}

#[test]
fn a_legal_person_matches_by_its_credit_code() {
    let company = legal("a");
    let by_code = PortalAccount {
        cert_key: None,
        ..account("P", &company)
    };
    let found = reviewed(&[&company], &[&by_code]);
    assert_eq!(found[0].identity_key.as_deref(), Some("code-a"));
}

#[test]
fn a_legal_person_may_be_bound_by_its_hash() {
    let company = legal("a");
    let by_hash = PortalAccount {
        bound_to: company.other_key.clone(),
        ..bound("P", &company)
    };
    assert_eq!(
        reviewed(&[&company], &[&by_hash])[0].state,
        BindingState::Linked
    );
}

#[test]
fn a_person_who_acts_for_two_needs_the_credit_code_to_be_told_apart() {
    let (one, other) = (agent("a", "x"), agent("a", "y"));
    let found = reviewed(&[&one, &other], &[&account("P", &other)]);
    assert_eq!(found[0].identity_key.as_deref(), Some("agent-a-y"));
    let without = PortalAccount {
        credit_code: None,
        ..account("P", &other)
    };
    let found = reviewed(&[&one, &other], &[&without]);
    assert_eq!(found[0].state, BindingState::Ambiguous);
    assert_eq!(found[0].candidates, ["agent-a-x", "agent-a-y"]);
}

#[test]
fn an_agent_matches_by_credit_code_and_name_where_there_is_no_hash() {
    let (one, colleague) = (agent("a", "x"), agent("b", "x"));
    let keyless = PortalAccount {
        cert_key: None,
        ..account("P", &one)
    };
    let found = reviewed(&[&one, &colleague], &[&keyless]);
    assert_eq!(found[0].identity_key.as_deref(), Some("agent-a-x"));
}

#[test]
fn hash_and_credit_code_of_two_legal_persons_are_ambiguous() {
    let (one, other) = (legal("a"), legal("b"));
    let mixed = PortalAccount {
        cert_key: other.cert_key.clone(),
        ..account("P", &one)
    };
    let found = reviewed(&[&one, &other], &[&mixed]);
    assert_eq!(found[0].state, BindingState::Ambiguous);
    assert_eq!(found.len(), 3);
}

#[test]
fn a_closed_account_is_not_matched_anew() {
    let person = natural("a");
    let closed = PortalAccount {
        state: AccountState::Disabled,
        ..account("P", &person)
    };
    let found = reviewed(&[&person], &[&closed]);
    assert_eq!(found[0].state, BindingState::Unmatched);
    assert_eq!(found[0].candidates, ["key-a"]);
}

#[test]
fn a_key_of_another_kind_of_account_is_not_looked_at() {
    let person = natural("a");
    let company = PortalAccount {
        kind: AccountKind::Legal,
        ..bound("P", &person)
    };
    assert_eq!(
        reviewed(&[&person], &[&company])[0].state,
        BindingState::Orphaned
    );
}

#[test]
fn a_telephone_of_thousands_stays_cheap() {
    let crowd: Vec<Identity> = (0..20_000)
        .map(|at| Identity {
            mobile: Some("tel".into()),
            ..natural(&format!("{at:05}"))
        })
        .collect();
    let accounts: Vec<PortalAccount> = crowd.iter().map(|one| bound(&one.key, one)).collect();
    let found = review(crowd, accounts, &ReviewPolicy::default(), today());
    assert!(
        found
            .iter()
            .all(|binding| binding.conflicts == [ConflictKind::PhoneShared])
    );
}

/// Few names, so that everything collides with everything.
fn some_name() -> impl Strategy<Value = String> {
    "[a-d]"
}

fn some_identity() -> impl Strategy<Value = Identity> {
    (0..3, some_name(), some_name(), some_name(), 0..4u32).prop_map(
        |(kind, name, other, mobile, days)| {
            let day = today() - chrono::Days::new(1) + chrono::Days::new(u64::from(days));
            let identity = match kind {
                0 => natural(&name),
                1 => legal(&name),
                _ => agent(&name, &other),
            };
            Identity {
                mobile: Some(format!("tel-{mobile}").into()),
                id_number_hash: (days > 1).then_some(IdNumberHash([other.as_bytes()[0]; 16])),
                valid_from: Some(day),
                valid_until: Some(day),
                status: Some(days.to_string().into()),
                ..identity
            }
        },
    )
}

fn some_account() -> impl Strategy<Value = PortalAccount> {
    (
        "[0-9]{1,2}",
        some_identity(),
        some_identity(),
        0..4,
        any::<[bool; 4]>(),
    )
        .prop_map(
            |(id, own, other, binding, [keyed, coded, active, natural])| PortalAccount {
                bound_to: match binding {
                    0 => None,
                    1 => Some("nobody".into()),
                    2 => Some(own.key.clone()),
                    _ => Some(other.key.clone()),
                },
                bound_by: Some(if natural {
                    BoundBy::Phone
                } else {
                    BoundBy::Manual
                }),
                cert_key: if keyed { own.cert_key.clone() } else { None },
                credit_code: if coded {
                    other.credit_code.clone()
                } else {
                    None
                },
                id_number_hash: other.id_number_hash,
                id_type: Some(if natural { "111" } else { "001" }.into()),
                state: if active {
                    AccountState::Active
                } else {
                    AccountState::Disabled
                },
                ..account(&id, &own)
            },
        )
}

fn population() -> impl Strategy<Value = (Vec<Identity>, Vec<PortalAccount>)> {
    (
        prop::collection::vec(some_identity(), 0..24),
        prop::collection::vec(some_account(), 0..24),
    )
}

fn sorted<T: Ord>(list: impl Iterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = list.collect();
    list.sort();
    list
}

proptest! {
    #[test]
    fn every_account_has_one_binding_and_every_identity_at_least_one(
        (identities, accounts) in population()
    ) {
        let found = review(identities.clone(), accounts.clone(), &ReviewPolicy::default(), today());
        prop_assert_eq!(
            sorted(found.iter().filter_map(|binding| binding.account_id.clone())),
            sorted(accounts.iter().map(|one| one.account_id.to_string()))
        );
        let seen: BTreeSet<_> = found
            .iter()
            .filter(|binding| binding.state != BindingState::Orphaned)
            .filter_map(|binding| Some((binding.kind, binding.identity_key.clone()?)))
            .collect();
        let given: BTreeSet<_> =
            identities.iter().map(|one| (one.kind, one.key.to_string())).collect();
        prop_assert_eq!(seen, given);
        prop_assert!(found.iter().all(|one| one.account_id.is_some() || one.identity_key.is_some()));
    }

    #[test]
    fn the_order_of_reading_does_not_matter(
        ((identities, accounts), (shuffled_identities, shuffled_accounts)) in population()
            .prop_flat_map(|(identities, accounts)| (
                Just((identities.clone(), accounts.clone())),
                (Just(identities).prop_shuffle(), Just(accounts).prop_shuffle()),
            ))
    ) {
        prop_assert_eq!(
            review(identities, accounts, &ReviewPolicy::default(), today()),
            review(shuffled_identities, shuffled_accounts, &ReviewPolicy::default(), today())
        );
    }

    #[test]
    fn state_and_conflicts_agree((identities, accounts) in population()) {
        for binding in review(identities, accounts, &ReviewPolicy::default(), today()) {
            let Binding { state, conflicts, candidates, identity_key, .. } = binding;
            prop_assert!(candidates.len() <= Binding::MOST_CANDIDATES);
            prop_assert!(conflicts.is_sorted_by(|one, next| one < next));
            match state {
                BindingState::Linked => prop_assert!(conflicts.is_empty()),
                BindingState::Conflicting => prop_assert!(!conflicts.is_empty()),
                BindingState::Orphaned => {
                    prop_assert_eq!(conflicts, vec![ConflictKind::OrphanedBinding]);
                }
                BindingState::Ambiguous => {
                    prop_assert!(candidates.len() > 1 && identity_key.is_none());
                }
                BindingState::Unmatched | BindingState::DoNotTouch => {}
            }
        }
    }

    #[test]
    fn a_telephone_alone_links_nobody((identities, accounts) in population()) {
        let keyless: Vec<PortalAccount> = accounts
            .into_iter()
            .map(|one| PortalAccount {
                cert_key: None,
                credit_code: None,
                id_number_hash: None,
                bound_to: None,
                ..one
            })
            .collect();
        for binding in review(identities, keyless, &ReviewPolicy::default(), today()) {
            prop_assert_eq!(binding.state, BindingState::Unmatched);
        }
    }
}

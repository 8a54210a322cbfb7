//! Each kind of conflict: where it is found, and where it is not.

#![allow(clippy::unwrap_used)]

mod people;

use chrono::Days;
use people::{account, agent, bound, legal, natural, reviewed, today};
use zhengqiao_identity::{
    AccountState, BindingState, BoundBy, ConflictKind, Identity, PortalAccount,
};

const SOUND: (BindingState, Vec<ConflictKind>) = (BindingState::Linked, vec![]);

/// State and conflicts of the first binding.
fn first(
    identities: &[&Identity],
    accounts: &[&PortalAccount],
) -> (BindingState, Vec<ConflictKind>) {
    let binding = reviewed(identities, accounts).remove(0);
    (binding.state, binding.conflicts)
}

fn only(kind: ConflictKind) -> (BindingState, Vec<ConflictKind>) {
    (BindingState::Conflicting, vec![kind])
}

#[test]
fn a_sound_account_of_each_kind_is_linked() {
    for identity in [natural("a"), legal("a"), agent("a", "b")] {
        assert_eq!(first(&[&identity], &[&bound("P", &identity)]), SOUND);
    }
}

#[test]
fn every_active_account_of_one_identity_is_a_duplicate() {
    let person = natural("a");
    let found = reviewed(
        &[&person],
        &[&bound("P1", &person), &account("P2", &person)],
    );
    assert_eq!(found.len(), 2);
    for binding in found {
        assert_eq!(binding.conflicts, [ConflictKind::DuplicatePortalAccounts]);
    }
}

#[test]
fn a_closed_account_makes_no_duplicate() {
    let person = natural("a");
    let closed = PortalAccount {
        state: AccountState::Deleted,
        ..bound("P2", &person)
    };
    let found = reviewed(&[&person], &[&bound("P1", &person), &closed]);
    assert_eq!(found[0].state, BindingState::Linked);
    assert_eq!(found[1].conflicts, [ConflictKind::PortalAccountDeleted]);
}

#[test]
fn an_account_bound_to_one_and_carrying_the_key_of_another_is_shared() {
    let (one, other) = (natural("a"), natural("b"));
    let shared = PortalAccount {
        cert_key: other.cert_key.clone(),
        ..bound("P", &one)
    };
    let found = reviewed(&[&one, &other], &[&shared]);
    assert_eq!(found[0].conflicts, [ConflictKind::SharedPortalAccount]);
    assert_eq!(found[0].candidates, ["key-b"]);
    // The other identity has no account of its own; this one would fit.
    assert_eq!(found[1].identity_key.as_deref(), Some("key-b"));
    assert_eq!(found[1].candidates, ["P"]);
    // A key that nobody has points to nobody: the number behind it changed.
    assert_eq!(
        first(&[&one], &[&shared]),
        only(ConflictKind::IdNumberChanged)
    );
}

#[test]
fn a_legal_persons_account_with_anothers_credit_code_is_shared() {
    let (one, other) = (legal("a"), legal("b"));
    let shared = PortalAccount {
        credit_code: other.credit_code.clone(),
        ..bound("P", &one)
    };
    assert_eq!(
        first(&[&one, &other], &[&shared]),
        only(ConflictKind::SharedPortalAccount)
    );
}

#[test]
fn an_agent_of_two_legal_persons_is_not_shared() {
    let (one, other) = (agent("a", "x"), agent("a", "y"));
    assert_eq!(
        first(&[&one, &other], &[&bound("P", &one)]),
        only(ConflictKind::AgentOfSeveral)
    );
    let moved = PortalAccount {
        credit_code: other.credit_code.clone(),
        ..bound("P", &one)
    };
    assert_eq!(
        first(&[&one, &other], &[&moved]).1,
        [
            ConflictKind::SharedPortalAccount,
            ConflictKind::AgentOfSeveral
        ]
    );
}

#[test]
fn a_telephone_of_somebody_else_is_taken_over() {
    let (one, other) = (natural("a"), natural("b"));
    let taken = PortalAccount {
        mobile: other.mobile.clone(),
        ..bound("P", &one)
    };
    assert_eq!(
        first(&[&one, &other], &[&taken]),
        only(ConflictKind::PhoneTakenOver)
    );
    // Nobody has the number: it changed, but was not taken over.
    assert_eq!(first(&[&one], &[&taken]), SOUND);
}

#[test]
fn a_family_shares_a_telephone_and_nobody_took_it_over() {
    let one = natural("a");
    let other = Identity {
        mobile: one.mobile.clone(),
        ..natural("b")
    };
    assert_eq!(
        first(&[&one, &other], &[&bound("P", &one)]),
        only(ConflictKind::PhoneShared)
    );
    // The other's account with a number of its own says nothing about the shared one.
    let apart = PortalAccount {
        mobile: Some("tel-else".into()),
        ..bound("P", &one)
    };
    assert_eq!(first(&[&one, &other], &[&apart]), SOUND);
    // A legal person's number is a contact's.
    let company = Identity {
        mobile: one.mobile.clone(),
        ..legal("x")
    };
    assert_eq!(first(&[&one, &company], &[&bound("P", &one)]), SOUND);
}

#[test]
fn a_legal_person_may_use_its_agents_telephone_but_an_agent_not_a_colleagues() {
    let (company, one, other) = (legal("x"), agent("a", "x"), agent("b", "x"));
    let by_agent = PortalAccount {
        mobile: one.mobile.clone(),
        ..bound("P", &company)
    };
    assert_eq!(first(&[&company, &one], &[&by_agent]), SOUND);
    let by_colleague = PortalAccount {
        mobile: other.mobile.clone(),
        ..bound("P", &one)
    };
    assert_eq!(
        first(&[&one, &other], &[&by_colleague]),
        only(ConflictKind::PhoneTakenOver)
    );
}

#[test]
fn another_name_on_a_bound_account_is_a_changed_name() {
    let person = natural("a");
    let renamed = PortalAccount {
        title: Some("b".into()),
        ..bound("P", &person)
    };
    assert_eq!(
        first(&[&person], &[&renamed]),
        only(ConflictKind::NameChanged)
    );
    let nameless = PortalAccount {
        title: None,
        ..bound("P", &person)
    };
    assert_eq!(first(&[&person], &[&nameless]), SOUND);
}

#[test]
fn an_agents_authorisation_counts_on_its_first_and_last_day() {
    let valid = Identity {
        valid_from: Some(today()),
        valid_until: Some(today()),
        ..agent("a", "x")
    };
    assert_eq!(first(&[&valid], &[&bound("P", &valid)]), SOUND);
    let expired = Identity {
        valid_until: today().checked_sub_days(Days::new(1)),
        valid_from: None,
        ..valid.clone()
    };
    assert_eq!(
        first(&[&expired], &[&bound("P", &expired)]),
        only(ConflictKind::AgentExpired)
    );
    let early = Identity {
        valid_from: today().checked_add_days(Days::new(1)),
        valid_until: None,
        ..valid
    };
    assert_eq!(
        first(&[&early], &[&bound("P", &early)]),
        only(ConflictKind::AgentNotYetValid)
    );
}

#[test]
fn an_expired_certificate_of_a_natural_person_is_no_agents_conflict() {
    let person = Identity {
        valid_until: today().checked_sub_days(Days::new(1)),
        ..natural("a")
    };
    assert_eq!(first(&[&person], &[&bound("P", &person)]), SOUND);
}

#[test]
fn a_deregistered_or_revoked_legal_person_has_no_active_account() {
    for status in ["2", "3"] {
        let company = Identity {
            status: Some(status.into()),
            ..legal("a")
        };
        assert_eq!(
            first(&[&company], &[&bound("P", &company)]),
            only(ConflictKind::LegalPersonDeregistered)
        );
        let closed = PortalAccount {
            state: AccountState::Disabled,
            ..bound("P", &company)
        };
        assert_eq!(
            first(&[&company], &[&closed]),
            only(ConflictKind::PortalAccountDisabled)
        );
    }
    let moved = Identity {
        status: Some("4".into()),
        ..legal("a")
    };
    assert_eq!(first(&[&moved], &[&bound("P", &moved)]), SOUND);
}

#[test]
fn a_level_below_the_sites_is_too_low_and_an_unknown_one_is_not() {
    let person = natural("a");
    let demanding = |level| PortalAccount {
        required_level: level,
        ..bound("P", &person)
    };
    assert_eq!(first(&[&person], &[&demanding(Some(3))]), SOUND);
    assert_eq!(
        first(&[&person], &[&demanding(Some(4))]),
        only(ConflictKind::LevelTooLow)
    );
    assert_eq!(first(&[&person], &[&demanding(None)]), SOUND);
}

#[test]
fn a_certificate_type_of_the_other_kind_of_person_is_wrong() {
    let (person, company) = (natural("a"), legal("b"));
    for (identity, wrong, right) in [
        (&person, ["001", "01"], "111"),
        (&company, ["111", "112"], "001"),
    ] {
        let typed = |id_type: &str| PortalAccount {
            id_type: Some(id_type.into()),
            ..bound("P", identity)
        };
        assert_eq!(first(&[identity], &[&typed(right)]), SOUND);
        for id_type in wrong {
            assert_eq!(
                first(&[identity], &[&typed(id_type)]),
                only(ConflictKind::WrongCertificateType)
            );
        }
    }
}

#[test]
fn a_binding_by_telephone_needs_a_key_that_bears_it_out() {
    let person = natural("a");
    let by_phone = PortalAccount {
        bound_by: Some(BoundBy::Phone),
        ..bound("P", &person)
    };
    assert_eq!(first(&[&person], &[&by_phone]), SOUND);
    let keyless = PortalAccount {
        cert_key: None,
        ..by_phone
    };
    assert_eq!(
        first(&[&person], &[&keyless]),
        only(ConflictKind::PhoneOnlyBinding)
    );
}

#[test]
fn an_account_bound_to_nobody_is_orphaned_and_nothing_else() {
    let (gone, other) = (natural("gone"), natural("b"));
    let orphan = PortalAccount {
        bound_by: Some(BoundBy::Phone),
        id_type: Some("001".into()),
        state: AccountState::Disabled,
        ..bound("P", &gone)
    };
    let found = reviewed(&[&other], &[&orphan]);
    assert_eq!(found[0].state, BindingState::Orphaned);
    assert_eq!(found[0].conflicts, [ConflictKind::OrphanedBinding]);
    assert_eq!(found[0].identity_key.as_deref(), Some("key-gone"));
}

#[test]
fn several_conflicts_are_all_found() {
    let person = natural("a");
    let bad = PortalAccount {
        title: Some("b".into()),
        required_level: Some(5),
        id_type: Some("01".into()),
        ..bound("P", &person)
    };
    assert_eq!(
        first(&[&person], &[&bad]).1,
        [
            ConflictKind::NameChanged,
            ConflictKind::LevelTooLow,
            ConflictKind::WrongCertificateType
        ]
    );
}

//! Documents and organisations that replace others: hit and near miss of each kind.

#![allow(clippy::unwrap_used)]

mod people;

use people::{account, agent, bound, legal, natural, reviewed, today};
use zhengqiao_identity::{
    AccountState, BindingState, ConflictKind, Decided, IdNumberHash, Identity, NumberForm,
    PortalAccount, ReviewPolicy, RoleRule, Territory, review,
};

fn kinds(identities: &[&Identity], accounts: &[&PortalAccount]) -> Vec<ConflictKind> {
    reviewed(identities, accounts).remove(0).conflicts
}

fn numbered(name: &str, number: u8, form: NumberForm) -> Identity {
    Identity {
        id_number_hash: Some(IdNumberHash([number; 16])),
        number_form: Some(form),
        ..natural(name)
    }
}

/// An account with its own number, whose hash is nobody's where the number is another.
fn carrying(person: &Identity, number: u8, form: NumberForm) -> PortalAccount {
    let is_same = person.id_number_hash == Some(IdNumberHash([number; 16]));
    PortalAccount {
        cert_key: if is_same {
            person.cert_key.clone()
        } else {
            Some("key-of-before".into())
        },
        id_number_hash: Some(IdNumberHash([number; 16])),
        number_form: Some(form),
        ..bound("P", person)
    }
}

#[test]
fn another_number_under_the_same_name_changed() {
    let person = numbered("a", 1, NumberForm::Resident18);
    let other = carrying(&person, 2, NumberForm::Resident18);
    assert_eq!(
        kinds(&[&person], &[&other]),
        [ConflictKind::IdNumberChanged]
    );
    let same = carrying(&person, 1, NumberForm::Resident18);
    assert_eq!(kinds(&[&person], &[&same]), []);
}

#[test]
fn another_hash_under_another_name_tells_nothing_about_the_number() {
    let person = natural("a");
    let renamed = PortalAccount {
        title: Some("b".into()),
        cert_key: Some("key-of-before".into()),
        ..bound("P", &person)
    };
    assert_eq!(kinds(&[&person], &[&renamed]), [ConflictKind::NameChanged]);
}

#[test]
fn a_number_of_15_digits_with_the_same_hash_is_upgraded() {
    let person = numbered("a", 1, NumberForm::Resident18);
    let old = carrying(&person, 1, NumberForm::Resident15);
    assert_eq!(kinds(&[&person], &[&old]), [ConflictKind::IdNumberUpgraded]);
    let anothers = carrying(&person, 2, NumberForm::Resident15);
    assert_eq!(
        kinds(&[&person], &[&anothers]),
        [ConflictKind::IdNumberChanged]
    );
}

#[test]
fn a_foreigners_old_and_new_card_belong_together_by_the_birth() {
    let person = numbered("a", 1, NumberForm::ForeignerNew(810_103));
    let old = carrying(&person, 2, NumberForm::ForeignerOld(810_103));
    assert_eq!(
        kinds(&[&person], &[&old]),
        [ConflictKind::ForeignCardReplaced]
    );
    let anothers = carrying(&person, 2, NumberForm::ForeignerOld(810_104));
    assert_eq!(
        kinds(&[&person], &[&anothers]),
        [ConflictKind::IdNumberChanged]
    );
}

#[test]
fn a_residence_permit_and_a_travel_permit_belong_together_by_the_region() {
    let person = numbered("a", 1, NumberForm::ResidencePermit(Territory::Macao));
    let travel = carrying(&person, 2, NumberForm::TravelPermit(Territory::Macao));
    assert_eq!(
        kinds(&[&person], &[&travel]),
        [ConflictKind::ResidencePermit]
    );
    let other = carrying(&person, 2, NumberForm::TravelPermit(Territory::Taiwan));
    assert_eq!(
        kinds(&[&person], &[&other]),
        [ConflictKind::IdNumberChanged]
    );
}

#[test]
fn a_merged_legal_person_is_no_deregistered_one() {
    let merged = Identity {
        status: Some("5".into()),
        ..legal("a")
    };
    assert_eq!(
        kinds(&[&merged], &[&bound("P", &merged)]),
        [ConflictKind::LegalPersonMerged]
    );
    let moved = Identity {
        status: Some("4".into()),
        ..legal("a")
    };
    assert_eq!(kinds(&[&moved], &[&bound("P", &moved)]), []);
}

fn coded(code: &str) -> Identity {
    Identity {
        key: code.into(),
        credit_code: Some(code.into()),
        ..legal("a")
    }
}

#[test]
fn an_organisation_code_is_part_of_the_credit_code_that_replaced_it() {
    let company = coded("91230102MA18ABCD1X");
    let old = PortalAccount {
        cert_key: None,
        credit_code: Some("MA18ABCD1".into()),
        bound_to: Some("MA18ABCD1".into()),
        ..bound("P", &company)
    };
    let found = reviewed(&[&company], &[&old]).remove(0);
    assert_eq!(found.conflicts, [ConflictKind::OrganisationCodeReplaced]);
    assert_eq!(found.identity_key.as_deref(), Some("91230102MA18ABCD1X"));
    let unbound = PortalAccount {
        bound_to: None,
        bound_by: None,
        ..old.clone()
    };
    assert_eq!(
        kinds(&[&company], &[&unbound]),
        [ConflictKind::OrganisationCodeReplaced]
    );
    let other = coded("91230102MA18ABCD2X");
    assert_eq!(kinds(&[&other], &[&old]), [ConflictKind::OrphanedBinding]);
}

#[test]
fn another_representative_changed() {
    let company = Identity {
        representative: Some("甲".into()),
        ..legal("a")
    };
    let before = PortalAccount {
        representative: Some("乙".into()),
        ..bound("P", &company)
    };
    assert_eq!(
        kinds(&[&company], &[&before]),
        [ConflictKind::LegalRepresentativeChanged]
    );
    assert_eq!(kinds(&[&company], &[&bound("P", &company)]), []);
}

#[test]
fn who_acts_for_two_legal_persons_acts_for_several() {
    let (one, two) = (agent("a", "x"), agent("a", "y"));
    assert_eq!(
        kinds(&[&one, &two], &[&bound("P", &one)]),
        [ConflictKind::AgentOfSeveral]
    );
    // The same mandate twice, and a colleague.
    let again = Identity {
        key: "agent-again".into(),
        ..one.clone()
    };
    let colleague = agent("b", "y");
    assert_eq!(kinds(&[&one, &again, &colleague], &[&bound("P", &one)]), []);
}

fn by(policy: &ReviewPolicy, person: &Identity, account: &PortalAccount) -> Vec<ConflictKind> {
    review([person.clone()], [account.clone()], policy, today())
        .remove(0)
        .conflicts
}

#[test]
fn the_policy_asks_for_a_level_where_the_site_does_not() {
    let policy = ReviewPolicy {
        required_rank: Some(4),
        ..ReviewPolicy::default()
    };
    let person = natural("a");
    let silent = PortalAccount {
        required_level: None,
        ..bound("P", &person)
    };
    assert_eq!(by(&policy, &person, &silent), [ConflictKind::LevelTooLow]);
    assert_eq!(by(&policy, &person, &bound("P", &person)), []);
}

#[test]
fn an_administrators_role_is_gained_by_who_does_not_have_it() {
    let rule = |administrator, least| RoleRule {
        role: "管理员".into(),
        kind: None,
        site: Some("门户".into()),
        least_rank: Some(least),
        administrator,
    };
    let policy = |rule| ReviewPolicy {
        roles: vec![rule],
        ..ReviewPolicy::default()
    };
    let person = natural("a");
    let user = PortalAccount {
        site: Some("门户".into()),
        roles: Some("办事用户".into()),
        ..bound("P", &person)
    };
    assert_eq!(
        by(&policy(rule(true, 3)), &person, &user),
        [ConflictKind::AdministratorRoleGained]
    );
    assert_eq!(by(&policy(rule(true, 4)), &person, &user), []);
    assert_eq!(by(&policy(rule(false, 3)), &person, &user), []);
    let already = PortalAccount {
        roles: Some("办事用户、管理员".into()),
        ..user.clone()
    };
    assert_eq!(by(&policy(rule(true, 3)), &person, &already), []);
    let elsewhere = PortalAccount {
        site: Some("别处".into()),
        ..user
    };
    assert_eq!(by(&policy(rule(true, 3)), &person, &elsewhere), []);
}

#[test]
fn a_deleted_account_is_no_disabled_one() {
    let person = natural("a");
    for (state, kind) in [
        (AccountState::Disabled, ConflictKind::PortalAccountDisabled),
        (AccountState::Deleted, ConflictKind::PortalAccountDeleted),
    ] {
        let closed = PortalAccount {
            state,
            ..bound("P", &person)
        };
        assert_eq!(kinds(&[&person], &[&closed]), [kind]);
    }
}

#[test]
fn decisions_take_part_in_the_review() {
    let (one, other) = (natural("a"), natural("b"));
    let decided = |decided, account: PortalAccount| {
        let account = PortalAccount {
            decided: Some(decided),
            ..account
        };
        reviewed(&[&one, &other], &[&account]).remove(0)
    };
    let found = decided(Decided::Link(other.key.clone()), account("P", &one));
    assert_eq!(found.identity_key.as_deref(), Some("key-b"));
    let found = decided(Decided::Unlink(None), bound("P", &one));
    assert_eq!(found.state, BindingState::Unmatched);
    assert_eq!(found.candidates, ["key-a"]);
    // Taken from the wrong one, it goes to the one that its own key names.
    let mixed = PortalAccount {
        cert_key: other.cert_key.clone(),
        ..bound("P", &one)
    };
    let found = decided(Decided::Unlink(Some(one.key.clone())), mixed.clone());
    assert_eq!(found.identity_key.as_deref(), Some("key-b"));
    let found = decided(Decided::DoNotTouch, mixed);
    assert_eq!(found.state, BindingState::DoNotTouch);
    assert_eq!(found.conflicts, [ConflictKind::SharedPortalAccount]);

    let merged = PortalAccount {
        decided: Some(Decided::Merge),
        ..bound("P2", &one)
    };
    let found = reviewed(&[&one], &[&bound("P1", &one), &merged]);
    assert_eq!(found[0].state, BindingState::Linked);
    assert_eq!(found[1].state, BindingState::Unmatched);
}

//! What a change does to a few people, by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use chrono::NaiveDate;
use zhengqiao_identity::{
    AccountEffect, AccountKind, AccountState, ConflictEffect, ConflictKind, EffectNumber,
    EvidenceKind, Identity, PortalAccount, ReviewPolicy, RoleNames, RoleRule, Touched, WhatIf,
    compare, standings,
};

fn person(key: &str, level: Option<u8>) -> Identity {
    Identity {
        kind: AccountKind::Natural,
        key: key.into(),
        other_key: None,
        title: Some("张三".into()),
        cert_key: Some(key.into()),
        id_number_hash: None,
        number_form: None,
        representative: None,
        credit_code: None,
        mobile: None,
        level,
        valid_from: None,
        valid_until: None,
        status: None,
    }
}

fn account(id: &str, cert_key: &str, required_level: Option<u8>) -> PortalAccount {
    PortalAccount {
        account_id: id.into(),
        kind: AccountKind::Natural,
        title: Some("张三".into()),
        cert_key: Some(cert_key.into()),
        id_number_hash: None,
        number_form: None,
        representative: None,
        credit_code: None,
        id_type: None,
        mobile: None,
        required_level,
        state: AccountState::Active,
        bound_to: None,
        bound_by: None,
        roles: None,
        site: Some("省门户".into()),
        decided: None,
    }
}

fn tried(
    people: [&[Identity]; 2],
    accounts: &[PortalAccount],
    policies: [&ReviewPolicy; 2],
) -> WhatIf {
    let names = RoleNames::of(policies[0], policies[1]);
    let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let stand = |at: usize| {
        standings(
            people[at].to_vec(),
            accounts.to_vec(),
            policies[at],
            today,
            &names,
        )
    };
    compare(stand(0), stand(1), names.clone())
}

fn ids<'a>(found: impl Iterator<Item = &'a Touched>) -> Vec<&'a str> {
    found.map(|one| &*one.before.account_id).collect()
}

fn number(effect: AccountEffect) -> EffectNumber {
    EffectNumber {
        effect,
        role: None,
        conflict: None,
    }
}

#[test]
fn no_change_does_nothing() {
    let people = [person("a", Some(3))];
    let policy = ReviewPolicy::default();
    let found = tried(
        [&people, &people],
        &[account("P1", "a", Some(4)), account("P2", "z", None)],
        [&policy, &policy],
    );
    assert_eq!(found.numbers.accounts, 2);
    assert_eq!(found.numbers.touched, 0);
    assert_eq!(found.touched, vec![]);
}

#[test]
fn linked_lost_and_moved_accounts_are_told_apart() {
    let before = [person("a", None), person("b", None)];
    let mut after = [person("a", None), person("c", None), person("d", None)];
    // The account of "a" comes to point to "d".
    after[2].cert_key = Some("a".into());
    after[0].cert_key = None;
    let accounts = [
        account("P1", "a", None),
        account("P2", "b", None),
        account("P3", "c", None),
    ];
    let policy = ReviewPolicy::default();
    let found = tried([&before, &after], &accounts, [&policy, &policy]);
    assert_eq!(
        ids(found.behind(&number(AccountEffect::Moved), None)),
        ["P1"]
    );
    assert_eq!(
        ids(found.behind(&number(AccountEffect::Lost), None)),
        ["P2"]
    );
    assert_eq!(
        ids(found.behind(&number(AccountEffect::LinkedAnew), None)),
        ["P3"]
    );
    let numbers = &found.numbers;
    assert_eq!(
        (numbers.moved, numbers.lost, numbers.linked_anew),
        (1, 1, 1)
    );
}

#[test]
fn roles_are_counted_by_role_and_administrators_come_first() {
    let rule = |role: &str, least_rank, administrator| RoleRule {
        role: role.into(),
        kind: None,
        site: None,
        least_rank,
        administrator,
    };
    let before = ReviewPolicy {
        roles: vec![rule("办事", None, false)],
        ..ReviewPolicy::default()
    };
    let after = ReviewPolicy {
        roles: vec![rule("办事", Some(3), false), rule("站长", Some(4), true)],
        ..ReviewPolicy::default()
    };
    let people = [person("a", Some(2)), person("b", Some(4))];
    let accounts = [account("P1", "a", None), account("P2", "b", None)];
    let found = tried([&people, &people], &accounts, [&before, &after]);
    let roles: Vec<_> = found
        .numbers
        .roles
        .iter()
        .map(|one| (one.role.as_str(), one.administrator, one.gained, one.lost))
        .collect();
    assert_eq!(roles, [("站长", true, 1, 0), ("办事", false, 0, 1)]);
    let gained = EffectNumber {
        role: Some("站长".into()),
        ..number(AccountEffect::RoleGained)
    };
    assert_eq!(ids(found.behind(&gained, None)), ["P2"]);
    assert_eq!(
        found.touched[1].after.roles(found.role_names()),
        ["办事", "站长"]
    );
}

#[test]
fn a_closed_account_gives_nobody_a_role() {
    let policy = ReviewPolicy {
        roles: vec![RoleRule {
            role: "站长".into(),
            kind: None,
            site: None,
            least_rank: None,
            administrator: true,
        }],
        ..ReviewPolicy::default()
    };
    let mut closed = account("P1", "a", None);
    closed.state = AccountState::Disabled;
    closed.bound_to = Some("a".into());
    let people = [person("a", None)];
    let found = tried(
        [&people, &people],
        &[closed],
        [&ReviewPolicy::default(), &policy],
    );
    assert_eq!(found.numbers.roles, vec![]);
}

#[test]
fn conflicts_come_and_go_by_kind_and_a_page_goes_on_after_an_account() {
    let people = [person("a", Some(3)), person("b", Some(3))];
    let low = [person("a", Some(1)), person("b", Some(1))];
    let accounts = [account("P1", "a", Some(2)), account("P2", "b", Some(2))];
    let policy = ReviewPolicy::default();
    let found = tried([&people, &low], &accounts, [&policy, &policy]);
    assert_eq!(
        found.numbers.conflicts,
        [ConflictEffect {
            conflict: ConflictKind::LevelTooLow,
            new: 2,
            gone: 0
        }]
    );
    let new = number(AccountEffect::NewConflict);
    assert_eq!(ids(found.behind(&new, Some("P1"))), ["P2"]);
    assert_eq!(
        ids(found.behind(&number(AccountEffect::Moved), None)),
        [""; 0]
    );
    let back = tried([&low, &people], &accounts, [&policy, &policy]);
    assert_eq!(back.numbers.conflicts[0].gone, 2);
}

#[test]
fn without_the_evidence_its_accounts_are_lost() {
    let people = [person("a", None)];
    let policy = ReviewPolicy {
        evidence: vec![EvidenceKind::CreditCode],
        ..ReviewPolicy::default()
    };
    let found = tried(
        [&people, &people],
        &[account("P1", "a", None)],
        [&ReviewPolicy::default(), &policy],
    );
    assert_eq!(found.numbers.lost, 1);
}

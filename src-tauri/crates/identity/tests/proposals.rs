//! What is proposed, and what it would do.

#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, reason = "other tests use the rest")]
mod people;

use people::{account, bound, natural, reviewed, today};
use zhengqiao_identity::{
    AccountState, Binding, BindingEffect, BindingState, BoundBy, ConflictKind, Decided,
    DecisionAct, PortalAccount, Proposal, Sibling, propose,
};

fn proposed(binding: &Binding, siblings: &[Sibling]) -> Vec<Proposal> {
    propose(binding, siblings, None, today())
}

fn sibling(id: &str, bound_by: Option<BoundBy>) -> Sibling {
    Sibling {
        account_id: id.into(),
        state: AccountState::Active,
        bound_by,
    }
}

#[test]
fn the_weaker_of_two_accounts_is_merged_into_the_better_bound() {
    let person = natural("a");
    let found = reviewed(
        &[&person],
        &[&account("P1", &person), &bound("P2", &person)],
    );
    let both = [sibling("P1", None), sibling("P2", Some(BoundBy::CertKey))];
    let weaker = &proposed(&found[0], &both)[0];
    assert_eq!(weaker.act, Some(DecisionAct::Merge));
    assert_eq!(weaker.remaining_account_id.as_deref(), Some("P2"));
    assert_eq!(weaker.consequence.effect, BindingEffect::Merges);
    let better = &proposed(&found[1], &both)[0];
    assert_eq!(
        (better.act, better.consequence.effect),
        (None, BindingEffect::Remains)
    );
}

#[test]
fn every_kind_of_conflict_has_a_proposal_that_says_what_it_does() {
    let person = natural("a");
    for kind in ConflictKind::ALL {
        let mut binding = reviewed(&[&person], &[&bound("P", &person)]).remove(0);
        binding.state = BindingState::Conflicting;
        binding.conflicts = vec![*kind];
        let proposals = proposed(&binding, &[sibling("P", None), sibling("O", None)]);
        assert_eq!(proposals.len(), 1, "{kind}");
        let one = &proposals[0];
        assert_eq!(one.conflict, Some(*kind));
        assert_eq!(one.consequence.account_id, "P");
        match one.act {
            Some(DecisionAct::Link) => assert_eq!(one.identity_key.as_deref(), Some("key-a")),
            Some(DecisionAct::Merge) => assert_eq!(one.remaining_account_id.as_deref(), Some("O")),
            Some(DecisionAct::Later) => assert!(one.until.is_some(), "{kind}"),
            Some(DecisionAct::Unlink) => {
                assert_eq!(one.consequence.from.as_deref(), Some("key-a"));
            }
            Some(DecisionAct::DoNotTouch) => panic!("a shield is never proposed"),
            None => assert_eq!(one.consequence.effect, BindingEffect::Corrects),
        }
    }
}

#[test]
fn telephone_and_name_alone_propose_no_link() {
    let person = natural("a");
    let keyless = PortalAccount {
        cert_key: None,
        ..account("P", &person)
    };
    let found = reviewed(&[&person], &[&keyless]).remove(0);
    let one = &proposed(&found, &[])[0];
    assert_eq!(
        (one.act, one.consequence.effect),
        (None, BindingEffect::Corrects)
    );
    // An account whose own key points to the identity that it was taken from.
    let taken = PortalAccount {
        decided: Some(Decided::Unlink(None)),
        ..bound("P", &person)
    };
    let found = reviewed(&[&person], &[&taken]).remove(0);
    let one = &proposed(&found, &[])[0];
    assert_eq!(one.act, Some(DecisionAct::Link));
    assert_eq!(one.consequence.effect, BindingEffect::Binds);
}

#[test]
fn nothing_is_proposed_for_what_is_sound_or_not_to_be_touched() {
    let person = natural("a");
    let sound = reviewed(&[&person], &[&bound("P", &person)]).remove(0);
    assert!(proposed(&sound, &[]).is_empty());
    let shielded = PortalAccount {
        decided: Some(Decided::DoNotTouch),
        title: Some("b".into()),
        ..bound("P", &person)
    };
    let found = reviewed(&[&person], &[&shielded]).remove(0);
    assert_eq!(found.conflicts, [ConflictKind::NameChanged]);
    assert!(proposed(&found, &[]).is_empty());
}

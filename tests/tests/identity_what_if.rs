//! What-if numbers are what really happens: a hundred random changes, each tried, proposed, applied and
//! held against the bindings that the cache has afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod trial;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use trial::changes::{Dice, changed};
use trial::{Bed, Kept, row_of, text};
use zhengqiao_api::contract::{
    AccountEffect, AccountKind, EffectNumber, EffectNumbers, IdentityChangeId, IdentitySettings,
    ProposeIdentityChange, WhatIfRowsRequest,
};
use zhengqiao_domain::{DatasetId, Transform};

const CHANGES: u32 = 100;
const SEED: u64 = 20_261_126;
/// What the cache says of everybody.
struct Facts {
    bindings: BTreeMap<String, Kept>,
    roles: BTreeMap<String, BTreeSet<String>>,
}

struct Everybody {
    people: Vec<Map<String, Value>>,
    accounts: Vec<Map<String, Value>>,
}

impl Everybody {
    async fn facts(&self, bed: &Bed, settings: &IdentitySettings) -> Facts {
        let bindings = bed.bindings().await;
        let levels: BTreeMap<String, u8> = self
            .people
            .iter()
            .filter_map(|fields| Some((text(fields, "cert_key")?, level(settings, fields)?)))
            .collect();
        let mut roles = BTreeMap::new();
        for account in &self.accounts {
            let id = text(account, "account_id").unwrap();
            let (identity, state, _) = &bindings[&id];
            let belongs = state == "linked" || state == "conflicting";
            let is_active = text(account, "account_state").as_deref() == Some("active");
            if !belongs || !is_active {
                continue;
            }
            let kind: AccountKind = text(account, "account_kind").unwrap().parse().unwrap();
            let level = levels
                .get(identity.as_ref().unwrap())
                .filter(|_| kind == AccountKind::Natural);
            let held: BTreeSet<String> = settings
                .policy
                .roles
                .iter()
                .filter(|rule| rule.kind.is_none_or(|wanted| wanted == kind))
                .filter(|rule| rule.site.is_none() || rule.site == text(account, "site"))
                .filter(|rule| {
                    rule.least_rank
                        .is_none_or(|least| level.is_some_and(|level| *level >= least))
                })
                .map(|rule| rule.role.clone())
                .collect();
            roles.insert(id, held);
        }
        Facts { bindings, roles }
    }
}

/// A person's rank, worked out by hand.
fn level(settings: &IdentitySettings, fields: &Map<String, Value>) -> Option<u8> {
    let row = &settings.claims[row_of(settings, AccountKind::Natural, ":realNameLevel")?];
    let raw = text(fields, "user_real_lvl")?;
    let word = match row.transforms.first() {
        None => raw,
        Some(Transform::Constant { value }) => value.clone(),
        Some(Transform::CodeTable { table, .. }) => table.get(&raw).cloned().unwrap_or(raw),
        Some(other) => panic!("{other:?}"),
    };
    settings.policy.ranks.0.get(&word).copied()
}

/// What happened, as it is told on the screen: each number by its name.
fn happened(before: &Facts, after: &Facts) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let mut count = |name: String| *counts.entry(name).or_insert(0) += 1;
    for (account, (old, old_state, old_conflicts)) in &before.bindings {
        let (new, new_state, new_conflicts) = &after.bindings[account];
        let holds = |state: &str| state == "linked" || state == "conflicting";
        match (holds(old_state), holds(new_state)) {
            (false, true) => count("linked_anew".into()),
            (true, false) => count("lost".into()),
            (true, true) if old != new => count("moved".into()),
            _ => {}
        }
        for kind in new_conflicts
            .iter()
            .filter(|one| !old_conflicts.contains(one))
        {
            count(format!("new {kind}"));
        }
        for kind in old_conflicts
            .iter()
            .filter(|one| !new_conflicts.contains(one))
        {
            count(format!("gone {kind}"));
        }
        let none = BTreeSet::new();
        let held = before.roles.get(account).unwrap_or(&none);
        let holds = after.roles.get(account).unwrap_or(&none);
        for role in holds.difference(held) {
            count(format!("gained {role}"));
        }
        for role in held.difference(holds) {
            count(format!("lost {role}"));
        }
    }
    counts
}

/// What was said beforehand, in the same words.
fn told(numbers: &EffectNumbers) -> BTreeMap<String, u64> {
    let plain = [
        ("linked_anew".to_owned(), numbers.linked_anew),
        ("lost".to_owned(), numbers.lost),
        ("moved".to_owned(), numbers.moved),
    ];
    let roles = numbers.roles.iter().flat_map(|one| {
        [
            (format!("gained {}", one.role), one.gained),
            (format!("lost {}", one.role), one.lost),
        ]
    });
    let conflicts = numbers.conflicts.iter().flat_map(|one| {
        [
            (format!("new {}", one.conflict), one.new),
            (format!("gone {}", one.conflict), one.gone),
        ]
    });
    plain
        .into_iter()
        .chain(roles)
        .chain(conflicts)
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// The accounts behind a number, a few at a time.
fn behind(bed: &Bed, what_if_id: i64, number: &EffectNumber) -> u64 {
    let mut after = None;
    let mut accounts = BTreeSet::new();
    loop {
        let page = bed
            .console()
            .list_what_if_rows(&WhatIfRowsRequest {
                what_if_id,
                number: number.clone(),
                after,
                limit: 7,
            })
            .unwrap();
        for row in page.rows {
            assert_ne!(row.before, row.after);
            if let (AccountKind::Natural, Some(title)) = (row.kind, &row.account_title) {
                assert!(title.contains('*'), "{title}");
            }
            assert!(accounts.insert(row.account_id));
        }
        after = page.next;
        if after.is_none() {
            return accounts.len() as u64;
        }
    }
}

fn lists_hold_what_the_numbers_say(bed: &Bed, what_if_id: i64, numbers: &EffectNumbers) {
    let number = |effect| EffectNumber {
        effect,
        role: None,
        conflict: None,
    };
    let mut wanted = vec![
        (number(AccountEffect::LinkedAnew), numbers.linked_anew),
        (number(AccountEffect::Lost), numbers.lost),
        (number(AccountEffect::Moved), numbers.moved),
    ];
    for one in &numbers.roles {
        for (effect, count) in [
            (AccountEffect::RoleGained, one.gained),
            (AccountEffect::RoleLost, one.lost),
        ] {
            let role = Some(one.role.clone());
            wanted.push((
                EffectNumber {
                    role,
                    ..number(effect)
                },
                count,
            ));
        }
    }
    for one in &numbers.conflicts {
        for (effect, count) in [
            (AccountEffect::NewConflict, one.new),
            (AccountEffect::ConflictGone, one.gone),
        ] {
            let conflict = Some(one.conflict);
            wanted.push((
                EffectNumber {
                    conflict,
                    ..number(effect)
                },
                count,
            ));
        }
    }
    for (number, count) in wanted {
        assert_eq!(behind(bed, what_if_id, &number), count, "{number:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_beforehand_is_what_happens_over_a_hundred_changes() {
    let bed = Bed::new().await;
    let everybody = Everybody {
        people: bed.records(DatasetId::NaturalPerson).await,
        accounts: bed.records(DatasetId::PortalAccount).await,
    };
    bed.console()
        .review_identity(bed.connection())
        .await
        .unwrap();
    let mut dice = Dice(SEED);
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    let defaults = bed.mapping().await.defaults;
    let mut settings = bed.mapping().await.settings;
    let mut facts = everybody.facts(&bed, &settings).await;
    for turn in 0..CHANGES {
        let wanted = loop {
            let wanted = changed(&settings, &defaults, &mut dice);
            if wanted != settings {
                break wanted;
            }
        };
        let trial = bed.try_out(wanted.clone()).await;
        assert_eq!(trial.state, "done", "{:?}", trial.message);
        let numbers = trial.numbers.unwrap();
        lists_hold_what_the_numbers_say(&bed, trial.what_if_id, &numbers);
        let proposal = bed
            .console()
            .propose_identity_change(ProposeIdentityChange {
                what_if_id: trial.what_if_id,
                note: format!("第 {turn} 次"),
            })
            .await
            .unwrap();
        bed.console()
            .apply_identity_change(IdentityChangeId {
                connection_id: bed.id(),
                change_id: proposal.change_id,
            })
            .await
            .unwrap();
        let now = everybody.facts(&bed, &wanted).await;
        let truth = happened(&facts, &now);
        assert_eq!(
            told(&numbers),
            truth,
            "change {turn}: {:?}",
            trial.differences
        );
        for (name, count) in truth {
            *met.entry(name).or_default() += count;
        }
        (settings, facts) = (wanted, now);
    }
    // The changes were not idle ones.
    for name in [
        "linked_anew",
        "lost",
        "new level_too_low",
        "gained 站点管理员",
    ] {
        assert!(met.get(name).copied().unwrap_or(0) > 0, "{name}: {met:?}");
    }
    println!("{met:#?}");
}

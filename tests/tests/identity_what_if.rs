//! What-if numbers are what really happens: a hundred random changes, each tried, proposed, applied and
//! held against the bindings that the cache has afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod trial;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use trial::{Bed, Kept, row_of, text};
use zhengqiao_api::contract::{
    AccountEffect, AccountKind, EffectNumber, EffectNumbers, EvidenceKind, IdentityChangeId,
    IdentitySettings, ProposeIdentityChange, RoleRule, WhatIfRowsRequest,
};
use zhengqiao_domain::{DatasetId, Transform};

const CHANGES: u32 = 100;
const SEED: u64 = 20_261_126;
const ROLES: [&str; 3] = ["办事用户", "内容编辑", "站点管理员"];

/// A generator of its own, so that a failing change can be made again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap() % limit
    }

    fn rank(&mut self) -> u8 {
        u8::try_from(self.below(5) + 1).unwrap()
    }
}

/// Changes one to three things.
fn changed(
    settings: &IdentitySettings,
    defaults: &IdentitySettings,
    dice: &mut Dice,
) -> IdentitySettings {
    let mut new = settings.clone();
    if dice.below(4) == 0 {
        new.claims.clone_from(&defaults.claims);
    }
    for _ in 0..=dice.below(3) {
        match dice.below(8) {
            0 => {
                for rank in new.policy.ranks.0.values_mut() {
                    *rank = dice.rank();
                }
                // Some level reaches every rank that is asked for.
                new.policy.ranks.0.insert("最高".into(), 5);
            }
            1 => new.policy.required_rank = [None, Some(dice.rank())][dice.below(2)],
            2 => new.policy.roles = roles(dice),
            3 => new.policy.evidence = evidence(dice),
            _ => change_claims(&mut new, dice),
        }
    }
    if !new.policy.ranks.0.values().any(|rank| *rank == 5) {
        new.policy.ranks.0.insert("最高".into(), 5);
    }
    new
}

fn roles(dice: &mut Dice) -> Vec<RoleRule> {
    let mut rules = Vec::new();
    for _ in 0..dice.below(4) {
        let role = dice.below(ROLES.len());
        let rule = RoleRule {
            role: ROLES[role].into(),
            kind: [None, Some(AccountKind::Natural), Some(AccountKind::Legal)][dice.below(3)],
            site: [None, Some("市门户网站".to_owned())][dice.below(2)].clone(),
            least_rank: [None, Some(dice.rank())][dice.below(2)],
            administrator: role == 2,
        };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

fn evidence(dice: &mut Dice) -> Vec<EvidenceKind> {
    let mut all = vec![
        EvidenceKind::CertKey,
        EvidenceKind::IdNumber,
        EvidenceKind::CreditCode,
    ];
    let mut chosen = Vec::new();
    for _ in 0..=dice.below(3) {
        chosen.push(all.remove(dice.below(all.len())));
    }
    chosen
}

fn change_claims(settings: &mut IdentitySettings, dice: &mut Dice) {
    let constant = |value: &str| {
        vec![Transform::Constant {
            value: value.into(),
        }]
    };
    let (natural, legal, agent) = (AccountKind::Natural, AccountKind::Legal, AccountKind::Agent);
    let mut set = |kind, ending: &str, claim: Option<&str>, transforms: Vec<Transform>| {
        if let Some(at) = row_of(settings, kind, ending) {
            settings.claims[at].transforms = transforms;
            if let Some(claim) = claim {
                claim.clone_into(&mut settings.claims[at].claim);
            }
        }
    };
    match dice.below(12) {
        0 => set(natural, ":certKey", Some("cert_no"), Vec::new()),
        1 => set(natural, ":certKey", Some("cert_key"), Vec::new()),
        2 => set(legal, "userName", Some("certificate_key"), Vec::new()),
        3 => set(legal, "userName", Some("certificate_sno"), Vec::new()),
        4 => set(
            natural,
            ":realNameLevel",
            None,
            vec![Transform::CodeTable {
                table: [("2".to_owned(), "4".to_owned())].into(),
                other: None,
            }],
        ),
        5 => set(natural, ":realNameLevel", None, constant("3")),
        6 => set(natural, ":realNameLevel", None, Vec::new()),
        7 => set(agent, ":agentValidUntil", None, constant("2020-01-01")),
        8 => set(legal, ":legalPersonStatus", None, constant("2")),
        9 => set(
            natural,
            "name.formatted",
            None,
            vec![Transform::Substring {
                begin: 1,
                length: 1,
            }],
        ),
        10 => set(natural, "\"mobile\"].value", Some("cert_no"), Vec::new()),
        _ => {
            let field = [":certKey", ":creditCode", "\"mobile\"].value"][dice.below(3)];
            let kind = [natural, legal, agent][dice.below(3)];
            settings
                .claims
                .retain(|row| row.kind != kind || !row.portal_field.ends_with(field));
        }
    }
}

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
async fn behind(bed: &Bed, what_if_id: i64, number: &EffectNumber) -> u64 {
    let mut after = None;
    let mut accounts = BTreeSet::new();
    loop {
        let page = bed
            .console()
            .list_what_if_rows(WhatIfRowsRequest {
                what_if_id,
                number: number.clone(),
                after,
                limit: 7,
            })
            .await
            .unwrap();
        for row in page.rows {
            assert_ne!(row.before, row.after);
            assert!(accounts.insert(row.account_id));
        }
        after = page.next;
        if after.is_none() {
            return accounts.len() as u64;
        }
    }
}

async fn lists_hold_what_the_numbers_say(bed: &Bed, what_if_id: i64, numbers: &EffectNumbers) {
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
        assert_eq!(behind(bed, what_if_id, &number).await, count, "{number:?}");
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
        lists_hold_what_the_numbers_say(&bed, trial.what_if_id, &numbers).await;
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

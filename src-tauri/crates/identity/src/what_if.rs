//! What a change would do to everyone: the bindings before it held against those after it.
//!
//! A whole review is made twice, and of each only a compact [`Standing`] of every account is kept; the
//! two are then walked side by side. Who is bound, with which conflicts and which roles, is therefore
//! by construction what a review finds after the change has been saved.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::account::PortalAccount;
use crate::binding::{Binding, BindingState, ConflictKind};
use crate::identity::Identity;
use crate::kind::AccountKind;
use crate::policy::ReviewPolicy;
use crate::review::review;
use crate::words::words;

words! {
    /// What may happen to an account.
    pub enum AccountEffect {
        /// It belonged to nobody and belongs to somebody.
        LinkedAnew = "linked_anew",
        /// It belonged to somebody and belongs to nobody.
        Lost = "lost",
        /// It belongs to another identity than before.
        Moved = "moved",
        /// It gets a role that it did not get.
        RoleGained = "role_gained",
        /// It no longer gets a role.
        RoleLost = "role_lost",
        /// It has a conflict that it did not have.
        NewConflict = "new_conflict",
        /// It no longer has a conflict.
        ConflictGone = "conflict_gone",
    }
}

/// The roles of two policies, so that an account's are small numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleNames(BTreeMap<String, (u16, bool)>);

impl RoleNames {
    /// The roles of both. One that either makes an administrator's counts as one.
    pub fn of(before: &ReviewPolicy, after: &ReviewPolicy) -> Self {
        let mut names: BTreeMap<String, (u16, bool)> = BTreeMap::new();
        for rule in before.roles.iter().chain(&after.roles) {
            names.entry(rule.role.trim().to_owned()).or_default().1 |= rule.administrator;
        }
        for (number, entry) in (0..).zip(names.values_mut()) {
            entry.0 = number;
        }
        Self(names)
    }

    fn number(&self, role: &str) -> Option<u16> {
        self.0.get(role.trim()).map(|(number, _)| *number)
    }

    /// The role of a number.
    pub fn name(&self, number: u16) -> Option<&str> {
        self.0
            .iter()
            .find(|(_, (known, _))| *known == number)
            .map(|(name, _)| name.as_str())
    }
}

/// Kinds of conflict as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Conflicts(u32);

impl Conflicts {
    fn of(kinds: &[ConflictKind]) -> Self {
        Self(kinds.iter().fold(0, |bits, kind| bits | bit(*kind)))
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn has(self, kind: ConflictKind) -> bool {
        self.0 & bit(kind) != 0
    }

    fn kinds(self) -> impl Iterator<Item = ConflictKind> {
        ConflictKind::ALL
            .iter()
            .copied()
            .filter(move |kind| self.has(*kind))
    }
}

fn bit(kind: ConflictKind) -> u32 {
    ConflictKind::ALL
        .iter()
        .position(|known| *known == kind)
        .map_or(0, |at| 1 << at)
}

/// How one portal account stands after a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The portal account.
    pub account_id: Box<str>,
    /// Whose it is.
    pub kind: AccountKind,
    /// Its name.
    pub account_title: Option<Box<str>>,
    /// The identity that it belongs to, or, where it is orphaned, the one that does not exist.
    pub identity_key: Option<Box<str>>,
    /// That identity's name.
    pub identity_title: Option<Box<str>>,
    /// The state of its binding.
    pub state: BindingState,
    conflicts: Conflicts,
    roles: Box<[u16]>,
}

impl Standing {
    /// The identity that signs in to the account.
    pub fn holder(&self) -> Option<&str> {
        match self.state {
            BindingState::Linked | BindingState::Conflicting => self.identity_key.as_deref(),
            _ => None,
        }
    }

    /// Its conflicts.
    pub fn conflicts(&self) -> Vec<ConflictKind> {
        self.conflicts.kinds().collect()
    }

    /// Its roles through the mapping.
    pub fn roles(&self, names: &RoleNames) -> Vec<String> {
        self.roles
            .iter()
            .filter_map(|number| names.name(*number).map(str::to_owned))
            .collect()
    }
}

/// Reviews everyone and keeps of every account how it stands, by account.
pub fn standings(
    identities: Vec<Identity>,
    accounts: Vec<PortalAccount>,
    policy: &ReviewPolicy,
    today: NaiveDate,
    names: &RoleNames,
) -> Vec<Standing> {
    let roster = Roster::new(&identities, &accounts, policy);
    let mut list: Vec<Standing> = review(identities, accounts, policy, today)
        .into_iter()
        .filter_map(|binding| standing(binding, &roster, policy, names))
        .collect();
    list.sort_unstable_by(|one, other| one.account_id.cmp(&other.account_id));
    list
}

fn standing(
    binding: Binding,
    roster: &Roster,
    policy: &ReviewPolicy,
    names: &RoleNames,
) -> Option<Standing> {
    let account_id: Box<str> = binding.account_id?.into();
    let mut standing = Standing {
        kind: binding.kind,
        account_title: binding.account_title.map(Into::into),
        identity_key: binding.identity_key.map(Into::into),
        identity_title: binding.identity_title.map(Into::into),
        state: binding.state,
        conflicts: Conflicts::of(&binding.conflicts),
        roles: Box::default(),
        account_id,
    };
    standing.roles = roster.roles(&standing, policy, names);
    Some(standing)
}

/// What the role rules ask about, kept while a review runs; empty where there are no rules.
#[derive(Debug, Default)]
struct Roster {
    /// Site of each active account.
    sites: HashMap<Box<str>, Option<Box<str>>>,
    /// Rank of each identity; of several with one key the lowest.
    levels: HashMap<(AccountKind, Box<str>), Option<u8>>,
}

impl Roster {
    fn new(identities: &[Identity], accounts: &[PortalAccount], policy: &ReviewPolicy) -> Self {
        if policy.roles.is_empty() {
            return Self::default();
        }
        let mut levels: HashMap<(AccountKind, Box<str>), Option<u8>> =
            HashMap::with_capacity(identities.len());
        for one in identities {
            levels
                .entry((one.kind, one.key.clone()))
                .and_modify(|level| *level = (*level).min(one.level))
                .or_insert(one.level);
        }
        let sites = accounts
            .iter()
            .filter(|account| account.is_active())
            .map(|account| (account.account_id.clone(), account.site.clone()))
            .collect();
        Self { sites, levels }
    }

    /// Nobody gets a role through an account that is closed, or that belongs to nobody.
    fn roles(&self, of: &Standing, policy: &ReviewPolicy, names: &RoleNames) -> Box<[u16]> {
        let (Some(holder), Some(site)) = (of.holder(), self.sites.get(&of.account_id)) else {
            return Box::default();
        };
        let level = self
            .levels
            .get(&(of.kind, Box::from(holder)))
            .copied()
            .flatten();
        let mut roles: Vec<u16> = policy
            .roles
            .iter()
            .filter(|rule| rule.applies(of.kind, site.as_deref(), level))
            .filter_map(|rule| names.number(&rule.role))
            .collect();
        roles.sort_unstable();
        roles.dedup();
        roles.into()
    }
}

/// How many accounts gain and lose a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RoleEffect {
    /// The role.
    pub role: String,
    /// Whether it lets people administer the portal.
    pub administrator: bool,
    /// Accounts that get it anew.
    #[ts(type = "number")]
    pub gained: u64,
    /// Accounts that no longer get it.
    #[ts(type = "number")]
    pub lost: u64,
}

/// How many accounts come to have a conflict, and no longer have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConflictEffect {
    /// The kind.
    pub conflict: ConflictKind,
    /// Accounts that have it anew.
    #[ts(type = "number")]
    pub new: u64,
    /// Accounts that no longer have it.
    #[ts(type = "number")]
    pub gone: u64,
}

/// The numbers of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EffectNumbers {
    /// Portal accounts that were looked at.
    #[ts(type = "number")]
    pub accounts: u64,
    /// Accounts that something happens to.
    #[ts(type = "number")]
    pub touched: u64,
    /// Accounts linked anew.
    #[ts(type = "number")]
    pub linked_anew: u64,
    /// Accounts that lose their identity.
    #[ts(type = "number")]
    pub lost: u64,
    /// Accounts that move to another identity.
    #[ts(type = "number")]
    pub moved: u64,
    /// Roles that somebody gains or loses, administrators' first.
    pub roles: Vec<RoleEffect>,
    /// Conflicts that come or go, in the order of the kinds.
    pub conflicts: Vec<ConflictEffect>,
}

/// Which of the numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EffectNumber {
    /// What happens.
    pub effect: AccountEffect,
    /// For a role gained or lost: which; any without.
    #[serde(default)]
    pub role: Option<String>,
    /// For a conflict that comes or goes: which; any without.
    #[serde(default)]
    pub conflict: Option<ConflictKind>,
}

/// An account that something happens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// How it stands.
    pub before: Standing,
    /// How it would stand.
    pub after: Standing,
}

/// What a change would do to everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// The numbers.
    pub numbers: EffectNumbers,
    /// The accounts behind them, by account.
    pub touched: Vec<Touched>,
    names: RoleNames,
}

/// Holds the standings before a change against those after it; both are ordered by account.
pub fn compare(before: Vec<Standing>, after: Vec<Standing>, names: RoleNames) -> WhatIf {
    let mut result = WhatIf {
        names,
        ..WhatIf::default()
    };
    let mut roles: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
    let mut conflicts: BTreeMap<ConflictKind, (u64, u64)> = BTreeMap::new();
    let mut after = after.into_iter().peekable();
    for before in before {
        result.numbers.accounts += 1;
        while after
            .next_if(|one| one.account_id < before.account_id)
            .is_some()
        {}
        let Some(after) = after.next_if(|one| one.account_id == before.account_id) else {
            continue;
        };
        let touched = Touched { before, after };
        let (before, after) = (&touched.before, &touched.after);
        let new = after.conflicts.without(before.conflicts);
        let gone = before.conflicts.without(after.conflicts);
        let moves = touched.binding_effect();
        if moves.is_none() && new.0 == 0 && gone.0 == 0 && before.roles == after.roles {
            continue;
        }
        match moves {
            Some(AccountEffect::LinkedAnew) => result.numbers.linked_anew += 1,
            Some(AccountEffect::Lost) => result.numbers.lost += 1,
            Some(_) => result.numbers.moved += 1,
            None => {}
        }
        for kind in new.kinds() {
            conflicts.entry(kind).or_default().0 += 1;
        }
        for kind in gone.kinds() {
            conflicts.entry(kind).or_default().1 += 1;
        }
        for role in after
            .roles
            .iter()
            .filter(|role| !before.roles.contains(role))
        {
            roles.entry(*role).or_default().0 += 1;
        }
        for role in before
            .roles
            .iter()
            .filter(|role| !after.roles.contains(role))
        {
            roles.entry(*role).or_default().1 += 1;
        }
        result.numbers.touched += 1;
        result.touched.push(touched);
    }
    result.numbers.conflicts = conflicts
        .into_iter()
        .map(|(conflict, (new, gone))| ConflictEffect {
            conflict,
            new,
            gone,
        })
        .collect();
    result.numbers.roles = result
        .names
        .0
        .iter()
        .filter_map(|(role, (number, administrator))| {
            let (gained, lost) = roles.get(number).copied()?;
            Some(RoleEffect {
                role: role.clone(),
                administrator: *administrator,
                gained,
                lost,
            })
        })
        .collect();
    result
        .numbers
        .roles
        .sort_by_key(|one| std::cmp::Reverse(one.administrator));
    result
}

impl Touched {
    /// What happens to its binding.
    pub fn binding_effect(&self) -> Option<AccountEffect> {
        match (self.before.holder(), self.after.holder()) {
            (None, Some(_)) => Some(AccountEffect::LinkedAnew),
            (Some(_), None) => Some(AccountEffect::Lost),
            (Some(one), Some(other)) if one != other => Some(AccountEffect::Moved),
            _ => None,
        }
    }
}

impl WhatIf {
    /// The roles that the standings' numbers stand for.
    pub const fn role_names(&self) -> &RoleNames {
        &self.names
    }

    /// The accounts behind a number, after one of them.
    pub fn behind<'a>(
        &'a self,
        number: &'a EffectNumber,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Touched> {
        let from = after.map_or(0, |account| {
            self.touched
                .partition_point(|one| &*one.before.account_id <= account)
        });
        let role = number
            .role
            .as_deref()
            .map(|role| self.names.number(role).unwrap_or(u16::MAX));
        self.touched[from..]
            .iter()
            .filter(move |one| one.is_behind(number, role))
    }
}

impl Touched {
    fn is_behind(&self, number: &EffectNumber, role: Option<u16>) -> bool {
        let gets = |one: &Standing, other: &Standing| {
            one.roles
                .iter()
                .any(|each| !other.roles.contains(each) && role.is_none_or(|role| role == *each))
        };
        let has = |one: &Standing, other: &Standing| {
            let more = one.conflicts.without(other.conflicts);
            number
                .conflict
                .map_or(more.0 != 0, |conflict| more.has(conflict))
        };
        let (before, after) = (&self.before, &self.after);
        match number.effect {
            AccountEffect::RoleGained => gets(after, before),
            AccountEffect::RoleLost => gets(before, after),
            AccountEffect::NewConflict => has(after, before),
            AccountEffect::ConflictGone => has(before, after),
            other => self.binding_effect() == Some(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountState;
    use crate::binding::EvidenceKind;
    use crate::policy::RoleRule;

    fn person(key: &str, level: Option<u8>) -> Identity {
        Identity {
            kind: AccountKind::Natural,
            key: key.into(),
            other_key: None,
            title: Some("张三".into()),
            cert_key: Some(key.into()),
            id_number_hash: None,
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
            credit_code: None,
            id_type: None,
            mobile: None,
            required_level,
            state: AccountState::Active,
            bound_to: None,
            bound_by: None,
            roles: None,
            site: Some("省门户".into()),
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
        assert_eq!(found.touched[1].after.roles(&found.names), ["办事", "站长"]);
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
}

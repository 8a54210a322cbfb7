//! What a change would do to everyone: the bindings before it held against those after it.
//!
//! A whole review is made twice, and of each only a compact [`Standing`] of every account is kept; the
//! two are then walked side by side. Who is bound, with which conflicts and which roles, is therefore
//! by construction what a review finds after the change has been saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::binding::ConflictKind;
use crate::standing::{RoleNames, Standing};
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
        let new = after.conflicts & !before.conflicts;
        let gone = before.conflicts & !after.conflicts;
        let moves = touched.binding_effect();
        if moves.is_none() && new == 0 && gone == 0 && before.roles == after.roles {
            continue;
        }
        match moves {
            Some(AccountEffect::LinkedAnew) => result.numbers.linked_anew += 1,
            Some(AccountEffect::Lost) => result.numbers.lost += 1,
            Some(_) => result.numbers.moved += 1,
            None => {}
        }
        for kind in ConflictKind::of_bits(new) {
            conflicts.entry(kind).or_default().0 += 1;
        }
        for kind in ConflictKind::of_bits(gone) {
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
            (Some(one), Some(other)) => {
                // Under another mapping the same person may have another key.
                let same = match (self.before.person, self.after.person) {
                    (Some(one), Some(other)) => one == other,
                    _ => one == other,
                };
                (!same).then_some(AccountEffect::Moved)
            }
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
            let more = one.conflicts & !other.conflicts;
            number
                .conflict
                .map_or(more != 0, |conflict| more & conflict.bit() != 0)
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

//! How one portal account stands after a review, in few bytes.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use crate::account::PortalAccount;
use crate::binding::{Binding, BindingState, ConflictKind};
use crate::identity::Identity;
use crate::kind::AccountKind;
use crate::policy::ReviewPolicy;
use crate::review::review;

/// The roles of two policies, so that an account's are small numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleNames(pub(crate) BTreeMap<String, (u16, bool)>);

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

    pub(crate) fn number(&self, role: &str) -> Option<u16> {
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
    /// What stays the same about the identity whatever the mapping calls it: the number of its record.
    pub person: Option<i64>,
    /// The state of its binding.
    pub state: BindingState,
    /// Set of kinds, see [`ConflictKind::bit`].
    pub(crate) conflicts: u32,
    pub(crate) roles: Box<[u16]>,
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
        ConflictKind::of_bits(self.conflicts)
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
        person: None,
        state: binding.state,
        conflicts: binding
            .conflicts
            .iter()
            .fold(0, |bits, kind| bits | kind.bit()),
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

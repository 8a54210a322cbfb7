//! The review: every identity and every portal account in exactly one place.
//!
//! Accounts are placed first, then each is judged, because whether an identity has two accounts is
//! only known when all are placed. Both sides are sorted at the start, so that the result does not
//! depend on the order in which they were read.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::account::PortalAccount;
use crate::binding::{Binding, BindingState, ConflictKind};
use crate::conflicts::{self, Pair};
use crate::identity::Identity;
use crate::index::Index;
use crate::policy::ReviewPolicy;

/// Where an account belongs.
enum Place {
    /// To this identity.
    Belongs { identity: u32, bound: bool },
    /// It is bound to nobody that exists.
    Gone,
    /// Several identities would fit.
    Several(Vec<u32>),
    /// To none; these are worth a look.
    None(Vec<u32>),
}

/// Matches identities with portal accounts and finds every conflict, as of `today`.
///
/// Evidence that the policy does not name makes no binding; its order decides which one is believed.
///
/// One binding for each account, and one for each identity that no account belongs to: first the
/// accounts by identifier, then the identities by kind and key. Time and memory grow with the number
/// of both.
pub fn review(
    identities: impl IntoIterator<Item = Identity>,
    accounts: impl IntoIterator<Item = PortalAccount>,
    policy: &ReviewPolicy,
    today: NaiveDate,
) -> Vec<Binding> {
    let mut identities: Vec<Identity> = identities.into_iter().collect();
    let mut accounts: Vec<PortalAccount> = accounts.into_iter().collect();
    identities.sort_unstable();
    accounts.sort_unstable();
    let index = Index::new(&identities, &policy.evidence);

    let mut held = vec![0u32; identities.len()];
    let mut active = vec![0u32; identities.len()];
    let mut places = Vec::with_capacity(accounts.len());
    for account in &accounts {
        let place = place(&index, account);
        if let Place::Belongs { identity, .. } = &place {
            held[*identity as usize] += 1;
            active[*identity as usize] += u32::from(account.is_active());
        }
        places.push(place);
    }

    let mut wanted: HashMap<u32, Vec<String>> = HashMap::new();
    let mut bindings = Vec::with_capacity(accounts.len());
    for (account, place) in accounts.iter().zip(&places) {
        let binding = match place {
            Place::Belongs { identity, bound } => {
                let pointed = index.pointed_to(account);
                let pair = Pair {
                    account,
                    identity: index.at(*identity),
                    bound: *bound,
                    points_elsewhere: pointed.iter().any(|list| !list.contains(identity)),
                    active_accounts: active[*identity as usize],
                };
                let others = merged(pointed, Some(*identity));
                note(&mut wanted, &held, account, &others);
                together(&pair, &index, &others, today)
            }
            Place::Gone => {
                let fitting = worth_a_look(&index, account);
                note(&mut wanted, &held, account, &fitting);
                let mut binding = alone(account, BindingState::Orphaned, &index, &fitting);
                binding.identity_key = account.bound_to.as_deref().map(str::to_owned);
                binding.conflicts = vec![ConflictKind::OrphanedBinding];
                binding
            }
            Place::Several(fitting) => {
                note(&mut wanted, &held, account, fitting);
                alone(account, BindingState::Ambiguous, &index, fitting)
            }
            Place::None(fitting) => {
                note(&mut wanted, &held, account, fitting);
                alone(account, BindingState::Unmatched, &index, fitting)
            }
        };
        bindings.push(binding);
    }
    for ((identity, at), count) in identities.iter().zip(0u32..).zip(&held) {
        if *count == 0 {
            bindings.push(without_account(identity, wanted.remove(&at)));
        }
    }
    bindings
}

fn place(index: &Index<'_>, account: &PortalAccount) -> Place {
    if let Some(key) = account.bound_to.as_deref() {
        return match index.bound(account.kind, key) {
            Some(identity) => Place::Belongs {
                identity,
                bound: true,
            },
            None => Place::Gone,
        };
    }
    // Nobody is bound anew to an account that cannot be used.
    if !account.is_active() {
        return Place::None(worth_a_look(index, account));
    }
    let pointed = merged(index.pointed_to(account), None);
    match pointed.as_slice() {
        [] => Place::None(worth_a_look(index, account)),
        [identity] => Place::Belongs {
            identity: *identity,
            bound: false,
        },
        _ => Place::Several(pointed),
    }
}

/// Every identity of the lists once, without `but`.
fn merged(lists: Vec<Vec<u32>>, but: Option<u32>) -> Vec<u32> {
    let mut merged: Vec<u32> = Vec::new();
    for at in lists.into_iter().flatten() {
        if Some(at) != but && !merged.contains(&at) {
            merged.push(at);
            if merged.len() == Binding::MOST_CANDIDATES {
                break;
            }
        }
    }
    merged
}

/// What the account's keys point to, else what its telephone and name together point to.
fn worth_a_look(index: &Index<'_>, account: &PortalAccount) -> Vec<u32> {
    let pointed = merged(index.pointed_to(account), None);
    if pointed.is_empty() {
        index
            .supported(account)
            .take(Binding::MOST_CANDIDATES)
            .collect()
    } else {
        pointed
    }
}

/// Remembers for identities without an account that this one would fit.
fn note(
    wanted: &mut HashMap<u32, Vec<String>>,
    held: &[u32],
    account: &PortalAccount,
    fitting: &[u32],
) {
    for at in fitting.iter().filter(|at| held[**at as usize] == 0) {
        let accounts = wanted.entry(*at).or_default();
        if accounts.len() < Binding::MOST_CANDIDATES {
            accounts.push(account.account_id.to_string());
        }
    }
}

fn together(pair: &Pair<'_>, index: &Index<'_>, others: &[u32], today: NaiveDate) -> Binding {
    let evidence = conflicts::compare(pair.account, pair.identity);
    let found = pair.conflicts(&evidence, index, today);
    Binding {
        kind: pair.account.kind,
        identity_key: Some(pair.identity.key.to_string()),
        identity_title: pair.identity.title.as_deref().map(str::to_owned),
        account_id: Some(pair.account.account_id.to_string()),
        account_title: pair.account.title.as_deref().map(str::to_owned),
        state: if found.is_empty() {
            BindingState::Linked
        } else {
            BindingState::Conflicting
        },
        conflicts: found,
        evidence,
        candidates: keys(index, others),
    }
}

fn alone(
    account: &PortalAccount,
    state: BindingState,
    index: &Index<'_>,
    fitting: &[u32],
) -> Binding {
    Binding {
        kind: account.kind,
        identity_key: None,
        identity_title: None,
        account_id: Some(account.account_id.to_string()),
        account_title: account.title.as_deref().map(str::to_owned),
        state,
        conflicts: if conflicts::has_wrong_certificate_type(account) {
            vec![ConflictKind::WrongCertificateType]
        } else {
            Vec::new()
        },
        // With one candidate the comparison is what the administrator decides by.
        evidence: match fitting {
            [one] => conflicts::compare(account, index.at(*one)),
            _ => Vec::new(),
        },
        candidates: keys(index, fitting),
    }
}

fn without_account(identity: &Identity, accounts: Option<Vec<String>>) -> Binding {
    Binding {
        kind: identity.kind,
        identity_key: Some(identity.key.to_string()),
        identity_title: identity.title.as_deref().map(str::to_owned),
        account_id: None,
        account_title: None,
        state: BindingState::Unmatched,
        conflicts: Vec::new(),
        evidence: Vec::new(),
        candidates: accounts.unwrap_or_default(),
    }
}

fn keys(index: &Index<'_>, positions: &[u32]) -> Vec<String> {
    positions
        .iter()
        .map(|at| index.at(*at).key.to_string())
        .collect()
}

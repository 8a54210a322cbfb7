//! The review: every identity and every portal account in exactly one place.
//!
//! The plain form, for a list of each. Both sides are sorted at the start, so that the result does not
//! depend on the order in which they were read.

use chrono::NaiveDate;

use crate::account::PortalAccount;
use crate::binding::{Binding, ConflictKind, Evidence};
use crate::identity::Identity;
use crate::policy::ReviewPolicy;
use crate::population::{Population, Row};

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

    let mut population = Population::new(policy.clone(), today);
    for (identity, at) in identities.iter().zip(0u64..) {
        population.put_person(at, identity);
    }
    for (account, at) in accounts.iter().zip(0u64..) {
        population.put_account(at, account);
    }
    population.settle();

    let of_accounts = (0u64..)
        .zip(&accounts)
        .filter_map(|(at, _)| population.account_row(at));
    let of_people = (0u64..)
        .zip(&identities)
        .filter_map(|(at, _)| population.person_row(at));
    of_accounts
        .chain(of_people)
        .map(|row| told(&row, &identities, &accounts))
        .collect()
}

/// A row with its texts; handles are places in the lists.
fn told(row: &Row, identities: &[Identity], accounts: &[PortalAccount]) -> Binding {
    let text = |text: &str| text.to_owned();
    let at = |handle: u64| usize::try_from(handle).unwrap_or(usize::MAX);
    let account = row.account.and_then(|handle| accounts.get(at(handle)));
    let identity = row.person.and_then(|handle| identities.get(at(handle)));
    let key = match (identity, account) {
        (Some(identity), _) => Some(text(&identity.key)),
        (None, Some(account)) if row.conflicts & ConflictKind::OrphanedBinding.bit() != 0 => {
            account.bound_key().map(text)
        }
        _ => None,
    };
    Binding {
        kind: row.kind,
        identity_key: key,
        identity_title: identity.and_then(|one| one.title.as_deref()).map(text),
        account_id: account.map(|one| text(&one.account_id)),
        account_title: account.and_then(|one| one.title.as_deref()).map(text),
        state: row.state,
        conflicts: ConflictKind::of_bits(row.conflicts),
        evidence: Evidence::of_bits(row.compared, row.agreed),
        candidates: row
            .candidates
            .iter()
            .filter_map(|handle| {
                if account.is_some() {
                    identities.get(at(*handle)).map(|one| text(&one.key))
                } else {
                    accounts.get(at(*handle)).map(|one| text(&one.account_id))
                }
            })
            .collect(),
    }
}

//! Which identities have a given key, number or telephone.
//!
//! One hash table and one chain of positions for each kind of evidence; nothing is copied out of the
//! identities, so that a million of them cost some tens of bytes each.

use std::collections::HashMap;
use std::hash::Hash;

use crate::account::PortalAccount;
use crate::binding::EvidenceKind;
use crate::identity::{IdNumberHash, Identity};
use crate::kind::AccountKind;

const END: u32 = u32::MAX;

/// Positions by key; several may have the same.
struct Chain<K> {
    heads: HashMap<K, u32>,
    next: Vec<u32>,
}

impl<K: Hash + Eq + Copy> Chain<K> {
    fn new<'a>(identities: &'a [Identity], key: impl Fn(&'a Identity) -> Option<K>) -> Self {
        let mut heads = HashMap::new();
        let mut next = vec![END; identities.len()];
        // From the last to the first, so that a chain is walked in the order of the identities.
        for (at, identity) in identities.iter().enumerate().rev() {
            if let (Some(key), Ok(here)) = (key(identity), u32::try_from(at)) {
                next[at] = heads.insert(key, here).unwrap_or(END);
            }
        }
        Self { heads, next }
    }

    fn get(&self, key: K) -> impl Iterator<Item = u32> + use<'_, K> {
        let mut at = self.heads.get(&key).copied().unwrap_or(END);
        std::iter::from_fn(move || {
            let here = (at != END).then_some(at)?;
            at = self.next[here as usize];
            Some(here)
        })
    }
}

/// Identities by everything that an account can point to them with.
pub(crate) struct Index<'a> {
    identities: &'a [Identity],
    evidence: &'a [EvidenceKind],
    keys: Chain<(AccountKind, &'a str)>,
    other_keys: Chain<(AccountKind, &'a str)>,
    cert_keys: Chain<(AccountKind, &'a str)>,
    id_numbers: Chain<(AccountKind, IdNumberHash)>,
    credit_codes: Chain<&'a str>,
    agent_names: Chain<(&'a str, &'a str)>,
    mobiles: Chain<&'a str>,
    mobiles_and_names: Chain<(AccountKind, &'a str, &'a str)>,
}

impl<'a> Index<'a> {
    /// An index over identities, for accounts that are placed by this evidence.
    pub(crate) fn new(identities: &'a [Identity], evidence: &'a [EvidenceKind]) -> Self {
        Self {
            identities,
            evidence,
            keys: Chain::new(identities, |one| Some((one.kind, &*one.key))),
            other_keys: Chain::new(identities, |one| {
                Some((one.kind, one.other_key.as_deref()?))
            }),
            cert_keys: Chain::new(identities, |one| Some((one.kind, one.cert_key.as_deref()?))),
            id_numbers: Chain::new(identities, |one| {
                // A legal person's number is its representative's, who may represent several.
                (one.kind != AccountKind::Legal).then_some((one.kind, one.id_number_hash?))
            }),
            credit_codes: Chain::new(identities, |one| {
                (one.kind == AccountKind::Legal).then_some(one.credit_code.as_deref()?)
            }),
            agent_names: Chain::new(identities, |one| {
                (one.kind == AccountKind::Agent)
                    .then_some((one.credit_code.as_deref()?, one.title.as_deref()?))
            }),
            mobiles: Chain::new(identities, |one| one.mobile.as_deref()),
            mobiles_and_names: Chain::new(identities, |one| {
                Some((one.kind, one.mobile.as_deref()?, one.title.as_deref()?))
            }),
        }
    }

    /// The identity that a `bound_to` names.
    pub(crate) fn bound(&self, kind: AccountKind, key: &'a str) -> Option<u32> {
        self.keys
            .get((kind, key))
            .chain(self.other_keys.get((kind, key)))
            .next()
    }

    /// The identities that the account's own keys point to: one list for each kind of evidence that
    /// points anywhere, in the policy's order.
    pub(crate) fn pointed_to(&self, account: &'a PortalAccount) -> Vec<Vec<u32>> {
        let mut lists: Vec<Vec<u32>> = Vec::new();
        for evidence in self.evidence {
            // An agent's name tells which of a legal person's agents it is, where nothing else does.
            let last_resort = lists.is_empty();
            let list = self.by_evidence(*evidence, account, last_resort);
            if !list.is_empty() {
                lists.push(list);
            }
        }
        lists
    }

    fn by_evidence(
        &self,
        evidence: EvidenceKind,
        account: &'a PortalAccount,
        last_resort: bool,
    ) -> Vec<u32> {
        let kind = account.kind;
        match evidence {
            EvidenceKind::CertKey => account.cert_key.as_deref().map_or_else(Vec::new, |key| {
                self.narrowed(account, self.cert_keys.get((kind, key)))
            }),
            EvidenceKind::IdNumber => account.id_number_hash.map_or_else(Vec::new, |number| {
                self.narrowed(account, self.id_numbers.get((kind, number)))
            }),
            EvidenceKind::CreditCode => {
                match (
                    kind,
                    account.credit_code.as_deref(),
                    account.title.as_deref(),
                ) {
                    (AccountKind::Legal, Some(code), _) => self.credit_codes.get(code).collect(),
                    (AccountKind::Agent, Some(code), Some(name)) if last_resort => {
                        self.agent_names.get((code, name)).collect()
                    }
                    _ => Vec::new(),
                }
            }
            EvidenceKind::Phone | EvidenceKind::Name => Vec::new(),
        }
    }

    /// Of an agent's identities those for the legal person that the account names: one person may
    /// act for several, each with an identity of its own.
    fn narrowed(&self, account: &PortalAccount, found: impl Iterator<Item = u32>) -> Vec<u32> {
        found
            .filter(|at| {
                account.kind != AccountKind::Agent
                    || account.credit_code.is_none()
                    || self.at(*at).credit_code == account.credit_code
            })
            .collect()
    }

    /// Identities of the account's kind with its telephone *and* its name: worth a look, no more.
    pub(crate) fn supported(&self, account: &'a PortalAccount) -> impl Iterator<Item = u32> + '_ {
        account
            .mobile
            .as_deref()
            .zip(account.title.as_deref())
            .into_iter()
            .flat_map(|(mobile, name)| self.mobiles_and_names.get((account.kind, mobile, name)))
    }

    /// Whether another person than `own` has this telephone number.
    pub(crate) fn someone_else_has(&self, mobile: &'a str, own: &Identity) -> bool {
        self.mobiles
            .get(mobile)
            .any(|at| !self.at(at).is_same_person(own))
    }

    /// The identity at a position.
    pub(crate) fn at(&self, at: u32) -> &'a Identity {
        &self.identities[at as usize]
    }
}

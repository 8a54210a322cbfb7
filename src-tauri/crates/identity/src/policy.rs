//! What a connection's review goes by: everything that a person may change and look at beforehand.
//!
//! One value holds it all, so that a change can be tried on everyone before it is saved, and so that
//! a saved review can name what it went by.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::account::PortalAccount;
use crate::binding::EvidenceKind;
use crate::identity::Identity;
use crate::kind::AccountKind;
use crate::reader::LevelRanks;

/// The settings of a connection's identity review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default)]
pub struct ReviewPolicy {
    /// The rank of each real-name level.
    pub ranks: LevelRanks,
    /// What makes a binding, strongest first. Telephone and name never do, whatever stands here.
    pub evidence: Vec<EvidenceKind>,
    /// Which roles people get through the mapping.
    pub roles: Vec<RoleRule>,
    /// Rank that is asked for where a portal account's site says nothing.
    #[ts(type = "number | null")]
    pub required_rank: Option<u8>,
}

impl Default for ReviewPolicy {
    fn default() -> Self {
        Self {
            ranks: LevelRanks::default(),
            evidence: vec![
                EvidenceKind::CertKey,
                EvidenceKind::IdNumber,
                EvidenceKind::CreditCode,
            ],
            roles: Vec::new(),
            required_rank: None,
        }
    }
}

/// A role that accounts get when they sign in and fulfil every condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RoleRule {
    /// The role, as the portal writes it.
    pub role: String,
    /// Only accounts of this kind.
    pub kind: Option<AccountKind>,
    /// Only accounts of this site.
    pub site: Option<String>,
    /// Only people whose real-name level has at least this rank.
    #[ts(type = "number | null")]
    pub least_rank: Option<u8>,
    /// Whether the role lets people administer the portal.
    #[serde(default)]
    pub administrator: bool,
}

impl RoleRule {
    /// Whether somebody with these gets the role.
    pub fn applies(&self, kind: AccountKind, site: Option<&str>, level: Option<u8>) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
            && self
                .site
                .as_deref()
                .is_none_or(|wanted| site == Some(wanted))
            && self
                .least_rank
                .is_none_or(|least| level.is_some_and(|level| level >= least))
    }
}

impl ReviewPolicy {
    /// The roles that an account of an identity gets through the mapping.
    pub fn roles<'a>(
        &'a self,
        account: &'a PortalAccount,
        identity: &'a Identity,
    ) -> impl Iterator<Item = &'a RoleRule> {
        self.roles
            .iter()
            .filter(|rule| rule.applies(account.kind, account.site.as_deref(), identity.level))
    }

    /// The rank that an account's site asks for.
    pub fn required(&self, account: &PortalAccount) -> Option<u8> {
        account.required_level.or(self.required_rank)
    }
}

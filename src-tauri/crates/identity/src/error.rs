//! What can be wrong with a record that should be an account, or with a claim mapping.

use zhengqiao_domain::DatasetId;

use crate::binding::EvidenceKind;
use crate::kind::AccountKind;

/// A record that is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The dataset holds no accounts of this side.
    #[error("{0} holds no such accounts")]
    WrongDataset(DatasetId),
    /// A value without which the account cannot be placed.
    #[error("an account of {dataset} has no readable {field}")]
    Missing {
        /// The dataset.
        dataset: DatasetId,
        /// The field.
        field: &'static str,
    },
}

/// What is wrong with a claim mapping: the row (from 1, over all kinds), the value, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// A row without a claim or without a portal field.
    #[error("{kind}: row {row} names no claim or no portal field; fill both or remove the row")]
    Empty {
        /// The kind of account.
        kind: AccountKind,
        /// The row, from 1.
        row: usize,
    },
    /// Two rows that fill the same portal field.
    #[error("{kind}: row {row} fills {portal_field} a second time; remove one of the two rows")]
    Twice {
        /// The kind of account.
        kind: AccountKind,
        /// The row, from 1.
        row: usize,
        /// The portal field.
        portal_field: String,
    },
    /// A password, which is never taken over.
    #[error("{kind}: row {row}: {claim} is a password, which is never taken over; remove the row")]
    Password {
        /// The kind of account.
        kind: AccountKind,
        /// The row, from 1.
        row: usize,
        /// The claim.
        claim: String,
    },
    /// Nothing would tell two people of this kind apart.
    #[error(
        "{kind}: no required row fills userName or certKey; mark the row that does as required"
    )]
    NoKey {
        /// The kind of account.
        kind: AccountKind,
    },
    /// A step that cannot be done.
    #[error("{kind}: row {row}, {portal_field}, step {step}: {what}")]
    Step {
        /// The kind of account.
        kind: AccountKind,
        /// The row, from 1.
        row: usize,
        /// The portal field.
        portal_field: String,
        /// Which of its steps, from 1.
        step: usize,
        /// What is wrong with it, and how it is written.
        what: String,
    },
}

impl ClaimError {
    /// What is wrong, as one word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "empty",
            Self::Twice { .. } => "twice",
            Self::Password { .. } => "password",
            Self::NoKey { .. } => "no_key",
            Self::Step { .. } => "step",
        }
    }

    /// The row, from 1 over all kinds.
    pub const fn row(&self) -> Option<usize> {
        match self {
            Self::Empty { row, .. }
            | Self::Twice { row, .. }
            | Self::Password { row, .. }
            | Self::Step { row, .. } => Some(*row),
            Self::NoKey { .. } => None,
        }
    }

    /// The kind of account.
    pub const fn kind(&self) -> AccountKind {
        match self {
            Self::Empty { kind, .. }
            | Self::Twice { kind, .. }
            | Self::Password { kind, .. }
            | Self::Step { kind, .. }
            | Self::NoKey { kind } => *kind,
        }
    }

    /// The value that is wrong.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Empty { .. } | Self::NoKey { .. } => None,
            Self::Twice { portal_field, .. } => Some(portal_field),
            Self::Password { claim, .. } => Some(claim),
            Self::Step { what, .. } => Some(what),
        }
    }
}

/// What is wrong with a review policy: the place, the value, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Evidence that supports only.
    #[error("evidence: {0} supports a binding but never makes one; remove it")]
    Supports(EvidenceKind),
    /// Evidence that is named twice.
    #[error("evidence: {0} is named twice; remove one")]
    EvidenceTwice(EvidenceKind),
    /// Nothing to bind by.
    #[error("evidence: nothing is named; name at least one of cert_key, id_number, credit_code")]
    NoEvidence,
    /// A level without a name.
    #[error("ranks: a level has no name; name it or remove it")]
    NoLevelName,
    /// No level is ranked.
    #[error("ranks: no level is ranked; add the levels that the provider sends")]
    NoRanks,
    /// A role without a name.
    #[error("roles: rule {rule} names no role; name it or remove the rule")]
    NoRole {
        /// The rule, from 1.
        rule: usize,
    },
    /// A rule that is there twice.
    #[error("roles: rule {rule} ({role}) is the same as an earlier one; remove it")]
    RoleTwice {
        /// The rule, from 1.
        rule: usize,
        /// The role.
        role: String,
    },
    /// A role that is an administrator's by one rule and not by another.
    #[error(
        "roles: rule {rule} ({role}) says otherwise than an earlier one whether it administers; make both the same"
    )]
    RoleUnclear {
        /// The rule, from 1.
        rule: usize,
        /// The role.
        role: String,
    },
    /// A rank that no level has.
    #[error(
        "roles: rule {rule} asks for rank {rank}, which no level reaches; lower it or add the level"
    )]
    RoleOutOfReach {
        /// The rule, from 1.
        rule: usize,
        /// The rank.
        rank: u8,
    },
    /// A rank that no level has.
    #[error("required_rank: no level reaches {0}; lower it or add the level")]
    RequiredOutOfReach(u8),
}

impl PolicyError {
    /// What is wrong, as one word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Supports(_) => "supports",
            Self::EvidenceTwice(_) => "evidence_twice",
            Self::NoEvidence => "no_evidence",
            Self::NoLevelName => "no_level_name",
            Self::NoRanks => "no_ranks",
            Self::NoRole { .. } => "no_role",
            Self::RoleTwice { .. } => "role_twice",
            Self::RoleUnclear { .. } => "role_unclear",
            Self::RoleOutOfReach { .. } => "role_out_of_reach",
            Self::RequiredOutOfReach(_) => "required_out_of_reach",
        }
    }

    /// The role rule, from 1.
    pub const fn row(&self) -> Option<usize> {
        match self {
            Self::NoRole { rule }
            | Self::RoleTwice { rule, .. }
            | Self::RoleUnclear { rule, .. }
            | Self::RoleOutOfReach { rule, .. } => Some(*rule),
            _ => None,
        }
    }

    /// The value that is wrong.
    pub fn value(&self) -> Option<String> {
        match self {
            Self::Supports(kind) | Self::EvidenceTwice(kind) => Some(kind.as_str().to_owned()),
            Self::RoleTwice { role, .. } | Self::RoleUnclear { role, .. } => Some(role.clone()),
            Self::RoleOutOfReach { rank, .. } | Self::RequiredOutOfReach(rank) => {
                Some(rank.to_string())
            }
            Self::NoEvidence | Self::NoLevelName | Self::NoRanks | Self::NoRole { .. } => None,
        }
    }
}

//! What can be wrong with a record that should be an account, or with a claim mapping.

use zhengqiao_domain::DatasetId;

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

/// What is wrong with a claim mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// A row without a claim or without a portal field.
    #[error("{kind}: row {row} names no claim or no portal field")]
    Empty {
        /// The kind of account.
        kind: AccountKind,
        /// The row, from 1.
        row: usize,
    },
    /// Two rows that fill the same portal field.
    #[error("{kind}: {portal_field} is filled twice")]
    Twice {
        /// The kind of account.
        kind: AccountKind,
        /// The portal field.
        portal_field: String,
    },
    /// A password, which is never taken over.
    #[error("{kind}: {claim} is a password, which is never taken over")]
    Password {
        /// The kind of account.
        kind: AccountKind,
        /// The claim.
        claim: String,
    },
    /// Nothing would tell two people of this kind apart.
    #[error("{kind}: no required row fills userName or certKey")]
    NoKey {
        /// The kind of account.
        kind: AccountKind,
    },
}

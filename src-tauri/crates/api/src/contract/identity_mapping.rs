//! Claim mapping and review policy: edited with a live preview, saved as versions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_identity::{AccountKind, ClaimRow, PortalField, ReviewPolicy};

use super::ClaimPreview;
use crate::differences::Difference;

/// Claim mapping and review policy, which are saved together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdentitySettings {
    /// The claim mapping.
    pub claims: Vec<ClaimRow>,
    /// What a review goes by.
    pub policy: ReviewPolicy,
}

/// Claim mapping and review policy of a connection, with what an editor offers.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdentityMapping {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The present version; 0 when nothing was ever saved.
    #[ts(type = "number")]
    pub version: i64,
    /// The version that the kept bindings were computed by.
    #[ts(type = "number | null")]
    pub reviewed: Option<i64>,
    /// What is in force.
    pub settings: IdentitySettings,
    /// What a new connection starts with.
    pub defaults: IdentitySettings,
    /// The portal fields that are offered.
    pub fields: Vec<PortalField>,
    /// The claims that were seen.
    pub seen: Vec<SeenClaim>,
    /// The samples that are kept.
    pub samples: Vec<ClaimSampleRow>,
}

/// A claim that was seen in a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SeenClaim {
    /// The kind of account.
    pub kind: AccountKind,
    /// Its name or JSON pointer.
    pub name: String,
}

/// Throws a kept sample away.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ForgetClaimSample {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The sample.
    #[ts(type = "number")]
    pub sample_id: i64,
}

/// A kept sample of a test login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClaimSampleRow {
    /// Its number.
    #[ts(type = "number")]
    pub sample_id: i64,
    /// The kind of account.
    pub kind: AccountKind,
    /// What a person called it.
    pub name: String,
    /// When it was kept, unix ms.
    #[ts(type = "number")]
    pub kept_at: i64,
    /// By whom.
    pub kept_by: String,
}

/// Saves claim mapping and review policy as a new version.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveIdentityMapping {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The version that was edited; another one's changes are not written over.
    #[ts(type = "number")]
    pub based_on: i64,
    /// Why.
    pub note: String,
    /// What is to be in force.
    pub settings: IdentitySettings,
}

/// What rows that are not saved yet make of a sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PreviewClaims {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The kind of account.
    pub kind: AccountKind,
    /// The settings as they stand in the editor.
    pub settings: IdentitySettings,
    /// A kept sample; without one the newest cached record.
    #[ts(type = "number | null")]
    pub sample_id: Option<i64>,
}

/// What rows make of a sample, and what is wrong with the settings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClaimsPreview {
    /// The rows of the kind in their order, masked.
    pub rows: Vec<ClaimPreview>,
    /// Why the settings may not be saved; of all kinds and of the policy.
    pub problems: Vec<IdentityProblem>,
}

/// What is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdentityProblem {
    /// claims or policy.
    pub part: String,
    /// What is wrong, as one word.
    pub code: String,
    /// The kind of account.
    pub kind: Option<AccountKind>,
    /// The claim row, from 1 over all kinds, or the role rule.
    #[ts(type = "number | null")]
    pub row: Option<usize>,
    /// The value.
    pub value: Option<String>,
    /// All of it in one sentence, with what to do.
    pub message: String,
}

/// A saved state of claim mapping and review policy.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdentityVersionRow {
    /// Its number; 0 is the state before the first save.
    #[ts(type = "number")]
    pub number: i64,
    /// When, unix ms.
    #[ts(type = "number")]
    pub saved_at: i64,
    /// By whom; empty for the state before the first save.
    pub saved_by: String,
    /// Why.
    pub note: String,
    /// Whether it is in force.
    pub current: bool,
    /// Whether the kept bindings were computed by it.
    pub reviewed: bool,
    /// What it changed.
    pub differences: Vec<Difference>,
}

/// Two versions.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CompareIdentityVersions {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The one.
    #[ts(type = "number")]
    pub before: i64,
    /// The other.
    #[ts(type = "number")]
    pub after: i64,
}

/// Makes an earlier version the present one, as a new version.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RestoreIdentityVersion {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The version.
    #[ts(type = "number")]
    pub number: i64,
    /// Why.
    pub note: String,
}

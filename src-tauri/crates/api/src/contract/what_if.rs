//! What a changed mapping or policy would do to everyone, and the change as a proposal.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_exchange::Environment;
use zhengqiao_identity::{AccountKind, BindingState, ConflictKind, EffectNumber, EffectNumbers};

use super::{IdentitySettings, IdentitySummary};
use crate::differences::Difference;

/// Tries settings on everyone.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StartWhatIf {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The settings that are tried.
    pub settings: IdentitySettings,
}

/// Names a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WhatIfId {
    /// Its number.
    #[ts(type = "number")]
    pub what_if_id: i64,
}

/// A trial as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WhatIfView {
    /// Its number.
    #[ts(type = "number")]
    pub what_if_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// The version that the settings were tried against.
    #[ts(type = "number")]
    pub based_on: i64,
    /// What the settings change.
    pub differences: Vec<Difference>,
    /// running, done, cancelled or failed.
    pub state: String,
    /// Why it failed.
    pub message: Option<String>,
    /// Whether other settings have been saved since, or something was synchronised.
    pub stale: bool,
    /// When it began, unix ms.
    #[ts(type = "number")]
    pub begun_at: i64,
    /// When it ended, unix ms.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
    /// Records read.
    #[ts(type = "number")]
    pub looked: u64,
    /// Records to read.
    #[ts(type = "number")]
    pub total: u64,
    /// The numbers, when it is done.
    pub numbers: Option<EffectNumbers>,
}

/// Accounts behind a number of a trial.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WhatIfRowsRequest {
    /// The trial.
    #[ts(type = "number")]
    pub what_if_id: i64,
    /// The number.
    pub number: EffectNumber,
    /// Only accounts after this one.
    pub after: Option<String>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of accounts behind a number.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WhatIfRowsPage {
    /// The accounts, masked.
    pub rows: Vec<WhatIfRow>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// An account that something would happen to, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WhatIfRow {
    /// The portal account.
    pub account_id: String,
    /// Whose it is.
    pub kind: AccountKind,
    /// Its name.
    pub account_title: Option<String>,
    /// How it stands.
    pub before: WhatIfSide,
    /// How it would stand.
    pub after: WhatIfSide,
}

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WhatIfSide {
    /// The state of its binding.
    pub state: BindingState,
    /// The identity's masked key.
    pub identity_key: Option<String>,
    /// The identity's name.
    pub identity_title: Option<String>,
    /// Its conflicts.
    pub conflicts: Vec<ConflictKind>,
    /// Its roles through the mapping.
    pub roles: Vec<String>,
}

/// Makes a trial a proposal that another look applies or discards.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ProposeIdentityChange {
    /// The trial.
    #[ts(type = "number")]
    pub what_if_id: i64,
    /// Why.
    pub note: String,
}

/// Names a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdentityChangeId {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its number.
    #[ts(type = "number")]
    pub change_id: i64,
}

/// A proposal.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdentityChangeRow {
    /// Its number.
    #[ts(type = "number")]
    pub change_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The version that it was tried against.
    #[ts(type = "number")]
    pub based_on: i64,
    /// Whether another version is in force by now, so that it has to be tried again.
    pub outdated: bool,
    /// Why.
    pub note: String,
    /// What it changes.
    pub differences: Vec<Difference>,
    /// What it would have done when it was proposed.
    pub numbers: EffectNumbers,
    /// When, unix ms.
    #[ts(type = "number")]
    pub proposed_at: i64,
    /// By whom.
    pub proposed_by: String,
    /// open, applied or discarded.
    pub state: String,
    /// When it was decided, unix ms.
    #[ts(type = "number | null")]
    pub decided_at: Option<i64>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// The version that it became.
    #[ts(type = "number | null")]
    pub version: Option<i64>,
}

/// An applied proposal: the version that it became, and the bindings computed by it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AppliedIdentityChange {
    /// The version.
    #[ts(type = "number")]
    pub version: i64,
    /// The version before, to go back to.
    #[ts(type = "number")]
    pub before: i64,
    /// The bindings now.
    pub summary: IdentitySummary,
}

//! The sign-on mapping: claims and bindings.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_identity::{AccountKind, BindingState, ClaimRow, ConflictKind, Evidence};

/// The claim mapping of a connection, with a live sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClaimMappingView {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Protocol family.
    pub protocol: String,
    /// The rows, for the three kinds of account.
    pub rows: Vec<ClaimPreview>,
}

/// One claim row with its value in the sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClaimPreview {
    /// The mapping's row.
    pub row: ClaimRow,
    /// Received value in the sample, masked.
    pub received: Option<String>,
    /// Mapped value, masked.
    pub mapped: Option<String>,
    /// ok, empty, or the code of what is wrong.
    pub state: String,
}

/// Saves the claim mapping.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveClaimMapping {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The rows.
    pub rows: Vec<ClaimRow>,
}

/// Bindings by state and conflict.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdentitySummary {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// When the bindings were last computed, unix ms.
    #[ts(type = "number | null")]
    pub computed_at: Option<i64>,
    /// Counts by state.
    pub states: Vec<BindingStateCount>,
    /// Counts by kind of conflict.
    pub conflicts: Vec<ConflictCount>,
}

/// Bindings in a state.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingStateCount {
    /// The state.
    pub state: BindingState,
    /// Bindings.
    #[ts(type = "number")]
    pub count: i64,
}

/// Bindings with a conflict.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConflictCount {
    /// The kind.
    pub conflict: ConflictKind,
    /// Bindings.
    #[ts(type = "number")]
    pub count: i64,
}

/// Which bindings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingsRequest {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Only in this state.
    pub state: Option<BindingState>,
    /// Only with this conflict.
    pub conflict: Option<ConflictKind>,
    /// Only of this kind of account.
    pub kind: Option<AccountKind>,
    /// Only bindings after this id.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of bindings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingsPage {
    /// The bindings, masked.
    pub bindings: Vec<BindingRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// One binding, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingRow {
    /// Its number.
    #[ts(type = "number")]
    pub binding_id: i64,
    /// Natural person, legal person or agent.
    pub kind: AccountKind,
    /// The identity's shortened key.
    pub identity_key: Option<String>,
    /// The identity's name, masked.
    pub identity_title: Option<String>,
    /// The portal account.
    pub account_id: Option<String>,
    /// Its name, masked.
    pub account_title: Option<String>,
    /// The state.
    pub state: BindingState,
    /// Every conflict.
    pub conflicts: Vec<ConflictKind>,
    /// What speaks for the binding.
    pub evidence: Vec<Evidence>,
    /// Other accounts that would fit.
    pub candidates: Vec<String>,
}

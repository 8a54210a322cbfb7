//! Override (覆盖): a person's edited copy in the place of a rejected row.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::{Finding, Outcome};

/// A field's new value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EditedField {
    /// Our field.
    pub field: String,
    /// Its value; absent empties it.
    pub value: Option<String>,
}

/// Tries an edited copy, or puts it in the place of the rejected row.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OverrideRequest {
    /// The rejection.
    #[ts(type = "number")]
    pub rejection_id: i64,
    /// What is edited; the other fields stay as they were mapped.
    pub fields: Vec<EditedField>,
    /// Why; kept with the record and in the audit log. Not needed to try.
    #[serde(default)]
    pub reason: String,
}

/// What an edited copy is found with.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OverrideReport {
    /// What becomes of it.
    pub outcome: Outcome,
    /// What it is found with, masked.
    pub findings: Vec<Finding>,
    /// Whether it was put in the row's place.
    pub written: bool,
}

/// Takes an override back.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevokeOverride {
    /// The rejection.
    #[ts(type = "number")]
    pub rejection_id: i64,
    /// Why; kept in the audit log.
    pub reason: String,
}

/// Whether a rejected row can be overridden, and whether it is.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OverrideStanding {
    /// Whether the connection allows it.
    pub allowed: bool,
    /// Fields that say which record it is, and stay.
    pub fixed: Vec<String>,
    /// Who overrode it; absent where nobody did.
    pub author: Option<String>,
    /// When, unix ms.
    #[ts(type = "number | null")]
    pub at: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

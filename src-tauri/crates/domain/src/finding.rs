//! Findings: what a rule says of one value, and what becomes of the record.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::rules::Rule;

/// What a finding does to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The rule is not applied.
    Off,
    /// The record is accepted and the finding kept with it.
    Warn,
    /// The record waits for something that is still to come.
    Hold,
    /// The record is not accepted.
    Reject,
}

/// The value that would be right, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Remedy {
    /// The proposed value.
    pub value: String,
    /// True when the rule determines the value; false when it is only the likeliest.
    pub certain: bool,
}

/// One failed rule of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Finding {
    /// The rule's stable code.
    #[ts(type = "string")]
    pub rule: Rule,
    /// Our field.
    #[ts(type = "string")]
    pub field: Cow<'static, str>,
    /// The offending value; absent when the value is missing.
    pub value: Option<String>,
    /// What the finding does to the record.
    pub severity: Severity,
    /// What was expected, in a short notation free of language.
    pub expected: Option<String>,
    /// A value that would pass, where one can be computed.
    pub remedy: Option<Remedy>,
}

/// What became of a checked record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No finding rejects or holds.
    Accepted,
    /// Waits for a parent.
    Held,
    /// At least one finding rejects.
    Rejected,
}

impl Outcome {
    /// The outcome that a record's findings add up to.
    pub fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Reject) => Outcome::Rejected,
            Some(Severity::Hold) => Outcome::Held,
            _ => Outcome::Accepted,
        }
    }
}

//! The mapping editor: samples, live values, effects, versions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::{DatasetId, Finding, Mapping, Proposal, RuleSettings};
use zhengqiao_exchange::{FileSource, InspectedFile, Profile};

use crate::differences::Difference;

/// Looks at a file before it is read.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct InspectFile {
    /// The file and what is set about it.
    pub file: FileSource,
    /// The dataset that its rows are for.
    pub dataset: DatasetId,
}

/// What a file turned out to be, values masked, with likely pairs.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FileInspection {
    /// The file.
    pub file: InspectedFile,
    /// Likely pairs of column and field.
    pub proposals: Vec<Proposal>,
}

/// Takes a sample for the mapping editor, with a profile that need not be saved yet.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TakeSample {
    /// The connection whose secret is used; absent for a new one.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// The profile.
    pub profile: Profile,
    /// The dataset.
    pub dataset: DatasetId,
}

/// A value's place in the sample's records.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SamplePlace {
    /// A name, or a JSON pointer.
    pub source: String,
    /// The column's comment, where a database has one.
    pub comment: String,
    /// Some of its values, masked.
    pub samples: Vec<String>,
    /// Records that have it.
    #[ts(type = "number")]
    pub filled: u64,
}

/// A sample. Its records stay with the host.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MappingSample {
    /// Its number.
    #[ts(type = "number")]
    pub sample_id: i64,
    /// Records in it.
    #[ts(type = "number")]
    pub records: u64,
    /// `provider` or `cache`.
    pub from: String,
    /// Why it is not from the provider, if so.
    pub problem: Option<String>,
    /// Where values are.
    pub places: Vec<SamplePlace>,
    /// Likely pairs.
    pub proposals: Vec<Proposal>,
}

/// Tries a mapping on a sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PreviewMapping {
    /// The sample.
    #[ts(type = "number")]
    pub sample_id: i64,
    /// The mapping.
    pub mapping: Mapping,
    /// Rules and code lists.
    pub rules: RuleSettings,
    /// Which record to show, from 0.
    #[ts(type = "number")]
    pub at: u64,
}

/// One field of the shown record, values masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FieldPreview {
    /// Our field.
    pub field: String,
    /// What was received.
    pub received: Option<String>,
    /// The value after each step.
    pub steps: Vec<Option<String>>,
    /// The value as it would be kept.
    pub mapped: Option<String>,
    /// What the rules say of it.
    pub findings: Vec<Finding>,
}

/// A code that is in no list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UnknownCode {
    /// Our field.
    pub field: String,
    /// The code as it is after the steps.
    pub code: String,
    /// Records with it.
    #[ts(type = "number")]
    pub records: u64,
}

/// What a mapping makes of a sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MappingPreview {
    /// The shown record.
    pub fields: Vec<FieldPreview>,
    /// Records that pass by themselves.
    #[ts(type = "number")]
    pub passing: u64,
    /// Records that do not.
    #[ts(type = "number")]
    pub rejected: u64,
    /// Unknown codes in the sample, and in the open rejections where the sample is of a connection.
    pub unknown_codes: Vec<UnknownCode>,
    /// Required fields that no record of the sample has.
    pub missing_required: Vec<String>,
}

/// A rule and how many records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleCount {
    /// The rule's code.
    pub rule: String,
    /// Our field.
    pub field: String,
    /// Records.
    #[ts(type = "number")]
    pub records: u64,
}

/// A saved state of a connection's profile.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ProfileVersion {
    /// Its number.
    #[ts(type = "number")]
    pub version: i64,
    /// When it was saved, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Who saved it.
    pub actor: String,
    /// What it changed from the version before it.
    pub differences: Vec<Difference>,
    /// Whether it is the present one.
    pub current: bool,
}

/// Makes an earlier version the present one, as a new version.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevertConnection {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The version.
    #[ts(type = "number")]
    pub version: i64,
}

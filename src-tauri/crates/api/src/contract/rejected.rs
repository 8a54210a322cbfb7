//! Rejected records: causes, facets, lists, one rejection, what is done with them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::{Finding, Outcome};

use super::{
    CauseSample, ClusterWords, DeliveredVersion, FieldValue, IgnoredBy, Neighbour, RejectionEvent,
};

/// Which rejections. Empty parts do not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct RejectionFilter {
    /// Only this connection's.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// Only this dataset's.
    pub dataset: Option<DatasetId>,
    /// open, reported, resolved, ignored or overridden.
    pub state: Option<String>,
    /// Rejected or held.
    pub outcome: Option<Outcome>,
    /// Only with this rule.
    pub rule: Option<String>,
    /// Only with a finding on this field.
    pub field: Option<String>,
    /// Only of this cause.
    #[ts(type = "number | null")]
    pub cause_id: Option<i64>,
    /// Department code.
    pub department: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Last seen in this run.
    #[ts(type = "number | null")]
    pub run_id: Option<i64>,
    /// First seen on this day (`YYYY-MM-DD`), or in days up to today: `today`, `last_7_days`, `last_30_days`.
    pub day: Option<String>,
    /// Words: any part of a name, title or number.
    pub search: Option<String>,
    /// Ignored by this decision.
    #[ts(type = "number | null")]
    pub decision_id: Option<i64>,
    /// Only with this as the provider's last answer: corrected, explained, in_progress, unable,
    /// not_ours, or any.
    pub answer: Option<String>,
    /// Only on this report to the provider.
    #[ts(type = "number | null")]
    pub report_id: Option<i64>,
    /// Only those that wait for the provider's answer after the term.
    pub overdue: bool,
}

/// A cause: dataset × rule × field × cluster of values.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CauseRow {
    /// Its number.
    #[ts(type = "number")]
    pub cause_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
    /// The key of what the values have in common; empty when nothing.
    pub cluster: String,
    /// The same in words.
    pub values: ClusterWords,
    /// Rejections of the filter, held ones included.
    #[ts(type = "number")]
    pub open: i64,
    /// Of these, held.
    #[ts(type = "number")]
    pub held: i64,
    /// First seen, unix ms.
    #[ts(type = "number")]
    pub first_seen_at: i64,
    /// Last seen, unix ms.
    #[ts(type = "number")]
    pub last_seen_at: i64,
    /// Of each department, most first; at most 12.
    pub departments: Vec<FacetValue>,
    /// First seen on each of the last days that have any; at most 31.
    pub days: Vec<FacetValue>,
    /// The newest of them.
    pub sample: Option<CauseSample>,
}

/// Counts by value for each facet, each under all parts of the filter but its own.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Facets {
    /// Rejections of the whole filter.
    #[ts(type = "number")]
    pub total: i64,
    /// The facets.
    pub facets: Vec<Facet>,
}

/// One facet.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Facet {
    /// dataset, state, outcome, rule, field, department, region, run or day.
    pub name: String,
    /// Values with most rejections first, at most 200.
    pub values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FacetValue {
    /// The value.
    pub value: String,
    /// Rejections.
    #[ts(type = "number")]
    pub count: i64,
}

/// A page of rejections is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct RejectionsRequest {
    /// Which.
    pub filter: RejectionFilter,
    /// Only rejections before this id (newest come first).
    #[ts(type = "number | null")]
    pub before: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of rejections, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RejectionsPage {
    /// The rejections, masked.
    pub rejections: Vec<RejectionRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
    /// How many the filter has in all.
    #[ts(type = "number | null")]
    pub total: Option<i64>,
}

/// A rejection in a list, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RejectionRow {
    /// Its number.
    #[ts(type = "number")]
    pub rejection_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// Rejected or held.
    pub outcome: Outcome,
    /// Where it was turned away: check, or delivery when the portal's library refused it.
    pub stage: String,
    /// open, reported, resolved, ignored or overridden.
    pub state: String,
    /// Shown title, masked.
    pub title: String,
    /// The record's key at the provider.
    pub record_key: String,
    /// The number that others refer to it by.
    pub business_key: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Codes of the failed rules.
    pub rules: Vec<String>,
    /// First seen, unix ms.
    #[ts(type = "number")]
    pub first_seen_at: i64,
    /// Last seen, unix ms.
    #[ts(type = "number")]
    pub seen_at: i64,
    /// How often it came.
    #[ts(type = "number")]
    pub seen_count: i64,
    /// The run that last brought it.
    #[ts(type = "number")]
    pub run_id: i64,
    /// By whom, why and until when it is ignored.
    pub ignored: Option<IgnoredBy>,
    /// The provider's last answer: corrected, explained, in_progress, unable or not_ours.
    pub answer: Option<String>,
}

/// Names a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RejectionId {
    /// Its number.
    #[ts(type = "number")]
    pub rejection_id: i64,
}

/// Asks to see one record unmasked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevealRequest {
    /// Which.
    #[ts(type = "number")]
    pub rejection_id: i64,
    /// Why; goes into the audit log.
    pub reason: String,
}

/// One rejection in full.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RejectionDetail {
    /// As in lists.
    pub rejection: RejectionRow,
    /// Whether personal values are shown.
    pub revealed: bool,
    /// Raw payload as JSON text.
    pub raw: String,
    /// For each of our fields: where its value comes from, raw, mapped, cached.
    pub fields: Vec<RejectionField>,
    /// Every failed rule.
    pub findings: Vec<Finding>,
    /// Why it was ignored.
    pub reason: Option<String>,
    /// The version in the cache, if there is one.
    pub cached: Option<Vec<FieldValue>>,
    /// Its number in the cache.
    #[ts(type = "number | null")]
    pub record_id: Option<i64>,
    /// What the portal's library has of it.
    pub delivered: DeliveredVersion,
    /// When that arrived, unix ms.
    #[ts(type = "number | null")]
    pub delivered_at: Option<i64>,
    /// Records that it is connected with.
    pub neighbours: Vec<Neighbour>,
    /// What was done to the rejection, newest first.
    pub events: Vec<RejectionEvent>,
}

/// One field of a rejected record, side by side.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RejectionField {
    /// Our field.
    pub field: String,
    /// The provider's name for it.
    pub source: String,
    /// Value as received.
    pub raw: Option<String>,
    /// Value after mapping.
    pub mapped: Option<String>,
    /// Value in the cache.
    pub cached: Option<String>,
    /// Value in the portal's library, as far as that version is kept.
    pub delivered: Option<String>,
    /// Whether values are masked.
    pub masked: bool,
}

/// An act on several rejections: those listed, or all in the filter.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct BulkRequest {
    /// Which; empty means all in the filter.
    #[ts(type = "Array<number>")]
    pub rejection_ids: Vec<i64>,
    /// Used when no ids are given.
    pub filter: Option<RejectionFilter>,
}

/// What a bulk act did.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BulkReport {
    /// Rejections changed.
    #[ts(type = "number")]
    pub changed: i64,
}

/// Writes the rejections of a filter to a file, masked unless there is a reason not to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExportRequest {
    /// Which.
    pub filter: RejectionFilter,
    /// File to write; `.csv` or `.ndjson`.
    pub path: String,
    /// `zh` or `en`.
    pub language: String,
    /// Why personal values are to be written; only where every connection of the filter allows it, and
    /// noted in the audit log. Absent masks them.
    #[serde(default)]
    #[ts(optional)]
    pub unmasked_because: Option<String>,
}

/// A written export.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExportReport {
    /// The file.
    pub path: String,
    /// Rows written.
    #[ts(type = "number")]
    pub rows: i64,
}

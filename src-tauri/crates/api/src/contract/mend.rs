//! Mending: what could cure a cause, what a change would do, and checking rejections again.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::{DatasetId, Mapping, MendStep, RuleSettings, StepProblem, StepState};
use zhengqiao_exchange::Environment;

use super::{BulkRequest, ClusterWords, RuleCount};

/// Asks what could cure a cause.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ProposeMend {
    /// The cause.
    #[ts(type = "number | null")]
    pub cause_id: Option<i64>,
    /// Where no cause is named: the one of this rejection.
    #[ts(type = "number | null")]
    pub rejection_id: Option<i64>,
    /// With this rule.
    pub rule: String,
    /// On this field.
    pub field: String,
}

/// A step that cures some records of a cause.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MendProposal {
    /// The step.
    pub step: MendStep,
    /// Whether it is certain that it says what was meant; else it is a guess.
    pub certain: bool,
    /// Records of the sample in which the rule does not fail any more.
    #[ts(type = "number")]
    pub cures: u64,
}

/// What could cure a cause, tried on a sample of its records.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MendProposals {
    /// The cause.
    #[ts(type = "number")]
    pub cause_id: i64,
    /// Its connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its dataset.
    pub dataset: DatasetId,
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
    /// What the values have in common, as a key.
    pub cluster: String,
    /// The same in words.
    pub values: ClusterWords,
    /// The offending value, where the sample has only one and it is nobody's.
    pub value: Option<String>,
    /// Open rejections of it.
    #[ts(type = "number")]
    pub open: i64,
    /// Records of the sample.
    #[ts(type = "number")]
    pub sample: u64,
    /// The code list of the field, where it has one.
    pub code_list: Option<String>,
    /// Steps that cure, the best first.
    pub proposals: Vec<MendProposal>,
    /// Why there is none: truncated, missing, check_digit, neighbour, not_here.
    pub none_because: Option<String>,
    /// The standing decision that ignores it.
    #[ts(type = "number | null")]
    pub ignored_by: Option<i64>,
}

/// A step and how it stands to a connection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StepReport {
    /// The step.
    pub step: MendStep,
    /// Whether it applies, is already so, or fails.
    pub state: StepState,
    /// Why it fails.
    pub problem: Option<StepProblem>,
    /// Values that the provider's rows have and that are likely meant, where its own is missing.
    pub sources: Vec<String>,
}

/// Computes what a change would do to everything that is cached.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct StartEffect {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Only this dataset; else those that the steps change, or all.
    pub dataset: Option<DatasetId>,
    /// The dataset's mapping as it would be; else the saved one.
    pub mapping: Option<Mapping>,
    /// Rules and code lists as they would be; else the saved ones.
    pub rules: Option<RuleSettings>,
    /// Steps on top of that.
    pub steps: Vec<MendStep>,
}

/// Names a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EffectId {
    /// Its number.
    #[ts(type = "number")]
    pub effect_id: i64,
}

/// What a change would do, as far as it was looked at.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Effect {
    /// Its number.
    #[ts(type = "number")]
    pub effect_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Production, test or demo.
    pub environment: Environment,
    /// The steps that it is for.
    pub steps: Vec<MendStep>,
    /// The saved profile that it builds on.
    #[ts(type = "number")]
    pub profile_version: i64,
    /// The last run that it knows of.
    #[ts(type = "number")]
    pub last_run: i64,
    /// Whether the profile or the cache has changed since it began.
    pub stale: bool,
    /// running, done, cancelled or failed.
    pub state: String,
    /// Why it failed.
    pub message: Option<String>,
    /// Begin, unix ms.
    #[ts(type = "number")]
    pub begun_at: i64,
    /// End, unix ms.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
    /// Records looked at.
    #[ts(type = "number")]
    pub looked: u64,
    /// Records to look at.
    #[ts(type = "number")]
    pub total: u64,
    /// By dataset.
    pub datasets: Vec<DatasetEffect>,
}

/// What a change would do to one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DatasetEffect {
    /// The dataset.
    pub dataset: DatasetId,
    /// Rejected and held records looked at.
    #[ts(type = "number")]
    pub rejected: u64,
    /// Of these, would pass.
    #[ts(type = "number")]
    pub would_pass: u64,
    /// Would fail by nothing new.
    #[ts(type = "number")]
    pub still_fail: u64,
    /// Would fail by something that they do not fail by now.
    #[ts(type = "number")]
    pub fail_otherwise: u64,
    /// Accepted records looked at.
    #[ts(type = "number")]
    pub accepted: u64,
    /// Of these, would be kept with other content.
    #[ts(type = "number")]
    pub would_change: u64,
    /// Would not be accepted any more.
    #[ts(type = "number")]
    pub would_fail: u64,
    /// Rules by which accepted records would fail.
    pub fail_rules: Vec<RuleCount>,
    /// Rules by which rejected records would newly fail.
    pub other_rules: Vec<RuleCount>,
    /// Whether everything of it was looked at.
    pub done: bool,
}

/// A number of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EffectCount {
    /// Rejected records that would pass.
    WouldPass,
    /// Rejected records that would fail by nothing new.
    StillFail,
    /// Rejected records that would fail by something else.
    FailOtherwise,
    /// Accepted records that would be kept with other content.
    WouldChange,
    /// Accepted records that would not be accepted any more.
    WouldFail,
}

/// Asks for records behind a number of an effect.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EffectRowsRequest {
    /// The computation.
    #[ts(type = "number")]
    pub effect_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The number.
    pub number: EffectCount,
    /// Only records after this number.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A record behind a number of an effect, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EffectRow {
    /// The rejection's number, or the record's.
    #[ts(type = "number")]
    pub id: i64,
    /// Its key at the provider.
    pub record_key: String,
    /// Its title.
    pub title: String,
    /// Codes of the rules by which it would fail.
    pub rules: Vec<String>,
}

/// A page of records behind a number; at most a thousand are kept.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EffectRowsPage {
    /// The records.
    pub rows: Vec<EffectRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
    /// How many are kept.
    #[ts(type = "number")]
    pub kept: u64,
}

/// Saves steps as a new version of the connection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApplyMend {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The steps; none may fail.
    pub steps: Vec<MendStep>,
}

/// What was saved.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MendReport {
    /// The version that holds now.
    #[ts(type = "number")]
    pub profile_version: i64,
    /// How each step stood.
    pub steps: Vec<StepReport>,
    /// Decisions to ignore causes that were made.
    #[ts(type = "Array<number>")]
    pub decision_ids: Vec<i64>,
}

/// Checks rejections of one connection again, as a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct StartRevalidation {
    /// Which.
    pub which: BulkRequest,
    /// How many come first; 20 if absent.
    pub canary: Option<u32>,
}

/// How a run that checks rejections again stands.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Revalidation {
    /// The run.
    #[ts(type = "number")]
    pub run_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// State word of the run.
    pub state: String,
    /// canary, asks or rest.
    pub phase: String,
    /// Why it asks: canary_differs, canary_otherwise or canary_none.
    pub asks: Option<String>,
    /// Rejections to look at, as far as it was known.
    #[ts(type = "number")]
    pub total: i64,
    /// How many come first.
    #[ts(type = "number")]
    pub canary: i64,
    /// Accepted.
    #[ts(type = "number")]
    pub passed: i64,
    /// Fail by nothing new.
    #[ts(type = "number")]
    pub still: i64,
    /// Fail by something that they did not fail by before.
    #[ts(type = "number")]
    pub otherwise: i64,
    /// Left alone: settled, gone, or waiting for a person.
    #[ts(type = "number")]
    pub left: i64,
    /// Whether the run has ended.
    pub ended: bool,
    /// Whether it was undone.
    pub undone: bool,
}

/// Asks for what became of each rejection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevalidatedRequest {
    /// The run.
    #[ts(type = "number")]
    pub run_id: i64,
    /// passed, still, otherwise or left; absent means all.
    pub fate: Option<String>,
    /// Only those that came first.
    pub canary: bool,
    /// Only items after this one.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// What became of one rejection, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevalidatedRow {
    /// Its number in the list.
    #[ts(type = "number")]
    pub item_id: i64,
    /// The rejection, which may be gone.
    #[ts(type = "number")]
    pub rejection_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// Its key at the provider.
    pub record_key: String,
    /// Whether it came first.
    pub canary: bool,
    /// What was expected: passed, still, otherwise or left.
    pub predicted: Option<String>,
    /// What became of it; absent while it waits.
    pub fate: Option<String>,
    /// Codes of the rules that it fails by now.
    pub rules: Vec<String>,
}

/// A page of what became of rejections.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RevalidatedPage {
    /// The items.
    pub rows: Vec<RevalidatedRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

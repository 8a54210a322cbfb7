//! Synchronisation: state, runs, progress, cached records.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::Finding;
use zhengqiao_exchange::Environment;

use super::SyncScope;

/// Names a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunId {
    /// Its number.
    #[ts(type = "number")]
    pub run_id: i64,
}

/// Counters of a run or a part of it. `fetched` equals the sum of the next six.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Counts {
    /// Rows received.
    #[ts(type = "number")]
    pub fetched: i64,
    /// New or changed rows taken into the cache.
    #[ts(type = "number")]
    pub accepted: i64,
    /// Rows already there with the same content.
    #[ts(type = "number")]
    pub unchanged: i64,
    /// Rows waiting for a parent.
    #[ts(type = "number")]
    pub held: i64,
    /// Rows with a finding that rejects.
    #[ts(type = "number")]
    pub rejected: i64,
    /// Rows that withdraw a record.
    #[ts(type = "number")]
    pub withdrawn: i64,
    /// Rows older than what the cache has.
    #[ts(type = "number")]
    pub superseded: i64,
}

/// One connection × dataset.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SyncRow {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// The dataset.
    pub dataset: DatasetId,
    /// succeeded, finished_with_rejections, needs_decision, failed, running, paused, cancelled, never.
    pub state: String,
    /// Last success, unix ms.
    #[ts(type = "number | null")]
    pub last_success_at: Option<i64>,
    /// Where an incremental run would begin, in words.
    pub cursor: Option<String>,
    /// Accepted records in the cache.
    #[ts(type = "number")]
    pub accepted: i64,
    /// Withdrawn records in the cache.
    #[ts(type = "number")]
    pub withdrawn: i64,
    /// Open rejections.
    #[ts(type = "number")]
    pub rejected: i64,
    /// Held records.
    #[ts(type = "number")]
    pub held: i64,
    /// Rows that wait for the portal's library; absent without one.
    #[ts(type = "number | null")]
    pub backlog: Option<i64>,
    /// Rows fetched in the last runs, oldest first.
    #[ts(type = "Array<number>")]
    pub history: Vec<i64>,
}

/// Full or incremental.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RunMode {
    /// Everything the provider has.
    Full,
    /// What changed since the last success.
    Incremental,
    /// Everything, only to compare: a dry run that also tells what the provider did not send.
    Verify,
    /// Puts back what another run changed; started by `undo_run` only.
    Undo,
    /// Checks rejections again; started by `start_revalidation` only.
    Revalidation,
}

/// Starts a run, or continues the connection's interrupted one.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StartSync {
    /// Which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Which datasets; empty means all that the connection carries.
    pub datasets: Vec<DatasetId>,
    /// How much.
    pub mode: RunMode,
    /// What it covers besides; absent covers all of its mode.
    #[serde(default)]
    #[ts(optional)]
    pub scope: Option<SyncScope>,
}

/// A started run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunStarted {
    /// Its number.
    #[ts(type = "number")]
    pub run_id: i64,
    /// Whether it continues an interrupted one.
    pub resumed: bool,
}

/// A run while it goes on. Sent at most ten times a second; the last is always sent.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunProgress {
    /// The run.
    #[ts(type = "number")]
    pub run_id: i64,
    /// Its connection's name.
    pub connection: String,
    /// Its connection's environment.
    pub environment: Environment,
    /// Whether it goes on, will wait, waits …; absent when it has ended.
    pub standing: Option<super::Standing>,
    /// The request that it waits for.
    pub request: Option<super::RunningRequest>,
    /// State word.
    pub state: String,
    /// Sums.
    pub counts: Counts,
    /// The parts.
    pub datasets: Vec<RunDatasetRow>,
    /// Elapsed time.
    #[ts(type = "number")]
    pub elapsed_ms: i64,
    /// Records per second over the last seconds.
    pub records_per_s: f64,
    /// Remaining time, told only when the estimates agree for a while.
    #[ts(type = "number | null")]
    pub remaining_ms: Option<i64>,
    /// Whether this is the last message.
    pub ended: bool,
}

/// A run in a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunRow {
    /// Its number.
    #[ts(type = "number")]
    pub run_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// Full or incremental.
    pub mode: RunMode,
    /// State word.
    pub state: String,
    /// Code of the cause, for runs that did not succeed.
    pub code: Option<String>,
    /// The cause in a sentence.
    pub message: Option<String>,
    /// Begin, unix ms.
    #[ts(type = "number")]
    pub started_at: i64,
    /// End, unix ms.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
    /// Sums.
    pub counts: Counts,
}

/// Which runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct RunsRequest {
    /// Only this connection's.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// Only runs before this one.
    #[ts(type = "number | null")]
    pub before: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of runs, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunsPage {
    /// The runs.
    pub runs: Vec<RunRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// One dataset's part of a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunDatasetRow {
    /// The dataset.
    pub dataset: DatasetId,
    /// State word; `waiting` before its turn.
    pub state: String,
    /// Code of the cause.
    pub code: Option<String>,
    /// The cause in a sentence.
    pub message: Option<String>,
    /// Counters.
    pub counts: Counts,
    /// Held records of earlier runs that were accepted now.
    #[ts(type = "number")]
    pub released: i64,
    /// Accepted and withdrawn rows that have reached the portal's library; absent without one.
    #[ts(type = "number | null")]
    pub delivered: Option<i64>,
    /// Rows that the provider sent although the run's scope leaves them out; not counted as fetched.
    #[ts(type = "number")]
    pub left_out: i64,
    /// Pages committed.
    #[ts(type = "number")]
    pub pages: i64,
    /// Rows the provider says it has.
    #[ts(type = "number | null")]
    pub provider_total: Option<i64>,
    /// Begin, unix ms.
    #[ts(type = "number | null")]
    pub started_at: Option<i64>,
    /// End, unix ms.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
}

/// One request to the provider, redacted.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RequestRow {
    /// When, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// The dataset.
    pub dataset: Option<DatasetId>,
    /// GET or POST.
    pub method: String,
    /// Address without secrets.
    pub url: String,
    /// HTTP status.
    #[ts(type = "number | null")]
    pub status: Option<i64>,
    /// Time taken.
    #[ts(type = "number")]
    pub ms: i64,
    /// Bytes received.
    #[ts(type = "number")]
    pub bytes: i64,
    /// Records in the answer.
    #[ts(type = "number")]
    pub records: i64,
    /// Which try.
    #[ts(type = "number")]
    pub attempt: i64,
    /// `ok`, or the code of what went wrong.
    pub outcome: String,
    /// Headers sent, secrets replaced.
    pub sent: Vec<Header>,
    /// Headers received, secrets replaced.
    pub received: Vec<Header>,
}

/// A header of a request or an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value, or what stands for a secret one.
    pub value: String,
}

/// A moment in which a run changed hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunMoment {
    /// When, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// paused (a person), left (its program ended), interrupted (its program died), resumed.
    pub what: String,
}

/// A run in full.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunDetail {
    /// The run.
    pub run: RunRow,
    /// Its parts.
    pub datasets: Vec<RunDatasetRow>,
    /// Its last requests, newest first.
    pub requests: Vec<RequestRow>,
    /// Version of the profile that it used.
    #[ts(type = "number")]
    pub profile_version: i64,
    /// Version of the rule set that it used.
    pub rule_set: String,
    /// When it was paused, left, interrupted and resumed, oldest first.
    pub moments: Vec<RunMoment>,
    /// What it covers besides its mode; absent for all of it.
    pub scope: Option<SyncScope>,
    /// How it came about and how it stands to others.
    pub standing: super::RunStanding,
}

/// Which cached records.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct RecordsRequest {
    /// Only this connection's.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// Only this dataset's.
    pub dataset: Option<DatasetId>,
    /// accepted or withdrawn.
    pub state: Option<String>,
    /// Only records that this run changed.
    #[ts(type = "number | null")]
    pub run_id: Option<i64>,
    /// Of these, only the new or the changed ones: new, changed. Or what the run met and did not change:
    /// unchanged (the same content), superseded (newer than the run's row), released (held before).
    pub change: Option<String>,
    /// A key or business number, exact.
    pub search: Option<String>,
    /// Only records after this id.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of cached records.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecordsPage {
    /// The records, masked.
    pub records: Vec<RecordRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// A cached record in a list, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecordRow {
    /// Its number in the cache; 0 where a rejection stands in its place.
    #[ts(type = "number")]
    pub record_id: i64,
    /// The rejection in its place: a newer version that was not accepted.
    #[ts(type = "number | null")]
    pub rejection_id: Option<i64>,
    /// The dataset.
    pub dataset: DatasetId,
    /// accepted or withdrawn; rejected or held for a rejection.
    pub state: String,
    /// Shown title, masked.
    pub title: String,
    /// The number that others refer to it by.
    pub business_key: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// The provider's time.
    pub source_time: Option<String>,
    /// Warnings kept with it.
    pub warnings: u32,
}

/// Names a cached record.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecordId {
    /// Its number in the cache.
    #[ts(type = "number")]
    pub record_id: i64,
}

/// A cached record in full, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecordDetail {
    /// As in lists.
    pub record: RecordRow,
    /// The run that brought it.
    #[ts(type = "number")]
    pub run_id: i64,
    /// Raw payload, masked, as JSON text.
    pub raw: String,
    /// Mapped fields, masked.
    pub fields: Vec<FieldValue>,
    /// Warnings.
    pub findings: Vec<Finding>,
}

/// One field's value, masked unless revealed.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FieldValue {
    /// Our field.
    pub field: String,
    /// The value, absent when missing.
    pub value: Option<String>,
    /// Whether the value is masked.
    pub masked: bool,
}

//! Connections: the list, one connection, its test, its file.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::Finding;
use zhengqiao_exchange::{Environment, Profile};

/// Names a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConnectionId {
    /// Its number.
    #[ts(type = "number")]
    pub connection_id: i64,
}

/// A preset to begin from.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PresetRow {
    /// Its name in files and commands.
    pub name: String,
    /// Chinese title.
    pub zh: String,
    /// English title.
    pub en: String,
    /// What it fills in.
    pub profile: Profile,
}

/// A connection in the list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConnectionRow {
    /// Its number.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub name: String,
    /// Production, test or demo.
    pub environment: Environment,
    /// Base address.
    pub base_url: String,
    /// How it proves who it is: the kind of authentication.
    pub auth: String,
    /// Folder in the list; empty means none.
    pub folder: String,
    /// Tags to find it by.
    pub tags: Vec<String>,
    /// Datasets that it carries.
    pub datasets: Vec<DatasetId>,
    /// Whether a new secret waits for its test.
    pub has_next_secret: bool,
    /// The day on which its secret ends, as the user noted it.
    pub secret_expires_on: Option<String>,
    /// Whether a secret is kept.
    pub has_secret: bool,
    /// State word of its last run, `never` if none.
    pub state: String,
    /// End of the last run, unix ms.
    #[ts(type = "number | null")]
    pub last_run_at: Option<i64>,
}

/// One connection in full, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConnectionDetail {
    /// Its number.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub name: String,
    /// Everything about it, as data.
    pub profile: Profile,
    /// Grows with each saved change.
    #[ts(type = "number")]
    pub profile_version: i64,
    /// What is known of the secret.
    pub secret: SecretState,
}

/// What the window may know of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SecretState {
    /// Whether one is kept.
    pub has_secret: bool,
    /// Its last four characters, for secrets of twelve or more.
    pub last_four: Option<String>,
    /// When it was last changed, unix ms.
    #[ts(type = "number | null")]
    pub changed_at: Option<i64>,
    /// A new one that waits until it has passed a test.
    pub next: Option<NextSecret>,
    /// The day on which it ends, `yyyy-MM-dd`, as the user noted it.
    pub expires_on: Option<String>,
}

/// A new secret beside the one that runs use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NextSecret {
    /// Its last four characters, for secrets of twelve or more.
    pub last_four: Option<String>,
    /// When it was given, unix ms.
    #[ts(type = "number")]
    pub changed_at: i64,
}

/// Changes a connection's secret.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ChangeSecret {
    /// Which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The new secret.
    pub secret: String,
    /// Takes it without a test; otherwise it waits beside the old one.
    pub at_once: bool,
}

/// Notes the day on which a secret ends.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SetSecretExpiry {
    /// Which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The day, `yyyy-MM-dd`; absent forgets it.
    pub expires_on: Option<String>,
}

/// Saves a connection, new or changed.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveConnection {
    /// Absent for a new one.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// Its name, unique.
    pub name: String,
    /// Everything about it.
    pub profile: Profile,
    /// A new secret; absent keeps the one there is. Beside one that is kept it waits for a test.
    pub secret: Option<String>,
}

/// Makes a copy under another name; the secret is not copied.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DuplicateConnection {
    /// Which.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The copy's name.
    pub name: String,
}

/// Removes a connection with everything cached for it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RemoveConnection {
    /// Which.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name, typed by the user.
    pub confirm_name: String,
}

/// One layer of a connection test.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TestLayer {
    /// settings, name, tcp, tls, authentication, permission, sample, mapping, findings.
    pub layer: String,
    /// The dataset, for the layers that have one.
    pub dataset: Option<DatasetId>,
    /// ok, warn, failed or skipped.
    pub state: String,
    /// What was seen.
    pub seen: String,
    /// Code of the advice; the window has its words.
    pub advice: Option<String>,
    /// How long it took.
    #[ts(type = "number")]
    pub ms: u64,
}

/// The whole test.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TestReport {
    /// Whether no layer failed.
    pub passed: bool,
    /// The layers in order.
    pub layers: Vec<TestLayer>,
    /// Findings on the sample, grouped by dataset.
    pub samples: Vec<SampleReport>,
    /// Whether the secret that waits for a test was used.
    pub tested_next_secret: bool,
    /// Whether it passed and took the old one's place.
    pub took_next_secret: bool,
}

/// What became of a sample page.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SampleReport {
    /// The dataset.
    pub dataset: DatasetId,
    /// Records in the sample.
    #[ts(type = "number")]
    pub records: u64,
    /// Records with a finding that rejects.
    #[ts(type = "number")]
    pub rejected: u64,
    /// Some findings, values masked.
    pub findings: Vec<Finding>,
}

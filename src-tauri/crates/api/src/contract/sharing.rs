//! Sharing: connections and mappings as files.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::{DatasetId, Mapping};
use zhengqiao_exchange::Environment;

use crate::differences::Difference;

/// Which connections to write as a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConnectionExport {
    /// Their numbers.
    #[ts(type = "number[]")]
    pub connection_ids: Vec<i64>,
    /// Where to write the file; absent only gives the text.
    pub path: Option<String>,
}

/// Connections or mappings as a readable file, without secrets.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SharedFile {
    /// TOML text.
    pub text: String,
}

/// A shared file that is handed in: its text, or where it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct SharedSource {
    /// TOML text; empty where a path is given.
    pub text: String,
    /// The file.
    pub path: Option<String>,
}

/// What a connection of a file is to what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ImportState {
    /// There is none of that name.
    New,
    /// It differs from the one of that name.
    Changed,
    /// It is as the one of that name.
    Same,
}

/// One connection of a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlannedConnection {
    /// Its name.
    pub name: String,
    /// Production, test or demo, once it is taken.
    pub environment: Environment,
    /// New, changed or the same.
    pub state: ImportState,
    /// What would change.
    pub differences: Vec<Difference>,
    /// Why it cannot be taken, if so.
    pub problem: Option<String>,
}

/// What taking in a file would do.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportPlan {
    /// Its connections, in the order of the file.
    pub connections: Vec<PlannedConnection>,
}

/// Takes in a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportRequest {
    /// The file.
    pub file: SharedSource,
    /// Only these connections; empty means all.
    pub names: Vec<String>,
}

/// What was taken in.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportReport {
    /// New connections.
    pub added: Vec<String>,
    /// Changed connections.
    pub changed: Vec<String>,
    /// Connections that were as the file says.
    pub same: Vec<String>,
}

/// Which mappings to write as a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MappingExport {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its datasets; empty means all.
    pub datasets: Vec<DatasetId>,
    /// Where to write the file; absent only gives the text.
    pub path: Option<String>,
}

/// Takes in mappings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MappingImport {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The file.
    pub file: SharedSource,
    /// Only says what would change.
    pub dry_run: bool,
}

/// What a file changes in one dataset's mapping.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportedMapping {
    /// The dataset.
    pub dataset: DatasetId,
    /// The mapping as it becomes.
    pub mapping: Mapping,
    /// What changes.
    pub differences: Vec<Difference>,
}

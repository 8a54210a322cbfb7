//! Files that a provider hands over: one dataset each.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A file with the rows of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct FileSource {
    /// Where it is.
    pub path: String,
}

//! The front-end database (前置库): exchange tables that the provider fills and the demander reads.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An exchange table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TableSource {
    /// Its name, with the schema where there is one.
    pub table: String,
}

//! The sign-on mapping: claims.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_identity::ClaimRow;

/// The claim mapping of a connection, with a live sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClaimMappingView {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Protocol family.
    pub protocol: String,
    /// The rows, for the three kinds of account.
    pub rows: Vec<ClaimPreview>,
}

/// One claim row with its value in the sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClaimPreview {
    /// The mapping's row.
    pub row: ClaimRow,
    /// Received value in the sample, masked.
    pub received: Option<String>,
    /// Mapped value, masked.
    pub mapped: Option<String>,
    /// ok, empty, or the code of what is wrong.
    pub state: String,
}

/// Saves the claim mapping.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveClaimMapping {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The rows.
    pub rows: Vec<ClaimRow>,
}

//! The sign-on mapping: claims.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_identity::ClaimRow;

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

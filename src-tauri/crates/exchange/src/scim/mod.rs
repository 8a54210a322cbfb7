//! Portal accounts from a SCIM 2.0 service (RFC 7643, RFC 7644, RFC 9865).
//!
//! The service says itself what it can do: whether it filters, sorts, and gives cursors. What it says
//! decides how its users are read; where it says nothing, they are read in the plainest way.

mod config;
mod diagnose;
mod flatten;
mod walk;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::ExchangeError;

pub(crate) use config::accept;
pub(crate) use diagnose::diagnose;
pub(crate) use flatten::{find, flatten};
pub use walk::ScimWalk;

/// Users a request at most.
const MAX_ROWS: u32 = 10_000;

/// How users follow one another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ScimPaging {
    /// By cursor where the service offers it, by index otherwise.
    #[default]
    Offered,
    /// By `startIndex`.
    Index,
    /// By `cursor` (RFC 9865).
    Cursor,
}

/// Where the users are and which of them are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ScimSource {
    /// Path of the users below the base address.
    pub path: String,
    /// Users a request.
    pub page_rows: u32,
    /// Attributes that are asked for, between commas; empty means the service's own choice.
    pub attributes: String,
    /// Only users that fulfil this filter (RFC 7644, 3.4.2.2); empty means all.
    pub filter: String,
    /// How users follow one another.
    pub paging: ScimPaging,
}

impl Default for ScimSource {
    fn default() -> Self {
        Self {
            path: "Users".into(),
            page_rows: 200,
            attributes: String::new(),
            filter: String::new(),
            paging: ScimPaging::Offered,
        }
    }
}

impl ScimSource {
    /// Whether it can be used; the first thing that is wrong otherwise.
    pub(crate) fn validate(&self, place: &str) -> Result<(), ExchangeError> {
        let wrong = |field: &str, what: String| {
            Err(ExchangeError::Settings {
                field: format!("{place}.{field}"),
                what,
            })
        };
        if self.path.trim().is_empty() {
            return wrong("path", "the path is empty; it is usually Users".into());
        }
        if self.page_rows == 0 || self.page_rows > MAX_ROWS {
            let what = format!("{} users a request; 1 to {MAX_ROWS}", self.page_rows);
            return wrong("page_rows", what);
        }
        Ok(())
    }
}

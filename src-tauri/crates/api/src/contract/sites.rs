//! The sites of the portal: what each needs for signing on, and what is wrong with it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
pub use zhengqiao_identity::Site;
use zhengqiao_identity::SiteIssue;

use super::TestLayer;

/// The sites of a connection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SitesView {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The sites by name.
    pub sites: Vec<SiteRow>,
}

/// A site with what is wrong with it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SiteRow {
    /// Its number.
    #[ts(type = "number")]
    pub site_id: i64,
    /// The site.
    pub site: Site,
    /// What is wrong with its row of the table, the grave ones first.
    pub issues: Vec<SiteIssueRow>,
    /// What the last probe of its addresses saw.
    pub probe: Vec<ProbedAddress>,
    /// When they were probed, unix ms.
    #[ts(type = "number | null")]
    pub probed_at: Option<i64>,
}

/// Something that is wrong with a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SiteIssueRow {
    /// What.
    pub issue: SiteIssue,
    /// Whether people cannot sign in, or somebody can do harm.
    pub grave: bool,
}

/// What a probe of one address saw.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ProbedAddress {
    /// address, callback, local_logout or province_logout.
    pub which: String,
    /// The address.
    pub address: String,
    /// ok, warn or failed.
    pub state: String,
    /// Layer by layer, to the first that does not work.
    pub layers: Vec<TestLayer>,
}

/// Adds or changes a site.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveSite {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The site that is changed; none for a new one.
    #[ts(type = "number | null")]
    pub site_id: Option<i64>,
    /// The site.
    pub site: Site,
}

/// One site.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SiteId {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The site.
    #[ts(type = "number")]
    pub site_id: i64,
}

/// Takes in a table of sites.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportSites {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// A workbook or separated values.
    pub path: String,
    /// Whether to take it in; otherwise it is only told what would happen.
    pub apply: bool,
}

/// What became, or would become, of a table of sites.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SiteImport {
    /// Whether it was taken in.
    pub applied: bool,
    /// The rows in their order.
    pub rows: Vec<SiteImportRow>,
}

/// One row of such a table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SiteImportRow {
    /// The sheet; empty for separated values.
    pub sheet: String,
    /// Its number in the sheet.
    #[ts(type = "number")]
    pub row: u64,
    /// The site's name, where the row has one.
    pub name: String,
    /// new, changed, same, repeated or wrong.
    pub outcome: String,
    /// What is wrong, as a code: name, day or long.
    pub problem: Option<String>,
    /// The value that is wrong.
    pub value: Option<String>,
}

/// Writes the table of sites to a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExportSites {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The file: `.xlsx` or `.html`.
    pub path: String,
    /// zh-CN or en.
    pub language: String,
}

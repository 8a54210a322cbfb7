//! Tables of a front-end database, looked up while a connection is made.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_exchange::{Column, Profile, Table};

/// Looks into a front-end database, with a profile that need not be saved yet.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct InspectTable {
    /// The connection whose secrets are used; absent for a new one.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// The profile.
    pub profile: Profile,
    /// The table whose columns are wanted; empty for none.
    pub table: String,
}

/// What a front-end database has.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TableInspection {
    /// The tables that the user may read.
    pub tables: Vec<Table>,
    /// The table's columns; none when there is no such table that the user may see.
    pub columns: Vec<Column>,
}

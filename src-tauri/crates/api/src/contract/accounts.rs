//! Where the portal's own accounts come from.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_exchange::{Environment, Interface};

/// Where a connection's review takes the portal's accounts from.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountSource {
    /// The connection that is reviewed.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Whether the accounts are read by the connection itself.
    pub is_own: bool,
    /// The connection that they are read by.
    pub source: AccountSourceChoice,
    /// Every connection that could be chosen, the connection itself first.
    pub choices: Vec<AccountSourceChoice>,
}

/// A connection that portal accounts may be read by.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountSourceChoice {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub environment: Environment,
    /// Through what kind of door.
    pub interface: Interface,
    /// Where it is.
    pub place: String,
    /// Whether it reads portal accounts at all.
    pub reads_accounts: bool,
    /// Accepted accounts.
    #[ts(type = "number")]
    pub accounts: i64,
    /// Accounts whose record was rejected.
    #[ts(type = "number")]
    pub rejected: i64,
    /// When accounts were last read, unix ms; absent means never.
    #[ts(type = "number | null")]
    pub last_read_at: Option<i64>,
}

/// Says where a connection's review takes the portal's accounts from.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveAccountSource {
    /// The connection that is reviewed.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The connection that the accounts are read by; absent means the connection itself.
    #[ts(type = "number | null")]
    pub accounts_from: Option<i64>,
}

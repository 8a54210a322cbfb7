//! What a host may ask and what it is told: the types that cross IPC and `--json`.
//!
//! Every command takes one request object and returns one response object;
//! [`with_commands`](crate::with_commands) lists them, and the window's commands and TypeScript are made
//! from the list. No type here has room for a
//! secret on its way out.

mod accounts;
mod bindings;
mod commands;
mod connections;
mod decision_delivery;
mod decisions;
mod delivery;
mod dry;
mod identity;
mod identity_mapping;
mod ignore;
mod inbox;
mod lineage;
mod live;
mod mapping;
mod mend;
mod network;
mod overriding;
mod quality;
mod recipe;
mod reconciliation;
mod rejected;
mod reports;
mod run_page;
mod runs;
mod schedule;
mod sharing;
mod sign_on;
mod sites;
mod system;
mod tables;
mod what_if;

pub use crate::differences::Difference;
pub use accounts::*;
pub use bindings::*;
pub use commands::*;
pub use connections::*;
pub use decision_delivery::*;
pub use decisions::*;
pub use delivery::*;
pub use dry::*;
pub use identity::*;
pub use identity_mapping::*;
pub use ignore::*;
pub use inbox::*;
pub use lineage::*;
pub use live::*;
pub use mapping::*;
pub use mend::*;
pub use network::*;
pub use overriding::*;
pub use quality::*;
pub use recipe::*;
pub use reconciliation::*;
pub use rejected::*;
pub use reports::*;
pub use run_page::*;
pub use runs::*;
pub use schedule::*;
pub use sharing::*;
pub use sign_on::*;
pub use sites::*;
pub use system::*;
pub use tables::*;
pub use what_if::*;
pub use zhengqiao_identity::{
    AccountEffect, AccountKind, ClaimRow, ConflictEffect, ConflictKind, EffectNumber,
    EffectNumbers, EvidenceKind, ReviewPolicy, RoleEffect, RoleRule,
};
pub use zhengqiao_sync::schedule::{Definition, Missed, Quiet, Timing};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A request without content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Nothing {}

/// A failure as hosts see it. Codes are a closed list: one exists only if a host acts on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
#[ts(export)]
pub struct ApiError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// What failed, on what and why, in one sentence without secrets or personal data.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Particulars for the folded part.
    pub details: Option<String>,
}

/// The closed list of error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// The cache is locked: ask for the passphrase.
    Locked,
    /// The passphrase is wrong.
    WrongPassphrase,
    /// The cache file was written by a newer program.
    NewerCache,
    /// A request's field is missing or wrong; the message names it.
    InvalidRequest,
    /// The thing asked for does not exist (any more).
    NotFound,
    /// Another run of the connection is active.
    AlreadyRunning,
    /// The provider could not be reached or refused.
    Provider,
    /// The secret store failed.
    SecretStore,
    /// The cache file or disk failed.
    Storage,
    /// A file could not be read or written.
    File,
    /// A defect of the program.
    Internal,
}

//! The encrypted SQLite cache: one writer, several readers, one file per table.
//!
//! Everything that an administrator looks at is here. Rows, rejections, counters and the position
//! of a run change in one transaction, so that a kill at any moment loses nothing.

pub mod audit;
pub mod bigram;
pub mod binding;
pub mod binding_count;
pub mod binding_decision;
pub mod binding_list;
pub mod binding_sign_off;
mod cache;
pub mod cause;
mod checkpoint;
pub mod claim_sample;
pub mod connection;
pub mod connection_secret;
pub mod decision_delivery;
pub mod delivered;
pub mod delivery;
pub mod dry_row;
mod error;
pub mod expiry;
pub mod forgettable;
pub mod hash;
pub mod hold;
pub mod identity_change;
pub mod identity_version;
pub mod ignore;
pub mod inbox;
pub mod mend;
pub mod outbox;
pub mod person_change;
pub mod quality;
pub mod reconciliation;
pub mod reconciliation_cell;
pub mod reconciliation_key;
pub mod record;
pub mod record_version;
pub mod reference;
pub mod rejection;
pub mod rejection_doubt;
pub mod rejection_version;
pub mod report;
pub mod run;
pub mod run_cause;
pub mod run_decision;
pub mod run_drift;
pub mod run_history;
pub mod run_moment;
pub mod run_row;
pub mod run_scope;
pub mod saved_view;
pub mod schedule;
pub mod scratch;
pub mod secret;
pub mod setting;
pub mod sign_on;
pub mod site;
pub mod source;
pub mod source_field;
pub mod stock;
pub mod undone;

pub use cache::{Cache, CacheKey, Waiting};
pub use error::StoreError;
pub use rusqlite::{Connection, Transaction};

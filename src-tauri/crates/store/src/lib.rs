//! The encrypted SQLite cache: one writer, several readers, one file per table.
//!
//! Everything that an administrator looks at is here. Rows, rejections, counters and the position
//! of a run change in one transaction, so that a kill at any moment loses nothing.

pub mod audit;
pub mod bigram;
pub mod binding;
mod cache;
pub mod cause;
pub mod connection;
pub mod connection_secret;
mod error;
pub mod expiry;
pub mod hash;
pub mod hold;
pub mod record;
pub mod rejection;
pub mod run;
pub mod schedule;
pub mod secret;
pub mod setting;
pub mod source;

pub use cache::{Cache, CacheKey};
pub use error::StoreError;
pub use rusqlite::{Connection, Transaction};

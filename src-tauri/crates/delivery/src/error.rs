//! What ends a delivery before everything has arrived.

use zhengqiao_exchange::ExchangeError;
use zhengqiao_store::StoreError;

/// A delivery that could not be brought to its end. What waits stays in the outbox.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The cache failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The library could not be reached, or does not let us.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The connection has no target.
    #[error("connection {0} has no library to deliver to; the local cache is its library")]
    NoTarget(i64),
    /// Another process delivers for this connection.
    #[error("this connection is being delivered by another process ({owner})")]
    AlreadyDelivering {
        /// Who delivers.
        owner: String,
    },
    /// Another copy of this cache has delivered since.
    #[error(
        "another copy of this cache has delivered to the library since this one last did; nothing was written. If this one is the right one, deliver everything again"
    )]
    Fenced,
    /// The library was made by a newer program.
    #[error(
        "the library's schema {schema} has version {found}, this program knows {known}; it was not touched. Use the newer program"
    )]
    NewerLibrary {
        /// The schema.
        schema: String,
        /// Its version.
        found: i32,
        /// The newest version that is known.
        known: i32,
    },
    /// The library gave no answer for some records, again and again.
    #[error("the library gave no usable answer for {rows} records; they stay in the outbox")]
    Unanswered {
        /// How many.
        rows: usize,
    },
    /// The library takes nothing.
    #[error(
        "the library refused all of the first {rows} records ({code}: {message}); delivery stopped, the rest stays in the outbox"
    )]
    RefusesAll {
        /// How many were refused.
        rows: i64,
        /// The library's last code.
        code: String,
        /// Its last words.
        message: String,
    },
}

impl DeliveryError {
    /// The error's code.
    pub fn code(&self) -> &'static str {
        match self {
            DeliveryError::Store(_) => "storage",
            DeliveryError::Exchange(error) => error.code(),
            DeliveryError::NoTarget(_) => "no_target",
            DeliveryError::AlreadyDelivering { .. } => "already_delivering",
            DeliveryError::Fenced => "fenced",
            DeliveryError::NewerLibrary { .. } => "newer_library",
            DeliveryError::Unanswered { .. } => "unanswered",
            DeliveryError::RefusesAll { .. } => "refuses_all",
        }
    }
}

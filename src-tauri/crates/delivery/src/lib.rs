//! Accepted records go on to the portal's library (数据入库): PostgreSQL, or an HTTP interface that
//! takes batches.
//!
//! What waits is in the cache's outbox, written in the transaction that wrote the record. A batch is
//! announced in the cache, sent, and then settled there; its token goes into the library with its
//! rows, so that after a break at any moment both sides agree on what has arrived. A record that the
//! library refuses comes back into the rejected inbox and never blocks the others.

mod batch;
mod behind;
mod diagnose;
mod door;
mod engine;
mod error;
mod lease;
mod postgres;
mod push;
mod settle;

pub use diagnose::diagnose;
pub use engine::{Delivery, DeliveryEnd, deliver};
pub use error::DeliveryError;
pub use lease::is_running;

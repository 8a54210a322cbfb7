//! One run: fetch, map, check, commit; and again from where it was interrupted.
//!
//! Rows, rejections, counters and the position of one or more whole pages are committed in one
//! transaction. A run that is killed anywhere goes on with the first page that was not committed.

mod batch;
mod engine;
mod error;
mod fair;
mod owner;
mod prepare;
mod present;
mod recheck;
mod rest;
mod retention;
pub mod schedule;
mod state;

pub use batch::{Desk, judge, read_record, revalidate};
pub use engine::{RunOptions, Started, has_process, run, start};
pub use error::SyncError;
pub use owner::{in_words, lives, this_process};
pub use prepare::{Prepared, prepare};
pub use present::PresentRequest;
pub use rest::{give_up, leave, pause, stay};
pub use state::{RunMode, StateWord};

//! One run: fetch, map, check, commit; and again from where it was interrupted.
//!
//! Rows, rejections, counters and the position of one or more whole pages are committed in one
//! transaction. A run that is killed anywhere goes on with the first page that was not committed.

mod batch;
pub mod dry;
mod engine;
mod error;
mod prepare;
mod probe;
mod recheck;
mod replay;
mod retention;
mod scope;
mod state;
mod trace;

pub use batch::{Desk, judge, read_record, revalidate};
pub use engine::{RunOptions, Started, has_process, run, start};
pub use error::SyncError;
pub use prepare::{Prepared, prepare};
pub use probe::{Probed, probe};
pub use scope::{MOST_IDS, Replay, RunScope, Window};
pub use state::{RunMode, StateWord};

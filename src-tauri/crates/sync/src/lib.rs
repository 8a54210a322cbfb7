//! One run: fetch, map, check, commit; and again from where it was interrupted.
//!
//! Rows, rejections, counters and the position of one or more whole pages are committed in one
//! transaction. A run that is killed anywhere goes on with the first page that was not committed.

mod batch;
mod drift;
pub mod dry;
mod effect;
mod engine;
mod error;
mod fair;
mod guard;
mod history;
mod ignored;
mod judge;
mod mend;
pub mod overriding;
mod owner;
mod plausible;
mod prepare;
mod present;
mod probe;
mod quality;
mod recheck;
pub mod reconcile;
mod replay;
mod rest;
mod retention;
pub mod schedule;
mod scope;
mod sitting;
mod state;
mod trace;
mod undo;

pub use batch::{Desk, read_record, revalidate};
pub use effect::{Change, Effect, EffectNumber, EffectSample, Watch, compute as compute_effect};
pub use engine::{RunOptions, Started, has_process, rule_set, run, start};
pub use error::SyncError;
pub use guard::decide;
pub use history::Hand;
pub use ignored::{open_expired, today};
pub use judge::{Judged, failing};
pub use mend::{
    MendOptions, REVALIDATION, batches as mend_batches, go_on as go_on_mending,
    start as start_mending,
};
pub use owner::{in_words, lives, this_process};
pub use prepare::{Prepared, prepare};
pub use present::PresentRequest;
pub use probe::{Probed, probe};
pub use rest::{give_up, leave, pause, stay};
pub use retention::{Forgettable, count as count_forgettable};
pub use scope::{MOST_IDS, Replay, RunScope, Window};
pub use state::{RunMode, StateWord};
pub use undo::{
    KeptBy, UNDO, UndoPlan, batches as undo_batches, plan as plan_undo, start as start_undo,
};

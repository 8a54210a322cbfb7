//! A fair share of the one writer for several runs at once.
//!
//! A run has at most one transaction with the writer, which takes them in turn. A large transaction
//! would still make every other run wait for it, so it becomes smaller the more runs go on.

use std::sync::atomic::{AtomicUsize, Ordering};

static GOING: AtomicUsize = AtomicUsize::new(0);

/// One run that goes on in this process.
pub struct Going(());

impl Going {
    /// Counts one more until it is dropped.
    pub fn one_more() -> Self {
        GOING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }

    /// How many go on, this one included.
    #[allow(clippy::unused_self, reason = "only who counts himself may ask")]
    pub fn number(&self) -> usize {
        GOING.load(Ordering::Relaxed).max(1)
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        GOING.fetch_sub(1, Ordering::Relaxed);
    }
}

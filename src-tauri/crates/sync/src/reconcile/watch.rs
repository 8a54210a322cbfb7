//! How far a comparison has come, and whether it is to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use zhengqiao_domain::DatasetId;

/// What is being done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// The provider is asked for its counts.
    #[default]
    Counting,
    /// Our side is counted.
    Comparing,
    /// Keys are compared one by one.
    Looking,
    /// What differs is read again.
    Pulling,
}

impl Phase {
    /// The word on IPC.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Counting => "counting",
            Phase::Comparing => "comparing",
            Phase::Looking => "looking",
            Phase::Pulling => "pulling",
        }
    }
}

/// Where a comparison stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What is being done.
    pub phase: Phase,
    /// With which dataset.
    pub dataset: Option<DatasetId>,
    /// Datasets that are done.
    pub datasets_done: usize,
    /// Datasets in all.
    pub datasets: usize,
    /// Days of this dataset that are done.
    pub days_done: usize,
    /// Days of this dataset that are looked into.
    pub days: usize,
    /// Rows read so far.
    pub rows: u64,
    /// The run that reads what differs.
    pub run_id: Option<i64>,
}

/// Where a comparison stands and whether it is to end; shared with who looks on.
#[derive(Debug, Default)]
pub struct Watch {
    cancelled: AtomicBool,
    seen: Mutex<Seen>,
}

impl Watch {
    /// Asks it to end at the next page.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it is to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Where it stands.
    pub fn seen(&self) -> Seen {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn dataset(&self, dataset: DatasetId, done: usize, datasets: usize) {
        self.change(|seen| {
            seen.dataset = Some(dataset);
            (seen.datasets_done, seen.datasets) = (done, datasets);
            (seen.days_done, seen.days) = (0, 0);
        });
    }

    pub(super) fn phase(&self, phase: Phase) {
        self.change(|seen| seen.phase = phase);
    }

    pub(super) fn step(&self, done: usize, days: usize) {
        self.change(|seen| (seen.days_done, seen.days) = (done, days));
    }

    pub(super) fn rows(&self, rows: usize) {
        self.change(|seen| seen.rows += rows as u64);
    }

    pub(super) fn run(&self, run_id: Option<i64>) {
        self.change(|seen| seen.run_id = run_id);
    }
}

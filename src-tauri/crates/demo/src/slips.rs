//! Rows that a provider loses or sends twice when it cuts its listing into pages. Its counts stay true.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Which places of a dataset's listing slip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slips {
    /// Left out of the listing of everything; a listing of a window or of ids has them.
    pub dropped: HashSet<u64>,
    /// Sent twice in every listing.
    pub doubled: HashSet<u64>,
}

/// The slips of every dataset.
#[derive(Debug, Default)]
pub struct SlipScript(Mutex<HashMap<String, Slips>>);

impl SlipScript {
    /// Lets places of a dataset's listing slip from now on, and no others.
    pub fn set(&self, dataset: &str, slips: Slips) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(dataset.to_owned(), slips);
    }

    /// The places that are sent for those that are due.
    pub(crate) fn of(&self, dataset: &str, whole: bool, places: Vec<u64>) -> Vec<u64> {
        let script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slips) = script.get(dataset) else {
            return places;
        };
        places
            .into_iter()
            .filter(|place| !whole || !slips.dropped.contains(place))
            .flat_map(|place| {
                let times = if slips.doubled.contains(&place) { 2 } else { 1 };
                std::iter::repeat_n(place, times)
            })
            .collect()
    }
}

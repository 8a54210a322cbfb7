//! The inbox of rejected records: pages, counts and groups under any filters.
//!
//! SQLite is the truth; what filters and facets need of it is kept in memory as columns, read once and
//! caught up with table `rejection_change`, also where another process wrote. An answer is of one moment. It
//! has everything that was written before it was asked for; only while a run writes more than can be
//! read in passing, it may be of the moment, some tenths of a second ago, up to which the columns were
//! caught up with. It never lacks what a person has done.

mod by_value;
mod cause_filter;
mod causes;
mod chunk;
mod columns;
mod count;
mod dictionary;
mod filtered;
mod groups;
mod keeper;
mod lists;
mod load;
mod numbers;
mod page;
mod pairs;
mod pass;
mod snapshot;
mod tally;

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;

pub use causes::CauseOf;
pub use columns::{Columns, Entry, Extent};
pub use count::{Counted, Counts};
pub use groups::{Group, Most};

use crate::cache::CacheKey;
use crate::error::StoreError;
use crate::rejection::{self, RejectionFilter, RejectionRow};
use keeper::Keeper;
use load::Known;
use snapshot::Snapshot;

/// Changes that a question reads itself while a run goes on.
const IN_PASSING: i64 = 64;

/// The columns of one cache, once they were asked for.
#[derive(Debug)]
pub struct Inbox {
    snapshot: Arc<Snapshot>,
    keeper: Keeper,
}

/// A page of rejections, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rejections.
    pub rows: Vec<RejectionRow>,
    /// Before which number the next page begins.
    pub next: Option<i64>,
}

impl Inbox {
    /// The inbox of a cache that has not been asked yet.
    pub(crate) fn new(path: PathBuf, key: CacheKey) -> Self {
        Self {
            snapshot: Arc::default(),
            keeper: Keeper::new(path, key),
        }
    }

    /// Ends what goes on beside the questions; the file is then closed.
    pub(crate) fn end(&self) {
        self.keeper.end();
    }

    /// Counts by value of every facet, each under all filters but its own.
    ///
    /// # Errors
    /// SQLite's.
    pub fn counts(
        &self,
        connection: &Connection,
        filter: &RejectionFilter,
    ) -> Result<Counts, StoreError> {
        self.look(connection, !page::asks_more(filter), |columns, _| {
            let hits = rejection::hits(connection, filter)?;
            Ok(count::counts(columns, filter, hits.as_deref()))
        })
    }

    /// How many rejections a filter has.
    ///
    /// # Errors
    /// SQLite's.
    pub fn total(
        &self,
        connection: &Connection,
        filter: &RejectionFilter,
    ) -> Result<i64, StoreError> {
        if rejection::is_plain(filter) {
            return rejection::count(connection, filter);
        }
        self.look(connection, !page::asks_more(filter), |columns, _| {
            let hits = rejection::hits(connection, filter)?;
            Ok(count::total(columns, filter, hits.as_deref()))
        })
    }

    /// A filter's rejections by cause, greatest first.
    ///
    /// # Errors
    /// SQLite's.
    pub fn groups(
        &self,
        connection: &Connection,
        filter: &RejectionFilter,
        most: Most,
    ) -> Result<Vec<Group>, StoreError> {
        self.look(connection, !page::asks_more(filter), |columns, _| {
            let hits = rejection::hits(connection, filter)?;
            Ok(groups::groups(columns, filter, hits.as_deref(), most))
        })
    }

    /// A page of a filter's rejections, newest first, before a number.
    ///
    /// # Errors
    /// SQLite's.
    pub fn page(
        &self,
        connection: &Connection,
        filter: &RejectionFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page, StoreError> {
        if rejection::is_plain(filter) && self.snapshot.known().is_none() {
            // The first look of a process at everything does not wait for the columns.
            let rows = rejection::page(connection, filter, before, limit)?;
            let next = (rows.len() == limit as usize)
                .then(|| rows.last().map(|row| row.id))
                .flatten();
            return Ok(Page { rows, next });
        }
        self.look(connection, true, |columns, is_late| {
            page::page(connection, columns, is_late, filter, before, limit)
        })
    }

    /// How much the columns have, once they were asked for.
    pub fn extent(&self) -> Option<Extent> {
        Some(self.snapshot.known()?.columns.extent())
    }

    /// Looks at the columns as they are at the moment that the connection sees, or late where that is allowed and
    /// a run writes.
    fn look<T>(
        &self,
        connection: &Connection,
        may_be_late: bool,
        work: impl Fn(&Columns, bool) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            // The columns first: then the connection does not see less than they have.
            let known = self.snapshot.known();
            let state = snapshot::one_state(connection)?;
            let newest = load::newest_change(connection)?;
            if let Some(known) = known {
                if known.change >= newest {
                    return work(&known.columns, false);
                }
                if may_be_late && is_run_ahead(connection, &known, newest)? {
                    self.keeper.wake(&self.snapshot);
                    return work(&known.columns, true);
                }
            }
            let known = self.snapshot.catch_up(connection)?;
            // Others may have brought them further; in a transaction of the caller's there is no other moment to look at.
            if known.change <= newest || state.is_none() {
                return work(&known.columns, false);
            }
        }
    }
}

/// Whether what the columns lack was written by a run, and is much.
fn is_run_ahead(connection: &Connection, known: &Known, newest: i64) -> Result<bool, StoreError> {
    Ok(newest - known.change > IN_PASSING
        && load::is_run(connection)?
        && load::newest_act(connection)? == known.act)
}

#[cfg(test)]
mod measure;
#[cfg(test)]
mod tests;

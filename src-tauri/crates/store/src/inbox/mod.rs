//! The inbox of rejected records: pages, counts and groups under any filters.
//!
//! SQLite is the truth; what filters and facets need of it is kept in memory as columns, read once and
//! caught up with table `rejection_change` before each look, also where another process wrote.

mod cause_filter;
mod columns;
mod count;
mod groups;
mod load;
mod numbers;
mod pass;

use std::sync::{PoisonError, RwLock};

use rusqlite::Connection;

pub use columns::{CauseOf, Column, Columns, Entry};
pub use count::{Counted, Counts};
pub use groups::Group;

use crate::error::StoreError;
use crate::rejection::{self, RejectionFilter, RejectionRow};

/// The columns of one cache, once they were asked for.
#[derive(Debug, Default)]
pub struct Inbox(RwLock<Option<Known>>);

#[derive(Debug)]
struct Known {
    /// The last change that the columns have.
    change: i64,
    columns: Columns,
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
    /// Counts by value of every facet, each under all filters but its own.
    ///
    /// # Errors
    /// SQLite's.
    pub fn counts(
        &self,
        connection: &Connection,
        filter: &RejectionFilter,
    ) -> Result<Counts, StoreError> {
        let hits = rejection::hits(connection, filter)?;
        self.look(connection, |columns| {
            count::counts(columns, filter, hits.as_deref())
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
        let hits = rejection::hits(connection, filter)?;
        self.look(connection, |columns| {
            count::total(columns, filter, hits.as_deref())
        })
    }

    /// A filter's rejections by cause, greatest first, at most so many.
    ///
    /// # Errors
    /// SQLite's.
    pub fn groups(
        &self,
        connection: &Connection,
        filter: &RejectionFilter,
        limit: usize,
    ) -> Result<Vec<Group>, StoreError> {
        let hits = rejection::hits(connection, filter)?;
        self.look(connection, |columns| {
            groups::groups(columns, filter, hits.as_deref(), limit)
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
        if rejection::is_plain(filter) && !self.is_known() {
            // The first look of a process at everything does not wait for the columns.
            let rows = rejection::page(connection, filter, before, limit)?;
            let next = (rows.len() == limit as usize)
                .then(|| rows.last().map(|row| row.id))
                .flatten();
            return Ok(Page { rows, next });
        }
        let hits = rejection::hits(connection, filter)?;
        let ids = self.look(connection, |columns| {
            let before = before.map_or(columns.len(), |id| {
                columns.ids.partition_point(|other| *other < id)
            });
            let places = pass::Pass::new(columns, filter, hits.as_deref());
            let places = places.newest(before, limit as usize);
            places
                .into_iter()
                .map(|at| columns.ids[at])
                .collect::<Vec<_>>()
        })?;
        let next = (ids.len() == limit as usize)
            .then(|| ids.last().copied())
            .flatten();
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            // One that went away since is no part of the page.
            rows.extend(rejection::get(connection, id)?);
        }
        Ok(Page { rows, next })
    }

    fn is_known(&self) -> bool {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Catches up with the cache and looks at the columns.
    fn look<T>(
        &self,
        connection: &Connection,
        work: impl FnOnce(&Columns) -> T,
    ) -> Result<T, StoreError> {
        let newest = load::newest_change(connection)?;
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = known.as_ref().filter(|known| known.change >= newest) {
                return Ok(work(&known.columns));
            }
        }
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Taken out while it changes: what fails half-way is read anew.
        let known = match place.take() {
            Some(known) => load::catch_up(connection, known)?,
            None => None,
        };
        let known = match known {
            Some(known) => known,
            None => load::all(connection)?,
        };
        Ok(work(&place.insert(known).columns))
    }
}

#[cfg(test)]
mod measure;
#[cfg(test)]
mod tests;

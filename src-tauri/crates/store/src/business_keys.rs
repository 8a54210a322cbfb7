//! Which business keys a source's accepted records have, and which of them several have, without a look into the
//! cache for each.
//!
//! Judging a million records again asks of each whether another has its business key. The places are in the
//! order of hashes, so that every question would read and decrypt a page that nothing else needs; read once
//! from end to end they are a twentieth of that.

use fastbloom::BloomFilter;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::sieve::{filter, half};

/// Places that are read between two looks at whether they are still wanted.
const LOOK_EVERY: usize = 10_000;

/// The business keys of a source's accepted records at one moment.
#[derive(Debug)]
pub struct BusinessKeys {
    any: BloomFilter,
    several: BloomFilter,
}

impl BusinessKeys {
    /// Those of a source that has so many accepted records; `None` when they are not wanted any more.
    ///
    /// # Errors
    /// SQLite's.
    pub fn of(
        connection: &Connection,
        source_id: i64,
        accepted: usize,
        is_wanted: impl Fn() -> bool,
    ) -> Result<Option<Self>, StoreError> {
        let mut keys = Self {
            any: filter(accepted),
            several: filter(accepted),
        };
        let mut statement = connection.prepare_cached(
            "SELECT hash FROM record_by_business WHERE source_id = ?1 AND state = 1",
        )?;
        let mut rows = statement.query([source_id])?;
        let mut read = 0_usize;
        while let Some(row) = rows.next()? {
            let hash = half(&row.get(0)?);
            if keys.any.insert_hash(hash) {
                keys.several.insert_hash(hash);
            }
            read += 1;
            if read.is_multiple_of(LOOK_EVERY) && !is_wanted() {
                return Ok(None);
            }
        }
        Ok(Some(keys))
    }

    /// Whether an accepted record may have a business key, besides the one whose own it is; `own` is the key that
    /// the record in question is found by, where it is accepted itself.
    pub fn may_others_have(&self, business: &Hash, own: Option<&Hash>) -> bool {
        let those = if own == Some(business) {
            &self.several
        } else {
            &self.any
        };
        those.contains_hash(half(business))
    }
}

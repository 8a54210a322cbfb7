//! What a source certainly does not have, without a look into the cache.
//!
//! Most rows of a first reading are new. To see it in an index of millions costs a page for each; a Bloom
//! filter answers from memory and is wrong only the other way round, for about two in a hundred.

use fastbloom::BloomFilter;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::record_place;

/// Bits for each key, and how many of them it sets: wrong about two in a hundred.
const BITS: usize = 8;
const HASHES: u32 = 4;
/// Bits of a filter at most (6 MB). Made for ten million keys it is wrong about three in a hundred of those that
/// come while it fills, which costs less than its memory would.
const MOST_BITS: usize = 48_000_000;
/// Keys that a sieve is made for at least and at most.
const LEAST_ROOM: usize = 200_000;
const MOST_ROOM: usize = 16_000_000;

/// Keys and business keys of a source's records, and at times one more.
#[derive(Debug)]
pub struct Sieve {
    source_id: i64,
    /// The source's stamp of what it knows.
    stamp: i64,
    /// Keys that it was made for, and those it has.
    room: usize,
    has: usize,
    keys: BloomFilter,
    businesses: BloomFilter,
}

impl Sieve {
    /// One of a source that has `count` records now and gets perhaps `expected`; `None` where they are too
    /// many. It reads every place of the source.
    ///
    /// # Errors
    /// SQLite's.
    pub fn of(
        connection: &Connection,
        source_id: i64,
        count: usize,
        expected: usize,
    ) -> Result<Option<Self>, StoreError> {
        let room = (2 * count).max(expected).max(LEAST_ROOM);
        if count >= MOST_ROOM {
            return Ok(None);
        }
        let room = room.min(MOST_ROOM);
        let mut sieve = Self {
            source_id,
            stamp: record_place::stamp(connection, source_id)?,
            room,
            has: 0,
            keys: filter(room),
            businesses: filter(room),
        };
        for table in ["key_place", "key_place_new"] {
            for_each(connection, table, source_id, |hash| {
                sieve.add(Some(hash), None);
            })?;
        }
        for table in ["business_place", "business_place_new"] {
            for_each(connection, table, source_id, |hash| {
                sieve.add(None, Some(hash));
            })?;
        }
        Ok(Some(sieve))
    }

    /// Whether it still knows everything that a source has, and has room for more.
    ///
    /// # Errors
    /// SQLite's.
    pub fn holds(&self, connection: &Connection, source_id: i64) -> Result<bool, StoreError> {
        Ok(self.source_id == source_id
            && self.has < self.room
            && self.stamp == record_place::stamp(connection, source_id)?)
    }

    /// Makes the source's stamp one that only this sieve has, after it was told of what was added.
    ///
    /// # Errors
    /// SQLite's.
    pub fn stamp_anew(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.stamp = record_place::stamp_anew(connection, self.source_id)?;
        Ok(())
    }

    /// Whether the source may have a record of a key.
    pub fn may_have_key(&self, key: &Hash) -> bool {
        self.keys.contains_hash(half(key))
    }

    /// Whether the source may have a record of a business key.
    pub fn may_have_business(&self, business: &Hash) -> bool {
        self.businesses.contains_hash(half(business))
    }

    pub(crate) fn add(&mut self, key: Option<&Hash>, business: Option<&Hash>) {
        if let Some(key) = key {
            self.keys.insert_hash(half(key));
            self.has += 1;
        }
        if let Some(business) = business {
            self.businesses.insert_hash(half(business));
        }
    }
}

/// An empty filter with room for so many keys.
pub(crate) fn filter(room: usize) -> BloomFilter {
    let bits = room.max(1).saturating_mul(BITS).min(MOST_BITS);
    BloomFilter::with_num_bits(bits).hashes(HASHES)
}

/// Half of a hash is a hash.
pub(crate) fn half(hash: &Hash) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(half)
}

fn for_each(
    connection: &Connection,
    table: &str,
    source_id: i64,
    mut each: impl FnMut(&Hash),
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT hash FROM {table} WHERE source_id = ?1"))?;
    let mut rows = statement.query([source_id])?;
    while let Some(row) = rows.next()? {
        each(&row.get(0)?);
    }
    Ok(())
}

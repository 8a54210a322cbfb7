//! Table `reference`: what rejected records are called in letters to their provider.
//!
//! A number is made of the record's own key, so that it is the same in a cache that was built anew, and
//! is kept apart from the rejection, so that it outlives it.

use rusqlite::{Connection, OptionalExtension, Row, params};
use zhengqiao_domain::primitives::reference_number::ReferenceNumber;

use crate::error::StoreError;
use crate::hash::{self, Hash};

/// A record's number in letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceRow {
    /// Its number in this table.
    pub id: i64,
    /// The number in letters, without hyphens.
    pub number: String,
    /// The source.
    pub source_id: i64,
    /// Hash of the record's key.
    pub key_hash: Hash,
    /// The last answer's word.
    pub answer: Option<String>,
}

const ROW: &str = "SELECT id, number, source_id, key_hash, answer FROM reference";

fn read(row: &Row<'_>) -> rusqlite::Result<ReferenceRow> {
    Ok(ReferenceRow {
        id: row.get(0)?,
        number: row.get(1)?,
        source_id: row.get(2)?,
        key_hash: row.get(3)?,
        answer: row.get(4)?,
    })
}

/// The reference of a record, if it has one.
///
/// # Errors
/// SQLite's.
pub fn of_key(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
) -> Result<Option<ReferenceRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{ROW} WHERE source_id = ?1 AND key_hash = ?2"))?
        .query_row(params![source_id, key_hash], read)
        .optional()?)
}

/// The reference of a number in letters.
///
/// # Errors
/// SQLite's.
pub fn of_number(
    connection: &Connection,
    number: ReferenceNumber,
) -> Result<Option<ReferenceRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{ROW} WHERE number = ?1"))?
        .query_row([number.compact()], read)
        .optional()?)
}

/// The reference of a record, given now if it has none. `place` names the connection and dataset.
///
/// # Errors
/// SQLite's.
pub fn ensure(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    place: &str,
) -> Result<i64, StoreError> {
    if let Some(row) = of_key(connection, source_id, key_hash)? {
        return Ok(row.id);
    }
    let key = hex::encode(key_hash);
    let mut attempt = 0_u32;
    loop {
        let hash = hash::of_parts([place, key.as_str(), attempt.to_string().as_str()]);
        let seed = hash
            .iter()
            .take(8)
            .fold(0_u64, |seed, byte| seed << 8 | u64::from(*byte));
        let number = ReferenceNumber::of_seed(seed);
        let new = connection
            .prepare_cached(
                "INSERT INTO reference (number, source_id, key_hash)
                 VALUES (?1, ?2, ?3)
                 ON CONFLICT (number) DO NOTHING",
            )?
            .execute(params![number.compact(), source_id, key_hash])?;
        if new == 1 {
            return Ok(connection.last_insert_rowid());
        }
        attempt += 1;
    }
}

//! Which record has a key or a business key.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{RecordHead, hash};
use crate::error::StoreError;
use crate::hash::Hash;

/// The cached version of a row.
///
/// # Errors
/// SQLite's.
pub fn find(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
) -> Result<Option<RecordHead>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, hash, version, state, source_time
             FROM record
             WHERE id = (SELECT record_id FROM record_by_key WHERE source_id = ?1 AND hash = ?2)",
        )?
        .query_row(params![source_id, key_hash], head)
        .optional()?)
}

/// [`find`], which looks first whether it is the record of number `guess`: rows mostly come again in the order in
/// which they came first, and a record beside the last one costs less than a place in the index.
///
/// # Errors
/// SQLite's.
pub fn find_by_guess(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    guess: i64,
) -> Result<Option<RecordHead>, StoreError> {
    let guessed = connection
        .prepare_cached(
            "SELECT id, hash, version, state, source_time
             FROM record
             WHERE id = ?1 AND source_id = ?2 AND key_hash = ?3",
        )?
        .query_row(params![guess, source_id, key_hash], head)
        .optional()?;
    match guessed {
        Some(head) => Ok(Some(head)),
        None => find(connection, source_id, key_hash),
    }
}

fn head(row: &Row<'_>) -> rusqlite::Result<RecordHead> {
    Ok(RecordHead {
        id: row.get(0)?,
        hash: hash(row, 1)?,
        version: row.get(2)?,
        state: row.get(3)?,
        source_time: row.get(4)?,
    })
}

/// The mapped fields of the accepted record with a business key, and the hash of its key.
///
/// # Errors
/// SQLite's.
pub fn by_business(
    connection: &Connection,
    source_id: i64,
    business_hash: &Hash,
) -> Result<Option<(Hash, String)>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT key_hash, fields
             FROM record
             WHERE id IN (SELECT record_id FROM record_by_business WHERE source_id = ?1 AND hash = ?2 AND state = 1)
             LIMIT 1",
        )?
        .query_row(params![source_id, business_hash], |row| {
            Ok((hash(row, 0)?, row.get(1)?))
        })
        .optional()?)
}

/// Whether there is an accepted record of a business key.
///
/// # Errors
/// SQLite's.
pub fn is_accepted(
    connection: &Connection,
    source_id: i64,
    business_hash: &Hash,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM record_by_business WHERE source_id = ?1 AND hash = ?2 AND state = 1",
        )?
        .exists(params![source_id, business_hash])?)
}

/// A record of a business key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its number.
    pub id: i64,
    /// Hash of its key.
    pub key_hash: Hash,
    /// Accepted or withdrawn.
    pub state: i64,
    /// Its fields as JSON text.
    pub fields: String,
}

/// The records of a business key, accepted ones first.
///
/// # Errors
/// SQLite's.
pub fn of_business(
    connection: &Connection,
    source_id: i64,
    business_hash: &Hash,
    limit: u32,
) -> Result<Vec<Named>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, key_hash, state, fields
         FROM record
         WHERE id IN (SELECT record_id FROM record_by_business WHERE source_id = ?1 AND hash = ?2)
         ORDER BY state, id DESC
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![source_id, business_hash, limit], |row| {
        Ok(Named {
            id: row.get(0)?,
            key_hash: row.get(1)?,
            state: row.get(2)?,
            fields: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether another accepted record than the one of `key_hash` has the business key.
///
/// # Errors
/// SQLite's.
pub fn is_duplicate(
    connection: &Connection,
    source_id: i64,
    business_hash: &Hash,
    key_hash: &Hash,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (
               SELECT 1
               FROM record
               WHERE id IN (SELECT record_id FROM record_by_business WHERE source_id = ?1 AND hash = ?2 AND state = 1)
                 AND key_hash <> ?3)",
        )?
        .query_row(params![source_id, business_hash, key_hash], |row| {
            row.get(0)
        })?)
}

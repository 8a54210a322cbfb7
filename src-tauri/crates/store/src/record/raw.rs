//! Rows as they were received, of many records one after the other.

use rusqlite::{Connection, params};

use super::hash;
use crate::error::StoreError;
use crate::hash::Hash;
use crate::payload;

/// Raw rows of a source's accepted records after a number, with their numbers.
///
/// # Errors
/// SQLite's.
pub fn payloads(
    connection: &Connection,
    source_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id, p.raw
         FROM record r
         JOIN record_payload p ON p.record_id = r.id
         WHERE r.source_id = ?1 AND r.id > ?2 AND r.state = 1
         ORDER BY r.id
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![source_id, after, limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    rows.map(|row| {
        let (id, raw) = row?;
        Ok((id, payload::unpack(connection, raw)?))
    })
    .collect()
}

/// A record as it is judged again.
#[derive(Debug)]
pub struct Kept<'a> {
    /// Its number.
    pub id: i64,
    /// The row as received.
    pub raw: &'a [u8],
    /// Hash of its content.
    pub hash: Hash,
    /// Hash of its business key.
    pub business_hash: Option<Hash>,
}

/// Shows a source's accepted records with numbers after one and up to another.
///
/// # Errors
/// SQLite's, or what `show` returned.
pub fn show_between(
    connection: &Connection,
    source_id: i64,
    after: i64,
    until: i64,
    mut show: impl FnMut(&Kept<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id, p.raw, r.hash, r.business_hash
         FROM record r
         JOIN record_payload p ON p.record_id = r.id
         WHERE r.source_id = ?1 AND r.id > ?2 AND r.id <= ?3 AND r.state = 1
         ORDER BY r.id",
    )?;
    let mut rows = statement.query(params![source_id, after, until])?;
    while let Some(row) = rows.next()? {
        let raw = payload::unpack(connection, row.get(1)?)?;
        show(&Kept {
            id: row.get(0)?,
            raw: &raw,
            hash: hash(row, 2)?,
            business_hash: row.get(3)?,
        })?;
    }
    Ok(())
}

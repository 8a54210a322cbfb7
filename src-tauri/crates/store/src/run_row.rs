//! Table `run_row`: which rows of a run were unchanged or superseded, and which held ones it released.
//!
//! The first write nothing, so that only the run can tell of them afterwards. A provider mostly sends
//! rows in the order in which they were first taken in: their numbers then differ by one, and a row
//! costs one byte.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// What a row met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// A record with the same content.
    Unchanged = 1,
    /// A newer version of the record.
    NewerRecord = 2,
    /// A newer version that was rejected or is held.
    NewerRejection = 3,
    /// A held row of an earlier run: the record that came of it.
    Released = 4,
}

/// Numbers in one row of the table at most; a position counts within it.
const LARGEST: usize = 8_192;
/// Bits of a position that count within one row of the table.
const WITHIN: u32 = 14;

/// Notes what rows of a run met: numbers of records, or of rejections.
///
/// # Errors
/// SQLite's.
pub fn note(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    met: Met,
    ids: &[i64],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO run_row (run_id, source_id, kind, ids) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for ids in ids.chunks(LARGEST) {
        statement.execute(params![run_id, source_id, met as i64, written(ids)])?;
    }
    Ok(())
}

/// A page of what rows of a run met, in the order of their arrival, and where the next page begins.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    run_id: i64,
    source_ids: &[i64],
    met: Met,
    after: Option<i64>,
    limit: usize,
) -> Result<(Vec<i64>, Option<i64>), StoreError> {
    let sources = serde_json::to_string(source_ids)?;
    let after = after.unwrap_or(0);
    let first = after >> WITHIN;
    let skip = usize::try_from(after & ((1 << WITHIN) - 1)).unwrap_or(0);
    let mut statement = connection.prepare_cached(
        "SELECT id, ids
         FROM run_row
         WHERE run_id = ?1 AND kind = ?2 AND id >= ?3 AND source_id IN (SELECT value FROM json_each(?4))
         ORDER BY id",
    )?;
    let mut rows = statement.query(params![run_id, met as i64, first, sources])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let ids = read(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?);
        let from = if id == first { skip } else { 0 };
        for (at, one) in ids.into_iter().enumerate().skip(from) {
            if found.len() == limit {
                return Ok((found, Some((id << WITHIN) | at as i64)));
            }
            found.push(one);
        }
    }
    Ok((found, None))
}

/// Forgets what rows of a connection's runs met that ended before a moment; says how many rows of the
/// table that was.
///
/// # Errors
/// SQLite's.
pub fn forget(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
    limit: u32,
) -> Result<usize, StoreError> {
    Ok(connection.execute(
        "DELETE FROM run_row
         WHERE id IN (
           SELECT n.id
           FROM run r
           JOIN run_row n ON n.run_id = r.id
           WHERE r.connection_id = ?1 AND r.ended_at < ?2
           LIMIT ?3)",
        params![connection_id, before_ms, limit],
    )?)
}

/// Numbers as differences, each folded to a small positive number and written seven bits a byte.
fn written(ids: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ids.len() + 8);
    let mut last = 0_i64;
    for id in ids {
        let step = id.wrapping_sub(last);
        last = *id;
        let mut folded = ((step << 1) ^ (step >> 63)).cast_unsigned();
        while folded >= 0x80 {
            bytes.push(folded as u8 | 0x80);
            folded >>= 7;
        }
        bytes.push(folded as u8);
    }
    bytes
}

/// The numbers that [`written`] wrote; what a damaged row has beyond is left out.
fn read(bytes: &[u8]) -> Vec<i64> {
    let mut ids = Vec::with_capacity(bytes.len());
    let (mut last, mut folded, mut shift) = (0_i64, 0_u64, 0_u32);
    for byte in bytes {
        if shift < 64 {
            folded |= u64::from(byte & 0x7f) << shift;
        }
        shift += 7;
        if byte & 0x80 == 0 {
            let step = (folded >> 1) as i64 ^ -((folded & 1) as i64);
            last = last.wrapping_add(step);
            ids.push(last);
            (folded, shift) = (0, 0);
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_in_their_first_order_cost_a_byte_each() {
        let ids: Vec<i64> = (900_000..905_000).collect();
        assert!(written(&ids).len() < 5_010);
    }

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were(ids in proptest::collection::vec(any::<i64>(), 0..200)) {
            prop_assert_eq!(read(&written(&ids)), ids);
        }

        #[test]
        fn damaged_bytes_are_read_without_a_stop(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&bytes).len() <= bytes.len());
        }
    }
}

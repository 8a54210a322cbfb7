//! Table `rejection_doubt`: rejections whose key is wrong in the part that names the provider.

use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::hash::Hash;

/// Notes that a rejection's key is in doubt but for the parts of a hash.
///
/// # Errors
/// SQLite's.
pub fn note(
    connection: &Connection,
    source_id: i64,
    rest_hash: &Hash,
    rejection_id: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO rejection_doubt (source_id, rest_hash, rejection_id) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![source_id, rest_hash, rejection_id])?;
    Ok(())
}

/// Hashes of the parts that are not in doubt, of so many rejections of a source.
///
/// # Errors
/// SQLite's.
pub fn rests(connection: &Connection, source_id: i64, limit: u32) -> Result<Vec<Hash>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT rest_hash FROM rejection_doubt WHERE source_id = ?1 LIMIT ?2")?;
    let rows = statement.query_map(params![source_id, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes those away whose key has the same other parts; gives the numbers of the rejections.
///
/// # Errors
/// SQLite's.
pub fn take(
    connection: &Connection,
    source_id: i64,
    rest_hash: &Hash,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM rejection_doubt
         WHERE source_id = ?1 AND rest_hash = ?2
         RETURNING rejection_id",
    )?;
    let rows = statement.query_map(params![source_id, rest_hash], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

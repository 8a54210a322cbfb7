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

/// Whether a source has any.
///
/// # Errors
/// SQLite's.
pub fn any(connection: &Connection, source_id: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM rejection_doubt WHERE source_id = ?1 LIMIT 1")?
        .exists([source_id])?)
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

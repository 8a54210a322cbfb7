//! By what a record is found: tables `key_place` and `business_place`, each with a small one of what is new.

use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::hash::Hash;
use crate::sieve::Sieve;

/// New places that are gathered before they are moved over: as many as stay in the writer's memory beside the
/// rest. The more there are, the more of them share a page of the large tables.
const MOST_NEW: i64 = 200_000;

/// Notes where a record of a source, with its number and state, is found that was added just now.
///
/// # Errors
/// SQLite's.
pub(crate) fn add(
    connection: &Connection,
    (source_id, record_id, state): (i64, i64, i64),
    key: &Hash,
    business: Option<&Hash>,
    sieve: Option<&mut Sieve>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO key_place_new (source_id, hash, record_id) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![source_id, key, record_id])?;
    if let Some(business) = business {
        connection
            .prepare_cached(
                "INSERT INTO business_place_new (source_id, hash, record_id, state) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![source_id, business, record_id, state])?;
    }
    note(connection, source_id, Some(key), business, sieve)
}

/// Tells a sieve of new places; where there is none, those that others have no longer hold.
pub(crate) fn note(
    connection: &Connection,
    source_id: i64,
    key: Option<&Hash>,
    business: Option<&Hash>,
    sieve: Option<&mut Sieve>,
) -> Result<(), StoreError> {
    match sieve {
        Some(sieve) => sieve.add(key, business),
        None => {
            stamp_anew(connection, source_id)?;
        }
    }
    Ok(())
}

/// How often places of a source's records were added.
///
/// # Errors
/// SQLite's.
pub(crate) fn stamp(connection: &Connection, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT places_stamp FROM source WHERE id = ?1")?
        .query_row([source_id], |row| row.get(0))?)
}

/// [`stamp`], after one more.
pub(crate) fn stamp_anew(connection: &Connection, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached(
            "UPDATE source SET places_stamp = places_stamp + 1 WHERE id = ?1 RETURNING places_stamp",
        )?
        .query_row([source_id], |row| row.get(0))?)
}

/// Moves new places over to the large tables when there are many.
///
/// # Errors
/// SQLite's.
pub fn settle(connection: &Connection) -> Result<(), StoreError> {
    settle_from(connection, MOST_NEW)
}

/// [`settle`] from so many on.
///
/// # Errors
/// SQLite's.
pub(crate) fn settle_from(connection: &Connection, most: i64) -> Result<(), StoreError> {
    for (table, columns, order) in [
        ("key_place", "source_id, hash, record_id", "source_id, hash"),
        (
            "business_place",
            "source_id, hash, record_id, state",
            "source_id, hash, record_id",
        ),
    ] {
        let new: i64 = connection
            .prepare_cached(&format!("SELECT COUNT(*) FROM {table}_new"))?
            .query_row([], |row| row.get(0))?;
        if new >= most {
            // In the order of the table, so that each of its pages is changed once. "OR FAIL", because SQLite
            // would keep a copy of each of these pages in memory to undo the statement alone; who calls undoes
            // the transaction.
            connection
                .prepare_cached(&format!(
                    "INSERT OR FAIL INTO {table} ({columns}) SELECT {columns} FROM {table}_new ORDER BY {order}"
                ))?
                .execute([])?;
            connection
                .prepare_cached(&format!("DELETE FROM {table}_new"))?
                .execute([])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! Tables `mend` and `mend_item`: which rejections a run checks again, and what became of each.

use rusqlite::{Connection, OptionalExtension, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::rejection::RejectionFilter;
use crate::source;

/// `fate` of one that was accepted.
pub const PASSED: i64 = 1;
/// `fate` of one that fails by nothing new.
pub const STILL: i64 = 2;
/// `fate` of one that fails by something that it did not fail by before.
pub const OTHERWISE: i64 = 3;
/// `fate` of one that was resolved, is gone, or waits for a person.
pub const LEFT: i64 = 4;

/// What a run is to look at, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendRow {
    /// As it was asked for, as JSON text.
    pub request: String,
    /// The rejections; absent where each is an item.
    pub filter: Option<RejectionFilter>,
    /// The greatest number that there was in the beginning.
    pub upto: i64,
    /// The last one that was looked at.
    pub after_id: i64,
    /// How many there are to look at.
    pub total: i64,
    /// How many come first.
    pub canary: i64,
    /// canary, asks or rest.
    pub phase: String,
    /// Why it asks.
    pub asks: Option<String>,
}

/// Notes what a run is to look at.
///
/// # Errors
/// SQLite's.
pub fn insert(connection: &Connection, run_id: i64, row: &MendRow) -> Result<(), StoreError> {
    let filter = row.filter.as_ref().map(serde_json::to_string).transpose()?;
    connection.execute(
        "INSERT INTO mend (run_id, request, filter, upto, after_id, total, canary, phase)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, 'canary')",
        params![run_id, row.request, filter, row.upto, row.total, row.canary],
    )?;
    Ok(())
}

/// What a run is to look at; nothing for a run of another kind.
///
/// # Errors
/// SQLite's, or [`StoreError::Json`].
pub fn get(connection: &Connection, run_id: i64) -> Result<Option<MendRow>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT request, filter, upto, after_id, total, canary, phase, asks FROM mend WHERE run_id = ?1",
        )?
        .query_row([run_id], |row| {
            Ok((
                row.get::<_, Option<String>>(1)?,
                MendRow {
                    request: row.get(0)?,
                    filter: None,
                    upto: row.get(2)?,
                    after_id: row.get(3)?,
                    total: row.get(4)?,
                    canary: row.get(5)?,
                    phase: row.get(6)?,
                    asks: row.get(7)?,
                },
            ))
        })
        .optional()?;
    let Some((filter, mut row)) = found else {
        return Ok(None);
    };
    row.filter = filter.map(|text| serde_json::from_str(&text)).transpose()?;
    Ok(Some(row))
}

/// Changes how far a run is.
///
/// # Errors
/// SQLite's.
pub fn set_phase(
    connection: &Connection,
    run_id: i64,
    phase: &str,
    asks: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE mend SET phase = ?2, asks = ?3 WHERE run_id = ?1")?
        .execute(params![run_id, phase, asks])?;
    Ok(())
}

/// Notes the last rejection that was looked at.
///
/// # Errors
/// SQLite's.
pub fn set_after(connection: &Connection, run_id: i64, after_id: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE mend SET after_id = ?2 WHERE run_id = ?1")?
        .execute(params![run_id, after_id])?;
    Ok(())
}

/// An item that is to be looked at.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// The rejection.
    pub rejection_id: i64,
    /// Whether it comes first.
    pub canary: bool,
    /// What is expected of it.
    pub predicted: Option<i64>,
    /// Its dataset.
    pub dataset: DatasetId,
    /// Its key.
    pub record_key: String,
}

/// Notes an item that waits.
///
/// # Errors
/// SQLite's.
pub fn add(connection: &Connection, run_id: i64, item: &NewItem) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO mend_item (run_id, rejection_id, canary, predicted, dataset, record_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            run_id,
            item.rejection_id,
            item.canary,
            item.predicted,
            item.dataset.number(),
            item.record_key
        ])?;
    Ok(())
}

/// Notes what became of an item.
///
/// # Errors
/// SQLite's.
pub fn settle(
    connection: &Connection,
    run_id: i64,
    rejection_id: i64,
    fate: i64,
    fails: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE mend_item SET fate = ?3, fails = ?4 WHERE run_id = ?1 AND rejection_id = ?2",
        )?
        .execute(params![run_id, rejection_id, fate, fails])?;
    Ok(())
}

/// Items that wait, the canaries first or alone.
///
/// # Errors
/// SQLite's.
pub fn waiting(
    connection: &Connection,
    run_id: i64,
    canaries: bool,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT rejection_id
         FROM mend_item
         WHERE run_id = ?1 AND fate IS NULL AND (canary = 1 OR NOT ?2)
         ORDER BY id
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![run_id, canaries, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a rejection is an item of a run.
///
/// # Errors
/// SQLite's.
pub fn has(connection: &Connection, run_id: i64, rejection_id: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM mend_item WHERE run_id = ?1 AND rejection_id = ?2")?
        .exists(params![run_id, rejection_id])?)
}

/// What was expected of the canaries and what became of them.
///
/// # Errors
/// SQLite's.
pub fn canaries(
    connection: &Connection,
    run_id: i64,
) -> Result<Vec<(Option<i64>, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT predicted, fate FROM mend_item WHERE run_id = ?1 AND canary = 1 AND fate IS NOT NULL",
    )?;
    let rows = statement.query_map([run_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Items by what became of them; those that wait are not counted.
///
/// # Errors
/// SQLite's.
pub fn totals(connection: &Connection, run_id: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT fate, COUNT(*) FROM mend_item WHERE run_id = ?1 AND fate IS NOT NULL GROUP BY fate",
    )?;
    let rows = statement.query_map([run_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// An item in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// Its number in the list.
    pub id: i64,
    /// The rejection, which may be gone.
    pub rejection_id: i64,
    /// Its dataset.
    pub dataset: DatasetId,
    /// Its key.
    pub record_key: String,
    /// Whether it came first.
    pub canary: bool,
    /// What was expected.
    pub predicted: Option<i64>,
    /// What became of it.
    pub fate: Option<i64>,
    /// Rules and fields that it fails by now, as JSON text.
    pub fails: Option<String>,
}

/// A page of items, of one fate or all, of the canaries or all, in the order in which they were done.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    run_id: i64,
    fate: Option<i64>,
    canaries: bool,
    after: i64,
    limit: u32,
) -> Result<Vec<ItemRow>, StoreError> {
    let mut sql = "SELECT id, rejection_id, dataset, record_key, canary, predicted, fate, fails
         FROM mend_item
         WHERE run_id = ?1 AND id > ?2"
        .to_owned();
    if let Some(fate) = fate {
        sql.push_str(&format!(" AND fate = {fate}"));
    }
    if canaries {
        sql.push_str(" AND canary = 1");
    }
    sql.push_str(" ORDER BY id LIMIT ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![run_id, after, limit], |row| {
        Ok(ItemRow {
            id: row.get(0)?,
            rejection_id: row.get(1)?,
            dataset: source::dataset(row, 2)?,
            record_key: row.get(3)?,
            canary: row.get(4)?,
            predicted: row.get(5)?,
            fate: row.get(6)?,
            fails: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets what became of each rejection in runs of a connection that ended before a moment.
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
        "DELETE FROM mend_item
         WHERE id IN (
           SELECT i.id
           FROM run r
           JOIN mend_item i ON i.run_id = r.id
           WHERE r.connection_id = ?1 AND r.ended_at < ?2
           LIMIT ?3)",
        params![connection_id, before_ms, limit],
    )?)
}

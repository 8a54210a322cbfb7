//! What is here of a dataset, key by key: in the tables `record` and `rejection` together.
//!
//! A key counts once. While a newer version of an accepted record waits in the inbox, it is the
//! rejection that stands for the key, because it is what the provider has now.

use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::hash::Hash;

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// In the cache.
    Accepted,
    /// In the inbox.
    Rejected,
    /// Waiting for something.
    Held,
    /// Withdrawn by the provider.
    Withdrawn,
}

/// A key that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// Day of the provider's time, `yyyy-MM-dd`.
    pub day: String,
    /// Department's code; empty where there is none.
    pub department: String,
    /// The key as text.
    pub key: String,
    /// Hash of the key.
    pub key_hash: Hash,
    /// How it stands.
    pub standing: Standing,
}

fn read(row: &Row<'_>, standing: Standing) -> rusqlite::Result<Stock> {
    Ok(Stock {
        day: row.get(0)?,
        department: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
        key: row.get(2)?,
        key_hash: row.get(3)?,
        standing,
    })
}

/// Hands every key of a source whose provider's time lies in a window to `each`.
///
/// # Errors
/// SQLite's.
pub fn for_each(
    connection: &Connection,
    source_id: i64,
    window: (&str, &str),
    key_fields: &[&str],
    department: Option<&str>,
    mut each: impl FnMut(Stock),
) -> Result<(), StoreError> {
    // Names of fields are the program's own.
    let key: Vec<String> = key_fields
        .iter()
        .map(|name| format!("COALESCE(json_extract(r.fields, '$.{name}'), '')"))
        .collect();
    let department = department.map_or_else(
        || "NULL".to_owned(),
        |name| format!("json_extract(r.fields, '$.{name}')"),
    );
    let mut statement = connection.prepare(&format!(
        "SELECT substr(r.source_time, 1, 10), {department}, {}, r.key_hash, r.state
         FROM record r
         WHERE r.source_id = ?1
           AND r.source_time >= ?2
           AND r.source_time < ?3
           AND NOT EXISTS (
             SELECT 1
             FROM rejection j
             WHERE j.source_id = r.source_id AND j.key_hash = r.key_hash AND j.state <> 3)",
        key.join(" || '|' || ")
    ))?;
    let mut rows = statement.query(params![source_id, window.0, window.1])?;
    while let Some(row) = rows.next()? {
        let standing = match row.get::<_, i64>(4)? {
            crate::record::WITHDRAWN => Standing::Withdrawn,
            _ => Standing::Accepted,
        };
        each(read(row, standing)?);
    }
    let mut statement = connection.prepare_cached(
        "SELECT substr(source_time, 1, 10), department, record_key, key_hash, outcome
         FROM rejection
         WHERE source_id = ?1 AND source_time >= ?2 AND source_time < ?3 AND state <> 3",
    )?;
    let mut rows = statement.query(params![source_id, window.0, window.1])?;
    while let Some(row) = rows.next()? {
        let standing = match row.get::<_, i64>(4)? {
            crate::rejection::HELD => Standing::Held,
            _ => Standing::Rejected,
        };
        each(read(row, standing)?);
    }
    Ok(())
}

/// First and last day of what is here of a source.
///
/// # Errors
/// SQLite's.
pub fn days(
    connection: &Connection,
    source_id: i64,
) -> Result<Option<(String, String)>, StoreError> {
    let (first, last): (Option<String>, Option<String>) = connection.query_row(
        "SELECT substr(MIN(at), 1, 10), substr(MAX(at), 1, 10)
         FROM (
           SELECT source_time AS at FROM record WHERE source_id = ?1
           UNION ALL
           SELECT source_time FROM rejection WHERE source_id = ?1 AND state <> 3)",
        [source_id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(first.zip(last))
}

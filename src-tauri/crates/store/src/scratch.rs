//! The scratch cache of a dry run: what it takes over from the real cache, which it can only read.
//!
//! The real cache is attached as `base`, read-only. Before rows are committed in the scratch, what the
//! commit will look at is brought over from there with its numbers, so that the very same code finds
//! the same things. Counters are taken over once and whole; so the triggers rest while rows are
//! brought over, else they would be counted twice.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::hash::Hash;

/// The tables that only a scratch cache has.
pub(crate) const TABLES: &str = include_str!("../migrations/scratch.sql");

/// Tables that are taken over whole: they are small, or decide by their totals.
const WHOLE: [&str; 8] = [
    "connection",
    "source",
    "setting",
    "cause",
    "facet_count",
    "source_field",
    "ignore_decision",
    "payload_dictionary",
];

/// Runs of the past that are taken over, for what is usual.
const RUNS_DAYS: i64 = 180;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether a connection is one to a scratch cache.
///
/// # Errors
/// SQLite's.
pub fn is_scratch(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM pragma_database_list WHERE name = 'base')")?
        .query_row([], |row| row.get(0))?)
}

/// How the real cache stood: equal marks mean that nothing was done to the connection between them.
///
/// # Errors
/// SQLite's.
pub fn mark(connection: &Connection, connection_id: i64) -> Result<String, StoreError> {
    let parts: (i64, i64, i64, i64) = connection.query_row(
        "SELECT c.profile_version,
           COALESCE((SELECT MAX(r.id) FROM run r WHERE r.connection_id = c.id), 0),
           COALESCE((SELECT MAX(r.heartbeat_at) FROM run r WHERE r.connection_id = c.id), 0),
           COALESCE((SELECT MAX(a.id) FROM audit a), 0)
         FROM connection c
         WHERE c.id = ?1",
        [connection_id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    Ok(serde_json::to_string(&parts)?)
}

/// Does `work` while the triggers rest.
fn quietly<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    let outcome = work();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true)?;
    outcome
}

/// Takes over what a run of a connection begins with: counters, what was run before, the rows with the
/// greatest numbers (so that new ones go on from there), and everything that is held.
///
/// # Errors
/// SQLite's.
pub fn begin(connection: &Connection, connection_id: i64, now_ms: i64) -> Result<(), StoreError> {
    quietly(connection, || {
        for table in WHOLE {
            connection.execute(
                &format!("INSERT INTO main.{table} SELECT * FROM base.{table}"),
                [],
            )?;
        }
        connection.execute(
            "INSERT INTO main.run
             SELECT *
             FROM base.run
             WHERE (connection_id = ?1 AND ended_at IS NOT NULL AND started_at > ?2)
               OR id = (SELECT MAX(id) FROM base.run WHERE ended_at IS NOT NULL)",
            params![connection_id, now_ms - RUNS_DAYS * DAY_MS],
        )?;
        connection.execute(
            "INSERT INTO main.run_dataset
             SELECT *
             FROM base.run_dataset
             WHERE run_id IN (SELECT id FROM main.run)",
            [],
        )?;
        connection.execute(
            "INSERT INTO main.record SELECT * FROM base.record ORDER BY id DESC LIMIT 1",
            [],
        )?;
        connection.execute(
            "INSERT INTO main.record_payload
             SELECT * FROM base.record_payload WHERE record_id IN (SELECT id FROM main.record)",
            [],
        )?;
        // The last one, and all that are held.
        connection.execute(
            "INSERT INTO main.rejection
             SELECT *
             FROM base.rejection
             WHERE id = (SELECT MAX(id) FROM base.rejection)
               OR (outcome = 2 AND state IN (1, 2)
                   AND source_id IN (SELECT id FROM main.source WHERE connection_id = ?1))",
            [connection_id],
        )?;
        for (table, column) in [
            ("rejection_payload", "rejection_id"),
            ("rejection_cause", "rejection_id"),
            ("held_wait", "rejection_id"),
            ("rejection_ignore", "rejection_id"),
        ] {
            connection.execute(
                &format!(
                    "INSERT INTO main.{table}
                     SELECT * FROM base.{table} WHERE {column} IN (SELECT id FROM main.rejection)"
                ),
                [],
            )?;
        }
        // What they wait for may be there already.
        connection.execute(
            "INSERT OR IGNORE INTO main.record
             SELECT r.*
             FROM main.held_wait w
             JOIN base.record r ON r.id IN (
               SELECT record_id FROM base.record_by_business WHERE source_id = w.source_id AND hash = w.business_hash)",
            [],
        )?;
        connection.execute(
            "INSERT OR IGNORE INTO main.record_payload
             SELECT p.* FROM base.record_payload p WHERE p.record_id IN (SELECT id FROM main.record)",
            [],
        )?;
        place(connection, None)
    })
}

/// What one row's commit looks at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The row's source.
    pub source_id: i64,
    /// Hash of its key.
    pub key_hash: &'a Hash,
    /// Hash of its business key.
    pub business_hash: Option<&'a Hash>,
    /// Sources and business keys of what it refers to.
    pub parents: &'a [(i64, Hash)],
}

/// Brings over what the commit of rows looks at, as far as it is not there yet.
///
/// # Errors
/// SQLite's.
pub fn bring<'a>(
    connection: &Connection,
    looks: impl IntoIterator<Item = Look<'a>>,
) -> Result<(), StoreError> {
    quietly(connection, || {
        for look in looks {
            bring_record(connection, look.source_id, look.key_hash)?;
            bring_rejection(connection, look.source_id, look.key_hash)?;
            let own = look.business_hash.map(|hash| (look.source_id, *hash));
            for (source_id, hash) in look.parents.iter().copied().chain(own) {
                bring_business(connection, source_id, &hash)?;
            }
        }
        Ok(())
    })
}

fn bring_record(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
) -> Result<(), StoreError> {
    let new = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO main.record
             SELECT *
             FROM base.record
             WHERE id = (SELECT record_id FROM base.record_by_key WHERE source_id = ?1 AND hash = ?2)",
        )?
        .execute(params![source_id, key_hash])?;
    if new > 0 {
        let id = connection.last_insert_rowid();
        bring_payload(connection, id)?;
        place(connection, Some(id))?;
    }
    Ok(())
}

/// Notes where records are found that were brought over: one, or all.
fn place(connection: &Connection, record_id: Option<i64>) -> Result<(), StoreError> {
    let these = if record_id.is_some() {
        "id = ?1"
    } else {
        "?1 IS NULL"
    };
    for sql in [
        "INSERT OR IGNORE INTO main.key_place_new (source_id, hash, record_id)
         SELECT source_id, key_hash, id
         FROM main.record
         WHERE ",
        "INSERT OR IGNORE INTO main.business_place_new (source_id, hash, record_id, state)
         SELECT source_id, business_hash, id, state
         FROM main.record
         WHERE business_hash IS NOT NULL AND ",
    ] {
        connection
            .prepare_cached(&format!("{sql}{these}"))?
            .execute([record_id])?;
    }
    Ok(())
}

fn bring_payload(connection: &Connection, record_id: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO main.record_payload
             SELECT * FROM base.record_payload WHERE record_id = ?1",
        )?
        .execute([record_id])?;
    Ok(())
}

fn bring_business(
    connection: &Connection,
    source_id: i64,
    business_hash: &Hash,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR IGNORE INTO main.record
         SELECT *
         FROM base.record
         WHERE id IN (SELECT record_id FROM base.record_by_business WHERE source_id = ?1 AND hash = ?2)
         RETURNING id",
    )?;
    let ids: Vec<i64> = statement
        .query_map(params![source_id, business_hash], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in ids {
        bring_payload(connection, id)?;
        place(connection, Some(id))?;
    }
    Ok(())
}

fn bring_rejection(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
) -> Result<(), StoreError> {
    let id: Option<i64> = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO main.rejection
             SELECT * FROM base.rejection WHERE source_id = ?1 AND key_hash = ?2
             RETURNING id",
        )?
        .query_row(params![source_id, key_hash], |row| row.get(0))
        .optional()?;
    let Some(id) = id else { return Ok(()) };
    for table in [
        "rejection_payload",
        "rejection_cause",
        "held_wait",
        "rejection_ignore",
    ] {
        connection
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO main.{table} SELECT * FROM base.{table} WHERE rejection_id = ?1"
            ))?
            .execute([id])?;
    }
    Ok(())
}

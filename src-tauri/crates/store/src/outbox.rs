//! Table `outbox`: records that the portal's library does not have yet, in their order.
//!
//! Rows are appended in the transaction that wrote the record: by triggers where it was changed or removed,
//! by [`crate::record::Followers`] where it is new. What is sent is the record as it stands then.

use rusqlite::{Connection, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::source;

/// `act` of a record that is to be put into the library.
pub const PUT: i64 = 1;
/// `act` of a record that is no longer in the cache.
pub const REMOVE: i64 = 2;

/// A row of the outbox with the record as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub no: i64,
    /// The source.
    pub source_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The record.
    pub record_id: i64,
    /// Hash of its key.
    pub key_hash: Hash,
    /// The run that it is counted for; 0 for none.
    pub run_id: i64,
    /// Whether nothing is known of what the library has of the record.
    pub is_new: bool,
    /// The record, unless it is gone.
    pub record: Option<Content>,
}

/// What the library gets of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Hash of its content.
    pub hash: Hash,
    /// Accepted or withdrawn.
    pub state: i64,
    /// The run that last wrote it.
    pub run_id: i64,
    /// Mapped fields as JSON text.
    pub fields: String,
}

/// The next rows of a connection after a number, up to another.
///
/// # Errors
/// SQLite's.
pub fn next(
    connection: &Connection,
    connection_id: i64,
    after: i64,
    to: i64,
    limit: u32,
) -> Result<Vec<OutboxRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT o.no, o.source_id, s.dataset, o.record_id, o.key_hash, o.run_id,
           d.record_id IS NULL, r.hash, r.state, r.run_id, r.fields
         FROM outbox o
         JOIN source s ON s.id = o.source_id
         LEFT JOIN delivered d ON d.record_id = o.record_id
         LEFT JOIN record r ON r.id = o.record_id AND r.key_hash = o.key_hash AND r.source_id = o.source_id
         WHERE o.connection_id = ?1 AND o.no > ?2 AND o.no <= ?3
         ORDER BY o.no
         LIMIT ?4",
    )?;
    let rows = statement.query_map(params![connection_id, after, to, limit], |row| {
        let hash: Option<Hash> = row.get(7)?;
        Ok(OutboxRow {
            no: row.get(0)?,
            source_id: row.get(1)?,
            dataset: source::dataset(row, 2)?,
            record_id: row.get(3)?,
            key_hash: row.get(4)?,
            run_id: row.get(5)?,
            is_new: row.get(6)?,
            record: match hash {
                Some(hash) => Some(Content {
                    hash,
                    state: row.get(8)?,
                    run_id: row.get(9)?,
                    fields: row.get(10)?,
                }),
                None => None,
            },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a record waits with a row after a number.
///
/// # Errors
/// SQLite's.
pub fn waits_after(connection: &Connection, record_id: i64, no: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM outbox WHERE record_id = ?1 AND no > ?2)")?
        .query_row([record_id, no], |row| row.get(0))?)
}

/// Takes rows out, each of which is told by its number, its source and its run; says how many of each
/// source and run were there.
///
/// # Errors
/// SQLite's.
pub fn take(
    connection: &Connection,
    rows: impl IntoIterator<Item = (i64, i64, i64)>,
) -> Result<Vec<Taken>, StoreError> {
    let mut delete = connection.prepare_cached("DELETE FROM outbox WHERE no = ?1")?;
    let mut taken: Vec<Taken> = Vec::new();
    for (no, source_id, run_id) in rows {
        if delete.execute([no])? == 0 {
            continue;
        }
        let of_it = |one: &Taken| one.source_id == source_id && one.run_id == run_id;
        match taken.iter_mut().rev().find(|one| of_it(one)) {
            Some(one) => one.rows += 1,
            None => taken.push(Taken {
                source_id,
                run_id,
                rows: 1,
            }),
        }
    }
    let mut count = connection
        .prepare_cached("UPDATE source SET outbox_rows = outbox_rows - ?2 WHERE id = ?1")?;
    for one in &taken {
        count.execute([one.source_id, one.rows])?;
    }
    Ok(taken)
}

/// Rows that were taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Their source.
    pub source_id: i64,
    /// The run that they are counted for; 0 for none.
    pub run_id: i64,
    /// How many.
    pub rows: i64,
}

/// Adds to what of a run has reached the library.
///
/// # Errors
/// SQLite's.
pub fn count_for_run(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    rows: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE run_dataset
             SET delivered = delivered + ?3
             WHERE run_id = ?1 AND source_id = ?2",
        )?
        .execute(params![run_id, source_id, rows])?;
    Ok(())
}

/// Rows that wait for a connection's library.
///
/// # Errors
/// SQLite's.
pub fn waiting(connection: &Connection, connection_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT COALESCE(SUM(outbox_rows), 0) FROM source WHERE connection_id = ?1",
        )?
        .query_row([connection_id], |row| row.get(0))?)
}

/// Rows that wait, by source.
///
/// # Errors
/// SQLite's.
pub fn waiting_of_source(connection: &Connection, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT outbox_rows FROM source WHERE id = ?1")?
        .query_row([source_id], |row| row.get(0))?)
}

/// Puts every record of a connection into the outbox that is not there yet; says how many. One that
/// the library had before is counted for no run a second time.
///
/// # Errors
/// SQLite's.
pub fn seed(connection: &Connection, connection_id: i64) -> Result<i64, StoreError> {
    let added = connection.execute(
        "INSERT INTO outbox (connection_id, source_id, record_id, key_hash, run_id, act)
         SELECT ?1, r.source_id, r.id, r.key_hash, CASE WHEN d.record_id IS NULL THEN r.run_id ELSE 0 END, 1
         FROM record r
         LEFT JOIN delivered d ON d.record_id = r.id
         WHERE r.source_id IN (SELECT id FROM source WHERE connection_id = ?1)
           AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.record_id = r.id AND o.act = 1)
         ORDER BY r.source_id, r.id",
        [connection_id],
    )?;
    Ok(added as i64)
}

/// Puts a record into the outbox that neither waits nor is in the library as it stands, where there is
/// a library: after a refusal that another rejection had taken the place of.
///
/// # Errors
/// SQLite's.
pub fn ensure(connection: &Connection, source_id: i64, key_hash: &Hash) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO outbox (connection_id, source_id, record_id, key_hash, run_id, act)
             SELECT s.connection_id, r.source_id, r.id, r.key_hash, 0, 1
             FROM record r
             JOIN source s ON s.id = r.source_id
             JOIN delivery d ON d.connection_id = s.connection_id
             WHERE r.id = (SELECT record_id FROM record_by_key WHERE source_id = ?1 AND hash = ?2)
               AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.record_id = r.id)
               AND NOT EXISTS (SELECT 1 FROM delivered e WHERE e.record_id = r.id AND e.hash = r.hash)",
        )?
        .execute(params![source_id, key_hash])?;
    Ok(())
}

/// Forgets what waited for a connection's library, and what was counted for its runs.
///
/// # Errors
/// SQLite's.
pub fn forget(connection: &Connection, connection_id: i64) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM outbox WHERE connection_id = ?1",
        [connection_id],
    )?;
    connection.execute(
        "UPDATE source SET outbox_rows = 0 WHERE connection_id = ?1",
        [connection_id],
    )?;
    connection.execute(
        "UPDATE run_dataset
         SET delivered = 0
         WHERE delivered > 0 AND source_id IN (SELECT id FROM source WHERE connection_id = ?1)",
        [connection_id],
    )?;
    Ok(())
}

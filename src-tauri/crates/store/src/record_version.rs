//! Table `record_version`: every earlier state of a record, for its history and for undo.
//!
//! A version is written when a later state replaces it, so records that come new cost nothing. It
//! names the record by its key, because an undo may remove the record and another may bring it back.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::hash::Hash;
use crate::record::Followers;
use crate::record_place;
use crate::rejection_version::{Act, Since, read_since};

/// A state of a record, earlier or present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordVersion {
    /// Its number in this table; absent for the present state.
    pub id: Option<i64>,
    /// The run that brought it.
    pub run_id: i64,
    /// When it was written, unix ms.
    pub changed_at: i64,
    /// Accepted or withdrawn.
    pub state: i64,
    /// Hash of its content.
    pub hash: Hash,
    /// The provider's time.
    pub source_time: Option<String>,
    /// The profile version that it was mapped under.
    pub profile_version: Option<i64>,
    /// run, revalidation or undo.
    pub via: String,
    /// The person, where one did it.
    pub actor: Option<String>,
    /// Mapped fields as JSON text.
    pub fields: String,
    /// What replaced it; absent for the present state.
    pub replaced: Option<Since>,
}

/// What a run first replaced of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Its number in this table.
    pub id: i64,
    /// The run that had brought it.
    pub run_id: i64,
    /// How it had come.
    pub via: String,
    /// Accepted or withdrawn.
    pub state: i64,
}

/// Keeps a record as it is before `act` replaces it.
///
/// # Errors
/// SQLite's.
pub fn keep(connection: &Connection, record_id: i64, act: &Act<'_>) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO record_version (record_id, source_id, key_hash, replaced_by, replaced_by_actor, replaced_at,
               business_hash, version, hash, state, run_id, changed_at, source_time, profile_version, via, actor,
               fields, warnings, raw)
             SELECT r.id, r.source_id, r.key_hash, ?2, ?3, ?4,
               r.business_hash, r.version, r.hash, r.state, r.run_id, r.changed_at, r.source_time, r.profile_version,
               r.via, r.actor, r.fields, r.warnings, p.raw
             FROM record r
             JOIN record_payload p ON p.record_id = r.id
             WHERE r.id = ?1",
        )?
        .execute(params![record_id, act.run_id, act.actor, act.at])?;
    Ok(())
}

/// What a run replaced first of a key, if it did.
///
/// # Errors
/// SQLite's.
pub fn before_run(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    run_id: i64,
) -> Result<Option<Former>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, run_id, via, state
             FROM record_version
             WHERE source_id = ?1 AND key_hash = ?2 AND replaced_by = ?3 AND replaced_by_actor IS NULL
             ORDER BY id
             LIMIT 1",
        )?
        .query_row(params![source_id, key_hash, run_id], |row| {
            Ok(Former {
                id: row.get(0)?,
                run_id: row.get(1)?,
                via: row.get(2)?,
                state: row.get(3)?,
            })
        })
        .optional()?)
}

/// The last replacement of a key after a run, by a later run or a person.
///
/// # Errors
/// SQLite's.
pub fn since(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    run_id: i64,
) -> Result<Option<Since>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT replaced_by, replaced_by_actor,
               CASE
                 WHEN replaced_by_actor IS NOT NULL THEN 'revalidation'
                 WHEN EXISTS (SELECT 1 FROM run u WHERE u.id = replaced_by AND u.undoes IS NOT NULL) THEN 'undo'
                 ELSE 'run'
               END, replaced_at
             FROM record_version
             WHERE source_id = ?1 AND key_hash = ?2
               AND (replaced_by > ?3 OR (replaced_by = ?3 AND replaced_by_actor IS NOT NULL))
             ORDER BY id DESC
             LIMIT 1",
        )?
        .query_row(params![source_id, key_hash, run_id], read_since)
        .optional()?)
}

/// The present record of a key, as far as undo asks: its number, run, way, person, time and state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Its number.
    pub id: i64,
    /// The run that wrote it.
    pub run_id: i64,
    /// run, revalidation or undo.
    pub via: String,
    /// The person, where one did it.
    pub actor: Option<String>,
    /// When, unix ms.
    pub changed_at: i64,
    /// Accepted or withdrawn.
    pub state: i64,
}

/// The present record of a key.
///
/// # Errors
/// SQLite's.
pub fn present(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
) -> Result<Option<Present>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, run_id, via, actor, changed_at, state
             FROM record
             WHERE id = (SELECT record_id FROM record_by_key WHERE source_id = ?1 AND hash = ?2)",
        )?
        .query_row(params![source_id, key_hash], |row| {
            Ok(Present {
                id: row.get(0)?,
                run_id: row.get(1)?,
                via: row.get(2)?,
                actor: row.get(3)?,
                changed_at: row.get(4)?,
                state: row.get(5)?,
            })
        })
        .optional()?)
}

/// The state of a key that was replaced at a moment, the last one of these.
///
/// # Errors
/// SQLite's.
pub fn replaced_at(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    at: i64,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id
             FROM record_version
             WHERE source_id = ?1 AND key_hash = ?2 AND replaced_at = ?3
             ORDER BY id DESC
             LIMIT 1",
        )?
        .query_row(params![source_id, key_hash, at], |row| row.get(0))
        .optional()?)
}

/// Puts an earlier state back, over the present record or anew; an undo run has done it.
///
/// # Errors
/// SQLite's.
pub fn restore(
    connection: &Connection,
    version_id: i64,
    present: Option<i64>,
    run_id: i64,
    at: i64,
) -> Result<i64, StoreError> {
    let id = if let Some(id) = present {
        connection
                .prepare_cached(
                    "UPDATE record AS r
                     SET business_hash = v.business_hash, version = v.version, hash = v.hash, state = v.state,
                       run_id = ?3, changed_at = ?4, source_time = v.source_time, profile_version = v.profile_version,
                       via = 'undo', actor = NULL, fields = v.fields, warnings = v.warnings
                     FROM record_version v
                     WHERE v.id = ?1 AND r.id = ?2",
                )?
                .execute(params![version_id, id, run_id, at])?;
        let (source_id, business): (_, Option<Hash>) = connection
            .prepare_cached("SELECT source_id, business_hash FROM record WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        record_place::note(connection, source_id, None, business.as_ref(), None)?;
        id
    } else {
        // Under its old number, unless that was given to another in the meantime.
        connection
                .prepare_cached(
                    "INSERT INTO record (id, source_id, key_hash, business_hash, version, hash, state, run_id, changed_at,
                       source_time, fields, warnings, profile_version, via)
                     SELECT CASE WHEN EXISTS (SELECT 1 FROM record o WHERE o.id = v.record_id) THEN NULL ELSE v.record_id END,
                       v.source_id, v.key_hash, v.business_hash, v.version, v.hash, v.state, ?2, ?3,
                       v.source_time, v.fields, v.warnings, v.profile_version, 'undo'
                     FROM record_version v
                     WHERE v.id = ?1",
                )?
                .execute(params![version_id, run_id, at])?;
        let id = connection.last_insert_rowid();
        let (source_id, key, business, state): (_, _, Option<Hash>, _) = connection
            .prepare_cached(
                "SELECT source_id, key_hash, business_hash, state FROM record WHERE id = ?1",
            )?
            .query_row([id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
        record_place::add(
            connection,
            (source_id, id, state),
            &key,
            business.as_ref(),
            None,
        )?;
        Followers::of(connection, source_id)?.tell(connection, id)?;
        id
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO record_payload (record_id, raw)
             SELECT ?2, raw
             FROM record_version
             WHERE id = ?1",
        )?
        .execute(params![version_id, id])?;
    Ok(id)
}

/// The mapped fields of an earlier state.
///
/// # Errors
/// SQLite's.
pub fn fields(connection: &Connection, version_id: i64) -> Result<String, StoreError> {
    Ok(connection
        .prepare_cached("SELECT fields FROM record_version WHERE id = ?1")?
        .query_row([version_id], |row| row.get(0))?)
}

/// A key by its record's number, present or former.
///
/// # Errors
/// SQLite's.
pub fn key_of(connection: &Connection, record_id: i64) -> Result<Option<(i64, Hash)>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT source_id, key_hash FROM record WHERE id = ?1")?
        .query_row([record_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// The keys of a hash of key or business number, present or former, of any source.
///
/// # Errors
/// SQLite's.
pub fn keys_by_hash(
    connection: &Connection,
    hash: &Hash,
    limit: u32,
) -> Result<Vec<(i64, Hash)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.source_id, r.key_hash
         FROM record r
         WHERE r.id IN (
           SELECT record_id FROM record_by_key WHERE source_id IN (SELECT id FROM source) AND hash = ?1
           UNION
           SELECT record_id FROM record_by_business WHERE source_id IN (SELECT id FROM source) AND hash = ?1)
         UNION
         SELECT v.source_id, v.key_hash
         FROM source s
         JOIN record_version v ON v.source_id = s.id AND v.key_hash = ?1
         UNION
         SELECT source_id, key_hash
         FROM record_version
         WHERE business_hash = ?1
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![hash, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<RecordVersion> {
    Ok(RecordVersion {
        id: row.get(0)?,
        run_id: row.get(1)?,
        changed_at: row.get(2)?,
        state: row.get(3)?,
        hash: row.get(4)?,
        source_time: row.get(5)?,
        profile_version: row.get(6)?,
        via: row.get(7)?,
        actor: row.get(8)?,
        fields: row.get(9)?,
        replaced: match row.get::<_, Option<i64>>(10)? {
            Some(run_id) => Some(Since {
                run_id,
                actor: row.get(11)?,
                at: row.get(12)?,
                act: row.get(13)?,
            }),
            None => None,
        },
    })
}

/// All states of a key, newest first: the present one if there is one, and at most `limit` earlier.
///
/// # Errors
/// SQLite's.
pub fn history(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    limit: u32,
) -> Result<Vec<RecordVersion>, StoreError> {
    let mut list = Vec::new();
    let mut present = connection.prepare_cached(
        "SELECT NULL, run_id, changed_at, state, hash, source_time, profile_version, via, actor, fields, NULL, NULL, NULL, NULL
         FROM record
         WHERE id = (SELECT record_id FROM record_by_key WHERE source_id = ?1 AND hash = ?2)",
    )?;
    for row in present.query_map(params![source_id, key_hash], read)? {
        list.push(row?);
    }
    let mut earlier = connection.prepare_cached(
        "SELECT id, run_id, changed_at, state, hash, source_time, profile_version, via, actor, fields,
           replaced_by, replaced_by_actor, replaced_at,
           CASE
             WHEN replaced_by_actor IS NOT NULL THEN 'revalidation'
             WHEN EXISTS (SELECT 1 FROM run u WHERE u.id = replaced_by AND u.undoes IS NOT NULL) THEN 'undo'
             ELSE 'run'
           END
         FROM record_version
         WHERE source_id = ?1 AND key_hash = ?2
         ORDER BY id DESC
         LIMIT ?3",
    )?;
    for row in earlier.query_map(params![source_id, key_hash, limit], read)? {
        list.push(row?);
    }
    Ok(list)
}

/// Forgets earlier states of a connection's records that were replaced before a moment.
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
        "DELETE FROM record_version
         WHERE id IN (
           SELECT v.id
           FROM source s
           JOIN record_version v ON v.source_id = s.id
           WHERE s.connection_id = ?1 AND v.replaced_at < ?2
           LIMIT ?3)",
        params![connection_id, before_ms, limit],
    )?)
}

//! Tables `record` and `record_payload`: the accepted records, and withdrawn ones for the audit.

mod found;
mod raw;

use rusqlite::{Connection, OptionalExtension, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::sieve::Sieve;
use crate::{payload, record_place, source};

pub use found::{Named, by_business, find, find_by_guess, is_accepted, is_duplicate, of_business};
pub use raw::{Kept, payloads, show_between};

/// `state` of an accepted record.
pub const ACCEPTED: i64 = 1;
/// `state` of a withdrawn record.
pub const WITHDRAWN: i64 = 2;

/// What decides how a fetched row stands to the cached one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordHead {
    /// Its number.
    pub id: i64,
    /// Hash of its content.
    pub hash: Hash,
    /// Its version, for datasets that have one.
    pub version: Option<i64>,
    /// [`ACCEPTED`] or [`WITHDRAWN`].
    pub state: i64,
    /// The provider's time.
    pub source_time: Option<String>,
}

/// A record to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewRecord<'a> {
    /// The source.
    pub source_id: i64,
    /// Hash of its key.
    pub key_hash: &'a Hash,
    /// Hash of its business key.
    pub business_hash: Option<&'a Hash>,
    /// Its version.
    pub version: Option<i64>,
    /// Hash of its content.
    pub hash: &'a Hash,
    /// [`ACCEPTED`] or [`WITHDRAWN`].
    pub state: i64,
    /// The run that brought it.
    pub run_id: i64,
    /// When, unix ms.
    pub at: i64,
    /// The provider's time.
    pub source_time: Option<&'a str>,
    /// Mapped fields as JSON text.
    pub fields: &'a str,
    /// Warnings as JSON text.
    pub warnings: Option<&'a str>,
    /// The row as received, as it is kept: see [`crate::payload`].
    pub raw: &'a [u8],
    /// The profile version that it was mapped under.
    pub profile_version: Option<i64>,
    /// run, revalidation or undo.
    pub via: &'a str,
    /// The person, where one did it.
    pub actor: Option<&'a str>,
}

/// A cached record for lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Its number.
    pub id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// [`ACCEPTED`] or [`WITHDRAWN`].
    pub state: i64,
    /// The run that brought it.
    pub run_id: i64,
    /// The provider's time.
    pub source_time: Option<String>,
    /// Mapped fields as JSON text.
    pub fields: String,
    /// Warnings as JSON text.
    pub warnings: Option<String>,
}

/// Which records a list shows.
#[derive(Debug, Clone, Default)]
pub struct RecordFilter {
    /// Only these sources; empty means all.
    pub source_ids: Vec<i64>,
    /// Only this state.
    pub state: Option<i64>,
    /// Only what this run changed.
    pub run_id: Option<i64>,
    /// Of what the run changed, only what was there before (true) or what came new (false).
    pub changed: Option<bool>,
    /// Only with one of these key or business hashes.
    pub hashes: Option<Vec<Hash>>,
}

fn hash(row: &Row<'_>, at: usize) -> rusqlite::Result<Hash> {
    row.get::<_, [u8; 16]>(at)
}

/// Who is told of a source's new records: the portal's library, and who looks at people.
///
/// Changes and removals are told by triggers. New records are told by whoever adds them: with a trigger
/// SQLite copies each page that a statement is about to change, which took a third of a run's writing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Followers {
    library: bool,
    people: bool,
}

impl Followers {
    /// Those of a source.
    ///
    /// # Errors
    /// SQLite's.
    pub fn of(connection: &Connection, source_id: i64) -> Result<Self, StoreError> {
        Ok(connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM delivery d WHERE d.connection_id = s.connection_id),
                   s.dataset BETWEEN 8 AND 11
                 FROM source s
                 WHERE s.id = ?1",
            )?
            .query_row([source_id], |row| {
                Ok(Self {
                    library: row.get(0)?,
                    people: row.get(1)?,
                })
            })
            .optional()?
            .unwrap_or_default())
    }

    /// Tells of a record that was added just now.
    pub(crate) fn tell(self, connection: &Connection, id: i64) -> Result<(), StoreError> {
        if self.library {
            connection
                .prepare_cached(
                    "INSERT INTO outbox (connection_id, source_id, record_id, key_hash, run_id, act)
                     SELECT s.connection_id, r.source_id, r.id, r.key_hash, r.run_id, 1
                     FROM record r
                     JOIN source s ON s.id = r.source_id
                     WHERE r.id = ?1",
                )?
                .execute([id])?;
        }
        if self.people {
            connection
                .prepare_cached("INSERT INTO person_change (record_id) VALUES (?1)")?
                .execute([id])?;
        }
        Ok(())
    }
}

/// Adds a record and tells its followers, and the sieve that the caller goes by.
///
/// # Errors
/// SQLite's.
pub fn insert(
    connection: &Connection,
    record: &NewRecord<'_>,
    followers: Followers,
    sieve: Option<&mut Sieve>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO record (source_id, key_hash, business_hash, version, hash, state, run_id, changed_at,
               source_time, fields, warnings, profile_version, via, actor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            record.source_id,
            record.key_hash,
            record.business_hash,
            record.version,
            record.hash,
            record.state,
            record.run_id,
            record.at,
            record.source_time,
            record.fields,
            record.warnings,
            record.profile_version,
            record.via,
            record.actor
        ])?;
    let id = connection.last_insert_rowid();
    connection
        .prepare_cached("INSERT INTO record_payload (record_id, raw) VALUES (?1, ?2)")?
        .execute(params![id, record.raw])?;
    record_place::add(
        connection,
        (record.source_id, id, record.state),
        record.key_hash,
        record.business_hash,
        sieve,
    )?;
    followers.tell(connection, id)
}

/// Replaces a record by a changed version; tells the sieve that the caller goes by.
///
/// # Errors
/// SQLite's.
pub fn replace(
    connection: &Connection,
    id: i64,
    record: &NewRecord<'_>,
    sieve: Option<&mut Sieve>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE record
             SET business_hash = ?2, version = ?3, hash = ?4, state = ?5, run_id = ?6, changed_at = ?7,
               source_time = ?8, fields = ?9, warnings = ?10, profile_version = ?11, via = ?12, actor = ?13
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            record.business_hash,
            record.version,
            record.hash,
            record.state,
            record.run_id,
            record.at,
            record.source_time,
            record.fields,
            record.warnings,
            record.profile_version,
            record.via,
            record.actor
        ])?;
    connection
        .prepare_cached("UPDATE record_payload SET raw = ?2 WHERE record_id = ?1")?
        .execute(params![id, record.raw])?;
    record_place::note(
        connection,
        record.source_id,
        None,
        record.business_hash,
        sieve,
    )
}

/// Who changes a record, when and how.
#[derive(Debug, Clone, Copy)]
pub struct Hand<'a> {
    /// The run, or the one whose row a person checked again.
    pub run_id: i64,
    /// When, unix ms.
    pub at: i64,
    /// The profile version.
    pub profile_version: Option<i64>,
    /// run, revalidation or undo.
    pub via: &'a str,
    /// The person, where one did it.
    pub actor: Option<&'a str>,
}

/// Marks a record withdrawn; its content stays for the audit.
///
/// # Errors
/// SQLite's.
pub fn withdraw(
    connection: &Connection,
    id: i64,
    hash: &Hash,
    source_time: Option<&str>,
    hand: &Hand<'_>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE record
             SET state = 2, hash = ?2, source_time = COALESCE(?3, source_time), run_id = ?4, changed_at = ?5,
               profile_version = ?6, via = ?7, actor = ?8
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            hash,
            source_time,
            hand.run_id,
            hand.at,
            hand.profile_version,
            hand.via,
            hand.actor
        ])?;
    Ok(())
}

/// Removes a record; its earlier states stay.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, id: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM record WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Says anew how a record was written and by whom.
///
/// # Errors
/// SQLite's.
pub fn mark(
    connection: &Connection,
    id: i64,
    via: &str,
    actor: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE record SET via = ?2, actor = ?3 WHERE id = ?1")?
        .execute(params![id, via, actor])?;
    Ok(())
}

/// The state of a record, if there is one.
///
/// # Errors
/// SQLite's.
pub fn state(connection: &Connection, id: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT state FROM record WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

const ROW: &str = "SELECT r.id, s.dataset, r.state, r.run_id, r.source_time, r.fields, r.warnings
  FROM record r
  JOIN source s ON s.id = r.source_id";

fn read(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    Ok(RecordRow {
        id: row.get(0)?,
        dataset: source::dataset(row, 1)?,
        state: row.get(2)?,
        run_id: row.get(3)?,
        source_time: row.get(4)?,
        fields: row.get(5)?,
        warnings: row.get(6)?,
    })
}

/// A page of records by number.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    filter: &RecordFilter,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<RecordRow>, StoreError> {
    let mut sql = format!("{ROW} WHERE r.id > ?1 AND (?2 IS NULL OR r.state = ?2)");
    if let Some(run_id) = filter.run_id {
        sql.push_str(&format!(" AND r.run_id = {run_id}"));
        if let Some(changed) = filter.changed {
            sql.push_str(&format!(
                " AND {}EXISTS (
                   SELECT 1
                   FROM record_version v
                   WHERE v.source_id = r.source_id AND v.key_hash = r.key_hash AND v.replaced_by = {run_id})",
                if changed { "" } else { "NOT " }
            ));
        }
    }
    match filter.source_ids.as_slice() {
        [] => {}
        // What a run brought is found by the run, whatever the source.
        [one] if filter.run_id.is_some() => sql.push_str(&format!(" AND +r.source_id = {one}")),
        [one] => sql.push_str(&format!(" AND r.source_id = {one}")),
        // Several sources are read in the order of numbers; an index by source would have to sort.
        several => {
            let list: Vec<String> = several.iter().map(i64::to_string).collect();
            sql.push_str(&format!(" AND +r.source_id IN ({})", list.join(", ")));
        }
    }
    if let Some(hashes) = &filter.hashes {
        let list: Vec<String> = hashes
            .iter()
            .map(|hash| format!("x'{}'", hex::encode(hash)))
            .collect();
        let found = format!(
            "source_id IN (SELECT id FROM source) AND hash IN ({})",
            list.join(", ")
        );
        sql.push_str(&format!(
            " AND r.id IN (
               SELECT record_id FROM record_by_key WHERE {found}
               UNION
               SELECT record_id FROM record_by_business WHERE {found})"
        ));
    }
    sql.push_str(" ORDER BY r.id LIMIT ?3");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(params![after.unwrap_or(0), filter.state, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One record with its raw payload.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<(RecordRow, Vec<u8>)>, StoreError> {
    let Some(row) = connection
        .prepare_cached(&format!("{ROW} WHERE r.id = ?1"))?
        .query_row([id], read)
        .optional()?
    else {
        return Ok(None);
    };
    let raw = connection
        .prepare_cached("SELECT raw FROM record_payload WHERE record_id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    Ok(Some((row, payload::unpack(connection, raw)?)))
}

/// The record with the key of a rejection, if there is one.
///
/// # Errors
/// SQLite's.
pub fn of_rejection(connection: &Connection, rejection_id: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT r.id
             FROM rejection j
             JOIN record r ON r.id = (
               SELECT record_id FROM record_by_key WHERE source_id = j.source_id AND hash = j.key_hash)
             WHERE j.id = ?1",
        )?
        .query_row([rejection_id], |row| row.get(0))
        .optional()?)
}

/// The connection that a record came by.
///
/// # Errors
/// SQLite's.
pub fn connection_of(connection: &Connection, id: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT s.connection_id FROM record r JOIN source s ON s.id = r.source_id WHERE r.id = ?1",
        )?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// The cached fields of a rejected row's key, if an earlier version was accepted.
///
/// # Errors
/// SQLite's.
pub fn fields_of(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT fields
             FROM record
             WHERE id = (SELECT record_id FROM record_by_key WHERE source_id = ?1 AND hash = ?2)",
        )?
        .query_row(params![source_id, key_hash], |row| row.get(0))
        .optional()?)
}

/// Hands the fields of every accepted record of a source to `each`, in order of number.
///
/// # Errors
/// SQLite's.
pub fn for_each_fields(
    connection: &Connection,
    source_id: i64,
    mut each: impl FnMut(&str),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT fields FROM record WHERE source_id = ?1 AND state = 1 ORDER BY id",
    )?;
    let mut rows = statement.query([source_id])?;
    while let Some(row) = rows.next()? {
        each(
            row.get_ref(0)?
                .as_str()
                .map_err(|error| StoreError::Content(error.to_string()))?,
        );
    }
    Ok(())
}

/// The fields of a source's newest accepted record, as JSON.
///
/// # Errors
/// SQLite's.
pub fn newest_fields(
    connection: &Connection,
    source_id: i64,
) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT fields
             FROM record
             WHERE source_id = ?1 AND state = 1
             ORDER BY id DESC
             LIMIT 1",
        )?
        .query_row([source_id], |row| row.get(0))
        .optional()?)
}

/// Hands number and fields of every accepted record of a source to `each`, in order of number.
///
/// # Errors
/// SQLite's, and those of `each`.
pub fn for_each_numbered(
    connection: &Connection,
    source_id: i64,
    mut each: impl FnMut(i64, &str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, fields FROM record WHERE source_id = ?1 AND state = 1 ORDER BY id",
    )?;
    let mut rows = statement.query([source_id])?;
    while let Some(row) = rows.next()? {
        let fields = row.get_ref(1)?;
        let fields = fields
            .as_str()
            .map_err(|error| StoreError::Content(error.to_string()))?;
        each(row.get(0)?, fields)?;
    }
    Ok(())
}

/// Source, dataset, state and fields of a record.
///
/// # Errors
/// SQLite's.
pub fn numbered(
    connection: &Connection,
    id: i64,
) -> Result<Option<(i64, DatasetId, i64, String)>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT r.source_id, s.dataset, r.state, r.fields
             FROM record r
             JOIN source s ON s.id = r.source_id
             WHERE r.id = ?1",
        )?
        .query_row([id], |row| {
            Ok((
                row.get(0)?,
                source::dataset(row, 1)?,
                row.get(2)?,
                row.get(3)?,
            ))
        })
        .optional()?)
}

/// The greatest version of a source's records.
///
/// # Errors
/// SQLite's.
pub fn greatest_version(
    connection: &Connection,
    source_id: i64,
) -> Result<Option<i64>, StoreError> {
    Ok(connection.query_row(
        "SELECT MAX(version) FROM record WHERE source_id = ?1",
        [source_id],
        |row| row.get(0),
    )?)
}

/// The greatest number of a source's records; 0 of none.
///
/// # Errors
/// SQLite's.
pub fn greatest_id(connection: &Connection, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT COALESCE(MAX(id), 0) FROM record WHERE source_id = ?1")?
        .query_row([source_id], |row| row.get(0))?)
}

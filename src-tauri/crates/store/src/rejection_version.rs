//! Table `rejection_version`: rejections as they were before a run or a person changed them.
//!
//! The row is kept with its payload, causes and waits as one JSON text, because it is only ever read
//! whole: to put it back, or to show it.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::rejection::{self, Links};
use crate::{cause, ignore, source};

/// Who changes something: a run, or a person after it.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The run, or the last one before the person's act.
    pub run_id: i64,
    /// The person; absent when it is the run itself.
    pub actor: Option<&'a str>,
    /// What is done: run, undo, or the name of the person's act.
    pub act: &'a str,
    /// When, unix ms.
    pub at: i64,
}

/// What changed a key after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The run, or the last one before the person's act.
    pub run_id: i64,
    /// The person; absent when it was the run itself.
    pub actor: Option<String>,
    /// What was done.
    pub act: String,
    /// When, unix ms.
    pub at: i64,
}

pub(crate) fn read_since(row: &Row<'_>) -> rusqlite::Result<Since> {
    Ok(Since {
        run_id: row.get(0)?,
        actor: row.get(1)?,
        act: row.get(2)?,
        at: row.get(3)?,
    })
}

/// Received bytes as JSON: text where they are text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Raw {
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Image {
    id: i64,
    record_key: String,
    outcome: i64,
    state: i64,
    first_run_id: i64,
    run_id: i64,
    first_seen_at: i64,
    seen_at: i64,
    seen_count: i64,
    held_since: Option<i64>,
    day: String,
    hash: Hash,
    version: Option<i64>,
    department: Option<String>,
    region: Option<String>,
    title: Option<String>,
    business_key: Option<String>,
    source_time: Option<String>,
    reason: Option<String>,
    ignored_until: Option<String>,
    raw: Raw,
    mapped: String,
    findings: String,
    causes: Vec<(String, String, String)>,
    waits: Vec<(i64, Hash)>,
    /// The decision that it is ignored by, and what it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ignored: Option<(i64, i64)>,
}

/// Keeps a rejection as it is before `act` changes it.
///
/// # Errors
/// SQLite's.
pub fn keep(connection: &Connection, id: i64, act: &Act<'_>) -> Result<(), StoreError> {
    let Some((source_id, key_hash, image)) = image(connection, id)? else {
        return Ok(());
    };
    let text = serde_json::to_string(&image)?;
    insert(
        connection,
        source_id,
        &key_hash,
        Some(image.first_run_id),
        act,
        &text,
    )
}

/// Keeps a rejection if it is in one of these states.
///
/// # Errors
/// SQLite's.
pub fn keep_where(
    connection: &Connection,
    id: i64,
    states: &[i64],
    act: &Act<'_>,
) -> Result<(), StoreError> {
    match rejection::head(connection, id)? {
        Some(head) if states.contains(&head.state) => keep(connection, id, act),
        _ => Ok(()),
    }
}

/// Notes that there was no rejection before `act` put one back.
///
/// # Errors
/// SQLite's.
pub fn keep_absence(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    act: &Act<'_>,
) -> Result<(), StoreError> {
    insert(connection, source_id, key_hash, None, act, "")
}

fn insert(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    first_run_id: Option<i64>,
    act: &Act<'_>,
    image: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO rejection_version (source_id, key_hash, first_run_id, replaced_by, actor, act, replaced_at, image)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            source_id,
            key_hash,
            first_run_id,
            act.run_id,
            act.actor,
            act.act,
            act.at,
            image
        ])?;
    Ok(())
}

fn image(connection: &Connection, id: i64) -> Result<Option<(i64, Hash, Image)>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT r.source_id, r.key_hash, r.record_key, r.outcome, r.state, r.first_run_id, r.run_id, r.first_seen_at,
               r.seen_at, r.seen_count, r.held_since, r.day, r.hash, r.version, r.department, r.region, r.title,
               r.business_key, r.source_time, r.reason, r.ignored_until, p.raw, p.mapped, p.findings
             FROM rejection r
             JOIN rejection_payload p ON p.rejection_id = r.id
             WHERE r.id = ?1",
        )?
        .query_row([id], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                Image {
                    id,
                    record_key: row.get(2)?,
                    outcome: row.get(3)?,
                    state: row.get(4)?,
                    first_run_id: row.get(5)?,
                    run_id: row.get(6)?,
                    first_seen_at: row.get(7)?,
                    seen_at: row.get(8)?,
                    seen_count: row.get(9)?,
                    held_since: row.get(10)?,
                    day: row.get(11)?,
                    hash: row.get(12)?,
                    version: row.get(13)?,
                    department: row.get(14)?,
                    region: row.get(15)?,
                    title: row.get(16)?,
                    business_key: row.get(17)?,
                    source_time: row.get(18)?,
                    reason: row.get(19)?,
                    ignored_until: row.get(20)?,
                    raw: match String::from_utf8(row.get(21)?) {
                        Ok(text) => Raw::Text(text),
                        Err(error) => Raw::Bytes(error.into_bytes()),
                    },
                    mapped: row.get(22)?,
                    findings: row.get(23)?,
                    causes: Vec::new(),
                    waits: Vec::new(),
                    ignored: None,
                },
            ))
        })
        .optional()?;
    let Some((source_id, key_hash, mut image)) = found else {
        return Ok(None);
    };
    image.causes = connection
        .prepare_cached(
            "SELECT c.rule, c.field, c.cluster
             FROM rejection_cause rc
             JOIN cause c ON c.id = rc.cause_id
             WHERE rc.rejection_id = ?1",
        )?
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    image.waits = connection
        .prepare_cached("SELECT source_id, business_hash FROM held_wait WHERE rejection_id = ?1")?
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    image.ignored = ignore::link_of(connection, id)?;
    Ok(Some((source_id, key_hash, image)))
}

/// A rejection as it was before a run: its number in this table, whether it was there, and the run
/// that had opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Its number in this table.
    pub id: i64,
    /// Whether there was a rejection at all.
    pub existed: bool,
    /// The run that had opened it.
    pub first_run_id: Option<i64>,
}

/// What a run changed first of a key's rejection, if it did.
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
            "SELECT id, image <> '', first_run_id
             FROM rejection_version
             WHERE source_id = ?1 AND key_hash = ?2 AND replaced_by = ?3 AND actor IS NULL
             ORDER BY id
             LIMIT 1",
        )?
        .query_row(params![source_id, key_hash, run_id], |row| {
            Ok(Former {
                id: row.get(0)?,
                existed: row.get(1)?,
                first_run_id: row.get(2)?,
            })
        })
        .optional()?)
}

/// The last change of a key's rejection after a run, by a later run or a person.
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
            "SELECT replaced_by, actor, act, replaced_at
             FROM rejection_version
             WHERE source_id = ?1 AND key_hash = ?2
               AND (replaced_by > ?3 OR (replaced_by = ?3 AND actor IS NOT NULL))
             ORDER BY id DESC
             LIMIT 1",
        )?
        .query_row(params![source_id, key_hash, run_id], read_since)
        .optional()?)
}

/// A change of a rejection that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What changed it.
    pub since: Since,
    /// Its state before; `None` when there was no rejection.
    pub state: Option<i64>,
}

/// What changed a key's rejection, newest first.
///
/// # Errors
/// SQLite's.
pub fn changes(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    limit: u32,
) -> Result<Vec<Kept>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT replaced_by, actor, act, replaced_at,
           CASE WHEN image <> '' THEN json_extract(image, '$.state') END
         FROM rejection_version
         WHERE source_id = ?1 AND key_hash = ?2
         ORDER BY id DESC
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![source_id, key_hash, limit], |row| {
        Ok(Kept {
            since: read_since(row)?,
            state: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The run that opened a key's present rejection, if it came after a run.
///
/// # Errors
/// SQLite's.
pub fn opened_since(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    run_id: i64,
) -> Result<Option<Since>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT first_run_id, NULL, 'run', first_seen_at
             FROM rejection
             WHERE source_id = ?1 AND key_hash = ?2 AND first_run_id > ?3",
        )?
        .query_row(params![source_id, key_hash, run_id], read_since)
        .optional()?)
}

/// The record's key as text, of the rejection that is kept under a number.
///
/// # Errors
/// SQLite's, or [`StoreError::Json`] for a text that is no image.
pub fn record_key(connection: &Connection, id: i64) -> Result<Option<String>, StoreError> {
    let text: Option<String> = connection
        .prepare_cached("SELECT image FROM rejection_version WHERE id = ?1 AND image <> ''")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    text.map(|text| Ok(serde_json::from_str::<Image>(&text)?.record_key))
        .transpose()
}

/// Puts the rejection that is kept under a number back, over the present one of its key or anew.
///
/// # Errors
/// SQLite's.
pub fn restore(connection: &Connection, version_id: i64, at: i64) -> Result<(), StoreError> {
    let (source_id, key_hash, text): (i64, Hash, String) = connection
        .prepare_cached("SELECT source_id, key_hash, image FROM rejection_version WHERE id = ?1")?
        .query_row([version_id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let image: Image = serde_json::from_str(&text)?;
    let (id, left) = match rejection::find(connection, source_id, &key_hash)? {
        Some(head) => {
            let left = rejection::unlink(connection, head.id)?;
            (overwrite(connection, head.id, &image)?, left)
        }
        None => (
            put_back(connection, source_id, &key_hash, &image)?,
            Vec::new(),
        ),
    };
    let raw = match &image.raw {
        Raw::Text(text) => text.as_bytes(),
        Raw::Bytes(bytes) => bytes,
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO rejection_payload (rejection_id, raw, mapped, findings) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![id, raw, image.mapped, image.findings])?;
    ignore::put_link(connection, id, image.ignored)?;
    let search = search_text(source::dataset_of(connection, source_id)?, &image.mapped)?;
    rejection::link(
        connection,
        id,
        &Links {
            source_id,
            at,
            causes: &image.causes,
            waits: &image.waits,
        },
    )?;
    rejection::write_search(connection, id, &search)?;
    cause::forget_empty(connection, &left)
}

fn overwrite(connection: &Connection, id: i64, image: &Image) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "UPDATE rejection
             SET record_key = ?2, outcome = ?3, state = ?4, first_run_id = ?5, run_id = ?6, first_seen_at = ?7,
               seen_at = ?8, seen_count = ?9, held_since = ?10, day = ?11, hash = ?12, version = ?13,
               department = ?14, region = ?15, title = ?16, business_key = ?17, source_time = ?18, reason = ?19,
               ignored_until = ?20
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            image.record_key,
            image.outcome,
            image.state,
            image.first_run_id,
            image.run_id,
            image.first_seen_at,
            image.seen_at,
            image.seen_count,
            image.held_since,
            image.day,
            image.hash,
            image.version,
            image.department,
            image.region,
            image.title,
            image.business_key,
            image.source_time,
            image.reason,
            image.ignored_until
        ])?;
    Ok(id)
}

/// Adds a rejection again, under its old number where that is free.
fn put_back(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    image: &Image,
) -> Result<i64, StoreError> {
    let id = rejection::head(connection, image.id)?
        .is_none()
        .then_some(image.id);
    connection
        .prepare_cached(
            "INSERT INTO rejection (id, source_id, key_hash, record_key, outcome, state, first_run_id, run_id,
               first_seen_at, seen_at, seen_count, held_since, day, hash, version, department, region, title,
               business_key, source_time, reason, ignored_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
        )?
        .execute(params![
            id,
            source_id,
            key_hash,
            image.record_key,
            image.outcome,
            image.state,
            image.first_run_id,
            image.run_id,
            image.first_seen_at,
            image.seen_at,
            image.seen_count,
            image.held_since,
            image.day,
            image.hash,
            image.version,
            image.department,
            image.region,
            image.title,
            image.business_key,
            image.source_time,
            image.reason,
            image.ignored_until
        ])?;
    Ok(connection.last_insert_rowid())
}

/// The text that a rejection is found by, from its mapped fields.
fn search_text(dataset: DatasetId, mapped: &str) -> Result<String, StoreError> {
    let mapped: serde_json::Value = serde_json::from_str(mapped)?;
    let words: Vec<&str> = dataset
        .dataset()
        .searched
        .iter()
        .filter_map(|field| mapped.get(*field)?.as_str())
        .collect();
    Ok(words.join(" "))
}

/// Earlier states of rejections of a connection that are older than a moment.
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
        "DELETE FROM rejection_version
         WHERE id IN (
           SELECT v.id
           FROM source s
           JOIN rejection_version v ON v.source_id = s.id
           WHERE s.connection_id = ?1 AND v.replaced_at < ?2
           LIMIT ?3)",
        params![connection_id, before_ms, limit],
    )?)
}

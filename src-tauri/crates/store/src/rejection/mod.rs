//! Tables `rejection`, `rejection_payload`, `rejection_cause`, `held_wait`, `rejection_search`.
//!
//! A provider's row has at most one rejection. It is changed when the row comes again, resolved
//! when a corrected row is accepted, and opened again when a bad one follows. Counters of facets
//! and causes are kept by triggers, so that they cannot differ from the rows.

mod acts;
mod read;
mod refused;

pub use acts::{
    ends, find_key, forget_resolved, greatest_id, open_payloads, remove, select_ids,
    set_overridden, show_open_between,
};
pub use read::{
    LetterFilter, RejectionFilter, RejectionRow, connection_of, count, facets, findings_of, get,
    get_with_rules, hits, is_plain, of_business, page, payload, shares,
};
pub use refused::{any_refused, count_refused, settle_refused};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::bigram;
use crate::cause;
use crate::error::StoreError;
use crate::hash::Hash;
use crate::ignore;

/// `outcome` of a rejected row.
pub const REJECTED: i64 = 1;
/// `outcome` of a held row.
pub const HELD: i64 = 2;
/// `outcome` of an accepted row that the portal's library refused.
pub const REFUSED: i64 = 3;

/// What a person or a later row has done about a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// 待处理.
    Open = 1,
    /// 已反馈.
    Reported = 2,
    /// 已解决.
    Resolved = 3,
    /// 已忽略.
    Ignored = 4,
    /// 已覆盖.
    Overridden = 5,
}

impl State {
    /// All states.
    pub const ALL: [State; 5] = [
        State::Open,
        State::Reported,
        State::Resolved,
        State::Ignored,
        State::Overridden,
    ];

    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Reported => "reported",
            State::Resolved => "resolved",
            State::Ignored => "ignored",
            State::Overridden => "overridden",
        }
    }

    /// The state of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A row that was not accepted.
#[derive(Debug, Clone)]
pub struct NewRejection<'a> {
    /// The source.
    pub source_id: i64,
    /// Hash of the row's key.
    pub key_hash: &'a Hash,
    /// The key as text.
    pub record_key: &'a str,
    /// [`REJECTED`] or [`HELD`].
    pub outcome: i64,
    /// The run that brought it.
    pub run_id: i64,
    /// When, unix ms.
    pub at: i64,
    /// The day in UTC+8.
    pub day: &'a str,
    /// Hash of its content.
    pub hash: &'a Hash,
    /// Its version.
    pub version: Option<i64>,
    /// Department code.
    pub department: Option<&'a str>,
    /// Region.
    pub region: Option<&'a str>,
    /// Title.
    pub title: Option<&'a str>,
    /// Business key.
    pub business_key: Option<&'a str>,
    /// The provider's time.
    pub source_time: Option<&'a str>,
    /// The row as received.
    pub raw: &'a [u8],
    /// Mapped fields as JSON text.
    pub mapped: &'a str,
    /// All findings as JSON text.
    pub findings: &'a str,
    /// Rule, field and cluster of each cause.
    pub causes: &'a [(String, String, String)],
    /// What a held row waits for: source and hash of the business key.
    pub waits: &'a [(i64, Hash)],
    /// Text that can be searched.
    pub search_text: &'a str,
}

/// What decides how a fetched row stands to its rejection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionHead {
    /// Its number.
    pub id: i64,
    /// [`REJECTED`] or [`HELD`].
    pub outcome: i64,
    /// Its state.
    pub state: i64,
    /// Hash of the content that was rejected.
    pub hash: Hash,
    /// The run that opened it.
    pub first_run_id: i64,
    /// The run that last brought it.
    pub run_id: i64,
    /// The provider's time of that content.
    pub source_time: Option<String>,
    /// Its version.
    pub version: Option<i64>,
}

fn read_head(row: &Row<'_>) -> rusqlite::Result<RejectionHead> {
    Ok(RejectionHead {
        id: row.get(0)?,
        outcome: row.get(1)?,
        state: row.get(2)?,
        hash: row.get(3)?,
        run_id: row.get(4)?,
        source_time: row.get(5)?,
        version: row.get(6)?,
        first_run_id: row.get(7)?,
    })
}

/// The rejection of a number.
///
/// # Errors
/// SQLite's.
pub fn head(connection: &Connection, id: i64) -> Result<Option<RejectionHead>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id, outcome, state, hash, run_id, source_time, version, first_run_id FROM rejection WHERE id = ?1")?
        .query_row([id], read_head)
        .optional()?)
}

/// Hash of the key of a rejection's row.
///
/// # Errors
/// SQLite's.
pub fn key_hash(connection: &Connection, id: i64) -> Result<Option<Hash>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT key_hash FROM rejection WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// The rejection of a row, if there is one.
///
/// # Errors
/// SQLite's.
pub fn find(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
) -> Result<Option<RejectionHead>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, outcome, state, hash, run_id, source_time, version, first_run_id
             FROM rejection
             WHERE source_id = ?1 AND key_hash = ?2",
        )?
        .query_row(params![source_id, key_hash], read_head)
        .optional()?)
}

/// Writes a rejection, new or again, and returns its number.
///
/// The same content again leaves an ignored or reported rejection as it is; other content opens it,
/// unless it is ignored until a date or for ever.
///
/// # Errors
/// SQLite's.
pub fn put(connection: &Connection, new: &NewRejection<'_>) -> Result<i64, StoreError> {
    let id = put_unsearched(connection, new)?;
    write_search(connection, id, new.search_text)?;
    Ok(id)
}

/// [`put`], but for the text that it is found by: [`write_search`] is to write that.
///
/// # Errors
/// SQLite's.
pub fn put_unsearched(connection: &Connection, new: &NewRejection<'_>) -> Result<i64, StoreError> {
    let (id, left) = match find(connection, new.source_id, new.key_hash)? {
        Some(head) => (head.id, again(connection, &head, new)?),
        None => (insert(connection, new)?, Vec::new()),
    };
    link(connection, id, &Links::of(new))?;
    cause::forget_empty(connection, &left)?;
    Ok(id)
}

/// Notes that a row was rejected once more just as it is kept.
///
/// # Errors
/// SQLite's.
pub fn see_again(connection: &Connection, id: i64, run_id: i64, at: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE rejection SET run_id = ?2, seen_at = ?3, seen_count = seen_count + 1 WHERE id = ?1",
        )?
        .execute(params![id, run_id, at])?;
    connection
        .prepare_cached(
            "UPDATE cause
             SET last_seen_at = ?2
             WHERE id IN (SELECT cause_id FROM rejection_cause WHERE rejection_id = ?1) AND last_seen_at < ?2",
        )?
        .execute(params![id, at])?;
    Ok(())
}

fn insert(connection: &Connection, new: &NewRejection<'_>) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO rejection (source_id, key_hash, record_key, outcome, state, first_run_id, run_id, first_seen_at,
               seen_at, seen_count, held_since, day, hash, version, department, region, title, business_key, source_time)
             VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5, ?6, ?6, 1, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            new.source_id,
            new.key_hash,
            new.record_key,
            new.outcome,
            new.run_id,
            new.at,
            (new.outcome == HELD).then_some(new.at),
            new.day,
            new.hash,
            new.version,
            new.department,
            new.region,
            new.title,
            new.business_key,
            new.source_time
        ])?;
    let id = connection.last_insert_rowid();
    connection
        .prepare_cached("INSERT INTO rejection_payload (rejection_id, raw, mapped, findings) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, new.raw, new.mapped, new.findings])?;
    Ok(id)
}

fn again(
    connection: &Connection,
    head: &RejectionHead,
    new: &NewRejection<'_>,
) -> Result<Vec<i64>, StoreError> {
    let same = head.hash == *new.hash && head.outcome == new.outcome;
    let kept = (same && head.state != State::Resolved as i64)
        || (head.state == State::Ignored as i64 && ignore::outlasts(connection, head.id, new.day)?);
    let state = if kept { head.state } else { State::Open as i64 };
    connection
        .prepare_cached(
            "UPDATE rejection
             SET outcome = ?2, state = ?3, run_id = ?4, seen_at = ?5, seen_count = seen_count + 1,
               held_since = CASE WHEN ?6 IS NULL THEN NULL ELSE COALESCE(held_since, ?6) END,
               hash = ?7, version = ?8, department = ?9, region = ?10, title = ?11, business_key = ?12, source_time = ?13,
               reason = CASE WHEN ?14 THEN reason END, ignored_until = CASE WHEN ?14 THEN ignored_until END
             WHERE id = ?1",
        )?
        .execute(params![
            head.id,
            new.outcome,
            state,
            new.run_id,
            new.at,
            (new.outcome == HELD).then_some(new.at),
            new.hash,
            new.version,
            new.department,
            new.region,
            new.title,
            new.business_key,
            new.source_time,
            kept
        ])?;
    connection
        .prepare_cached("UPDATE rejection_payload SET raw = ?2, mapped = ?3, findings = ?4 WHERE rejection_id = ?1")?
        .execute(params![head.id, new.raw, new.mapped, new.findings])?;
    unlink(connection, head.id)
}

/// Takes a rejection's causes, waits and searched text away; gives the causes that it had.
pub(crate) fn unlink(connection: &Connection, id: i64) -> Result<Vec<i64>, StoreError> {
    let mut causes = connection
        .prepare_cached("DELETE FROM rejection_cause WHERE rejection_id = ?1 RETURNING cause_id")?;
    let left = causes
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    connection
        .prepare_cached("DELETE FROM held_wait WHERE rejection_id = ?1")?
        .execute([id])?;
    connection
        .prepare_cached("DELETE FROM rejection_search WHERE rowid = ?1")?
        .execute([id])?;
    Ok(left)
}

/// What hangs on a rejection.
pub(crate) struct Links<'a> {
    pub(crate) source_id: i64,
    pub(crate) at: i64,
    pub(crate) causes: &'a [(String, String, String)],
    pub(crate) waits: &'a [(i64, Hash)],
}

impl<'a> Links<'a> {
    fn of(new: &NewRejection<'a>) -> Self {
        Self {
            source_id: new.source_id,
            at: new.at,
            causes: new.causes,
            waits: new.waits,
        }
    }
}

pub(crate) fn link(connection: &Connection, id: i64, new: &Links<'_>) -> Result<(), StoreError> {
    for (rule, field, cluster) in new.causes {
        let cause_id: i64 = connection
            .prepare_cached(
                "INSERT INTO cause (source_id, rule, field, cluster, first_seen_at, last_seen_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                 ON CONFLICT (source_id, rule, field, cluster)
                 DO UPDATE SET last_seen_at = MAX(last_seen_at, excluded.last_seen_at)
                 RETURNING id",
            )?
            .query_row(
                params![new.source_id, rule, field, cluster, new.at],
                |row| row.get(0),
            )?;
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO rejection_cause (cause_id, rejection_id) VALUES (?1, ?2)",
            )?
            .execute(params![cause_id, id])?;
    }
    for (source_id, business_hash) in new.waits {
        connection
            .prepare_cached("INSERT OR IGNORE INTO held_wait (rejection_id, source_id, business_hash) VALUES (?1, ?2, ?3)")?
            .execute(params![id, source_id, business_hash])?;
    }
    Ok(())
}

/// Writes the text that a rejection is found by; it has none yet.
///
/// # Errors
/// SQLite's.
pub fn write_search(connection: &Connection, id: i64, text: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO rejection_search (rowid, body) VALUES (?1, ?2)")?
        .execute(params![id, bigram::index_text(text)])?;
    Ok(())
}

/// Resolves a row's rejection because a version of it was accepted or withdrawn.
///
/// # Errors
/// SQLite's.
pub fn resolve(connection: &Connection, id: i64, run_id: i64, at: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE rejection SET state = 3, run_id = ?2, seen_at = ?3, held_since = NULL WHERE id = ?1 AND state <> 3")?
        .execute(params![id, run_id, at])?;
    connection
        .prepare_cached("DELETE FROM held_wait WHERE rejection_id = ?1")?
        .execute([id])?;
    Ok(())
}

/// By the index of what waits, in the order of the numbers.
const DUE: &str = "SELECT r.id
     FROM rejection r
     WHERE r.source_id = ?1 AND r.held_since IS NOT NULL AND r.id > ?2 AND +r.state IN (1, 2) AND r.outcome = 2
       AND NOT EXISTS (
         SELECT 1
         FROM held_wait w
         WHERE w.rejection_id = r.id
           AND NOT EXISTS (
             SELECT 1
             FROM record_by_business p
             WHERE p.source_id = w.source_id AND p.hash = w.business_hash AND p.state = 1))
     ORDER BY r.id
     LIMIT ?3";

/// Held rows of one source, after a number, of which every parent is now accepted.
///
/// # Errors
/// SQLite's.
pub fn due(
    connection: &Connection,
    source_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(DUE)?;
    let rows = statement.query_map(params![source_id, after, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Held rows of one source that began to wait before a moment.
///
/// # Errors
/// SQLite's.
pub fn overdue(
    connection: &Connection,
    source_id: i64,
    before_ms: i64,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id
         FROM rejection
         WHERE held_since < ?2 AND source_id = ?1 AND state IN (1, 2) AND outcome = 2
         ORDER BY id
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![source_id, before_ms, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;

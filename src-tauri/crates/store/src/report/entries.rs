//! Records on reports.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use zhengqiao_domain::DatasetId;

use super::{Fate, last_answer};
use crate::error::StoreError;
use crate::rejection::State;
use crate::rejection_version::{self, Act};
use crate::source;

/// Which records of a report. Empty parts do not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only with one of these fates.
    pub fates: Vec<Fate>,
    /// Only of this department; empty for those without one.
    pub department: Option<String>,
}

/// A record on a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Its number, in the order of the report.
    pub id: i64,
    /// What it is called in letters, without hyphens.
    pub number: String,
    /// Its reference.
    pub reference_id: i64,
    /// Department code; empty without one.
    pub department: String,
    /// What became of it.
    pub fate: Fate,
    /// The dataset.
    pub dataset: DatasetId,
    /// The rejection, as long as it is there.
    pub rejection_id: Option<i64>,
    /// The record's title.
    pub title: Option<String>,
    /// The record's key.
    pub record_key: Option<String>,
    /// The number that others refer to it by.
    pub business_key: Option<String>,
    /// The last answer's word.
    pub answer: Option<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        id: row.get(0)?,
        number: row.get(1)?,
        reference_id: row.get(2)?,
        department: row.get(3)?,
        fate: Fate::of_number(row.get(4)?),
        dataset: source::dataset(row, 5)?,
        rejection_id: row.get(6)?,
        title: row.get(7)?,
        record_key: row.get(8)?,
        business_key: row.get(9)?,
        answer: row.get(10)?,
    })
}

/// A page of a report's records in its order, after a number.
///
/// # Errors
/// SQLite's.
pub fn entries(
    connection: &Connection,
    report_id: i64,
    filter: &EntryFilter,
    after: i64,
    limit: u32,
) -> Result<Vec<EntryRow>, StoreError> {
    let mut sql =
        "SELECT e.id, f.number, f.id, e.department, e.fate, s.dataset, r.id, r.title, r.record_key,
           r.business_key, f.answer
         FROM report_entry e
         JOIN reference f ON f.id = e.reference_id
         JOIN source s ON s.id = f.source_id
         LEFT JOIN rejection r ON r.source_id = f.source_id AND r.key_hash = f.key_hash
         WHERE e.report_id = ? AND e.id > ?"
            .to_owned();
    let mut values = vec![Value::Integer(report_id), Value::Integer(after)];
    if !filter.fates.is_empty() {
        let list: Vec<String> = filter
            .fates
            .iter()
            .map(|fate| (*fate as i64).to_string())
            .collect();
        sql.push_str(&format!(" AND e.fate IN ({})", list.join(", ")));
    }
    if let Some(department) = &filter.department {
        sql.push_str(" AND e.department = ?");
        values.push(Value::Text(department.clone()));
    }
    sql.push_str(&format!(" ORDER BY e.id LIMIT {limit}"));
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the first and the last of a report's records were first seen, unix ms.
///
/// # Errors
/// SQLite's.
pub fn period(connection: &Connection, report_id: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let (first, last): (Option<i64>, Option<i64>) = connection.query_row(
        "SELECT MIN(r.first_seen_at), MAX(r.first_seen_at)
         FROM report_entry e
         JOIN reference f ON f.id = e.reference_id
         JOIN rejection r ON r.source_id = f.source_id AND r.key_hash = f.key_hash
         WHERE e.report_id = ?1",
        [report_id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(first.zip(last))
}

/// Departments on a report with the number of their records that are still reported.
///
/// # Errors
/// SQLite's.
pub fn departments(
    connection: &Connection,
    report_id: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT department, SUM(n) AS total
         FROM report_count
         WHERE report_id = ?1 AND fate IN (1, 2, 3)
         GROUP BY department
         HAVING total > 0
         ORDER BY department",
    )?;
    let rows = statement.query_map([report_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Puts a rejection on a report: its state becomes reported, and an earlier report of it gives way.
/// Says whether it was put there; only open ones are, and those already reported if `again`.
///
/// # Errors
/// SQLite's.
pub fn add_entry(
    connection: &Connection,
    report_id: i64,
    rejection_id: i64,
    place: &str,
    again: bool,
    act: &Act<'_>,
) -> Result<bool, StoreError> {
    let found: Option<(i64, crate::hash::Hash, i64, Option<String>)> = connection
        .prepare_cached(
            "SELECT source_id, key_hash, state, department
             FROM rejection
             WHERE id = ?1 AND state IN (1, 2) AND outcome <> 3",
        )?
        .query_row([rejection_id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((source_id, key_hash, was, department)) = found else {
        return Ok(false);
    };
    if was == State::Reported as i64 && !again {
        return Ok(false);
    }
    let reference_id = crate::reference::ensure(connection, source_id, &key_hash, place)?;
    connection
        .prepare_cached(
            "UPDATE report_entry SET fate = 8 WHERE reference_id = ?1 AND report_id <> ?2 AND fate IN (1, 2, 3, 5)",
        )?
        .execute(params![reference_id, report_id])?;
    connection
        .prepare_cached("UPDATE reference SET answer = NULL WHERE id = ?1 AND answer IS NOT NULL")?
        .execute([reference_id])?;
    let added = connection
        .prepare_cached(
            "INSERT INTO report_entry (report_id, reference_id, department, fate, was)
             VALUES (?1, ?2, ?3, 1, ?4)
             ON CONFLICT (report_id, reference_id) DO NOTHING",
        )?
        .execute(params![
            report_id,
            reference_id,
            department.unwrap_or_default(),
            was
        ])?;
    if was != State::Reported as i64 {
        rejection_version::keep(connection, rejection_id, act)?;
        connection
            .prepare_cached("UPDATE rejection SET state = 2 WHERE id = ?1")?
            .execute([rejection_id])?;
    }
    connection
        .prepare_cached("UPDATE report SET entries = entries + ?2 WHERE id = ?1")?
        .execute(params![report_id, added as i64])?;
    Ok(added == 1)
}

/// Takes records that still are as reported off a report: they become what they were before. Those that
/// changed since stay as they are. Gives how many were looked at and how many were put back.
///
/// # Errors
/// SQLite's.
pub fn withdraw_entries(
    connection: &Connection,
    report_id: i64,
    limit: u32,
    act: &Act<'_>,
) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT e.id, e.reference_id, e.was, r.id
         FROM report_entry e
         JOIN reference f ON f.id = e.reference_id
         LEFT JOIN rejection r ON r.source_id = f.source_id AND r.key_hash = f.key_hash AND r.state = 2
         WHERE e.report_id = ?1 AND e.fate IN (1, 2, 3)
         ORDER BY e.id
         LIMIT ?2",
    )?;
    let rows: Vec<(i64, i64, i64, Option<i64>)> = statement
        .query_map(params![report_id, limit], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<_, _>>()?;
    for (entry, reference, was, rejection) in &rows {
        connection
            .prepare_cached("UPDATE report_entry SET fate = 7 WHERE id = ?1")?
            .execute([entry])?;
        put_back_earlier(connection, *entry, *reference, *was)?;
        if let Some(id) = rejection
            && *was == State::Open as i64
        {
            rejection_version::keep(connection, *id, act)?;
            connection
                .prepare_cached("UPDATE rejection SET state = 1 WHERE id = ?1")?
                .execute([id])?;
        }
    }
    Ok(rows.len() as i64)
}

/// The report before counts again, with the answer that it had.
fn put_back_earlier(
    connection: &Connection,
    entry: i64,
    reference: i64,
    was: i64,
) -> Result<(), StoreError> {
    let earlier: Option<i64> = connection
        .prepare_cached(
            "SELECT MAX(id) FROM report_entry WHERE reference_id = ?1 AND id < ?2 AND fate = 8",
        )?
        .query_row([reference, entry], |row| row.get(0))?;
    let Some(earlier) = earlier else {
        return Ok(());
    };
    let answer = last_answer(connection, reference)?.map(|answer| answer.state);
    let fate = match answer.as_deref() {
        _ if was == State::Open as i64 => Fate::OpenAgain,
        None => Fate::Waiting,
        Some("corrected") => Fate::Corrected,
        Some(_) => Fate::Answered,
    };
    connection
        .prepare_cached("UPDATE reference SET answer = ?2 WHERE id = ?1")?
        .execute(params![reference, answer])?;
    connection
        .prepare_cached("UPDATE report_entry SET fate = ?2 WHERE id = ?1")?
        .execute(params![earlier, fate as i64])?;
    Ok(())
}

/// Keys of records that are said to be corrected while no corrected one came: of one report, or of all
/// that the connection has.
///
/// # Errors
/// SQLite's.
pub fn unseen_keys(
    connection: &Connection,
    connection_id: i64,
    report_id: Option<i64>,
    limit: usize,
) -> Result<Vec<(DatasetId, String)>, StoreError> {
    let narrow = match report_id {
        Some(id) => format!(" AND p.id = {id}"),
        None => " AND p.closed_at IS NULL".to_owned(),
    };
    let mut statement = connection.prepare(&format!(
        "SELECT s.dataset, r.record_key
         FROM report p
         JOIN report_entry e ON e.report_id = p.id AND e.fate = 3
         JOIN reference f ON f.id = e.reference_id
         JOIN source s ON s.id = f.source_id
         JOIN rejection r ON r.source_id = f.source_id AND r.key_hash = f.key_hash
         WHERE p.connection_id = ?1{narrow}
         ORDER BY e.id
         LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![connection_id, limit as i64], |row| {
        Ok((source::dataset(row, 0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many records of a connection's open reports wait longer than their term, and how many are said to
/// be corrected while no corrected one came.
///
/// # Errors
/// SQLite's.
pub fn due_entries(
    connection: &Connection,
    connection_id: Option<i64>,
    today: &str,
) -> Result<(i64, i64), StoreError> {
    let narrow = match connection_id {
        Some(id) => format!(" AND p.connection_id = {id}"),
        None => String::new(),
    };
    Ok(connection.query_row(
        &format!(
            "SELECT COALESCE(SUM(CASE WHEN c.fate = 1 AND p.due_on < ?1 THEN c.n END), 0),
               COALESCE(SUM(CASE WHEN c.fate = 3 THEN c.n END), 0)
             FROM report p
             JOIN report_count c ON c.report_id = p.id
             WHERE p.closed_at IS NULL AND p.withdrawn_at IS NULL{narrow}"
        ),
        [today],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// A report that a record is or was on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterRow {
    /// The report.
    pub report_id: i64,
    /// When it was made, unix ms.
    pub made_at: i64,
    /// By whom.
    pub actor: String,
    /// The last day of its term.
    pub due_on: String,
    /// What became of the record on it.
    pub fate: Fate,
}

/// The reports that a record is or was on, newest first.
///
/// # Errors
/// SQLite's.
pub fn letters_of(
    connection: &Connection,
    reference_id: i64,
) -> Result<Vec<LetterRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT p.id, p.made_at, p.actor, p.due_on, e.fate
         FROM report_entry e
         JOIN report p ON p.id = e.report_id
         WHERE e.reference_id = ?1
         ORDER BY e.id DESC
         LIMIT 50",
    )?;
    let rows = statement.query_map([reference_id], |row| {
        Ok(LetterRow {
            report_id: row.get(0)?,
            made_at: row.get(1)?,
            actor: row.get(2)?,
            due_on: row.get(3)?,
            fate: Fate::of_number(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

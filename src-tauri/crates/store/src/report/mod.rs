//! Tables `report`, `report_entry`, `report_count`, `answer`: lists of problems that were handed to a
//! provider (问题清单), what became of each record on them, and what was answered.
//!
//! An entry's fate follows its rejection by triggers, and counters follow the entries: a report says at
//! any time how many were answered, resolved themselves or still wait, without counting.

mod answers;
mod entries;

pub use answers::{AnswerRow, NewAnswer, answer, answers_of, last_answer};
pub use entries::{
    EntryFilter, EntryRow, LetterRow, add_entry, departments, due_entries, entries, letters_of,
    period, unseen_keys, withdraw_entries,
};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;

/// What became of a record on a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// 待答复.
    Waiting = 1,
    /// 已答复: explained, in progress, unable, not theirs.
    Answered = 2,
    /// 称已更正: said to be corrected, but no corrected record came yet.
    Corrected = 3,
    /// 已解决: a corrected record was accepted, or the record was withdrawn.
    Resolved = 4,
    /// 重新待处理: it came again, changed and still wrong, or was opened again.
    OpenAgain = 5,
    /// 另行处理: ignored or overridden.
    Settled = 6,
    /// 已撤回: the report was withdrawn.
    Withdrawn = 7,
    /// 转入后续清单: on a later report.
    Later = 8,
}

impl Fate {
    /// All fates.
    pub const ALL: [Fate; 8] = [
        Fate::Waiting,
        Fate::Answered,
        Fate::Corrected,
        Fate::Resolved,
        Fate::OpenAgain,
        Fate::Settled,
        Fate::Withdrawn,
        Fate::Later,
    ];

    /// The fate's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Fate::Waiting => "waiting",
            Fate::Answered => "answered",
            Fate::Corrected => "corrected",
            Fate::Resolved => "resolved",
            Fate::OpenAgain => "open_again",
            Fate::Settled => "settled",
            Fate::Withdrawn => "withdrawn",
            Fate::Later => "later",
        }
    }

    /// The fate of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fate| fate.as_str() == name)
    }

    pub(crate) fn of_number(number: i64) -> Self {
        Self::ALL
            .into_iter()
            .find(|fate| *fate as i64 == number)
            .unwrap_or(Fate::Waiting)
    }
}

/// A report that begins.
#[derive(Debug, Clone)]
pub struct NewReport<'a> {
    /// The connection.
    pub connection_id: i64,
    /// When, unix ms.
    pub at: i64,
    /// Who.
    pub actor: &'a str,
    /// Which rejections, as JSON text.
    pub filter: &'a str,
    /// workbook, workbooks or csv.
    pub form: &'a str,
    /// The file.
    pub path: &'a str,
    /// The last day of the term, `YYYY-MM-DD`.
    pub due_on: &'a str,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// When it was made, unix ms.
    pub made_at: i64,
    /// By whom.
    pub actor: String,
    /// Which rejections, as JSON text.
    pub filter: String,
    /// workbook, workbooks or csv.
    pub form: String,
    /// The file.
    pub path: String,
    /// The last day of the term.
    pub due_on: String,
    /// Records on it.
    pub entries: i64,
    /// When its file was written.
    pub written_at: Option<i64>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<i64>,
    /// By whom.
    pub withdrawn_by: Option<String>,
    /// When it was closed.
    pub closed_at: Option<i64>,
    /// By whom.
    pub closed_by: Option<String>,
}

const ROW: &str =
    "SELECT id, connection_id, made_at, actor, filter, form, path, due_on, entries, written_at,
    withdrawn_at, withdrawn_by, closed_at, closed_by
  FROM report";

fn read(row: &Row<'_>) -> rusqlite::Result<ReportRow> {
    Ok(ReportRow {
        id: row.get(0)?,
        connection_id: row.get(1)?,
        made_at: row.get(2)?,
        actor: row.get(3)?,
        filter: row.get(4)?,
        form: row.get(5)?,
        path: row.get(6)?,
        due_on: row.get(7)?,
        entries: row.get(8)?,
        written_at: row.get(9)?,
        withdrawn_at: row.get(10)?,
        withdrawn_by: row.get(11)?,
        closed_at: row.get(12)?,
        closed_by: row.get(13)?,
    })
}

/// Begins a report; gives its number.
///
/// # Errors
/// SQLite's.
pub fn insert(connection: &Connection, new: &NewReport<'_>) -> Result<i64, StoreError> {
    connection.execute(
        "INSERT INTO report (connection_id, made_at, actor, filter, form, path, due_on)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            new.connection_id,
            new.at,
            new.actor,
            new.filter,
            new.form,
            new.path,
            new.due_on
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Notes that the report's file was written.
///
/// # Errors
/// SQLite's.
pub fn finish(
    connection: &Connection,
    id: i64,
    form: &str,
    path: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE report SET written_at = ?2, form = ?3, path = ?4 WHERE id = ?1",
        params![id, at, form, path],
    )?;
    Ok(())
}

/// Removes a report that never was handed over.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, id: i64) -> Result<(), StoreError> {
    connection.execute("DELETE FROM report WHERE id = ?1", [id])?;
    Ok(())
}

/// Marks a report as withdrawn.
///
/// # Errors
/// SQLite's.
pub fn withdraw(connection: &Connection, id: i64, actor: &str, at: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE report SET withdrawn_at = ?2, withdrawn_by = ?3 WHERE id = ?1",
        params![id, at, actor],
    )?;
    Ok(())
}

/// Closes a report, or opens it again.
///
/// # Errors
/// SQLite's.
pub fn close(
    connection: &Connection,
    id: i64,
    closed: Option<(&str, i64)>,
) -> Result<(), StoreError> {
    let (by, at) = closed.unzip();
    connection.execute(
        "UPDATE report SET closed_at = ?2, closed_by = ?3 WHERE id = ?1",
        params![id, at, by],
    )?;
    Ok(())
}

/// Sets the last day of a report's term.
///
/// # Errors
/// SQLite's.
pub fn set_due(connection: &Connection, id: i64, due_on: &str) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE report SET due_on = ?2 WHERE id = ?1",
        params![id, due_on],
    )?;
    Ok(())
}

/// One report.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<ReportRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{ROW} WHERE id = ?1"))?
        .query_row([id], read)
        .optional()?)
}

/// The last reports of a connection or of all, newest first.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    connection_id: Option<i64>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<ReportRow>, StoreError> {
    let narrow = match connection_id {
        Some(id) => format!(" AND connection_id = {id}"),
        None => String::new(),
    };
    let mut statement = connection.prepare(&format!(
        "{ROW} WHERE id < ?1{narrow} ORDER BY id DESC LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![before.unwrap_or(i64::MAX), limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many records of each department have which fate.
///
/// # Errors
/// SQLite's.
pub fn counts(connection: &Connection, id: i64) -> Result<Vec<(String, Fate, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT department, fate, n
         FROM report_count
         WHERE report_id = ?1 AND n > 0
         ORDER BY department, fate",
    )?;
    let rows = statement.query_map([id], |row| {
        Ok((row.get(0)?, Fate::of_number(row.get(1)?), row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;

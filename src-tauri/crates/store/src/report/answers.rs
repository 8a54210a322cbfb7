//! What providers answered.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;

/// An answer that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnswer<'a> {
    /// corrected, explained, in_progress, unable or not_ours.
    pub state: &'a str,
    /// What was said.
    pub words: &'a str,
    /// Who said so.
    pub answered_by: &'a str,
    /// When, as it was written.
    pub answered_on: &'a str,
    /// The file that it came in.
    pub file: &'a str,
    /// Who took it in.
    pub actor: &'a str,
    /// When, unix ms.
    pub at: i64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// Its number.
    pub id: i64,
    /// corrected, explained, in_progress, unable or not_ours.
    pub state: String,
    /// What was said.
    pub words: String,
    /// Who said so.
    pub answered_by: String,
    /// When, as it was written.
    pub answered_on: String,
    /// The file that it came in.
    pub file: String,
    /// When it was taken in, unix ms.
    pub received_at: i64,
    /// By whom.
    pub actor: String,
}

const ROW: &str =
    "SELECT id, state, words, answered_by, answered_on, file, received_at, actor FROM answer";

fn read(row: &Row<'_>) -> rusqlite::Result<AnswerRow> {
    Ok(AnswerRow {
        id: row.get(0)?,
        state: row.get(1)?,
        words: row.get(2)?,
        answered_by: row.get(3)?,
        answered_on: row.get(4)?,
        file: row.get(5)?,
        received_at: row.get(6)?,
        actor: row.get(7)?,
    })
}

/// Keeps an answer about a record; its entry in the last report follows.
///
/// # Errors
/// SQLite's.
pub fn answer(
    connection: &Connection,
    reference_id: i64,
    new: &NewAnswer<'_>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO answer (reference_id, state, words, answered_by, answered_on, file, received_at, actor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            reference_id,
            new.state,
            new.words,
            new.answered_by,
            new.answered_on,
            new.file,
            new.at,
            new.actor
        ])?;
    connection
        .prepare_cached("UPDATE reference SET answer = ?2 WHERE id = ?1")?
        .execute(params![reference_id, new.state])?;
    connection
        .prepare_cached(
            "UPDATE report_entry
             SET fate = CASE ?2 WHEN 'corrected' THEN 3 ELSE 2 END
             WHERE reference_id = ?1 AND fate IN (1, 2, 3)",
        )?
        .execute(params![reference_id, new.state])?;
    Ok(())
}

/// The last answer about a record.
///
/// # Errors
/// SQLite's.
pub fn last_answer(
    connection: &Connection,
    reference_id: i64,
) -> Result<Option<AnswerRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "{ROW} WHERE reference_id = ?1 ORDER BY id DESC LIMIT 1"
        ))?
        .query_row([reference_id], read)
        .optional()?)
}

/// The answers about a record, newest first.
///
/// # Errors
/// SQLite's.
pub fn answers_of(
    connection: &Connection,
    reference_id: i64,
) -> Result<Vec<AnswerRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{ROW} WHERE reference_id = ?1 ORDER BY id DESC LIMIT 50"
    ))?;
    let rows = statement.query_map([reference_id], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

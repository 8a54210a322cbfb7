//! Table `binding_sign_off`, and how the bindings differ from what was signed last.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::binding::{self, BindingRow};
use crate::error::StoreError;

const DRIFTED: &str =
    "(signed_state IS NULL OR signed_state <> state OR signed_conflicts <> conflicts)";

/// A review that was signed off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOff {
    /// Its number.
    pub id: i64,
    /// When, unix ms.
    pub signed_at: i64,
    /// By whom.
    pub signed_by: String,
    /// What they noted.
    pub note: String,
    /// The counts as they were signed, as JSON.
    pub summary: String,
    /// What had changed since the one before, as JSON.
    pub drift: Option<String>,
}

/// Bindings that changed alike since the last sign-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted {
    /// State then; none for a new binding.
    pub signed_state: Option<i64>,
    /// State now.
    pub state: i64,
    /// Set of conflicts then.
    pub signed_conflicts: i64,
    /// Set of conflicts now.
    pub conflicts: i64,
    /// Bindings.
    pub n: i64,
}

/// Which of the changed bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that were not there.
    New,
    /// Those whose state was this and is that.
    State(i64, i64),
    /// Those with a conflict that they did not have.
    Conflict(i64),
    /// Those that had a conflict and have it no more.
    Ended(i64),
}

/// A binding that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Its place in the list.
    pub id: i64,
    /// Kind of account.
    pub kind: i64,
    /// The account, where there was one.
    pub account_id: Option<String>,
    /// Its state then.
    pub state: i64,
    /// Its conflicts then.
    pub conflicts: i64,
}

/// Signs the bindings as they are; gives the number.
///
/// # Errors
/// SQLite's.
pub fn sign(
    connection: &Connection,
    connection_id: i64,
    sign_off: &SignOff,
) -> Result<i64, StoreError> {
    connection.execute(
        &format!(
            "UPDATE binding
             SET signed_state = state, signed_conflicts = conflicts
             WHERE connection_id = ?1 AND {DRIFTED}"
        ),
        [connection_id],
    )?;
    connection.execute(
        "DELETE FROM binding_gone WHERE connection_id = ?1",
        [connection_id],
    )?;
    connection.execute(
        "INSERT INTO binding_sign_off (connection_id, signed_at, signed_by, note, summary, drift)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            connection_id,
            sign_off.signed_at,
            sign_off.signed_by,
            sign_off.note,
            sign_off.summary,
            sign_off.drift
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// The newest sign-offs, before one, at most so many.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    connection_id: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<SignOff>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, signed_at, signed_by, note, summary, drift
         FROM binding_sign_off
         WHERE connection_id = ?1 AND id < ?2
         ORDER BY id DESC
         LIMIT ?3",
    )?;
    let rows = statement.query_map(
        params![connection_id, before.unwrap_or(i64::MAX), limit],
        read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A sign-off.
///
/// # Errors
/// SQLite's.
pub fn get(
    connection: &Connection,
    connection_id: i64,
    id: i64,
) -> Result<Option<SignOff>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, signed_at, signed_by, note, summary, drift
             FROM binding_sign_off
             WHERE connection_id = ?1 AND id = ?2",
        )?
        .query_row([connection_id, id], read)
        .optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SignOff> {
    Ok(SignOff {
        id: row.get(0)?,
        signed_at: row.get(1)?,
        signed_by: row.get(2)?,
        note: row.get(3)?,
        summary: row.get(4)?,
        drift: row.get(5)?,
    })
}

/// How the bindings differ from what was signed last.
///
/// # Errors
/// SQLite's.
pub fn drift(connection: &Connection, connection_id: i64) -> Result<Vec<Drifted>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT signed_state, state, COALESCE(signed_conflicts, 0), conflicts, COUNT(*)
         FROM binding
         WHERE connection_id = ?1 AND {DRIFTED}
         GROUP BY 1, 2, 3, 4"
    ))?;
    let rows = statement.query_map([connection_id], |row| {
        Ok(Drifted {
            signed_state: row.get(0)?,
            state: row.get(1)?,
            signed_conflicts: row.get(2)?,
            conflicts: row.get(3)?,
            n: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many bindings are no more.
///
/// # Errors
/// SQLite's.
pub fn gone_count(connection: &Connection, connection_id: i64) -> Result<i64, StoreError> {
    Ok(connection.query_row(
        "SELECT COUNT(*) FROM binding_gone WHERE connection_id = ?1",
        [connection_id],
        |row| row.get(0),
    )?)
}

/// A page of the bindings that changed in one way.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    connection_id: i64,
    which: Which,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<BindingRow>, StoreError> {
    let (part, one, other) = match which {
        Which::New => ("signed_state IS NULL AND ?3 = ?4", 0, 0),
        Which::State(from, to) => ("signed_state = ?3 AND state = ?4", from, to),
        Which::Conflict(bit) => (
            "conflicts & ?3 <> 0 AND COALESCE(signed_conflicts, 0) & ?4 = 0 AND signed_state IS NOT NULL",
            bit,
            bit,
        ),
        Which::Ended(bit) => (
            "conflicts & ?3 = 0 AND signed_conflicts & ?4 <> 0",
            bit,
            bit,
        ),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {}
         FROM binding INDEXED BY binding_drifted
         WHERE connection_id = ?1 AND {DRIFTED} AND id > ?2 AND {part}
         ORDER BY id
         LIMIT ?5",
        binding::COLUMNS
    ))?;
    let rows = statement.query_map(
        params![connection_id, after.unwrap_or(0), one, other, limit],
        binding::read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A page of the bindings that are no more.
///
/// # Errors
/// SQLite's.
pub fn gone(
    connection: &Connection,
    connection_id: i64,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Gone>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, account_id, state, conflicts
         FROM binding_gone
         WHERE connection_id = ?1 AND id > ?2
         ORDER BY id
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![connection_id, after.unwrap_or(0), limit], |row| {
        Ok(Gone {
            id: row.get(0)?,
            kind: row.get(1)?,
            account_id: row.get(2)?,
            state: row.get(3)?,
            conflicts: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

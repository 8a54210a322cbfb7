//! Table `binding`: which portal account belongs to which identity, as last computed.
//!
//! A row is changed only where what was computed differs, so that its number stays as long as its
//! account, or its identity without an account, is there.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;

/// What was computed. Kinds and states are places in their lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// natural, legal or agent.
    pub kind: i64,
    /// How it stands.
    pub state: i64,
    /// The account's record.
    pub account_record: Option<i64>,
    /// The identity's record.
    pub person_record: Option<i64>,
    /// Set of kinds of conflict.
    pub conflicts: i64,
    /// Set of kinds of evidence that were compared.
    pub compared: i64,
    /// Those of them that agree.
    pub agreed: i64,
    /// Numbers of records that would fit, as JSON.
    pub candidates: Option<String>,
}

/// What an account's row has besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountTexts {
    /// Its identifier in the portal.
    pub account_id: Box<str>,
    /// Its site; many accounts share one text.
    pub site: Option<Arc<str>>,
}

/// A binding as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRow {
    /// Its number.
    pub id: i64,
    /// What was computed.
    pub computed: Computed,
    /// The account's identifier.
    pub account_id: Option<String>,
    /// Its site.
    pub site: Option<String>,
    /// The decision that holds.
    pub act: Option<String>,
    /// For "later" its day.
    pub until: Option<String>,
}

/// Columns of a [`BindingRow`].
pub(crate) const COLUMNS: &str =
    "id, kind, state, account_record, person_record, conflicts, compared, agreed,
  candidates, account_id, site, act, until";

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<BindingRow> {
    Ok(BindingRow {
        id: row.get(0)?,
        computed: computed(row)?,
        account_id: row.get(9)?,
        site: row.get(10)?,
        act: row.get(11)?,
        until: row.get(12)?,
    })
}

fn computed(row: &Row<'_>) -> rusqlite::Result<Computed> {
    Ok(Computed {
        kind: row.get(1)?,
        state: row.get(2)?,
        account_record: row.get(3)?,
        person_record: row.get(4)?,
        conflicts: row.get(5)?,
        compared: row.get(6)?,
        agreed: row.get(7)?,
        candidates: row.get(8)?,
    })
}

/// A binding.
///
/// # Errors
/// SQLite's.
pub fn get(
    connection: &Connection,
    connection_id: i64,
    id: i64,
) -> Result<Option<BindingRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM binding WHERE connection_id = ?1 AND id = ?2"
        ))?
        .query_row([connection_id, id], read)
        .optional()?)
}

/// The bindings of the accounts that belong to an identity, at most so many.
///
/// # Errors
/// SQLite's.
pub fn of_person(
    connection: &Connection,
    connection_id: i64,
    person_record: i64,
    limit: u32,
) -> Result<Vec<BindingRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}
         FROM binding
         WHERE connection_id = ?1 AND person_record = ?2 AND account_record IS NOT NULL
         ORDER BY id
         LIMIT ?3"
    ))?;
    let rows = statement.query_map(params![connection_id, person_record, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The binding of an account's identifier.
///
/// # Errors
/// SQLite's.
pub fn of_account(
    connection: &Connection,
    connection_id: i64,
    account_id: &str,
) -> Result<Option<BindingRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM binding WHERE connection_id = ?1 AND account_id = ?2 LIMIT 1"
        ))?
        .query_row(params![connection_id, account_id], read)
        .optional()?)
}

/// Hands what is kept of every binding to `each`, with its number and site.
///
/// # Errors
/// SQLite's, and those of `each`.
pub fn for_each(
    connection: &Connection,
    connection_id: i64,
    mut each: impl FnMut(i64, Computed, Option<String>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM binding WHERE connection_id = ?1 ORDER BY id"
    ))?;
    let mut rows = statement.query([connection_id])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, computed(row)?, row.get(10)?)?;
    }
    Ok(())
}

/// What is kept for an account's record, or for a person's without an account.
///
/// # Errors
/// SQLite's.
pub fn of_record(
    connection: &Connection,
    connection_id: i64,
    record: i64,
    is_account: bool,
) -> Result<Option<BindingRow>, StoreError> {
    let part = if is_account {
        "account_record = ?2"
    } else {
        "person_record = ?2 AND account_record IS NULL"
    };
    Ok(connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM binding WHERE connection_id = ?1 AND {part}"
        ))?
        .query_row([connection_id, record], read)
        .optional()?)
}

/// Adds a binding.
///
/// # Errors
/// SQLite's.
pub fn insert(
    connection: &Connection,
    connection_id: i64,
    new: &Computed,
    texts: Option<&AccountTexts>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO binding (connection_id, kind, state, account_record, person_record, conflicts, compared,
               agreed, candidates, account_id, site)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            connection_id,
            new.kind,
            new.state,
            new.account_record,
            new.person_record,
            new.conflicts,
            new.compared,
            new.agreed,
            new.candidates,
            texts.map(|texts| &*texts.account_id),
            texts.and_then(|texts| texts.site.as_deref())
        ])?;
    Ok(())
}

/// Changes what was computed about a binding.
///
/// # Errors
/// SQLite's.
pub fn update(connection: &Connection, id: i64, new: &Computed) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE binding
             SET kind = ?2, state = ?3, person_record = ?4, conflicts = ?5, compared = ?6, agreed = ?7, candidates = ?8
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            new.kind,
            new.state,
            new.person_record,
            new.conflicts,
            new.compared,
            new.agreed,
            new.candidates
        ])?;
    Ok(())
}

/// Changes an account's site.
///
/// # Errors
/// SQLite's.
pub fn set_site(connection: &Connection, id: i64, site: Option<&str>) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE binding SET site = ?2 WHERE id = ?1")?
        .execute(params![id, site])?;
    Ok(())
}

/// Changes a binding's state, until it is computed.
///
/// # Errors
/// SQLite's.
pub fn set_state(connection: &Connection, id: i64, state: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE binding SET state = ?2 WHERE id = ?1")?
        .execute([id, state])?;
    Ok(())
}

/// Takes a binding out.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, id: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM binding WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Notes the decision that holds for an account, or that none does.
///
/// # Errors
/// SQLite's.
pub fn set_decision(
    connection: &Connection,
    connection_id: i64,
    account_id: &str,
    act: Option<&str>,
    until: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE binding
             SET act = ?3, until = ?4
             WHERE connection_id = ?1 AND account_id = ?2",
        )?
        .execute(params![connection_id, account_id, act, until])?;
    Ok(())
}

/// Notes that the bindings were computed.
///
/// # Errors
/// SQLite's.
pub fn set_computed(
    connection: &Connection,
    connection_id: i64,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO binding_review (connection_id, computed_at)
         VALUES (?1, ?2)
         ON CONFLICT (connection_id) DO UPDATE SET computed_at = excluded.computed_at",
        [connection_id, at],
    )?;
    Ok(())
}

/// When the bindings were last computed, unix ms.
///
/// # Errors
/// SQLite's.
pub fn computed_at(connection: &Connection, connection_id: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT computed_at FROM binding_review WHERE connection_id = ?1")?
        .query_row([connection_id], |row| row.get(0))
        .optional()?)
}

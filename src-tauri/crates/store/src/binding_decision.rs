//! Table `binding_decision`: what people decided about the bindings of portal accounts.
//!
//! The decision that holds for an account is its newest one that was not undone.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingDecision {
    /// Its number; 0 for one that is to be written.
    pub id: i64,
    /// The act that it belongs to.
    pub bulk_id: i64,
    /// natural, legal or agent.
    pub kind: String,
    /// The portal account.
    pub account_id: String,
    /// link, unlink, merge, do_not_touch or later.
    pub act: String,
    /// For a link the identity, for an unlink the one that the account was bound to.
    pub identity_key: Option<String>,
    /// For a merge the account that remains.
    pub remaining_account_id: Option<String>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub actor: String,
    /// When, unix ms.
    pub decided_at: i64,
    /// For "later" the day from which it is asked again, as `YYYY-MM-DD`.
    pub until: Option<String>,
    /// When it was taken back, unix ms.
    pub undone_at: Option<i64>,
    /// Who took it back.
    pub undone_by: Option<String>,
    /// When the portal took it, unix ms.
    pub delivered_at: Option<i64>,
    /// What the portal answered where it did not take it.
    pub delivery_error: Option<String>,
}

/// Writes a decision; gives its number.
///
/// # Errors
/// SQLite's.
pub fn add(
    connection: &Connection,
    connection_id: i64,
    decision: &BindingDecision,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO binding_decision (connection_id, bulk_id, kind, account_id, act, identity_key,
               remaining_account_id, reason, actor, decided_at, until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            connection_id,
            decision.bulk_id,
            decision.kind,
            decision.account_id,
            decision.act,
            decision.identity_key,
            decision.remaining_account_id,
            decision.reason,
            decision.actor,
            decision.decided_at,
            decision.until
        ])?;
    Ok(connection.last_insert_rowid())
}

/// The decisions that hold, newest of each account, by account: those after `after`, at most `limit`.
///
/// # Errors
/// SQLite's.
pub fn holding(
    connection: &Connection,
    connection_id: i64,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<BindingDecision>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT max(id), bulk_id, kind, account_id, act, identity_key, remaining_account_id, reason, actor,
           decided_at, until, undone_at, undone_by, delivered_at, delivery_error
         FROM binding_decision
         WHERE connection_id = ?1 AND account_id > ?2 AND undone_at IS NULL
         GROUP BY account_id
         ORDER BY account_id
         LIMIT ?3",
    )?;
    let rows = statement.query_map(
        params![connection_id, after.unwrap_or_default(), limit],
        read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The decision that holds for an account.
///
/// # Errors
/// SQLite's.
pub fn of_account(
    connection: &Connection,
    connection_id: i64,
    account_id: &str,
) -> Result<Option<BindingDecision>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, bulk_id, kind, account_id, act, identity_key, remaining_account_id, reason, actor, decided_at,
               until, undone_at, undone_by, delivered_at, delivery_error
             FROM binding_decision
             WHERE connection_id = ?1 AND account_id = ?2 AND undone_at IS NULL
             ORDER BY id DESC
             LIMIT 1",
        )?
        .query_row(params![connection_id, account_id], read)
        .optional()?)
}

/// The number of the next act.
///
/// # Errors
/// SQLite's.
pub fn next_bulk(connection: &Connection, connection_id: i64) -> Result<i64, StoreError> {
    Ok(connection.query_row(
        "SELECT COALESCE(MAX(bulk_id), 0) + 1 FROM binding_decision WHERE connection_id = ?1",
        [connection_id],
        |row| row.get(0),
    )?)
}

/// The decisions of an act by number: those after `after`, at most `limit`.
///
/// # Errors
/// SQLite's.
pub fn of_bulk(
    connection: &Connection,
    connection_id: i64,
    bulk_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<BindingDecision>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, bulk_id, kind, account_id, act, identity_key, remaining_account_id, reason, actor, decided_at,
           until, undone_at, undone_by, delivered_at, delivery_error
         FROM binding_decision
         WHERE connection_id = ?1 AND bulk_id = ?2 AND id > ?3
         ORDER BY id
         LIMIT ?4",
    )?;
    let rows = statement.query_map(params![connection_id, bulk_id, after, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes a decision back.
///
/// # Errors
/// SQLite's.
pub fn undo(connection: &Connection, id: i64, at: i64, by: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE binding_decision
             SET undone_at = ?2, undone_by = ?3
             WHERE id = ?1",
        )?
        .execute(params![id, at, by])?;
    Ok(())
}

/// An act with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Its number.
    pub bulk_id: i64,
    /// link, unlink, merge, do_not_touch or later.
    pub act: String,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub actor: String,
    /// When, unix ms.
    pub decided_at: i64,
    /// For "later" the day.
    pub until: Option<String>,
    /// Accounts.
    pub accounts: i64,
    /// Those whose decision was taken back.
    pub undone: i64,
    /// Those whose decision the portal took.
    pub delivered: i64,
    /// One of the accounts.
    pub account_id: String,
}

/// The newest acts, before one, at most so many.
///
/// # Errors
/// SQLite's.
pub fn acts(
    connection: &Connection,
    connection_id: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Act>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT bulk_id, act, reason, actor, MAX(decided_at), until, COUNT(*), COUNT(undone_at), COUNT(delivered_at),
           account_id
         FROM binding_decision
         WHERE connection_id = ?1 AND bulk_id < ?2
         GROUP BY bulk_id
         ORDER BY bulk_id DESC
         LIMIT ?3",
    )?;
    let rows = statement.query_map(
        params![connection_id, before.unwrap_or(i64::MAX), limit],
        |row| {
            Ok(Act {
                bulk_id: row.get(0)?,
                act: row.get(1)?,
                reason: row.get(2)?,
                actor: row.get(3)?,
                decided_at: row.get(4)?,
                until: row.get(5)?,
                accounts: row.get(6)?,
                undone: row.get(7)?,
                delivered: row.get(8)?,
                account_id: row.get(9)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<BindingDecision> {
    Ok(BindingDecision {
        id: row.get(0)?,
        bulk_id: row.get(1)?,
        kind: row.get(2)?,
        account_id: row.get(3)?,
        act: row.get(4)?,
        identity_key: row.get(5)?,
        remaining_account_id: row.get(6)?,
        reason: row.get(7)?,
        actor: row.get(8)?,
        decided_at: row.get(9)?,
        until: row.get(10)?,
        undone_at: row.get(11)?,
        undone_by: row.get(12)?,
        delivered_at: row.get(13)?,
        delivery_error: row.get(14)?,
    })
}

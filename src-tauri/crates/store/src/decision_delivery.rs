//! Table `decision_delivery`: how decisions about bindings went to the portal.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::error::StoreError;

/// A decision that is to be brought to the portal, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRow {
    /// The decision.
    pub decision_id: i64,
    /// The portal account.
    pub account_id: String,
    /// natural, legal or agent.
    pub kind: String,
    /// link, unlink or merge.
    pub act: String,
    /// For a link the identity, for an unlink the one that the account was bound to.
    pub identity_key: Option<String>,
    /// For a merge the account that remains.
    pub remaining_account_id: Option<String>,
    /// When it was decided, unix ms.
    pub decided_at: i64,
    /// Whether it was taken back, so that what was before has to be put back.
    pub restores: bool,
    /// How its delivery stands; `waiting` before the first try.
    pub state: String,
    /// What the account had before it was sent.
    pub before_bound_to: Option<String>,
    /// Whether the account could be used before.
    pub before_active: Option<bool>,
    /// What the account was given.
    pub sent_bound_to: Option<String>,
    /// What was wrong.
    pub message: Option<String>,
    /// How often it was sent.
    pub tries: i64,
    /// When something last happened, unix ms.
    pub at: Option<i64>,
}

/// Every delivery that there is or should be, as one list: decisions that hold and have an act for the
/// portal, and decisions that were taken back after they had arrived or may have. One that was taken
/// back is left out where a newer one holds for the same account: that one decides what it has.
const DUE: &str = "
  SELECT d.id, d.account_id, d.kind, d.act, d.identity_key, d.remaining_account_id, d.decided_at,
    d.undone_at IS NOT NULL AS restores, COALESCE(w.state, 'waiting') AS state,
    COALESCE(a.before_bound_to, w.before_bound_to), COALESCE(a.before_active, w.before_active),
    COALESCE(a.sent_bound_to, w.sent_bound_to), w.message, COALESCE(w.tries, 0), w.at
  FROM binding_decision d
  LEFT JOIN decision_delivery w ON w.decision_id = d.id AND w.restores = (d.undone_at IS NOT NULL)
  LEFT JOIN decision_delivery a ON a.decision_id = d.id AND a.restores = 0 AND d.undone_at IS NOT NULL
  WHERE d.connection_id = ?1 AND d.act IN ('link', 'unlink', 'merge')
    AND NOT EXISTS (
      SELECT 1 FROM binding_decision n
      WHERE n.connection_id = d.connection_id AND n.account_id = d.account_id AND n.id > d.id
        AND n.undone_at IS NULL
    )
    AND (d.undone_at IS NULL OR a.state IN ('sending', 'delivered', 'failed'))";

fn read(row: &Row<'_>) -> rusqlite::Result<DueRow> {
    Ok(DueRow {
        decision_id: row.get(0)?,
        account_id: row.get(1)?,
        kind: row.get(2)?,
        act: row.get(3)?,
        identity_key: row.get(4)?,
        remaining_account_id: row.get(5)?,
        decided_at: row.get(6)?,
        restores: row.get(7)?,
        state: row.get(8)?,
        before_bound_to: row.get(9)?,
        before_active: row.get(10)?,
        sent_bound_to: row.get(11)?,
        message: row.get(12)?,
        tries: row.get(13)?,
        at: row.get(14)?,
    })
}

/// Deliveries, newest decision first: those with a number below `before`, at most `limit`. `open` leaves
/// out what has arrived.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    connection_id: i64,
    open: bool,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<DueRow>, StoreError> {
    // Of two decisions about an account that were both taken back the newer is made good first, so that
    // each finds what it left.
    let mut statement = connection.prepare_cached(&format!(
        "{DUE}
         AND (?2 IS NULL OR d.id < ?2)
         AND (NOT ?3 OR w.state IS NULL OR w.state NOT IN ('delivered', 'already'))
         ORDER BY d.id DESC
         LIMIT ?4"
    ))?;
    let rows = statement.query_map(params![connection_id, before, open, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One delivery as it stands, if it is still to be done or was.
///
/// # Errors
/// SQLite's.
pub fn get(
    connection: &Connection,
    connection_id: i64,
    decision_id: i64,
    restores: bool,
) -> Result<Option<DueRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "{DUE} AND d.id = ?2 AND (d.undone_at IS NOT NULL) = ?3"
        ))?
        .query_row(params![connection_id, decision_id, restores], read)
        .optional()?)
}

/// Deliveries by state, `waiting` among them.
///
/// # Errors
/// SQLite's.
pub fn counts(
    connection: &Connection,
    connection_id: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT state, COUNT(*) FROM ({DUE}) GROUP BY state ORDER BY state"
    ))?;
    let rows = statement.query_map([connection_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was last given to an account by other decisions than this one; nothing when nothing was.
///
/// # Errors
/// SQLite's.
pub fn last_given(
    connection: &Connection,
    connection_id: i64,
    account_id: &str,
    decision_id: i64,
) -> Result<Option<Option<String>>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT sent_bound_to
             FROM decision_delivery
             WHERE connection_id = ?1 AND account_id = ?2 AND decision_id <> ?3 AND tries > 0
             ORDER BY at DESC, id DESC
             LIMIT 1",
        )?
        .query_row(params![connection_id, account_id, decision_id], |row| {
            row.get(0)
        })
        .optional()?)
}

/// Notes that it is about to be sent, and what the account has before.
///
/// # Errors
/// SQLite's.
pub fn claim(
    connection: &Connection,
    connection_id: i64,
    due: &DueRow,
    before: (Option<&str>, Option<bool>),
    sends: Option<&str>,
    owner: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO decision_delivery (decision_id, connection_id, account_id, restores, state,
               before_bound_to, before_active, sent_bound_to, tries, owner, at)
             VALUES (?1, ?2, ?3, ?4, 'sending', ?5, ?6, ?7, 1, ?8, ?9)
             ON CONFLICT (decision_id, restores) DO UPDATE
             SET state = 'sending', before_bound_to = excluded.before_bound_to,
               before_active = excluded.before_active, sent_bound_to = excluded.sent_bound_to,
               tries = tries + 1, owner = excluded.owner, message = NULL, at = excluded.at",
        )?
        .execute(params![
            due.decision_id,
            connection_id,
            due.account_id,
            due.restores,
            before.0,
            before.1,
            sends,
            owner,
            at
        ])?;
    Ok(())
}

/// Notes how it ended.
///
/// # Errors
/// SQLite's.
pub fn finish(
    connection: &Connection,
    connection_id: i64,
    due: &DueRow,
    state: &str,
    message: Option<&str>,
    at: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO decision_delivery (decision_id, connection_id, account_id, restores, state, message, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (decision_id, restores) DO UPDATE
             SET state = excluded.state, message = excluded.message, owner = NULL, at = excluded.at",
        )?
        .execute(params![
            due.decision_id,
            connection_id,
            due.account_id,
            due.restores,
            state,
            message,
            at
        ])?;
    let arrived = matches!(state, "delivered" | "already");
    if !due.restores {
        connection
            .prepare_cached(
                "UPDATE binding_decision SET delivered_at = ?2, delivery_error = ?3 WHERE id = ?1",
            )?
            .execute(params![
                due.decision_id,
                arrived.then_some(at),
                if arrived { None } else { message }
            ])?;
    }
    Ok(())
}

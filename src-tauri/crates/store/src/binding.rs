//! Table `binding`: which portal account belongs to which identity, as last computed.
//!
//! A row is changed only where what was computed differs, so that its number stays as long as its
//! account, or its identity without an account, is there.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use crate::binding_count::Counts;
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountTexts<'a> {
    /// Its identifier in the portal.
    pub account_id: Option<&'a str>,
    /// Its site.
    pub site: Option<&'a str>,
    /// The decision that holds.
    pub act: Option<&'a str>,
    /// For "later" its day.
    pub until: Option<&'a str>,
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
    counts: &mut Counts,
    connection_id: i64,
    new: &Computed,
    texts: AccountTexts<'_>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO binding (connection_id, kind, state, account_record, person_record, conflicts, compared,
               agreed, candidates, account_id, site, act, until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
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
            texts.account_id,
            texts.site,
            texts.act,
            texts.until
        ])?;
    counts.add(new, texts.site, texts.act, texts.until);
    Ok(())
}

/// Changes what differs of what was computed about a binding, and of its site. SQLite writes every index
/// that has a column which is set, whether the value differs or not.
///
/// # Errors
/// SQLite's.
pub fn update(
    connection: &Connection,
    counts: &mut Counts,
    kept: &BindingRow,
    new: &Computed,
    site: Option<&str>,
) -> Result<(), StoreError> {
    let old = &kept.computed;
    let numbers = [
        ("kind", Some(old.kind), Some(new.kind)),
        ("state", Some(old.state), Some(new.state)),
        ("person_record", old.person_record, new.person_record),
        ("conflicts", Some(old.conflicts), Some(new.conflicts)),
        ("compared", Some(old.compared), Some(new.compared)),
        ("agreed", Some(old.agreed), Some(new.agreed)),
    ];
    let texts = [
        (
            "candidates",
            old.candidates.as_deref(),
            new.candidates.as_deref(),
        ),
        ("site", kept.site.as_deref(), site),
    ];
    let mut set: Vec<&str> = Vec::new();
    let mut values: Vec<&dyn ToSql> = Vec::new();
    for (name, _, value) in numbers.iter().filter(|(_, old, new)| old != new) {
        set.push(name);
        values.push(value);
    }
    for (name, _, value) in texts.iter().filter(|(_, old, new)| old != new) {
        set.push(name);
        values.push(value);
    }
    if set.is_empty() {
        return Ok(());
    }
    values.push(&kept.id);
    let sql = format!("UPDATE binding SET {} = ? WHERE id = ?", set.join(" = ?, "));
    connection
        .prepare_cached(&sql)?
        .execute(values.as_slice())?;
    counts.take(kept);
    let (act, until) = (kept.act.as_deref(), kept.until.as_deref());
    counts.add(new, site, act, until);
    Ok(())
}

/// Changes a binding's state, until it is computed.
///
/// # Errors
/// SQLite's.
pub fn set_state(
    connection: &Connection,
    connection_id: i64,
    id: i64,
    state: i64,
) -> Result<(), StoreError> {
    let Some(mut kept) = get(connection, connection_id, id)? else {
        return Ok(());
    };
    connection
        .prepare_cached("UPDATE binding SET state = ?2 WHERE id = ?1")?
        .execute([id, state])?;
    let mut counts = Counts::default();
    counts.take(&kept);
    kept.computed.state = state;
    counts.add(
        &kept.computed,
        kept.site.as_deref(),
        kept.act.as_deref(),
        kept.until.as_deref(),
    );
    counts.write(connection, connection_id)
}

/// Takes a binding out.
///
/// # Errors
/// SQLite's.
pub fn remove(
    connection: &Connection,
    counts: &mut Counts,
    kept: &BindingRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM binding WHERE id = ?1")?
        .execute([kept.id])?;
    counts.take(kept);
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
    let kept = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM binding WHERE connection_id = ?1 AND account_id = ?2"
        ))?
        .query_map(params![connection_id, account_id], read)?
        .collect::<Result<Vec<_>, _>>()?;
    let mut counts = Counts::default();
    let mut statement =
        connection.prepare_cached("UPDATE binding SET act = ?2, until = ?3 WHERE id = ?1")?;
    for kept in kept {
        statement.execute(params![kept.id, act, until])?;
        counts.take(&kept);
        counts.add(&kept.computed, kept.site.as_deref(), act, until);
    }
    counts.write(connection, connection_id)
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

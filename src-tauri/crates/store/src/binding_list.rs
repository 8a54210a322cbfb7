//! Bindings under a filter: pages by number, and the counts that every facet is a sum of.

use rusqlite::{Connection, types::Value};

use crate::binding::{self, BindingRow};
use crate::error::StoreError;

/// Place of "linked" and of "do not touch" in the list of states; neither waits for a decision.
pub const SETTLED_STATES: [i64; 2] = [0, 5];

/// Which bindings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BindingFilter {
    /// Only this state.
    pub state: Option<i64>,
    /// Only with this kind of conflict (its bit).
    pub conflict: Option<i64>,
    /// Only this kind of account.
    pub kind: Option<i64>,
    /// Only this site; empty for none.
    pub site: Option<String>,
    /// Only what waits for a decision (true), or what has one (false).
    pub open: Option<bool>,
    /// Today, `YYYY-MM-DD`: what was put off until then waits again.
    pub today: String,
    /// Only these accounts and people.
    pub found: Option<Found>,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The identifier of an account, or how it begins.
    pub account_id: String,
    /// Records of people.
    pub people: Vec<i64>,
}

/// A group of bindings that share everything that a list can be narrowed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Kind of account.
    pub kind: i64,
    /// State.
    pub state: i64,
    /// Whether there is an account.
    pub has_account: bool,
    /// Site; empty for none.
    pub site: String,
    /// The decision that holds; empty for none.
    pub act: String,
    /// For "later" its day.
    pub until: String,
    /// Set of conflicts.
    pub conflicts: i64,
    /// Bindings.
    pub n: i64,
}

impl Group {
    /// Whether a decision holds today.
    pub fn is_decided(&self, today: &str) -> bool {
        !self.act.is_empty() && (self.act != "later" || self.until.as_str() > today)
    }

    /// Whether an account waits for a decision.
    pub fn is_open(&self, today: &str) -> bool {
        self.has_account && !SETTLED_STATES.contains(&self.state) && !self.is_decided(today)
    }
}

/// A connection's groups.
///
/// # Errors
/// SQLite's.
pub fn groups(connection: &Connection, connection_id: i64) -> Result<Vec<Group>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, state, has_account, site, act, until, conflicts, n
         FROM binding_count
         WHERE connection_id = ?1 AND n > 0",
    )?;
    let rows = statement.query_map([connection_id], |row| {
        Ok(Group {
            kind: row.get(0)?,
            state: row.get(1)?,
            has_account: row.get(2)?,
            site: row.get(3)?,
            act: row.get(4)?,
            until: row.get(5)?,
            conflicts: row.get(6)?,
            n: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A page of bindings by number, after a number.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    connection_id: i64,
    filter: &BindingFilter,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<BindingRow>, StoreError> {
    let (from, conditions, values) = narrowed(connection_id, filter);
    let sql = format!(
        "SELECT {} FROM binding {from}
         WHERE connection_id = ? AND id > ?{conditions}
         ORDER BY id
         LIMIT ?",
        binding::COLUMNS
    );
    let mut all: Vec<Value> = vec![connection_id.into(), after.unwrap_or(0).into()];
    all.extend(values);
    all.push(i64::from(limit).into());
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(all), binding::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The index that leaves fewest rows to look at, the conditions and their values.
fn narrowed(connection_id: i64, filter: &BindingFilter) -> (&'static str, String, Vec<Value>) {
    let mut sql = String::new();
    let mut values: Vec<Value> = Vec::new();
    // By number: an index of the connection alone would have all of its bindings sorted for a page.
    let mut from = "NOT INDEXED";
    if let Some(site) = &filter.site {
        if site.is_empty() {
            sql.push_str(" AND site IS NULL");
        } else {
            from = "INDEXED BY binding_by_site";
            sql.push_str(" AND site = ?");
            values.push(site.clone().into());
        }
    }
    if let Some(state) = filter.state {
        from = "INDEXED BY binding_by_state";
        sql.push_str(" AND state = ?");
        values.push(state.into());
    }
    if let Some(kind) = filter.kind {
        sql.push_str(" AND kind = ?");
        values.push(kind.into());
    }
    if let Some(conflict) = filter.conflict {
        from = "INDEXED BY binding_conflicting";
        sql.push_str(" AND conflicts <> 0 AND conflicts & ? <> 0");
        values.push(conflict.into());
    }
    match filter.open {
        Some(true) => {
            let [linked, shielded] = SETTLED_STATES;
            sql.push_str(&format!(
                " AND account_record IS NOT NULL AND state NOT IN ({linked}, {shielded})
                  AND (act IS NULL OR (act = 'later' AND until <= ?))"
            ));
            values.push(filter.today.clone().into());
        }
        Some(false) => {
            from = "INDEXED BY binding_decided";
            sql.push_str(" AND act IS NOT NULL AND (act <> 'later' OR until > ?)");
            values.push(filter.today.clone().into());
        }
        None => {}
    }
    if let Some(found) = &filter.found {
        from = "NOT INDEXED";
        let people: Vec<String> = found.people.iter().map(i64::to_string).collect();
        sql.push_str(&format!(
            " AND id IN (
                SELECT id FROM binding WHERE connection_id = ? AND account_id >= ? AND account_id < ?
                UNION ALL
                SELECT id FROM binding WHERE connection_id = ? AND person_record IN ({0})
                  AND account_record IS NOT NULL
                UNION ALL
                SELECT id FROM binding WHERE connection_id = ? AND person_record IN ({0})
                  AND account_record IS NULL
                LIMIT 10000)",
            people.join(", ")
        ));
        let upper = format!("{}\u{10ffff}", found.account_id);
        values.extend([
            Value::from(connection_id),
            found.account_id.clone().into(),
            upper.into(),
            Value::from(connection_id),
            Value::from(connection_id),
        ]);
    }
    (from, sql, values)
}

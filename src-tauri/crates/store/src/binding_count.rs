//! Table `binding_count`: how many bindings share everything that a list can be narrowed by.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::binding::{BindingRow, Computed};
use crate::error::StoreError;

/// What bindings of a group share; a text that is missing is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Group {
    kind: i64,
    state: i64,
    has_account: bool,
    conflicts: i64,
    site: Box<str>,
    act: Box<str>,
    until: Box<str>,
}

/// How the counts of a connection change by what is written; they are written at the end, each group
/// once.
#[derive(Debug, Default)]
#[must_use = "counts that are not written are lost"]
pub struct Counts(HashMap<Group, i64>);

impl Counts {
    /// A binding is there, with its site and its decision.
    pub fn add(
        &mut self,
        computed: &Computed,
        site: Option<&str>,
        act: Option<&str>,
        until: Option<&str>,
    ) {
        self.change(computed, site, act, until, 1);
    }

    /// A binding is no longer as it was kept.
    pub fn take(&mut self, kept: &BindingRow) {
        let (site, act, until) = (&kept.site, &kept.act, &kept.until);
        self.change(
            &kept.computed,
            site.as_deref(),
            act.as_deref(),
            until.as_deref(),
            -1,
        );
    }

    fn change(
        &mut self,
        computed: &Computed,
        site: Option<&str>,
        act: Option<&str>,
        until: Option<&str>,
        by: i64,
    ) {
        let group = Group {
            kind: computed.kind,
            state: computed.state,
            has_account: computed.account_record.is_some(),
            conflicts: computed.conflicts,
            site: site.unwrap_or_default().into(),
            act: act.unwrap_or_default().into(),
            until: until.unwrap_or_default().into(),
        };
        *self.0.entry(group).or_default() += by;
    }

    /// Writes them.
    ///
    /// # Errors
    /// SQLite's.
    pub fn write(self, connection: &Connection, connection_id: i64) -> Result<(), StoreError> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO binding_count (connection_id, kind, state, has_account, site, act, until, conflicts, n)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT DO UPDATE SET n = n + excluded.n",
        )?;
        for (group, by) in self.0.into_iter().filter(|(_, by)| *by != 0) {
            statement.execute(params![
                connection_id,
                group.kind,
                group.state,
                group.has_account,
                &*group.site,
                &*group.act,
                &*group.until,
                group.conflicts,
                by
            ])?;
        }
        Ok(())
    }
}

//! The bindings that are kept brought to what was computed: only what differs is written, in order of
//! record, so that each page of the table and of its indexes is changed once.

use std::collections::HashMap;

use zhengqiao_identity::{AccountKind, BindingState, Row};
use zhengqiao_store::binding::{AccountTexts, BindingRow, Computed};
use zhengqiao_store::binding_count::Counts;
use zhengqiao_store::binding_list::{self, BindingFilter};
use zhengqiao_store::{Connection, StoreError, binding, binding_decision};

use super::known::{Found, Known, handle, number, place};

/// Bindings and decisions read at once.
const PAGE: u32 = 1_000;

/// Act and day of the decisions that hold, by account.
type Decisions = HashMap<String, (String, Option<String>)>;

impl Known {
    /// Writes what differs from what is kept; says how many bindings that were.
    pub(super) fn write(&self, conn: &Connection, found: &Found) -> Result<i64, StoreError> {
        let mut pen = Pen {
            conn,
            known: self,
            found,
            counts: Counts::default(),
            written: 0,
        };
        match &found.settled {
            None => pen.all()?,
            Some(settled) => {
                // Whoever lost an account has a row again only when that account's is changed.
                for one in &settled.accounts {
                    pen.looked_at(*one, true)?;
                }
                for one in &settled.people {
                    pen.looked_at(*one, false)?;
                }
            }
        }
        pen.counts.write(conn, self.connection_id())?;
        Ok(pen.written)
    }

    fn row(&self, one: u64, is_account: bool) -> Option<Row> {
        if is_account {
            self.population.account_row(one)
        } else {
            self.population.person_row(one)
        }
    }
}

struct Pen<'a> {
    conn: &'a Connection,
    known: &'a Known,
    found: &'a Found,
    counts: Counts,
    written: i64,
}

impl Pen<'_> {
    fn looked_at(&mut self, one: u64, is_account: bool) -> Result<(), StoreError> {
        let connection_id = self.known.connection_id();
        let row = self.known.row(one, is_account);
        match binding::of_record(self.conn, connection_id, number(one), is_account)? {
            Some(kept) => self.kept(&kept, row),
            None => row.map_or(Ok(()), |row| self.add(&row, None)),
        }
    }

    /// Everything against everything that is kept.
    fn all(&mut self) -> Result<(), StoreError> {
        let connection_id = self.known.connection_id();
        let filter = BindingFilter::default();
        let (mut accounts, mut people) = (Vec::new(), Vec::new());
        let mut after = None;
        loop {
            let page = binding_list::page(self.conn, connection_id, &filter, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for kept in page {
                let computed = &kept.computed;
                let (one, is_account) = match (computed.account_record, computed.person_record) {
                    (Some(account), _) => (Some(handle(account)), true),
                    (None, person) => (person.map(handle), false),
                };
                let row = one.and_then(|one| self.known.row(one, is_account));
                if row.is_some() {
                    let seen = if is_account {
                        &mut accounts
                    } else {
                        &mut people
                    };
                    seen.extend(one);
                }
                self.kept(&kept, row)?;
            }
        }
        let decisions = decisions(self.conn, connection_id)?;
        let population = &self.known.population;
        for one in others(population.accounts(), accounts) {
            if let Some(row) = self.known.row(one, true) {
                self.add(&row, Some(&decisions))?;
            }
        }
        for one in others(population.people(), people) {
            if let Some(row) = self.known.row(one, false) {
                self.add(&row, Some(&decisions))?;
            }
        }
        Ok(())
    }

    /// A binding that is kept, and what was computed of it now.
    fn kept(&mut self, kept: &BindingRow, row: Option<Row>) -> Result<(), StoreError> {
        let Some(row) = row else {
            self.written += 1;
            return binding::remove(self.conn, &mut self.counts, kept);
        };
        let new = computed(&row);
        let site = match row
            .account
            .and_then(|one| self.found.texts.get(number(one)))
        {
            Some((_, site)) => site,
            None => kept.site.as_deref(),
        };
        self.written += i64::from(new != kept.computed);
        binding::update(self.conn, &mut self.counts, kept, &new, site)
    }

    /// A binding that is not kept yet. An account that came back keeps what was decided about it.
    fn add(&mut self, row: &Row, decisions: Option<&Decisions>) -> Result<(), StoreError> {
        let connection_id = self.known.connection_id();
        let texts = row
            .account
            .and_then(|one| self.found.texts.get(number(one)));
        let looked_up;
        let decided = match (texts, decisions) {
            (None, _) => None,
            (Some((account_id, _)), Some(all)) => all.get(account_id),
            (Some((account_id, _)), None) => {
                looked_up = binding_decision::of_account(self.conn, connection_id, account_id)?
                    .map(|one| (one.act, one.until));
                looked_up.as_ref()
            }
        };
        let texts = AccountTexts {
            account_id: texts.map(|(account_id, _)| account_id),
            site: texts.and_then(|(_, site)| site),
            act: decided.map(|(act, _)| act.as_str()),
            until: decided.and_then(|(_, until)| until.as_deref()),
        };
        self.written += 1;
        let new = computed(row);
        binding::insert(self.conn, &mut self.counts, connection_id, &new, texts)
    }
}

/// The handles that are not among those seen, in ascending order.
fn others(all: impl Iterator<Item = u64>, mut seen: Vec<u64>) -> Vec<u64> {
    seen.sort_unstable();
    let mut others: Vec<u64> = all.filter(|one| seen.binary_search(one).is_err()).collect();
    others.sort_unstable();
    others
}

fn computed(row: &Row) -> Computed {
    Computed {
        kind: place(AccountKind::ALL, &row.kind),
        state: place(BindingState::ALL, &row.state),
        account_record: row.account.map(number),
        person_record: row.person.map(number),
        conflicts: row.conflicts.into(),
        compared: row.compared.into(),
        agreed: row.agreed.into(),
        candidates: (!row.candidates.is_empty()).then(|| {
            let list: Vec<String> = row.candidates.iter().map(u64::to_string).collect();
            format!("[{}]", list.join(","))
        }),
    }
}

fn decisions(conn: &Connection, connection_id: i64) -> Result<Decisions, StoreError> {
    let mut all = Decisions::new();
    let mut after: Option<String> = None;
    loop {
        let page = binding_decision::holding(conn, connection_id, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after = Some(last.account_id.clone());
        all.extend(
            page.into_iter()
                .map(|one| (one.account_id, (one.act, one.until))),
        );
    }
}

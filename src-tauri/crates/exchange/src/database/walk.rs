//! The walk through a table, batch by batch in the order of its keys.

use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::NaiveDateTime;
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;

use super::fault::Trouble;
use super::link::{KeyedRow, Link};
use super::receipts::Slip;
use super::statement::{Batch, Condition};
use super::{Column, DatabaseProvider, Polling, TableSource};
use crate::error::{ExchangeError, Fault};
use crate::forms::hex;
use crate::observe::{Headers, RequestEntry};
use crate::pager::{Page, Portion, Position};
use crate::scope::{Scope, TableNarrow};
use crate::signer::digests::md5;

/// Ids of one statement at most.
const IDS_AT_ONCE: usize = 500;

/// Goes through the rows of one table.
pub struct TableWalk {
    dataset: DatasetId,
    source: TableSource,
    scope: Scope,
    until: String,
    narrow: TableNarrow,
    ids: Vec<String>,
    position: Position,
    open: Option<Open>,
}

/// A connection, and what is known of the table.
struct Open {
    link: Link,
    columns: Vec<Column>,
    order: Vec<Column>,
    conditions: Vec<Condition>,
}

impl TableWalk {
    /// A walk over a table, going on at `resume`; a window of time ends at `until` (UTC+8).
    pub fn new(
        dataset: DatasetId,
        source: &TableSource,
        scope: Scope,
        until: &str,
        resume: Option<Position>,
    ) -> Self {
        Self {
            dataset,
            source: source.clone(),
            ids: scope.ids(),
            scope,
            until: until.to_owned(),
            narrow: TableNarrow::default(),
            position: resume.unwrap_or_default(),
            open: None,
        }
    }

    /// The same walk over fewer rows.
    pub fn narrowed(mut self, narrow: TableNarrow) -> Self {
        self.narrow = narrow;
        self
    }

    /// The ids that are being asked for.
    fn portion(&self) -> &[String] {
        let from = self.position.portion.as_ref().map_or(0, |one| one.first);
        let from = from.min(self.ids.len());
        &self.ids[from..self.ids.len().min(from + IDS_AT_ONCE)]
    }

    /// The next batch, or `None` after the last.
    ///
    /// # Errors
    /// What went wrong, by its name. What may pass is tried again before.
    pub async fn next(
        &mut self,
        provider: &DatabaseProvider,
    ) -> Result<Option<Page>, ExchangeError> {
        if self.position.ended {
            return Ok(None);
        }
        let mut attempt = 1;
        loop {
            let begun = Instant::now();
            let outcome = self.batch(provider).await;
            let (records, bytes, word) = match &outcome {
                Ok(rows) => (
                    rows.len(),
                    rows.iter().map(|(json, _)| json.len()).sum(),
                    "ok",
                ),
                Err(trouble) => (0, 0, trouble.fault.code()),
            };
            provider.observer.request(RequestEntry {
                dataset: Some(self.dataset),
                at_ms: chrono::Utc::now().timestamp_millis(),
                method: "SELECT",
                url: format!(
                    "{}/{}#{}",
                    provider.place(),
                    self.source.table,
                    self.position.rows + 1
                ),
                status: None,
                ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                bytes: bytes as u64,
                records: records as u64,
                attempt,
                outcome: word,
                headers: Headers::default(),
            });
            match outcome {
                Ok(rows) => return self.page(rows).map(Some),
                // What broke was dropped and is opened anew.
                Err(trouble) => {
                    if !trouble.fault.retryable() || attempt > provider.network.retries {
                        return Err(trouble.of(Some(self.dataset), &self.source.table));
                    }
                    let wait = provider.network.backoff_ms << attempt.min(6);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                    attempt += 1;
                }
            }
        }
    }

    /// One row more than a batch is asked for: whether it is the last, and whether keys are doubled.
    async fn batch(&mut self, provider: &DatabaseProvider) -> Result<Vec<KeyedRow>, Trouble> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => open(provider, &self.source, &self.scope, &self.until).await?,
        };
        let after: Option<Vec<String>> = self
            .position
            .cursor
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| Trouble::new(Fault::CursorLoop, error.to_string()))?;
        let (schema, table) = name_of(&self.source.table);
        let mut conditions = open.conditions.clone();
        conditions.extend(self.narrow_conditions(&open.columns)?);
        let (sql, values) = Batch {
            system: provider.system,
            schema,
            table,
            columns: &open.columns,
            order: &open.order,
            conditions: &conditions,
            after: after.as_deref(),
            rows: self.source.batch_rows + 1,
        }
        .write();
        let limit = Duration::from_millis(provider.network.request_timeout_ms);
        let rows = tokio::time::timeout(limit, open.link.rows(&sql, &values))
            .await
            .unwrap_or_else(|_| Err(Trouble::timeout("the statement takes too long")))?;
        let doubled = rows
            .windows(2)
            .any(|pair| matches!(pair, [one, next] if one.1 == next.1));
        if doubled {
            let names: Vec<&str> = open.order.iter().map(|one| one.name.as_str()).collect();
            return Err(Trouble::new(
                Fault::KeyNotUnique,
                format!(
                    "two rows have the same {}; choose columns that name a row",
                    names.join(", ")
                ),
            ));
        }
        self.open = Some(open);
        Ok(rows)
    }

    /// The conditions of the scope and the filters.
    fn narrow_conditions(&self, columns: &[Column]) -> Result<Vec<Condition>, Trouble> {
        let find = |name: &str| find(columns, &self.source, name);
        let mut conditions = Vec::new();
        if let (Scope::Window { from, to }, Some(column)) = (&self.scope, &self.narrow.window) {
            let column = find(column)?;
            conditions.push(Condition::From(column.clone(), from.clone()));
            conditions.push(Condition::Before(column, to.clone()));
        }
        if matches!(self.scope, Scope::Ids(_)) && !self.narrow.ids.is_empty() {
            let (mut several, mut known) = (Vec::new(), false);
            for name in &self.narrow.ids {
                // A table need not have both of them.
                let Ok(column) = find(name) else { continue };
                known = true;
                let ids = fitting(&column, self.portion());
                if !ids.is_empty() {
                    several.push(Condition::OneOf(column, ids));
                }
            }
            if !known {
                find(&self.narrow.ids[0])?;
            }
            conditions.push(Condition::Any(several));
        }
        for (column, value) in &self.narrow.equals {
            conditions.push(Condition::OneOf(find(column)?, vec![value.clone()]));
        }
        Ok(conditions)
    }

    /// Goes on with the ids after those that have been read, if there are more.
    fn next_portion(&mut self) -> bool {
        let first = self.position.portion.as_ref().map_or(0, |one| one.first) + IDS_AT_ONCE;
        if first >= self.ids.len() {
            return false;
        }
        self.position.portion = Some(Portion {
            first,
            pages_before: self.position.pages,
            rows_before: self.position.rows,
            distinct_before: self.position.distinct_rows,
        });
        self.position.cursor = None;
        true
    }

    fn page(&mut self, mut rows: Vec<KeyedRow>) -> Result<Page, ExchangeError> {
        let wanted = self.source.batch_rows as usize;
        let mut last = rows.len() <= wanted;
        rows.truncate(wanted);
        if let Some((_, keys)) = rows.last() {
            let keys: Option<Vec<&str>> = keys.iter().map(|one| one.as_deref()).collect();
            let keys = keys.ok_or_else(|| {
                Trouble::new(Fault::KeyNotUnique, "a row has no value in its key")
                    .of(Some(self.dataset), &self.source.table)
            })?;
            self.position.cursor = serde_json::to_string(&keys).ok();
        }
        if let Scope::Incremental(state) = &self.scope
            && last
            && self.position.cursor.is_none()
        {
            // Nothing new: the next run begins where this one did.
            self.position.cursor.clone_from(&state.cursor);
        }
        self.position.pages += 1;
        self.position.rows += rows.len() as u64;
        self.position.distinct_rows += rows.len() as u64;
        if last && self.next_portion() {
            last = false;
        }
        self.position.ended = last;
        let slips = if self.source.receipts.is_some() {
            rows.iter().map(slip).collect()
        } else {
            Vec::new()
        };
        let mut body = Vec::new();
        let records = rows
            .iter()
            .map(|(json, _)| {
                let begin = body.len();
                body.extend_from_slice(json.as_bytes());
                begin..body.len()
            })
            .collect();
        Ok(Page {
            body: Bytes::from(body),
            records,
            total: None,
            position_after: self.position.clone(),
            last,
            drift: None,
            slips,
            left_out: 0,
        })
    }
}

/// The values that a column can have: a number has no letters.
fn fitting(column: &Column, ids: &[String]) -> Vec<String> {
    let kind = column.kind.to_ascii_lowercase();
    let numeric = ["int", "serial", "numeric", "decimal"]
        .iter()
        .any(|name| kind.contains(name));
    ids.iter()
        .filter(|id| !numeric || (id.len() <= 18 && id.bytes().all(|byte| byte.is_ascii_digit())))
        .cloned()
        .collect()
}

fn slip((json, keys): &KeyedRow) -> Slip {
    Slip {
        keys: keys
            .iter()
            .map(|one| one.clone().unwrap_or_default())
            .collect(),
        mark: hex(md5(json.as_bytes())),
    }
}

/// Schema and name of a table.
pub fn name_of(table: &str) -> (Option<&str>, &str) {
    match table.trim().split_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, table.trim()),
    }
}

/// The column of a name, in its own case or another.
pub fn find(columns: &[Column], source: &TableSource, name: &str) -> Result<Column, Trouble> {
    columns
        .iter()
        .find(|one| one.name == name)
        .or_else(|| {
            columns
                .iter()
                .find(|one| one.name.eq_ignore_ascii_case(name))
        })
        .cloned()
        .ok_or_else(|| {
            Trouble::new(
                Fault::ColumnMissing,
                format!("{} has no column {name}", source.table),
            )
        })
}

/// A connection, the table's columns, and those that give the order.
pub async fn opened(
    provider: &DatabaseProvider,
    source: &TableSource,
) -> Result<(Link, Vec<Column>, Vec<Column>), Trouble> {
    let mut link = provider.connect().await?;
    let (schema, table) = name_of(&source.table);
    let columns = link.columns(schema, table).await?;
    if columns.is_empty() {
        return Err(Trouble::new(
            Fault::TableMissing,
            format!(
                "there is no table {}, or this user may not see it",
                source.table
            ),
        ));
    }
    let mut order = Vec::new();
    if let Polling::Time { column, .. } | Polling::Batch { column } = &source.polling {
        order.push(find(&columns, source, column)?);
    }
    let mut key: Vec<Column> = if source.key.is_empty() {
        let mut key: Vec<Column> = columns
            .iter()
            .filter(|one| one.key_place > 0)
            .cloned()
            .collect();
        key.sort_by_key(|one| one.key_place);
        key
    } else {
        source
            .key
            .iter()
            .map(|name| find(&columns, source, name))
            .collect::<Result<_, _>>()?
    };
    if key.is_empty() {
        return Err(Trouble::new(
            Fault::KeyNotUnique,
            format!(
                "{} has no primary key; name the columns that name a row",
                source.table
            ),
        ));
    }
    key.retain(|one| order.first() != Some(one));
    order.extend(key);
    Ok((link, columns, order))
}

/// Opens a table for a reading.
async fn open(
    provider: &DatabaseProvider,
    source: &TableSource,
    scope: &Scope,
    until: &str,
) -> Result<Open, Trouble> {
    let (link, columns, order) = opened(provider, source).await?;
    let find = |name: &str| find(&columns, source, name);
    let conditions = conditions(source, scope, until, find)?;
    let open = Open {
        link,
        columns,
        order,
        conditions,
    };
    without_gaps(open, provider, source).await
}

/// Which rows this reading is about.
fn conditions(
    source: &TableSource,
    scope: &Scope,
    until: &str,
    find: impl Fn(&str) -> Result<Column, Trouble>,
) -> Result<Vec<Condition>, Trouble> {
    let Scope::Incremental(state) = scope else {
        return Ok(Vec::new());
    };
    Ok(match &source.polling {
        Polling::All => Vec::new(),
        Polling::Flag { column, pending } => {
            vec![Condition::OneOf(find(column)?, pending.clone())]
        }
        Polling::Time { column, overlap_s } => {
            let column = find(column)?;
            let since = state
                .since
                .as_deref()
                .and_then(|since| earlier(since, *overlap_s));
            since
                .map(|since| Condition::From(column.clone(), since))
                .into_iter()
                .chain([Condition::Before(column.clone(), until.to_owned())])
                .collect()
        }
        Polling::Batch { column } => {
            let column = find(column)?;
            let seen: Option<Vec<String>> = state
                .cursor
                .as_deref()
                .and_then(|cursor| serde_json::from_str(cursor).ok());
            // The last batch may have grown.
            seen.and_then(|seen| seen.into_iter().next())
                .map(|batch| Condition::From(column, batch))
                .into_iter()
                .collect()
        }
    })
}

fn earlier(since: &str, seconds: u32) -> Option<String> {
    let at = NaiveDateTime::parse_from_str(since, "%Y-%m-%d %H:%M:%S").ok()?;
    Some(moment::canonical(
        at - chrono::Duration::seconds(i64::from(seconds)),
    ))
}

/// Rows without a value in the order's columns would never be seen: they are told instead.
async fn without_gaps(
    mut open: Open,
    provider: &DatabaseProvider,
    source: &TableSource,
) -> Result<Open, Trouble> {
    let (schema, table) = name_of(&source.table);
    for column in open.order.iter().filter(|one| one.nullable) {
        let sql = Batch {
            system: provider.system,
            schema,
            table,
            columns: &open.columns,
            order: std::slice::from_ref(column),
            conditions: &[Condition::Missing(column.clone())],
            after: None,
            rows: 1,
        }
        .write()
        .0;
        if !open.link.rows(&sql, &[]).await?.is_empty() {
            return Err(Trouble::new(
                Fault::KeyNotUnique,
                format!(
                    "{} has rows without {}, which could not be read in order",
                    source.table, column.name
                ),
            ));
        }
    }
    Ok(open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::System;

    fn columns() -> Vec<Column> {
        [
            ("ROW_GUID", "varchar(64)"),
            ("project_no", "bigint"),
            ("org_code", "varchar(18)"),
            ("cd_time", "datetime"),
        ]
        .into_iter()
        .map(|(name, kind)| Column {
            name: name.into(),
            kind: kind.into(),
            ..Column::default()
        })
        .collect()
    }

    fn walk(scope: Scope, narrow: TableNarrow) -> TableWalk {
        let source = TableSource {
            table: "t".into(),
            ..TableSource::default()
        };
        TableWalk::new(DatasetId::CaseAcceptance, &source, scope, "2026", None).narrowed(narrow)
    }

    fn sql(walk: &TableWalk) -> (String, Vec<String>) {
        let columns = columns();
        let conditions = walk.narrow_conditions(&columns).unwrap();
        Batch {
            system: System::Mysql,
            schema: None,
            table: "t",
            columns: &columns,
            order: &columns[..1],
            conditions: &conditions,
            after: None,
            rows: 3,
        }
        .write()
    }

    #[test]
    fn a_window_and_a_department_are_conditions_on_their_columns() {
        let scope = Scope::Window {
            from: "2026-01-01 00:00:00".into(),
            to: "2026-01-02 00:00:00".into(),
        };
        let narrow = TableNarrow {
            window: Some("CD_TIME".into()),
            equals: vec![("org_code".into(), "D1".into())],
            ..TableNarrow::default()
        };
        let (sql, values) = sql(&walk(scope, narrow));
        assert!(
            sql.contains(
                "WHERE t.`cd_time` >= CAST(? AS DATETIME(6)) AND t.`cd_time` < CAST(? AS DATETIME(6)) AND t.`org_code` IN (?)"
            ),
            "{sql}"
        );
        assert_eq!(values, ["2026-01-01 00:00:00", "2026-01-02 00:00:00", "D1"]);
    }

    #[test]
    fn ids_are_looked_for_in_both_columns_and_a_number_s_column_gets_numbers_only() {
        let narrow = TableNarrow {
            ids: vec!["row_guid".into(), "project_no".into()],
            ..TableNarrow::default()
        };
        let scope = Scope::Ids(vec!["123|g1".into(), "77".into()]);
        let (sql, values) = sql(&walk(scope, narrow));
        assert!(
            sql.contains("(t.`ROW_GUID` IN (?, ?) OR t.`project_no` IN (CAST(? AS SIGNED)))"),
            "{sql}"
        );
        assert_eq!(values, ["g1", "77", "77"]);
    }

    #[test]
    fn many_ids_are_asked_for_in_portions_and_a_table_without_their_columns_says_so() {
        let ids: Vec<String> = (0..=IDS_AT_ONCE).map(|id| id.to_string()).collect();
        let narrow = |column: &str| TableNarrow {
            ids: vec![column.into()],
            ..TableNarrow::default()
        };
        let mut walk = walk(Scope::Ids(ids.clone()), narrow("row_guid"));
        let (_, values) = sql(&walk);
        assert_eq!(values, ids[..IDS_AT_ONCE]);
        assert!(!walk.page(Vec::new()).unwrap().last);
        let (_, values) = sql(&walk);
        assert_eq!(values, ids[IDS_AT_ONCE..]);
        assert!(walk.page(Vec::new()).unwrap().last);
        let other = self::walk(Scope::Ids(ids), narrow("nowhere"));
        let refused = other.narrow_conditions(&columns()).unwrap_err();
        assert_eq!(refused.fault, Fault::ColumnMissing);
    }
}

//! What the disk engine can do alone: the same columns upserted into plain SQLite, without any rule.

use std::time::{Duration, Instant};

use zhengqiao_domain::{CompiledMapping, DatasetId, Mapping, Record};
use zhengqiao_exchange::{NoObserver, Provider, Scope, Secrets};
use zhengqiao_store::Connection;

use crate::Outcome;
use crate::whole::profile;

/// Rows of one transaction.
const COMMIT_ROWS: usize = 50_000;
const DATASET: DatasetId = DatasetId::CaseAcceptance;

/// Rows a second of all rows of the provider, with or without the raw payload in a table of its own. Only
/// what SQLite does is timed: rows are fetched and mapped page by page in between.
pub async fn rate(address: &str, with_raw: bool) -> Outcome<f64> {
    let mapping = CompiledMapping::new(DATASET, &Mapping::default())?;
    let dir = tempfile::tempdir()?;
    let mut table = Table::new(&dir.path().join("plain.db"), with_raw)?;
    let mut failed = None;
    each_page(address, |page| {
        let rows = page.iter().filter_map(|raw| {
            let fields = serde_json::from_slice::<serde_json::Value>(raw).ok()?;
            Some((mapping.apply(fields.as_object()?), *raw))
        });
        let rows: Vec<_> = rows.collect();
        match table.upsert(&rows) {
            Ok(()) => true,
            Err(error) => {
                failed = Some(error);
                false
            }
        }
    })
    .await?;
    match failed {
        Some(error) => Err(error),
        None => table.close(),
    }
}

/// The first raw rows of the provider.
pub async fn first(address: &str, most: usize) -> Outcome<Vec<Vec<u8>>> {
    let mut rows = Vec::new();
    each_page(address, |page| {
        rows.extend(page.iter().map(|raw| raw.to_vec()));
        rows.len() < most
    })
    .await?;
    rows.truncate(most);
    Ok(rows)
}

/// Hands over the raw rows of each page, until there is no more or `each` wants none.
pub async fn each_page(address: &str, mut each: impl FnMut(&[&[u8]]) -> bool) -> Outcome<()> {
    let profile = profile(address)?;
    let source = &profile.datasets[&DATASET];
    let provider = Provider::new(
        &profile,
        Secrets::new(None),
        std::sync::Arc::new(NoObserver),
    )?;
    let mut walk = provider.walk(DATASET, source, Scope::Full, "", None);
    while let Some(page) = provider.next(&mut walk).await? {
        let rows: Vec<&[u8]> = (0..page.records.len()).map(|at| page.raw(at)).collect();
        if !each(&rows) {
            break;
        }
    }
    Ok(())
}

/// The plain table, and how long SQLite worked on it.
struct Table {
    connection: Connection,
    sql: String,
    with_raw: bool,
    rows: usize,
    /// Rows of the present transaction.
    open: usize,
    took: Duration,
}

impl Table {
    fn new(path: &std::path::Path, with_raw: bool) -> Outcome<Self> {
        let fields = DATASET.dataset().fields;
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "page_size", 8192)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "cache_size", -32_768)?;
        let columns: Vec<String> = fields
            .iter()
            .map(|field| format!("{} TEXT", field.name))
            .collect();
        connection.execute_batch(&format!(
            "CREATE TABLE record (id INTEGER PRIMARY KEY, key_hash BLOB NOT NULL UNIQUE, {});
             CREATE INDEX by_business ON record (project_no);
             CREATE INDEX by_department ON record (org_code);
             CREATE TABLE raw (id INTEGER PRIMARY KEY, body BLOB NOT NULL);",
            columns.join(", ")
        ))?;
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        let places: Vec<String> = (2..names.len() + 2).map(|at| format!("?{at}")).collect();
        let updates: Vec<String> = names
            .iter()
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        let sql = format!(
            "INSERT INTO record (key_hash, {}) VALUES (?1, {}) ON CONFLICT (key_hash) DO UPDATE SET {} RETURNING id",
            names.join(", "),
            places.join(", "),
            updates.join(", ")
        );
        Ok(Self {
            connection,
            sql,
            with_raw,
            rows: 0,
            open: 0,
            took: Duration::ZERO,
        })
    }

    fn upsert(&mut self, rows: &[(Record, &[u8])]) -> Outcome<()> {
        let begun = Instant::now();
        if self.open == 0 {
            self.connection.execute_batch("BEGIN")?;
        }
        {
            let mut statement = self.connection.prepare_cached(&self.sql)?;
            let mut raw_statement = self
                .connection
                .prepare_cached("INSERT OR REPLACE INTO raw (id, body) VALUES (?1, ?2)")?;
            for (record, raw) in rows {
                let key = record.get_all(DATASET.dataset().key).map_or_else(
                    || zhengqiao_store::hash::of_bytes(raw),
                    zhengqiao_store::hash::of_parts,
                );
                statement.raw_bind_parameter(1, key)?;
                for (at, slot) in record.slots.iter().enumerate() {
                    statement.raw_bind_parameter(at + 2, slot.value())?;
                }
                let id: i64 = {
                    let mut found = statement.raw_query();
                    match found.next()? {
                        Some(row) => row.get(0)?,
                        None => 0,
                    }
                };
                if self.with_raw {
                    raw_statement.execute((id, raw))?;
                }
            }
        }
        self.rows += rows.len();
        self.open += rows.len();
        if self.open >= COMMIT_ROWS {
            self.connection.execute_batch("COMMIT")?;
            self.open = 0;
        }
        self.took += begun.elapsed();
        Ok(())
    }

    /// Commits what is open; rows a second.
    fn close(mut self) -> Outcome<f64> {
        let begun = Instant::now();
        if self.open > 0 {
            self.connection.execute_batch("COMMIT")?;
        }
        self.connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        self.took += begun.elapsed();
        Ok(self.rows as f64 / self.took.as_secs_f64())
    }
}

//! What the disk engine can do alone: the same columns upserted into plain SQLite, without any rule.

use std::time::Instant;

use zhengqiao_domain::{CompiledMapping, DatasetId, Mapping, Record};
use zhengqiao_exchange::{NoObserver, Provider, Scope, Secrets};
use zhengqiao_store::Connection;

use crate::Outcome;
use crate::whole::profile;

/// Rows of one transaction.
const COMMIT_ROWS: usize = 50_000;
const DATASET: DatasetId = DatasetId::CaseAcceptance;

/// Rows that were mapped before anything is measured.
pub type Rows = std::sync::Arc<Vec<(Record, Vec<u8>)>>;

/// Rows a second, with or without the raw payload in a table of its own.
pub async fn rate(rows: &Rows, with_raw: bool) -> Outcome<f64> {
    let rows = rows.clone();
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("plain.db");
    let took = tokio::task::spawn_blocking(move || {
        upsert(&path, &rows, with_raw).map_err(|error| error.to_string())
    })
    .await??;
    Ok(took)
}

/// All rows of the provider.
pub async fn rows(address: &str) -> Outcome<Rows> {
    let profile = profile(address)?;
    let source = &profile.datasets[&DATASET];
    let provider = Provider::new(
        &profile,
        Secrets::new(None),
        std::sync::Arc::new(NoObserver),
    )?;
    let mapping = CompiledMapping::new(DATASET, &Mapping::default())?;
    let mut walk = provider.walk(DATASET, source, Scope::Full, "", None);
    let mut rows = Vec::new();
    while let Some(page) = provider.next(&mut walk).await? {
        for at in 0..page.records.len() {
            let raw = page.raw(at);
            if let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(raw) {
                rows.push((mapping.apply(&fields), raw.to_vec()));
            }
        }
    }
    Ok(Rows::new(rows))
}

fn upsert(path: &std::path::Path, rows: &[(Record, Vec<u8>)], with_raw: bool) -> Outcome<f64> {
    let fields = DATASET.dataset().fields;
    let mut connection = Connection::open(path)?;
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
    let begun = Instant::now();
    for chunk in rows.chunks(COMMIT_ROWS) {
        let tx = connection.transaction()?;
        {
            let mut statement = tx.prepare_cached(&sql)?;
            let mut raw_statement =
                tx.prepare_cached("INSERT OR REPLACE INTO raw (id, body) VALUES (?1, ?2)")?;
            for (record, raw) in chunk {
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
                if with_raw {
                    raw_statement.execute((id, raw))?;
                }
            }
        }
        tx.commit()?;
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(rows.len() as f64 / begun.elapsed().as_secs_f64())
}

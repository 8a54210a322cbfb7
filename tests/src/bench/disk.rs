//! What encryption, the raw payload and each index cost: the cache's own tables and statement, with one thing
//! left out at a time.

use std::path::Path;
use std::time::Instant;

use zhengqiao_domain::{Check, CompiledMapping, DatasetId, Mapping, RuleSet};
use zhengqiao_store::record::{self, ACCEPTED, Followers, NewRecord};
use zhengqiao_store::sieve::Sieve;
use zhengqiao_store::{Cache, Connection, connection, record_place, source};
use zhengqiao_sync::{Prepared, prepare};

use crate::Outcome;
use crate::figures::{Report, median};
use crate::whole::key;

const DATASET: DatasetId = DatasetId::CaseAcceptance;
/// Rows of one transaction.
const COMMIT_ROWS: usize = 50_000;
/// What a record is found by besides its key and its business key.
const INDEXES: [&str; 2] = ["record_of_source", "record_of_run"];

/// A way of keeping records.
#[derive(Clone, Copy)]
struct Way {
    encrypted: bool,
    payload: bool,
    business: bool,
    without: &'static [&'static str],
}

const ALL: Way = Way {
    encrypted: true,
    payload: true,
    business: true,
    without: &[],
};

/// Writes rows in each way, `times` times in turn.
pub async fn measure(report: &mut Report, rows: Vec<Vec<u8>>, times: usize) -> Outcome<()> {
    let rows = tokio::task::spawn_blocking(move || made_ready(&rows)).await?;
    let ways: [(&str, Way); 7] = [
        ("all of it", ALL),
        (
            "without encryption",
            Way {
                encrypted: false,
                ..ALL
            },
        ),
        (
            "without the raw payload",
            Way {
                payload: false,
                ..ALL
            },
        ),
        (
            "without the index of the source",
            Way {
                without: &INDEXES[..1],
                ..ALL
            },
        ),
        (
            "without the index of the business key",
            Way {
                business: false,
                ..ALL
            },
        ),
        (
            "without the index of the run",
            Way {
                without: &INDEXES[1..],
                ..ALL
            },
        ),
        (
            "without any of these",
            Way {
                encrypted: false,
                payload: false,
                business: false,
                without: &INDEXES,
            },
        ),
    ];
    let schema = schema()?;
    let mut took: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    for _ in 0..times {
        for (at, (_, way)) in ways.iter().enumerate() {
            let (rows, schema, way) = (rows.clone(), schema.clone(), *way);
            let one = tokio::task::spawn_blocking(move || {
                write(&rows, &schema, way).map_err(|error| error.to_string())
            })
            .await??;
            took[at].push(one);
        }
    }
    println!("\nkeeping a record, the cache's own tables");
    let all = median(&took[0]);
    for ((name, _), runs) in ways.iter().zip(took) {
        report.add(name, "µs", runs, Some(all), "");
    }
    Ok(())
}

type Rows = std::sync::Arc<Vec<(Prepared, String)>>;

fn made_ready(rows: &[Vec<u8>]) -> Rows {
    let rules = RuleSet::default();
    let check = Check::new(&rules, chrono::Utc::now().naive_utc());
    let Ok(mapping) = CompiledMapping::new(DATASET, &Mapping::default()) else {
        return Rows::default();
    };
    let ready = rows.iter().map(|raw| {
        let row = prepare(raw, &mapping, DATASET, &check, &rules);
        let fields = serde_json::to_string(&row.record).unwrap_or_default();
        (row, fields)
    });
    Rows::new(ready.collect())
}

/// The statements that make the tables of records.
fn schema() -> Outcome<Vec<String>> {
    let dir = tempfile::tempdir()?;
    let cache = Cache::open(&dir.path().join("cache.db"), &key())?;
    Ok(cache.read_blocking(|conn| {
        let mut statement = conn.prepare(
            "SELECT sql FROM sqlite_master
             WHERE sql IS NOT NULL AND type IN ('table', 'index', 'view')
               AND tbl_name IN ('connection', 'source', 'record', 'record_payload', 'key_place', 'key_place_new',
                 'business_place', 'business_place_new', 'record_by_key', 'record_by_business')
             ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, rowid",
        )?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    })?)
}

/// Microseconds of a record.
fn write(rows: &[(Prepared, String)], schema: &[String], way: Way) -> Outcome<f64> {
    let dir = tempfile::tempdir()?;
    let mut conn = open(&dir.path().join("records.db"), way.encrypted)?;
    for statement in schema {
        let left_out = way
            .without
            .iter()
            .any(|index| statement.contains(&format!("INDEX {index} ")));
        if !left_out {
            conn.execute_batch(statement)?;
        }
    }
    let source_id = {
        let tx = conn.transaction()?;
        let connection_id = connection::insert(&tx, "bench", "demo", "{}", 1)?;
        let source_id = source::ensure(&tx, connection_id, DATASET)?;
        tx.commit()?;
        source_id
    };
    let begun = Instant::now();
    let mut sieve = Sieve::of(&conn, source_id, 0, rows.len())?;
    for chunk in rows.chunks(COMMIT_ROWS) {
        let tx = conn.transaction()?;
        for (row, fields) in chunk {
            // What stands twice is a change; here only the adding is measured.
            let may_be_there = sieve
                .as_ref()
                .is_none_or(|sieve| sieve.may_have_key(&row.key_hash));
            if may_be_there && record::find(&tx, source_id, &row.key_hash)?.is_some() {
                continue;
            }
            let new = NewRecord {
                source_id,
                key_hash: &row.key_hash,
                business_hash: row.business_hash.as_ref().filter(|_| way.business),
                version: row.version,
                hash: &row.hash,
                state: ACCEPTED,
                run_id: 1,
                at: 1,
                source_time: row.record.get("cd_time"),
                fields,
                warnings: None,
                raw: if way.payload { &row.raw } else { &[] },
                profile_version: Some(1),
                via: "run",
                actor: None,
            };
            record::insert(&tx, &new, Followers::default(), sieve.as_mut())?;
        }
        record_place::settle(&tx)?;
        tx.commit()?;
    }
    conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(begun.elapsed().as_secs_f64() * 1e6 / rows.len().max(1) as f64)
}

fn open(path: &Path, encrypted: bool) -> Outcome<Connection> {
    let conn = Connection::open(path)?;
    if encrypted {
        conn.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "07".repeat(32)))?;
        conn.execute_batch("PRAGMA cipher_page_size = 8192")?;
    } else {
        conn.pragma_update(None, "page_size", 8192)?;
    }
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "normal")?;
    conn.pragma_update(None, "cache_size", -32_768)?;
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(conn)
}

//! A provider, a cache, and a connection between them.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use zhengqiao_demo::{DemoOptions, DemoProvider};
use zhengqiao_exchange::{Environment, Pager, Profile, Secrets, preset};
use zhengqiao_store::run::RunDatasetRow;
use zhengqiao_store::{Cache, CacheKey, connection, run};
use zhengqiao_sync::{RunMode, RunOptions, StateWord};

/// So few rows a page that every dataset has several.
pub fn small_pages(profile: &mut Profile, rows: u32) {
    for source in profile.datasets.values_mut() {
        match &mut source.pager {
            Pager::Page { size, .. }
            | Pager::Offset { size, .. }
            | Pager::Cursor { size, .. }
            | Pager::Link { size, .. } => {
                *size = rows;
            }
            Pager::Single => {}
        }
    }
}

/// Puts in what the provider gave the asker, but for the secret.
pub fn admit(profile: &mut Profile, provider: &DemoProvider) {
    let credentials = provider.credentials();
    let family = profile.auth.kind();
    if let Some(id) = profile.auth.id_mut() {
        credentials.id(family).clone_into(id);
    }
    if let Some(key) = profile.auth.public_key_mut() {
        key.clone_from(&credentials.provider_key);
    }
}

/// By dataset and key: the outcome, and rule and field of every finding.
pub type Found = BTreeMap<(String, String), (String, Vec<(String, String)>)>;

pub struct Bed {
    pub provider: Arc<DemoProvider>,
    pub cache: Cache,
    pub connection_id: i64,
    /// How requests prove who asks.
    pub family: String,
    pub dir: tempfile::TempDir,
    /// The moment that runs take for now; the present if absent.
    pub now_ms: Option<i64>,
}

impl Bed {
    pub async fn new(records: u64, seed: u64, defects: f64) -> Self {
        Self::with(records, seed, defects, "gateway", |_| {}).await
    }

    pub async fn with(
        records: u64,
        seed: u64,
        defects: f64,
        family: &str,
        change: impl FnOnce(&mut Profile),
    ) -> Self {
        let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
        let options = DemoOptions {
            defects,
            ..DemoOptions::new(records, seed, now)
        };
        let provider = DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        Self::over(Arc::new(provider), family, change)
    }

    /// A new cache over a provider that is there.
    pub fn over(
        provider: Arc<DemoProvider>,
        family: &str,
        change: impl FnOnce(&mut Profile),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([7; 32])).unwrap();
        let mut profile = preset(family).unwrap().profile;
        profile.base_url = provider.base_url();
        profile.environment = Environment::Demo;
        profile.network.backoff_ms = 1;
        admit(&mut profile, &provider);
        change(&mut profile);
        let text = serde_json::to_string(&profile).unwrap();
        let connection_id = cache
            .write_blocking(move |tx| connection::insert(tx, "演示", "demo", &text, 1))
            .unwrap();
        Self {
            provider,
            cache,
            connection_id,
            family: profile.auth.kind().to_owned(),
            dir,
            now_ms: None,
        }
    }

    pub async fn run(&self, mode: RunMode) -> StateWord {
        let options = RunOptions {
            connection_id: self.connection_id,
            datasets: Vec::new(),
            mode,
            scope: zhengqiao_sync::RunScope::default(),
            asked_by: String::new(),
            now_ms: self
                .now_ms
                .unwrap_or_else(|| chrono::Utc::now().timestamp_millis()),
        };
        let started = zhengqiao_sync::start(&self.cache, options).unwrap();
        let secret = self.provider.credentials().secret_of(&self.family);
        let secrets = Secrets::new(Some(secret));
        zhengqiao_sync::run(&self.cache, started.run_id, secrets)
            .await
            .unwrap()
    }

    /// The provider goes on.
    pub fn advance(&self, cases: u64) {
        let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
        self.provider
            .world()
            .advance(cases, now - chrono::Duration::seconds(5));
    }

    pub fn parts(&self) -> Vec<RunDatasetRow> {
        self.cache
            .read_blocking(|conn| {
                let last = run::page(conn, None, None, 1)?.remove(0);
                run::datasets(conn, last.id)
            })
            .unwrap()
    }

    /// State, code and message of a dataset's part in the last run.
    pub fn part(&self, dataset: &str) -> RunDatasetRow {
        self.parts()
            .into_iter()
            .find(|part| part.dataset.as_str() == dataset)
            .unwrap()
    }

    pub fn causes(&self) -> Vec<(String, String, Option<String>)> {
        self.parts()
            .into_iter()
            .map(|part| (part.dataset.to_string(), part.state, part.message))
            .collect()
    }

    /// Every finding in the cache by dataset and key.
    pub fn findings(&self) -> Found {
        let mut found = BTreeMap::new();
        self.cache
            .read_blocking(|conn| {
                let mut statement = conn.prepare(
                    "SELECT s.dataset, r.record_key, r.outcome, p.findings FROM rejection r
                     JOIN rejection_payload p ON p.rejection_id = r.id JOIN source s ON s.id = r.source_id
                     WHERE r.state IN (1, 2)",
                )?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let outcome = if row.get::<_, i64>(2)? == 1 { "rejected" } else { "held" };
                    found.insert((dataset(row.get(0)?), row.get(1)?), (outcome.to_owned(), pairs(&row.get::<_, String>(3)?)));
                }
                let mut statement = conn.prepare(
                    "SELECT s.dataset, r.fields, r.warnings FROM record r JOIN source s ON s.id = r.source_id
                     WHERE r.state = 1 AND r.warnings IS NOT NULL",
                )?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let id = zhengqiao_domain::DatasetId::from_number(row.get(0)?).unwrap();
                    let fields: serde_json::Value = serde_json::from_str(&row.get::<_, String>(1)?)?;
                    let key: Vec<&str> = id.dataset().key.iter().map(|name| fields[name].as_str().unwrap()).collect();
                    found.insert((id.to_string(), key.join("|")), ("accepted".to_owned(), pairs(&row.get::<_, String>(2)?)));
                }
                Ok(())
            })
            .unwrap();
        found
    }

    /// Every row that matters, without numbers and times of runs.
    pub fn dump(&self) -> Vec<String> {
        dump(&self.cache)
    }
}

pub fn dump(cache: &Cache) -> Vec<String> {
    let queries = [
        "SELECT s.dataset || ' ' || hex(r.key_hash) || ' ' || hex(r.hash) || ' ' || r.state || ' ' || r.fields || ' ' || COALESCE(r.warnings, ''), p.raw
         FROM record r JOIN source s ON s.id = r.source_id JOIN record_payload p ON p.record_id = r.id ORDER BY 1",
        "SELECT s.dataset || ' ' || r.record_key || ' ' || r.outcome || ' ' || r.state || ' ' || p.findings, p.raw
         FROM rejection r JOIN source s ON s.id = r.source_id JOIN rejection_payload p ON p.rejection_id = r.id ORDER BY 1",
        "SELECT s.dataset || ' ' || c.rule || ' ' || c.field || ' ' || c.cluster || ' ' || c.open_count || ' ' || c.held_count || ' ' || c.total_count, x''
         FROM cause c JOIN source s ON s.id = c.source_id ORDER BY 1",
        "SELECT dataset || ' ' || accepted_rows || ' ' || withdrawn_rows, x'' FROM source ORDER BY 1",
    ];
    cache
        .read_blocking(|conn| {
            let mut lines = Vec::new();
            for query in queries {
                let mut statement = conn.prepare(query)?;
                let mut rows = statement.query([])?;
                let before = lines.len();
                while let Some(row) = rows.next()? {
                    let raw = zhengqiao_store::payload::unpack(conn, row.get(1)?)?;
                    let text: String = row.get(0)?;
                    lines.push(format!("{text} {}", String::from_utf8_lossy(&raw)));
                }
                // By what came, not by how it is kept.
                lines[before..].sort();
            }
            Ok(lines)
        })
        .unwrap()
}

fn dataset(number: i64) -> String {
    zhengqiao_domain::DatasetId::from_number(number)
        .unwrap()
        .to_string()
}

fn pairs(findings: &str) -> Vec<(String, String)> {
    let findings: Vec<serde_json::Value> = serde_json::from_str(findings).unwrap();
    let mut pairs: Vec<(String, String)> = findings
        .iter()
        .map(|one| {
            (
                one["rule"].as_str().unwrap().to_owned(),
                one["field"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    pairs.sort();
    pairs
}

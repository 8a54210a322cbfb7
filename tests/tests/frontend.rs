//! Front-end databases, real ones: a table gives the same records and rejections as the HTTP interface
//! over the same world; polling, resuming, the names of what can be wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

#[path = "../../src-tauri/crates/sync/tests/bed/mod.rs"]
mod bed;
#[path = "frontend/servers.rs"]
mod servers;

use std::collections::BTreeSet;
use std::sync::Arc;

use bed::{Bed, dump};
use servers::{PASSWORD, Server, USER, mariadb, postgresql};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    Auth, DatasetSource, Environment, Incremental, Interface, NoObserver, Polling, Profile,
    Provider, Receipts, Scope, Secrets, TableSource,
};
use zhengqiao_store::{Cache, CacheKey, connection, run};
use zhengqiao_sync::{RunMode, RunOptions, StateWord};

/// Raw rows of every dataset of the HTTP interface.
async fn raw_rows(profile: &Profile, secret: String) -> Vec<(DatasetId, Vec<serde_json::Value>)> {
    let provider =
        Provider::new(profile, Secrets::new(Some(secret)), Arc::new(NoObserver)).unwrap();
    let mut all = Vec::new();
    for (id, source) in &profile.datasets {
        let mut rows = Vec::new();
        let mut walk = provider.walk(*id, source, Scope::Full, "2099-01-01 00:00:00", None);
        while let Some(page) = provider.next(&mut walk).await.unwrap() {
            for at in 0..page.records.len() {
                rows.push(serde_json::from_slice(page.raw(at)).unwrap());
            }
        }
        all.push((*id, rows));
    }
    all
}

fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Makes a table of each dataset and fills it.
fn fill(server: &Server, all: &[(DatasetId, Vec<serde_json::Value>)]) {
    let mut sql = String::new();
    for (id, rows) in all {
        let columns: BTreeSet<&String> = rows
            .iter()
            .flat_map(|row| row.as_object().unwrap().keys())
            .collect();
        let columns: Vec<&String> = columns.into_iter().collect();
        sql.push_str(&server.create(id.as_str(), &columns));
        for (number, row) in rows.iter().enumerate() {
            let values: Vec<String> = columns
                .iter()
                .map(|name| server.literal(row.get(name.as_str()).and_then(text_of)))
                .collect();
            sql.push_str(&format!(
                "INSERT INTO {id} VALUES ({number}, '0', {});\n",
                values.join(", ")
            ));
        }
    }
    server.script(&sql);
}

/// A connection to the tables, with the mapping of the HTTP interface.
fn over_tables(server: &Server, http: &Profile, polling: &Polling) -> Profile {
    let mut profile = http.clone();
    profile.interface = Interface::Database;
    profile.base_url = server.address();
    profile.auth = Auth::Basic { user: USER.into() };
    profile.environment = Environment::Test;
    profile.network.backoff_ms = 1;
    for (id, source) in &mut profile.datasets {
        *source = DatasetSource {
            mapping: source.mapping.clone(),
            incremental: Some(Incremental::Cursor),
            table: Some(TableSource {
                table: id.as_str().into(),
                batch_rows: 97,
                polling: polling.clone(),
                ..TableSource::default()
            }),
            ..DatasetSource::default()
        };
    }
    profile
}

struct Reading {
    cache: Cache,
    connection_id: i64,
    password: String,
    now_ms: i64,
    _dir: tempfile::TempDir,
}

impl Reading {
    fn new(profile: &Profile, password: &str, now_ms: i64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([7; 32])).unwrap();
        let text = serde_json::to_string(profile).unwrap();
        let connection_id = cache
            .write_blocking(move |tx| connection::insert(tx, "演示", "demo", &text, 1))
            .unwrap();
        Self {
            cache,
            connection_id,
            password: password.into(),
            now_ms,
            _dir: dir,
        }
    }

    /// An incremental run in a process of its own.
    fn spawn(&self) -> tokio::process::Child {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_one_run"))
            .arg(self.cache.path())
            .arg(self.connection_id.to_string())
            .arg(&self.password)
            .arg(self.now_ms.to_string())
            .arg(RunMode::Incremental.as_str())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    async fn run(&self, mode: RunMode) -> StateWord {
        let options = RunOptions {
            connection_id: self.connection_id,
            datasets: Vec::new(),
            mode,
            scope: zhengqiao_sync::RunScope::default(),
            asked_by: String::new(),
            now_ms: self.now_ms,
        };
        let started = zhengqiao_sync::start(&self.cache, options).unwrap();
        zhengqiao_sync::run(
            &self.cache,
            started.run_id,
            Secrets::new(Some(self.password.clone())),
        )
        .await
        .unwrap()
    }

    /// The code of the last run's cause.
    fn code(&self) -> String {
        self.cache
            .read_blocking(|conn| {
                let last = run::page(conn, None, None, 1)?.remove(0);
                Ok(run::datasets(conn, last.id)?.remove(0))
            })
            .unwrap()
            .code
            .unwrap_or_default()
    }

    /// Rows that the last run read of a dataset.
    fn fetched(&self, id: DatasetId) -> i64 {
        self.cache
            .read_blocking(|conn| {
                let last = run::page(conn, None, None, 1)?.remove(0);
                run::datasets(conn, last.id)
            })
            .unwrap()
            .into_iter()
            .find(|part| part.dataset == id)
            .unwrap()
            .counts
            .fetched
    }
}

async fn same_as_http(server: Server) {
    let mut bed = Bed::new(300, 5, 0.05).await;
    let now_ms = chrono::Utc::now().timestamp_millis();
    bed.now_ms = Some(now_ms);
    assert_eq!(
        bed.run(RunMode::Full).await,
        StateWord::FinishedWithRejections
    );
    let connection_id = bed.connection_id;
    let http: Profile = bed
        .cache
        .read_blocking(move |conn| {
            let row = connection::get(conn, connection_id)?.unwrap();
            Ok(serde_json::from_str(&row.profile)?)
        })
        .unwrap();
    let secret = bed.provider.credentials().secret_of(&bed.family);
    fill(&server, &raw_rows(&http, secret).await);

    let flag = Polling::Flag {
        column: "sync_sign".into(),
        pending: vec!["0".into()],
    };
    let profile = over_tables(&server, &http, &flag);
    let tables = Reading::new(&profile, PASSWORD, now_ms);
    assert_eq!(
        tables.run(RunMode::Full).await,
        StateWord::FinishedWithRejections
    );
    assert_same(dump(&tables.cache), bed.dump());

    // An incremental run reads what is flagged, and nothing else.
    server.script("UPDATE case_result SET sync_sign = '1';\nUPDATE case_result SET sync_sign = '0' WHERE seq < 7;\n");
    tables.run(RunMode::Incremental).await;
    assert_eq!(tables.fetched(DatasetId::CaseResult), 7);
    assert_same(dump(&tables.cache), bed.dump());
}

/// A small table of results: every fifth has a code that is none.
const RESULTS: &str = "CREATE TABLE case_result (row_guid varchar(50) PRIMARY KEY, \
     project_no varchar(50), result_date varchar(19), result_type varchar(2), \
     is_delivery_results varchar(1), handle_user_name varchar(99), cd_operation varchar(2), \
     cd_time varchar(19), cd_batch varchar(32), data_source varchar(3), \
     sync_sign varchar(1), sync_error_desc varchar(12), read_date timestamp NULL);\n";

fn result_row(number: usize, flag: &str) -> String {
    let code = if number % 5 == 4 { "77" } else { "6" };
    format!(
        "INSERT INTO case_result VALUES ('g{number:07}', 'P{number}', '2026-01-02 03:04:05', \
         '{code}', '0', '张三', 'I', '2026-02-03 04:05:06', 'B1', '123', '{flag}', NULL, NULL);\n"
    )
}

/// A connection to that table alone.
fn results(server: &Server, polling: Polling, receipts: bool) -> Profile {
    let mut profile = Profile {
        interface: Interface::Database,
        base_url: server.address(),
        environment: Environment::Test,
        auth: Auth::Basic { user: USER.into() },
        ..Profile::default()
    };
    profile.network.backoff_ms = 1;
    profile
        .rules
        .severities
        .insert("reference.case".into(), zhengqiao_domain::Severity::Off);
    profile.datasets.insert(
        DatasetId::CaseResult,
        DatasetSource {
            incremental: Some(Incremental::Cursor),
            table: Some(TableSource {
                table: "case_result".into(),
                batch_rows: 7,
                polling,
                receipts: receipts.then(Receipts::default),
                ..TableSource::default()
            }),
            ..DatasetSource::default()
        },
    );
    profile
}

fn flagged() -> Polling {
    Polling::Flag {
        column: "sync_sign".into(),
        pending: vec!["0".into()],
    }
}

async fn receipts_are_written(server: Server) {
    let mut sql = RESULTS.to_owned();
    for number in 0..50 {
        sql.push_str(&result_row(number, "0"));
    }
    server.script(&sql);
    let now_ms = chrono::Utc::now().timestamp_millis();

    // Without receipts a user who may only read is enough; with them it is told what is missing.
    let silent = Reading::new(&results(&server, flagged(), false), PASSWORD, now_ms);
    assert_eq!(
        silent.run(RunMode::Full).await,
        StateWord::FinishedWithRejections
    );
    assert_eq!(server.count("case_result", "sync_sign = '0'"), 50);
    let telling = Reading::new(&results(&server, flagged(), true), PASSWORD, now_ms);
    assert_eq!(telling.run(RunMode::Full).await, StateWord::Failed);
    assert_eq!(telling.code(), "forbidden");
    assert_eq!(server.count("case_result", "sync_sign = '0'"), 50);

    server.allow_updates();
    assert_eq!(
        telling.run(RunMode::Full).await,
        StateWord::FinishedWithRejections
    );
    assert_eq!(server.count("case_result", "sync_sign = '1'"), 40);
    assert_eq!(
        server.count("case_result", "sync_sign = '2' AND sync_error_desc <> ''"),
        10
    );
    assert_eq!(server.count("case_result", "read_date IS NULL"), 0);

    // A row that the provider sends again is read again, and no other.
    server.script(
        "UPDATE case_result SET result_type = '6', sync_sign = '0' WHERE row_guid = 'g0000004';\n",
    );
    telling.run(RunMode::Incremental).await;
    assert_eq!(telling.fetched(DatasetId::CaseResult), 1);
    assert_eq!(server.count("case_result", "sync_sign = '1'"), 41);
    assert_eq!(
        server.count("case_result", "sync_sign = '1' AND sync_error_desc <> ''"),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_written_back_into_postgresql() {
    receipts_are_written(postgresql()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_written_back_into_mariadb() {
    receipts_are_written(mariadb()).await;
}

async fn late_rows_are_read(server: Server) {
    server.script(RESULTS);
    server.script(&result_row(1, "0"));
    let now_ms = chrono::Utc::now().timestamp_millis();
    let batch = Polling::Batch {
        column: "cd_batch".into(),
    };
    let batches = Reading::new(&results(&server, batch, false), PASSWORD, now_ms);
    let time = Polling::Time {
        column: "cd_time".into(),
        overlap_s: 3_600,
    };
    let times = Reading::new(&results(&server, time, false), PASSWORD, now_ms);
    batches.run(RunMode::Full).await;
    times.run(RunMode::Full).await;

    // The last batch grows, a later one appears; a row is as late as the windows overlap.
    let recent = (chrono::Utc::now() + chrono::Duration::minutes(8 * 60 - 30))
        .format("%Y-%m-%d %H:%M:%S")
        .to_string();
    server.script(&result_row(2, "0"));
    server.script(&result_row(3, "0"));
    server.script(&format!(
        "UPDATE case_result SET cd_batch = 'B2', cd_time = '{recent}' WHERE project_no = 'P3';\n"
    ));
    batches.run(RunMode::Incremental).await;
    assert_eq!(batches.fetched(DatasetId::CaseResult), 3);
    times.run(RunMode::Incremental).await;
    assert_eq!(times.fetched(DatasetId::CaseResult), 1);
    batches.run(RunMode::Incremental).await;
    assert_eq!(batches.fetched(DatasetId::CaseResult), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn late_rows_are_read_from_postgresql() {
    late_rows_are_read(postgresql()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_rows_are_read_from_mariadb() {
    late_rows_are_read(mariadb()).await;
}

/// Kills the process that reads, again and again, until a run comes to its end.
async fn survives_kills(server: Server) {
    let mut sql = RESULTS.to_owned();
    for number in 0..1_500 {
        sql.push_str(&result_row(number, "0"));
    }
    server.script(&sql);
    server.allow_updates();
    let now_ms = chrono::Utc::now().timestamp_millis();
    let undisturbed = Reading::new(&results(&server, flagged(), false), PASSWORD, now_ms);
    undisturbed.run(RunMode::Full).await;
    // How long a process takes on this machine when nobody kills it.
    let timed = Reading::new(&results(&server, flagged(), false), PASSWORD, now_ms);
    let begun = std::time::Instant::now();
    assert!(timed.spawn().wait().await.unwrap().success());
    let whole = begun.elapsed();
    let killed = Reading::new(&results(&server, flagged(), true), PASSWORD, now_ms);
    let mut kills = 0;
    loop {
        let mut child = killed.spawn();
        let life = whole * (kills + 1) / 12;
        if let Ok(ended) = tokio::time::timeout(life, child.wait()).await {
            assert!(ended.unwrap().success());
            break;
        }
        child.kill().await.unwrap();
        kills += 1;
    }
    assert!(kills > 2, "{kills}");
    assert_same(dump(&undisturbed.cache), dump(&killed.cache));
    // What was committed and not receipted when it was killed is receipted by the next run.
    killed.run(RunMode::Incremental).await;
    assert_eq!(server.count("case_result", "sync_sign = '0'"), 0);
    assert_eq!(server.count("case_result", "sync_sign = '2'"), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_reading_of_postgresql_goes_on_and_every_row_is_receipted() {
    survives_kills(postgresql()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_reading_of_mariadb_goes_on_and_every_row_is_receipted() {
    survives_kills(mariadb()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_gives_the_same_as_the_http_interface() {
    same_as_http(postgresql()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_gives_the_same_as_the_http_interface() {
    same_as_http(mariadb()).await;
}

/// What matters of a cache: keys, content, outcomes and findings, but not how a row came.
fn content(lines: Vec<String>) -> Vec<String> {
    lines
        .into_iter()
        .map(|line| line.split(" {\"").next().unwrap_or_default().to_owned())
        .collect()
}

fn assert_same(one: Vec<String>, other: Vec<String>) {
    let (one, other) = (content(one), content(other));
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
}

/// The test's verdict: the failed layer and its advice.
async fn failure(profile: &Profile, password: &str) -> (String, String) {
    let provider = Provider::new(
        profile,
        Secrets::new(Some(password.into())),
        Arc::new(NoObserver),
    )
    .unwrap();
    let mut failed = None;
    provider
        .diagnose(profile, "2099-01-01 00:00:00", |layer| {
            if layer.state == zhengqiao_exchange::LayerState::Failed && failed.is_none() {
                failed = Some((layer.name.to_owned(), layer.advice.unwrap_or("").to_owned()));
            }
        })
        .await;
    failed.unwrap_or_default()
}

async fn troubles_are_named(server: Server) {
    server.script(
        "CREATE TABLE case_result (seq int PRIMARY KEY, a varchar(9));\n\
         INSERT INTO case_result VALUES (1, 'x');\n\
         CREATE TABLE keyless (a varchar(9));\nINSERT INTO keyless VALUES ('x'), ('x');\n",
    );
    server.forbidden("hidden");
    let mut profile = Profile {
        interface: Interface::Database,
        base_url: server.address(),
        environment: Environment::Test,
        auth: Auth::Basic { user: USER.into() },
        ..Profile::default()
    };
    let source = |table: &str, key: &[&str]| DatasetSource {
        table: Some(TableSource {
            table: table.into(),
            key: key.iter().map(|one| (*one).to_owned()).collect(),
            ..TableSource::default()
        }),
        ..DatasetSource::default()
    };
    profile
        .datasets
        .insert(DatasetId::CaseResult, source("case_result", &[]));
    let right = PASSWORD;
    let told = |layer: &str, advice: &str| (layer.to_owned(), advice.to_owned());
    assert_eq!(failure(&profile, right).await, told("", ""));
    assert_eq!(
        failure(&profile, "wrong").await,
        told("authentication", "unauthorised")
    );
    for (table, key, layer, advice) in [
        ("nothing", &[][..], "permission", "table_missing"),
        ("case_result", &["b"][..], "sample", "column_missing"),
        ("keyless", &[][..], "sample", "key_not_unique"),
        ("keyless", &["a"][..], "sample", "key_not_unique"),
    ] {
        let mut other = profile.clone();
        other
            .datasets
            .insert(DatasetId::CaseResult, source(table, key));
        assert_eq!(failure(&other, right).await, told(layer, advice), "{table}");
    }
    let mut other = profile.clone();
    other
        .datasets
        .insert(DatasetId::CaseResult, source("hidden", &[]));
    let (layer, advice) = failure(&other, right).await;
    // A database may tell a table that may not be read from one that is not there, or not.
    assert!(
        [("permission", "forbidden"), ("permission", "table_missing")]
            .contains(&(layer.as_str(), advice.as_str())),
        "{layer} {advice}"
    );
    let mut other = profile.clone();
    other.base_url = server.address_of("nobase");
    let (_, advice) = failure(&other, right).await;
    assert!(
        ["database_missing", "forbidden"].contains(&advice.as_str()),
        "{advice}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_postgresql_is_named() {
    troubles_are_named(postgresql()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_mariadb_is_named() {
    troubles_are_named(mariadb()).await;
}

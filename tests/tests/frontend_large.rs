//! A million rows of a front-end database: read whole and in order, with no more memory than a tenth
//! of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

#[path = "frontend/servers.rs"]
mod servers;

use std::sync::Arc;

use servers::{PASSWORD, Server, USER, mariadb, postgresql};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    Auth, DatasetSource, Environment, Interface, NoObserver, Profile, Provider, Scope, Secrets,
    TableSource,
};

const ROWS: u64 = 1_000_000;

/// Most memory that this process has had, KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Reads up to so many rows; their numbers must be 1, 2, 3 ….
async fn read(server: &Server, limit: u64) -> u64 {
    let table = TableSource {
        table: "large".into(),
        batch_rows: 5_000,
        ..TableSource::default()
    };
    let source = DatasetSource {
        table: Some(table),
        ..DatasetSource::default()
    };
    let profile = Profile {
        interface: Interface::Database,
        base_url: server.address(),
        environment: Environment::Test,
        auth: Auth::Basic { user: USER.into() },
        datasets: [(DatasetId::CaseResult, source.clone())].into(),
        ..Profile::default()
    };
    let secrets = Secrets::new(Some(PASSWORD.into()));
    let provider = Provider::new(&profile, secrets, Arc::new(NoObserver)).unwrap();
    let mut walk = provider.walk(
        DatasetId::CaseResult,
        &source,
        Scope::Full,
        "2099-01-01 00:00:00",
        None,
    );
    let mut read = 0;
    while read < limit
        && let Some(page) = provider.next(&mut walk).await.unwrap()
    {
        for at in 0..page.records.len() {
            read += 1;
            let begins = format!("{{\"seq\":{read},");
            let raw = std::str::from_utf8(page.raw(at))
                .unwrap()
                .replace(": ", ":");
            assert!(raw.starts_with(&begins), "{raw} at {read}");
        }
    }
    read
}

async fn memory_stays(server: &Server) {
    read(server, ROWS / 10).await;
    let small = peak();
    assert_eq!(read(server, u64::MAX).await, ROWS);
    let large = peak();
    eprintln!("{small} KiB for {} rows, {large} KiB for {ROWS}", ROWS / 10);
    assert!(large < small + small / 5, "{small} KiB, then {large} KiB");
}

#[tokio::test]
async fn a_million_rows_take_no_more_memory_than_a_tenth_of_them() {
    let server = postgresql();
    server.script(&format!(
        "CREATE TABLE large AS SELECT n AS seq, 'P' || n AS project_no, repeat('政', 60) AS note \
         FROM generate_series(1, {ROWS}) n;\nALTER TABLE large ADD PRIMARY KEY (seq);\n"
    ));
    memory_stays(&server).await;
    drop(server);

    let server = mariadb();
    server.script(&format!(
        "CREATE TABLE large (seq int PRIMARY KEY, project_no varchar(20), note varchar(200)) \
         SELECT seq, CONCAT('P', seq) AS project_no, REPEAT('政', 60) AS note FROM seq_1_to_{ROWS};\n"
    ));
    memory_stays(&server).await;
}

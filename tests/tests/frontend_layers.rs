//! What a database connection's test tells before a run fails: who answers at the port, the clock, what
//! the user may do with each table.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

#[path = "../../src-tauri/crates/exchange/tests/listeners/mod.rs"]
mod listeners;
#[path = "frontend/servers.rs"]
mod servers;

use std::net::SocketAddr;
use std::sync::Arc;

use listeners::{Leaf, banner, http, https, nobody, one_row, silent};
use servers::{PASSWORD, Server, USER, mariadb, postgresql};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    Auth, DatasetSource, Environment, Interface, Layer, LayerState, NoObserver, Polling, Profile,
    Provider, Receipts, Secrets, TableSource,
};

fn profile(base_url: String, table: TableSource) -> Profile {
    let mut profile = Profile {
        interface: Interface::Database,
        base_url,
        environment: Environment::Test,
        auth: Auth::Basic { user: USER.into() },
        ..Profile::default()
    };
    profile.network.retries = 0;
    profile.network.connect_timeout_ms = 4_000;
    profile.datasets.insert(
        DatasetId::CaseResult,
        DatasetSource {
            table: Some(table),
            ..DatasetSource::default()
        },
    );
    profile
}

fn results() -> TableSource {
    TableSource {
        table: "case_result".into(),
        ..TableSource::default()
    }
}

async fn layers(profile: &Profile) -> Vec<Layer> {
    let secrets = Secrets::new(Some(PASSWORD.into()));
    let provider = Provider::new(profile, secrets, Arc::new(NoObserver)).unwrap();
    let mut layers = Vec::new();
    provider
        .diagnose(profile, "2099-01-01 00:00:00", |layer| layers.push(layer))
        .await;
    layers
}

/// The first layer that failed, with what was seen and its advice.
fn failure(layers: &[Layer]) -> (&'static str, String, &'static str) {
    let failed = layers
        .iter()
        .find(|layer| layer.state == LayerState::Failed)
        .unwrap_or_else(|| panic!("nothing failed in {layers:#?}"));
    (
        failed.name,
        failed.seen.clone(),
        failed.advice.unwrap_or(""),
    )
}

const SCHEMES: [&str; 2] = ["postgresql", "mysql"];

async fn told_at(scheme: &str, place: &str) -> (&'static str, String, &'static str) {
    let profile = profile(format!("{scheme}://{place}/exchange"), results());
    failure(&layers(&profile).await)
}

async fn told(scheme: &str, address: SocketAddr) -> (&'static str, String, &'static str) {
    told_at(scheme, &address.to_string()).await
}

#[tokio::test]
async fn an_unknown_host_is_told() {
    for scheme in SCHEMES {
        let (layer, _, advice) = told_at(scheme, "no-such-host.invalid:1").await;
        assert_eq!((layer, advice), ("name", "name_resolution"));
    }
}

#[tokio::test]
async fn a_refused_connection_is_told_from_one_that_nobody_answers() {
    let refused = nobody();
    let (quiet, _waiting, _listener) = silent().await;
    for scheme in SCHEMES {
        let (layer, _, advice) = told(scheme, refused).await;
        assert_eq!((layer, advice), ("tcp", "connect"));
        let mut profile = profile(format!("{scheme}://{quiet}/exchange"), results());
        profile.network.connect_timeout_ms = 300;
        let (layer, _, advice) = failure(&layers(&profile).await);
        assert_eq!((layer, advice), ("tcp", "connect_timeout"));
    }
}

#[tokio::test]
async fn a_port_that_speaks_something_else_is_told_with_what_it_says() {
    let web = http(one_row()).await;
    let waiting = banner(b"").await;
    let secured = https(Leaf::self_signed("localhost").server(None), one_row()).await;
    let shell = banner(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    for scheme in SCHEMES {
        for (address, said) in [(web, "HTTP/1.1 200"), (secured, "TLS"), (shell, "SSH-2.0")] {
            let (layer, seen, advice) = told(scheme, address).await;
            assert_eq!((layer, advice), ("protocol", "no_database"), "{seen}");
            assert!(seen.contains(said), "{seen}");
        }
        let (layer, _, advice) = told(scheme, waiting).await;
        assert_eq!((layer, advice), ("protocol", "timeout"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_database_is_told_from_the_other() {
    let place = |server: &Server| format!("127.0.0.1:{}", server.port());
    let postgres = postgresql();
    let (layer, seen, advice) = told_at("mysql", &place(&postgres)).await;
    assert_eq!((layer, advice), ("protocol", "other_database"));
    assert_eq!(seen, "PostgreSQL");
    let maria = mariadb();
    let (layer, seen, advice) = told_at("postgresql", &place(&maria)).await;
    assert_eq!((layer, advice), ("protocol", "other_database"));
    assert!(seen.contains("MariaDB"), "{seen}");
}

async fn what_a_run_would_miss(server: Server) {
    server.script(
        "CREATE TABLE case_result (seq int PRIMARY KEY, sync_sign varchar(1), read_date varchar(19));\n\
         INSERT INTO case_result VALUES (1, '0', NULL);\n",
    );
    let flagged = |column: &str, receipts: bool| {
        let table = TableSource {
            polling: Polling::Flag {
                column: column.into(),
                pending: vec!["0".into()],
            },
            receipts: receipts.then(Receipts::default),
            ..results()
        };
        profile(server.address(), table)
    };
    let seen = layers(&flagged("sync_sign", false)).await;
    assert!(
        seen.iter().all(|layer| layer.state == LayerState::Ok),
        "{seen:#?}"
    );
    let clock = seen.iter().find(|layer| layer.name == "clock").unwrap();
    assert!(clock.details.iter().any(|one| one.name == "server"));
    let (layer, seen, advice) = failure(&layers(&flagged("flag", false)).await);
    assert_eq!((layer, advice), ("permission", "column_missing"));
    assert!(seen.contains("flag"), "{seen}");
    let (layer, seen, advice) = failure(&layers(&flagged("sync_sign", true)).await);
    assert_eq!((layer, advice), ("permission", "receipt_forbidden"));
    assert!(
        seen == "UPDATE case_result (sync_sign, read_date)",
        "{seen}"
    );
    server.allow_updates();
    let seen = layers(&flagged("sync_sign", true)).await;
    assert!(
        seen.iter().all(|layer| layer.state == LayerState::Ok),
        "{seen:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_over_postgresql_would_miss_is_told_before() {
    what_a_run_would_miss(postgresql()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_over_mariadb_would_miss_is_told_before() {
    what_a_run_would_miss(mariadb()).await;
}

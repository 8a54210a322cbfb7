//! Front-end databases behind TLS, real ones: encryption where the profile asks for it, each trouble
//! with certificates by its own name, the client certificate really used.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

#[path = "../../src-tauri/crates/exchange/tests/listeners/mod.rs"]
mod listeners;
#[path = "frontend/servers.rs"]
mod servers;

use std::sync::Arc;

use listeners::{Authority, Leaf};
use servers::{PASSWORD, Server, Tls, USER, mariadb, mariadb_with, postgresql, postgresql_with};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    Auth, DatasetSource, Environment, Interface, Layer, LayerState, NoObserver, Profile, Provider,
    Secrets, TableSource,
};

/// What a connection needs besides its profile.
fn secrets() -> Secrets {
    Secrets::new(Some(PASSWORD.into()))
}

/// A connection to one table, its host named as certificates name it.
fn profile(server: &Server, ca_bundle: &str) -> Profile {
    let mut profile = Profile {
        interface: Interface::Database,
        base_url: server.address().replace("127.0.0.1", "localhost"),
        environment: Environment::Test,
        auth: Auth::Basic { user: USER.into() },
        ..Profile::default()
    };
    profile.network.ca_bundle = ca_bundle.into();
    profile.network.retries = 0;
    profile.datasets.insert(
        DatasetId::CaseResult,
        DatasetSource {
            table: Some(TableSource {
                table: "case_result".into(),
                ..TableSource::default()
            }),
            ..DatasetSource::default()
        },
    );
    profile
}

fn fill(server: &Server) {
    server.script(
        "CREATE TABLE case_result (seq int PRIMARY KEY, a varchar(9));\n\
         INSERT INTO case_result VALUES (1, 'x');\n",
    );
}

async fn layers(profile: &Profile, secrets: Secrets) -> Vec<Layer> {
    let provider = Provider::new(profile, secrets, Arc::new(NoObserver)).unwrap();
    let mut layers = Vec::new();
    provider
        .diagnose(profile, "2099-01-01 00:00:00", |layer| layers.push(layer))
        .await;
    layers
}

/// The first layer that failed and its advice; empty when none did.
fn failure(layers: &[Layer]) -> (&'static str, &'static str) {
    layers
        .iter()
        .find(|layer| layer.state == LayerState::Failed)
        .map_or(("", ""), |layer| (layer.name, layer.advice.unwrap_or("")))
}

/// How a run's first page goes: `ok`, or the code of what is wrong.
async fn read(profile: &Profile, secrets: Secrets) -> &'static str {
    let provider = Provider::new(profile, secrets, Arc::new(NoObserver)).unwrap();
    let source = &profile.datasets[&DatasetId::CaseResult];
    match provider
        .first_page(DatasetId::CaseResult, source, "2099-01-01 00:00:00")
        .await
    {
        Ok(page) => {
            assert_eq!(page.unwrap().records.len(), 1);
            "ok"
        }
        Err(error) => error.code(),
    }
}

fn tls(leaf: &Leaf) -> Tls<'_> {
    Tls {
        certificate: &leaf.pem,
        key: &leaf.key,
        clients: None,
    }
}

fn expired(authority: &Authority) -> Leaf {
    authority.sign("localhost", |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    })
}

async fn certificates_are_judged(start: fn(Option<&Tls<'_>>) -> Server, plain: [&str; 3]) {
    let authority = Authority::new("政务 CA");
    let good = authority.sign("localhost", |_| {});
    let server = start(Some(&tls(&good)));
    fill(&server);
    let trusting = profile(&server, &authority.pem);

    // The right authority: everything is read, and the certificate is described.
    let seen = layers(&trusting, secrets()).await;
    assert_eq!(failure(&seen), ("", ""), "{seen:#?}");
    let names: Vec<_> = seen.iter().map(|layer| layer.name).collect();
    assert_eq!(
        names,
        [
            "settings",
            "name",
            "tcp",
            "protocol",
            "tls",
            "authentication",
            "clock",
            "permission",
            "sample"
        ]
    );
    assert!(
        seen[4].seen.starts_with("TLSv1_3 · TLS13_"),
        "{}",
        seen[4].seen
    );
    let certificate = &seen[4].details[0];
    assert!(
        certificate.text.starts_with("CN=localhost ← CN=政务 CA"),
        "{}",
        certificate.text
    );
    let kinds: Vec<_> = seen[4].expiries.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, ["server_certificate", "ca_bundle"]);
    assert_eq!(read(&trusting, secrets()).await, "ok");

    // Without a bundle this machine is asked plainly, which this server does not take.
    let [layer, advice, code] = plain;
    let unasked = profile(&server, "");
    let seen = layers(&unasked, secrets()).await;
    assert_eq!(failure(&seen), (layer, advice), "{seen:#?}");
    assert_eq!(read(&unasked, secrets()).await, code);

    // A run names the same as the test, but cannot see who signed what it refused.
    let stranger = profile(&server, &Authority::new("elsewhere").pem);
    let seen = layers(&stranger, secrets()).await;
    assert_eq!(failure(&seen), ("tls", "cert_unknown_ca"), "{seen:#?}");
    assert_eq!(read(&stranger, secrets()).await, "cert_unknown_ca");
    for (leaf, test, run) in [
        (
            Leaf::self_signed("localhost"),
            "cert_self_signed",
            "cert_unknown_ca",
        ),
        (expired(&authority), "cert_expired", "cert_expired"),
        (
            authority.sign("www.example.org", |_| {}),
            "cert_name_mismatch",
            "cert_name_mismatch",
        ),
    ] {
        server.renew(&tls(&leaf));
        let seen = layers(&trusting, secrets()).await;
        assert_eq!(failure(&seen), ("tls", test), "{seen:#?}");
        assert_eq!(read(&trusting, secrets()).await, run);
    }
    server.renew(&tls(&good));
    assert_eq!(read(&trusting, secrets()).await, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_postgresql_is_judged_as_that_of_http() {
    let plain = ["tls", "encryption_needed", "encryption_needed"];
    certificates_are_judged(postgresql_with, plain).await;
}

/// MariaDB says no more than "access denied" to one that does not encrypt.
#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_mariadb_is_judged_as_that_of_http() {
    let plain = ["authentication", "login_or_encryption", "unauthorised"];
    certificates_are_judged(mariadb_with, plain).await;
}

async fn a_client_certificate_is_used(
    start: fn(Option<&Tls<'_>>) -> Server,
    missing: (&str, &str),
) {
    let (ours, clients) = (Authority::new("servers"), Authority::new("clients"));
    let leaf = ours.sign("localhost", |_| {});
    let server = start(Some(&Tls {
        clients: Some(&clients.pem),
        ..tls(&leaf)
    }));
    fill(&server);
    let mut profile = profile(&server, &ours.pem);
    let seen = layers(&profile, secrets()).await;
    assert_eq!(failure(&seen), missing, "{seen:#?}");

    let stranger = Authority::new("strangers").sign(USER, |_| {});
    profile.network.client_certificate = stranger.pem.clone();
    let with_key = |leaf: &Leaf| secrets().with_client_key(Some(leaf.key.clone()));
    let seen = layers(&profile, with_key(&stranger)).await;
    assert_eq!(failure(&seen), ("tls", "client_cert_refused"), "{seen:#?}");

    let known = clients.sign(USER, |_| {});
    profile.network.client_certificate = known.pem.clone();
    let seen = layers(&profile, with_key(&known)).await;
    assert_eq!(failure(&seen), ("", ""), "{seen:#?}");
    assert_eq!(read(&profile, with_key(&known)).await, "ok");
    let layer = seen.iter().find(|layer| layer.name == "tls").unwrap();
    let asked = layer.details.last().unwrap();
    assert_eq!((asked.name, asked.text.as_str()), ("client_asked", "yes"));
    assert!(
        layer
            .expiries
            .iter()
            .any(|one| one.kind == "client_certificate")
    );

    // With the certificate, a refused login is the password's.
    let wrong = Secrets::new(Some("wrong".into())).with_client_key(Some(known.key.clone()));
    let seen = layers(&profile, wrong).await;
    assert_eq!(failure(&seen), ("authentication", "unauthorised"));

    let Err(error) = Provider::new(&profile, secrets(), Arc::new(NoObserver)) else {
        panic!("a provider without a key")
    };
    assert!(
        error.to_string().contains("private key is not kept"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_gets_the_client_certificate_and_its_absence_is_named() {
    a_client_certificate_is_used(postgresql_with, ("tls", "client_cert_missing")).await;
}

/// MariaDB says no more than "access denied".
#[tokio::test(flavor = "multi_thread")]
async fn mariadb_gets_the_client_certificate_and_its_absence_is_named() {
    let missing = ("authentication", "login_or_certificate");
    a_client_certificate_is_used(mariadb_with, missing).await;
}

async fn a_server_without_encryption_is_told(server: Server) {
    fill(&server);
    let profile = profile(&server, &Authority::new("CA").pem);
    let seen = layers(&profile, secrets()).await;
    assert_eq!(failure(&seen), ("tls", "no_encryption"), "{seen:#?}");
    assert_eq!(read(&profile, secrets()).await, "no_encryption");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_without_encryption_is_told() {
    a_server_without_encryption_is_told(postgresql()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_without_encryption_is_told() {
    a_server_without_encryption_is_told(mariadb()).await;
}

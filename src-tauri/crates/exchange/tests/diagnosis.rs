//! Every way in which a connection does not work is told by its own name, against real listeners.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod listeners;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use listeners::{
    Answering, Authority, Leaf, Proxying, Reply, banner, http, https, nobody, one_row, proxy,
    silent,
};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    Auth, DatasetSource, Envelope, Layer, LayerState, NoObserver, Pager, Profile, Provider, Proxy,
    ProxyMode, Secrets,
};

fn source(path: &str) -> DatasetSource {
    DatasetSource {
        path: path.into(),
        pager: Pager::Single,
        envelope: Envelope {
            records: "/data/list".into(),
            ..Envelope::default()
        },
        ..DatasetSource::default()
    }
}

fn profile(base_url: String) -> Profile {
    let mut profile = Profile {
        base_url,
        ..Profile::default()
    };
    profile
        .datasets
        .insert(DatasetId::Review, source("reviews"));
    profile.network.retries = 0;
    profile.network.connect_timeout_ms = 4000;
    profile.network.proxy.mode = ProxyMode::None;
    profile
}

fn secure(address: SocketAddr) -> Profile {
    profile(format!("https://localhost:{}", address.port()))
}

async fn layers_with(profile: &Profile, secrets: Secrets) -> Vec<Layer> {
    let provider = Provider::new(profile, secrets, Arc::new(NoObserver)).unwrap();
    let mut layers = Vec::new();
    provider
        .diagnose(profile, "2026-11-24 00:00:00", |layer| layers.push(layer))
        .await;
    layers
}

async fn layers(profile: &Profile) -> Vec<Layer> {
    layers_with(profile, Secrets::default()).await
}

fn layer<'a>(layers: &'a [Layer], name: &str) -> &'a Layer {
    layers
        .iter()
        .find(|layer| layer.name == name)
        .unwrap_or_else(|| panic!("no layer {name} in {layers:#?}"))
}

/// The first layer that failed, with its advice.
fn failure(layers: &[Layer]) -> (&'static str, &'static str) {
    let failed = layers
        .iter()
        .find(|layer| layer.state == LayerState::Failed)
        .unwrap_or_else(|| panic!("nothing failed in {layers:#?}"));
    (failed.name, failed.advice.unwrap())
}

fn passes(layers: &[Layer]) {
    for layer in layers {
        assert_ne!(layer.state, LayerState::Failed, "{layers:#?}");
    }
    assert_eq!(layer(layers, "sample").seen, "1");
}

fn own_proxy(profile: &mut Profile, address: SocketAddr) {
    profile.network.proxy = Proxy {
        mode: ProxyMode::Own,
        address: format!("http://{address}"),
        ..Proxy::default()
    };
}

#[tokio::test]
async fn an_unknown_host_is_told() {
    let profile = profile("https://no-such-host.invalid".into());
    assert_eq!(
        failure(&layers(&profile).await),
        ("name", "name_resolution")
    );
}

#[tokio::test]
async fn a_port_at_which_nobody_listens_is_told() {
    let profile = secure(nobody());
    assert_eq!(failure(&layers(&profile).await), ("tcp", "connect"));
}

#[tokio::test]
async fn a_host_that_never_accepts_is_told_from_one_that_refuses() {
    let (address, _waiting, _listener) = silent().await;
    let mut profile = profile(format!("https://{address}"));
    profile.network.connect_timeout_ms = 300;
    assert_eq!(failure(&layers(&profile).await), ("tcp", "connect_timeout"));
}

#[tokio::test]
async fn a_port_that_speaks_ssh_is_told_with_and_without_encryption() {
    let address = banner(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    for base in [format!("https://{address}"), format!("http://{address}")] {
        let layers = layers(&profile(base)).await;
        assert_eq!(failure(&layers), ("tls", "wrong_protocol"));
        assert!(layer(&layers, "tls").seen.contains("SSH-2.0-OpenSSH"));
    }
}

#[tokio::test]
async fn http_at_an_https_address_is_told_whether_it_answers_or_closes() {
    let closes = http(one_row()).await;
    assert_eq!(
        failure(&layers(&secure(closes)).await),
        ("tls", "plain_http")
    );
    let answers = banner(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(
        failure(&layers(&secure(answers)).await),
        ("tls", "plain_http")
    );
}

#[tokio::test]
async fn https_at_an_http_address_is_told() {
    let address = https(Leaf::self_signed("localhost").server(None), one_row()).await;
    let layers = layers(&profile(format!("http://{address}"))).await;
    assert_eq!(failure(&layers), ("tls", "https_needed"));
}

#[tokio::test]
async fn a_trusted_certificate_passes_and_is_described() {
    let authority = Authority::new("政务 CA");
    let leaf = authority.sign("localhost", |_| {});
    let address = https(leaf.server(None), one_row()).await;
    let mut profile = secure(address);
    profile.network.ca_bundle = authority.pem.clone();
    let layers = layers(&profile).await;
    passes(&layers);
    let tls = layer(&layers, "tls");
    assert!(tls.seen.starts_with("TLSv1_3 · TLS13_"), "{}", tls.seen);
    let text = |name: &str| {
        tls.details
            .iter()
            .find(|detail| detail.name == name)
            .map(|detail| detail.text.clone())
            .unwrap()
    };
    assert!(text("certificate").starts_with("CN=localhost ← CN=政务 CA · 4096-01-01"));
    assert!(text("ca_bundle").starts_with("CN=政务 CA ← CN=政务 CA"));
    assert_eq!(text("client_asked"), "no");
    let kinds: Vec<_> = tls.expiries.iter().map(|expiry| expiry.kind).collect();
    assert_eq!(kinds, ["server_certificate", "ca_bundle"]);
    let names: Vec<_> = layers.iter().map(|layer| layer.name).collect();
    assert_eq!(
        names,
        [
            "settings",
            "name",
            "proxy",
            "tcp",
            "tls",
            "clock",
            "authentication",
            "permission",
            "sample"
        ]
    );
}

#[tokio::test]
async fn an_expired_and_an_early_certificate_are_told_apart() {
    let authority = Authority::new("CA");
    for (from, to, advice) in [
        (2020, 2021, "cert_expired"),
        (2120, 2121, "cert_not_yet_valid"),
    ] {
        let leaf = authority.sign("localhost", |params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        });
        let mut profile = secure(https(leaf.server(None), one_row()).await);
        profile.network.ca_bundle = authority.pem.clone();
        let layers = layers(&profile).await;
        assert_eq!(failure(&layers), ("tls", advice));
        assert_eq!(layer(&layers, "tls").expiries[0].kind, "server_certificate");
    }
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_worth_a_word() {
    use chrono::Datelike as _;
    let authority = Authority::new("CA");
    let end = chrono::Utc::now().date_naive() + chrono::Duration::days(10);
    let leaf = authority.sign("localhost", |params| {
        let (month, day) = (end.month(), end.day());
        params.not_after = rcgen::date_time_ymd(
            end.year(),
            u8::try_from(month).unwrap(),
            u8::try_from(day).unwrap(),
        );
    });
    let mut profile = secure(https(leaf.server(None), one_row()).await);
    profile.network.ca_bundle = authority.pem.clone();
    let layers = layers(&profile).await;
    passes(&layers);
    assert_eq!(layer(&layers, "tls").state, LayerState::Warn);
    assert_eq!(layer(&layers, "tls").advice, Some("cert_expires_soon"));
}

#[tokio::test]
async fn a_self_signed_certificate_is_told_from_an_unknown_authority() {
    let own = https(Leaf::self_signed("localhost").server(None), one_row()).await;
    assert_eq!(
        failure(&layers(&secure(own)).await),
        ("tls", "cert_self_signed")
    );
    let leaf = Authority::new("elsewhere").sign("localhost", |_| {});
    let other = https(leaf.server(None), one_row()).await;
    assert_eq!(
        failure(&layers(&secure(other)).await),
        ("tls", "cert_unknown_ca")
    );
}

#[tokio::test]
async fn a_self_signed_certificate_in_the_bundle_is_trusted() {
    let leaf = Leaf::self_signed("localhost");
    let mut profile = secure(https(leaf.server(None), one_row()).await);
    profile.network.ca_bundle = leaf.pem.clone();
    passes(&layers(&profile).await);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told() {
    let authority = Authority::new("CA");
    let leaf = authority.sign("www.example.org", |_| {});
    let mut profile = secure(https(leaf.server(None), one_row()).await);
    profile.network.ca_bundle = authority.pem.clone();
    let layers = layers(&profile).await;
    assert_eq!(failure(&layers), ("tls", "cert_name_mismatch"));
    assert!(layer(&layers, "tls").seen.contains("www.example.org"));
}

#[tokio::test]
async fn a_missing_and_a_refused_client_certificate_are_told_apart() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let leaf = servers.sign("localhost", |_| {});
    let address = https(leaf.server(Some(clients.clients())), one_row()).await;
    let mut profile = secure(address);
    profile.network.ca_bundle = servers.pem.clone();
    let missing = layers(&profile).await;
    assert_eq!(failure(&missing), ("tls", "client_cert_missing"));

    let stranger = Authority::new("strangers").sign("client", |_| {});
    profile.network.client_certificate = stranger.pem.clone();
    let secrets = Secrets::default().with_client_key(Some(stranger.key.clone()));
    let refused = layers_with(&profile, secrets).await;
    assert_eq!(failure(&refused), ("tls", "client_cert_refused"));

    let known = clients.sign("client", |_| {});
    profile.network.client_certificate = known.pem.clone();
    let secrets = Secrets::default().with_client_key(Some(known.key.clone()));
    let taken = layers_with(&profile, secrets).await;
    passes(&taken);
    let asked = layer(&taken, "tls").details.last().unwrap();
    assert_eq!((asked.name, asked.text.as_str()), ("client_asked", "yes"));
}

#[tokio::test]
async fn a_client_certificate_without_its_key_is_a_setting_to_mend() {
    let leaf = Authority::new("CA").sign("client", |_| {});
    let mut profile = secure(nobody());
    profile.network.client_certificate = leaf.pem.clone();
    let Err(error) = Provider::new(&profile, Secrets::default(), Arc::new(NoObserver)) else {
        panic!("a provider without a key")
    };
    assert!(
        error.to_string().contains("private key is not kept"),
        "{error}"
    );
    let other = Authority::new("CA").sign("client", |_| {});
    let secrets = Secrets::default().with_client_key(Some(other.key));
    let Err(error) = Provider::new(&profile, secrets, Arc::new(NoObserver)) else {
        panic!("a provider with another's key")
    };
    assert!(error.to_string().contains("does not belong"), "{error}");
}

#[tokio::test]
async fn calls_really_go_through_the_proxy_that_the_test_names() {
    let authority = Authority::new("CA");
    let leaf = authority.sign("provider.invalid", |_| {});
    let address = https(leaf.server(None), one_row()).await;
    let through = proxy(Proxying::Through).await;
    // Only the proxy knows this name.
    let mut profile = profile(format!("https://provider.invalid:{}", address.port()));
    profile.network.ca_bundle = authority.pem.clone();
    own_proxy(&mut profile, through.address);
    let layers = layers(&profile).await;
    passes(&layers);
    let proxied = layer(&layers, "proxy");
    assert_eq!(proxied.seen, format!("http://{}", through.address));
    assert_eq!(proxied.details[0].text, "own");
    assert_eq!(layer(&layers, "tunnel").state, LayerState::Ok);
    // One of the test, one of the calls.
    assert_eq!(through.tunnels.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_host_of_the_bypass_list_is_reached_directly() {
    let address = http(one_row()).await;
    let never = proxy(Proxying::Refusing(403)).await;
    let mut profile = profile(format!("http://{address}"));
    own_proxy(&mut profile, never.address);
    profile.network.proxy.bypass = vec!["127.0.0.0/8".into()];
    let layers = layers(&profile).await;
    passes(&layers);
    assert_eq!(layer(&layers, "proxy").details[0].text, "bypass");
    assert!(never.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_plain_call_goes_through_the_proxy_too() {
    let address = http(one_row()).await;
    let through = proxy(Proxying::Through).await;
    let mut profile = profile(format!("http://{address}"));
    own_proxy(&mut profile, through.address);
    passes(&layers(&profile).await);
    let calls = through.calls.lock().unwrap().clone();
    assert_eq!(calls[0], format!("HEAD http://{address}/"));
    assert_eq!(calls[1], format!("GET http://{address}/reviews"));
}

#[tokio::test]
async fn what_a_proxy_refuses_is_told_by_its_name() {
    let target = nobody();
    for (proxying, advice) in [
        (Proxying::Refusing(407), "proxy_auth"),
        (Proxying::Refusing(403), "proxy_refused"),
        (Proxying::Refusing(502), "proxy_target"),
    ] {
        let refusing = proxy(proxying).await;
        let mut profile = secure(target);
        own_proxy(&mut profile, refusing.address);
        assert_eq!(failure(&layers(&profile).await), ("tunnel", advice));
    }
    let mut profile = secure(target);
    own_proxy(&mut profile, nobody());
    assert_eq!(
        failure(&layers(&profile).await),
        ("tcp", "proxy_unreachable")
    );
    own_proxy(&mut profile, banner(b"").await);
    profile.network.connect_timeout_ms = 300;
    assert_eq!(
        failure(&layers(&profile).await),
        ("tunnel", "proxy_timeout")
    );
}

#[tokio::test]
async fn a_proxy_takes_user_and_password_from_their_own_places() {
    let authority = Authority::new("CA");
    let leaf = authority.sign("localhost", |_| {});
    let address = https(leaf.server(None), one_row()).await;
    // printf 'user:p@ss' | base64
    let asking = proxy(Proxying::Asking("Basic dXNlcjpwQHNz")).await;
    let mut profile = secure(address);
    profile.network.ca_bundle = authority.pem.clone();
    own_proxy(&mut profile, asking.address);
    profile.network.proxy.user = "user".into();
    let secrets = Secrets::default().with_proxy_password(Some("p@ss".into()));
    let layers = layers_with(&profile, secrets).await;
    passes(&layers);
    assert!(!format!("{layers:?}").contains("p@ss"));
    assert!(!format!("{layers:?}").contains("dXNlcjpwQHNz"));
}

fn by_path(answers: &'static [(&'static str, u16)]) -> Answering {
    Arc::new(move |asked| {
        let status = answers
            .iter()
            .find(|(path, _)| asked.target.contains(path))
            .map_or(200, |(_, status)| *status);
        Reply::json(status, r#"{"data":{"list":[{"a":1}]}}"#)
    })
}

fn three(base: String) -> Profile {
    let mut profile = profile(base);
    profile
        .datasets
        .insert(DatasetId::ServiceItem, source("items"));
    profile
        .datasets
        .insert(DatasetId::CaseResult, source("results"));
    profile
}

#[tokio::test]
async fn refusals_of_single_datasets_are_told_apart() {
    let address = http(by_path(&[("items", 401), ("results", 403)])).await;
    let layers = layers(&three(format!("http://{address}"))).await;
    assert_eq!(layer(&layers, "authentication").state, LayerState::Ok);
    let advice = |dataset| {
        layers
            .iter()
            .find(|layer| layer.dataset == Some(dataset))
            .map(|layer| (layer.name, layer.advice))
            .unwrap()
    };
    assert_eq!(
        advice(DatasetId::ServiceItem),
        ("permission", Some("unauthorised_dataset"))
    );
    assert_eq!(
        advice(DatasetId::CaseResult),
        ("permission", Some("forbidden"))
    );
    assert_eq!(advice(DatasetId::Review), ("permission", None));

    let address = http(by_path(&[("reviews", 404)])).await;
    let missing = self::layers(&profile(format!("http://{address}"))).await;
    assert_eq!(failure(&missing), ("permission", "not_found"));
}

#[tokio::test]
async fn wrong_credentials_are_tried_twice_and_no_more() {
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = asked.clone();
    let address = http(Arc::new(move |question| {
        if question.method == "GET" {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        Reply::json(401, "{}")
    }))
    .await;
    let layers = layers(&three(format!("http://{address}"))).await;
    assert_eq!(failure(&layers), ("authentication", "unauthorised"));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_page_to_sign_in_is_told_from_another_page() {
    let sign_in = "<html><form><input name=u><input type=\"password\" name=p></form></html>";
    let address = http(Arc::new(move |_| {
        Reply::of(200, "text/html; charset=utf-8", sign_in)
    }))
    .await;
    let layers = layers(&profile(format!("http://{address}"))).await;
    assert_eq!(failure(&layers), ("sample", "sign_in_page"));
    let address = http(Arc::new(|_| Reply::of(200, "text/html", "<h1>维护中</h1>"))).await;
    let layers = self::layers(&profile(format!("http://{address}"))).await;
    assert_eq!(failure(&layers), ("sample", "wrong_content_type"));
}

#[tokio::test]
async fn a_wrong_pointer_comes_with_those_that_would_fit() {
    let address = http(Arc::new(|_| {
        Reply::json(
            200,
            r#"{"code":0,"result":{"rows":[{"a":1},{"a":2}]},"dept":[{"b":1}]}"#,
        )
    }))
    .await;
    let layers = layers(&profile(format!("http://{address}"))).await;
    assert_eq!(layer(&layers, "authentication").state, LayerState::Ok);
    assert_eq!(failure(&layers), ("sample", "wrong_pointer"));
    assert_eq!(
        layer(&layers, "sample").proposals,
        ["/result/rows", "/dept"]
    );
}

fn gateway(base: String) -> Profile {
    let mut profile = profile(base);
    profile.auth = Auth::Gateway {
        requester_id: "portal".into(),
    };
    profile
}

fn dated(offset_s: i64, status: u16) -> Answering {
    Arc::new(move |_| {
        let date = chrono::Utc::now() + chrono::Duration::seconds(offset_s);
        let body = if status == 200 {
            r#"{"data":{"list":[{"a":1}]}}"#
        } else {
            r#"{"message":"签名错误"}"#
        };
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Reply::json(status, body).with("date", &date)
    })
}

#[tokio::test]
async fn a_wrong_signature_is_told_from_a_clock_too_far_off() {
    let secrets = || Secrets::new(Some("secret".into()));
    let address = http(dated(0, 401)).await;
    let wrong = layers_with(&gateway(format!("http://{address}")), secrets()).await;
    assert_eq!(layer(&wrong, "clock").state, LayerState::Ok);
    assert_eq!(failure(&wrong), ("authentication", "wrong_signature"));

    let address = http(dated(-1200, 401)).await;
    let late = layers_with(&gateway(format!("http://{address}")), secrets()).await;
    assert_eq!(failure(&late), ("clock", "clock_too_far"));
    assert_eq!(layer(&late, "authentication").advice, Some("clock_too_far"));
}

#[tokio::test]
async fn a_clock_that_is_a_little_off_is_worth_a_word() {
    let address = http(dated(120, 200)).await;
    let layers = layers(&profile(format!("http://{address}"))).await;
    passes(&layers);
    assert_eq!(layer(&layers, "clock").state, LayerState::Warn);
    assert_eq!(layer(&layers, "clock").advice, Some("clock"));
}

//! A test login through the whole system: which portal account it would be bound to, what would
//! change, what is kept as a sample, and that nothing of it is left anywhere.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

#[path = "../../src-tauri/crates/signon/tests/place/mod.rs"]
mod place;

use std::path::Path;

use place::SECRET;
use place::browser::{Browser, Page};
use place::servers::Server;
use serde_json::{Map, Value, json};
use zhengqiao_api::contract::{
    AuditRequest, ConnectionId, ErrorCode, ForgetClaimSample, KeepTestLogin, LoginChangeKind,
    PasteTestLogin, PreviewClaims, RunId, RunMode, SaveConnection, SaveSignOn, StartSync,
    StartTestLogin, TestLoginId, TestLoginState, TestLoginView, WatchTestLogin,
};
use zhengqiao_api::demo::{DemoJob, Demonstration};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret, start_log};
use zhengqiao_demo::{World, identity_truth};
use zhengqiao_domain::primitives::{citizen_id, mobile};
use zhengqiao_signon::{FindingKind, Oidc, ProtocolSettings, SignOn, StepOutcome};

const JOB: DemoJob = DemoJob {
    records: 300,
    seed: 31,
    defects: 0.0,
};

/// A provider whose issuer is its own address.
fn provider(claims: &Value) -> (Server, String) {
    // The port is free now, and the provider's issuer has to be known before it listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let issuer = format!("http://127.0.0.1:{port}");
    (Server::own_oidc(&issuer, SECRET, claims), issuer)
}

async fn console(place: &Path) -> Console {
    Console::opened(ConsoleOptions {
        data_dir: place.to_path_buf(),
        keys: KeyChoice::Passphrase(Secret::new("correct horse battery".to_owned())),
        demo: false,
    })
    .await
    .unwrap()
}

/// A connection to the demonstration's provider.
async fn connection(console: &Console, demonstration: &Demonstration) -> i64 {
    let detail = demonstration
        .console
        .get_connection(ConnectionId {
            connection_id: demonstration.connection_id,
        })
        .await
        .unwrap();
    console
        .save_connection(SaveConnection {
            connection_id: None,
            name: "省平台".into(),
            profile: detail.profile,
            secret: Some(demonstration.provider.credentials().secret.clone()),
        })
        .await
        .unwrap()
        .connection_id
}

async fn signs_on(console: &Console, connection_id: i64, issuer: &str) {
    let saved = console
        .save_sign_on(SaveSignOn {
            connection_id,
            sign_on: SignOn {
                protocol: ProtocolSettings::Oidc(Oidc {
                    issuer: issuer.to_owned(),
                    client_id: "portal".into(),
                    scopes: vec!["profile".into()],
                    ..Oidc::default()
                }),
                ..SignOn::default()
            },
            secret: Some(SECRET.into()),
        })
        .await
        .unwrap();
    assert!(saved.is_saved && saved.secret_changed_at.is_some());
    assert!(!serde_json::to_string(&saved).unwrap().contains(SECRET));
}

async fn begin(console: &Console, connection_id: i64) -> TestLoginView {
    let begun = console
        .start_test_login(StartTestLogin {
            connection_id,
            kind: zhengqiao_identity::AccountKind::Natural,
            log_out: false,
        })
        .await
        .unwrap();
    until(console, begun, |view| {
        view.state != TestLoginState::Preparing
    })
    .await
}

async fn until(
    console: &Console,
    mut view: TestLoginView,
    is_so: impl Fn(&TestLoginView) -> bool,
) -> TestLoginView {
    while !is_so(&view) {
        view = console
            .watch_test_login(WatchTestLogin {
                test_login_id: view.test_login_id,
                seen: view.version,
            })
            .await
            .unwrap();
    }
    view
}

async fn sign_in(browser: &mut Browser, address: &str) -> Page {
    let login = browser.open(&address.parse().unwrap()).await;
    let consent = browser
        .submit(&login, &[("login", "person-1"), ("password", "any")])
        .await;
    browser.submit(&consent, &[]).await
}

/// A whole test login; gives what it came to.
async fn login(console: &Console, connection_id: i64) -> TestLoginView {
    let waiting = begin(console, connection_id).await;
    assert_eq!(
        waiting.state,
        TestLoginState::Waiting,
        "{:?}",
        waiting.failure
    );
    let page = sign_in(&mut Browser::default(), waiting.address.as_ref().unwrap()).await;
    assert_eq!(page.status, 200);
    until(console, waiting, |view| {
        matches!(view.state, TestLoginState::Done | TestLoginState::Failed)
    })
    .await
}

/// A person of the demonstration whose portal account nothing is wrong with.
fn linked_person(world: &World) -> (Map<String, Value>, String) {
    let (portal, natural) = (
        World::dataset("portal_account").unwrap(),
        World::dataset("natural_person").unwrap(),
    );
    let wrong: Vec<String> = identity_truth(world)
        .into_iter()
        .map(|truth| truth.account_id)
        .collect();
    let account = (0..world.places(portal))
        .map(|place| world.at(portal, place))
        .find(|row| row.get("account_kind") == "natural" && !wrong.contains(&row.get("account_id")))
        .unwrap();
    let person = (0..world.places(natural))
        .map(|place| world.at(natural, place))
        .find(|row| row.get("cert_key") == account.get("bound_to"))
        .unwrap();
    let fields = zhengqiao_domain::DatasetId::NaturalPerson.dataset().fields;
    let claims = fields
        .iter()
        .filter(|field| !person.get(field.name).is_empty())
        .map(|field| (field.name.to_owned(), Value::String(person.get(field.name))))
        .collect();
    (claims, account.get("account_id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_login_says_which_account_it_would_be_bound_to_and_what_would_change() {
    let demonstration = Demonstration::prepare(JOB).await.unwrap();
    let (mut claims, account_id) = linked_person(demonstration.provider.world());
    claims.insert("user_name".into(), "改名之人".into());
    claims.insert("phone_number_verified".into(), false.into());
    let (_server, issuer) = provider(&Value::Object(claims));
    let dir = tempfile::tempdir().unwrap();
    let console = console(dir.path()).await;
    let connection_id = connection(&console, &demonstration).await;
    let run = console
        .start_sync(StartSync {
            connection_id,
            datasets: Vec::new(),
            mode: RunMode::Full,
            scope: None,
        })
        .await
        .unwrap();
    console
        .watch_run(RunId { run_id: run.run_id }, |_| {})
        .await
        .unwrap();
    signs_on(&console, connection_id, &issuer).await;

    let done = login(&console, connection_id).await;
    assert_eq!(done.state, TestLoginState::Done, "{:?}", done.failure);
    assert!(
        done.steps
            .iter()
            .all(|step| step.outcome == StepOutcome::Done && step.took_ms.is_some())
    );
    let result = done.result.unwrap();
    assert!(
        result.accounts_compared >= 20,
        "{} accounts",
        result.accounts_compared
    );
    assert_eq!(result.accounts[0].account_id, account_id);
    assert!(result.accounts[0].would_be_bound);
    let changes: Vec<LoginChangeKind> = result.changes.iter().map(|one| one.kind).collect();
    assert_eq!(changes, [LoginChangeKind::NameDiffers]);
    let unproven: Vec<&str> = result
        .findings
        .iter()
        .filter(|one| one.kind == FindingKind::UnprovenClaim)
        .map(|one| one.subject.as_str())
        .collect();
    assert_eq!(unproven, ["user_mobile"]);
    assert!(
        result
            .fields
            .iter()
            .any(|field| field.row.claim == "cert_key" && field.state == "ok")
    );
}

/// Every row of every table, as text.
async fn dumped(console: &Console) -> String {
    console
        .cache()
        .unwrap()
        .read(|conn| {
            let mut all = String::new();
            let mut tables = conn.prepare(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'",
            )?;
            let names = tables
                .query_map([], |row| row.get::<_, String>(0))?
                .collect::<Result<Vec<_>, _>>()?;
            for name in names {
                let mut columns = conn.prepare("SELECT name FROM pragma_table_info(?1)")?;
                let columns = columns
                    .query_map([&name], |row| row.get::<_, String>(0))?
                    .map(|column| column.map(|column| format!("quote(\"{column}\")")))
                    .collect::<Result<Vec<_>, _>>()?;
                let sql = format!("SELECT {} FROM \"{name}\"", columns.join(" || ' ' || "));
                let mut rows = conn.prepare(&sql)?;
                for row in rows.query_map([], |row| row.get::<_, String>(0))? {
                    all.push_str(&row?);
                    all.push('\n');
                }
            }
            Ok(all)
        })
        .await
        .unwrap()
}

fn log_of(dir: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&log_of(&path));
        } else if path.extension().is_none_or(|kind| kind != "sealed") {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn no_claim_code_token_or_secret_is_left_in_the_cache_the_log_or_an_answer() {
    let personal = [
        ("cert_key", "9c4d1e7a55b0f3d2".repeat(4)),
        ("user_name", "欧阳慕白".to_owned()),
        ("user_mobile", "13712349876".to_owned()),
        ("cert_no", "110101199003070134".to_owned()),
        ("birthday", "19900307".to_owned()),
    ];
    let mut claims: Map<String, Value> = personal
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::String(value.clone())))
        .collect();
    claims.insert("user_real_lvl".into(), "4".into());
    claims.insert("cert_type".into(), "111".into());
    claims.insert("nickname".into(), "慕白先生在此".into());
    let (_server, issuer) = provider(&Value::Object(claims));
    let demonstration = Demonstration::prepare(JOB).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let console = console(dir.path()).await;
    let log = start_log(dir.path());
    let connection_id = connection(&console, &demonstration).await;
    signs_on(&console, connection_id, &issuer).await;
    let mut answers = String::new();

    // One that is broken off by the person with an address of another test, then goes on.
    let waiting = begin(&console, connection_id).await;
    let refused = console
        .paste_test_login(PasteTestLogin {
            test_login_id: waiting.test_login_id,
            address: "http://127.0.0.1/callback?code=abcdef-stolen&state=another".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    answers.push_str(&refused.message);
    let callback = waiting.return_to.clone().unwrap();
    let mut browser = Browser::stopping_at(&callback);
    let page = sign_in(&mut browser, waiting.address.as_ref().unwrap()).await;
    let code = page
        .address
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    console
        .paste_test_login(PasteTestLogin {
            test_login_id: waiting.test_login_id,
            address: page.address.to_string(),
        })
        .await
        .unwrap();
    let done = until(&console, waiting, |view| {
        matches!(view.state, TestLoginState::Done | TestLoginState::Failed)
    })
    .await;
    assert_eq!(done.state, TestLoginState::Done, "{:?}", done.failure);
    answers.push_str(&serde_json::to_string(&done).unwrap());
    let kept = console
        .keep_test_login(KeepTestLogin {
            test_login_id: done.test_login_id,
            name: "自然人样本".into(),
        })
        .await
        .unwrap();
    answers.push_str(&serde_json::to_string(&kept).unwrap());
    let audit = console
        .list_audit(AuditRequest {
            before: None,
            limit: 50,
        })
        .await
        .unwrap();
    answers.push_str(&serde_json::to_string(&audit).unwrap());
    assert_eq!(audit.entries[0].act, "keep_test_login");

    // The same code a second time: the provider's words may name it.
    let second = begin(&console, connection_id).await;
    let state = second.address.as_ref().unwrap().split("state=").nth(1);
    let state = state.unwrap().split('&').next().unwrap();
    let reused = format!(
        "{}?code={code}&state={state}&iss={issuer}",
        second.return_to.as_ref().unwrap()
    );
    Browser::default().open(&reused.parse().unwrap()).await;
    let failed = until(&console, second, |view| {
        view.state == TestLoginState::Failed
    })
    .await;
    assert_eq!(failed.failure.as_ref().unwrap().code, "refused");
    answers.push_str(&serde_json::to_string(&failed).unwrap());

    let sample = dumped(&console).await;
    drop(log);
    let files = log_of(dir.path());
    for (place, text) in [("cache", &sample), ("files", &files), ("answers", &answers)] {
        for secret in personal.iter().map(|(_, value)| value.as_str()).chain([
            code.as_str(),
            SECRET,
            "慕白先生",
            "person-1",
            // How a token of the provider begins; three letters of it stand in any encrypted file by chance.
            "eyJhbGciOi",
            "abcdef-stolen",
        ]) {
            assert!(!text.contains(secret), "{secret} is in the {place}");
        }
    }

    // What is kept passes the same rules.
    let claims = console
        .cache()
        .unwrap()
        .read(move |conn| zhengqiao_store::claim_sample::list(conn, connection_id))
        .await
        .unwrap()
        .remove(0)
        .claims;
    let claims: Value = serde_json::from_str(&claims).unwrap();
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    let today = chrono::Utc::now().date_naive();
    assert!(citizen_id::check(&text("cert_no"), today).is_ok());
    assert!(mobile::is_mobile(&text("user_mobile")));
    assert_eq!(text("cert_key").len(), 64);
    assert_eq!(text("user_name").chars().count(), 4);
    assert_eq!(text("user_real_lvl"), "4");

    // A mapping can be tried on it, and it can be thrown away.
    let id = ConnectionId { connection_id };
    let mapping = console.get_identity_mapping(id).await.unwrap();
    let sample_id = mapping.samples[0].sample_id;
    let preview = PreviewClaims {
        connection_id,
        kind: zhengqiao_identity::AccountKind::Natural,
        settings: mapping.settings,
        sample_id: Some(sample_id),
    };
    let shown = console.preview_claims(preview.clone()).await.unwrap();
    assert!(
        shown.rows.iter().any(|row| row.state == "ok"),
        "{:?}",
        shown.rows
    );
    let forget = ForgetClaimSample {
        connection_id,
        sample_id,
    };
    console.forget_claim_sample(forget).await.unwrap();
    let mapping = console.get_identity_mapping(id).await.unwrap();
    assert!(mapping.samples.is_empty());
    let again = console.forget_claim_sample(forget).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_login_that_is_broken_off_gives_its_port_back_and_keeps_nothing() {
    let (_server, issuer) = provider(&json!({"cert_key": "1f".repeat(32)}));
    let demonstration = Demonstration::prepare(JOB).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let console = console(dir.path()).await;
    let connection_id = connection(&console, &demonstration).await;
    let error = console
        .start_test_login(StartTestLogin {
            connection_id,
            kind: zhengqiao_identity::AccountKind::Natural,
            log_out: false,
        })
        .await
        .unwrap_err();
    assert!(error.message.contains("sign_on"), "{}", error.message);
    signs_on(&console, connection_id, &issuer).await;
    let waiting = begin(&console, connection_id).await;
    let id = TestLoginId {
        test_login_id: waiting.test_login_id,
    };
    let port = waiting.return_to.as_ref().unwrap();
    let port: u16 = port
        .split(':')
        .nth(2)
        .and_then(|rest| rest.split('/').next()?.parse().ok())
        .unwrap();
    console.cancel_test_login(id).await.unwrap();
    let gone = until(&console, waiting, |view| {
        view.state == TestLoginState::Cancelled
    })
    .await;
    assert!(gone.result.is_none());
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
        tokio::task::yield_now().await;
    }
    let kept = console
        .keep_test_login(KeepTestLogin {
            test_login_id: id.test_login_id,
            name: "x".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(kept.code, ErrorCode::InvalidRequest);
}

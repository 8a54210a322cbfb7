//! CAS against `django-cas-server`, through its own login page.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use place::browser::{Browser, Page};
use place::liar::Liar;
use place::servers::Server;
use place::{nothing_pasted, setup};
use serde_json::{Value, json};
use zhengqiao_signon::{
    Cas, FindingKind, LogoutReach, ProtocolSettings, Received, SignOn, SignOnError, Trial,
};

struct Bed {
    server: Server,
    _dir: tempfile::TempDir,
}

impl Bed {
    fn make(change: impl FnOnce(&mut Value)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = json!({
            "user": "person-1", "password": "pass-1", "services": r"^http://127\.0\.0\.1:\d+/callback",
            "attributes": {"cert_key": "5d".repeat(32), "user_name": "测试乙", "role": ["a", "b"]},
        });
        change(&mut settings);
        let server = Server::cas(dir.path(), &settings);
        Self { server, _dir: dir }
    }

    fn sign_on(&self, version: u8) -> SignOn {
        sign_on(self.server.port(0), version)
    }
}

fn sign_on(port: u16, version: u8) -> SignOn {
    SignOn {
        protocol: ProtocolSettings::Cas(Cas {
            server: format!("http://127.0.0.1:{port}/cas"),
            version,
            ..Cas::default()
        }),
        ..SignOn::default()
    }
}

async fn sign_in(browser: &mut Browser, address: &url::Url) -> Page {
    let login = browser.open(address).await;
    assert_eq!(login.status, 200, "{}", login.text);
    browser
        .submit(&login, &[("username", "person-1"), ("password", "pass-1")])
        .await
}

async fn login(sign_on: SignOn) -> Result<Received, SignOnError> {
    let mut trial = Trial::begin(setup(sign_on, "", 0)).await?;
    let address = trial.address().clone();
    let person = tokio::spawn(async move { sign_in(&mut Browser::default(), &address).await });
    let received = trial.receive(nothing_pasted()).await;
    let last = person.await.unwrap();
    assert!(last.text.contains("登录信息已收到"), "{}", last.text);
    received
}

fn code(outcome: Result<Received, SignOnError>) -> String {
    match outcome {
        Err(SignOnError::Refused { code, .. }) => code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was accepted"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_test_login_brings_user_and_attributes() {
    let bed = Bed::make(|_| {});
    let received = login(bed.sign_on(3)).await.unwrap();
    assert_eq!(received.claims["user"], "person-1");
    assert_eq!(received.claims["user_name"], "测试乙");
    assert_eq!(received.claims["role"], json!(["a", "b"]));
    assert!(
        received
            .findings
            .iter()
            .any(|one| one.kind == FindingKind::NoProvinceLogout)
    );
    assert_eq!(received.logouts[0].reach, LogoutReach::Local);
}

#[tokio::test(flavor = "multi_thread")]
async fn version_2_brings_the_user_too() {
    let bed = Bed::make(|_| {});
    let received = login(bed.sign_on(2)).await.unwrap();
    assert_eq!(received.claims["user"], "person-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_registered_is_refused_in_the_browser() {
    let bed = Bed::make(|settings| settings["services"] = "^https://portal\\.example/".into());
    let trial = Trial::begin(setup(bed.sign_on(3), "", 0)).await.unwrap();
    let page = sign_in(&mut Browser::default(), trial.address()).await;
    assert_ne!(page.address.path(), "/callback", "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_ran_out_is_refused() {
    let bed = Bed::make(|settings| settings["validity"] = 0.into());
    assert_eq!(code(login(bed.sign_on(3)).await), "INVALID_TICKET");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_used_before_is_refused() {
    let bed = Bed::make(|_| {});
    let liar = Liar::start().await;
    liar.set_target(bed.server.port(0));
    liar.repeats("/cas/p3/serviceValidate");
    assert_eq!(code(login(sign_on(liar.port, 3)).await), "INVALID_TICKET");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_another_service_is_refused() {
    let bed = Bed::make(|_| {});
    let mut trial = Trial::begin(setup(bed.sign_on(3), "", 0)).await.unwrap();
    let right = trial.return_to().to_string();
    // A ticket for another service, brought with this test's state.
    let mut browser = Browser::stopping_at("http://127.0.0.1:9/callback");
    let state: String = trial
        .address()
        .query_pairs()
        .find(|(name, _)| name == "service")
        .and_then(|(_, service)| Some(service.split("state=").nth(1)?.to_owned()))
        .unwrap();
    let mut elsewhere = trial.address().clone();
    elsewhere
        .query_pairs_mut()
        .clear()
        .append_pair("service", "http://127.0.0.1:9/callback");
    let ticket = sign_in(&mut browser, &elsewhere).await.address;
    let ticket = ticket.query().unwrap().to_owned();
    let brought = url::Url::parse(&format!("{right}?state={state}&{ticket}")).unwrap();
    let person = tokio::spawn(async move { Browser::default().open(&brought).await });
    let outcome = trial.receive(nothing_pasted()).await;
    person.await.unwrap();
    let Err(SignOnError::Refused { code, what }) = outcome else {
        panic!("it was accepted")
    };
    assert_eq!(code, "INVALID_SERVICE");
    assert!(!what.contains("ST-"), "{what}");
}

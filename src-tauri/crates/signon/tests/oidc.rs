//! OpenID Connect against `oidc-provider`, through its own login pages: a whole test login, and
//! everything that has to be refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use place::browser::{Browser, Page};
use place::liar::Liar;
use place::servers::Server;
use place::{SECRET, nothing_pasted, setup};
use serde_json::{Value, json};
use zhengqiao_signon::{
    FindingKind, Oidc, ProtocolSettings, Received, SignOn, SignOnError, StepKind, StepOutcome,
    Trial,
};

fn claims() -> Value {
    json!({
        "cert_key": "3f".repeat(32), "user_name": "测试甲", "user_mobile": "13900000001",
        "user_real_lvl": "4", "phone_number_verified": false,
    })
}

/// A provider behind a proxy that lets everything through at first.
struct Bed {
    liar: Liar,
    server: Server,
}

impl Bed {
    async fn make() -> Self {
        let liar = Liar::start().await;
        let server = Server::oidc(&[liar.issuer()], SECRET, &claims());
        liar.set_target(server.port(0));
        Self { liar, server }
    }

    fn sign_on(&self) -> SignOn {
        SignOn {
            protocol: ProtocolSettings::Oidc(Oidc {
                issuer: self.liar.issuer(),
                client_id: "portal".into(),
                scopes: vec!["profile".into()],
                ..Oidc::default()
            }),
            ..SignOn::default()
        }
    }

    async fn login(&self) -> Result<Received, SignOnError> {
        self.login_with(SECRET, 0).await
    }

    async fn login_with(&self, secret: &str, ahead_s: i64) -> Result<Received, SignOnError> {
        let mut trial = Trial::begin(setup(self.sign_on(), secret, ahead_s)).await?;
        let address = trial.address().clone();
        let person = tokio::spawn(async move { sign_in(&mut Browser::default(), &address).await });
        let received = trial.receive(nothing_pasted()).await;
        let last = person.await.unwrap();
        assert_eq!(last.status, 200, "{}", last.text);
        received
    }
}

/// A person signs in and agrees.
async fn sign_in(browser: &mut Browser, address: &url::Url) -> Page {
    let login = browser.open(address).await;
    assert_eq!(login.status, 200, "{}", login.text);
    let consent = browser
        .submit(&login, &[("login", "person-1"), ("password", "any")])
        .await;
    if consent.address.path() == "/callback" {
        return consent;
    }
    browser.submit(&consent, &[]).await
}

fn refused(outcome: Result<Received, SignOnError>) -> SignOnError {
    match outcome {
        Err(error) => error,
        Ok(_) => panic!("it was accepted"),
    }
}

/// Changes the ID token in the answers of the token endpoint.
fn with_token(liar: &Liar, change: fn(&str) -> String) {
    liar.changes(move |path, body| {
        if path != "/token" {
            return body;
        }
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        let token = answer["id_token"].as_str().unwrap().to_owned();
        answer["id_token"] = change(&token).into();
        serde_json::to_vec(&answer).unwrap()
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_test_login_brings_the_claims_and_every_step_with_its_time() {
    let bed = Bed::make().await;
    let set_up = setup(bed.sign_on(), SECRET, 0);
    let journal = set_up.journal.clone();
    let mut trial = Trial::begin(set_up).await.unwrap();
    let address = trial.address().clone();
    let query: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    assert!(query.contains(&("code_challenge_method".into(), "S256".into())));
    let person = tokio::spawn(async move { sign_in(&mut Browser::default(), &address).await });
    let received = trial.receive(nothing_pasted()).await.unwrap();
    let last = person.await.unwrap();
    assert!(last.text.contains("登录信息已收到") && last.text.contains("The sign-in was received"));
    assert_eq!(received.claims["cert_key"], claims()["cert_key"]);
    assert_eq!(received.claims["user_name"], "测试甲");
    assert_eq!(received.claims["sub"], "person-1");
    assert!(!received.claims.contains_key("nonce"));
    let kinds: Vec<FindingKind> = received.findings.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [FindingKind::NotHttps]);
    let steps = journal.steps();
    let done: Vec<StepKind> = steps.iter().map(|step| step.kind).collect();
    assert_eq!(
        done,
        [
            StepKind::Listen,
            StepKind::Discover,
            StepKind::Browser,
            StepKind::Exchange,
            StepKind::Verify,
            StepKind::UserInfo
        ]
    );
    assert!(
        steps
            .iter()
            .all(|step| step.outcome == StepOutcome::Done && step.took_ms.is_some())
    );
    let told = serde_json::to_string(&steps).unwrap();
    assert!(!told.contains("code=") && !told.contains(SECRET), "{told}");
    let logout = trial.log_out(received.logouts).await.unwrap();
    assert_eq!(logout[0].path(), "/session/end");
    assert!(!logout[0].as_str().contains("id_token"), "{}", logout[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_told_in_the_providers_words() {
    let bed = Bed::make().await;
    let error = refused(bed.login_with("another-secret-99", 0).await);
    assert!(
        matches!(&error, SignOnError::Refused { code, .. } if code == "invalid_client"),
        "{error:?}"
    );
    assert!(!error.to_string().contains("another-secret"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_not_registered_is_refused_in_the_browser() {
    let bed = Bed::make().await;
    let mut sign_on = bed.sign_on();
    sign_on.callback = "https://other.example/callback".into();
    let trial = Trial::begin(setup(sign_on, SECRET, 0)).await.unwrap();
    let page = Browser::default().open(trial.address()).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("redirect_uri"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_used_before_is_refused() {
    let bed = Bed::make().await;
    bed.liar.repeats("/token");
    let error = refused(bed.login().await);
    assert!(
        matches!(&error, SignOnError::Refused { code, .. } if code == "invalid_grant"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_ran_out_is_refused() {
    let bed = Bed::make().await;
    let mut trial = Trial::begin(setup(bed.sign_on(), SECRET, 0)).await.unwrap();
    let callback = trial.return_to().to_string();
    let mut browser = Browser::stopping_at(&callback);
    let page = sign_in(&mut browser, trial.address()).await;
    bed.server.set_clock(120).await;
    browser.stops_at = None;
    let late = tokio::spawn(async move { browser.open(&page.address).await });
    let error = refused(trial.receive(nothing_pasted()).await);
    late.await.unwrap();
    assert!(
        matches!(&error, SignOnError::Refused { code, .. } if code == "invalid_grant"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_another_issuer_are_refused() {
    let bed = Bed::make().await;
    let mut sign_on = bed.sign_on();
    if let ProtocolSettings::Oidc(own) = &mut sign_on.protocol {
        own.issuer = own.issuer.replace("127.0.0.1", "localhost");
    }
    bed.liar.changes(|_, body| body);
    let error = Trial::begin(setup(sign_on, SECRET, 0)).await.err().unwrap();
    assert_eq!(error.code(), "wrong_issuer", "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_is_refused() {
    let bed = Bed::make().await;
    // The issuer in the token is changed, and with it what was signed: the issuer is looked at first.
    with_token(&bed.liar, |token| {
        let parts: Vec<&str> = token.split('.').collect();
        let mut body: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        body["iss"] = "https://other.example".into();
        let body = URL_SAFE_NO_PAD.encode(body.to_string());
        format!("{}.{body}.{}", parts[0], parts[2])
    });
    assert_eq!(refused(bed.login().await).code(), "wrong_issuer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_another_nonce_is_refused() {
    let bed = Bed::make().await;
    bed.liar.leads(|address| {
        if address.starts_with("/auth?") {
            address.replace("nonce=", "nonce=x")
        } else {
            address.to_owned()
        }
    });
    assert_eq!(refused(bed.login().await), SignOnError::WrongNonce);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_a_signature_is_refused() {
    let bed = Bed::make().await;
    with_token(&bed.liar, |token| {
        format!("{}.", token.rsplit_once('.').unwrap().0)
    });
    let error = refused(bed.login().await);
    assert_eq!(error.code(), "bad_signature", "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_says_none_is_refused() {
    let bed = Bed::make().await;
    with_token(&bed.liar, |token| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        format!("{header}.{}.", token.split('.').nth(1).unwrap())
    });
    let error = refused(bed.login().await);
    assert_eq!(error.code(), "unsigned", "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_a_changed_claim_is_refused() {
    let bed = Bed::make().await;
    with_token(&bed.liar, |token| {
        let parts: Vec<&str> = token.split('.').collect();
        let mut body: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        body["user_name"] = "别人".into();
        let body = URL_SAFE_NO_PAD.encode(body.to_string());
        format!("{}.{body}.{}", parts[0], parts[2])
    });
    assert_eq!(refused(bed.login().await), SignOnError::BadSignature);
}

/// Gives keys of another name for the first `times` that they are asked for.
fn other_keys(liar: &Liar, times: usize) {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    liar.changes(move |path, body| {
        if path != "/jwks" || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= times {
            return body;
        }
        let mut keys: Value = serde_json::from_slice(&body).unwrap();
        for key in keys["keys"].as_array_mut().unwrap() {
            key["kid"] = "an-older-key".into();
        }
        serde_json::to_vec(&keys).unwrap()
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_changed_meanwhile_are_asked_for_once_more() {
    let bed = Bed::make().await;
    other_keys(&bed.liar, 1);
    let received = bed.login().await.unwrap();
    assert!(
        received
            .findings
            .iter()
            .any(|one| one.kind == FindingKind::KeysRotated)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_never_published_is_refused() {
    let bed = Bed::make().await;
    other_keys(&bed.liar, usize::MAX);
    assert_eq!(refused(bed.login().await), SignOnError::UnknownKey);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_ten_minutes_off_is_refused_with_the_difference() {
    for ahead in [600, -600] {
        let bed = Bed::make().await;
        bed.server.set_clock(ahead).await;
        let error = refused(bed.login().await);
        let SignOnError::ClockSkewed { by_s, allowed_s } = error else {
            panic!("{error:?}")
        };
        assert_eq!(allowed_s, 300);
        assert!((by_s + ahead).abs() < 60, "{by_s}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_four_minutes_off_is_a_finding() {
    let bed = Bed::make().await;
    let received = bed.login_with(SECRET, 240).await.unwrap();
    let found = received
        .findings
        .iter()
        .find(|one| one.kind == FindingKind::ClockDiffers)
        .unwrap();
    assert!(found.subject.parse::<i64>().unwrap() >= 230);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_provider_is_not_exchanged() {
    let (bed, other) = (Bed::make().await, Bed::make().await);
    let mut trial = Trial::begin(setup(bed.sign_on(), SECRET, 0)).await.unwrap();
    // The browser is led to the other provider with this test's state.
    let mut address = trial.address().clone();
    address.set_port(Some(other.liar.port)).unwrap();
    let person = tokio::spawn(async move { sign_in(&mut Browser::default(), &address).await });
    let error = refused(trial.receive(nothing_pasted()).await);
    person.await.unwrap();
    assert!(
        matches!(&error, SignOnError::WrongIssuer { found, .. } if *found == other.liar.issuer()),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn user_info_of_another_subject_is_refused() {
    let bed = Bed::make().await;
    bed.liar.changes(|path, body| {
        if path != "/me" {
            return body;
        }
        let mut info: Value = serde_json::from_slice(&body).unwrap();
        info["sub"] = "somebody-else".into();
        serde_json::to_vec(&info).unwrap()
    });
    assert_eq!(refused(bed.login().await), SignOnError::WrongSubject);
}

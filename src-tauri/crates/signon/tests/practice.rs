//! OAuth 2.0, ticket with signature, and relay against the demo provider, which was written from the
//! families' descriptions and not from the code that asks.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use place::browser::Browser;
use place::{nothing_pasted, setup};
use zhengqiao_demo::{DemoOptions, DemoProvider, World};
use zhengqiao_exchange::{Unwrap, WrapCipher};
use zhengqiao_identity::AccountKind;
use zhengqiao_signon::{
    Envelope, FindingKind, LogoutReach, OAuth2, ProtocolSettings, Received, Relay, Setup, SignOn,
    SignOnError, Ticket, TokenPlace, Trial,
};

async fn provider() -> DemoProvider {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.0,
        ..DemoOptions::new(300, 5, now)
    };
    DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap()
}

fn name_of(provider: &DemoProvider, dataset: &str, index: u64, field: &str) -> String {
    let number = World::dataset(dataset).unwrap();
    provider.world().row(number, index).get(field)
}

/// Somebody is chosen on the provider's page.
async fn login(setup: Setup, link: usize) -> Result<(Trial, Received), SignOnError> {
    let mut trial = Trial::begin(setup).await?;
    let address = trial.address().clone();
    let person = tokio::spawn(async move {
        let mut browser = Browser::default();
        let page = browser.open(&address).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let link = page.text.split("href=\"").nth(link + 1).unwrap();
        let link = link.split('"').next().unwrap().replace("&amp;", "&");
        browser.open(&page.address.join(&link).unwrap()).await
    });
    let received = trial.receive(nothing_pasted()).await;
    let last = person.await.unwrap();
    assert!(last.text.contains("登录信息已收到"), "{}", last.text);
    received.map(|received| (trial, received))
}

fn relay(provider: &DemoProvider) -> SignOn {
    SignOn {
        protocol: ProtocolSettings::Relay(Relay {
            server: provider.base_url(),
            param_key: provider.site_key(),
            uuid: "app-1".into(),
            return_name: "backUrl".into(),
            province_logout: format!("{}/sign-on/logout", provider.base_url()),
            ..Relay::default()
        }),
        ..SignOn::default()
    }
}

fn oauth2(provider: &DemoProvider, token_in: TokenPlace) -> SignOn {
    let base = provider.base_url();
    SignOn {
        protocol: ProtocolSettings::Oauth2(OAuth2 {
            authorize: format!("{base}/oauth2/authorize"),
            token: format!("{base}/oauth2/token"),
            user_info: format!("{base}/oauth2/userinfo"),
            client_id: provider.credentials().client_id.clone(),
            token_in,
            claims_at: "/data/user".into(),
            envelope: Envelope {
                success: String::new(),
                success_value: String::new(),
                message: "/message".into(),
            },
            ..OAuth2::default()
        }),
        ..SignOn::default()
    }
}

fn ticket(provider: &DemoProvider) -> SignOn {
    let base = provider.base_url();
    SignOn {
        protocol: ProtocolSettings::Ticket(Ticket {
            login: format!("{base}/jis/login"),
            interface: format!("{base}/jis/sso"),
            logout: format!("{base}/sign-on/logout"),
            app_mark: provider.credentials().requester_id.clone(),
            ..Ticket::default()
        }),
        unwrap: Unwrap {
            cipher: WrapCipher::Aes,
            at: vec![String::new()],
            ..Unwrap::default()
        },
        ..SignOn::default()
    }
}

fn with_key(mut setup: Setup, provider: &DemoProvider) -> Setup {
    setup.unwrap_key = provider.credentials().secret[..16].to_owned().into();
    setup
}

fn kinds(received: &Received) -> Vec<FindingKind> {
    received.findings.iter().map(|one| one.kind).collect()
}

fn error(outcome: Result<(Trial, Received), SignOnError>) -> SignOnError {
    match outcome {
        Err(error) => error,
        Ok(_) => panic!("it was accepted"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_brings_claims_without_its_ticket_and_both_logouts_are_wired() {
    let provider = provider().await;
    let (trial, received) = login(setup(relay(&provider), "", 0), 1).await.unwrap();
    assert_eq!(
        received.claims["user_name"],
        name_of(&provider, "natural_person", 1, "user_name")
    );
    assert!(!received.claims.contains_key("ticket"));
    let reach: Vec<(LogoutReach, bool)> = received
        .logouts
        .iter()
        .map(|one| (one.reach, one.in_browser))
        .collect();
    assert_eq!(
        reach,
        [(LogoutReach::Local, false), (LogoutReach::Province, true)]
    );
    let browser = trial.log_out(received.logouts).await.unwrap();
    assert!(browser[0].as_str().contains("uuid=app-1&paramKey="));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_takes_no_address_from_us_is_a_finding_and_needs_a_pasted_address() {
    let provider = provider().await;
    let mut sign_on = relay(&provider);
    sign_on.callback = "https://portal.example/login".into();
    let mut trial = Trial::begin(setup(sign_on, "", 0)).await.unwrap();
    assert!(!trial.address().as_str().contains("backUrl"));
    let (paste, pasted) = tokio::sync::mpsc::channel(1);
    let forged = "https://portal.example/login?verid=VR-of-nobody"
        .parse()
        .unwrap();
    let answer = zhengqiao_signon::Answer::of(&forged);
    trial.expects().check(&answer).unwrap();
    paste.try_send(answer).unwrap();
    let Err(SignOnError::Refused { what, .. }) = trial.receive(pasted).await else {
        panic!("it was accepted")
    };
    assert!(what.contains("verid") && !what.contains("VR-of"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth2_brings_claims_out_of_an_envelope_with_the_token_in_header_or_address() {
    let provider = provider().await;
    let secret = provider.credentials().secret.clone();
    for place in [TokenPlace::Header, TokenPlace::Query] {
        let outcome = login(setup(oauth2(&provider, place), &secret, 0), 0).await;
        let (_, received) = outcome.unwrap();
        assert_eq!(
            received.claims["cert_key"],
            name_of(&provider, "natural_person", 0, "cert_key")
        );
        let weak = kinds(&received).contains(&FindingKind::WeakAlgorithm);
        assert_eq!(weak, place == TokenPlace::Query);
        assert!(kinds(&received).contains(&FindingKind::NoLogout));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth2_with_a_wrong_secret_is_refused() {
    let provider = provider().await;
    let outcome = login(
        setup(oauth2(&provider, TokenPlace::Header), "wrong-secret", 0),
        0,
    );
    let error = error(outcome.await);
    assert!(
        matches!(&error, SignOnError::Refused { code, .. } if code == "invalid_client"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_brings_encrypted_claims_of_natural_and_legal_persons_and_md5_is_told() {
    let provider = provider().await;
    let secret = provider.credentials().secret.clone();
    let natural = with_key(setup(ticket(&provider), &secret, 0), &provider);
    let (_, received) = login(natural, 2).await.unwrap();
    assert_eq!(
        received.claims["user_name"],
        name_of(&provider, "natural_person", 2, "user_name")
    );
    let weak: Vec<&str> = received
        .findings
        .iter()
        .filter(|one| one.kind == FindingKind::WeakAlgorithm)
        .map(|one| one.subject.as_str())
        .collect();
    assert_eq!(weak, ["ECB", "MD5"]);
    let mut legal = with_key(setup(ticket(&provider), &secret, 0), &provider);
    legal.kind = AccountKind::Legal;
    let (_, received) = login(legal, 12).await.unwrap();
    assert_eq!(
        received.claims["corp_name"],
        name_of(&provider, "legal_person", 0, "corp_name")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_with_a_wrong_word_a_skewed_clock_or_a_wrong_key_is_refused() {
    let provider = provider().await;
    let secret = provider.credentials().secret.clone();
    let wrong = with_key(setup(ticket(&provider), "wrong-word", 0), &provider);
    let told = error(login(wrong, 0).await);
    assert!(
        matches!(&told, SignOnError::Refused { code, .. } if code == "000401"),
        "{told:?}"
    );
    for ahead in [600, -600] {
        let skewed = with_key(setup(ticket(&provider), &secret, ahead), &provider);
        let told = error(login(skewed, 0).await);
        assert!(
            matches!(&told, SignOnError::Refused { code, .. } if code == "000403"),
            "{told:?}"
        );
    }
    let mut sealed = setup(ticket(&provider), &secret, 0);
    sealed.unwrap_key = "0123456789abcdef".to_owned().into();
    assert_eq!(error(login(sealed, 0).await).code(), "sealed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_signs_in_within_the_time_ends_the_test() {
    let provider = provider().await;
    let mut sign_on = relay(&provider);
    sign_on.time_limit_s = 1;
    let mut trial = Trial::begin(setup(sign_on, "", 0)).await.unwrap();
    let port = trial.return_to().port().unwrap();
    let outcome = trial.receive(nothing_pasted()).await;
    assert_eq!(outcome.err(), Some(SignOnError::TimedOut(1)));
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
        tokio::task::yield_now().await;
    }
}

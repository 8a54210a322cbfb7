//! Every family of proof against the demo provider over HTTP: a signed request is let in, a wrongly
//! signed one, an old one and a repeated one are not. The outcome is the table in
//! `src-tauri/docs/families.md`; `ZHENGQIAO_WRITE_DOCS=1` writes it anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod recorder;

use std::sync::Arc;

use recorder::Recorder;
use zhengqiao_demo::{DemoOptions, DemoProvider, World};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    Auth, BlockMode, ClientIn, Environment, ExchangeError, Method, NoObserver, Pager, Profile,
    Provider, Scope, Sealing, Secrets, Sm2Proof, TokenIn, preset,
};

/// The dataset that is read.
const DATASET: DatasetId = DatasetId::CaseStep;
/// Longer than a provider's and a caller's clock may differ.
const TOO_LONG_S: i64 = 6 * 60;
/// Shorter than that.
const TOLERATED_S: i64 = 4 * 60;
/// Life of tokens and time-limited secrets.
const LIFE_S: u64 = 60;

/// What of a family is told apart, and what its values were compared with.
struct Family {
    preset: &'static str,
    title: &'static str,
    /// The fault's message where the secret is wrong.
    refused: Option<&'static str>,
    expired: Expiry,
    replayed: bool,
    vectors: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Expiry {
    /// Nothing in it ends.
    Never,
    /// A request that is too old.
    Stamp,
    /// A token or secret that has ended, which the caller renews.
    Grant,
    /// Both.
    StampAndGrant,
}

const SIGNATURE: Option<&str> = Some("签名错误");
const ASKER: Option<&str> = Some("请求者身份未知");
const STALE: &str = "请求时间超出允许范围";
const REPEATED: &str = "请求重复";

const FAMILIES: [Family; 11] = [
    Family {
        preset: "gateway",
        title: "`gjzwfwpt_*`, HMAC-SHA256",
        refused: SIGNATURE,
        expired: Expiry::Stamp,
        replayed: true,
        vectors: "RFC 4231 cases 1–4, 6, 7; `openssl dgst -hmac`",
    },
    Family {
        preset: "timed_gateway",
        title: "`gjgxjhpt_*`, HMAC-SHA256 with a secret that ends",
        refused: SIGNATURE,
        expired: Expiry::StampAndGrant,
        replayed: true,
        vectors: "RFC 4231; `openssl enc -aes-128-ecb`, `-aes-256-cbc`, `openssl dgst -hmac`",
    },
    Family {
        preset: "tif",
        title: "`x-tif-*`, SHA-256",
        refused: SIGNATURE,
        expired: Expiry::Stamp,
        replayed: true,
        vectors: "FIPS 180-4; `sha256sum`",
    },
    Family {
        preset: "jis",
        title: "JIS, MD5 (弱算法, weak)",
        refused: SIGNATURE,
        expired: Expiry::Stamp,
        replayed: true,
        vectors: "RFC 1321; `md5sum`",
    },
    Family {
        preset: "sm2_envelope",
        title: "SM2 envelope",
        refused: SIGNATURE,
        expired: Expiry::Stamp,
        replayed: true,
        vectors: "GB/T 32918.5—2017 annexes A.2 and C.2; GB/T 32905—2016 annex A; `openssl pkeyutl`",
    },
    Family {
        preset: "sealed_body",
        title: "SM4 and SM2 bodies (医保)",
        refused: SIGNATURE,
        expired: Expiry::Stamp,
        replayed: true,
        vectors: "GB/T 32907—2016 annex A.1; GB/T 32918.5—2017 annex A.2; `openssl enc -sm4-ecb`, `-sm4-cbc`, `openssl pkeyutl`",
    },
    Family {
        preset: "oauth2",
        title: "OAuth 2.0 client credentials, token in the query",
        refused: Some("invalid_client"),
        expired: Expiry::Grant,
        replayed: false,
        vectors: "RFC 6749 4.4, 5.1",
    },
    Family {
        preset: "oauth2_header",
        title: "OAuth 2.0 client credentials, token in the header",
        refused: Some("invalid_client"),
        expired: Expiry::Grant,
        replayed: false,
        vectors: "RFC 6749 4.4, 5.1; RFC 6750 2.1; RFC 7617 2",
    },
    Family {
        preset: "cursor",
        title: "API key in a header",
        refused: Some("unknown key"),
        expired: Expiry::Never,
        replayed: false,
        vectors: "–",
    },
    Family {
        preset: "basic",
        title: "HTTP basic",
        refused: ASKER,
        expired: Expiry::Never,
        replayed: false,
        vectors: "RFC 7617 2, 2.1",
    },
    Family {
        preset: "open",
        title: "None",
        refused: None,
        expired: Expiry::Never,
        replayed: false,
        vectors: "–",
    },
];

struct Bench {
    demo: Arc<DemoProvider>,
    recorder: Recorder,
    profile: Profile,
}

impl Bench {
    async fn new(name: &str) -> Self {
        let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
        let options = DemoOptions {
            token_ttl_s: LIFE_S,
            ..DemoOptions::new(100, 5, now)
        };
        let demo = DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let recorder = Recorder::start(demo.base_url()).await;
        let mut profile = preset(name).unwrap().profile;
        profile.base_url = recorder.base_url();
        profile.environment = Environment::Demo;
        profile.network.retries = 0;
        for source in profile.datasets.values_mut() {
            if let Pager::Page { size, .. } | Pager::Cursor { size, .. } = &mut source.pager {
                *size = 40;
            }
        }
        let family = profile.auth.kind();
        if let Some(id) = profile.auth.id_mut() {
            demo.credentials().id(family).clone_into(id);
        }
        if let Some(key) = profile.auth.public_key_mut() {
            key.clone_from(&demo.credentials().provider_key);
        }
        Self {
            demo: Arc::new(demo),
            recorder,
            profile,
        }
    }

    fn secret(&self) -> String {
        self.demo.credentials().secret_of(self.profile.auth.kind())
    }

    fn provider(&self, secret: &str) -> Provider {
        let secrets = Secrets::new(Some(secret.to_owned()));
        Provider::new(&self.profile, secrets, Arc::new(NoObserver)).unwrap()
    }

    /// Rows that a provider gives; `between` happens after each page.
    async fn rows(&self, provider: &Provider, between: impl Fn()) -> Result<u64, ExchangeError> {
        let source = &self.profile.datasets[&DATASET];
        let mut walk = provider.walk(DATASET, source, Scope::Full, "", None);
        let mut rows = 0;
        while let Some(page) = provider.next(&mut walk).await? {
            rows += page.records.len() as u64;
            between();
        }
        Ok(rows)
    }

    fn all(&self) -> u64 {
        let number = World::dataset(DATASET.as_str()).unwrap();
        self.demo.world().places(number)
    }

    /// Reads with the right secret.
    async fn read(&self) -> Result<u64, ExchangeError> {
        self.rows(&self.provider(&self.secret()), || ()).await
    }
}

/// The same text with its secret changed and its form kept.
fn wrong(secret: &str, right: &str) -> String {
    secret.replace(right, &right.chars().rev().collect::<String>())
}

#[tokio::test]
async fn every_family_is_let_in_and_refused_as_the_table_says() {
    let mut lines = Vec::new();
    for family in FAMILIES {
        let name = family.preset;
        let bench = Bench::new(name).await;

        // Signed.
        assert_eq!(bench.read().await.unwrap(), bench.all(), "{name}");
        let request = bench.recorder.last();

        // Refused.
        if let Some(message) = family.refused {
            let secret = wrong(&bench.secret(), &bench.demo.credentials().secret);
            let error = bench
                .rows(&bench.provider(&secret), || ())
                .await
                .unwrap_err();
            assert_eq!(error.code(), "unauthorised", "{name}: {error}");
            assert!(!error.to_string().contains(&secret), "{name}");
            let seen = bench.recorder.last().answer;
            assert!(seen.contains(message), "{name}: {seen}");
        }

        // Replayed.
        let again = bench.recorder.send(&request).await;
        assert_eq!(again.contains(REPEATED), family.replayed, "{name}: {again}");

        // Expired.
        bench.demo.set_clock_ahead_s(TOLERATED_S);
        assert_eq!(bench.read().await.unwrap(), bench.all(), "{name}");
        bench.demo.set_clock_ahead_s(TOO_LONG_S);
        let outcome = bench.read().await;
        let old = bench.recorder.send(&request).await;
        match family.expired {
            Expiry::Stamp | Expiry::StampAndGrant => {
                let error = outcome.unwrap_err();
                assert_eq!(error.code(), "unauthorised", "{name}: {error}");
                assert!(old.contains(STALE), "{name}: {old}");
            }
            Expiry::Grant => {
                assert_eq!(outcome.unwrap(), bench.all(), "{name}");
                assert!(
                    old.contains("invalid_token") || old.contains("密钥已过期"),
                    "{name}: {old}"
                );
            }
            Expiry::Never => assert_eq!(outcome.unwrap(), bench.all(), "{name}"),
        }
        lines.push(line(&family));
    }
    compare(&lines);
}

fn line(family: &Family) -> String {
    let refused = if family.refused.is_some() {
        "✓ refused"
    } else {
        "–"
    };
    let expired = match family.expired {
        Expiry::Never => "–",
        Expiry::Stamp => "✓ refused",
        Expiry::Grant => "✓ refused, renewed",
        Expiry::StampAndGrant => "✓ refused, secret renewed",
    };
    let replayed = if family.replayed {
        "✓ refused"
    } else {
        "–"
    };
    format!(
        "| `{}` | {} | ✓ let in | {refused} | {expired} | {replayed} | {} |",
        family.preset, family.title, family.vectors
    )
}

fn compare(lines: &[String]) {
    let path = zhengqiao_tests::repository_file("../src-tauri/docs/families.md");
    let table = format!(
        "{}\n{}\n",
        include_str!("families.head.md").trim_end(),
        lines.join("\n")
    );
    if std::env::var_os("ZHENGQIAO_WRITE_DOCS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        table,
        "src-tauri/docs/families.md does not show what was seen; ZHENGQIAO_WRITE_DOCS=1 writes it"
    );
}

#[tokio::test]
async fn a_secret_or_token_that_ends_amid_a_reading_is_renewed_and_no_row_is_lost() {
    for name in ["timed_gateway", "oauth2", "oauth2_header"] {
        let bench = Bench::new(name).await;
        let provider = bench.provider(&bench.secret());
        // After the first page the provider's clock stands behind the end of what it granted.
        let ahead = i64::try_from(LIFE_S).unwrap() + 1;
        let rows = bench
            .rows(&provider, || bench.demo.set_clock_ahead_s(ahead))
            .await;
        assert_eq!(rows.unwrap(), bench.all(), "{name}");
        assert_eq!(bench.recorder.grants(), 2, "{name}");
    }
}

#[tokio::test]
async fn many_readings_at_once_ask_for_one_secret() {
    for name in ["timed_gateway", "oauth2"] {
        let bench = Bench::new(name).await;
        let provider = bench.provider(&bench.secret());
        let readings = [(); 6].map(|()| bench.rows(&provider, || ()));
        for rows in futures_util::future::join_all(readings).await {
            assert_eq!(rows.unwrap(), bench.all(), "{name}");
        }
        assert_eq!(bench.recorder.grants(), 1, "{name}");
    }
}

#[tokio::test]
async fn the_other_forms_that_the_profile_offers_are_let_in_too() {
    type Change = fn(&mut Auth);
    let changes: [(&str, Change); 8] = [
        ("tif", |auth| {
            if let Auth::Tif(family) = auth {
                family.upper_case = true;
            }
        }),
        ("sm2_envelope", |auth| {
            if let Auth::Sm2Envelope(family) = auth {
                family.proof = Sm2Proof::Signed;
            }
        }),
        ("sm2_envelope", |auth| {
            if let Auth::Sm2Envelope(family) = auth {
                family.sealing = Sealing::Whole;
            }
        }),
        ("sm2_envelope", |auth| {
            if let Auth::Sm2Envelope(family) = auth {
                family.sealing = Sealing::Nothing;
            }
        }),
        ("oauth2", |auth| {
            if let Auth::Oauth2Client { token_method, .. } = auth {
                *token_method = Method::Get;
            }
        }),
        ("oauth2", |auth| {
            if let Auth::Oauth2Client { client_in, .. } = auth {
                *client_in = ClientIn::Query;
            }
        }),
        ("oauth2_header", |auth| {
            if let Auth::Oauth2Client { client_in, .. } = auth {
                *client_in = ClientIn::Form;
            }
        }),
        ("oauth2", |auth| {
            if let Auth::Oauth2Client {
                client_in,
                token_in,
                ..
            } = auth
            {
                (*client_in, *token_in) = (ClientIn::Basic, TokenIn::Query);
            }
        }),
    ];
    for (at, (name, change)) in changes.into_iter().enumerate() {
        let mut bench = Bench::new(name).await;
        change(&mut bench.profile.auth);
        assert_eq!(bench.read().await.unwrap(), bench.all(), "{at}: {name}");
    }
}

#[tokio::test]
async fn an_answer_that_was_changed_on_its_way_is_refused() {
    let bench = Bench::new("sealed_body").await;
    bench.recorder.change_answers(|answer| {
        let at = answer.find("\"encData\":\"").unwrap() + 11 + 40;
        let other = if &answer[at..=at] == "0" { "1" } else { "0" };
        answer.replace_range(at..=at, other);
    });
    let error = bench.read().await.unwrap_err();
    assert_eq!(error.code(), "answer_seal", "{error}");
}

#[tokio::test]
async fn another_providers_key_and_another_callers_key_are_refused() {
    let mut bench = Bench::new("sealed_body").await;
    let own = bench.demo.credentials().private_key.clone();
    let error = bench
        .rows(&bench.provider(&wrong(&bench.secret(), &own[1..])), || ())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "unauthorised", "{error}");
    let other = "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13";
    other.clone_into(bench.profile.auth.public_key_mut().unwrap());
    let error = bench.read().await.unwrap_err();
    assert_eq!(error.code(), "answer_seal", "{error}");
}

#[test]
fn what_cannot_be_used_is_said_before_anything_is_sent() {
    let profile = |name: &str| {
        let mut profile = preset(name).unwrap().profile;
        profile.base_url = "http://127.0.0.1:1".into();
        profile
    };
    let refused = |profile: &Profile, secret: &str| {
        let secrets = Secrets::new(Some(secret.into()));
        match Provider::new(profile, secrets, Arc::new(NoObserver)) {
            Ok(_) => panic!("it was taken"),
            Err(error) => error.to_string(),
        }
    };
    assert!(refused(&profile("timed_gateway"), "short").contains("16, 24 or 32"));
    assert!(refused(&profile("sm2_envelope"), "word").contains("auth.public_key"));
    assert!(refused(&profile("sealed_body"), "secret").contains("private_key"));
    let key = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
    let secret = format!("app_secret=s\nprivate_key={key}");
    let mut sealed = profile("sealed_body");
    assert!(refused(&sealed, &secret).contains("auth.app_code"));
    if let Auth::SealedBody(family) = &mut sealed.auth {
        family.app_code = "0123456789abcdef".into();
        family.mode = BlockMode::Cbc;
    }
    assert!(refused(&sealed, &secret).contains("auth.public_key"));
}

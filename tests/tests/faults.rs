//! Every scripted fault of the provider, in each interface family where it can happen: it ends in
//! the right state with its cause named, nothing is lost and nothing comes twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../../src-tauri/crates/sync/tests/bed/mod.rs"]
mod bed;

use std::sync::Arc;

use bed::{Bed, small_pages};
use zhengqiao_demo::{DemoOptions, DemoProvider, Fault, FaultKind};
use zhengqiao_exchange::Profile;
use zhengqiao_sync::{RunMode, StateWord};

/// What differs between two caches, shortened.
fn differences(one: &Bed, other: &Bed) -> Vec<String> {
    let (one, other) = (one.dump(), other.dump());
    let missing = one
        .iter()
        .filter(|line| !other.contains(line))
        .map(|line| format!("- {line}"));
    let added = other
        .iter()
        .filter(|line| !one.contains(line))
        .map(|line| format!("+ {line}"));
    missing
        .chain(added)
        .take(4)
        .map(|line| line.chars().take(300).collect())
        .collect()
}

const FAMILIES: [&str; 3] = ["gateway", "oauth2", "cursor"];
/// The dataset that the faults meet, in the middle of a run.
const DATASET: &str = "case_step";

async fn provider() -> Arc<DemoProvider> {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.1,
        ..DemoOptions::new(200, 9, now)
    };
    Arc::new(
        DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
            .await
            .unwrap(),
    )
}

fn impatient(profile: &mut Profile) {
    small_pages(profile, 100);
    profile.network.request_timeout_ms = 2_000;
    profile.network.retries = 2;
    profile.network.max_retry_after_s = 2;
    profile.network.max_body_bytes = 2 * 1024 * 1024;
}

/// A new cache over the provider; all caches of a test take the same moment for now.
fn bed_over(provider: &Arc<DemoProvider>, family: &str) -> Bed {
    let mut bed = Bed::over(provider.clone(), family, impatient);
    bed.now_ms = Some(
        (provider.world().options.now - chrono::Duration::hours(8))
            .and_utc()
            .timestamp_millis()
            + 1_000,
    );
    bed
}

fn fault(kind: FaultKind, times: u32) -> Fault {
    Fault {
        dataset: Some(DATASET.into()),
        skip: 1,
        times,
        kind,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_leaves_the_cache_of_an_undisturbed_run() {
    let passing = [
        FaultKind::RateLimited { retry_after_s: 0 },
        FaultKind::ServerError { status: 500 },
        FaultKind::ServerError { status: 503 },
        FaultKind::Timeout,
        FaultKind::SlowBody { pause_ms: 10 },
        FaultKind::TruncatedJson,
        FaultKind::BrokenBody,
        FaultKind::MalformedJson,
        FaultKind::WrongContentType,
        FaultKind::RepeatedPage,
        FaultKind::PageDrift,
        FaultKind::DuplicatedRows,
        FaultKind::RowsOutOfOrder,
        FaultKind::Bom,
        FaultKind::NumbersAsText,
    ];
    let provider = provider().await;
    let mut differing = Vec::new();
    for family in FAMILIES {
        let undisturbed = bed_over(&provider, family);
        let state = undisturbed.run(RunMode::Full).await;
        assert_eq!(
            state,
            StateWord::FinishedWithRejections,
            "{family}: {:#?}",
            undisturbed.causes()
        );
        for kind in &passing {
            provider.faults().push(fault(kind.clone(), 1));
            let bed = bed_over(&provider, family);
            let state = bed.run(RunMode::Full).await;
            provider.faults().clear();
            for part in bed.parts() {
                assert!(part.counts.balance(), "{family} {kind:?}: {part:?}");
            }
            let differences = differences(&undisturbed, &bed);
            if state != StateWord::FinishedWithRejections || !differences.is_empty() {
                let part = bed.part(DATASET);
                differing.push(format!(
                    "{family} {kind:?}: {state:?} {:?} {:?} {differences:#?}",
                    part.code, part.message
                ));
            }
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_renewed_in_the_middle_of_a_run() {
    let provider = provider().await;
    let undisturbed = bed_over(&provider, "oauth2");
    undisturbed.run(RunMode::Full).await;
    provider.faults().push(fault(FaultKind::ExpiredToken, 1));
    let bed = bed_over(&provider, "oauth2");
    assert_eq!(
        bed.run(RunMode::Full).await,
        StateWord::FinishedWithRejections
    );
    assert_eq!(differences(&undisturbed, &bed), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_stays_is_named_and_the_next_run_makes_up_for_it() {
    let refusal = FaultKind::ErrorInOk {
        code: "500".into(),
        message: "系统繁忙".into(),
    };
    let lasting: [(FaultKind, &[&str]); 9] = [
        (
            FaultKind::RateLimited {
                retry_after_s: 3600,
            },
            &["rate_limited"],
        ),
        (FaultKind::ServerError { status: 502 }, &["provider_error"]),
        (FaultKind::Timeout, &["timeout"]),
        (
            FaultKind::TruncatedJson,
            &["malformed_json", "truncated_body"],
        ),
        (FaultKind::BrokenBody, &["truncated_body", "reset"]),
        (FaultKind::MalformedJson, &["malformed_json"]),
        (FaultKind::WrongContentType, &["wrong_content_type"]),
        (
            FaultKind::OversizedBody {
                bytes: 8 * 1024 * 1024,
            },
            &["too_large"],
        ),
        (FaultKind::ExpiredToken, &["unauthorised"]),
    ];
    let mut cases: Vec<(&str, FaultKind, &[&str])> = FAMILIES
        .into_iter()
        .flat_map(|family| {
            lasting
                .iter()
                .map(move |(kind, codes)| (family, kind.clone(), *codes))
        })
        .collect();
    cases.push(("gateway", refusal, &["provider_refused"]));
    cases.push(("cursor", FaultKind::CursorLoop, &["cursor_loop"]));
    let provider = provider().await;
    let mut wrong = Vec::new();
    for (family, kind, codes) in cases {
        let undisturbed = bed_over(&provider, family);
        undisturbed.run(RunMode::Full).await;
        provider.faults().push(fault(kind.clone(), 1000));
        let bed = bed_over(&provider, family);
        let state = bed.run(RunMode::Full).await;
        provider.faults().clear();
        let part = bed.part(DATASET);
        let (code, message) = (
            part.code.clone().unwrap_or_default(),
            part.message.clone().unwrap_or_default(),
        );
        if state != StateWord::Failed
            || part.state != "failed"
            || !codes.contains(&code.as_str())
            || message.is_empty()
        {
            wrong.push(format!("{family} {kind:?}: {state:?} {code:?} {message:?}"));
        }
        assert!(part.counts.balance(), "{part:?}");
        bed.run(RunMode::Full).await;
        let differences = differences(&undisturbed, &bed);
        if !differences.is_empty() {
            wrong.push(format!(
                "{family} {kind:?}: the next run did not make up for it: {differences:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_sends_nothing_needs_a_decision_and_is_never_a_success() {
    let provider = provider().await;
    provider.faults().push(Fault {
        skip: 0,
        ..fault(FaultKind::Empty, 1000)
    });
    let bed = bed_over(&provider, "gateway");
    assert_eq!(bed.run(RunMode::Full).await, StateWord::NeedsDecision);
    let part = bed.part(DATASET);
    assert_eq!(
        (part.state.as_str(), part.code.as_deref()),
        ("needs_decision", Some("nothing_received"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_again_and_again_never_ends_as_a_success() {
    let provider = provider().await;
    for family in ["gateway", "oauth2"] {
        provider.faults().push(fault(FaultKind::RepeatedPage, 1000));
        let bed = bed_over(&provider, family);
        let state = bed.run(RunMode::Full).await;
        provider.faults().clear();
        let part = bed.part(DATASET);
        assert!(
            matches!(
                part.code.as_deref(),
                Some("repeated_page" | "page_drift" | "pages_exceeded")
            ),
            "{family}: {state:?} {part:?}"
        );
        assert!(
            matches!(state, StateWord::Failed | StateWord::NeedsDecision),
            "{family}: {state:?}"
        );
    }
}

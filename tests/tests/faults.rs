//! Every scripted fault of the provider, in each interface family where it can happen: it ends in
//! the right state with its cause named, nothing is lost and nothing comes twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../../src-tauri/crates/sync/tests/bed/mod.rs"]
mod bed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bed::{Bed, small_pages};
use zhengqiao_demo::{DemoOptions, DemoProvider, Fault, FaultKind};
use zhengqiao_exchange::Profile;
use zhengqiao_sync::{RunMode, StateWord};

/// What differs between two caches' rows, shortened.
fn differences(one: &[String], other: &[String]) -> Vec<String> {
    let set = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<String>>();
    let (ones, others) = (set(one), set(other));
    let mut list: Vec<String> = ones
        .difference(&others)
        .map(|line| format!("- {line}"))
        .chain(others.difference(&ones).map(|line| format!("+ {line}")))
        .take(4)
        .map(|line| line.chars().take(300).collect())
        .collect();
    if list.is_empty() && one.len() != other.len() {
        list.push(format!("{} rows and {} rows", one.len(), other.len()));
    }
    list
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
    profile.network.request_timeout_ms = 1_000;
    profile.network.retries = 2;
    profile.network.max_retry_after_s = 1;
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

/// The rows of a cache that nothing disturbed. The faults come with the second page of a dataset
/// that has more than two, so that they do meet it in its middle.
async fn undisturbed(provider: &Arc<DemoProvider>, family: &str) -> Vec<String> {
    let bed = bed_over(provider, family);
    let state = bed.run(RunMode::Full).await;
    let causes = bed.causes();
    assert_eq!(
        state,
        StateWord::FinishedWithRejections,
        "{family}: {causes:#?}"
    );
    assert!(bed.part(DATASET).pages > 2, "{:?}", bed.part(DATASET));
    bed.dump()
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
        let expected = undisturbed(&provider, family).await;
        for kind in &passing {
            provider.faults().push(fault(kind.clone(), 1));
            let bed = bed_over(&provider, family);
            let state = bed.run(RunMode::Full).await;
            provider.faults().clear();
            for part in bed.parts() {
                assert!(part.counts.balance(), "{family} {kind:?}: {part:?}");
            }
            let differences = differences(&expected, &bed.dump());
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
    let expected = undisturbed(&provider, "oauth2").await;
    provider.faults().push(fault(FaultKind::ExpiredToken, 1));
    let bed = bed_over(&provider, "oauth2");
    assert_eq!(
        bed.run(RunMode::Full).await,
        StateWord::FinishedWithRejections
    );
    assert_eq!(differences(&expected, &bed.dump()), Vec::<String>::new());
}

/// A fault that stays, the code that it must be told by, and words of its message.
type Lasting = (FaultKind, &'static [&'static str], &'static str);

fn lasting() -> Vec<(&'static str, Lasting)> {
    let refusal = || FaultKind::ErrorInOk {
        code: "500".into(),
        message: "系统繁忙".into(),
    };
    let everywhere: [Lasting; 10] = [
        (
            FaultKind::RateLimited {
                retry_after_s: 3600,
            },
            &["rate_limited"],
            "429",
        ),
        (
            FaultKind::ServerError { status: 502 },
            &["provider_error"],
            "502",
        ),
        (FaultKind::Timeout, &["timeout"], "no answer in time"),
        (
            FaultKind::SlowBody { pause_ms: 400 },
            &["timeout"],
            "no answer in time",
        ),
        (
            FaultKind::TruncatedJson,
            &["truncated_body"],
            "the JSON cannot be read at line",
        ),
        (
            FaultKind::BrokenBody,
            &["truncated_body", "reset"],
            "broke off",
        ),
        (
            FaultKind::MalformedJson,
            &["malformed_json"],
            "the JSON cannot be read at line",
        ),
        (
            FaultKind::WrongContentType,
            &["wrong_content_type"],
            "text/html",
        ),
        (
            FaultKind::OversizedBody {
                bytes: 8 * 1024 * 1024,
            },
            &["too_large"],
            "larger than 2097152 bytes",
        ),
        (FaultKind::ExpiredToken, &["unauthorised"], "401"),
    ];
    let mut list: Vec<(&str, Lasting)> = FAMILIES
        .into_iter()
        .flat_map(|family| everywhere.iter().map(move |one| (family, one.clone())))
        .collect();
    list.extend([
        (
            "gateway",
            (refusal(), ["provider_refused"].as_slice(), "系统繁忙"),
        ),
        // These families know no code: what came instead of records is told.
        (
            "oauth2",
            (refusal(), ["wrong_pointer"].as_slice(), "code, message"),
        ),
        (
            "cursor",
            (refusal(), ["wrong_pointer"].as_slice(), "code, message"),
        ),
        (
            "cursor",
            (
                FaultKind::CursorLoop,
                ["cursor_loop"].as_slice(),
                "given before",
            ),
        ),
    ]);
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_stays_is_named_and_the_next_run_makes_up_for_it() {
    let provider = provider().await;
    let mut expected = BTreeMap::new();
    for family in FAMILIES {
        expected.insert(family, undisturbed(&provider, family).await);
    }
    let mut wrong = Vec::new();
    for (family, (kind, codes, words)) in lasting() {
        let name = format!("{family} {kind:?}");
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
            || !message.contains(words)
            || !message.contains(DATASET)
        {
            wrong.push(format!("{name}: {state:?} {code:?} {message:?}"));
        }
        // The page before the fault is kept, whole and counted once.
        if kind != FaultKind::CursorLoop && (part.counts.fetched, part.pages) != (100, 1) {
            wrong.push(format!("{name}: the first page was not kept: {part:?}"));
        }
        for part in bed.parts() {
            assert!(part.counts.balance(), "{name}: {part:?}");
        }
        let state = bed.run(RunMode::Full).await;
        let differences = differences(&expected[family], &bed.dump());
        if state != StateWord::FinishedWithRejections || !differences.is_empty() {
            wrong.push(format!(
                "{name}: the next run did not make up for it: {state:?} {differences:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_rows_in_the_middle_is_not_taken_for_the_end() {
    let provider = provider().await;
    for family in FAMILIES {
        let expected = undisturbed(&provider, family).await;
        provider.faults().push(fault(FaultKind::Empty, 1));
        let bed = bed_over(&provider, family);
        let state = bed.run(RunMode::Full).await;
        provider.faults().clear();
        assert_eq!(
            (state, differences(&expected, &bed.dump())),
            (StateWord::FinishedWithRejections, Vec::new()),
            "{family}: {:?}",
            bed.part(DATASET)
        );
    }
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
    for family in FAMILIES {
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

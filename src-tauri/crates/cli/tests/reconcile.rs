//! Reconciliation and decisions with the real program against a provider over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use place::Place;
use zhengqiao_demo::{DemoOptions, DemoProvider, Fault, FaultKind, Slips};

const DATASET: &str = "case_acceptance";

async fn provider() -> DemoProvider {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.0,
        ..DemoOptions::new(200, 11, now)
    };
    DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap()
}

fn add(place: &Place, provider: &DemoProvider) {
    let credentials = provider.credentials();
    let added = place.run(
        &[
            "connection",
            "add",
            "省平台",
            "--base-url",
            &provider.base_url(),
            "--environment",
            "demo",
            "--id",
            &credentials.requester_id,
            "--secret-stdin",
        ],
        &credentials.secret,
    );
    assert!(added.status.success(), "{added:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reading_lost_is_found_read_again_signed_off_and_exported() {
    let provider = provider().await;
    provider.slips().set(
        DATASET,
        Slips {
            dropped: [7, 90].into(),
            doubled: [8, 91].into(),
        },
    );
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    add(&place, &provider);
    place.run(&["sync", "省平台", "--full"], "");

    let args = ["reconcile", "省平台", "--dataset", DATASET, "--every-key"];
    let compared = place.run(&args, "");
    assert_eq!(compared.status.code(), Some(4), "{compared:?}");
    let shown = place.json(&["reconcile", "show", "1"], "");
    let row = &shown["reconciliation"];
    assert_eq!((&row["missing"], &row["doubled"]), (&2.into(), &2.into()));

    let pulled = place.json(&["reconcile", "repull", "1"], "");
    let row = &pulled["reconciliation"];
    assert_eq!((&row["missing"], &row["healed"]), (&0.into(), &2.into()));

    let file = dir.path().join("keys.csv");
    let exported = place.json(
        &["reconcile", "export", "1", "-o", file.to_str().unwrap()],
        "",
    );
    assert_eq!(exported["rows"], 4);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 5);
    assert!(text.contains("省平台") && text.contains("重复"), "{text}");

    let signed = place.json(&["reconcile", "sign", "1", "--note", "核对无误"], "");
    assert_eq!(signed["reconciliation"]["note"], "核对无误");
    let again = place.run(&["reconcile", "repull", "1"], "");
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    let listed = place.json(&["reconcile", "list", "省平台"], "");
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_received_nothing_waits_through_the_end_of_the_program_and_is_decided() {
    let provider = provider().await;
    provider.faults().push(Fault {
        dataset: Some("special_procedure".into()),
        skip: 0,
        times: 20,
        kind: FaultKind::Empty,
    });
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    add(&place, &provider);
    let synced = place.run(&["sync", "省平台", "--full"], "");
    assert_eq!(synced.status.code(), Some(4), "{synced:?}");
    let shown = place.run(&["runs", "1"], "");
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(text.contains("--go-on"), "{text}");
    let accepted = place.run(&["runs", "1", "--go-on"], "");
    assert_eq!(accepted.status.code(), Some(0), "{accepted:?}");
    let again = place.run(&["runs", "1", "--stop"], "");
    assert_eq!(again.status.code(), Some(1), "{again:?}");
}

//! Secrets and shared files, with the real program against a provider over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use place::Place;
use serde_json::Value;
use zhengqiao_demo::{DemoOptions, DemoProvider};

async fn provider() -> DemoProvider {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.0,
        ..DemoOptions::new(40, 11, now)
    };
    DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap()
}

fn add(place: &Place, provider: &DemoProvider, name: &str) {
    let credentials = provider.credentials();
    let added = place.run(
        &[
            "connection",
            "add",
            name,
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
async fn a_new_secret_is_taken_only_when_the_provider_took_it() {
    let provider = provider().await;
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    add(&place, &provider, "省平台");

    // A mistyped one: the test says so, and runs go on with the old one.
    let state = place.json(&["connection", "secret", "省平台"], "mistyped-secret-0000");
    assert_eq!(state["next"]["last_four"], "0000");
    let report = place.json(&["connection", "test", "省平台"], "");
    assert_eq!(
        (&report["tested_next_secret"], &report["took_next_secret"]),
        (&true.into(), &false.into())
    );
    let synced = place.run(&["sync", "省平台", "--full"], "");
    assert_eq!(synced.status.code(), Some(0), "{synced:?}");

    // The right one: taken, and nothing waits any more.
    place.json(
        &["connection", "secret", "省平台"],
        &provider.credentials().secret,
    );
    let report = place.json(&["connection", "test", "省平台"], "");
    assert_eq!(report["took_next_secret"], true);
    let detail = place.json(&["connection", "show", "省平台"], "");
    assert_eq!(detail["secret"]["next"], Value::Null);

    // At once, without a test; and the day on which it ends.
    let state = place.json(
        &["connection", "secret", "省平台", "--now"],
        "another-secret-1234",
    );
    assert_eq!(
        (&state["next"], &state["last_four"]),
        (&Value::Null, &"1234".into())
    );
    let state = place.json(
        &["connection", "secret", "省平台", "--expires", "2027-01-31"],
        "",
    );
    assert_eq!(state["expires_on"], "2027-01-31");
    let wrong = place.run(&["connection", "secret", "省平台", "--expires", "soon"], "");
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("expires_on"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_file_has_no_secret_and_is_laid_over_what_there_is() {
    let provider = provider().await;
    let secret = provider.credentials().secret.clone();
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (
        Place::new(dir.path(), "one"),
        Place::new(dir.path(), "other"),
    );
    add(&one, &provider, "一市");
    add(&one, &provider, "二市");
    let file = dir.path().join("shared.toml").display().to_string();
    assert!(
        one.run(&["connection", "export", "--all", "-o", &file], "")
            .status
            .success()
    );
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&secret) && text.contains("requester_id"));

    // Another place has one of them, with its own secret and its own pacing.
    add(&other, &provider, "一市");
    let changed = text
        .replacen("retries = 4", "retries = 7", 1)
        .replace("backoff_ms = 250\n", "");
    std::fs::write(&file, changed).unwrap();
    let plan = other.json(&["connection", "import", &file, "--plan"], "");
    let list = plan["connections"].as_array().unwrap();
    let states: Vec<(&str, &str)> = list
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(states, [("一市", "changed"), ("二市", "new")]);
    assert_eq!(list[0]["differences"][0]["place"], "network.retries");
    assert_eq!(
        other
            .json(&["connection", "list"], "")
            .as_array()
            .unwrap()
            .len(),
        1,
        "a plan changes nothing"
    );

    let report = other.json(&["connection", "import", &file], "");
    assert_eq!(
        (&report["added"][0], &report["changed"][0]),
        (&"二市".into(), &"一市".into())
    );
    let detail = other.json(&["connection", "show", "一市"], "");
    assert_eq!(detail["profile"]["network"]["retries"], 7);
    assert_eq!(
        detail["profile"]["network"]["backoff_ms"], 250,
        "what the file leaves out stays"
    );
    assert_eq!(
        detail["secret"]["has_secret"], true,
        "the local secret stays"
    );
    assert_eq!(
        other.json(&["connection", "show", "二市"], "")["secret"]["has_secret"],
        false
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mappings_are_shared_field_by_field() {
    let provider = provider().await;
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    add(&place, &provider, "甲");
    let file = dir.path().join("mapping.toml").display().to_string();
    std::fs::write(
        &file,
        "[[mapping]]\ndataset = \"case_result\"\nfields = [{ field = \"remark\", source = \"/note\", transforms = [] }]\n",
    )
    .unwrap();
    let before = place.json(&["connection", "show", "甲"], "")["profile"]["datasets"]["case_result"]["mapping"].clone();
    let report = place.json(&["connection", "mapping", "import", "甲", &file], "");
    assert_eq!(report[0]["differences"].as_array().unwrap().len(), 1);
    let after = place.json(&["connection", "show", "甲"], "")["profile"]["datasets"]["case_result"]
        ["mapping"]
        .clone();
    let (before, after) = (
        before["fields"].as_array().unwrap(),
        after["fields"].as_array().unwrap(),
    );
    assert!(
        before
            .iter()
            .filter(|one| one["field"] != "remark")
            .all(|one| after.contains(one))
    );
    assert!(after.iter().any(|one| one["source"] == "/note"));
    let export = place.run(
        &[
            "connection",
            "mapping",
            "export",
            "甲",
            "--dataset",
            "case_result",
        ],
        "",
    );
    assert!(String::from_utf8_lossy(&export.stdout).contains("\"/note\""));
    std::fs::write(&file, "[[mapping]]\ndataset = \"case_result\"\nfields = [{ field = \"no such\", source = \"x\", transforms = [] }]\n").unwrap();
    let refused = place.run(&["connection", "mapping", "import", "甲", &file], "");
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("no such"),
        "{refused:?}"
    );
}

#[test]
fn a_changed_passphrase_opens_the_same_cache() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::new(dir.path(), "one");
    assert!(place.run(&["connection", "list"], "").status.success());
    let short = place.run(&["passphrase"], "short");
    assert!(String::from_utf8_lossy(&short.stderr).contains("eight"));
    assert!(
        place
            .run(&["passphrase"], "another long passphrase")
            .status
            .success()
    );
    assert!(!place.run(&["connection", "list"], "").status.success());
    place.passphrase = "another long passphrase";
    assert!(place.run(&["connection", "list"], "").status.success());
}

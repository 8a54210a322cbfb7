//! Delivery, with the real program against a portal over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use place::Place;
use zhengqiao_demo::{DemoOptions, DemoProvider, Objection};

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_set_tested_delivered_to_and_removed() {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.0,
        ..DemoOptions::new(60, 12, now)
    };
    let provider = DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let (url, secret) = (provider.base_url(), provider.credentials().secret.clone());
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    let id = provider.credentials().requester_id.clone();
    let add = [
        "connection",
        "add",
        "省平台",
        "--base-url",
        &url,
        "--environment",
        "demo",
        "--id",
        &id,
        "--secret-stdin",
    ];
    assert!(place.run(&add, &secret).status.success());
    assert!(
        place
            .run(&["sync", "省平台", "--full"], "")
            .status
            .success()
    );

    // Without a target there is nothing to deliver to.
    let none = place.run(&["deliver", "省平台"], "");
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("local cache"));

    // A new library gets everything there is; a wrong secret is told by its layer.
    let set = [
        "connection",
        "target",
        "set",
        "省平台",
        &url,
        "--path",
        "portal/records",
        "--auth",
        "api-key",
        "--secret-stdin",
    ];
    let row = place.json(&set, "wrong secret");
    let waiting = row["waiting"].as_i64().unwrap();
    assert!(waiting > 100, "{row}");
    let report = place.json(&["connection", "target", "test", "省平台"], "");
    assert_eq!(report["passed"], false);
    let failed = place.json(&["deliver", "省平台"], "");
    assert_eq!(
        (&failed["state"], &failed["code"]),
        (&"failed".into(), &"unauthorised".into())
    );
    assert_eq!(failed["waiting"], waiting);
    place.json(&set, &secret);
    let report = place.json(&["connection", "target", "test", "省平台"], "");
    assert_eq!(report["passed"], true, "{report}");
    let delivered = place.json(&["deliver", "省平台"], "");
    assert_eq!(
        (&delivered["state"], &delivered["waiting"]),
        (&"succeeded".into(), &0.into()),
        "{delivered}"
    );
    let records = provider.portal().records();
    assert!(records.len() as i64 <= waiting && records.len() > 100);

    // What a run brings arrives before the command ends, and a refused record has its stage.
    let refused = records
        .values()
        .find(|one| one.dataset == "review")
        .unwrap()
        .fields["project_no"]
        .as_str()
        .unwrap()
        .to_owned();
    provider.portal().object(Objection {
        field: "project_no".into(),
        value: refused,
        code: "E9".into(),
        message: "不收".into(),
    });
    let again = place.json(&["deliver", "省平台", "--again"], "");
    assert_eq!(again["state"], "finished_with_rejections", "{again}");
    let list = ["rejected", "list", "--rule", "delivery.refused"];
    let page = place.json(&list, "");
    assert_eq!(page["rejections"][0]["stage"], "delivery", "{page}");
    provider.portal().relent();
    let later = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    provider
        .world()
        .advance(20, later - chrono::Duration::seconds(1));
    let synced = place.run(&["sync", "省平台", "--full"], "");
    let said = String::from_utf8_lossy(&synced.stdout).into_owned();
    assert!(said.contains("0 waiting"), "{said}");

    // The name is asked for; the portal keeps what it has.
    let remove = [
        "connection",
        "target",
        "remove",
        "省平台",
        "--confirm",
        "其他",
    ];
    assert_eq!(place.run(&remove, "").status.code(), Some(1));
    let remove = [
        "connection",
        "target",
        "remove",
        "省平台",
        "--confirm",
        "省平台",
    ];
    assert!(place.run(&remove, "").status.success());
    let shown = place.json(&["connection", "target", "show", "省平台"], "");
    assert!(shown.is_null(), "{shown}");
    assert!(!provider.portal().records().is_empty());
}

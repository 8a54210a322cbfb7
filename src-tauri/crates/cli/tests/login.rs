//! Signing on from the command line: settings as a file, a test login through the demo's relay.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use place::Place;
use serde_json::Value;
use zhengqiao_demo::{DemoOptions, DemoProvider};

async fn provider() -> DemoProvider {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.0,
        ..DemoOptions::new(200, 3, now)
    };
    DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_is_set_up_from_a_file_and_a_test_login_is_made() {
    let provider = provider().await;
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "own");
    let base = provider.base_url();
    let added = place.run(
        &[
            "connection",
            "add",
            "省平台",
            "--preset",
            "gateway",
            "--base-url",
            &base,
            "--id",
            "demo-portal",
        ],
        "",
    );
    assert!(
        added.status.success(),
        "{}",
        String::from_utf8_lossy(&added.stderr)
    );
    let file = dir.path().join("relay.toml");
    let path = file.display().to_string();
    let set = ["identity", "sign-on", "set", "省平台", "--file", &path];

    // A file that cannot be used names the field.
    std::fs::write(&file, "[protocol]\nkind = \"relay\"\nserver = \"relay\"\n").unwrap();
    let refused = place.run(&set, "");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        told.contains("protocol.server") && told.contains("protocol.param_key"),
        "{told}"
    );

    let text = format!(
        "[protocol]\nkind = \"relay\"\nserver = \"{base}\"\nparam_key = \"{}\"\nreturn_name = \"backUrl\"\n",
        provider.site_key()
    );
    std::fs::write(&file, text).unwrap();
    assert!(place.run(&set, "").status.success());
    // What is shown can be given back.
    let shown = place.run(&["identity", "sign-on", "show", "省平台"], "");
    std::fs::write(&file, &shown.stdout).unwrap();
    assert!(place.run(&set, "").status.success());

    let mut child = Command::new(env!("CARGO_BIN_EXE_zhengqiao"))
        .arg("--data-dir")
        .arg(&place.dir)
        .args([
            "identity",
            "login",
            "省平台",
            "--no-browser",
            "--logout",
            "--json",
        ])
        .args(["--keep-sample", "样本"])
        .env("ZHENGQIAO_PASSPHRASE", place.passphrase)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = told
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.starts_with(&base))
        .unwrap();
    let page = reqwest::get(&address).await.unwrap().text().await.unwrap();
    let link = page
        .split("href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let last = reqwest::get(format!("{base}{}", link.replace("&amp;", "&")))
        .await
        .unwrap();
    assert!(
        last.text()
            .await
            .unwrap()
            .contains("You can close this page")
    );
    let rest: Vec<String> = told.map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{rest:?}"));
    assert_eq!(answer["state"], "done", "{answer}");
    assert_eq!(answer["kept_sample"]["name"], "样本");
    assert!(
        rest.iter().any(|line| line.contains("user_info")),
        "{rest:?}"
    );
    let steps = answer["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["kind"], "logout");
    assert_eq!(steps.last().unwrap()["outcome"], "done");
    let name = provider.world().row(7, 0).get("user_name");
    assert!(!answer.to_string().contains(&name), "{answer}");
}

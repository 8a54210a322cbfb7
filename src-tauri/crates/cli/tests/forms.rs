//! The forms and exit codes that scripts rely on, with the real program.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn zhengqiao(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zhengqiao"))
        .args(args)
        .env("ZHENGQIAO_PASSPHRASE", "correct horse battery")
        .output()
        .unwrap()
}

fn with_input(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zhengqiao"))
        .args(args)
        .env("ZHENGQIAO_PASSPHRASE", "correct horse battery")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn write(dir: &Path, name: &str, content: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

const SOUND: &str = r#"{"row_guid":"g","project_no":"P1","result_date":"2024-01-02 03:04:05","result_type":"6","is_delivery_results":"0","cd_operation":"I","cd_time":"2024-01-02 03:04:05","cd_batch":"b","data_source":"123"}"#;

#[test]
fn a_checked_file_gives_one_object_a_line_and_the_exit_code_tells_of_rejections() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(
        dir.path(),
        "results.ndjson",
        &format!("{SOUND}\n{{\"row_guid\":\"h\"}}\n"),
    );
    let output = zhengqiao(&["check", &file, "--dataset", "case_result", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let lines: Vec<Value> = text(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["line"], &lines[0]["outcome"]),
        (&1.into(), &"accepted".into())
    );
    assert_eq!(
        (&lines[1]["line"], &lines[1]["outcome"]),
        (&2.into(), &"rejected".into())
    );
    for key in ["rule", "field", "value", "severity", "expected", "remedy"] {
        assert!(
            lines[1]["findings"][0].get(key).is_some(),
            "{key} in {}",
            lines[1]
        );
    }
    let sound = write(dir.path(), "sound.ndjson", SOUND);
    assert_eq!(
        zhengqiao(&["check", &sound, "--dataset", "case_result"])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn personal_values_of_a_checked_file_are_masked_unless_revealed() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(
        dir.path(),
        "people.csv",
        "cert_key,cert_no,cert_type\nx,11010519491231002Y,111\n",
    );
    let args = ["check", &file, "--dataset", "natural_person", "--json"];
    assert!(!text(&zhengqiao(&args)).contains("11010519491231002Y"));
    assert!(text(&zhengqiao(&[&args[..], &["--reveal"]].concat())).contains("11010519491231002Y"));
}

#[test]
fn the_demonstration_prints_one_object_with_its_counts_and_finds_the_truth() {
    let output = zhengqiao(&[
        "demo",
        "--records",
        "150",
        "--seed",
        "3",
        "--defects",
        "0.1",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!(
        (&report["missed"], &report["invented"]),
        (&0.into(), &0.into())
    );
    assert!(
        report["records_per_s"].as_f64().unwrap() > 0.0
            && report["peak_rss_bytes"].as_u64().unwrap() > 0
    );
    let cases = report["datasets"]["case_acceptance"].as_object().unwrap();
    let count = |name: &str| cases[name].as_i64().unwrap();
    let sum: i64 = [
        "accepted",
        "unchanged",
        "held",
        "rejected",
        "withdrawn",
        "superseded",
    ]
    .map(count)
    .iter()
    .sum();
    assert_eq!(count("fetched"), sum);
}

#[test]
fn a_connection_is_added_exported_imported_and_removed_and_its_secret_never_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("place").display().to_string();
    let run = |args: &[&str]| zhengqiao(&[args, &["--data-dir", &place]].concat());
    let add = [
        "connection",
        "add",
        "省平台",
        "--base-url",
        "http://127.0.0.1:1",
        "--id",
        "portal",
        "--secret-stdin",
        "--data-dir",
        &place,
    ];
    let added = with_input(&add, "a very secret value\n");
    assert_eq!(added.status.code(), Some(0), "{added:?}");
    let exported = text(&run(&["connection", "export", "省平台"]));
    let listed = text(&run(&["connection", "list", "--json"]));
    for told in [&exported, &listed, &text(&added)] {
        assert!(!told.contains("very secret"), "{told}");
    }
    assert_eq!(
        serde_json::from_str::<Value>(&listed).unwrap()[0]["has_secret"],
        true
    );
    let file = write(dir.path(), "connection.toml", &exported);
    assert_eq!(run(&["connection", "import", &file]).status.code(), Some(0));
    let test = run(&["connection", "test", "省平台", "--json"]);
    assert_eq!(test.status.code(), Some(1), "nobody listens there");
    assert!(
        text(&test).contains("\"advice\":\"connect\""),
        "{}",
        text(&test)
    );
    assert_eq!(
        run(&["connection", "remove", "省平台", "--confirm", "another"])
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        run(&["connection", "remove", "省平台", "--confirm", "省平台"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(
        serde_json::from_str::<Value>(&text(&run(&["connection", "list", "--json"]))).unwrap(),
        Value::Array(vec![])
    );
}

#[test]
fn wrong_usage_has_its_own_exit_code_and_a_wrong_passphrase_is_named() {
    assert_eq!(zhengqiao(&["sync"]).status.code(), Some(2));
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().display().to_string();
    assert_eq!(
        zhengqiao(&["connection", "list", "--data-dir", &place])
            .status
            .code(),
        Some(0)
    );
    let output = Command::new(env!("CARGO_BIN_EXE_zhengqiao"))
        .args(["connection", "list", "--json", "--data-dir", &place])
        .env("ZHENGQIAO_PASSPHRASE", "wrong horse battery")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("\"code\":\"wrong_passphrase\""),
        "{output:?}"
    );
}

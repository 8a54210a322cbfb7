//! Files, mappings, versions and the calendar, with the real program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use std::fmt::Write as _;
use std::path::Path;

use place::Place;
use serde_json::Value;

const ROWS: usize = 60;
/// Every third row has their word for a result instead of a code.
const WRONG: usize = ROWS / 3;

fn results(dir: &Path) -> String {
    let mut text = String::from("办件编号,办结时间,办结结果,是否快递,办理人,地区\n");
    for n in 0..ROWS {
        let result = if n % 3 == 0 { "办结了" } else { "6" };
        writeln!(text, "P{n:07},2026-01-02 03:04:05,{result},0,某某,123").unwrap();
    }
    let path = dir.join("results.csv");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The columns of that file; `steps` are of the result.
fn mapping(dir: &Path, name: &str, steps: &str) -> String {
    let pairs = [
        ("project_no", "办件编号", ""),
        ("result_date", "办结时间", ""),
        ("result_type", "办结结果", steps),
        ("is_delivery_results", "是否快递", ""),
        ("handle_user_name", "办理人", ""),
        ("data_source", "地区", ""),
    ];
    let mut text = String::from("[[mapping]]\ndataset = \"case_result\"\n");
    for (field, source, steps) in pairs {
        writeln!(
            text,
            "[[mapping.fields]]\nfield = {field:?}\nsource = {source:?}\ntransforms = [{steps}]"
        )
        .unwrap();
    }
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn add(place: &Place, path: &str) {
    let file = format!("case_result={path}");
    let added = place.run(
        &[
            "connection",
            "add",
            "文件",
            "--preset",
            "files",
            "--file",
            &file,
        ],
        "",
    );
    assert!(added.status.success(), "{added:?}");
    // The file has results without their cases.
    let rules = dir_of(path).join("rules.toml");
    let text = "[[connection]]\nname = \"文件\"\n[connection.profile.rules.severities]\n\"reference.case\" = \"off\"\n";
    std::fs::write(&rules, text).unwrap();
    let report = place.json(&["connection", "import", &rules.display().to_string()], "");
    assert_eq!(report["changed"][0], "文件", "{report}");
}

fn dir_of(path: &str) -> &Path {
    Path::new(path).parent().unwrap()
}

#[test]
fn a_mapping_change_makes_exactly_the_counted_records_pass() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    add(&place, &results(dir.path()));
    let plain = mapping(dir.path(), "plain.toml", "");
    let taken = place.json(&["connection", "mapping", "import", "文件", &plain], "");
    assert_eq!(taken[0]["dataset"], "case_result");
    let run = place.run(&["sync", "文件", "--full", "--json"], "");
    assert_eq!(run.status.code(), Some(3), "{run:?}");

    let sampled = place.json(
        &["connection", "mapping", "sample", "文件", "case_result"],
        "",
    );
    assert_eq!(sampled["sample"]["records"], ROWS, "{sampled}");
    assert_eq!(sampled["preview"]["rejected"], WRONG);
    let unknown = &sampled["preview"]["unknown_codes"][0];
    assert_eq!(unknown["field"], "result_type");
    assert_eq!(unknown["code"], "办结了");
    assert_eq!(unknown["records"], WRONG);

    let step = "{ kind = \"code_table\", table = { \"办结了\" = \"6\" } }";
    let mended = mapping(dir.path(), "mended.toml", step);
    let planned = place.json(
        &["connection", "mapping", "import", "文件", &mended, "--plan"],
        "",
    );
    let effect = &planned[0]["effect"]["datasets"][0];
    assert_eq!(effect["rejected"], WRONG, "{planned}");
    assert_eq!(effect["would_pass"], WRONG);
    assert_eq!(effect["accepted"], ROWS - WRONG);
    assert_eq!(effect["would_fail"], 0);
    assert_eq!(effect["would_change"], 0);

    place.json(&["connection", "mapping", "import", "文件", &mended], "");
    let report = place.json(&["rejected", "revalidate", "--connection", "文件"], "");
    assert_eq!(report["passed"], WRONG, "{report}");
    assert_eq!(report["phase"], "rest");
    let open = place.json(&["rejected", "list", "--state", "open"], "");
    assert_eq!(open["total"], 0, "{open}");
}

#[test]
fn a_mapping_that_would_spoil_accepted_records_says_which_rule_they_would_break() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    add(&place, &results(dir.path()));
    let plain = mapping(dir.path(), "plain.toml", "");
    place.json(&["connection", "mapping", "import", "文件", &plain], "");
    place.run(&["sync", "文件", "--full"], "");
    let spoiled = mapping(
        dir.path(),
        "spoiled.toml",
        "{ kind = \"constant\", value = \"nonsense\" }",
    );
    let planned = place.json(
        &[
            "connection",
            "mapping",
            "import",
            "文件",
            &spoiled,
            "--plan",
        ],
        "",
    );
    let effect = &planned[0]["effect"]["datasets"][0];
    assert_eq!(effect["would_fail"], ROWS - WRONG, "{planned}");
    assert_eq!(effect["fail_rules"][0]["field"], "result_type");
    assert_eq!(effect["fail_rules"][0]["records"], ROWS - WRONG);
}

#[test]
fn every_save_is_a_version_that_can_be_gone_back_to() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    add(&place, &results(dir.path()));
    let plain = mapping(dir.path(), "plain.toml", "");
    place.json(&["connection", "mapping", "import", "文件", &plain], "");
    let versions = place.json(&["connection", "versions", "文件"], "");
    let list: Vec<(i64, bool)> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["version"].as_i64().unwrap(), one["current"] == true))
        .collect();
    assert_eq!(list, [(3, true), (2, false), (1, false)], "{versions}");
    assert!(!versions[0]["differences"].as_array().unwrap().is_empty());

    let sources = |place: &Place| -> Value {
        place.json(&["connection", "show", "文件"], "")["profile"]["datasets"]["case_result"]["mapping"].clone()
    };
    let later = sources(&place);
    place.json(&["connection", "versions", "文件", "--revert", "1"], "");
    assert_ne!(sources(&place), later);
    place.json(&["connection", "versions", "文件", "--revert", "3"], "");
    assert_eq!(sources(&place), later);
    let versions = place.json(&["connection", "versions", "文件"], "");
    assert_eq!(versions.as_array().map(Vec::len), Some(5), "{versions}");
}

#[test]
fn the_calendar_lists_a_noted_end() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    let added = place.run(
        &[
            "connection",
            "add",
            "平台",
            "--base-url",
            "http://127.0.0.1:9",
            "--id",
            "x",
            "--secret-stdin",
        ],
        "a-secret",
    );
    assert!(added.status.success(), "{added:?}");
    place.json(
        &["connection", "secret", "平台", "--expires", "2027-01-31"],
        "",
    );
    let list = place.json(&["connection", "expiries"], "");
    assert_eq!(list[0]["connection"], "平台", "{list}");
    assert_eq!(list[0]["kind"], "secret");
    // The day is over when the next one begins in China.
    assert_eq!(list[0]["not_after_ms"], 1_801_411_200_000_i64);
}

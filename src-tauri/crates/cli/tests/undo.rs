//! Undo, comparison, report and history, with the real program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use std::fmt::Write as _;
use std::path::Path;

use place::Place;

const ROWS: usize = 20;

/// Results of which the first two have a code that there is not.
fn results(dir: &Path) {
    let mut text = String::new();
    for n in 0..ROWS {
        let result = if n < 2 { "x" } else { "6" };
        writeln!(
            text,
            r#"{{"row_guid":"g{n}","project_no":"P{n:07}","result_date":"2024-01-02 03:04:05","result_type":"{result}","is_delivery_results":"0","handle_user_name":"某甲","cd_operation":"I","cd_time":"2024-01-02 03:04:05","cd_batch":"b","data_source":"123"}}"#
        )
        .unwrap();
    }
    std::fs::write(dir.join("results.ndjson"), text).unwrap();
}

fn add(place: &Place, dir: &Path) {
    let file = format!("case_result={}", dir.join("results.ndjson").display());
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
    let rules = dir.join("rules.toml");
    let text = "[[connection]]\nname = \"文件\"\n[connection.profile.rules.severities]\n\"reference.case\" = \"off\"\n";
    std::fs::write(&rules, text).unwrap();
    place.json(&["connection", "import", &rules.display().to_string()], "");
}

#[test]
fn a_run_is_planned_undone_listed_compared_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    results(dir.path());
    add(&place, dir.path());
    let run = place.run(&["sync", "文件", "--full"], "");
    assert_eq!(run.status.code(), Some(3), "{run:?}");
    let open = place.json(&["rejected", "list"], "");
    let id = open["rejections"][0]["rejection_id"].to_string();
    place.json(&["rejected", "ignore", &id, "--reason", "已核实"], "");

    let history = place.json(&["records", "history", "P0000005"], "");
    let versions = &history["histories"][0]["versions"];
    assert_eq!(versions[0]["run_id"], 1, "{history}");
    assert!(!history.to_string().contains("某甲"), "{history}");

    let plan = place.json(&["undo", "1", "--plan"], "");
    assert_eq!(plan["touched"], ROWS, "{plan}");
    assert_eq!(plan["removed"], ROWS - 1);
    assert_eq!(plan["kept"][0]["keys"], 1);
    assert_eq!(plan["kept"][0]["since"]["act"], "ignore_rejections");
    let undone = place.run(&["undo", "1", "--json"], "");
    assert_eq!(undone.status.code(), Some(0), "{undone:?}");
    let detail = place.json(&["runs", "2"], "");
    assert_eq!(detail["standing"]["undoes"], 1, "{detail}");
    assert_eq!(detail["run"]["counts"]["superseded"], 1);
    let kept = place.json(&["runs", "2", "--undone", "kept"], "");
    assert_eq!(kept.as_array().unwrap().len(), 1);

    let run = place.run(&["sync", "文件", "--full"], "");
    assert_eq!(run.status.code(), Some(3), "{run:?}");
    let both = place.json(&["runs", "3", "--compare"], "");
    assert_eq!(both["other"]["run_id"], 1, "{both}");
    assert_eq!(both["datasets"][0]["counts"]["accepted"], ROWS - 2);
    let alone = place.run(&["runs", "1", "--compare"], "");
    assert_eq!(alone.status.code(), Some(1), "{alone:?}");

    for (name, begin) in [
        ("report.html", &b"<!doctype html>"[..]),
        ("report.xlsx", b"PK"),
    ] {
        let path = dir.path().join(name);
        let report = place.run(&["runs", "2", "--report", &path.display().to_string()], "");
        assert!(report.status.success(), "{report:?}");
        assert!(std::fs::read(&path).unwrap().starts_with(begin));
    }
    let again = place.run(&["undo", "99"], "");
    assert_eq!(again.status.code(), Some(1), "{again:?}");
}

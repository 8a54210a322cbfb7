//! Scoped runs and dry runs, with the real program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use std::fmt::Write as _;

use place::Place;
use serde_json::Value;

const ROWS: i64 = 40;

/// A place with a connection to a file of results, of which the first is not sound.
fn place(dir: &std::path::Path) -> Place {
    let place = Place::new(dir, "place");
    let mut text = String::from(
        "data_source,row_guid,project_no,result_date,result_type,is_delivery_results,handle_user_name\n",
    );
    for n in 0..ROWS {
        let result = if n == 0 { "x" } else { "6" };
        writeln!(
            text,
            "123,G{n:04},P{n:07},2026-01-02 03:04:05,{result},0,某某"
        )
        .unwrap();
    }
    let path = dir.join("results.csv");
    std::fs::write(&path, text).unwrap();
    let file = format!("case_result={}", path.display());
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
    // The file has a key of its own, and results without their cases.
    let changes = dir.join("changes.toml");
    let mapping = "[[mapping]]\ndataset = \"case_result\"\n[[mapping.fields]]\nfield = \"row_guid\"\nsource = \"row_guid\"\n";
    std::fs::write(&changes, mapping).unwrap();
    let taken = place.run(
        &[
            "connection",
            "mapping",
            "import",
            "文件",
            &changes.display().to_string(),
        ],
        "",
    );
    assert!(taken.status.success(), "{taken:?}");
    std::fs::write(
        &changes,
        "[[connection]]\nname = \"文件\"\n[connection.profile.rules.severities]\n\"reference.case\" = \"off\"\n",
    )
    .unwrap();
    let report = place.json(
        &["connection", "import", &changes.display().to_string()],
        "",
    );
    assert_eq!(report["changed"][0], "文件", "{report}");
    place
}

fn rows(detail: &Value, fate: &str) -> i64 {
    detail["fates"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["fate"] == fate)
        .map(|one| one["rows"].as_i64().unwrap())
        .sum()
}

#[test]
fn a_dry_run_is_shown_made_real_and_discarded() {
    let dir = tempfile::tempdir().unwrap();
    let place = place(dir.path());
    let output = place.run(&["sync", "文件", "--dry-run", "--json"], "");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let detail: Value = serde_json::from_slice(&output.stdout).unwrap();
    let dry_id = detail["run"]["dry_id"].as_i64().unwrap().to_string();
    assert_eq!(
        (rows(&detail, "created"), rows(&detail, "rejected")),
        (ROWS - 1, 1)
    );
    let records = place.json(&["records"], "");
    assert_eq!(records["records"].as_array().unwrap().len(), 0, "{records}");

    let page = place.json(&["dry-run", "show", &dry_id, "--fate", "rejected"], "");
    assert_eq!(page["changes"].as_array().unwrap().len(), 1);
    assert_eq!(page["changes"][0]["findings"][0]["field"], "result_type");

    let applied = place.run(&["dry-run", "apply", &dry_id, "--json"], "");
    assert_eq!(applied.status.code(), Some(3), "{applied:?}");
    let run: Value = serde_json::from_slice(&applied.stdout).unwrap();
    assert_eq!(run["run"]["counts"]["accepted"], ROWS - 1);
    assert_eq!(run["requests"].as_array().unwrap().len(), 0);
    // Once is enough.
    let again = place.run(&["dry-run", "apply", &dry_id], "");
    assert_eq!(again.status.code(), Some(1));

    let listed = place.json(&["dry-run", "list"], "");
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert!(
        place
            .run(&["dry-run", "discard", &dry_id], "")
            .status
            .success()
    );
    let listed = place.json(&["dry-run", "list"], "");
    assert_eq!(listed.as_array().unwrap().len(), 0);
}

#[test]
fn a_run_over_ids_reads_them_alone_and_no_ids_are_wrong_usage() {
    let dir = tempfile::tempdir().unwrap();
    let place = place(dir.path());
    let run = place.json(&["sync", "文件", "--ids", "G0003,P0000005,G9999"], "");
    assert_eq!(run["run"]["counts"]["fetched"], 2, "{run}");
    let ids = dir.path().join("ids.txt");
    std::fs::write(&ids, "G0007\n\nG0008\n").unwrap();
    let ids = ids.display().to_string();
    let run = place.json(&["sync", "文件", "--ids-file", &ids], "");
    assert_eq!(run["run"]["counts"]["accepted"], 2, "{run}");
    std::fs::write(&ids, "\n").unwrap();
    let refused = place.run(&["sync", "文件", "--ids-file", &ids], "");
    assert_eq!(refused.status.code(), Some(1));
    // The cursor stayed where it was: an incremental run reads the file.
    let run = place.json(&["sync", "文件"], "");
    assert_eq!(run["run"]["counts"]["fetched"], ROWS, "{run}");
    let both = place.run(&["sync", "文件", "--ids", "a", "--full"], "");
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn verifying_tells_what_the_file_no_longer_has() {
    let dir = tempfile::tempdir().unwrap();
    let place = place(dir.path());
    place.run(&["sync", "文件", "--full"], "");
    let path = dir.path().join("results.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("G0010"))
        .collect();
    std::fs::write(&path, kept.join("\n")).unwrap();
    let output = place.run(&["sync", "文件", "--verify", "--json"], "");
    let detail: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows(&detail, "surplus"), 1, "{detail}");
    assert_eq!(rows(&detail, "unchanged"), ROWS - 2);
}

//! The inbox from the command line, with the real program: causes, facets, views, one rejection in full.

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

/// Results: sound ones, four with one unknown code in three writings, two with a date in another form,
/// one with a number beyond range.
fn results(dir: &Path) {
    let spoiled = [
        (r#""Ｘ9""#, "2024-01-02 03:04:05"),
        (r#""x9""#, "2024-01-02 03:04:05"),
        (r#""X9""#, "2024-01-02 03:04:05"),
        (r#""x-9""#, "2024-01-02 03:04:05"),
        (r#""6""#, "2024.1.5"),
        (r#""6""#, "2023.12.25"),
        ("1e999", "2024-01-02 03:04:05"),
    ];
    let mut text = String::new();
    for n in 0..20 {
        let (code, date) = spoiled
            .get(n)
            .copied()
            .unwrap_or((r#""6""#, "2024-01-02 03:04:05"));
        writeln!(
            text,
            r#"{{"row_guid":"g{n}","project_no":"P{n:07}","result_date":"{date}","result_type":{code},"is_delivery_results":"0","handle_user_name":"某甲","cd_operation":"I","cd_time":"2024-01-02 03:04:05","cd_batch":"b","data_source":"123"}}"#
        )
        .unwrap();
    }
    std::fs::write(dir.join("results.ndjson"), text).unwrap();
}

fn place(dir: &Path) -> Place {
    let place = Place::new(dir, "place");
    results(dir);
    let file = format!("case_result={}", dir.join("results.ndjson").display());
    let add = [
        "connection",
        "add",
        "文件",
        "--preset",
        "files",
        "--file",
        &file,
    ];
    let added = place.run(&add, "");
    assert!(added.status.success(), "{added:?}");
    // The file has results without their cases.
    let rules = dir.join("rules.toml");
    let text = "[[connection]]\nname = \"文件\"\n[connection.profile.rules.severities]\n\"reference.case\" = \"off\"\n";
    std::fs::write(&rules, text).unwrap();
    place.json(&["connection", "import", &rules.display().to_string()], "");
    let run = place.run(&["sync", "文件", "--full"], "");
    assert_eq!(run.status.code(), Some(3), "{run:?}");
    place
}

fn cause<'a>(causes: &'a Value, rule: &str, cluster: &str) -> &'a Value {
    causes
        .as_array()
        .unwrap()
        .iter()
        .find(|cause| cause["rule"] == rule && cause["cluster"] == cluster)
        .unwrap_or_else(|| panic!("{rule} {cluster} is not in {causes}"))
}

#[test]
fn causes_facets_views_and_one_rejection_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let place = place(dir.path());

    // One cause for a code however it is written, and for a form of dates.
    let causes = place.json(&["rejected", "causes"], "");
    let codes = cause(&causes, "code.unknown", "value:x9");
    assert_eq!(codes["open"], 4);
    assert_eq!(codes["values"]["zh"], "值为「x-9」");
    let dates = cause(&causes, "format.moment", "form:Y.N.N");
    assert_eq!(dates["open"], 2);
    assert_eq!(dates["values"]["en"], "Date written like 2024.3.5");
    let great = cause(&causes, "code.unknown", "value:1e999");
    assert_eq!(great["sample"]["value"], "1e999");

    // A facet is counted under the other parts of the filter.
    let facets = place.json(&["rejected", "facets", "--rule", "format.moment"], "");
    assert_eq!(facets["total"], 2);
    let rules = facets["facets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|facet| facet["name"] == "rule")
        .unwrap();
    let counts: Vec<i64> = rules["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["count"].as_i64().unwrap())
        .collect();
    assert_eq!(counts.iter().sum::<i64>(), 8, "{rules}");

    // A view is kept, used, and removed.
    let save = [
        "rejected",
        "save-view",
        "日期",
        "--rule",
        "format.moment",
        "--day",
        "today",
    ];
    assert!(place.run(&save, "").status.success());
    let views = place.json(&["rejected", "views"], "");
    assert_eq!(views[0]["filter"]["day"], "today");
    let page = place.json(&["rejected", "list", "--view", "日期"], "");
    assert_eq!(page["total"], 2);
    let id = page["rejections"][0]["rejection_id"].to_string();
    assert!(
        place
            .run(&["rejected", "remove-view", "日期"], "")
            .status
            .success()
    );
    let gone = place.run(&["rejected", "list", "--view", "日期"], "");
    assert_eq!(gone.status.code(), Some(1));

    // One in full: remedy, neighbours, what was done.
    let detail = place.json(&["rejected", "show", &id], "");
    let remedy = &detail["findings"][0]["remedy"];
    assert_eq!(remedy["certain"], true, "{detail}");
    assert_eq!(detail["delivered"], "nothing");
    let case = &detail["neighbours"][0];
    assert_eq!(
        (&case["dataset"], &case["state"]),
        (&"case_acceptance".into(), &"absent".into())
    );
    assert_eq!(detail["events"][0]["act"], "first_seen");
    assert!(!detail.to_string().contains("某甲"), "{detail}");
    let told = place.run(&["rejected", "show", &id], "");
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(
        told.contains("not in the cache") && told.contains("(certain)"),
        "{told}"
    );
}

//! Mending from the command line: from a cause to its cure, ignoring, recipes for other connections.

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

const ROWS: i64 = 60;
/// Rows with their word for a result instead of a code.
const WORD: i64 = 25;
/// Rows with a word that says nothing.
const ODD: i64 = 5;

/// A connection to a file whose column of results has this name, with its mapping, synchronised.
fn connect(place: &Place, dir: &Path, name: &str, column: &str) {
    let mut text = format!("办件编号,办结时间,{column},是否快递,办理人,地区\n");
    for n in 0..ROWS {
        let result = match n {
            _ if n < WORD => "办结了",
            _ if n < WORD + ODD => "奇怪",
            _ => "6",
        };
        writeln!(text, "P{n:07},2026-01-02 03:04:05,{result},0,某某,123").unwrap();
    }
    let path = dir.join(format!("{name}.csv"));
    std::fs::write(&path, text).unwrap();
    let file = format!("case_result={}", path.display());
    let added = place.run(
        &[
            "connection",
            "add",
            name,
            "--preset",
            "files",
            "--file",
            &file,
        ],
        "",
    );
    assert!(added.status.success(), "{added:?}");
    let rules = dir.join("rules.toml");
    // The file has results without their cases.
    let text = format!(
        "[[connection]]\nname = {name:?}\n[connection.profile.rules.severities]\n\"reference.case\" = \"off\"\n"
    );
    std::fs::write(&rules, text).unwrap();
    place.json(&["connection", "import", &rules.display().to_string()], "");
    let mut text = String::from("[[mapping]]\ndataset = \"case_result\"\n");
    for (field, source) in [
        ("project_no", "办件编号"),
        ("result_date", "办结时间"),
        ("result_type", column),
        ("is_delivery_results", "是否快递"),
        ("handle_user_name", "办理人"),
        ("data_source", "地区"),
    ] {
        writeln!(
            text,
            "[[mapping.fields]]\nfield = {field:?}\nsource = {source:?}\ntransforms = []"
        )
        .unwrap();
    }
    let mapping = dir.join("mapping.toml");
    std::fs::write(&mapping, text).unwrap();
    place.json(
        &[
            "connection",
            "mapping",
            "import",
            name,
            &mapping.display().to_string(),
        ],
        "",
    );
    let run = place.run(&["sync", name, "--full", "--json"], "");
    assert_eq!(run.status.code(), Some(3), "{run:?}");
}

/// The number of the cause whose records have this value.
fn cause(place: &Place, value: &str) -> String {
    let causes = place.json(&["rejected", "list", "--causes"], "");
    let found = causes
        .as_array()
        .unwrap()
        .iter()
        .find(|cause| cause["sample"]["value"] == value)
        .unwrap_or_else(|| panic!("{causes}"));
    found["cause_id"].to_string()
}

fn open(place: &Place) -> i64 {
    place.json(&["rejected", "list", "--state", "open"], "")["total"]
        .as_i64()
        .unwrap()
}

const STEP: &str = "format = 1\nname = \"结果代码\"\n\n[[step]]\nkind = \"map_code\"\ndataset = \"case_result\"\nfield = \"result_type\"\nfrom = \"办结了\"\nto = \"6\"\n";

#[test]
fn a_cause_is_cured_checked_again_with_its_canaries_and_undone() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    connect(&place, dir.path(), "文件", "办结结果");
    let odd = place.json(&["rejected", "mend", &cause(&place, "奇怪")], "");
    assert_eq!(odd["open"], ODD, "{odd}");
    assert_eq!(odd["none_because"], "unknown_code", "{odd}");

    let recipe = dir.path().join("recipe.toml");
    std::fs::write(&recipe, STEP).unwrap();
    let recipe = recipe.display().to_string();
    let effect = place.json(
        &[
            "connection",
            "mapping",
            "effect",
            "文件",
            "--recipe",
            &recipe,
        ],
        "",
    );
    let told = &effect["datasets"][0];
    assert_eq!(effect["state"], "done", "{effect}");
    assert_eq!(told["would_pass"], WORD, "{effect}");
    assert_eq!(told["still_fail"], ODD);
    assert_eq!(told["fail_otherwise"], 0);
    assert_eq!(told["accepted"], ROWS - WORD - ODD);
    assert_eq!(told["would_fail"], 0);

    // Without the cure the canaries are not cured, and the rest waits for a word.
    let asked = place.run(
        &[
            "rejected",
            "revalidate",
            "--connection",
            "文件",
            "--canary",
            "4",
            "--json",
        ],
        "",
    );
    assert_eq!(asked.status.code(), Some(4), "{asked:?}");
    let state: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(state["asks"], "canary_none", "{state}");
    let run = state["run_id"].to_string();
    let gone_on = place.json(&["rejected", "revalidate", "--resume", &run], "");
    assert_eq!(gone_on["still"], WORD + ODD, "{gone_on}");
    assert_eq!(gone_on["ended"], true);

    let of_word = cause(&place, "办结了");
    place.json(&["recipe", "apply", &recipe, "文件"], "");
    let mended = place.json(
        &[
            "rejected",
            "revalidate",
            "--of-cause",
            &of_word,
            "--canary",
            "5",
        ],
        "",
    );
    assert_eq!(mended["passed"], WORD, "{mended}");
    assert_eq!(open(&place), ODD);
    let run = mended["run_id"].to_string();
    let outcomes = place.json(&["rejected", "outcomes", &run, "--fate", "passed"], "");
    let rows = outcomes.as_array().unwrap();
    assert_eq!(i64::try_from(rows.len()).unwrap(), WORD);
    let first = rows.iter().filter(|row| row["canary"] == true);
    assert!(first.clone().all(|row| row["predicted"] == "passed"));
    assert_eq!(first.count(), 5);

    place.json(&["undo", &run], "");
    assert_eq!(open(&place), WORD + ODD, "undone");
}

#[test]
fn an_ignored_cause_is_listed_with_what_it_covers_and_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    connect(&place, dir.path(), "文件", "办结结果");
    let odd = cause(&place, "奇怪");
    let ignored = place.json(
        &[
            "rejected",
            "ignore",
            "--cause",
            &odd,
            "--reason",
            "来源单位已确认",
        ],
        "",
    );
    assert_eq!(ignored["changed"], ODD, "{ignored}");
    assert_eq!(open(&place), WORD);
    let list = place.json(&["rejected", "ignores", "--connection", "文件"], "");
    assert_eq!(list[0]["covers"], ODD, "{list}");
    assert_eq!(list[0]["cause"]["rule"], "code.unknown");
    assert_eq!(list[0]["term"], "ever");
    let id = list[0]["decision_id"].to_string();
    let behind = place.json(
        &["rejected", "list", "--state", "ignored", "--decision", &id],
        "",
    );
    assert_eq!(behind["total"], ODD, "{behind}");
    assert_eq!(
        behind["rejections"][0]["ignored"]["reason"],
        "来源单位已确认"
    );
    let revoked = place.json(&["rejected", "revoke", &id], "");
    assert_eq!(revoked["changed"], ODD);
    assert_eq!(open(&place), WORD + ODD);
    let past = place.run(
        &[
            "rejected",
            "ignore",
            "--all",
            "--reason",
            "x",
            "--until",
            "2020-01-01",
        ],
        "",
    );
    assert_eq!(past.status.code(), Some(1), "a date that has passed");
    let all = place.json(
        &[
            "rejected",
            "ignore",
            "--all",
            "--connection",
            "文件",
            "--reason",
            "核实中",
        ],
        "",
    );
    assert_eq!(all["changed"], WORD + ODD, "{all}");
    let id = all["decision_ids"][0].to_string();
    assert_eq!(
        place.json(&["rejected", "revoke", &id], "")["changed"],
        WORD + ODD
    );
}

#[test]
fn a_recipe_goes_to_another_connection_with_one_field_pointed_anew_and_one_step_that_fails() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    connect(&place, dir.path(), "文件", "办结结果");
    let recipe = dir.path().join("step.toml");
    std::fs::write(&recipe, STEP).unwrap();
    place.json(
        &["recipe", "apply", &recipe.display().to_string(), "文件"],
        "",
    );
    place.json(
        &[
            "rejected",
            "ignore",
            "--cause",
            &cause(&place, "奇怪"),
            "--reason",
            "来源单位已确认",
        ],
        "",
    );
    connect(&place, dir.path(), "另一", "结果");

    let taken = dir.path().join("taken.toml");
    let path = taken.display().to_string();
    let extracted = place.run(
        &[
            "recipe",
            "extract",
            "文件",
            "--title",
            "结果与忽略",
            "-o",
            &path,
        ],
        "",
    );
    assert!(extracted.status.success(), "{extracted:?}");
    let mut text = std::fs::read_to_string(&taken).unwrap();
    assert!(text.contains("# 字段 result_type"), "{text}");
    assert!(!text.contains("来源单位已确认"), "reasons stay: {text}");
    text.push_str(
        "\n[[step]]\nkind = \"add_code\"\nlist = \"no_list\"\ncode = \"1\"\nname = \"x\"\n",
    );
    std::fs::write(&taken, text).unwrap();

    let plan = place.json(&["recipe", "show", &path, "--connection", "另一"], "");
    let steps = plan["steps"].as_array().unwrap();
    let at = steps
        .iter()
        .position(|step| step["problem"] == "source_missing")
        .unwrap_or_else(|| panic!("{plan}"));
    assert_eq!(steps[at]["step"]["field"], "result_type");
    assert_eq!(steps[at]["sources"][0], "结果", "{plan}");
    assert_eq!(steps.last().unwrap()["problem"], "unknown_list");
    let failing = steps.iter().filter(|step| step["state"] == "fails").count();
    assert_eq!(failing, 2, "{plan}");

    let repoint = format!("{at}=结果");
    let applied = place.run(
        &[
            "recipe",
            "apply",
            &path,
            "另一",
            "--repoint",
            &repoint,
            "--json",
        ],
        "",
    );
    assert_eq!(
        applied.status.code(),
        Some(3),
        "one step fails: {applied:?}"
    );
    let report: Value = serde_json::from_slice(&applied.stdout).unwrap();
    assert_eq!(report["decision_ids"].as_array().unwrap().len(), 1);
    let mended = place.json(
        &["rejected", "revalidate", "--connection", "另一", "--go-on"],
        "",
    );
    assert_eq!(mended["passed"], WORD, "{mended}");
    let again = place.json(
        &[
            "recipe",
            "show",
            &path,
            "--connection",
            "另一",
            "--repoint",
            &repoint,
        ],
        "",
    );
    let applies = again["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["state"] == "applies")
        .count();
    assert_eq!(applies, 0, "all is so already: {again}");
}

//! The identity mapping from the command line: preview, versions, and a change that is tried, proposed,
//! applied and taken back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use std::path::Path;

use place::Place;
use serde_json::{Value, json};

/// A connection to files of two persons and their portal accounts, synchronised.
fn connect(place: &Place, dir: &Path) {
    let people = dir.join("people.csv");
    let accounts = dir.join("accounts.csv");
    let (one, other) = ("a1".repeat(32), "b2".repeat(32));
    let text = format!(
        "cert_key,user_name,user_mobile,user_real_lvl,user_region\n{one},张三丰,13800000001,2,230102\n{other},李四光,13800000002,4,230102\n"
    );
    std::fs::write(&people, text).unwrap();
    let text = format!(
        "account_id,account_kind,display_name,cert_key,account_state,bound_to,bound_by,site,updated_at\nP1,natural,张三丰,{one},active,{one},cert_key,省门户,2026-01-02 03:04:05\nP2,natural,李四光,{other},active,,,省门户,2026-01-02 03:04:05\n"
    );
    std::fs::write(&accounts, text).unwrap();
    let added = place.run(
        &[
            "connection",
            "add",
            "身份",
            "--preset",
            "files",
            "--file",
            &format!("natural_person={}", people.display()),
            "--file",
            &format!("portal_account={}", accounts.display()),
        ],
        "",
    );
    assert!(added.status.success(), "{added:?}");
    let run = place.run(&["sync", "身份"], "");
    assert!(run.status.success(), "{run:?}");
}

fn file(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn places(differences: &Value) -> Vec<&str> {
    let list = differences.as_array().unwrap();
    list.iter()
        .map(|one| one["place"].as_str().unwrap())
        .collect()
}

#[test]
fn a_change_is_tried_proposed_applied_and_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    connect(&place, dir.path());
    let review = place.json(&["identity", "review", "身份"], "");
    assert_eq!(
        review["states"],
        json!([{"state": "linked", "count": 2}]),
        "{review}"
    );

    let change = file(
        dir.path(),
        "change.toml",
        "[policy]\nrequired_rank = 3\n[[policy.roles]]\nrole = \"编辑\"\nleast_rank = 3\n",
    );
    let tried = place.json(
        &[
            "identity",
            "what-if",
            "身份",
            "--file",
            &change,
            "--list",
            "new_conflict:level_too_low",
            "--propose",
            "提高等级",
        ],
        "",
    );
    assert_eq!(tried["numbers"]["touched"], 2, "{tried}");
    assert_eq!(
        tried["numbers"]["conflicts"],
        json!([{"conflict": "level_too_low", "new": 1, "gone": 0}])
    );
    assert_eq!(tried["numbers"]["roles"][0]["gained"], 1);
    assert_eq!(tried["rows"]["rows"][0]["account_id"], "P1");
    assert_eq!(tried["rows"]["rows"][0]["account_title"], "张*丰");
    assert_eq!(
        tried["rows"]["rows"][0]["after"]["conflicts"],
        json!(["level_too_low"])
    );
    let policy = place.json(&["identity", "policy", "show", "身份"], "");
    assert_eq!(policy["policy"]["required_rank"], Value::Null);

    let changes = place.json(&["identity", "changes", "身份"], "");
    assert_eq!(changes[0]["state"], "open");
    assert_eq!(
        places(&changes[0]["differences"]),
        ["required_rank", "roles.1"]
    );
    let number = changes[0]["change_id"].to_string();
    let applied = place.json(&["identity", "apply", "身份", &number], "");
    assert_eq!(applied["version"], 1, "{applied}");
    assert_eq!(
        applied["summary"]["conflicts"],
        json!([{"conflict": "level_too_low", "count": 1}])
    );
    let twice = place.run(&["identity", "apply", "身份", &number], "");
    assert_eq!(twice.status.code(), Some(1));

    place.json(&["identity", "mapping", "restore", "身份", "0"], "");
    let review = place.json(&["identity", "review", "身份"], "");
    assert_eq!(review["conflicts"], json!([]));
    let versions = place.json(&["identity", "mapping", "versions", "身份"], "");
    assert_eq!(versions[0]["number"], 2);
    let compared = place.json(
        &[
            "identity",
            "mapping",
            "versions",
            "身份",
            "--compare",
            "0",
            "1",
        ],
        "",
    );
    assert_eq!(places(&compared), ["required_rank", "roles.1"]);
    let same = place.json(
        &[
            "identity",
            "mapping",
            "versions",
            "身份",
            "--compare",
            "0",
            "2",
        ],
        "",
    );
    assert_eq!(same, json!([]));
}

#[test]
fn a_preview_is_masked_and_what_may_not_be_saved_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    connect(&place, dir.path());
    let preview = place.json(&["identity", "preview", "身份", "--kind", "natural"], "");
    let text = preview.to_string();
    assert!(text.contains("138****0002"), "{text}");
    assert!(!text.contains("13800000002"));

    let rows = r#"{"claims": [
        {"kind": "natural", "claim": "cert_key", "portal_field": "userName", "required": true},
        {"kind": "natural", "claim": "user_name", "portal_field": "name.formatted",
         "transforms": [{"kind": "split", "separator": "", "part": 1}]}]}"#;
    let wrong = file(dir.path(), "wrong.json", rows);
    let previewed = place.run(
        &[
            "identity", "preview", "身份", "--kind", "natural", "--file", &wrong,
        ],
        "",
    );
    assert_eq!(previewed.status.code(), Some(4));
    let refused = place.run(
        &["identity", "mapping", "set", "身份", "--file", &wrong],
        "",
    );
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        told.contains("row 2, name.formatted, step 1: split has no separator"),
        "{told}"
    );
    let policy = place.json(&["identity", "policy", "show", "身份"], "");
    let shown = file(dir.path(), "shown.json", &policy.to_string());
    place.json(&["identity", "policy", "set", "身份", "--file", &shown], "");
    assert_eq!(
        place.json(&["identity", "policy", "show", "身份"], ""),
        policy
    );
    let unknown = file(dir.path(), "unknown.toml", "[policy]\nrank = 3\n");
    let refused = place.run(
        &["identity", "policy", "set", "身份", "--file", &unknown],
        "",
    );
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("policy.rank is not known"), "{told}");
}

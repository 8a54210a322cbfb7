//! Bindings reviewed, decided about one by one and in bulk, and decisions taken back, with the real
//! program.

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

const NAME: &str = "文件";

/// A hash that belongs to a letter.
fn key(letter: char) -> String {
    letter.to_string().repeat(64)
}

fn people(dir: &Path) {
    let mut text = String::new();
    for letter in ['a', 'b', 'c'] {
        writeln!(
            text,
            r#"{{"cert_key":"{}","user_name":"某{letter}","user_real_lvl":"4","user_region":"230100","cd_operation":"I","cd_time":"2024-01-02 03:04:05"}}"#,
            key(letter)
        )
        .unwrap();
    }
    std::fs::write(dir.join("people.ndjson"), text).unwrap();
}

fn accounts(dir: &Path) {
    let mut text = String::new();
    for (id, name, bound) in [
        ("P1", "某a", 'a'),
        ("P2", "某a", 'a'),
        ("P3", "旧名", 'b'),
        ("P4", "某d", 'd'),
        ("P5", "某c", 'c'),
    ] {
        writeln!(
            text,
            r#"{{"account_id":"{id}","account_kind":"natural","display_name":"{name}","cert_key":"{0}","account_state":"active","bound_to":"{0}","bound_by":"cert_key","site":"门户","updated_at":"2024-01-02 03:04:05"}}"#,
            key(bound)
        )
        .unwrap();
    }
    std::fs::write(dir.join("accounts.ndjson"), text).unwrap();
}

fn reviewed(dir: &Path) -> Place {
    let place = Place::new(dir, "place");
    people(dir);
    accounts(dir);
    let people = format!("natural_person={}", dir.join("people.ndjson").display());
    let accounts = format!("portal_account={}", dir.join("accounts.ndjson").display());
    let added = place.run(
        &[
            "connection",
            "add",
            NAME,
            "--preset",
            "files",
            "--file",
            &people,
            "--file",
            &accounts,
        ],
        "",
    );
    assert!(added.status.success(), "{added:?}");
    let run = place.run(&["sync", NAME, "--full"], "");
    assert!(run.status.success(), "{run:?}");
    let summary = place.json(&["identity", "review", NAME], "");
    assert_eq!(summary["open"], 4, "{summary}");
    place
}

fn listed(place: &Place, filter: &[&str]) -> Vec<(String, String, Value)> {
    let page = place.json(&[&["identity", "bindings", NAME], filter].concat(), "");
    let rows = page["bindings"].as_array().unwrap().clone();
    rows.into_iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("account_id"), text("state"), row["act"].clone())
        })
        .collect()
}

fn ids(rows: &[(String, String, Value)]) -> Vec<&str> {
    rows.iter().map(|(id, _, _)| id.as_str()).collect()
}

#[test]
fn a_proposed_merge_is_decided_takes_effect_and_is_undone() {
    let dir = tempfile::tempdir().unwrap();
    let place = reviewed(dir.path());
    assert_eq!(
        ids(&listed(
            &place,
            &["--conflict", "duplicate_portal_accounts"]
        )),
        ["P1", "P2"]
    );
    let detail = place.json(&["identity", "binding", NAME, "P2"], "");
    let proposal = &detail["proposals"][0];
    assert_eq!(proposal["act"], "merge");
    assert_eq!(proposal["consequence"]["effect"], "merges");
    assert_eq!(proposal["consequence"]["to"], "P1");
    let name = &detail["sides"].as_array().unwrap()[1];
    assert_eq!(
        (&name["name"], &name["agrees"]),
        (&"name".into(), &true.into())
    );
    assert!(
        !detail.to_string().contains(&key('a')),
        "a key is shortened"
    );

    let made = place.json(
        &[
            "identity",
            "decide",
            NAME,
            "--account",
            "P2",
            "--act",
            "merge",
            "--reason",
            "同一人",
        ],
        "",
    );
    assert_eq!(made["decided"], 1, "{made}");
    let rows = listed(&place, &[]);
    assert_eq!(
        (rows[0].1.as_str(), &rows[1].2),
        ("linked", &"merge".into())
    );

    let bulk = made["bulk_id"].to_string();
    let undone = place.json(&["identity", "undo", NAME, &bulk], "");
    assert_eq!(undone["undone"], 1);
    assert_eq!(listed(&place, &[])[0].1, "conflicting");
    let again = place.json(&["identity", "undo", NAME, &bulk], "");
    assert_eq!(again["undone"], 0);
}

#[test]
fn all_in_a_filter_are_decided_what_is_shielded_stays_and_what_was_decided_anew_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let place = reviewed(dir.path());
    let decide = |args: &[&str]| {
        let head = ["identity", "decide", NAME, "--reason", "核对"];
        place.json(&[&head, args].concat(), "")
    };
    let made = decide(&[
        "--all",
        "--conflict",
        "name_changed",
        "--act",
        "do_not_touch",
    ]);
    assert_eq!(made["decided"], 1);
    assert_eq!(ids(&listed(&place, &["--state", "do_not_touch"])), ["P3"]);

    let made = decide(&["--all", "--kind", "natural", "--act", "unlink"]);
    assert_eq!(made["decided"], 4, "{made}");
    assert_eq!(made["skipped"][0]["why"], "shielded");
    let bulk = made["bulk_id"].to_string();
    assert_eq!(listed(&place, &["--open"]), []);
    assert_eq!(listed(&place, &["--decided"]).len(), 5);

    decide(&["--account", "P5", "--act", "link"]);
    let undone = place.json(&["identity", "undo", NAME, &bulk], "");
    assert_eq!(undone["undone"], 3, "{undone}");
    assert_eq!(undone["decided_anew"], 1);
    assert_eq!(ids(&listed(&place, &["--open"])), ["P1", "P2", "P4"]);

    let acts = place.json(&["identity", "decisions", NAME], "");
    let acts = acts["acts"].as_array().unwrap();
    let told: Vec<_> = acts
        .iter()
        .map(|act| {
            (
                act["act"].as_str().unwrap(),
                act["undone"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("link", 0), ("unlink", 3), ("do_not_touch", 0)]);
}

#[test]
fn what_is_put_off_waits_again_from_its_day() {
    let dir = tempfile::tempdir().unwrap();
    let place = reviewed(dir.path());
    let later = |until: &str| {
        place.run(
            &[
                "identity",
                "decide",
                NAME,
                "--account",
                "P4",
                "--act",
                "later",
                "--until",
                until,
                "--reason",
                "等候",
            ],
            "",
        )
    };
    let past = later("2020-01-01");
    assert!(!past.status.success());
    assert!(String::from_utf8_lossy(&past.stderr).contains("until: 2020-01-01"));
    assert!(!later("tomorrow").status.success());
    assert!(later("2999-01-01").status.success());
    assert_eq!(ids(&listed(&place, &["--open"])), ["P1", "P2", "P3"]);
}

#[test]
fn an_account_and_a_whole_key_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let place = reviewed(dir.path());
    assert_eq!(ids(&listed(&place, &["--search", "P3"])), ["P3"]);
    assert_eq!(ids(&listed(&place, &["--search", &key('a')])), ["P1", "P2"]);
    let nobody = place.run(&["identity", "binding", NAME, "P9"], "");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("\"P9\""));
}

#[test]
fn a_signed_review_tells_what_changed_since_and_is_written_to_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let place = reviewed(dir.path());
    assert!(place.json(&["identity", "drift", NAME], "")["signed"].is_null());
    let file = dir.path().join("sign.html").display().to_string();
    let signed = place.json(
        &[
            "identity",
            "sign-off",
            NAME,
            "--note",
            "首次核对",
            "--export",
            &file,
        ],
        "",
    );
    assert_eq!(signed["sign_off_id"], 1, "{signed}");
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.contains("首次核对") && page.contains("姓名已变更"));
    let drift = place.json(&["identity", "drift", NAME], "");
    assert_eq!(
        (&drift["new"], &drift["gone"]),
        (&0.into(), &0.into()),
        "{drift}"
    );
    assert_eq!(drift["states"].as_array().unwrap().len(), 0);

    // The orphan's person appears, another person changes the name.
    let path = dir.path().join("people.ndjson");
    let text = std::fs::read_to_string(&path).unwrap();
    let added = text.lines().next().unwrap().replace(&key('a'), &key('d'));
    let added = added.replace("某a", "某d");
    let text = text
        .replace("某c", "新名")
        .replace("2024-01-02", "2024-01-03");
    std::fs::write(&path, format!("{text}{added}\n")).unwrap();
    let run = place.run(&["sync", NAME, "--full"], "");
    assert!(run.status.success(), "{run:?}");
    let drift = place.json(&["identity", "drift", NAME], "");
    let states: Vec<String> = drift["states"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["from"], one["to"], one["count"]))
        .collect();
    assert_eq!(states.len(), 2, "{drift}");
    assert!(states.contains(&"\"orphaned\" \"linked\" 1".to_owned()));
    assert_eq!(drift["conflicts"][0]["conflict"], "name_changed");
    assert_eq!(drift["ended"][0]["conflict"], "orphaned_binding");
    let list = place.json(&["identity", "sign-offs", NAME], "");
    assert_eq!(list["sign_offs"].as_array().unwrap().len(), 1);
}

//! Front-end databases from the command line, with the real program and real servers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod place;
#[path = "../../../../tests/tests/frontend/servers.rs"]
mod servers;

use place::Place;
use servers::{PASSWORD, Server, USER, mariadb, postgresql};

const RESULTS: &str = "CREATE TABLE case_result (row_guid varchar(50) PRIMARY KEY, \
     project_no varchar(50), result_date varchar(19), result_type varchar(2), \
     is_delivery_results varchar(1), cd_operation varchar(2), cd_time varchar(19), \
     cd_batch varchar(32), data_source varchar(3), sync_sign varchar(1), \
     sync_error_desc varchar(200), read_date varchar(19));\n";

/// One sound row and one whose code is none.
fn rows() -> String {
    [("g1", "6"), ("g2", "77")]
        .map(|(id, code)| {
            format!(
                "INSERT INTO case_result VALUES ('{id}', 'P{id}', '2026-01-02 03:04:05', '{code}', \
                 '0', 'I', '2026-02-03 04:05:06', 'B1', '123', '0', NULL, NULL);\n"
            )
        })
        .concat()
}

fn everything_works(server: &Server, preset: &str) {
    server.script(RESULTS);
    server.script(&rows());
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    let address = server.address();
    let add = [
        "connection",
        "add",
        "前置库",
        "--preset",
        preset,
        "--base-url",
        &address,
        "--id",
        USER,
        "--secret-stdin",
        "--table",
        "case_result=case_result",
        "--flag",
        "sync_sign=0",
        "--receipts",
    ];
    let added = place.json(&add, PASSWORD);
    let datasets = added["profile"]["datasets"].as_object().unwrap();
    assert_eq!(datasets.keys().collect::<Vec<_>>(), ["case_result"]);

    let found = place.json(&["connection", "tables", "前置库"], "");
    assert_eq!(found["tables"][0]["name"], "case_result");
    let found = place.json(&["connection", "tables", "前置库", "case_result"], "");
    assert_eq!(found["columns"].as_array().unwrap().len(), 12);
    assert_eq!(found["columns"][0]["key_place"], 1);
    assert_eq!(found["columns"][0]["writable"], false);
    let missing = place.run(&["connection", "tables", "前置库", "nothing"], "");
    assert_eq!(missing.status.code(), Some(1));

    // The test tells what a run would miss.
    let tested = place.run(&["connection", "test", "前置库"], "");
    assert_eq!(tested.status.code(), Some(1));
    let said = String::from_utf8(tested.stdout).unwrap();
    assert!(said.contains("[receipt_forbidden]"), "{said}");
    server.allow_updates();
    let report = place.json(&["connection", "test", "前置库"], "");
    assert_eq!(report["passed"], true, "{report}");
    let layers: Vec<&str> = report["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["layer"].as_str().unwrap())
        .collect();
    assert_eq!(layers[layers.len() - 2..], ["mapping", "findings"]);

    let run = place.run(&["sync", "前置库"], "");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    // The sound row waits for its case, so nothing is said of it yet.
    assert_eq!(server.count("case_result", "sync_sign = '0'"), 1, "{said}");
    assert_eq!(
        server.count("case_result", "sync_sign = '2' AND sync_error_desc <> ''"),
        1
    );
    let rejected = place.json(&["rejected", "list", "--causes"], "");
    assert!(rejected.to_string().contains("result_type"), "{rejected}");
}

#[test]
fn everything_works_over_postgresql() {
    everything_works(&postgresql(), "frontend_postgresql");
}

#[test]
fn everything_works_over_mariadb() {
    everything_works(&mariadb(), "frontend_mysql");
}

#[test]
fn a_preset_without_tables_takes_none() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "place");
    let output = place.run(
        &[
            "connection",
            "add",
            "x",
            "--base-url",
            "https://x.example/",
            "--table",
            "case_result=t",
        ],
        "",
    );
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("--table"), "{said}");
}

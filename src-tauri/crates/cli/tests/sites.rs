//! The site review, with the real program against addresses over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use place::Place;
use serde_json::{Value, json};

/// A server that knows three paths; gives its address.
fn addresses() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let status = match path.as_str() {
                "/" => "200 OK",
                "/callback" => "302 Found\r\nLocation: http://login.example/?secret=1",
                "/logout" => "503 Service Unavailable",
                _ => "404 Not Found",
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
    });
    format!("http://{address}")
}

fn scene() -> (tempfile::TempDir, Place) {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    let added = place.run(
        &[
            "connection",
            "add",
            "省平台",
            "--base-url",
            "http://127.0.0.1:9",
            "--environment",
            "test",
            "--id",
            "R1",
            "--secret-stdin",
        ],
        "a-secret-0000",
    );
    assert!(added.status.success(), "{added:?}");
    (dir, place)
}

fn issues(site: &Value) -> Vec<&str> {
    site["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["issue"].as_str().unwrap())
        .collect()
}

#[test]
fn a_table_is_taken_in_checked_probed_and_comes_back_the_same() {
    let (dir, place) = scene();
    let base = addresses();
    let table = dir.path().join("sites.csv");
    let key = "k".repeat(32);
    std::fs::write(
        &table,
        format!(
            "网站名称,网址,paramKey,uuid,回调地址,removeCache,单点注销地址,明文字段,有效期至\n\
             门户,{base}/,{key},u1,{base}/callback,{base}/logout,{base}/gone,,2099-12-31\n\
             县站,https://county.example/,{key},u2,https://county.example/cb,,,cardId mobile,2020年1月1日\n\
             ,https://x.example/,,,,,,,\n\
             坏日期,,,,,,,,明年\n"
        ),
    )
    .unwrap();
    let file = table.display().to_string();
    let sites = ["identity", "sites", "省平台"];

    // Looking changes nothing.
    let looked = place.json(&[&sites[..], &["import", &file, "--dry-run"]].concat(), "");
    assert_eq!(looked["applied"], false);
    assert_eq!(place.json(&sites, "")["sites"], json!([]));

    let taken = place.run(&[&sites[..], &["import", &file]].concat(), "");
    assert_eq!(taken.status.code(), Some(3), "{taken:?}");
    let view = place.json(&sites, "");
    let [county, portal] = &view["sites"].as_array().unwrap()[..] else {
        panic!("{view}")
    };
    assert_eq!(portal["site"]["name"], "门户");
    assert_eq!(issues(portal), ["key_shared", "callback_not_https"]);
    assert_eq!(
        issues(county),
        [
            "key_shared",
            "key_expired",
            "id_number_in_the_clear",
            "logout_missing",
            "phone_in_the_clear"
        ]
    );

    // The ends of the keys are in the calendar.
    let ends = place.json(&["connection", "expiries"], "");
    let ends: Vec<(&str, &str)> = ends
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["kind"].as_str().unwrap(),
                row["subject"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(ends, [("site_key", "县站"), ("site_key", "门户")]);

    let probed = place.json(&[&sites[..], &["probe", "门户"]].concat(), "");
    let probe = probed["sites"][1]["probe"].as_array().unwrap();
    let seen: Vec<(&str, &str, &str)> = probe
        .iter()
        .map(|each| {
            let last = each["layers"].as_array().unwrap().last().unwrap();
            (
                each["which"].as_str().unwrap(),
                each["state"].as_str().unwrap(),
                last["seen"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("address", "ok", "200"),
            ("callback", "ok", "302 → http://login.example/"),
            ("local_logout", "failed", "503"),
            ("province_logout", "failed", "404"),
        ]
    );

    // What is exported is taken in as the same.
    let book = dir.path().join("sites.xlsx").display().to_string();
    let written = place.json(&[&sites[..], &["export", &book]].concat(), "");
    assert_eq!(written["rows"], 2);
    let again = place.json(&[&sites[..], &["import", &book]].concat(), "");
    let outcomes: Vec<&str> = again["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["same", "same"]);

    // One site is changed in what is given of it.
    let set = ["set", "门户", "--note", "信息中心"];
    let changed = place.json(&[&sites[..], &set].concat(), "");
    assert_eq!(changed["sites"][1]["site"]["note"], "信息中心");
    assert_eq!(changed["sites"][1]["site"]["site_key"], key);

    let left = place.json(&[&sites[..], &["remove", "县站"]].concat(), "");
    assert_eq!(issues(&left["sites"][0]), ["callback_not_https"]);
}

#[test]
fn a_file_of_something_else_is_refused_by_the_columns_it_lacks() {
    let (dir, place) = scene();
    let table = dir.path().join("people.csv");
    std::fs::write(&table, "姓名,电话\n张三,1\n").unwrap();
    let file = table.display().to_string();
    let output = place.run(&["identity", "sites", "省平台", "import", &file], "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("站点名称") && told.contains("回调地址"),
        "{told}"
    );
}

#[test]
fn an_address_where_nobody_listens_fails_at_its_port() {
    let (dir, place) = scene();
    let closed = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let table = dir.path().join("sites.csv");
    std::fs::write(&table, format!("name,callback\n一,http://{closed}/cb\n")).unwrap();
    let file = table.display().to_string();
    place.json(&["identity", "sites", "省平台", "import", &file], "");
    let view = place.json(&["identity", "sites", "省平台", "probe"], "");
    let probe = &view["sites"][0]["probe"][0];
    assert_eq!(probe["state"], "failed");
    let last = probe["layers"].as_array().unwrap().last().unwrap();
    assert_eq!(last["layer"], "tcp");
}

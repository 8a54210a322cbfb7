//! A list of problems from the command line, with the real program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod place;

use place::Place;
use zhengqiao_demo::{DemoOptions, DemoProvider};

#[tokio::test(flavor = "multi_thread")]
async fn problems_are_reported_answered_and_read_again_from_the_command_line() {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.1,
        ..DemoOptions::new(120, 5, now)
    };
    let provider = DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let (url, id, secret) = (
        provider.base_url(),
        provider.credentials().requester_id.clone(),
        provider.credentials().secret.clone(),
    );
    tokio::task::spawn_blocking(move || {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(dir.path(), "place");
        let add = [
            "connection",
            "add",
            "省平台",
            "--base-url",
            &url,
            "--id",
            &id,
            "--secret-stdin",
        ];
        place.json(&add, &secret);
        place.run(&["sync", "省平台", "--full"], "");
        let lists = dir.path().join("清单");
        let file = lists.display().to_string();
        let write = ["report", "write", &file, "--connection", "省平台"];
        let plan = place.json(&[&write[..], &["--plan"]].concat(), "");
        let records = plan["records"].as_i64().unwrap();
        assert!(records > 3, "{plan}");
        let written = place.json(
            &[&write[..], &["--form", "csv", "--due", "2026-01-05"]].concat(),
            "",
        );
        assert_eq!(written["report"]["records"], records);
        assert_eq!(written["report"]["counts"]["overdue"], records);
        // Nothing is left to report; the overdue ones are a filter of the inbox.
        let again = place.run(&write, "");
        assert_eq!(again.status.code(), Some(1));
        let overdue = place.json(
            &[
                "rejected",
                "list",
                "--connection",
                "省平台",
                "--overdue",
                "--limit",
                "200",
            ],
            "",
        );
        assert_eq!(
            overdue["rejections"].as_array().unwrap().len() as i64,
            records
        );

        // The department answers in the files themselves; the whole directory comes back.
        for entry in std::fs::read_dir(&lists).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(
                &path,
                text.replace(",,,,\r\n", ",已更正,已重推,张三,2026-01-04\r\n"),
            )
            .unwrap();
        }
        let answers = ["report", "answers", &file, "--connection", "省平台"];
        let preview = place.json(&answers, "");
        let count = serde_json::json!([{ "outcome": "new", "rows": records }]);
        assert_eq!(preview["counts"], count, "{preview}");
        let applied = place.json(&[&answers[..], &["--apply"]].concat(), "");
        assert_eq!(applied["applied"], records);
        assert_eq!(applied["unseen"], records);
        let shown = place.json(&["report", "show", "1", "--fate", "corrected"], "");
        let first = &shown["records"]["entries"][0];
        assert_eq!(first["answer"]["answered_by"], "张*");
        let rejection = first["rejection_id"].to_string();
        let letters = place.json(&["report", "letters", &rejection], "");
        assert_eq!(letters["number"], first["number"]);

        // Read again: the provider still sends the same, so they stay as they are.
        let repull = [
            "report",
            "repull",
            "--connection",
            "省平台",
            "--report",
            "1",
        ];
        let run = place.json(&repull, "");
        assert!(run["counts"]["fetched"].as_i64().unwrap() > 0, "{run}");
        let closed = place.json(&["report", "close", "1"], "");
        assert_eq!(closed["report"]["state"], "closed");
        let withdrawn = place.json(&["report", "withdraw", "1"], "");
        assert_eq!(withdrawn["changed"], records);
        let list = place.json(&["report", "list"], "");
        assert_eq!(list["reports"][0]["state"], "withdrawn");
    })
    .await
    .unwrap();
}

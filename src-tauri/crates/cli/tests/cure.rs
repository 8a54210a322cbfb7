//! The bad day from the command line: the mapping's own cause is cured, the rest goes to the provider and
//! comes back answered, and what is left are the records that nobody can correct.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use std::fmt::Write as _;
use std::path::Path;

use place::Place;
use zhengqiao_demo::{DATASETS, DemoOptions, DemoProvider};

const NAME: &str = "省平台";
/// The rule whose records the provider cannot correct.
const BEYOND: &str = "length.exceeded";

/// Numbers of the lists in a directory, each with whether the provider can correct the record.
fn numbers(dir: &Path) -> Vec<(String, bool)> {
    let mut found: Vec<(String, bool)> = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "csv") {
            continue;
        }
        let before = found.len();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let number = line.split(',').next().unwrap();
            if number.len() == 11 && number.matches('-').count() == 2 {
                found.push((number.to_owned(), true));
            }
            // What is wrong with a record may take several lines.
            if found.len() > before && line.contains(BEYOND) {
                found.last_mut().unwrap().1 = false;
            }
        }
    }
    found
}

/// The provider corrects what it can, and what only shows then.
fn correct(provider: &DemoProvider) {
    let world = provider.world();
    loop {
        let mut some = false;
        for dataset in 0..DATASETS.len() {
            for index in 0..world.places(dataset) {
                let findings = world.row(dataset, index).findings;
                let beyond = findings.iter().any(|(rule, _)| *rule == BEYOND);
                if !findings.is_empty() && !beyond && !world.is_corrected(dataset as u64, index) {
                    world.correct(dataset, index);
                    some = true;
                }
            }
        }
        if !some {
            return;
        }
    }
}

fn left(place: &Place) -> i64 {
    place.json(&["rejected", "list", "--outcome", "rejected"], "")["total"]
        .as_i64()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_day_ends_with_what_nobody_can_correct() {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.06,
        ..DemoOptions::new(600, 11, now)
    };
    let provider = DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let credentials = provider.credentials();
    let (url, id) = (provider.base_url(), credentials.requester_id.clone());
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    let add = [
        "connection",
        "add",
        NAME,
        "--base-url",
        &url,
        "--environment",
        "demo",
        "--id",
        &id,
        "--secret-stdin",
    ];
    assert!(place.run(&add, &credentials.secret).status.success());
    let run = place.run(&["sync", NAME, "--full"], "");
    assert_eq!(run.status.code(), Some(3), "{run:?}");

    // The mapping has a cause of its own: signs of full width.
    let before = left(&place);
    let causes = place.json(
        &[
            "rejected",
            "causes",
            "--rule",
            "format.full_width",
            "--outcome",
            "rejected",
        ],
        "",
    );
    let (cause, open) = (&causes[0]["cause_id"], causes[0]["open"].as_i64().unwrap());
    let cause = cause.to_string();
    let proposals = place.json(&["rejected", "mend", &cause], "");
    assert_eq!(proposals["proposals"][0]["certain"], true, "{proposals}");
    place.json(&["rejected", "mend", &cause, "--apply", "1"], "");
    place.run(&["rejected", "revalidate", "--of-cause", &cause], "");
    let cured = before - left(&place);
    assert_eq!(cured, open);

    // The rest goes to the provider.
    let lists = dir.path().join("清单");
    let answered = dir.path().join("答复.csv");
    let (lists_path, answered_path) = (lists.display().to_string(), answered.display().to_string());
    let written = place.json(
        &[
            "report",
            "write",
            &lists_path,
            "--connection",
            NAME,
            "--outcome",
            "rejected",
            "--form",
            "csv",
        ],
        "",
    );
    let numbers = numbers(&lists);
    assert_eq!(numbers.len() as i64, before - cured, "{written}");
    let unable = numbers.iter().filter(|(_, can)| !can).count() as i64;
    assert!(unable > 0 && unable < before / 2, "{unable} of {before}");
    let mut text = "\u{feff}反馈编号,答复,答复说明\r\n".to_owned();
    for (number, can) in &numbers {
        let word = if *can { "已更正" } else { "无法更正" };
        write!(text, "{number},{word},已核实\r\n").unwrap();
    }
    std::fs::write(&answered, text).unwrap();
    let answers = place.json(
        &[
            "report",
            "answers",
            &answered_path,
            "--connection",
            NAME,
            "--apply",
        ],
        "",
    );
    assert_eq!(answers["applied"], numbers.len() as i64, "{answers}");

    // The provider does as it said; what is corrected resolves by itself.
    correct(&provider);
    let run = place.run(&["sync", NAME, "--full"], "");
    assert_eq!(run.status.code(), Some(3), "{run:?}");
    assert_eq!(left(&place), unable);
}

//! From a bad day to the end of it: a run over data with every kind of defect, an inbox in which each
//! group is one cause, the mapping's own causes cured, the rest handed to the provider; what is left are
//! exactly the records that the provider cannot correct.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test that cannot be set up fails"
)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApplyAnswers, ApplyMend, BulkRequest, ConnectionId, ExportRequest, ProposeMend, ReadAnswers,
    RejectionFilter, RejectionsRequest, ReportEntriesRequest, ReportForm, RunId, RunMode,
    SaveConnection, StartRevalidation, StartSync, WriteReport,
};
use zhengqiao_api::demo::{DemoJob, Demonstration};
use zhengqiao_domain::{DatasetId, Outcome};

/// Cases of the run, unless the environment says otherwise.
const CASES: u64 = 3_000;

/// Dataset and key of a record.
type Key = (String, String);

fn job() -> DemoJob {
    DemoJob {
        records: std::env::var("ZHENGQIAO_CURE_RECORDS")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(CASES),
        seed: 17,
        defects: 0.08,
    }
}

struct Bed {
    demonstration: Demonstration,
    dir: tempfile::TempDir,
}

impl Bed {
    async fn new() -> Self {
        let bed = Self {
            demonstration: Demonstration::prepare(job()).await.unwrap(),
            dir: tempfile::tempdir().unwrap(),
        };
        let connection_id = bed.id();
        let detail = bed
            .console()
            .get_connection(ConnectionId { connection_id })
            .await
            .unwrap();
        let mut profile = detail.profile;
        // The test has to know which record is which.
        profile.limits.allows_unmasked_export = true;
        bed.console()
            .save_connection(SaveConnection {
                connection_id: Some(connection_id),
                name: detail.name,
                profile,
                secret: None,
            })
            .await
            .unwrap();
        bed
    }

    fn console(&self) -> &Console {
        &self.demonstration.console
    }

    fn id(&self) -> i64 {
        self.demonstration.connection_id
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Rejected by the rules, whatever was done about it, and not settled.
    fn filter(&self, state: &str) -> RejectionFilter {
        RejectionFilter {
            connection_id: Some(self.id()),
            state: Some(state.into()),
            outcome: Some(Outcome::Rejected),
            ..RejectionFilter::default()
        }
    }

    async fn run(&self) {
        let started = self
            .console()
            .start_sync(StartSync {
                connection_id: self.id(),
                datasets: Vec::new(),
                mode: RunMode::Full,
                scope: None,
            })
            .await
            .unwrap();
        self.ended(started.run_id).await;
    }

    async fn ended(&self, run_id: i64) -> String {
        self.console()
            .watch_run(RunId { run_id }, |_| {})
            .await
            .unwrap()
            .state
    }

    /// The records of a filter by the numbers of their rejections.
    async fn keys(&self, filter: RejectionFilter) -> BTreeMap<i64, Key> {
        let path = self.path("rejections.ndjson");
        self.console()
            .export_rejections(ExportRequest {
                filter,
                path: path.clone(),
                language: "en".into(),
                unmasked_because: Some("核对测试数据".into()),
            })
            .await
            .unwrap();
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                let text = |name: &str| line[name].as_str().unwrap().to_owned();
                (
                    line["id"].as_i64().unwrap(),
                    (text("dataset"), text("record_key")),
                )
            })
            .collect()
    }

    async fn numbers(&self, filter: RejectionFilter) -> BTreeSet<i64> {
        let mut ids = BTreeSet::new();
        let mut before = None;
        loop {
            let page = self
                .console()
                .list_rejections(RejectionsRequest {
                    filter: filter.clone(),
                    before,
                    limit: 200,
                })
                .await
                .unwrap();
            ids.extend(page.rejections.iter().map(|row| row.rejection_id));
            before = page.next;
            if before.is_none() {
                return ids;
            }
        }
    }

    /// What is not settled: still open, or handed to the provider.
    async fn unsettled(&self) -> BTreeSet<Key> {
        let mut keys = BTreeSet::new();
        for state in ["open", "reported"] {
            keys.extend(self.keys(self.filter(state)).await.into_values());
        }
        keys
    }

    /// Cures each cause for which there is a certain step; tells how many records passed by it.
    async fn cure(&self) -> usize {
        let before = self.numbers(self.filter("open")).await.len();
        for cause in self
            .console()
            .list_causes(self.filter("open"))
            .await
            .unwrap()
        {
            let proposals = self
                .console()
                .propose_mend(ProposeMend {
                    cause_id: Some(cause.cause_id),
                    ..ProposeMend::default()
                })
                .await
                .unwrap();
            let Some(step) = proposals.proposals.into_iter().find(|one| one.certain) else {
                continue;
            };
            self.console()
                .apply_mend(ApplyMend {
                    connection_id: self.id(),
                    steps: vec![step.step],
                })
                .await
                .unwrap();
            let started = self
                .console()
                .start_revalidation(StartRevalidation {
                    which: BulkRequest {
                        rejection_ids: Vec::new(),
                        filter: Some(RejectionFilter {
                            cause_id: Some(cause.cause_id),
                            ..self.filter("open")
                        }),
                    },
                    canary: None,
                })
                .await
                .unwrap();
            let mut run_id = started.run_id;
            while self.ended(run_id).await == "paused" {
                run_id = self
                    .console()
                    .continue_revalidation(RunId { run_id })
                    .await
                    .unwrap()
                    .run_id;
            }
        }
        before - self.numbers(self.filter("open")).await.len()
    }
}

const NONE: (Vec<Key>, Vec<Key>) = (Vec::new(), Vec::new());

/// A few of what one set has more and less than another.
fn differences(one: &BTreeSet<Key>, other: &BTreeSet<Key>) -> (Vec<Key>, Vec<Key>) {
    let some = |a: &BTreeSet<Key>, b: &BTreeSet<Key>| a.difference(b).take(5).cloned().collect();
    (some(one, other), some(other, one))
}

/// Every record of the provider by its key.
fn places(bed: &Bed) -> BTreeMap<Key, (usize, u64)> {
    let world = bed.demonstration.provider.world();
    let mut places = BTreeMap::new();
    for (dataset, name) in zhengqiao_demo::DATASETS.iter().enumerate() {
        let id: DatasetId = name.parse().unwrap();
        for index in 0..world.places(dataset) - world.withdrawals(dataset) {
            let row = world.row(dataset, index);
            let key: Vec<String> = id.dataset().key.iter().map(|part| row.get(part)).collect();
            places.insert(((*name).to_owned(), key.join("|")), (dataset, index));
        }
    }
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_bad_day_are_the_records_that_nobody_can_correct() {
    let bed = Bed::new().await;
    bed.run().await;
    let world = bed.demonstration.provider.world();
    let mut truth: BTreeMap<Key, Vec<(&str, &str)>> = BTreeMap::new();
    let mut kinds = BTreeSet::new();
    for entry in zhengqiao_demo::truth(world).filter(|entry| entry.outcome == "rejected") {
        for (rule, field) in &entry.findings {
            kinds.insert((entry.dataset, *rule, *field));
        }
        truth.insert((entry.dataset.to_owned(), entry.key), entry.findings);
    }
    assert!(kinds.len() >= 40, "{} kinds of defect", kinds.len());

    // Each group of the inbox is one cause, and together they are what is wrong.
    let keys = bed.keys(bed.filter("open")).await;
    let found: BTreeSet<Key> = keys.values().cloned().collect();
    let known: BTreeSet<Key> = truth.keys().cloned().collect();
    assert_eq!(differences(&found, &known), NONE);
    let causes = bed.console().list_causes(bed.filter("open")).await.unwrap();
    let mut covered = BTreeSet::new();
    for cause in &causes {
        let numbers = bed
            .numbers(RejectionFilter {
                cause_id: Some(cause.cause_id),
                ..bed.filter("open")
            })
            .await;
        assert_eq!(numbers.len() as i64, cause.open, "{cause:?}");
        for id in &numbers {
            let findings = &truth[&keys[id]];
            assert!(
                findings.contains(&(cause.rule.as_str(), cause.field.as_str())),
                "{cause:?}: {findings:?}"
            );
        }
        covered.extend(numbers);
    }
    assert_eq!(covered.len(), keys.len(), "every rejection is in a group");

    // What the mapping can cure is cured.
    let cured = bed.cure().await;
    assert!(cured > 0, "the mapping has causes of its own");
    // What waited for a cured record has been judged as well.
    let keys = bed.keys(bed.filter("open")).await;

    // The rest goes to the provider, which can correct most of it.
    let detail = bed
        .console()
        .write_report(
            WriteReport {
                which: BulkRequest {
                    rejection_ids: Vec::new(),
                    filter: Some(bed.filter("open")),
                },
                again: false,
                form: ReportForm::Workbook,
                path: bed.path("问题清单.xlsx"),
                due_on: None,
                language: "zh".into(),
            },
            |_| {},
        )
        .await
        .unwrap();
    let report_id = detail.report.report_id;
    let mut answers = String::from("备注,答复说明,反馈编号,答复\n");
    let mut unable = BTreeSet::new();
    let places = places(&bed);
    let mut corrected = Vec::new();
    let mut after = None;
    loop {
        let page = bed
            .console()
            .list_report_entries(ReportEntriesRequest {
                report_id,
                fate: None,
                department: None,
                after,
                limit: 200,
            })
            .await
            .unwrap();
        for entry in page.entries {
            let key = &keys[&entry.rejection_id.unwrap()];
            let word = if entry.entry_id % 7 == 0 {
                unable.insert(key.clone());
                "无法更正"
            } else {
                corrected.push(places[key]);
                "已更正"
            };
            answers.push_str(&format!(",已核实,{},{word}\n", entry.number));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(!unable.is_empty() && corrected.len() > unable.len());
    let path = bed.path("答复.csv");
    std::fs::write(&path, answers).unwrap();
    let request = ReadAnswers {
        connection_id: bed.id(),
        paths: vec![path.clone()],
    };
    let preview = bed.console().preview_answers(request).await.unwrap();
    let applied = bed
        .console()
        .apply_answers(ApplyAnswers {
            connection_id: bed.id(),
            paths: vec![path],
            digest: preview.digest,
        })
        .await
        .unwrap()
        .applied;
    assert_eq!(applied, (unable.len() + corrected.len()) as i64);

    // The provider does as it said. What it corrected resolves by itself.
    for (dataset, index) in corrected {
        world.correct(dataset, index);
    }
    bed.run().await;
    // What only shows now that its case has come is corrected as well, in the days after.
    for _ in 0..3 {
        let more: Vec<Key> = bed
            .unsettled()
            .await
            .difference(&unable)
            .filter(|key| !known.contains(*key))
            .cloned()
            .collect();
        if more.is_empty() {
            break;
        }
        // A corrected key is another one than before.
        let places = self::places(&bed);
        for key in more {
            let (dataset, index) = places[&key];
            world.correct(dataset, index);
        }
        bed.run().await;
    }
    let left = bed.unsettled().await;
    assert_eq!(differences(&left, &unable), NONE);
    assert_eq!(left.len(), unable.len());
}

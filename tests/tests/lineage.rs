//! Who brought what, and taking it back: undo, histories, comparison and report through the console.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::BTreeSet;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    AuditRequest, CompareRuns, ConnectionId, CountRetention, ErrorCode, RecordHistory,
    RecordHistoryRequest, RecordsRequest, RunDetail, RunId, RunMode, RunReportRequest,
    SaveConnection, StartSync, UndoRun, UndoneRequest, UndoneRow,
};
use zhengqiao_api::demo::{DemoJob, Demonstration};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::Environment;

const JOB: DemoJob = DemoJob {
    records: 200,
    seed: 5,
    defects: 0.08,
};
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A demonstration with a full run and one of what changed after it.
struct Bed {
    demonstration: Demonstration,
    first: i64,
    second: i64,
}

impl Bed {
    async fn new() -> Self {
        let demonstration = Demonstration::prepare(JOB).await.unwrap();
        let mut bed = Self {
            demonstration,
            first: 0,
            second: 0,
        };
        bed.first = bed.run(RunMode::Full).await;
        let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
        bed.demonstration
            .provider
            .world()
            .advance(40, now - chrono::Duration::seconds(5));
        bed.second = bed.run(RunMode::Full).await;
        bed
    }

    fn console(&self) -> &Console {
        &self.demonstration.console
    }

    async fn run(&self, mode: RunMode) -> i64 {
        let started = self
            .console()
            .start_sync(StartSync {
                connection_id: self.demonstration.connection_id,
                datasets: Vec::new(),
                mode,
                scope: None,
            })
            .await
            .unwrap();
        self.ended(started.run_id).await;
        started.run_id
    }

    async fn ended(&self, run_id: i64) -> RunDetail {
        self.console()
            .watch_run(RunId { run_id }, |_| {})
            .await
            .unwrap();
        self.detail(run_id).await
    }

    async fn detail(&self, run_id: i64) -> RunDetail {
        self.console().get_run(RunId { run_id }).await.unwrap()
    }

    async fn undo(&self, run_id: i64) -> RunDetail {
        let started = self
            .console()
            .undo_run(UndoRun {
                run_id,
                confirm_name: None,
            })
            .await
            .unwrap();
        self.ended(started.run_id).await
    }

    async fn undone(&self, run_id: i64, fate: &str) -> Vec<UndoneRow> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .console()
                .list_undone(UndoneRequest {
                    run_id,
                    fate: Some(fate.into()),
                    dataset: None,
                    after,
                    limit: 50,
                })
                .await
                .unwrap();
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                return rows;
            }
        }
    }

    /// The records that the second run changed or brought.
    async fn brought(&self, change: &str, dataset: DatasetId) -> Vec<i64> {
        let page = self
            .console()
            .list_records(RecordsRequest {
                run_id: Some(self.second),
                dataset: Some(dataset),
                change: Some(change.into()),
                limit: 200,
                ..RecordsRequest::default()
            })
            .await
            .unwrap();
        page.records.into_iter().map(|row| row.record_id).collect()
    }

    async fn history(&self, record_id: i64) -> RecordHistory {
        let found = self
            .console()
            .get_record_history(RecordHistoryRequest {
                record_id: Some(record_id),
                search: None,
            })
            .await
            .unwrap();
        assert_eq!(found.histories.len(), 1);
        found.histories.into_iter().next().unwrap()
    }
}

fn origin(history: &RecordHistory, field: &str) -> i64 {
    history
        .origins
        .iter()
        .find(|origin| origin.field == field)
        .unwrap()
        .run_id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_tells_its_versions_and_where_each_field_comes_from_also_after_an_undo() {
    let bed = Bed::new().await;
    let changed = bed.brought("changed", DatasetId::ServiceItem).await;
    let new = bed.brought("new", DatasetId::CaseAcceptance).await;
    assert!(!changed.is_empty() && new.len() > 20, "{changed:?} {new:?}");
    assert!(
        bed.brought("new", DatasetId::ServiceItem)
            .await
            .iter()
            .all(|id| !changed.contains(id))
    );

    let history = bed.history(changed[0]).await;
    assert!(history.present);
    let runs: Vec<i64> = history.versions.iter().map(|one| one.run_id).collect();
    assert_eq!(runs, [bed.second, bed.first]);
    let differing: BTreeSet<&str> = history.versions[0]
        .changed
        .iter()
        .map(String::as_str)
        .collect();
    assert!(differing.contains("accept_condition"), "{differing:?}");
    assert!(!differing.contains("task_name"), "{differing:?}");
    assert_eq!(origin(&history, "accept_condition"), bed.second);
    assert_eq!(origin(&history, "task_name"), bed.first);
    assert!(history.versions.iter().all(|one| {
        one.profile_version == Some(1) && one.rule_set.as_ref().is_some_and(|set| set.len() == 12)
    }));
    let replaced = history.versions[1].replaced.as_ref().unwrap();
    assert_eq!((replaced.run_id, &replaced.actor), (bed.second, &None));

    // A number that only the removed record had still finds its history.
    let gone = bed.history(new[0]).await;
    let number = gone.record.business_key.clone().unwrap();
    let undone = bed.undo(bed.second).await;
    assert_eq!(undone.run.state, "succeeded");
    let found = bed
        .console()
        .get_record_history(RecordHistoryRequest {
            record_id: None,
            search: Some(number),
        })
        .await
        .unwrap();
    assert!(!found.histories[0].present);
    assert_eq!(found.histories[0].versions[0].run_id, bed.second);
    assert!(found.histories[0].origins.is_empty());

    let history = bed.history(changed[0]).await;
    let vias: Vec<&str> = history
        .versions
        .iter()
        .map(|one| one.via.as_str())
        .collect();
    assert_eq!(vias, ["undo", "run", "run"]);
    assert_eq!(
        origin(&history, "accept_condition"),
        bed.first,
        "an undo brings nothing of its own"
    );
    let nothing = bed
        .console()
        .get_record_history(RecordHistoryRequest {
            record_id: None,
            search: Some("no such number".into()),
        })
        .await;
    assert_eq!(nothing.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_is_a_run_with_a_plan_lists_and_an_entry_in_the_audit_log() {
    let bed = Bed::new().await;
    let plan = bed
        .console()
        .plan_undo(RunId { run_id: bed.second })
        .await
        .unwrap();
    assert!(plan.restored > 0 && plan.removed > 0, "{plan:?}");
    assert_eq!(plan.touched, plan.restored + plan.removed);
    let undone = bed.undo(bed.second).await;
    let counts = undone.run.counts;
    assert_eq!(
        (counts.fetched, counts.accepted, counts.withdrawn),
        (plan.touched, plan.restored, plan.removed)
    );
    assert_eq!(undone.run.mode, RunMode::Undo);
    assert_eq!(undone.standing.undoes, Some(bed.second));
    assert_eq!(
        bed.detail(bed.second).await.standing.undone_by,
        Some(undone.run.run_id)
    );
    let removed = bed.undone(undone.run.run_id, "removed").await;
    assert_eq!(removed.len() as i64, plan.removed);
    assert!(
        removed.iter().all(|row| row.record_id.is_none()
            && row.rejection_id.is_none()
            && row.since.is_none())
    );
    let restored = bed.undone(undone.run.run_id, "restored").await;
    assert_eq!(restored.len() as i64, plan.restored);
    assert!(
        restored
            .iter()
            .all(|row| row.record_id.is_some() || row.rejection_id.is_some())
    );

    // Undone again: everything has changed since, by the undo, and nothing is changed.
    let again = bed.undo(bed.second).await;
    assert_eq!(again.run.counts.superseded, again.run.counts.fetched);
    assert_eq!(again.standing.kept.len(), 1);
    assert_eq!(
        again.standing.kept[0].since.run_id, undone.run.run_id,
        "{:?}",
        again.standing.kept
    );
    let kept = bed.undone(again.run.run_id, "kept").await;
    assert_eq!(kept.len() as i64, again.run.counts.superseded);

    let audit = bed
        .console()
        .list_audit(AuditRequest {
            before: None,
            limit: 20,
        })
        .await
        .unwrap();
    let told = serde_json::to_string(&audit).unwrap();
    assert!(told.contains("undo_run"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_the_connection_is_named_before_a_run_is_undone() {
    let bed = Bed::new().await;
    let id = ConnectionId {
        connection_id: bed.demonstration.connection_id,
    };
    let detail = bed.console().get_connection(id).await.unwrap();
    let mut profile = detail.profile;
    profile.environment = Environment::Production;
    bed.console()
        .save_connection(SaveConnection {
            connection_id: Some(id.connection_id),
            name: "省平台".into(),
            profile,
            secret: None,
        })
        .await
        .unwrap();
    for name in [None, Some("演示".to_owned())] {
        let refused = bed
            .console()
            .undo_run(UndoRun {
                run_id: bed.second,
                confirm_name: name,
            })
            .await
            .unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidRequest);
        assert!(refused.message.contains("confirm_name"), "{refused}");
    }
    let started = bed
        .console()
        .undo_run(UndoRun {
            run_id: bed.second,
            confirm_name: Some("省平台".into()),
        })
        .await
        .unwrap();
    assert_eq!(bed.ended(started.run_id).await.run.state, "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_compared_with_the_one_before_and_reported_without_personal_data() {
    let bed = Bed::new().await;
    let comparison = bed
        .console()
        .compare_runs(CompareRuns {
            run_id: bed.second,
            other: None,
        })
        .await
        .unwrap();
    assert_eq!(comparison.other.run_id, bed.first);
    let cases = comparison
        .datasets
        .iter()
        .find(|row| row.dataset == DatasetId::CaseAcceptance)
        .unwrap();
    let (now, before) = (cases.counts.unwrap(), cases.other.unwrap());
    assert_eq!(now.fetched, before.fetched + 40);
    assert!(now.unchanged > 0 && before.unchanged == 0);
    assert!(cases.took_ms.is_some() && cases.other_took_ms.is_some());
    // What the first rejected comes again in the second, so no cause is gone.
    assert_eq!(comparison.gone_causes, Vec::new());

    let detail = bed.detail(bed.second).await;
    let request = detail
        .requests
        .iter()
        .find(|request| request.outcome == "ok")
        .unwrap();
    let value = |list: &[zhengqiao_api::contract::Header], name: &str| {
        list.iter()
            .find(|header| header.name == name)
            .map(|header| header.value.clone())
    };
    assert!(
        value(&request.received, "content-type")
            .is_some_and(|kind| kind.starts_with("application/json"))
    );
    assert!(
        request
            .sent
            .iter()
            .any(|header| header.value.starts_with("••••")),
        "{:?}",
        request.sent
    );
    let text = serde_json::to_string(&detail).unwrap();
    let credentials = bed.demonstration.provider.credentials();
    assert!(!text.contains(&credentials.secret));

    let names = people(&bed);
    let dir = tempfile::tempdir().unwrap();
    for (language, word) in [("zh-CN", "演示"), ("en", "demo")] {
        for ending in ["html", "xlsx"] {
            let path = dir.path().join(format!("{language}.{ending}"));
            bed.console()
                .export_run_report(RunReportRequest {
                    run_id: bed.second,
                    path: path.display().to_string(),
                    language: language.into(),
                })
                .await
                .unwrap();
            let bytes = std::fs::read(&path).unwrap();
            if ending == "xlsx" {
                assert!(bytes.starts_with(b"PK"));
                continue;
            }
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains(word) && text.contains("演示"), "{text}");
            assert!(!text.contains("http://") && !text.contains("<script"));
            let shown: Vec<&String> = names
                .iter()
                .filter(|name| text.contains(name.as_str()))
                .collect();
            assert!(shown.is_empty(), "{shown:?}");
        }
    }
    let wrong = bed
        .console()
        .export_run_report(RunReportRequest {
            run_id: bed.second,
            path: dir.path().join("report.pdf").display().to_string(),
            language: "en".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(wrong.code, ErrorCode::InvalidRequest);
}

/// Names and numbers of the provider's people.
fn people(bed: &Bed) -> BTreeSet<String> {
    let world = bed.demonstration.provider.world();
    (0..world.places(2))
        .flat_map(|place| {
            let row = world.at(2, place);
            [row.get("applyer_name"), row.get("applyer_page_code")]
        })
        .filter(|text| text.chars().count() >= 3)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_counted_before_they_go_and_then_the_run_cannot_be_undone() {
    let bed = Bed::new().await;
    let connection_id = bed.demonstration.connection_id;
    let figures = |history_days| CountRetention {
        connection_id,
        request_log_days: 0,
        resolved_days: 0,
        history_days,
    };
    let count = |history_days| bed.console().count_retention(figures(history_days));
    let none = count(1).await.unwrap();
    assert_eq!((none.versions, none.runs), (0, 0));

    // Three days later.
    bed.console()
        .cache()
        .unwrap()
        .write_blocking(|tx| {
            for sql in [
                "UPDATE record_version SET replaced_at = replaced_at - ?1",
                "UPDATE rejection_version SET replaced_at = replaced_at - ?1",
                "UPDATE run SET started_at = started_at - ?1, ended_at = ended_at - ?1",
            ] {
                tx.execute(sql, [3 * DAY_MS])?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(count(0).await.unwrap().versions, 0);
    assert_eq!(count(5).await.unwrap().versions, 0);
    let would = count(1).await.unwrap();
    assert!(would.versions > 5 && would.runs == 2, "{would:?}");

    let id = ConnectionId { connection_id };
    let detail = bed.console().get_connection(id).await.unwrap();
    let mut profile = detail.profile;
    profile.limits.history_days = 1;
    bed.console()
        .save_connection(SaveConnection {
            connection_id: Some(connection_id),
            name: detail.name,
            profile,
            secret: None,
        })
        .await
        .unwrap();
    bed.run(RunMode::Incremental).await;
    let left = count(1).await.unwrap();
    assert_eq!((left.versions, left.runs), (0, 0));
    let refused = bed
        .console()
        .plan_undo(RunId { run_id: bed.second })
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert_eq!(
        bed.detail(bed.second).await.standing.undoable,
        "history_forgotten"
    );
    let changed = bed.brought("new", DatasetId::ServiceItem).await;
    let history = bed.history(changed[0]).await;
    assert!(
        history.origins.iter().all(|origin| origin.at_least),
        "what came before is not known any more"
    );
    let audit = bed
        .console()
        .list_audit(AuditRequest {
            before: None,
            limit: 20,
        })
        .await
        .unwrap();
    let told = serde_json::to_string(&audit).unwrap();
    assert!(told.contains(r#"\"what\":\"history\""#), "{told}");
}

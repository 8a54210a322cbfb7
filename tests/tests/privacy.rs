//! Nobody who opens the files of a data directory reads personal data or a secret, and none of
//! them is in the answers to the window, in exports or in the log of requests.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::path::Path;

use aho_corasick::AhoCorasick;
use serde_json::Value;
use zhengqiao_api::contract::{
    AccountKind, AuditRequest, BindingFilter, BindingsRequest, ConnectionExport, ConnectionId,
    ExportRequest, PreviewClaims, RecordsRequest, RejectionFilter, RejectionId, RejectionsRequest,
    RevealRequest, RunId, RunMode, RunsRequest, SaveConnection, StartSync,
};
use zhengqiao_api::demo::{DemoJob, Demonstration};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret, start_log};
use zhengqiao_domain::DatasetId;
use zhengqiao_tests::personal_values;

const JOB: DemoJob = DemoJob {
    records: 300,
    seed: 21,
    defects: 0.1,
};

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

/// The first of the values that a text or file has.
fn found(haystack: &[u8], values: &AhoCorasick) -> Option<String> {
    let hit = values.find(haystack)?;
    Some(String::from_utf8_lossy(&haystack[hit.range()]).into_owned())
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut list = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list.extend(files(&path));
        } else {
            list.push(path);
        }
    }
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn files_answers_and_exports_show_neither_personal_data_nor_a_secret() {
    let demonstration = Demonstration::prepare(JOB).await.unwrap();
    let provider = &demonstration.provider;
    let values = AhoCorasick::new(personal_values(demonstration.provider.world())).unwrap();
    let secret = provider.credentials().secret.clone();

    // A place as a user has it: sealed secrets behind a passphrase, a log beside the cache.
    let place = tempfile::tempdir().unwrap();
    let options = ConsoleOptions {
        data_dir: place.path().to_path_buf(),
        keys: KeyChoice::Passphrase(Secret::new("correct horse battery".to_owned())),
        demo: false,
    };
    let log = start_log(place.path());
    let console = Console::opened(options).await.unwrap();
    let detail = demonstration
        .console
        .get_connection(ConnectionId {
            connection_id: demonstration.connection_id,
        })
        .await
        .unwrap();
    let request = SaveConnection {
        connection_id: None,
        name: "省平台".into(),
        profile: detail.profile,
        secret: Some(secret.clone()),
    };
    let saved = console.save_connection(request).await.unwrap();
    let id = ConnectionId {
        connection_id: saved.connection_id,
    };
    let mut answers = vec![serde_json::to_string(&saved).unwrap()];
    let run = console
        .start_sync(StartSync {
            connection_id: id.connection_id,
            datasets: Vec::new(),
            mode: RunMode::Full,
            scope: None,
        })
        .await
        .unwrap();
    let run = RunId { run_id: run.run_id };
    let last = console.watch_run(run, |_| {}).await.unwrap();
    assert_eq!(last.state, "finished_with_rejections");

    // Everything that the window may ask for without a reason.
    let mut tell = |name: &str, answer: Value| answers.push(format!("{name} {answer}"));
    let json = |value: &dyn erased::Told| value.told();
    tell("run", json(&console.get_run(run).await.unwrap()));
    tell(
        "runs",
        json(
            &console
                .list_runs(RunsRequest {
                    limit: 200,
                    ..RunsRequest::default()
                })
                .await
                .unwrap(),
        ),
    );
    tell(
        "connections",
        json(&console.list_connections().await.unwrap()),
    );
    tell(
        "file",
        json(
            &console
                .export_connections(ConnectionExport {
                    connection_ids: vec![id.connection_id],
                    path: None,
                })
                .await
                .unwrap(),
        ),
    );
    tell(
        "test",
        json(&console.test_connection(id, |_| {}).await.unwrap()),
    );
    let mapping = console.get_identity_mapping(id).await.unwrap();
    for kind in AccountKind::ALL {
        let request = PreviewClaims {
            connection_id: id.connection_id,
            kind: *kind,
            settings: mapping.settings.clone(),
            sample_id: None,
        };
        tell(
            "claims",
            json(&console.preview_claims(request).await.unwrap()),
        );
    }
    tell("overview", json(&console.get_overview().await.unwrap()));
    let all = RejectionFilter {
        state: Some("all".into()),
        ..RejectionFilter::default()
    };
    tell(
        "causes",
        json(&console.list_causes(all.clone()).await.unwrap()),
    );
    tell(
        "facets",
        json(&console.list_facets(all.clone()).await.unwrap()),
    );
    let page = console
        .list_rejections(RejectionsRequest {
            filter: all.clone(),
            before: None,
            limit: 200,
        })
        .await
        .unwrap();
    for row in &page.rejections {
        let detail = console
            .get_rejection(RejectionId {
                rejection_id: row.rejection_id,
            })
            .await
            .unwrap();
        tell("rejection", json(&detail));
    }
    tell("rejections", json(&page));
    let mut after = None;
    loop {
        let page = console
            .list_records(RecordsRequest {
                after,
                limit: 200,
                ..RecordsRequest::default()
            })
            .await
            .unwrap();
        after = page.next;
        for row in page.records.iter().step_by(10) {
            let record = console
                .get_record(zhengqiao_api::contract::RecordId {
                    record_id: row.record_id,
                })
                .await
                .unwrap();
            tell("record", json(&record));
        }
        tell("records", json(&page));
        if after.is_none() {
            break;
        }
    }
    let bindings = BindingsRequest {
        connection_id: id.connection_id,
        filter: BindingFilter::default(),
        after: None,
        limit: 200,
    };
    tell(
        "bindings",
        json(&console.list_bindings(bindings).await.unwrap()),
    );
    tell(
        "audit",
        json(
            &console
                .list_audit(AuditRequest {
                    before: None,
                    limit: 200,
                })
                .await
                .unwrap(),
        ),
    );
    let outside = tempfile::tempdir().unwrap();
    for name in ["problems.csv", "problems.ndjson"] {
        let path = outside.path().join(name);
        let report = console
            .export_rejections(ExportRequest {
                filter: all.clone(),
                path: path.display().to_string(),
                language: "zh".into(),
                unmasked_because: None,
            })
            .await
            .unwrap();
        assert!(report.rows > 100, "{report:?}");
        tell(name, Value::String(std::fs::read_to_string(path).unwrap()));
    }
    for answer in &answers {
        assert!(
            !answer.contains(&secret),
            "the secret is in {}",
            &answer[..40]
        );
        let seen = found(answer.as_bytes(), &values);
        assert!(
            seen.is_none(),
            "{seen:?} is in {}",
            answer.chars().take(400).collect::<String>()
        );
    }

    // With a reason one record is shown, and the audit log says so.
    let person = page
        .rejections
        .iter()
        .find(|row| row.dataset == DatasetId::NaturalPerson)
        .unwrap();
    let revealed = console
        .reveal_rejection(RevealRequest {
            rejection_id: person.rejection_id,
            reason: "核对".into(),
        })
        .await
        .unwrap();
    assert!(
        revealed.revealed
            && found(
                serde_json::to_string(&revealed).unwrap().as_bytes(),
                &values
            )
            .is_some()
    );
    let audit = console
        .list_audit(AuditRequest {
            before: None,
            limit: 1,
        })
        .await
        .unwrap();
    assert_eq!(audit.entries[0].act, "reveal_rejection");

    // The bytes of every file.
    drop(console);
    drop(log);
    let list = files(place.path());
    assert!(
        list.iter().any(|path| path.ends_with("cache.db"))
            && list.iter().any(|path| path.ends_with("secrets.sealed")),
        "{list:?}"
    );
    for path in list {
        let bytes = std::fs::read(&path).unwrap();
        assert!(
            !contains(&bytes, &secret),
            "the secret is in {}",
            path.display()
        );
        assert!(
            !bytes.starts_with(b"SQLite format 3"),
            "{} is not encrypted",
            path.display()
        );
        let seen = found(&bytes, &values);
        assert!(seen.is_none(), "{seen:?} is in {}", path.display());
    }
}

mod erased {
    //! Any answer as JSON.

    pub trait Told {
        fn told(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Told for T {
        fn told(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap_or_default()
        }
    }
}

//! Guards and retention of a connection: what is suspicious waits for a person, what is over is
//! forgotten after its time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod bed;

use axum::Router;
use axum::routing::any;
use bed::Bed;
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Auth, Envelope, Pager, ParamsIn, Profile, Secrets};
use zhengqiao_store::{audit, connection, run};
use zhengqiao_sync::{RunMode, RunOptions, StateWord};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Changes the connection's profile.
fn change(bed: &Bed, change: impl FnOnce(&mut Profile)) {
    let row = bed
        .cache
        .read_blocking(|conn| connection::get(conn, bed.connection_id))
        .unwrap()
        .unwrap();
    let mut profile: Profile = serde_json::from_str(&row.profile).unwrap();
    change(&mut profile);
    let text = serde_json::to_string(&profile).unwrap();
    bed.cache
        .write_blocking(move |tx| connection::update(tx, row.id, &row.name, "demo", &text, 2))
        .unwrap();
}

/// Changes a value that the row has.
fn set(row: &mut serde_json::Value, name: &str, value: &str) {
    *row.get_mut(name).unwrap_or_else(|| panic!("no {name}")) = value.into();
}

/// The accepted rows of a dataset as they were received, changed.
fn received(
    bed: &Bed,
    dataset: DatasetId,
    rows: usize,
    change: impl Fn(&mut serde_json::Value),
) -> String {
    let list: Vec<Vec<u8>> = bed
        .cache
        .read_blocking(|conn| {
            let mut statement = conn.prepare(
                "SELECT p.raw FROM record r JOIN record_payload p ON p.record_id = r.id JOIN source s ON s.id = r.source_id
                 WHERE s.dataset = ?1 AND r.state = 1 ORDER BY r.id",
            )?;
            let rows = statement.query_map([dataset.number()], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    let list: Vec<serde_json::Value> = list
        .iter()
        .take(rows)
        .map(|raw| {
            let mut row = serde_json::from_slice(raw).unwrap();
            change(&mut row);
            row
        })
        .collect();
    serde_json::to_string(&list).unwrap()
}

/// Serves one answer, whatever is asked.
async fn serve(body: String) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(move || async move {
        ([("content-type", "application/json")], body)
    }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

/// The connection reads one dataset from another address, all in one answer.
fn read_from(bed: &Bed, dataset: DatasetId, base: String) {
    change(bed, |profile| {
        profile.base_url = base;
        profile.auth = Auth::None;
        profile.datasets.retain(|id, _| *id == dataset);
        for source in profile.datasets.values_mut() {
            source.envelope = Envelope::default();
            source.pager = Pager::Single;
            source.params_in = ParamsIn::Query;
        }
    });
}

async fn run_once(bed: &Bed, now_ms: i64) -> StateWord {
    let options = RunOptions {
        connection_id: bed.connection_id,
        datasets: Vec::new(),
        mode: RunMode::Full,
        scope: zhengqiao_sync::RunScope::default(),
        asked_by: String::new(),
        now_ms,
    };
    let started = zhengqiao_sync::start(&bed.cache, options).unwrap();
    zhengqiao_sync::run(&bed.cache, started.run_id, Secrets::new(None))
        .await
        .unwrap()
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

const DATASET: DatasetId = DatasetId::CaseAcceptance;

fn accepted(bed: &Bed) -> i64 {
    bed.cache
        .read_blocking(|conn| zhengqiao_store::source::list(conn, Some(bed.connection_id)))
        .unwrap()
        .into_iter()
        .find(|row| row.dataset == DATASET)
        .unwrap()
        .accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawals_beyond_the_limit_are_held_alone_and_a_later_run_does_not_let_them_through() {
    let bed = Bed::new(200, 3, 0.0).await;
    bed.run(RunMode::Full).await;
    let before = accepted(&bed);
    let body = received(&bed, DATASET, 60, |row| {
        set(row, "cd_operation", "D");
    });
    let base = serve(body).await;
    read_from(&bed, DATASET, base);
    change(&bed, |profile| profile.limits.withdrawal_rows = 25);
    assert_eq!(
        run_once(&bed, now_ms()).await,
        StateWord::FinishedWithRejections
    );
    let part = bed.part(DATASET.as_str());
    assert_eq!((part.counts.withdrawn, part.counts.held), (25, 35));
    assert!(part.counts.balance());
    assert_eq!(accepted(&bed), before - 25);

    // The same rows again: what waits for a person goes on waiting.
    run_once(&bed, now_ms()).await;
    let part = bed.part(DATASET.as_str());
    assert_eq!(
        (part.counts.unchanged, part.counts.held),
        (25, 35),
        "{part:?}"
    );
    assert_eq!(accepted(&bed), before - 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reject_rate_above_the_limit_needs_a_decision_and_the_reason_has_the_figures() {
    let bed = Bed::new(200, 4, 0.0).await;
    bed.run(RunMode::Full).await;
    let body = received(&bed, DATASET, 100, |row| {
        set(row, "applyer_name", "");
        let guid = format!("x{}", row["row_guid"].as_str().unwrap());
        set(row, "row_guid", &guid);
    });
    let base = serve(body).await;
    read_from(&bed, DATASET, base);
    change(&bed, |profile| profile.limits.reject_rate_min_rows = 100);
    assert_eq!(run_once(&bed, now_ms()).await, StateWord::NeedsDecision);
    let part = bed.part(DATASET.as_str());
    assert_eq!(part.code.as_deref(), Some("reject_rate"));
    assert!(part.message.unwrap().contains("100 of 100 rows"));
    change(&bed, |profile| profile.limits.reject_rate_percent = 0.0);
    assert_eq!(
        run_once(&bed, now_ms()).await,
        StateWord::FinishedWithRejections
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_resolved_long_ago_is_forgotten_and_counters_and_audit_say_so() {
    let bed = Bed::new(200, 5, 0.0).await;
    bed.run(RunMode::Full).await;
    let broken = received(&bed, DatasetId::ServiceItem, 10, |row| {
        set(row, "task_name", "");
        set(row, "cd_time", "2026-01-02 00:00:00");
    });
    let sound = received(&bed, DatasetId::ServiceItem, 10, |_| {});
    // Another cache over the same rows, broken first and sound later.
    let other = Bed::over(bed.provider.clone(), "gateway", |_| {});
    let base = serve(broken).await;
    read_from(&other, DatasetId::ServiceItem, base);
    let long_ago = now_ms();
    run_once(&other, long_ago).await;
    let base = serve(sound).await;
    read_from(&other, DatasetId::ServiceItem, base);
    run_once(&other, long_ago).await;
    let resolved = |bed: &Bed| -> i64 {
        bed.cache
            .read_blocking(|conn| {
                Ok(conn.query_row(
                    "SELECT COUNT(*) FROM rejection WHERE state = 3",
                    [],
                    |row| row.get(0),
                )?)
            })
            .unwrap()
    };
    assert_eq!(resolved(&other), 10);

    // As if 500 days had gone by since.
    other
        .cache
        .write_blocking(|tx| {
            tx.execute(
                "UPDATE rejection SET seen_at = seen_at - ?1",
                [500 * DAY_MS],
            )?;
            tx.execute("UPDATE run SET ended_at = ended_at - ?1", [500 * DAY_MS])?;
            Ok(())
        })
        .unwrap();
    run_once(&other, now_ms()).await;
    assert_eq!(resolved(&other), 0);
    let (requests, facets, acts) = other
        .cache
        .read_blocking(|conn| {
            let runs = run::page(conn, None, None, 10)?;
            let mut requests = Vec::new();
            for run in &runs {
                let of_run: i64 = conn.query_row(
                    "SELECT COUNT(*) FROM run_request WHERE run_id = ?1",
                    [run.id],
                    |row| row.get(0),
                )?;
                requests.push(of_run);
            }
            let facets: i64 = conn.query_row(
                "SELECT COALESCE(SUM(n), 0) FROM facet_count WHERE state = 3",
                [],
                |row| row.get(0),
            )?;
            let acts: Vec<String> = audit::page(conn, None, 10)?
                .into_iter()
                .map(|row| row.detail)
                .collect();
            Ok((requests, facets, acts))
        })
        .unwrap();
    assert_eq!(
        (requests.iter().filter(|count| **count > 0).count(), facets),
        (1, 0),
        "only the last run's log is left"
    );
    assert!(
        acts.iter().any(|detail| detail.contains(r#""rows":10"#)),
        "{acts:?}"
    );
}

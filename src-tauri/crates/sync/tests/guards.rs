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
use zhengqiao_store::run_decision::Decision;
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
            rows.map(|raw| zhengqiao_store::payload::unpack(conn, raw?))
                .collect()
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

fn last_run(bed: &Bed) -> run::RunRow {
    bed.cache
        .read_blocking(|conn| run::page(conn, None, None, 1))
        .unwrap()
        .remove(0)
}

/// A full run is over for a reject rate above the limit: 100 rows without a name.
async fn guarded_by_reject_rate() -> (Bed, i64) {
    let bed = Bed::new(200, 6, 0.0).await;
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
    let run_id = last_run(&bed).id;
    (bed, run_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stopped_by_its_reject_rate_goes_on_where_it_stands_when_a_person_says_so() {
    let (bed, run_id) = guarded_by_reject_rate().await;
    // Another opening of the cache file, as after a restart.
    let key = zhengqiao_store::CacheKey::new([7; 32]);
    let cache = zhengqiao_store::Cache::open(&bed.dir.path().join("cache.db"), &key).unwrap();
    assert!(zhengqiao_sync::decide(&cache, run_id, Decision::GoOn, "someone", now_ms()).unwrap());
    let state = zhengqiao_sync::run(&cache, run_id, Secrets::new(None))
        .await
        .unwrap();
    assert_eq!(state, StateWord::FinishedWithRejections);
    let part = bed.part(DATASET.as_str());
    assert_eq!(part.counts.rejected, 100, "no row was read twice");
    assert!(part.counts.balance());
    let kept = cache
        .read_blocking(move |conn| {
            Ok((
                zhengqiao_store::run_decision::list(conn, run_id)?,
                audit::page(conn, None, 1)?,
            ))
        })
        .unwrap();
    assert_eq!(
        (kept.0[0].code.as_str(), kept.0[0].actor.as_str()),
        ("reject_rate", "someone")
    );
    assert_eq!(kept.1[0].act, "decide_run");
    // It holds for that run alone.
    assert_eq!(run_once(&bed, now_ms()).await, StateWord::NeedsDecision);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_leaves_the_cursor_and_an_overtaken_one_cannot_be_decided_any_more() {
    let (bed, run_id) = guarded_by_reject_rate().await;
    let cursor = |bed: &Bed| {
        bed.cache
            .read_blocking(|conn| zhengqiao_store::source::list(conn, None))
            .unwrap()
            .into_iter()
            .find(|row| row.dataset == DATASET)
            .unwrap()
            .incremental_state
    };
    let before = cursor(&bed);
    assert!(
        !zhengqiao_sync::decide(&bed.cache, run_id, Decision::Stop, "someone", now_ms()).unwrap()
    );
    assert_eq!(last_run(&bed).state, StateWord::Cancelled.as_str());
    assert_eq!(cursor(&bed), before);
    let again = zhengqiao_sync::decide(&bed.cache, run_id, Decision::GoOn, "someone", now_ms());
    assert!(again.unwrap_err().to_string().contains("decision"));

    assert_eq!(run_once(&bed, now_ms()).await, StateWord::NeedsDecision);
    let guarded = last_run(&bed).id;
    run_once(&bed, now_ms()).await;
    let late = zhengqiao_sync::decide(&bed.cache, guarded, Decision::GoOn, "someone", now_ms());
    assert!(late.unwrap_err().to_string().contains("later run"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_far_from_the_usual_needs_a_decision_with_the_figures_and_accepting_moves_the_cursor()
 {
    let bed = Bed::new(400, 7, 0.0).await;
    bed.run(RunMode::Full).await;
    let body = received(&bed, DATASET, 100, |_| {});
    let few = received(&bed, DATASET, 3, |_| {});
    let base = serve(body).await;
    read_from(&bed, DATASET, base);
    change(&bed, |profile| {
        profile.limits.reject_rate_percent = 0.0;
    });
    let today = now_ms();
    for week in [3, 2, 1] {
        run_once(&bed, today - week * 7 * DAY_MS).await;
    }
    let base = serve(few).await;
    read_from(&bed, DATASET, base);
    let cursor = |bed: &Bed| {
        bed.cache
            .read_blocking(|conn| zhengqiao_store::source::list(conn, None))
            .unwrap()
            .into_iter()
            .find(|row| row.dataset == DATASET)
            .unwrap()
            .incremental_state
    };
    let before = cursor(&bed);
    assert_eq!(run_once(&bed, today).await, StateWord::NeedsDecision);
    let part = bed.part(DATASET.as_str());
    assert_eq!(part.code.as_deref(), Some("implausible"));
    let told = part.message.unwrap();
    assert!(
        told.contains("3 rows") && told.contains("the usual 100") && told.contains("weekday"),
        "{told}"
    );
    assert_eq!(cursor(&bed), before);
    let run_id = last_run(&bed).id;
    zhengqiao_sync::decide(&bed.cache, run_id, Decision::GoOn, "someone", now_ms()).unwrap();
    let state = zhengqiao_sync::run(&bed.cache, run_id, Secrets::new(None))
        .await
        .unwrap();
    assert_ne!(state, StateWord::NeedsDecision);
    assert_ne!(cursor(&bed), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_deletion_is_held_while_adds_and_updates_go_through_and_is_released_one_by_one() {
    let bed = Bed::new(200, 8, 0.0).await;
    bed.run(RunMode::Full).await;
    let before = accepted(&bed);
    let mut rows: Vec<serde_json::Value> =
        serde_json::from_str(&received(&bed, DATASET, 80, |_| {})).unwrap();
    for (at, row) in rows.iter_mut().enumerate() {
        match at {
            0..=59 => set(row, "cd_operation", "D"),
            60..=69 => set(row, "applyer_name", "王小明"),
            _ => {
                let guid = format!("new{at}");
                set(row, "row_guid", &guid);
                let project = row["project_no"].as_str().unwrap();
                let project = format!("{}99{at:02}", &project[..project.len() - 4]);
                set(row, "project_no", &project);
            }
        }
        let now = (chrono::Utc::now() + chrono::Duration::hours(8)).format("%Y-%m-%d %H:%M:%S");
        set(row, "cd_time", &now.to_string());
    }
    let base = serve(serde_json::to_string(&rows).unwrap()).await;
    read_from(&bed, DATASET, base);
    change(&bed, |profile| profile.limits.withdrawal_rows = 25);
    run_once(&bed, now_ms()).await;
    let part = bed.part(DATASET.as_str());
    assert_eq!((part.counts.withdrawn, part.counts.held), (25, 35));
    assert_eq!(part.counts.accepted, 20, "adds and updates went through");
    let held: Vec<i64> = bed
        .cache
        .read_blocking(|conn| {
            let mut statement = conn.prepare(
                "SELECT r.id FROM rejection r JOIN rejection_payload p ON p.rejection_id = r.id
                 WHERE r.outcome = 2 AND r.state = 1 AND p.findings LIKE '%withdrawal.limit%' ORDER BY r.id",
            )?;
            let ids = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(ids)
        })
        .unwrap();
    assert_eq!(held.len(), 35);
    let standing = accepted(&bed);
    assert_eq!(standing, before - 25 + 10);
    release(&bed, held[0]);
    assert_eq!(accepted(&bed), standing - 1);
    for id in &held[1..] {
        release(&bed, *id);
    }
    assert_eq!(accepted(&bed), standing - 35);
}

/// Lets one held deletion through.
fn release(bed: &Bed, rejection_id: i64) {
    let connection_id = bed.connection_id;
    bed.cache
        .write_blocking(move |tx| {
            let row = connection::get(tx, connection_id)?.unwrap();
            let profile: Profile = serde_json::from_str(&row.profile)?;
            let rules = zhengqiao_domain::RuleSet::new(&profile.rules);
            let mapping = zhengqiao_domain::CompiledMapping::new(
                DATASET,
                &profile.datasets[&DATASET].mapping,
            )
            .unwrap();
            let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
            let check = zhengqiao_domain::Check::new(&rules, now);
            let text = now.format("%Y-%m-%d %H:%M:%S").to_string();
            let desk = zhengqiao_sync::Desk::new(tx, connection_id, DATASET, 1, now_ms(), &text)?;
            zhengqiao_sync::revalidate(tx, &desk, &mapping, &check, &rules, rejection_id).unwrap();
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_came_went_or_changed_are_told_and_those_that_the_mapping_reads_need_a_decision()
 {
    let bed = Bed::new(200, 9, 0.0).await;
    bed.run(RunMode::Full).await;
    let drift = |bed: &Bed| {
        let run_id = last_run(bed).id;
        bed.cache
            .read_blocking(move |conn| zhengqiao_store::run_drift::list(conn, run_id))
            .unwrap()
    };
    assert_eq!(drift(&bed), [], "nothing is new at the first sight");
    let more = received(&bed, DATASET, 60, |row| {
        row["applicant_note"] = "王小明要求加急".into();
    });
    let less = received(&bed, DATASET, 60, |row| {
        row.as_object_mut().unwrap().remove("applyer_name");
        row["org_code"] = 7.into();
    });
    let base = serve(more).await;
    read_from(&bed, DATASET, base);
    change(&bed, |profile| profile.limits.reject_rate_percent = 0.0);
    assert_ne!(run_once(&bed, now_ms()).await, StateWord::NeedsDecision);
    let new = drift(&bed);
    assert_eq!(new.len(), 1);
    assert_eq!(
        (new[0].kind.as_str(), new[0].name.as_str(), new[0].rows),
        ("new", "applicant_note", 60)
    );
    assert!(!new[0].example.as_deref().unwrap().contains("王小明"));

    let base = serve(less).await;
    read_from(&bed, DATASET, base);
    assert_eq!(run_once(&bed, now_ms()).await, StateWord::NeedsDecision);
    let part = bed.part(DATASET.as_str());
    assert_eq!(part.code.as_deref(), Some("schema_drift"));
    let message = part.message.unwrap();
    assert!(
        message.contains("applyer_name is missing")
            && message.contains("org_code was text and is number"),
        "{message}"
    );
    let kinds: Vec<(String, String)> = drift(&bed)
        .into_iter()
        .map(|row| (row.kind, row.name))
        .collect();
    assert!(
        kinds.contains(&("missing".into(), "applicant_note".into())),
        "{kinds:?}"
    );

    // Accepted, it is what is known from then on.
    let run_id = last_run(&bed).id;
    zhengqiao_sync::decide(&bed.cache, run_id, Decision::GoOn, "someone", now_ms()).unwrap();
    zhengqiao_sync::run(&bed.cache, run_id, Secrets::new(None))
        .await
        .unwrap();
    assert_ne!(run_once(&bed, now_ms()).await, StateWord::NeedsDecision);
}

//! Runs over a window, a list of ids, a department: they read no more than that, leave the cursor
//! where it is unless asked, and go on with the same scope after an interruption.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bed;

use std::collections::BTreeSet;
use std::time::Duration;

use bed::{Bed, small_pages};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{FileSource, Filters, Interface, Secrets};
use zhengqiao_store::run::Counts;
use zhengqiao_store::{record, source};
use zhengqiao_sync::{RunMode, RunOptions, RunScope, StateWord, SyncError, Window};

const DATASET: DatasetId = DatasetId::CaseAcceptance;

fn options(bed: &Bed, scope: RunScope) -> RunOptions {
    RunOptions {
        datasets: vec![DATASET],
        scope,
        ..RunOptions::new(
            bed.connection_id,
            RunMode::Incremental,
            chrono::Utc::now().timestamp_millis(),
        )
    }
}

fn secrets(bed: &Bed) -> Secrets {
    Secrets::new(Some(bed.provider.credentials().secret_of(&bed.family)))
}

async fn run(bed: &Bed, options: RunOptions) -> StateWord {
    let started = zhengqiao_sync::start(&bed.cache, options).unwrap();
    zhengqiao_sync::run(&bed.cache, started.run_id, secrets(bed))
        .await
        .unwrap()
}

fn counts(bed: &Bed) -> Counts {
    bed.part(DATASET.as_str()).counts
}

fn state(bed: &Bed) -> Option<String> {
    bed.cache
        .read_blocking(|conn| {
            Ok(source::list(conn, None)?
                .into_iter()
                .find(|source| source.dataset == DATASET)
                .and_then(|source| source.incremental_state))
        })
        .unwrap()
}

/// A field of every cached record of the dataset.
fn cached(bed: &Bed, field: &str) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    bed.cache
        .read_blocking(|conn| {
            let source_id = source::find(conn, bed.connection_id, DATASET)?.unwrap();
            record::for_each_fields(conn, source_id, |fields| {
                let fields: serde_json::Value = serde_json::from_str(fields).unwrap();
                values.insert(fields[field].as_str().unwrap_or_default().to_owned());
            })
        })
        .unwrap();
    values
}

/// Midnight so many days ago, in UTC+8.
fn days_ago(days: i64) -> String {
    (chrono::Utc::now() + chrono::Duration::hours(8) - chrono::Duration::days(days))
        .format("%Y-%m-%d 00:00:00")
        .to_string()
}

fn window(from: i64, to: i64) -> RunScope {
    RunScope {
        window: Some(Window {
            from: days_ago(from),
            to: days_ago(to),
        }),
        ..RunScope::default()
    }
}

fn of_department(department: &str) -> RunScope {
    RunScope {
        filters: Filters {
            department: Some(department.into()),
            region: None,
        },
        ..RunScope::default()
    }
}

async fn bed(family: &str) -> Bed {
    Bed::with(200, 3, 0.0, family, |profile| {
        small_pages(profile, 7);
        if let Some(source) = profile.datasets.get_mut(&DATASET)
            && let Some(ids) = &mut source.ids
        {
            ids.most = 3;
        }
        // What the cases refer to is not read here.
        profile.rules.severities.insert(
            "reference.item".into(),
            serde_json::from_str("\"warn\"").unwrap(),
        );
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_reads_what_changed_in_it_and_leaves_the_cursor_where_it_is() {
    for family in ["gateway", "oauth2", "cursor"] {
        let bed = bed(family).await;
        run(&bed, options(&bed, window(4, 3))).await;
        let read = counts(&bed).fetched;
        assert!(read > 20 && read < 120, "{family}: {read}");
        let (from, to) = (days_ago(4), days_ago(3));
        let times = cached(&bed, "cd_time");
        assert!(
            times.iter().all(|time| *time >= from && *time < to),
            "{family}: {times:?}"
        );
        assert!(!times.is_empty());
        assert_eq!(state(&bed), None, "{family}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_moves_the_cursor_to_its_end_when_asked_to() {
    let bed = bed("gateway").await;
    let mut scope = window(4, 3);
    scope.moves_cursor = true;
    run(&bed, options(&bed, scope)).await;
    let kept = state(&bed).unwrap();
    assert!(kept.contains(&days_ago(3)), "{kept}");
    let bed = self::bed("cursor").await;
    let mut scope = window(4, 3);
    scope.moves_cursor = true;
    let refused = zhengqiao_sync::start(&bed.cache, options(&bed, scope));
    assert!(matches!(
        refused,
        Err(SyncError::Scope {
            field: "moves_cursor",
            ..
        })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_bring_just_their_records_a_few_a_request_whether_theirs_or_of_the_business() {
    for family in ["gateway", "oauth2", "cursor", "jis"] {
        let bed = bed(family).await;
        run(&bed, options(&bed, RunScope::default())).await;
        let guids: Vec<String> = cached(&bed, "row_guid").into_iter().collect();
        let numbers: Vec<String> = cached(&bed, "project_no").into_iter().collect();
        let before = state(&bed);
        let fresh = Bed::over(bed.provider.clone(), family, |profile| {
            if let Some(source) = profile.datasets.get_mut(&DATASET)
                && let Some(ids) = &mut source.ids
            {
                ids.most = 3;
            }
        });
        let mut ids: Vec<String> = guids[..8].iter().map(|id| format!("123|{id}")).collect();
        ids.extend_from_slice(&numbers[..2]);
        ids.push("nowhere".into());
        let scope = RunScope {
            ids,
            ..RunScope::default()
        };
        run(&fresh, options(&fresh, scope.clone())).await;
        let read = counts(&fresh).fetched;
        assert!((8..=10).contains(&read), "{family}: {read}");
        // The same in the full cache: nothing is new, and the cursor stays.
        run(&bed, options(&bed, scope)).await;
        assert_eq!(counts(&bed).unchanged, read, "{family}");
        assert_eq!(state(&bed), before, "{family}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_is_asked_for_where_the_provider_can_and_refused_where_it_cannot() {
    let bed = bed("gateway").await;
    run(&bed, options(&bed, RunScope::default())).await;
    let departments = cached(&bed, "org_code");
    assert!(departments.len() > 1);
    let one = departments.into_iter().next().unwrap();
    let fresh = Bed::over(bed.provider.clone(), "gateway", |_| {});
    run(&fresh, options(&fresh, of_department(&one))).await;
    let seen = counts(&fresh).fetched;
    assert!(seen > 0 && seen < 200, "{seen}");
    assert_eq!(state(&fresh), None);
    let mut steps = options(&fresh, of_department(&one));
    steps.datasets = vec![DatasetId::CaseStep];
    let refused = zhengqiao_sync::start(&fresh.cache, steps);
    assert!(
        matches!(refused, Err(SyncError::Exchange(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_whole_and_what_lies_outside_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cases.csv");
    let mut text = String::from("project_no,org_code,cd_time\n");
    for number in 0..2500 {
        let day = 1 + number % 20;
        text.push_str(&format!(
            "P{number:05},D{},2026-01-{day:02} 10:00:00\n",
            number % 5
        ));
    }
    std::fs::write(&path, text).unwrap();
    let provider = bed("gateway").await.provider;
    let file = |scope| {
        let bed = Bed::over(provider.clone(), "files", |profile| {
            profile.base_url = String::new();
            profile.interface = Interface::File;
            profile.datasets.retain(|id, _| *id == DATASET);
            let source = profile.datasets.get_mut(&DATASET).unwrap();
            source.file = Some(FileSource {
                path: path.to_str().unwrap().into(),
                ..FileSource::default()
            });
            source.mapping.fields.retain(|map| map.field != "cd_time");
        });
        async move {
            run(&bed, options(&bed, scope)).await;
            let counts = counts(&bed);
            assert!(counts.balance());
            let left_out = bed.part(DATASET.as_str()).left_out;
            assert_eq!(counts.fetched + left_out, 2500);
            (counts.fetched, state(&bed))
        }
    };
    let ids = RunScope {
        ids: vec!["P00003".into(), "P02400".into(), "P99999".into()],
        ..RunScope::default()
    };
    let window = RunScope {
        window: Some(Window {
            from: "2026-01-03".into(),
            to: "2026-01-05".into(),
        }),
        ..RunScope::default()
    };
    assert_eq!(file(ids).await, (2, None));
    assert_eq!(file(window).await, (250, None));
    assert_eq!(file(of_department("D4")).await, (500, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_over_ids_goes_on_with_its_ids() {
    let bed = bed("gateway").await;
    run(&bed, options(&bed, RunScope::default())).await;
    let ids: Vec<String> = cached(&bed, "row_guid").into_iter().take(60).collect();
    let fresh = Bed::over(bed.provider.clone(), "gateway", |profile| {
        profile.network.requests_per_second = 8.0;
        if let Some(source) = profile.datasets.get_mut(&DATASET)
            && let Some(query) = &mut source.ids
        {
            query.most = 3;
        }
    });
    let scope = RunScope {
        ids,
        ..RunScope::default()
    };
    let started = zhengqiao_sync::start(&fresh.cache, options(&fresh, scope)).unwrap();
    let (cache, keys) = (fresh.cache.clone(), secrets(&fresh));
    let broken =
        tokio::spawn(async move { zhengqiao_sync::run(&cache, started.run_id, keys).await });
    let limit = tokio::time::Instant::now() + Duration::from_secs(30);
    while counts(&fresh).fetched == 0 && tokio::time::Instant::now() < limit {
        tokio::task::yield_now().await;
    }
    broken.abort();
    assert!(broken.await.is_err());
    let before = counts(&fresh).fetched;
    assert!(before > 0 && before < 60, "{before}");
    // Another host takes it up: the one that began it is gone.
    fresh
        .cache
        .write_blocking(|tx| {
            tx.execute("UPDATE run SET owner = 'elsewhere', heartbeat_at = 0", [])?;
            Ok(())
        })
        .unwrap();
    let again = zhengqiao_sync::start(&fresh.cache, options(&fresh, RunScope::default())).unwrap();
    assert!(again.resumed);
    zhengqiao_sync::run(&fresh.cache, again.run_id, secrets(&fresh))
        .await
        .unwrap();
    assert_eq!(counts(&fresh).fetched, 60);
    assert_eq!(state(&fresh), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_tells_about_how_much_and_writes_nothing() {
    let bed = bed("gateway").await;
    let before = std::fs::read(bed.cache.path()).unwrap();
    let told = zhengqiao_sync::probe(&bed.cache, options(&bed, window(4, 3)), secrets(&bed))
        .await
        .unwrap();
    assert_eq!(std::fs::read(bed.cache.path()).unwrap(), before);
    run(&bed, options(&bed, window(4, 3))).await;
    assert_eq!(told[0].rows, u64::try_from(counts(&bed).fetched).ok());
    // Bare arrays tell no total, and more than a small page is more than can be told.
    let bed = self::bed("oauth2").await;
    let told = zhengqiao_sync::probe(
        &bed.cache,
        options(&bed, RunScope::default()),
        secrets(&bed),
    )
    .await
    .unwrap();
    assert_eq!(told[0].rows, None);
    assert!(told[0].error.is_none());
}

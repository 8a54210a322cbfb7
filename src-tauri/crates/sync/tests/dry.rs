//! A dry run is the real run but for the writing: the same counts and the same fate of every row, the
//! real cache untouched to the byte; and the real run of the same data asks the provider nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bed;

use std::collections::BTreeMap;
use std::path::Path;

use bed::{Bed, small_pages};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::Secrets;
use zhengqiao_store::dry_row::{self, Fate};
use zhengqiao_store::run::{Counts, RunDatasetRow};
use zhengqiao_store::{Cache, record, run, run_request, source};
use zhengqiao_sync::{RunMode, RunOptions, RunScope, SyncError, Window, dry};

const FAMILIES: [&str; 5] = ["gateway", "oauth2", "cursor", "tif", "open"];

fn secrets(bed: &Bed) -> Secrets {
    Secrets::new(Some(bed.provider.credentials().secret_of(&bed.family)))
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn options(bed: &Bed, mode: RunMode, scope: RunScope) -> RunOptions {
    RunOptions {
        scope,
        ..RunOptions::new(bed.connection_id, mode, now_ms())
    }
}

/// Runs dry; gives the scratch cache and the dry run's number.
async fn dry_run(bed: &Bed, mode: RunMode, scope: RunScope) -> (Cache, i64) {
    let options = options(bed, mode, scope);
    let dry_id = options.now_ms;
    let (scratch, started) = dry::start(&bed.cache, options).unwrap();
    dry::run_dry(&scratch, started.run_id, secrets(bed))
        .await
        .unwrap();
    (scratch, dry_id)
}

async fn real_run(bed: &Bed, options: RunOptions) -> i64 {
    let started = zhengqiao_sync::start(&bed.cache, options).unwrap();
    zhengqiao_sync::run(&bed.cache, started.run_id, secrets(bed))
        .await
        .unwrap();
    started.run_id
}

fn last_parts(cache: &Cache) -> Vec<RunDatasetRow> {
    cache
        .read_blocking(|conn| {
            let last = run::page(conn, None, None, 1)?.remove(0);
            run::datasets(conn, last.id)
        })
        .unwrap()
}

/// What a run says of each dataset: state, code, counters, what was released.
fn said(cache: &Cache) -> Vec<(DatasetId, String, Option<String>, Counts, i64)> {
    last_parts(cache)
        .into_iter()
        .map(|part| {
            (
                part.dataset,
                part.state,
                part.code,
                part.counts,
                part.released,
            )
        })
        .collect()
}

/// What the last run left of every row that it changed: records and rejections by dataset and key.
fn left(cache: &Cache) -> Vec<String> {
    let run_id = last_parts(cache)[0].run_id;
    let queries = [
        "SELECT s.dataset || ' record ' || r.id || ' ' || hex(r.key_hash) || ' ' || r.state || ' ' || r.fields || COALESCE(r.warnings, '')
         FROM record r JOIN source s ON s.id = r.source_id WHERE r.run_id = ?1 ORDER BY 1",
        "SELECT s.dataset || ' rejection ' || r.id || ' ' || r.record_key || ' ' || r.outcome || ' ' || r.state || ' ' || r.seen_count || ' ' || p.findings
         FROM rejection r JOIN source s ON s.id = r.source_id JOIN rejection_payload p ON p.rejection_id = r.id
         WHERE r.run_id = ?1 ORDER BY 1",
        "SELECT s.dataset || ' cause ' || c.rule || ' ' || c.field || ' ' || c.cluster || ' ' || c.open_count || ' ' || c.held_count || ' ' || c.total_count || (?1 - ?1)
         FROM cause c JOIN source s ON s.id = c.source_id ORDER BY 1",
        "SELECT facet || ' ' || source_id || ' ' || state || ' ' || value || ' ' || n || (?1 - ?1) FROM facet_count WHERE n > 0 AND facet <> 'day' ORDER BY 1",
        "SELECT dataset || ' ' || accepted_rows || ' ' || withdrawn_rows || (?1 - ?1) FROM source ORDER BY 1",
    ];
    cache
        .read_blocking(|conn| {
            let mut lines = Vec::new();
            for query in queries {
                let mut statement = conn.prepare(query)?;
                let rows = statement.query_map([run_id], |row| row.get::<_, String>(0))?;
                lines.extend(rows.collect::<Result<Vec<_>, _>>()?);
            }
            Ok(lines)
        })
        .unwrap()
}

/// The first line that two caches do not share.
fn first_difference(one: &Cache, other: &Cache) -> Option<(String, String)> {
    let (one, other) = (left(one), left(other));
    assert!(!one.is_empty());
    let longest = one.len().max(other.len());
    (0..longest)
        .map(|at| {
            let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
            (line(&one), line(&other))
        })
        .find(|(one, other)| one != other)
}

/// The bytes of the real cache and of its log.
fn bytes(cache: &Path) -> (Vec<u8>, Vec<u8>) {
    let read = |path: &Path| std::fs::read(path).unwrap_or_default();
    (read(cache), read(&cache.with_extension("db-wal")))
}

fn fates(scratch: &Cache) -> BTreeMap<(DatasetId, Fate), i64> {
    scratch
        .read_blocking(dry_row::counts)
        .unwrap()
        .into_iter()
        .map(|(dataset, fate, rows)| ((dataset, fate), rows))
        .collect()
}

/// The list behind each number has as many rows as the number says.
fn assert_lists_agree(scratch: &Cache) {
    let listed = fates(scratch);
    for part in last_parts(scratch) {
        let of = |fate: Fate| listed.get(&(part.dataset, fate)).copied().unwrap_or(0);
        let counts = part.counts;
        assert_eq!(of(Fate::Created) + of(Fate::Changed), counts.accepted);
        assert_eq!(of(Fate::Unchanged), counts.unchanged);
        assert_eq!(of(Fate::Held), counts.held);
        assert_eq!(of(Fate::Rejected), counts.rejected);
        assert_eq!(of(Fate::Withdrawn), counts.withdrawn);
        assert_eq!(of(Fate::Superseded), counts.superseded);
        assert_eq!(of(Fate::Released), part.released);
    }
}

/// One history before the dry run: families, defects, earlier runs, advanced worlds, withdrawals, held rows.
async fn scenario(seed: u64) -> (Bed, RunMode, RunScope) {
    let family = FAMILIES[(seed % 5) as usize];
    let defects = [0.0, 0.05, 0.15][(seed % 3) as usize];
    let bed = Bed::with(60 + seed % 4 * 20, seed, defects, family, |profile| {
        small_pages(profile, 37);
        profile.limits.reject_rate_percent = 0.0;
        if seed % 7 == 3 {
            profile.limits.withdrawal_rows = 1;
        }
        // Items are many; most of the time what refers to them goes without.
        if seed % 3 != 1 {
            profile.datasets.remove(&DatasetId::ServiceItem);
        }
    })
    .await;
    match seed % 4 {
        // Nothing before: everything is new.
        0 => {}
        // All, then more.
        1 => {
            bed.run(RunMode::Full).await;
            bed.advance(10);
        }
        // Results without their cases are held, and released by what follows.
        2 => {
            let mut options = options(&bed, RunMode::Full, RunScope::default());
            options.datasets = vec![
                DatasetId::CaseStep,
                DatasetId::CaseResult,
                DatasetId::Review,
            ];
            real_run(&bed, options).await;
        }
        // Only a part of the time, then twice more.
        _ => {
            let now = chrono::Utc::now() + chrono::Duration::hours(8);
            let at = |days| {
                (now - chrono::Duration::days(days))
                    .format("%Y-%m-%d 00:00:00")
                    .to_string()
            };
            let scope = RunScope {
                window: Some(Window {
                    from: at(6),
                    to: at(3),
                }),
                ..RunScope::default()
            };
            real_run(&bed, options(&bed, RunMode::Full, scope)).await;
            bed.advance(5);
            bed.advance(5);
        }
    }
    let mode = if seed % 5 == 4 {
        RunMode::Incremental
    } else {
        RunMode::Full
    };
    (bed, mode, RunScope::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_the_real_run_after_it_agree_in_fifty_scenarios_and_the_cache_is_untouched() {
    let mut met = BTreeMap::new();
    for seed in 0..50 {
        let (bed, mode, scope) = scenario(seed).await;
        let before = bytes(bed.cache.path());
        let (scratch, dry_id) = dry_run(&bed, mode, scope.clone()).await;
        assert_eq!(bytes(bed.cache.path()), before, "seed {seed}");
        assert_lists_agree(&scratch);
        for ((_, fate), rows) in fates(&scratch) {
            *met.entry(fate).or_insert(0) += rows;
        }
        let mut same = options(&bed, mode, scope);
        // Rules that look at the clock look at the same moment.
        same.now_ms = dry_id;
        real_run(&bed, same).await;
        assert_eq!(said(&scratch), said(&bed.cache), "seed {seed}");
        assert_eq!(first_difference(&scratch, &bed.cache), None, "seed {seed}");
        assert!(
            last_parts(&bed.cache)
                .iter()
                .any(|part| part.counts.fetched > 0)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_run_of_a_dry_run_asks_the_provider_nothing_and_gives_what_was_shown() {
    let bed = Bed::with(80, 5, 0.1, "gateway", |profile| {
        small_pages(profile, 37);
        profile.limits.reject_rate_percent = 0.0;
    })
    .await;
    bed.run(RunMode::Full).await;
    bed.advance(20);
    let (scratch, dry_id) = dry_run(&bed, RunMode::Incremental, RunScope::default()).await;
    assert!(
        fates(&scratch)
            .keys()
            .any(|(_, fate)| *fate == Fate::Created)
    );
    // What the provider says now is another thing.
    bed.advance(30);
    let apply = dry::to_apply(&bed.cache, dry_id, secrets(&bed), now_ms())
        .await
        .unwrap();
    let run_id = real_run(&bed, apply).await;
    assert_eq!(said(&scratch), said(&bed.cache));
    assert_eq!(first_difference(&scratch, &bed.cache), None);
    let asked = bed
        .cache
        .read_blocking(|conn| run_request::newest(conn, run_id, 10))
        .unwrap();
    assert_eq!(asked, []);
    // The next incremental run goes on where the dry run had ended.
    bed.run(RunMode::Incremental).await;
    assert!(bed.part("case_acceptance").counts.accepted >= 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_refused_as_a_real_one_when_the_cache_has_moved_on_in_a_way_that_matters() {
    let bed = Bed::new(60, 9, 0.05).await;
    let (_, dry_id) = dry_run(&bed, RunMode::Full, RunScope::default()).await;
    // A run of one dataset comes between: its rows are no longer new.
    let mut between = options(&bed, RunMode::Full, RunScope::default());
    between.datasets = vec![DatasetId::ServiceItem];
    real_run(&bed, between).await;
    let refused = dry::to_apply(&bed.cache, dry_id, secrets(&bed), now_ms()).await;
    let Err(SyncError::MovedOn { differs, .. }) = refused else {
        unreachable!("it was not refused: {refused:?}");
    };
    assert!(
        differs
            .iter()
            .any(|one| one.dataset == DatasetId::ServiceItem
                && one.was == Fate::Created
                && one.now == Fate::Unchanged)
    );
    assert!(
        differs
            .iter()
            .all(|one| one.dataset == DatasetId::ServiceItem)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_stays_applicable_when_what_was_done_meanwhile_changes_nothing_for_its_rows() {
    let bed = Bed::new(60, 10, 0.05).await;
    let (_, dry_id) = dry_run(&bed, RunMode::Full, RunScope::default()).await;
    let id = bed.connection_id;
    bed.cache
        .write_blocking(move |tx| {
            zhengqiao_store::audit::append(tx, 1, "someone", "export", &id.to_string(), "{}")
        })
        .unwrap();
    assert!(
        dry::to_apply(&bed.cache, dry_id, secrets(&bed), now_ms())
            .await
            .is_ok()
    );
    // The second dry run leaves nothing behind.
    assert_eq!(dry::list(bed.cache.path()), [dry_id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_tells_the_records_that_the_provider_does_not_send_and_keeps_nothing() {
    let bed = Bed::new(60, 11, 0.0).await;
    bed.run(RunMode::Full).await;
    let (scratch, _) = dry_run(&bed, RunMode::Verify, RunScope::default()).await;
    assert!(
        !fates(&scratch)
            .keys()
            .any(|(_, fate)| *fate == Fate::Surplus)
    );
    drop(scratch);
    // A record that nobody sent.
    let source_id = bed
        .cache
        .read_blocking(|conn| {
            Ok(source::find(conn, bed.connection_id, DatasetId::CaseAcceptance)?.unwrap())
        })
        .unwrap();
    bed.cache
        .write_blocking(move |tx| {
            let new = record::NewRecord {
                source_id,
                key_hash: &[9; 16],
                business_hash: None,
                version: None,
                hash: &[9; 16],
                state: record::ACCEPTED,
                run_id: 1,
                at: 1,
                source_time: Some("2020-01-01 00:00:00"),
                fields: r#"{"data_source":"123","row_guid":"left over"}"#,
                warnings: None,
                raw: b"{}",
                profile_version: None,
                via: "run",
                actor: None,
            };
            record::insert(tx, &new, record::Followers::default(), None)
        })
        .unwrap();
    let (scratch, _) = dry_run(&bed, RunMode::Verify, RunScope::default()).await;
    let rows = scratch
        .read_blocking(|conn| dry_row::page(conn, None, Some(Fate::Surplus), 0, 10))
        .unwrap();
    let keys: Vec<&str> = rows.iter().map(|row| row.record_key.as_str()).collect();
    assert_eq!(keys, ["123|left over"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_record_is_shown_with_what_it_was_and_what_it_would_be() {
    let bed = Bed::new(60, 12, 0.0).await;
    bed.run(RunMode::Full).await;
    bed.advance(1);
    let (scratch, _) = dry_run(&bed, RunMode::Full, RunScope::default()).await;
    let rows = scratch
        .read_blocking(|conn| {
            dry_row::page(
                conn,
                Some(DatasetId::ServiceItem),
                Some(Fate::Changed),
                0,
                100,
            )
        })
        .unwrap();
    assert_eq!(rows.len(), 10);
    for row in rows {
        let (before, after) = (row.before.unwrap(), row.after.unwrap());
        assert!(!before.contains("第1次修订"));
        assert!(after.contains("第1次修订"));
    }
}

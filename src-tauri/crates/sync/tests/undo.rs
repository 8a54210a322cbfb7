//! Undoing runs: the cache is what it was before, except for what is reported as kept.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::any;
use axum::{Json, Router};
use bed::Bed;
use serde_json::{Value, json};
use zhengqiao_demo::{DemoOptions, DemoProvider};
use zhengqiao_domain::{Check, CompiledMapping, DatasetId, RuleSet, Severity};
use zhengqiao_exchange::{Auth, Envelope, Pager, ParamsIn, Profile, Secrets};
use zhengqiao_store::ignore::{self, NewDecision, Term};
use zhengqiao_store::rejection::{self, RejectionFilter};
use zhengqiao_store::rejection_version::Act;
use zhengqiao_store::run::{self, RunDatasetRow};
use zhengqiao_store::undone::{self, KEPT, UndoneRow};
use zhengqiao_store::{connection, source};
use zhengqiao_sync::{
    Desk, RunMode, RunOptions, RunScope, StateWord, SyncError, plan_undo, start_undo,
};

/// Repeatable random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

type Rows = Arc<Mutex<BTreeMap<String, Vec<Value>>>>;

const READ: [DatasetId; 4] = [
    DatasetId::ServiceItem,
    DatasetId::CaseAcceptance,
    DatasetId::CaseStep,
    DatasetId::CaseResult,
];
/// Cases in the beginning.
const CASES: u64 = 40;

/// A provider of which every row can be changed.
struct Stage {
    bed: Bed,
    rows: Rows,
    /// Cases and steps that have come.
    cases: u64,
    steps: u64,
    results: u64,
    random: Random,
}

impl Stage {
    async fn new(seed: u64) -> Self {
        let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
        let options = DemoOptions {
            defects: 0.1,
            ..DemoOptions::new(200, seed, now)
        };
        let provider = Arc::new(
            DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
                .await
                .unwrap(),
        );
        let rows: Rows = Rows::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/{dataset}", any(serve))
            .with_state(rows.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let bed = Bed::over(provider, "gateway", |profile| {
            profile.base_url = base;
            profile.auth = Auth::None;
            profile.limits.reject_rate_percent = 0.0;
            profile.datasets.retain(|id, _| READ.contains(id));
            for (id, source) in &mut profile.datasets {
                source.path = format!("/{id}");
                source.envelope = Envelope::default();
                source.pager = Pager::Single;
                source.params_in = ParamsIn::Query;
            }
        });
        let mut stage = Self {
            bed,
            rows,
            cases: 0,
            steps: 0,
            results: 0,
            random: Random(0x9E37_79B9_7F4A_7C15 ^ (seed + 1)),
        };
        for index in 0..60 {
            stage.add(0, index);
        }
        for _ in 0..CASES {
            stage.add_case();
            stage.add_step();
            stage.add_result();
        }
        stage
    }

    fn add(&mut self, dataset: usize, index: u64) {
        let row = self.bed.provider.world().row(dataset, index);
        let fields = row
            .values
            .iter()
            .map(|(name, _)| ((*name).to_owned(), Value::from(row.get(name))))
            .collect();
        self.rows
            .lock()
            .unwrap()
            .entry(zhengqiao_demo::DATASETS[dataset].to_owned())
            .or_default()
            .push(Value::Object(fields));
    }

    fn add_case(&mut self) {
        self.add(2, self.cases);
        self.cases += 1;
    }

    /// Steps run ahead of their cases, so that some are held and released later.
    fn add_step(&mut self) {
        self.add(3, self.steps);
        self.steps += 3;
    }

    fn add_result(&mut self) {
        self.add(4, self.results);
        self.results += 1;
    }

    /// The provider goes on: rows come, change, go, are spoilt and mended.
    fn advance(&mut self) {
        for _ in 0..3 + self.random.below(4) {
            match self.random.below(4) {
                0 | 1 => self.add_case(),
                2 => self.add_step(),
                _ => self.add_result(),
            }
        }
        for _ in 0..6 + self.random.below(10) {
            let (dataset, field) = [
                ("case_acceptance", "applyer_name"),
                ("case_step", "handle_user_name"),
            ][self.random.below(2)];
            let choice = self.random.below(5);
            let mut rows = self.rows.lock().unwrap();
            let list = rows.get_mut(dataset).unwrap();
            // Few rows, so that runs meet on the same ones.
            let at = self.random.below(list.len().min(24));
            let row = &mut list[at];
            match choice {
                0 => row["cd_operation"] = json!("D"),
                1 => row["cd_operation"] = json!("I"),
                2 => row[field] = json!(""),
                _ => {
                    let names = ["王建国", "李秀英", "张伟", "刘洋"];
                    row[field] = json!(names[self.random.below(4)]);
                }
            }
        }
    }

    /// People ignore, open again, and check again under milder rules.
    fn act(&mut self) {
        let connection_id = self.bed.connection_id;
        let (one, many) = (self.random.below(3), 2 + self.random.below(6));
        let skip = self.random.below(4);
        self.bed
            .cache
            .write_blocking(move |tx| {
                let act = Act {
                    run_id: undone::last_run(tx, connection_id)?,
                    actor: Some("管理员"),
                    act: "ignore_rejections",
                    at: 1,
                };
                let ids = |states: Vec<i64>| {
                    let filter = RejectionFilter {
                        states,
                        ..RejectionFilter::default()
                    };
                    rejection::select_ids(tx, &filter, 0, 100)
                };
                match one {
                    0 => {
                        let ids: Vec<i64> =
                            ids(vec![1, 2])?.into_iter().skip(skip).take(many).collect();
                        let decision = ignore::decide(
                            tx,
                            &NewDecision {
                                connection_id,
                                standing: None,
                                chosen: None,
                                term: Term::Value,
                                until: None,
                                reason: "已核实",
                                actor: "管理员",
                                at: 1,
                            },
                        )?;
                        ignore::cover(tx, &ids, decision, &act)?;
                    }
                    1 => {
                        let ids: Vec<i64> = ids(vec![4])?.into_iter().take(many).collect();
                        ignore::uncover(tx, &ids, &act)?;
                    }
                    _ => {
                        let ids: Vec<i64> =
                            ids(vec![1, 2])?.into_iter().skip(skip).take(many).collect();
                        for id in ids {
                            check_again(tx, connection_id, id);
                        }
                    }
                }
                Ok(())
            })
            .unwrap();
    }

    async fn run(&self) -> i64 {
        let connection_id = self.bed.connection_id;
        let runs = self
            .bed
            .cache
            .read_blocking(|conn| undone::last_run(conn, connection_id))
            .unwrap();
        // Each run begins a minute after the one before.
        let options = RunOptions {
            connection_id: self.bed.connection_id,
            datasets: Vec::new(),
            mode: RunMode::Full,
            scope: RunScope::default(),
            asked_by: String::new(),
            now_ms: chrono::Utc::now().timestamp_millis() + 60_000 * runs,
        };
        let started = zhengqiao_sync::start(&self.bed.cache, options).unwrap();
        let state = zhengqiao_sync::run(&self.bed.cache, started.run_id, Secrets::new(None))
            .await
            .unwrap();
        assert!(
            matches!(
                state,
                StateWord::Succeeded | StateWord::FinishedWithRejections
            ),
            "{:?}",
            self.bed.causes()
        );
        started.run_id
    }

    async fn undo(&self, run_id: i64) -> Undone {
        let cache = self.bed.cache.clone();
        let plan = plan_undo(&cache, run_id).unwrap();
        let started = start_undo(&cache, run_id, "管理员", 1).unwrap();
        assert!(!started.resumed);
        let state = zhengqiao_sync::run(&cache, started.run_id, Secrets::new(None))
            .await
            .unwrap();
        assert_eq!(state, StateWord::Succeeded);
        let undone = self.undone(started.run_id);
        let kept: i64 = plan.kept.iter().map(|one| one.keys).sum();
        assert_eq!(
            (plan.touched, plan.restored, plan.removed, kept),
            (
                undone.sum(|part| part.counts.fetched),
                undone.sum(|part| part.counts.accepted),
                undone.sum(|part| part.counts.withdrawn),
                undone.sum(|part| part.counts.superseded)
            ),
            "what was planned was done"
        );
        undone
    }

    fn undone(&self, undo_id: i64) -> Undone {
        let (parts, rows) = self
            .bed
            .cache
            .read_blocking(|conn| {
                Ok((
                    run::datasets(conn, undo_id)?,
                    undone::page(conn, undo_id, None, None, 0, 100_000)?,
                ))
            })
            .unwrap();
        for part in &parts {
            assert!(part.counts.balance(), "{part:?}");
        }
        let of = |fate: i64| rows.iter().filter(|row| row.fate == fate).count() as i64;
        let undone = Undone {
            run_id: undo_id,
            parts,
            rows: rows.clone(),
        };
        assert_eq!(undone.sum(|part| part.counts.fetched), rows.len() as i64);
        assert_eq!(
            undone.sum(|part| part.counts.accepted),
            of(undone::RESTORED)
        );
        assert_eq!(
            undone.sum(|part| part.counts.withdrawn),
            of(undone::REMOVED)
        );
        assert_eq!(undone.sum(|part| part.counts.superseded), of(KEPT));
        undone
    }

    /// Everything that matters, and what can be counted again.
    fn dump(&self) -> Vec<String> {
        let mut lines = self.bed.dump();
        let queries = [
            "SELECT 'waits ' || s.dataset || ' ' || r.record_key || ' ' || w.source_id || ' ' || hex(w.business_hash)
             FROM held_wait w JOIN rejection r ON r.id = w.rejection_id JOIN source s ON s.id = r.source_id ORDER BY 1",
            "SELECT 'reason ' || s.dataset || ' ' || r.record_key || ' ' || COALESCE(r.reason, '') || ' ' || (r.held_since IS NULL)
             FROM rejection r JOIN source s ON s.id = r.source_id ORDER BY 1",
            "SELECT 'begins ' || dataset || ' ' || COALESCE(incremental_state, '') FROM source ORDER BY 1",
        ];
        self.bed
            .cache
            .read_blocking(|conn| {
                for query in queries {
                    let mut statement = conn.prepare(query)?;
                    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                    lines.extend(rows.collect::<Result<Vec<_>, _>>()?);
                }
                Ok(())
            })
            .unwrap();
        self.assert_counters();
        lines
    }

    fn assert_counters(&self) {
        let wrong = [
            "SELECT COUNT(*) FROM source s WHERE accepted_rows <> (SELECT COUNT(*) FROM record r WHERE r.source_id = s.id AND r.state = 1)",
            "SELECT COUNT(*) FROM source s WHERE withdrawn_rows <> (SELECT COUNT(*) FROM record r WHERE r.source_id = s.id AND r.state = 2)",
            "SELECT COUNT(*) FROM cause c WHERE total_count <> (SELECT COUNT(*) FROM rejection_cause x WHERE x.cause_id = c.id) OR total_count = 0",
            "SELECT COUNT(*) FROM cause c WHERE open_count <> (SELECT COUNT(*) FROM rejection_cause x JOIN rejection r ON r.id = x.rejection_id WHERE x.cause_id = c.id AND r.state IN (1, 2))",
            "SELECT COUNT(*) FROM cause c WHERE held_count <> (SELECT COUNT(*) FROM rejection_cause x JOIN rejection r ON r.id = x.rejection_id WHERE x.cause_id = c.id AND r.state IN (1, 2) AND r.outcome = 2)",
            "SELECT COUNT(*) FROM facet_count f WHERE facet = 'outcome' AND n <> (SELECT COUNT(*) FROM rejection r WHERE r.source_id = f.source_id AND r.state = f.state AND CAST(r.outcome AS TEXT) = f.value)",
            "SELECT COUNT(*) FROM facet_count f WHERE facet = 'department' AND n <> (SELECT COUNT(*) FROM rejection r WHERE r.source_id = f.source_id AND r.state = f.state AND COALESCE(r.department, '') = f.value)",
            "SELECT COUNT(*) FROM facet_count f WHERE facet = 'day' AND n <> (SELECT COUNT(*) FROM rejection r WHERE r.source_id = f.source_id AND r.state = f.state AND r.day = f.value)",
            "SELECT ABS((SELECT COUNT(*) FROM rejection) - (SELECT COALESCE(SUM(n), 0) FROM facet_count WHERE facet = 'outcome'))",
            "SELECT COUNT(*) FROM record r WHERE NOT EXISTS (SELECT 1 FROM record_payload p WHERE p.record_id = r.id)",
        ];
        self.bed
            .cache
            .read_blocking(|conn| {
                for query in wrong {
                    let n: i64 = conn.query_row(query, [], |row| row.get(0))?;
                    assert_eq!(n, 0, "{query}");
                }
                // Every rejection is found by its own key, and nothing else is.
                let found: BTreeSet<i64> = conn
                    .prepare("SELECT rowid FROM rejection_search")?
                    .query_map([], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                let there: BTreeSet<i64> = conn
                    .prepare("SELECT id FROM rejection")?
                    .query_map([], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                assert_eq!(found, there);
                Ok(())
            })
            .unwrap();
    }

    /// What is known of each key: its record and its rejection.
    fn keys(&self) -> BTreeMap<(i64, String), String> {
        let mut keys: BTreeMap<(i64, String), String> = BTreeMap::new();
        self.bed
            .cache
            .read_blocking(|conn| {
                for query in [
                    "SELECT r.source_id, hex(r.key_hash), hex(r.hash) || ' ' || r.state || ' ' || r.fields || COALESCE(r.warnings, ''), p.raw
                     FROM record r JOIN record_payload p ON p.record_id = r.id",
                    "SELECT r.source_id, hex(r.key_hash), r.outcome || ' ' || r.state || ' ' || p.findings, p.raw
                     FROM rejection r JOIN rejection_payload p ON p.rejection_id = r.id",
                ] {
                    let mut statement = conn.prepare(query)?;
                    let mut rows = statement.query([])?;
                    while let Some(row) = rows.next()? {
                        let text: String = row.get(2)?;
                        let raw = zhengqiao_store::payload::unpack(conn, row.get(3)?)?;
                        let line = keys.entry((row.get(0)?, row.get(1)?)).or_default();
                        line.push('\n');
                        line.push_str(&text);
                        line.push_str(&String::from_utf8_lossy(&raw));
                    }
                }
                Ok(())
            })
            .unwrap();
        keys
    }

    /// The keys that an undo dealt with, and its fate of each.
    fn fates(&self, undo_id: i64) -> BTreeMap<(i64, String), i64> {
        self.bed
            .cache
            .read_blocking(|conn| {
                let mut statement = conn.prepare(
                    "SELECT source_id, hex(key_hash), fate FROM undone WHERE run_id = ?1",
                )?;
                let rows = statement.query_map([undo_id], |row| {
                    Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }
}

#[derive(Debug)]
struct Undone {
    run_id: i64,
    parts: Vec<RunDatasetRow>,
    rows: Vec<UndoneRow>,
}

impl Undone {
    fn sum(&self, of: impl Fn(&RunDatasetRow) -> i64) -> i64 {
        self.parts.iter().map(of).sum()
    }
}

async fn serve(State(rows): State<Rows>, Path(dataset): Path<String>) -> Json<Vec<Value>> {
    Json(
        rows.lock()
            .unwrap()
            .get(&dataset)
            .cloned()
            .unwrap_or_default(),
    )
}

/// What the console does when a person checks a rejection again, with no field required any more.
fn check_again(tx: &zhengqiao_store::Transaction<'_>, connection_id: i64, id: i64) {
    let row = connection::get(tx, connection_id).unwrap().unwrap();
    let profile: Profile = serde_json::from_str(&row.profile).unwrap();
    let mut settings = profile.rules.clone();
    settings
        .severities
        .insert("required".to_owned(), Severity::Warn);
    let rules = RuleSet::new(&settings);
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let check = Check::new(&rules, now);
    let found = rejection::get(tx, id).unwrap().unwrap();
    let mapping = CompiledMapping::new(
        found.dataset,
        &profile.datasets[&found.dataset].mapping.clone(),
    )
    .unwrap();
    let desk = Desk::new(
        tx,
        connection_id,
        found.dataset,
        found.run_id,
        2,
        "2026-01-01 00:00:00",
    )
    .unwrap()
    .by_person(tx, connection_id, "管理员", row.profile_version)
    .unwrap();
    zhengqiao_sync::revalidate(tx, &desk, &mapping, &check, &rules, id).unwrap();
}

fn assert_same(expected: &[String], found: &[String], what: &str) {
    let (expected, found): (BTreeSet<_>, BTreeSet<_>) =
        (expected.iter().collect(), found.iter().collect());
    let short = |line: &&String| line.chars().take(300).collect::<String>();
    let missing: Vec<String> = expected.difference(&found).map(&short).take(3).collect();
    let more: Vec<String> = found.difference(&expected).map(short).take(3).collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "{what}: missing {missing:#?}, too much {more:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_the_last_run_of_any_sequence_gives_exactly_the_earlier_cache_and_can_be_undone() {
    let (mut restored, mut removed) = (0, 0);
    for seed in 0..20 {
        let mut stage = Stage::new(seed).await;
        stage.run().await;
        let stages = 1 + stage.random.below(3);
        let (mut before, mut last) = (Vec::new(), 0);
        for _ in 0..stages {
            stage.advance();
            stage.act();
            before = stage.dump();
            last = stage.run().await;
        }
        let after = stage.dump();
        let undone = stage.undo(last).await;
        assert_same(&before, &stage.dump(), &format!("seed {seed}, undone"));
        assert_eq!(undone.sum(|part| part.counts.superseded), 0, "seed {seed}");
        restored += undone.sum(|part| part.counts.accepted);
        removed += undone.sum(|part| part.counts.withdrawn);

        let again = stage.undo(undone.run_id).await;
        assert_same(&after, &stage.dump(), &format!("seed {seed}, undo undone"));
        stage.undo(again.run_id).await;
        assert_same(
            &before,
            &stage.dump(),
            &format!("seed {seed}, undone for good"),
        );
    }
    assert!(
        restored > 60 && removed > 60,
        "{restored} restored, {removed} removed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_an_earlier_run_gives_the_earlier_state_except_what_it_reports_as_kept() {
    let (mut kept, mut by_person, mut reversed) = (0, 0, 0);
    for seed in 100..120 {
        let mut stage = Stage::new(seed).await;
        stage.run().await;
        stage.advance();
        stage.act();
        let before = stage.keys();
        let early = stage.run().await;
        for _ in 0..=stage.random.below(2) {
            stage.act();
            stage.advance();
            stage.act();
            stage.run().await;
        }
        stage.act();
        let now = stage.keys();
        let undone = stage.undo(early).await;
        let found = stage.keys();
        let fates = stage.fates(undone.run_id);
        let all: BTreeSet<_> = before
            .keys()
            .chain(now.keys())
            .chain(found.keys())
            .collect();
        for key in all {
            let expected = match fates.get(key) {
                Some(&KEPT) | None => now.get(key),
                Some(_) => before.get(key),
            };
            assert_eq!(found.get(key), expected, "seed {seed} {:?}", fates.get(key));
        }
        for row in undone.rows.iter().filter(|row| row.fate == KEPT) {
            let since = row.since.as_ref().unwrap();
            assert!(since.run_id >= early && since.at > 0, "{row:?}");
            by_person += u32::from(since.actor.as_deref() == Some("管理员"));
            kept += 1;
        }
        reversed += fates.values().filter(|fate| **fate != KEPT).count();
        let begins = stage
            .bed
            .cache
            .read_blocking(|conn| undone::cursors(conn, early, undone.run_id))
            .unwrap();
        assert!(begins.iter().all(|cursor| cursor.moved_by > Some(early)));
        assert!(
            undone
                .parts
                .iter()
                .all(|part| part.code.as_deref() == Some("cursor_kept")),
            "{:?}",
            undone.parts
        );

        let once = stage.dump();
        let twice = stage.undo(early).await;
        assert_same(&once, &stage.dump(), &format!("seed {seed}, twice"));
        assert_eq!(
            twice.sum(|part| part.counts.fetched),
            twice.sum(|part| part.counts.superseded)
        );
    }
    assert!(
        kept > 30 && by_person > 2 && reversed > 100,
        "{kept} kept, {by_person} by a person, {reversed} reversed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_is_broken_off_goes_on_where_it_was_and_one_that_is_cancelled_stops() {
    let mut stage = Stage::new(7).await;
    stage.run().await;
    stage.advance();
    let before = stage.dump();
    let last = stage.run().await;
    let cache = stage.bed.cache.clone();
    let started = start_undo(&cache, last, "管理员", 1).unwrap();

    // The process ends after some batches, and another one finds the run without an owner.
    let done = zhengqiao_sync::undo_batches(&cache, started.run_id, 3, 4)
        .await
        .unwrap();
    assert!(!done);
    let halfway = stage.undone_so_far(started.run_id);
    assert!(halfway > 0);
    let id = started.run_id;
    cache
        .write_blocking(move |tx| {
            tx.execute("UPDATE run SET owner = '' WHERE id = ?1", [id])?;
            Ok(())
        })
        .unwrap();
    let other = zhengqiao_sync::start(
        &cache,
        RunOptions {
            connection_id: stage.bed.connection_id,
            datasets: Vec::new(),
            mode: RunMode::Full,
            scope: RunScope::default(),
            asked_by: String::new(),
            now_ms: 1,
        },
    )
    .unwrap();
    assert_eq!((other.run_id, other.resumed), (started.run_id, true));
    let state = zhengqiao_sync::run(&cache, other.run_id, Secrets::new(None))
        .await
        .unwrap();
    assert_eq!(state, StateWord::Succeeded);
    assert!(stage.undone_so_far(started.run_id) > halfway);
    stage.undone(started.run_id);
    assert_same(&before, &stage.dump(), "broken off and gone on with");

    let last = stage.run().await;
    let started = start_undo(&cache, last, "管理员", 1).unwrap();
    assert!(matches!(
        start_undo(&cache, last, "管理员", 1),
        Err(SyncError::AlreadyRunning { .. })
    ));
    cache
        .write_blocking(move |tx| run::request_cancel(tx, started.run_id))
        .unwrap();
    let state = zhengqiao_sync::run(&cache, started.run_id, Secrets::new(None))
        .await
        .unwrap();
    assert_eq!(state, StateWord::Cancelled);
    stage.undone(started.run_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undone_run_begins_where_it_began_and_a_run_without_its_history_is_refused() {
    let mut stage = Stage::new(9).await;
    let first = stage.run().await;
    let beginning = |stage: &Stage| {
        stage
            .bed
            .cache
            .read_blocking(|conn| source::list(conn, None))
            .unwrap()
            .into_iter()
            .map(|row| row.incremental_state)
            .collect::<Vec<_>>()
    };
    let began = beginning(&stage);
    stage.advance();
    let second = stage.run().await;
    assert_ne!(beginning(&stage), began);
    stage.undo(second).await;
    assert_eq!(beginning(&stage), began);

    let connection_id = stage.bed.connection_id;
    stage
        .bed
        .cache
        .write_blocking(move |tx| undone::mark_forgotten(tx, connection_id, i64::MAX))
        .unwrap();
    assert!(matches!(
        plan_undo(&stage.bed.cache, first),
        Err(SyncError::HistoryForgotten(id)) if id == first
    ));
    assert!(matches!(
        start_undo(&stage.bed.cache, first, "管理员", 1),
        Err(SyncError::HistoryForgotten(_))
    ));
}

impl Stage {
    fn undone_so_far(&self, undo_id: i64) -> usize {
        self.bed
            .cache
            .read_blocking(|conn| undone::page(conn, undo_id, None, None, 0, 100_000))
            .unwrap()
            .len()
    }
}

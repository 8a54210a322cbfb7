//! Mending: what is predicted is what comes true, the second time changes nothing, undo restores.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod bed;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use bed::Bed;
use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::rules::ALL;
use zhengqiao_domain::{DatasetId, Finding, MendStep, Mendable, Severity, StepState, Transform};
use zhengqiao_exchange::{Profile, Secrets};
use zhengqiao_store::ignore::{self, NewDecision, Standing, Term};
use zhengqiao_store::mend::{self, LEFT, OTHERWISE, PASSED, STILL};
use zhengqiao_store::rejection::{self, RejectionFilter, State};
use zhengqiao_store::{connection, run, source};
use zhengqiao_sync::{
    Change, Effect, MendOptions, RunMode, RunOptions, StateWord, SyncError, compute_effect,
    go_on_mending, mend_batches, open_expired, start_mending, start_undo,
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

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn profile(bed: &Bed) -> Profile {
    let id = bed.connection_id;
    let text = bed
        .cache
        .read_blocking(move |conn| Ok(connection::get(conn, id)?.unwrap().profile))
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn save(bed: &Bed, profile: &Profile) {
    let (id, text) = (bed.connection_id, serde_json::to_string(profile).unwrap());
    bed.cache
        .write_blocking(move |tx| {
            connection::update(tx, id, "演示", "demo", &text, now_ms())?;
            connection::keep_version(tx, id, "管理员", now_ms())
        })
        .unwrap();
}

/// The profile after steps; those that cannot be done are left out.
fn mended(profile: &Profile, steps: &[MendStep]) -> (Profile, usize) {
    let mut mendable = Mendable {
        rules: profile.rules.clone(),
        mappings: profile
            .datasets
            .iter()
            .map(|(id, source)| (*id, source.mapping.clone()))
            .collect(),
        ..Mendable::default()
    };
    let applied = steps
        .iter()
        .filter(|step| mendable.apply(step) == Ok(StepState::Applies))
        .count();
    let mut changed = profile.clone();
    changed.rules = mendable.rules;
    for (id, mapping) in mendable.mappings {
        changed.datasets.get_mut(&id).unwrap().mapping = mapping;
    }
    (changed, applied)
}

fn effect(bed: &Bed, before: &Profile, after: &Profile, dataset: DatasetId) -> Effect {
    let mapping =
        |profile: &Profile| BTreeMap::from([(dataset, profile.datasets[&dataset].mapping.clone())]);
    let at = now_ms();
    let change = Change {
        connection_id: bed.connection_id,
        rules: after.rules.clone(),
        mappings: mapping(after),
        present_rules: before.rules.clone(),
        present_mappings: mapping(before),
        now: (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc(),
        now_ms: at,
    };
    compute_effect(&bed.cache, &change, &AtomicBool::new(false))
        .unwrap()
        .unwrap()
        .remove(&dataset)
        .unwrap()
}

fn filter_of(bed: &Bed, dataset: DatasetId) -> RejectionFilter {
    let id = bed.connection_id;
    let source = bed
        .cache
        .read_blocking(move |conn| source::find(conn, id, dataset))
        .unwrap()
        .unwrap();
    RejectionFilter {
        source_ids: Some(vec![source]),
        states: vec![State::Open as i64, State::Reported as i64],
        ..RejectionFilter::default()
    }
}

fn options(bed: &Bed, filter: RejectionFilter, canary: u32) -> MendOptions {
    MendOptions {
        connection_id: bed.connection_id,
        ids: Vec::new(),
        filter,
        canary,
        request: "{}".into(),
        asked_by: "管理员".into(),
        now_ms: now_ms(),
    }
}

async fn carry_out(bed: &Bed, run_id: i64) -> StateWord {
    zhengqiao_sync::run(&bed.cache, run_id, Secrets::new(None))
        .await
        .unwrap()
}

fn resume(bed: &Bed) -> i64 {
    let options = RunOptions::new(bed.connection_id, RunMode::Incremental, now_ms());
    let started = zhengqiao_sync::start(&bed.cache, options).unwrap();
    assert!(started.resumed);
    started.run_id
}

/// Checks again to the end, saying yes to whatever is asked.
async fn mend(bed: &Bed, filter: RejectionFilter, canary: u32) -> Option<(i64, Fates)> {
    let started = match start_mending(&bed.cache, options(bed, filter, canary)) {
        Ok(started) => started,
        Err(SyncError::NothingChosen) => return None,
        Err(error) => panic!("{error}"),
    };
    let run_id = started.run_id;
    let mut state = carry_out(bed, run_id).await;
    if state == StateWord::Paused {
        go_on_mending(&bed.cache, run_id).await.unwrap();
        assert_eq!(resume(bed), run_id);
        state = carry_out(bed, run_id).await;
    }
    assert!(
        matches!(
            state,
            StateWord::Succeeded | StateWord::FinishedWithRejections
        ),
        "{state:?}"
    );
    Some((run_id, fates(bed, run_id)))
}

type Fates = BTreeMap<i64, i64>;

fn fates(bed: &Bed, run_id: i64) -> Fates {
    bed.cache
        .read_blocking(move |conn| Ok(mend::totals(conn, run_id)?.into_iter().collect()))
        .unwrap()
}

async fn undo(bed: &Bed, run_id: i64) {
    let started = start_undo(&bed.cache, run_id, "管理员", now_ms()).unwrap();
    assert_eq!(carry_out(bed, started.run_id).await, StateWord::Succeeded);
}

/// Dataset, rule, field and value of the findings of open rejections.
fn found(bed: &Bed) -> Vec<(DatasetId, Finding)> {
    bed.cache
        .read_blocking(|conn| {
            let filter = RejectionFilter {
                states: vec![1, 2],
                ..RejectionFilter::default()
            };
            let mut list = Vec::new();
            for row in rejection::page(conn, &filter, None, 100_000)? {
                let text = rejection::findings_of(conn, row.id)?.unwrap();
                let findings: Vec<Finding> = serde_json::from_str(&text)?;
                list.extend(findings.into_iter().map(|finding| (row.dataset, finding)));
            }
            Ok(list)
        })
        .unwrap()
}

fn random_step(random: &mut Random, seen: &[(DatasetId, Finding)]) -> MendStep {
    let (dataset, finding) = random.of(seen).clone();
    let field = finding.field.to_string();
    let value = finding.value.clone().unwrap_or_else(|| "1".into());
    let severities = [
        Severity::Off,
        Severity::Warn,
        Severity::Hold,
        Severity::Reject,
    ];
    let transforms = [
        Transform::HalfWidth,
        Transform::UpperCase,
        Transform::Trim { inner: true },
        Transform::Default { value: "1".into() },
        Transform::DateForm {
            forms: vec!["%Y年%m月%d日".into(), "%d/%m/%Y".into()],
        },
        Transform::Substring {
            begin: 1,
            length: 3,
        },
        Transform::Constant { value: "20".into() },
    ];
    match random.below(7) {
        0 | 1 => MendStep::SetSeverity {
            rule: finding.rule.code().into(),
            severity: *random.of(&severities),
        },
        2 => MendStep::SetSeverity {
            rule: random.of(ALL).code().into(),
            severity: *random.of(&severities),
        },
        3 => match dataset
            .dataset()
            .field(&field)
            .and_then(|field| field.kind.code_list())
        {
            Some(list) => MendStep::AddCode {
                list: list.into(),
                code: value,
                name: "新增".into(),
            },
            None => MendStep::MapCode {
                dataset,
                field,
                from: value,
                to: "1".into(),
            },
        },
        4 => MendStep::MapCode {
            dataset,
            field,
            from: value,
            to: finding.remedy.map_or_else(|| "2".into(), |one| one.value),
        },
        5 => MendStep::AddTransform {
            dataset,
            field,
            transform: random.of(&transforms).clone(),
        },
        _ => {
            let fields = dataset.dataset().fields;
            let (one, other) = (random.below(fields.len()), random.below(fields.len()));
            MendStep::SetField {
                dataset,
                field: fields[one].name.into(),
                source: fields[other].name.into(),
                transforms: vec![],
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_200_random_changes_what_would_pass_then_passes_once_and_undo_restores() {
    let bed = Bed::with(160, 23, 0.3, "gateway", |profile| {
        profile.limits.reject_rate_percent = 0.0;
    })
    .await;
    bed.run(RunMode::Full).await;
    let (before, dump) = (profile(&bed), bed.dump());
    let seen = found(&bed);
    assert!(seen.len() > 100, "{}", seen.len());
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut passed, mut changes, mut others) = (0, 0, 0);
    while changes < 200 {
        let steps: Vec<MendStep> = (0..=random.below(3))
            .map(|_| random_step(&mut random, &seen))
            .collect();
        let (after, applied) = mended(&before, &steps);
        if applied == 0 {
            continue;
        }
        changes += 1;
        // Any step may change any dataset's rejections; one that it names is the likeliest.
        let dataset = steps
            .iter()
            .find_map(MendStep::dataset)
            .unwrap_or_else(|| random.of(&seen).0);
        let told = effect(&bed, &before, &after, dataset);
        assert!(told.done);
        assert_eq!(
            told.rejected,
            told.would_pass + told.still_fail + told.fail_otherwise
        );
        save(&bed, &after);
        let canary = u32::try_from(1 + random.below(8)).unwrap();
        let Some((run_id, fates)) = mend(&bed, filter_of(&bed, dataset), canary).await else {
            assert_eq!(told.rejected, 0);
            continue;
        };
        let of = |fate: i64| u64::try_from(fates.get(&fate).copied().unwrap_or(0)).unwrap();
        assert_eq!(of(PASSED), told.would_pass, "{dataset} {steps:?}");
        // Of rejections with one number, whichever comes second may be counted as left or failing.
        assert_eq!(
            of(STILL) + of(OTHERWISE) + of(LEFT),
            told.still_fail + told.fail_otherwise,
            "{dataset} {steps:?}"
        );
        passed += told.would_pass;
        others += told.fail_otherwise;

        let once = bed.dump();
        let twice = mend(&bed, filter_of(&bed, dataset), canary).await;
        assert_eq!(bed.dump(), once, "the second time: {dataset} {steps:?}");
        if let Some((_, fates)) = twice {
            assert!(!fates.contains_key(&PASSED));
        }
        save(&bed, &before);
        undo(&bed, run_id).await;
        assert_eq!(bed.dump(), dump, "undone: {dataset} {steps:?}");
    }
    assert!(passed > 200, "{passed} passed in all");
    assert!(others > 20, "{others} failed otherwise in all");
}

/// A bed with a change that cures all that fails by one rule: the commonest.
async fn cured_bed() -> (Bed, DatasetId, u64) {
    let bed = Bed::with(300, 7, 0.3, "gateway", |profile| {
        profile.limits.reject_rate_percent = 0.0;
    })
    .await;
    bed.run(RunMode::Full).await;
    let seen = found(&bed);
    let mut counts: BTreeMap<DatasetId, usize> = BTreeMap::new();
    for (dataset, _) in &seen {
        *counts.entry(*dataset).or_default() += 1;
    }
    let (dataset, _) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap();
    let before = profile(&bed);
    let steps: Vec<MendStep> = ALL
        .iter()
        .map(|rule| MendStep::SetSeverity {
            rule: rule.code().into(),
            severity: Severity::Warn,
        })
        .collect();
    let (after, _) = mended(&before, &steps);
    let told = effect(&bed, &before, &after, dataset);
    assert!(told.would_pass > 20, "{told:?}");
    save(&bed, &after);
    (bed, dataset, told.would_pass)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_between_batches_is_taken_up_and_loses_nothing() {
    let (bed, dataset, passes) = cured_bed().await;
    let started = start_mending(&bed.cache, options(&bed, filter_of(&bed, dataset), 4)).unwrap();
    assert!(
        !mend_batches(&bed.cache, started.run_id, 4, 3)
            .await
            .unwrap()
    );
    // The process is gone: its run is nobody's.
    let id = started.run_id;
    bed.cache
        .write_blocking(move |tx| zhengqiao_store::hold::let_go(tx, id, false))
        .unwrap();
    let half = fates(&bed, id).values().sum::<i64>();
    assert!(half > 0 && u64::try_from(half).unwrap() < passes, "{half}");
    assert_eq!(resume(&bed), id);
    carry_out(&bed, id).await;
    assert_eq!(
        u64::try_from(fates(&bed, id)[&PASSED]).unwrap(),
        passes,
        "each passes once"
    );
    let (counts, parts) = bed
        .cache
        .read_blocking(move |conn| {
            Ok((
                run::get(conn, id)?.unwrap().counts,
                run::datasets(conn, id)?,
            ))
        })
        .unwrap();
    assert!(counts.balance());
    assert!(parts.iter().all(|part| part.ended_at.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_keeps_what_it_did_and_undo_takes_even_that_back() {
    let (bed, dataset, passes) = cured_bed().await;
    let dump = bed.dump();
    let started = start_mending(&bed.cache, options(&bed, filter_of(&bed, dataset), 4)).unwrap();
    let id = started.run_id;
    mend_batches(&bed.cache, id, 4, 3).await.unwrap();
    bed.cache
        .write_blocking(move |tx| run::request_cancel(tx, id))
        .unwrap();
    assert_eq!(carry_out(&bed, id).await, StateWord::Cancelled);
    let done = fates(&bed, id).values().sum::<i64>();
    assert!(done > 0 && u64::try_from(done).unwrap() < passes);
    // What was not reached is open as it was, and passes now.
    let (second, rest) = mend(&bed, filter_of(&bed, dataset), 4).await.unwrap();
    assert_eq!(u64::try_from(rest[&PASSED] + done).unwrap(), passes);
    undo(&bed, second).await;
    undo(&bed, id).await;
    assert_eq!(bed.dump(), dump);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_waits_for_a_person_when_no_canary_is_cured_and_a_run_does_not_go_on_by_itself() {
    let bed = Bed::new(300, 7, 0.3).await;
    bed.run(RunMode::Full).await;
    let dataset = found(&bed)[0].0;
    let dump = bed.dump();
    let started = start_mending(&bed.cache, options(&bed, filter_of(&bed, dataset), 3)).unwrap();
    let id = started.run_id;
    assert_eq!(carry_out(&bed, id).await, StateWord::Paused);
    let asks = bed
        .cache
        .read_blocking(move |conn| Ok(mend::get(conn, id)?.unwrap()))
        .unwrap();
    assert_eq!(asks.phase, "asks");
    assert_eq!(asks.asks.as_deref(), Some("canary_none"));
    assert_eq!(fates(&bed, id).values().sum::<i64>(), 3);
    let again = RunOptions::new(bed.connection_id, RunMode::Incremental, now_ms());
    assert!(matches!(
        zhengqiao_sync::start(&bed.cache, again),
        Err(SyncError::Unfinished(_))
    ));
    zhengqiao_sync::give_up(&bed.cache, id, now_ms())
        .await
        .unwrap();
    assert_eq!(bed.dump(), dump, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_cause_covers_what_a_later_run_brings_until_its_date() {
    let bed = Bed::new(300, 7, 0.3).await;
    bed.run(RunMode::Full).await;
    let first = bed
        .cache
        .read_blocking(|conn| Ok(run::page(conn, None, None, 1)?[0].id))
        .unwrap();
    let (cause, alone) = bed
        .cache
        .read_blocking(|conn| {
            let mut best = None;
            for row in zhengqiao_store::cause::list(conn, 100)? {
                let alone = ignore::only_of(conn, row.id, 0, 1000)?.len();
                if best.as_ref().is_none_or(|(_, most)| alone > *most) {
                    best = Some((ignore::cause_of(conn, row.id)?.unwrap().2, alone));
                }
            }
            Ok(best.unwrap())
        })
        .unwrap();
    assert!(alone > 1, "{alone}");
    undo(&bed, first).await;
    let connection_id = bed.connection_id;
    let named: Standing = cause.clone();
    let decision = bed
        .cache
        .write_blocking(move |tx| {
            ignore::decide(
                tx,
                &NewDecision {
                    connection_id,
                    standing: Some(&named),
                    chosen: None,
                    term: Term::Date,
                    until: Some("2999-12-31"),
                    reason: "来源单位已确认",
                    actor: "管理员",
                    at: now_ms(),
                },
            )
        })
        .unwrap();
    bed.run(RunMode::Full).await;
    let covers = || {
        bed.cache
            .read_blocking(move |conn| Ok(ignore::get(conn, decision)?.unwrap()))
            .unwrap()
    };
    assert_eq!(usize::try_from(covers().covers).unwrap(), alone);
    let day = moment::canonical(chrono::Utc::now().naive_utc());
    assert_eq!(
        open_expired(&bed.cache, &day[..10], now_ms())
            .await
            .unwrap(),
        0
    );
    let opened = open_expired(&bed.cache, "3000-01-01", now_ms())
        .await
        .unwrap();
    assert_eq!(usize::try_from(opened).unwrap(), alone);
    assert!(covers().ended_at.is_some());
    assert_eq!(covers().covers, 0);
    assert_eq!(
        open_expired(&bed.cache, "3000-01-01", now_ms())
            .await
            .unwrap(),
        0,
        "the second time changes nothing"
    );
}

/// Ends a computation after so many records.
struct Impatient(std::sync::atomic::AtomicUsize);

impl zhengqiao_sync::Watch for Impatient {
    fn is_cancelled(&self) -> bool {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 20
    }

    fn tell(&self, _dataset: DatasetId, _effect: &Effect) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computation_that_is_cancelled_ends_at_the_next_record_and_says_so() {
    let bed = Bed::new(300, 7, 0.3).await;
    bed.run(RunMode::Full).await;
    let present = profile(&bed);
    let mappings: BTreeMap<_, _> = present
        .datasets
        .iter()
        .map(|(id, source)| (*id, source.mapping.clone()))
        .collect();
    let change = Change {
        connection_id: bed.connection_id,
        rules: present.rules.clone(),
        mappings: mappings.clone(),
        present_rules: present.rules.clone(),
        present_mappings: mappings,
        now: (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc(),
        now_ms: now_ms(),
    };
    let effects = compute_effect(&bed.cache, &change, &Impatient(0.into()))
        .unwrap()
        .unwrap();
    assert_eq!(effects.len(), 1, "the first dataset was not finished");
    assert!(effects.values().all(|effect| !effect.done));
    let all = compute_effect(&bed.cache, &change, &AtomicBool::new(false))
        .unwrap()
        .unwrap();
    assert_eq!(all.len(), present.datasets.len());
    assert!(
        all.values()
            .all(|effect| effect.done && effect.would_fail + effect.fail_otherwise == 0),
        "nothing is changed by no change"
    );
}

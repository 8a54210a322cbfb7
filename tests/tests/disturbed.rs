//! Faults that meet more than one request: every page of every dataset, many kinds at once, runs of
//! what changed only, and a provider that is not there at all.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../../src-tauri/crates/sync/tests/bed/mod.rs"]
mod bed;

use std::collections::BTreeSet;
use std::sync::Arc;

use bed::{Bed, small_pages};
use zhengqiao_demo::{DATASETS, DemoOptions, DemoProvider, Fault, FaultKind};
use zhengqiao_exchange::Profile;
use zhengqiao_sync::{RunMode, StateWord};

const FAMILIES: [&str; 3] = ["gateway", "oauth2", "cursor"];

/// Repeatable random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(limit)).unwrap()
    }
}

async fn provider(seed: u64) -> Arc<DemoProvider> {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.1,
        ..DemoOptions::new(150, seed, now)
    };
    Arc::new(
        DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
            .await
            .unwrap(),
    )
}

fn patient(profile: &mut Profile) {
    small_pages(profile, 40);
    profile.network.request_timeout_ms = 1_000;
    profile.network.retries = 6;
    profile.network.max_retry_after_s = 1;
}

/// A new cache over the provider; all caches of a test take the same moment for now.
fn bed_over(provider: &Arc<DemoProvider>, family: &str) -> Bed {
    let mut bed = Bed::over(provider.clone(), family, patient);
    bed.now_ms = Some(moment_ms(provider) + 1_000);
    bed
}

fn moment_ms(provider: &DemoProvider) -> i64 {
    (provider.world().options.now - chrono::Duration::hours(8))
        .and_utc()
        .timestamp_millis()
}

/// What differs between two lists of rows, shortened.
fn differences(one: &[String], other: &[String]) -> Vec<String> {
    let set = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<String>>();
    let (ones, others) = (set(one), set(other));
    ones.difference(&others)
        .map(|line| format!("- {line}"))
        .chain(others.difference(&ones).map(|line| format!("+ {line}")))
        .take(4)
        .map(|line| line.chars().take(400).collect())
        .collect()
}

/// The rows of a cache as our own fields, without what was received.
fn fields(bed: &Bed) -> Vec<String> {
    bed.cache
        .read_blocking(|conn| {
            let mut lines = Vec::new();
            for query in [
                "SELECT s.dataset || ' ' || hex(r.key_hash) || ' ' || hex(r.hash) || ' ' || r.state || ' ' || r.fields
                 FROM record r JOIN source s ON s.id = r.source_id",
                "SELECT s.dataset || ' ' || r.record_key || ' ' || r.outcome || ' ' || r.state || ' ' || p.findings
                 FROM rejection r JOIN source s ON s.id = r.source_id JOIN rejection_payload p ON p.rejection_id = r.id",
            ] {
                let mut statement = conn.prepare(query)?;
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                lines.extend(rows.collect::<Result<Vec<_>, _>>()?);
            }
            Ok(lines)
        })
        .unwrap()
}

fn everywhere(kind: FaultKind) -> Fault {
    Fault {
        dataset: None,
        skip: 0,
        times: u32::MAX,
        kind,
    }
}

fn assert_accounts(bed: &Bed, name: &str) {
    for part in bed.parts() {
        assert!(part.counts.balance(), "{name}: {part:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peculiar_form_of_every_page_changes_no_record() {
    let provider = provider(31).await;
    let forms = [
        FaultKind::Bom,
        FaultKind::NumbersAsText,
        FaultKind::DuplicatedRows,
        FaultKind::SlowBody { pause_ms: 1 },
    ];
    let mut wrong = Vec::new();
    for family in FAMILIES {
        let undisturbed = bed_over(&provider, family);
        undisturbed.run(RunMode::Full).await;
        for kind in &forms {
            let name = format!("{family} {kind:?}");
            provider.faults().push(everywhere(kind.clone()));
            let bed = bed_over(&provider, family);
            let state = bed.run(RunMode::Full).await;
            provider.faults().clear();
            assert_accounts(&bed, &name);
            let differences = differences(&fields(&undisturbed), &fields(&bed));
            if state != StateWord::FinishedWithRejections || !differences.is_empty() {
                wrong.push(format!(
                    "{name}: {state:?} {:#?} {differences:#?}",
                    bed.causes()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_faults_in_one_run_leave_the_cache_of_an_undisturbed_one() {
    let kinds = [
        FaultKind::RateLimited { retry_after_s: 0 },
        FaultKind::ServerError { status: 500 },
        FaultKind::ServerError { status: 503 },
        FaultKind::TruncatedJson,
        FaultKind::BrokenBody,
        FaultKind::MalformedJson,
        FaultKind::WrongContentType,
        FaultKind::RepeatedPage,
        FaultKind::Bom,
        FaultKind::SlowBody { pause_ms: 2 },
        FaultKind::DuplicatedRows,
    ];
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for seed in 0..6 {
        let family = FAMILIES[seed % 3];
        let provider = provider(40 + seed as u64).await;
        let undisturbed = bed_over(&provider, family);
        undisturbed.run(RunMode::Full).await;
        for dataset in DATASETS {
            for _ in 0..3 {
                provider.faults().push(Fault {
                    dataset: Some(dataset.into()),
                    skip: random.below(6),
                    times: 1,
                    kind: kinds[random.below(kinds.len() as u32) as usize].clone(),
                });
            }
        }
        let bed = bed_over(&provider, family);
        let script = format!("{:?}", provider.faults());
        let state = bed.run(RunMode::Full).await;
        assert_accounts(&bed, &script);
        assert_eq!(
            (state, differences(&undisturbed.dump(), &bed.dump())),
            (StateWord::FinishedWithRejections, Vec::new()),
            "{family}: {:#?} {script}",
            bed.causes()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incremental_run_that_failed_is_made_up_for_by_the_next() {
    let lasting = [
        FaultKind::ServerError { status: 500 },
        FaultKind::MalformedJson,
        FaultKind::WrongContentType,
        FaultKind::TruncatedJson,
    ];
    for (seed, family) in FAMILIES.into_iter().enumerate() {
        let provider = provider(60 + seed as u64).await;
        let mut beds: Vec<Bed> = (0..=lasting.len())
            .map(|_| bed_over(&provider, family))
            .collect();
        for bed in &beds {
            bed.run(RunMode::Full).await;
        }
        let now = provider.world().options.now;
        provider
            .world()
            .advance(60, now + chrono::Duration::seconds(30));
        for bed in &mut beds {
            bed.now_ms = Some(moment_ms(&provider) + 60_000);
        }
        let mut beds = beds.into_iter();
        let undisturbed = beds.next().unwrap();
        undisturbed.run(RunMode::Incremental).await;
        let grown = undisturbed.part("case_acceptance").counts;
        assert!(grown.accepted > 0, "{family}: {grown:?}");
        for (kind, bed) in lasting.iter().zip(beds) {
            let name = format!("{family} {kind:?}");
            provider.faults().push(Fault {
                dataset: Some("case_step".into()),
                skip: 1,
                times: u32::MAX,
                kind: kind.clone(),
            });
            let state = bed.run(RunMode::Incremental).await;
            provider.faults().clear();
            assert_eq!(state, StateWord::Failed, "{name}: {:?}", bed.causes());
            assert_accounts(&bed, &name);
            bed.run(RunMode::Incremental).await;
            assert_accounts(&bed, &name);
            assert_eq!(
                differences(&undisturbed.dump(), &bed.dump()),
                Vec::<String>::new(),
                "{name}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_move_in_every_reading_need_a_decision_and_a_quiet_run_ends_it() {
    let provider = provider(70).await;
    for family in ["gateway", "oauth2"] {
        let undisturbed = bed_over(&provider, family);
        undisturbed.run(RunMode::Full).await;
        provider.faults().push(Fault {
            dataset: Some("case_step".into()),
            skip: 1,
            times: u32::MAX,
            kind: FaultKind::PageDrift,
        });
        let bed = bed_over(&provider, family);
        let state = bed.run(RunMode::Full).await;
        provider.faults().clear();
        let part = bed.part("case_step");
        assert_eq!(
            (state, part.code.as_deref()),
            (StateWord::NeedsDecision, Some("page_drift")),
            "{family}: {part:?}"
        );
        assert!(part.message.unwrap().contains("moved between pages"));
        assert_accounts(&bed, family);
        assert_eq!(
            bed.run(RunMode::Full).await,
            StateWord::FinishedWithRejections
        );
        assert_eq!(
            differences(&undisturbed.dump(), &bed.dump()),
            Vec::<String>::new(),
            "{family}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_fails_every_dataset_at_once_by_its_name() {
    let provider = provider(80).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for family in FAMILIES {
        let bed = Bed::over(provider.clone(), family, |profile| {
            patient(profile);
            profile.base_url = format!("http://{nobody}");
        });
        assert_eq!(bed.run(RunMode::Full).await, StateWord::Failed, "{family}");
        let parts = bed.parts();
        assert_eq!(parts.len(), DATASETS.len());
        for part in parts {
            assert_eq!(
                (part.state.as_str(), part.code.as_deref()),
                ("failed", Some("connect")),
                "{family}: {part:?}"
            );
            assert!(part.counts.balance() && part.counts.fetched == 0);
        }
    }
}

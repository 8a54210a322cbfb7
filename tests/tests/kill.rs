//! A run that is killed with SIGKILL at random moments and resumed each time ends in exactly the
//! cache of a run that nobody disturbed.
//!
//! Most kills come soon, while a process opens the cache, takes the run over or ends a dataset; the
//! others come late enough for pages to be committed in the middle of a dataset. The connection's
//! own pacing makes the runs long enough; the three families are killed side by side.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../../src-tauri/crates/sync/tests/bed/mod.rs"]
mod bed;

use std::sync::Arc;
use std::time::Duration;

use bed::{Bed, small_pages};
use zhengqiao_demo::{DemoOptions, DemoProvider, Fault, FaultKind};
use zhengqiao_store::run;
use zhengqiao_sync::{RunMode, StateWord};

/// Kills of living processes a family.
const KILLS: u32 = 70;
/// Kills of one run, after which it may end in peace.
const KILLS_OF_A_RUN: u32 = 18;

/// Repeatable random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// How long a process may live.
    fn life(&mut self) -> Duration {
        Duration::from_millis(if self.below(4) == 0 {
            800 + self.below(500)
        } else {
            1 + self.below(250)
        })
    }
}

/// What was killed.
#[derive(Debug, Default)]
struct Tally {
    kills: u32,
    runs: u32,
    /// Kills after which the run went on within a dataset.
    within: u32,
}

async fn provider(seed: u64) -> Arc<DemoProvider> {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.1,
        ..DemoOptions::new(500, seed, now)
    };
    Arc::new(
        DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
            .await
            .unwrap(),
    )
}

/// Runs the connection in a process of its own; says whether it was killed before its end.
async fn run_and_kill(bed: &Bed, mode: RunMode, after: Option<Duration>) -> bool {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_one_run"))
        .arg(bed.cache.path())
        .arg(bed.connection_id.to_string())
        .arg(&bed.provider.credentials().secret)
        .arg(bed.now_ms.unwrap().to_string())
        .arg(mode.as_str())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let Some(after) = after else {
        assert!(child.wait().await.unwrap().success());
        return false;
    };
    if let Ok(ended) = tokio::time::timeout(after, child.wait()).await {
        assert!(ended.unwrap().success());
        return false;
    }
    child.kill().await.unwrap();
    true
}

/// The runs of a cache, newest first.
fn runs(bed: &Bed) -> Vec<run::RunRow> {
    bed.cache
        .read_blocking(|conn| run::page(conn, None, None, 10))
        .unwrap()
}

/// Whether a dataset's part has committed pages and is not at its end.
fn is_within_a_dataset(bed: &Bed) -> bool {
    bed.parts().iter().any(|part| {
        part.ended_at.is_none()
            && part
                .position
                .as_deref()
                .is_some_and(|position| position.contains("\"ended\":false"))
    })
}

/// Runs a connection once, killing it again and again, and compares its cache.
async fn disturb(bed: &Bed, undisturbed: &Bed, mode: RunMode, random: &mut Random) -> Tally {
    let mut tally = Tally::default();
    let before = runs(bed).len();
    let state = undisturbed.run(mode).await;
    assert!(
        matches!(
            state,
            StateWord::Succeeded | StateWord::FinishedWithRejections
        ),
        "{:?}",
        undisturbed.causes()
    );
    loop {
        if random.below(3) == 0 {
            bed.provider.faults().push(Fault {
                dataset: None,
                skip: random.below(3) as u32,
                times: 1,
                kind: FaultKind::RepeatedPage,
            });
        }
        let life = (tally.kills < KILLS_OF_A_RUN).then(|| random.life());
        let killed = run_and_kill(bed, mode, life).await;
        bed.provider.faults().clear();
        if !killed {
            break;
        }
        tally.kills += 1;
        let runs = runs(bed);
        // Killed before the run was registered, or between the run's end and its process's.
        if runs.len() > before {
            if runs[0].ended_at.is_some() {
                break;
            }
            tally.within += u32::from(is_within_a_dataset(bed));
        }
    }
    tally.runs += u32::from(tally.kills > 0);

    let runs = runs(bed);
    assert_eq!(runs.len(), before + 1, "one run, however often: {runs:?}");
    assert_eq!(runs[0].state, state.as_str(), "{runs:?}");
    for part in bed.parts() {
        assert!(part.counts.balance(), "{part:?}");
    }
    let (expected, found) = (undisturbed.dump(), bed.dump());
    let difference = expected
        .iter()
        .zip(&found)
        .find(|(one, other)| one != other);
    assert!(difference.is_none(), "{mode:?}: {difference:#?}");
    assert_eq!(expected.len(), found.len(), "{mode:?}");
    tally
}

/// Kills full runs of one family, and incremental ones after them.
async fn family(name: &'static str, seed: u64) -> Tally {
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ seed);
    let mut sum = Tally::default();
    for round in 0.. {
        if sum.kills >= KILLS {
            break;
        }
        let provider = provider(seed + round).await;
        let now = provider.world().options.now;
        let now_ms = (now - chrono::Duration::hours(8))
            .and_utc()
            .timestamp_millis();
        let mut undisturbed = Bed::over(provider.clone(), name, |profile| {
            small_pages(profile, 25);
        });
        let mut bed = Bed::over(provider.clone(), name, |profile| {
            small_pages(profile, 25);
            profile.network.requests_per_second = 40.0;
        });
        for mode in [RunMode::Full, RunMode::Incremental] {
            let at_ms = match mode {
                RunMode::Full | RunMode::Verify => now_ms + 1_000,
                RunMode::Incremental => {
                    let later = now + chrono::Duration::seconds(30);
                    provider.world().advance(400, later);
                    now_ms + 60_000
                }
            };
            (undisturbed.now_ms, bed.now_ms) = (Some(at_ms), Some(at_ms));
            let tally = disturb(&bed, &undisturbed, mode, &mut random).await;
            sum.kills += tally.kills;
            sum.runs += tally.runs;
            sum.within += tally.within;
        }
    }
    sum
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_at_any_moment_ends_in_the_cache_of_an_undisturbed_one() {
    let families = [("gateway", 100), ("oauth2", 200), ("cursor", 300)]
        .map(|(name, seed)| tokio::spawn(family(name, seed)));
    let mut sum = Tally::default();
    for one in families {
        let tally = one.await.unwrap();
        sum.kills += tally.kills;
        sum.runs += tally.runs;
        sum.within += tally.within;
    }
    assert!(
        sum.kills >= 200 && sum.runs > 10 && sum.within >= 30,
        "{sum:?}"
    );
    println!(
        "{} kills over {} runs, {} within a dataset",
        sum.kills, sum.runs, sum.within
    );
}

//! A run that is killed with SIGKILL at random moments and resumed each time ends in exactly the
//! cache of a run that nobody disturbed.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../../src-tauri/crates/sync/tests/bed/mod.rs"]
mod bed;

use std::sync::Arc;
use std::time::Duration;

use bed::{Bed, small_pages};
use zhengqiao_demo::{DemoOptions, DemoProvider};
use zhengqiao_store::run;
use zhengqiao_sync::{RunMode, StateWord};

/// Kills of a living process over the whole test.
const KILLS: u32 = 200;
/// Kills of one run, after which it may end in peace.
const KILLS_OF_A_RUN: u32 = 14;

/// Repeatable random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
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
async fn run_and_kill(bed: &Bed, now_ms: i64, after: Option<Duration>) -> bool {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_one_run"))
        .arg(bed.cache.path())
        .arg(bed.connection_id.to_string())
        .arg(&bed.provider.credentials().secret)
        .arg(now_ms.to_string())
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

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_at_any_moment_ends_in_the_cache_of_an_undisturbed_one() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut kills, mut resumed) = (0, 0);
    for round in 0.. {
        if kills >= KILLS {
            break;
        }
        let provider = provider(100 + round).await;
        let now_ms = chrono::Utc::now().timestamp_millis();
        let family = ["gateway", "oauth2", "cursor"][round as usize % 3];
        let mut undisturbed = Bed::over(provider.clone(), family, |profile| {
            small_pages(profile, 150);
        });
        undisturbed.now_ms = Some(now_ms);
        assert_eq!(
            undisturbed.run(RunMode::Full).await,
            StateWord::FinishedWithRejections
        );

        let bed = Bed::over(provider, family, |profile| small_pages(profile, 150));
        let mut of_this_run = 0;
        loop {
            let after = Duration::from_millis(random.below(600));
            let may_end = of_this_run >= KILLS_OF_A_RUN;
            if !run_and_kill(&bed, now_ms, (!may_end).then_some(after)).await {
                break;
            }
            of_this_run += 1;
            // Killed between the run's end and its process's.
            if runs(&bed)[0].ended_at.is_some() {
                break;
            }
        }
        kills += of_this_run;
        resumed += u32::from(of_this_run > 0);

        let runs = runs(&bed);
        assert_eq!(
            runs.len(),
            1,
            "one run, however often it was taken up again: {runs:?}"
        );
        assert_eq!(runs[0].state, "finished_with_rejections", "{runs:?}");
        for part in bed.parts() {
            assert!(part.counts.balance(), "round {round}: {part:?}");
        }
        let (expected, found) = (undisturbed.dump(), bed.dump());
        let difference = expected
            .iter()
            .zip(&found)
            .find(|(one, other)| one != other);
        assert!(
            difference.is_none(),
            "round {round}, {family}: {difference:#?}"
        );
        assert_eq!(expected.len(), found.len(), "round {round}, {family}");
    }
    assert!(
        kills >= KILLS && resumed > 5,
        "{kills} kills of {resumed} runs"
    );
    println!("{kills} kills over {resumed} runs");
}

//! Runs that start by themselves, and runs that wait: over the real console and real providers.
//!
//! The present is handed in, so that no test waits for a time of day.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use zhengqiao_api::contract::{
    Definition, Missed, Nothing, RunId, RunMode, SaveConnection, SaveSchedule, ScheduleEvent,
    ScheduleRow, ScheduledStart, Standing, StartSync, Timing,
};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};
use zhengqiao_demo::{DemoOptions, DemoProvider, Fault, FaultKind};
use zhengqiao_exchange::{Environment, Pager, Profile, preset};

const PATIENCE: Duration = Duration::from_mins(2);
const DAY_MS: i64 = 86_400_000;

async fn provider(records: u64, seed: u64) -> DemoProvider {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    DemoProvider::start(
        DemoOptions::new(records, seed, now),
        ([127, 0, 0, 1], 0).into(),
    )
    .await
    .unwrap()
}

async fn console(dir: &Path) -> Console {
    Console::opened(ConsoleOptions {
        data_dir: dir.join("place"),
        keys: KeyChoice::Passphrase(Secret::new("correct horse battery".to_owned())),
        demo: false,
    })
    .await
    .unwrap()
}

/// A connection to a provider; `page` rows at a time.
async fn connect(
    console: &Console,
    provider: &DemoProvider,
    name: &str,
    page: u32,
    per_second: f64,
) -> i64 {
    let mut profile: Profile = preset("gateway").unwrap().profile;
    profile.base_url = provider.base_url();
    profile.environment = Environment::Demo;
    profile.network.requests_per_second = per_second;
    profile.network.backoff_ms = 1;
    if let Some(id) = profile.auth.id_mut() {
        provider.credentials().requester_id.clone_into(id);
    }
    for source in profile.datasets.values_mut() {
        if let Pager::Page { size, .. } = &mut source.pager {
            *size = page;
        }
    }
    let request = SaveConnection {
        connection_id: None,
        name: name.into(),
        secret: Some(provider.credentials().secret.clone()),
        profile,
    };
    console
        .save_connection(request)
        .await
        .unwrap()
        .connection_id
}

async fn daily(console: &Console, connection_id: i64, missed: Missed) -> ScheduleRow {
    let request = SaveSchedule {
        schedule_id: None,
        connection_id,
        definition: Definition {
            timing: Timing::Daily {
                times: vec!["02:00".into(), "14:00".into()],
            },
            missed,
            ..Definition::default()
        },
        enabled: true,
    };
    console.save_schedule(request).await.unwrap()
}

fn run_of(events: &[ScheduleEvent]) -> i64 {
    match events {
        [
            ScheduleEvent {
                start: ScheduledStart::Started { run_id },
                ..
            },
        ] => *run_id,
        other => panic!("{other:?}"),
    }
}

async fn until(console: &Console, what: &str, is: impl AsyncFn(&Console) -> bool) {
    let begun = Instant::now();
    while !is(console).await {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn standing(console: &Console, run_id: i64) -> Option<Standing> {
    let runs = console.list_active_runs(Nothing {}).await.unwrap();
    runs.iter()
        .find(|one| one.run.run_id == run_id)
        .map(|one| one.standing)
}

fn start(connection_id: i64) -> StartSync {
    StartSync {
        connection_id,
        datasets: Vec::new(),
        mode: RunMode::Full,
        scope: None,
    }
}

/// Leaving the program concerns every run of this process: the test of it runs alone.
static TOGETHER: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn a_due_time_is_started_once_by_two_hosts_that_look_at_the_same_moment() {
    let _together = TOGETHER.read().await;
    let dir = tempfile::tempdir().unwrap();
    let provider = provider(100, 1).await;
    let (one, other) = (console(dir.path()).await, console(dir.path()).await);
    let id = connect(&one, &provider, "省级", 100, 0.0).await;
    let due = daily(&one, id, Missed::Skip).await.next[0];
    assert_eq!(one.start_due(due - 1).await.unwrap(), []);
    let (first, second) = tokio::join!(one.start_due(due), other.start_due(due));
    let mut events = first.unwrap();
    events.extend(second.unwrap());
    let run_id = run_of(&events);
    for console in [&one, &other] {
        assert!(console.wait_for_runs(PATIENCE).await);
        assert_eq!(console.start_due(due + 60_000).await.unwrap(), []);
    }
    let row = one.list_schedules(Nothing {}).await.unwrap().remove(0);
    assert_eq!(row.last_run_id, Some(run_id));
    assert!(row.misses.is_empty(), "{:?}", row.misses);
    let state = row.last_state.unwrap();
    let run = one.get_run(RunId { run_id }).await.unwrap().run;
    assert!(
        state == "succeeded" || state == "finished_with_rejections",
        "{state}: {:?}",
        run.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_times_are_told_and_made_up_for_by_one_run_or_passed_over() {
    let _together = TOGETHER.read().await;
    let dir = tempfile::tempdir().unwrap();
    let provider = provider(100, 2).await;
    let console = console(dir.path()).await;
    let makes_up = connect(&console, &provider, "补", 100, 0.0).await;
    let skips = connect(&console, &provider, "跳过", 100, 0.0).await;
    let due = daily(&console, makes_up, Missed::RunOnce).await.next[0];
    daily(&console, skips, Missed::Skip).await;
    let events = console
        .start_due(due + 2 * DAY_MS - 3_600_000)
        .await
        .unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[1].start, ScheduledStart::PassedOver);
    let run_id = run_of(&events[..1]);
    assert!(console.wait_for_runs(PATIENCE).await);
    let rows = console.list_schedules(Nothing {}).await.unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let miss = &row.misses[0];
            (
                miss.reason.as_str(),
                miss.times,
                miss.first_due_at,
                miss.run_id,
            )
        })
        .collect();
    assert_eq!(told, [("off", 4, due, Some(run_id)), ("off", 4, due, None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_failed_run_nor_a_running_or_paused_one_stops_the_schedule() {
    let _together = TOGETHER.read().await;
    let dir = tempfile::tempdir().unwrap();
    let provider = provider(200, 3).await;
    let console = console(dir.path()).await;
    let id = connect(&console, &provider, "省级", 20, 25.0).await;
    let due = daily(&console, id, Missed::Skip).await.next.clone();

    let run_id = run_of(&console.start_due(due[0]).await.unwrap());
    let running = console.start_due(due[1]).await.unwrap().remove(0).start;
    assert!(
        matches!(&running, ScheduledStart::Running { message } if message.contains("process")),
        "{running:?}"
    );

    console.pause_run(RunId { run_id }).await.unwrap();
    assert!(console.wait_for_runs(PATIENCE).await);
    let paused = console.start_due(due[2]).await.unwrap().remove(0).start;
    assert_eq!(paused, ScheduledStart::Paused);
    console.cancel_run(RunId { run_id }).await.unwrap();

    for _ in 0..200 {
        provider.faults().push(Fault {
            dataset: None,
            skip: 0,
            times: 1,
            kind: FaultKind::ServerError { status: 503 },
        });
    }
    let failed = run_of(&console.start_due(due[3]).await.unwrap());
    assert!(console.wait_for_runs(PATIENCE).await);
    let state = console
        .get_run(RunId { run_id: failed })
        .await
        .unwrap()
        .run
        .state;
    assert_eq!(state, "failed");
    provider.faults().clear();
    let next = run_of(&console.start_due(due[4]).await.unwrap());
    assert!(next > failed);
    let misses = console
        .list_schedules(Nothing {})
        .await
        .unwrap()
        .remove(0)
        .misses;
    let reasons: Vec<&str> = misses.iter().map(|miss| miss.reason.as_str()).collect();
    assert_eq!(reasons, ["paused", "running"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_survives_a_restart_and_goes_on_to_the_same_end() {
    let _together = TOGETHER.read().await;
    let dir = tempfile::tempdir().unwrap();
    let provider = provider(200, 4).await;
    let first = console(dir.path()).await;
    let id = connect(&first, &provider, "省级", 20, 25.0).await;
    let run_id = first.start_sync(start(id)).await.unwrap().run_id;
    until(&first, "a page", async |console| {
        console
            .get_run(RunId { run_id })
            .await
            .unwrap()
            .run
            .counts
            .fetched
            > 0
    })
    .await;
    first.pause_run(RunId { run_id }).await.unwrap();
    assert!(first.wait_for_runs(PATIENCE).await);
    drop(first);

    let second = console(dir.path()).await;
    assert_eq!(standing(&second, run_id).await, Some(Standing::Paused));
    assert!(second.interrupted_runs(None).await.unwrap().is_empty());
    let states = second.list_sync_state().await.unwrap();
    assert!(states.iter().any(|row| row.state == "paused"), "{states:?}");
    let told = second.watch_run(RunId { run_id }, |_| ()).await.unwrap();
    assert_eq!(
        (told.state.as_str(), told.standing),
        ("paused", Some(Standing::Paused))
    );

    assert_eq!(
        second.resume_run(RunId { run_id }).await.unwrap().run_id,
        run_id
    );
    let told = second.watch_run(RunId { run_id }, |_| ()).await.unwrap();
    assert!(told.ended && told.standing.is_none(), "{told:?}");
    let undisturbed = connect(&second, &provider, "另一", 100, 0.0).await;
    let other = second.start_sync(start(undisturbed)).await.unwrap().run_id;
    let other = second
        .watch_run(RunId { run_id: other }, |_| ())
        .await
        .unwrap();
    assert_eq!(
        (
            told.counts.fetched,
            told.counts.accepted,
            told.counts.rejected
        ),
        (
            other.counts.fetched,
            other.counts.accepted,
            other.counts.rejected
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_leaves_interrupts_its_runs_and_the_next_start_offers_them() {
    let _alone = TOGETHER.write().await;
    let dir = tempfile::tempdir().unwrap();
    let provider = provider(200, 5).await;
    let first = console(dir.path()).await;
    let id = connect(&first, &provider, "省级", 20, 10.0).await;
    let run_id = first.start_sync(start(id)).await.unwrap().run_id;
    until(&first, "a request that is waited for", async |console| {
        let told = console.list_active_runs(Nothing {}).await.unwrap();
        told.iter().any(|one| one.run.run_id == run_id && one.here)
    })
    .await;
    assert!(first.leave_runs().await);
    assert!(first.runs_here().is_empty());
    drop(first);
    let second = console(dir.path()).await;
    let left = second.interrupted_runs(None).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].run.run_id, run_id);
    second.cancel_run(RunId { run_id }).await.unwrap();
    assert!(second.interrupted_runs(None).await.unwrap().is_empty());
    let state = second.get_run(RunId { run_id }).await.unwrap().run.state;
    assert_eq!(state, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_that_is_waited_for_is_shown_without_secrets() {
    let _together = TOGETHER.read().await;
    let dir = tempfile::tempdir().unwrap();
    let provider = provider(100, 6).await;
    let console = console(dir.path()).await;
    let id = connect(&console, &provider, "省级", 20, 0.0).await;
    provider.faults().push(Fault {
        dataset: None,
        skip: 2,
        times: 1,
        kind: FaultKind::Timeout,
    });
    let run_id = console.start_sync(start(id)).await.unwrap().run_id;
    let watched = console.clone();
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let watch = tokio::spawn(async move {
        let told = watched.watch_run(RunId { run_id }, |progress| {
            // The test may have seen enough.
            let _ = sender.send(progress.request);
        });
        told.await.unwrap()
    });
    let request = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(request) = seen.recv().await.unwrap() {
                return request;
            }
        }
    })
    .await
    .unwrap();
    assert!(request.since <= chrono::Utc::now().timestamp_millis());
    assert!(request.method == "GET" || request.method == "POST");
    let shown = serde_json::to_string(&request).unwrap();
    assert!(!shown.contains(&provider.credentials().secret), "{shown}");
    console.cancel_run(RunId { run_id }).await.unwrap();
    let told = watch.await.unwrap();
    assert_eq!((told.state.as_str(), told.request), ("cancelled", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_change_of_state_is_told_with_connection_and_environment() {
    let _together = TOGETHER.read().await;
    let dir = tempfile::tempdir().unwrap();
    let provider = provider(100, 7).await;
    let console = console(dir.path()).await;
    let id = connect(&console, &provider, "省级", 100, 0.0).await;
    let mut changes = console.changes();
    for _ in 0..2 {
        console.start_sync(start(id)).await.unwrap();
        assert!(console.wait_for_runs(PATIENCE).await);
    }
    let change = changes.try_recv().unwrap();
    assert_eq!(
        (change.connection.as_str(), change.before.as_str()),
        ("省级", "never")
    );
    assert_eq!(change.environment, Environment::Demo);
    assert!(
        changes.try_recv().is_err(),
        "the second run changed nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_connection_and_a_small_one_run_together_and_neither_starves() {
    let _together = TOGETHER.read().await;
    let dir = tempfile::tempdir().unwrap();
    let (large, small) = (provider(12_000, 8).await, provider(100, 9).await);
    let console = console(dir.path()).await;
    let big = connect(&console, &large, "大", 1000, 0.0).await;
    let little = connect(&console, &small, "小", 100, 0.0).await;
    let big_run = console.start_sync(start(big)).await.unwrap().run_id;
    let fetched = async |console: &Console| {
        let detail = console.get_run(RunId { run_id: big_run }).await.unwrap();
        detail.run.counts.fetched
    };
    until(&console, "the large run's first rows", async |console| {
        fetched(console).await > 0
    })
    .await;
    let before = fetched(&console).await;
    let little_run = console.start_sync(start(little)).await.unwrap().run_id;
    let told = console
        .watch_run(RunId { run_id: little_run }, |_| ())
        .await
        .unwrap();
    assert!(
        told.counts.fetched > 0 && told.state != "failed",
        "{told:?}"
    );
    assert_eq!(
        standing(&console, big_run).await,
        Some(Standing::Running),
        "the small one did not wait for the large one's end"
    );
    until(&console, "more of the large run's rows", async |console| {
        fetched(console).await > before
    })
    .await;
    console.cancel_run(RunId { run_id: big_run }).await.unwrap();
    assert!(console.wait_for_runs(PATIENCE).await);
}

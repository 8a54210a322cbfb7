//! One connection is run by one process at a time, whoever it is, and a dead one holds nothing.
//!
//! The real program runs beside a console in this process, which stands for the window: both open
//! the same data directory at the same time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod place;

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use place::Place;
use serde_json::Value;
use zhengqiao_api::contract::{
    ActiveRun, Nothing, RunId, RunMode, SaveConnection, Standing, StartSync,
};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};
use zhengqiao_demo::{DemoOptions, DemoProvider};
use zhengqiao_exchange::{Environment, Pager, preset};

const NAME: &str = "省级平台";
const PATIENCE: Duration = Duration::from_secs(90);

struct Scene {
    place: Place,
    provider: DemoProvider,
    console: Console,
    connection_id: i64,
    _dir: tempfile::TempDir,
}

impl Scene {
    /// A connection whose run takes some seconds, because it asks slowly for small pages.
    async fn new(per_second: f64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(dir.path(), "place");
        let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
        let provider =
            DemoProvider::start(DemoOptions::new(200, 5, now), ([127, 0, 0, 1], 0).into())
                .await
                .unwrap();
        let console = Console::opened(ConsoleOptions {
            data_dir: place.dir.clone(),
            keys: KeyChoice::Passphrase(Secret::new(place.passphrase.to_owned())),
            demo: false,
        })
        .await
        .unwrap();
        let mut profile = preset("gateway").unwrap().profile;
        profile.base_url = provider.base_url();
        profile.environment = Environment::Demo;
        profile.network.requests_per_second = per_second;
        if let Some(id) = profile.auth.id_mut() {
            provider.credentials().requester_id.clone_into(id);
        }
        for source in profile.datasets.values_mut() {
            if let Pager::Page { size, .. } = &mut source.pager {
                *size = 20;
            }
        }
        let saved = console
            .save_connection(SaveConnection {
                connection_id: None,
                name: NAME.into(),
                secret: Some(provider.credentials().secret.clone()),
                profile,
            })
            .await
            .unwrap();
        Self {
            place,
            provider,
            console,
            connection_id: saved.connection_id,
            _dir: dir,
        }
    }

    fn spawn(&self, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_zhengqiao"))
            .arg("--data-dir")
            .arg(&self.place.dir)
            .args(args)
            .arg("--json")
            .env("ZHENGQIAO_PASSPHRASE", self.place.passphrase)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    async fn run(&self, args: &[&str]) -> Output {
        let child = self.spawn(args);
        tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
            .await
            .unwrap()
    }

    /// Waits until the only unfinished run is as it should be.
    async fn until(&self, is: impl Fn(&ActiveRun) -> bool) -> ActiveRun {
        let begun = Instant::now();
        loop {
            let runs = self.console.list_active_runs(Nothing {}).await.unwrap();
            if let Some(run) = runs.iter().find(|run| is(run)) {
                return run.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{runs:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn number_of_runs(&self) -> usize {
        let request = zhengqiao_api::contract::RunsRequest {
            limit: 50,
            ..Default::default()
        };
        self.console.list_runs(request).await.unwrap().runs.len()
    }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(bytes)))
}

fn ended_well(output: &Output) -> bool {
    matches!(output.status.code(), Some(0 | 3))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_started_together_one_runs_and_the_other_names_it() {
    let scene = Scene::new(25.0).await;
    let (one, other) = (
        scene.spawn(&["sync", NAME, "--full"]),
        scene.spawn(&["sync", NAME, "--full"]),
    );
    let pids = [one.id(), other.id()];
    let wait =
        |child: Child| tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let (one, other) = tokio::join!(wait(one), wait(other));
    let outputs = [one.unwrap(), other.unwrap()];
    let codes: Vec<_> = outputs.iter().map(|output| output.status.code()).collect();
    let winner = usize::from(codes[0] == Some(5));
    assert!(ended_well(&outputs[winner]), "{codes:?}");
    let loser = &outputs[1 - winner];
    assert_eq!(loser.status.code(), Some(5), "{codes:?}");
    let error = json(&loser.stderr)["error"].clone();
    assert_eq!(error["code"], "already_running");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("process {}", pids[winner])),
        "{message}"
    );
    assert!(message.contains("begun 20"), "{message}");
    assert_eq!(scene.number_of_runs().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_owner_holds_nothing_and_the_next_start_finishes_its_run() {
    let scene = Scene::new(25.0).await;
    let mut child = scene.spawn(&["sync", NAME, "--full"]);
    let going = scene.until(|run| run.run.counts.fetched > 0).await;
    assert_eq!(going.standing, Standing::Running);
    assert!(!going.here);
    assert!(
        going.owner.contains(&child.id().to_string()),
        "{}",
        going.owner
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let left = scene
        .until(|run| run.standing == Standing::Interrupted)
        .await;
    assert_eq!(left.run.state, "paused");

    let output = scene.run(&["sync", "--interrupted"]).await;
    assert!(
        ended_well(&output),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let detail = json(&output.stdout);
    assert_eq!(detail["run"]["run_id"], left.run.run_id);
    let fetched = detail["run"]["counts"]["fetched"].as_i64().unwrap();
    assert!(fetched > left.run.counts.fetched);
    assert_eq!(scene.number_of_runs().await, 1);
    let again = scene.run(&["sync", "--interrupted"]).await;
    assert_eq!(json(&again.stdout), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_respects_the_window_pauses_its_run_and_goes_on_with_it() {
    // Slow enough that two more programs start, one after the other on a busy machine, before it has ended.
    let scene = Scene::new(8.0).await;
    let started = scene
        .console
        .start_sync(StartSync {
            connection_id: scene.connection_id,
            datasets: Vec::new(),
            mode: RunMode::Full,
            scope: None,
        })
        .await
        .unwrap();
    let id = started.run_id.to_string();
    let refused = scene.run(&["sync", NAME]).await;
    assert_eq!(refused.status.code(), Some(5));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        told.contains(&format!("process {}", std::process::id())),
        "{told}"
    );

    let paused = scene.run(&["runs", &id, "--pause"]).await;
    assert!(
        paused.status.success(),
        "{}",
        String::from_utf8_lossy(&paused.stderr)
    );
    // The pause is written with the page; the lock is given back a moment later.
    let rests = scene
        .until(|run| run.standing == Standing::Paused && run.owner.is_empty() && !run.here)
        .await;
    let before = rests.run.counts.fetched;

    let output = scene.run(&["sync", NAME]).await;
    assert!(
        ended_well(&output),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let detail = json(&output.stdout);
    assert_eq!(detail["run"]["run_id"], started.run_id);
    assert!(detail["run"]["counts"]["fetched"].as_i64().unwrap() > before);
    assert_eq!(scene.number_of_runs().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_can_be_given_up_and_keeps_what_was_committed() {
    let scene = Scene::new(25.0).await;
    let mut child = scene.spawn(&["sync", NAME, "--full"]);
    scene.until(|run| run.run.counts.fetched > 0).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let left = scene
        .until(|run| run.standing == Standing::Interrupted)
        .await;
    let output = scene
        .run(&["runs", &left.run.run_id.to_string(), "--cancel"])
        .await;
    let detail = json(&output.stdout);
    assert_eq!(detail["run"]["state"], "cancelled");
    assert_eq!(detail["run"]["counts"]["fetched"], left.run.counts.fetched);
    let refused = scene
        .console
        .resume_run(RunId {
            run_id: left.run.run_id,
        })
        .await
        .unwrap_err();
    assert!(refused.message.contains("not active"), "{refused:?}");
    drop(scene.provider);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timers_command_starts_nothing_that_is_not_due_and_tells_why() {
    let scene = Scene::new(0.0).await;
    let set = [
        "schedule",
        "set",
        NAME,
        "--cron",
        "0 0 1 1 *",
        "--missed",
        "skip",
    ];
    let row = json(&scene.run(&set).await.stdout);
    assert!(row["zh"].as_str().unwrap().contains("0 0 1 1 *"), "{row}");
    let id = row["schedule_id"].to_string();
    let output = scene.run(&["sync", NAME, "--scheduled", &id]).await;
    assert!(output.status.success());
    assert_eq!(json(&output.stdout)["word"], "not_due");
    assert_eq!(scene.number_of_runs().await, 0);

    let quiet = [
        "schedule",
        "set",
        NAME,
        "--id",
        &id,
        "--at",
        "12:00",
        "--at",
        "00:00",
        "--quiet",
        "00:01-12:00",
        "--quiet",
        "12:01-00:00",
    ];
    assert!(scene.run(&quiet).await.status.success());
    let output = scene.run(&["sync", NAME, "--scheduled", &id]).await;
    assert!(output.status.success());
    let word = json(&output.stdout)["word"].clone();
    // At noon and midnight themselves it is not quiet.
    assert!(word == "quiet" || word == "not_due", "{word}");

    let lines = json(&scene.run(&["schedule", "crontab", &id]).await.stdout);
    let crontab = lines["crontab"].as_str().unwrap();
    assert!(
        crontab.contains(&format!("sync '{NAME}' --scheduled {id}")),
        "{crontab}"
    );
    assert!(crontab.contains("\n0 0,12 * * * zhengqiao "), "{crontab}");
    assert!(
        lines["timer"]
            .as_str()
            .unwrap()
            .contains("OnCalendar=*-*-* 00,12:00:00 Asia/Shanghai")
    );
    let wrong = scene.run(&["schedule", "set", NAME, "--at", "25:00"]).await;
    assert_eq!(wrong.status.code(), Some(1));
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        told.contains("times") && told.contains("25:00") && told.contains("14:30"),
        "{told}"
    );
    let removed = scene.run(&["schedule", "remove", &id]).await;
    assert!(removed.status.success());
    assert_eq!(
        json(&scene.run(&["schedule", "list"]).await.stdout),
        serde_json::json!([])
    );
}

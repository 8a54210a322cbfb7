//! Runs that wait, go on side by side, are interrupted by a kill; and schedules.

use std::path::Path;
use std::time::{Duration, Instant};

use zhengqiao_api::contract::SaveConnection;
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};
use zhengqiao_demo::{DemoOptions, DemoProvider};
use zhengqiao_exchange::{Environment, Pager, preset};

use super::driver::{Driver, Window};

const PASSPHRASE: &str = "correct horse battery";

/// Two slow providers, and connections to them in the data directory.
async fn two_connections(place: &Path) -> [DemoProvider; 2] {
    let console = Console::opened(ConsoleOptions {
        data_dir: place.to_path_buf(),
        keys: KeyChoice::Passphrase(Secret::new(PASSPHRASE.to_owned())),
        demo: false,
    })
    .await
    .unwrap();
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let mut providers = Vec::new();
    for (name, environment, seed) in [
        ("省级政务服务平台", Environment::Production, 21),
        ("市级政务服务平台（试运行）", Environment::Test, 22),
    ] {
        let options = DemoOptions {
            defects: 0.05,
            ..DemoOptions::new(600, seed, now)
        };
        let provider = DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let mut profile = preset("gateway").unwrap().profile;
        profile.base_url = provider.base_url();
        profile.environment = environment;
        // So slow that both go on however long the steps before the kill take.
        profile.network.requests_per_second = 1.5;
        if let Some(id) = profile.auth.id_mut() {
            provider.credentials().requester_id.clone_into(id);
        }
        for source in profile.datasets.values_mut() {
            if let Pager::Page { size, .. } = &mut source.pager {
                *size = 20;
            }
        }
        let request = SaveConnection {
            connection_id: None,
            name: name.into(),
            secret: Some(provider.credentials().secret.clone()),
            profile,
        };
        console.save_connection(request).await.unwrap();
        providers.push(provider);
    }
    providers.try_into().ok().unwrap()
}

async fn unlock(window: &Window) {
    window.type_into("passphrase", PASSPHRASE).await;
    window.click("unlock-open").await;
    window.find("[data-testid=nav-sync]").await;
}

async fn choose(window: &Window, at: usize, environment: &str) {
    window.click_css("[data-testid=active-connection]").await;
    // It is on its way down until then.
    window.settle().await;
    window
        .click_css(&format!(
            ".el-select-dropdown:not([style*='display: none']) .el-select-dropdown__item:nth-child({at})"
        ))
        .await;
    window
        .find(&format!("html[data-environment={environment}]"))
        .await;
    window.settle().await;
}

async fn look(window: &Window, language: &str, appearance: &str) {
    window.click("nav-settings").await;
    window.click(&format!("language-{language}")).await;
    window.click(&format!("appearance-{appearance}")).await;
    window.settle().await;
    window.click("nav-sync").await;
}

/// The number of the process whose arguments name the data directory.
fn process_over(place: &Path) -> u32 {
    let place = place.display().to_string();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .find_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let mut words = line.split(|byte| *byte == 0);
            let program = String::from_utf8_lossy(words.next()?).into_owned();
            let over = words.any(|word| word == place.as_bytes());
            (program.ends_with("zhengqiao-desktop") && over).then_some(pid)
        })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_two_run_together_and_what_a_kill_interrupts_is_offered_again() {
    let driver = Driver::start("zh_CN.UTF-8").await;
    let _providers = two_connections(&driver.place()).await;
    let window = driver.open(&[]).await;
    unlock(&window).await;

    // Start in production, which asks first; pause, leave the screen, come back, resume.
    choose(&window, 2, "production").await;
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("sync-start").await;
    window
        .click_css(".el-message-box .el-button--primary")
        .await;
    window.find("[data-testid=live] [data-state=running]").await;
    window.shot("60-live-zh-light").await;
    window.click("run-pause").await;
    window.find("[data-testid=live] [data-state=paused]").await;
    window.find("[data-testid=paused-text]").await;
    window.click("nav-overview").await;
    window.find("[data-testid=overview]").await;
    window.click("nav-sync").await;
    window.find("[data-testid=live] [data-state=paused]").await;
    window.settle().await;
    window.shot("60-paused-zh-light").await;
    window.click("run-resume").await;
    window.find("[data-testid=live] [data-state=running]").await;

    // A second connection beside it.
    choose(&window, 1, "test").await;
    window.click("sync-now").await;
    window.click("sync-start").await;
    window
        .find("[data-testid=live] + [data-testid=live] [data-state=running]")
        .await;
    window
        .find("[data-testid=live] + [data-testid=live] [data-testid=live-part]")
        .await;
    window.settle().await;
    window.shot("61-two-zh-light").await;
    look(&window, "en", "dark").await;
    window.find("[data-testid=live] + [data-testid=live]").await;
    window.settle().await;
    window.shot("61-two-en-dark").await;

    // Killed in the middle: the next start says so and goes on.
    let pid = process_over(&driver.place());
    let killed = std::process::Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let begun = Instant::now();
    while Path::new("/proc")
        .join(pid.to_string())
        .join("exe")
        .exists()
    {
        assert!(begun.elapsed() < Duration::from_secs(30), "it lives");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let driver = driver.anew().await;
    let window = driver.open(&[]).await;
    unlock(&window).await;
    window.find("[data-testid=interrupted]").await;
    window.settle().await;
    window.shot("62-interrupted-overview-en-dark").await;
    look(&window, "zh", "light").await;
    window.find("[data-testid=interrupted]").await;
    window.settle().await;
    window.shot("62-interrupted-zh-light").await;
    window.click("interrupted-continue").await;
    window.find("[data-testid=live] [data-state=running]").await;
    window.click("interrupted-give-up").await;
    window
        .click_css(".el-message-box .el-button--primary")
        .await;
    window.gone("[data-testid=interrupted]").await;
    window.click("sync-cancel").await;
    window
        .find("[data-testid=live] [data-state=cancelled]")
        .await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_made_explained_shown_on_the_calendar_and_given_to_servers() {
    let driver = Driver::start("zh_CN.UTF-8").await;
    let _providers = two_connections(&driver.place()).await;
    let window = driver.open(&[]).await;
    unlock(&window).await;
    window.click("nav-sync").await;
    window.click_css("#tab-schedule").await;
    window
        .find("[data-testid=schedules] [data-testid=empty-first]")
        .await;
    window.click("schedule-add").await;
    window
        .until_contains("[data-testid=schedule-means]", "每天 02:00")
        .await;
    // A wrong time is named with its remedy, and cannot be saved.
    window
        .replace("input[data-testid=schedule-time]", "25:00")
        .await;
    window
        .until_contains("[data-testid=schedule-wrong]", "25:00")
        .await;
    window.settle().await;
    window.shot("63-schedule-wrong").await;
    window
        .replace("input[data-testid=schedule-time]", "02:30")
        .await;
    window.click("schedule-add-time").await;
    window.click("schedule-workdays").await;
    window.click("schedule-add-quiet").await;
    let words = window
        .until_contains("[data-testid=schedule-means]", "工作日")
        .await;
    assert!(words.contains("02:30"), "{words}");
    window
        .until_contains("[data-testid=schedule-means]", "08:00–18:00 不启动")
        .await;
    window.settle().await;
    window.shot("63-schedule-form-zh-light").await;
    window.click("schedule-save").await;
    window.find("[data-testid=schedule-row]").await;

    // Another for the other connection, by a cron expression.
    choose(&window, 2, "production").await;
    window.click("schedule-add").await;
    window
        .click_css("[data-testid=schedule-kind] label:nth-child(3)")
        .await;
    window
        .replace("input[data-testid=schedule-cron]", "*/30 9-17 * * 1-5")
        .await;
    window
        .until_contains("[data-testid=schedule-means]", "9-17")
        .await;
    window.click("schedule-save").await;
    window.find("[data-testid=schedule-row]:nth-child(2)").await;
    window
        .gone(".el-overlay:not([style*='display: none']) [data-testid=schedule-form]")
        .await;
    window.find("[data-testid=coming-run]").await;
    assert!(window.count("[data-testid=coming-run]").await >= 10);
    window.settle().await;
    window.shot("64-schedule-zh-light").await;
    window.click("schedule-files").await;
    window
        .until_contains("[data-testid=schedule-files-dialog]", "OnCalendar=")
        .await;
    window.settle().await;
    window.shot("65-schedule-files-zh-light").await;
    window.press_escape().await;
    look(&window, "en", "dark").await;
    window.click_css("#tab-schedule").await;
    window.find("[data-testid=coming-run]").await;
    window.settle().await;
    window.shot("64-schedule-en-dark").await;
    // The list goes by connection: the second row is the first one made.
    window
        .click_css("[data-testid=schedule-row]:nth-child(2) [data-testid=schedule-edit]")
        .await;
    window
        .until_contains("[data-testid=schedule-means]", "on workdays")
        .await;
    window.settle().await;
    window.shot("63-schedule-form-en-dark").await;
    window.close().await;
}

//! The real window, driven by WebDriver: the main journeys, in both languages and both appearances.
//!
//! `cargo xtask test` builds the window, starts a display and names both in the environment. Each
//! journey leaves screenshots in the build directory.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that cannot go on fails"
)]

mod bindings;
mod connections;
mod cure;
mod database;
mod decisions;
mod delivery;
mod driver;
mod dry;
mod identity_change;
mod inbox;
#[path = "../../../src-tauri/crates/exchange/tests/listeners/mod.rs"]
mod listeners;
mod measure;
mod mend;
#[path = "../../../src-tauri/crates/signon/tests/place/mod.rs"]
mod place;
mod quality;
mod reconcile;
mod report;
mod schedule;
#[path = "../accounts/scim.rs"]
mod scim;
#[path = "../frontend/servers.rs"]
mod servers;
mod sign_on;
mod sites;
mod undo;

use aho_corasick::AhoCorasick;
use driver::{Driver, Window};
use zhengqiao_demo::{DemoOptions, DemoProvider};

async fn provider() -> DemoProvider {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: 0.06,
        ..DemoOptions::new(600, 11, now)
    };
    DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
        .await
        .unwrap()
}

/// Chooses the passphrase of a new place and waits for the first screen.
async fn first_use(window: &Window) {
    window
        .type_into("passphrase", "correct horse battery")
        .await;
    window
        .type_into("passphrase-again", "correct horse battery")
        .await;
    window.click("unlock-open").await;
    window.find("[data-testid=first-connection]").await;
}

/// Adds a connection from the preset, with its secret.
async fn connect(window: &Window, provider: &DemoProvider) {
    window.click("first-connection").await;
    window.type_into("field-name", "省级演示平台").await;
    window
        .type_into("field-base-url", &provider.base_url())
        .await;
    window
        .type_into("field-id", &provider.credentials().requester_id)
        .await;
    window
        .type_into("field-secret", &provider.credentials().secret)
        .await;
    window.click("save").await;
    window.find("html[data-environment=test]").await;
}

/// A new place with a connection to a provider.
async fn connected(window: &Window, provider: &DemoProvider) {
    first_use(window).await;
    connect(window, provider).await;
}

/// A new place with a connection that was run once.
async fn synchronised(window: &Window, provider: &DemoProvider) {
    connected(window, provider).await;
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("sync-start").await;
    window
        .find("[data-testid=live] [data-state=finished_with_rejections]")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_connects_synchronises_and_looks_into_a_rejected_record() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;
    window.shot("01-first-use").await;

    // Add a connection from the preset, with its secret.
    connect(&window, &provider).await;

    // Test it, layer by layer.
    window.click("test-run").await;
    window
        .find("[data-testid=test-result][data-state=passed]")
        .await;
    let layers = window.count("[data-testid=test-layer]").await;
    assert!(layers >= 12, "{layers} layers");
    window.shot("02-connection-test").await;

    // Synchronise everything.
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.find("[data-testid=sync-sentence]").await;
    let (dialog, green) = window.strip(".el-dialog").await;
    assert_eq!(dialog, "\"省级演示平台 · 测试\"");
    window.settle().await;
    window.shot("03-sync-dialog").await;
    window.click("sync-start").await;
    window
        .find("[data-testid=live] [data-state=finished_with_rejections]")
        .await;
    let fetched = window.number("[data-testid=count-fetched] b").await;
    let parts: i64 = {
        let mut sum = 0;
        for name in [
            "accepted",
            "unchanged",
            "held",
            "rejected",
            "withdrawn",
            "superseded",
        ] {
            sum += window
                .number(&format!("[data-testid=count-{name}] b"))
                .await;
        }
        sum
    };
    assert!(fetched > 2000, "{fetched}");
    assert_eq!(
        fetched, parts,
        "the shown numbers obey the accounting identity"
    );
    window.shot("04-sync").await;
    window.click("open-run").await;
    window.find("[data-testid=run-part]").await;
    window.shot("05-run").await;

    // Look into a rejected record.
    window.click("nav-rejected").await;
    window.find("[data-testid=cause-row]").await;
    window
        .click_css(
            "[data-testid=cause-row][data-rule='id_number.checksum'], [data-testid=cause-row]",
        )
        .await;
    window.click_css("[data-testid=rejections-row]").await;
    window
        .find("[data-testid=rejection-drawer] [data-testid=finding]")
        .await;
    assert_eq!(window.strip(".el-drawer").await, (dialog, green));
    window.settle().await;
    window.shot("06-rejected").await;
    let values = AhoCorasick::new(zhengqiao_tests::personal_values(provider.world())).unwrap();
    window.shows_none_of(&values).await;

    // Reveal it with a reason, then ignore it and undo that.
    window.click("reveal").await;
    window.type_into("reveal-reason", "核对来源单位反馈").await;
    window.click("reveal-confirm").await;
    window.gone("[data-testid=reveal]").await;
    window.click("ignore-one").await;
    window.type_into("ignore-reason", "来源单位已确认").await;
    window.click("ignore-confirm").await;
    window.click("undo").await;
    window.gone("[data-testid=undo]").await;

    // The sign-on mapping.
    window.click("nav-identity").await;
    window.click("binding-conflicting").await;
    window.click_css("[data-testid=bindings-row]").await;
    window
        .find("[data-testid=binding-drawer] [data-testid=conflict]")
        .await;
    window.settle().await;
    window.shot("07-identity").await;
    window.shows_none_of(&values).await;
    window.press_escape().await;

    // Nobody's data is in the lists either.
    window.click("nav-records").await;
    window.click_css("[data-testid=records-row]").await;
    window.find("[data-testid=record-drawer]").await;
    window.settle().await;
    window.shows_none_of(&values).await;
    window.press_escape().await;

    // What was done is in the audit log, and its chain holds.
    window.click("nav-audit").await;
    window.find("[data-testid=audit-row]").await;
    window.click("audit-verify").await;
    window.find("[data-testid=audit-verdict]").await;
    let audit = window.text("[data-testid=audit]").await;
    assert!(audit.contains("核对来源单位反馈"), "{audit}");
    assert!(!audit.contains(&provider.credentials().secret));
    window.shot("08-audit").await;

    // Switch the language.
    window.click("nav-settings").await;
    window.click("language-en").await;
    window
        .until_text("[data-testid=nav-rejected]", "Rejected records")
        .await;
    window.shot("09-settings-en").await;
    window.click("nav-overview").await;
    window.find("[data-testid=system-case_records]").await;
    window.settle().await;
    window.shot("10-overview-en").await;
    window.close().await;

    // The choice and the data are there again, behind the passphrase.
    let window = driver.open(&[]).await;
    window.type_into("passphrase", "wrong horse battery").await;
    window.click("unlock-open").await;
    window.find("[data-testid=error-note]").await;
    window
        .type_into("passphrase", "correct horse battery")
        .await;
    window.click("unlock-open").await;
    window
        .until_text("[data-testid=nav-rejected]", "Rejected records")
        .await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_shows_every_screen_in_both_appearances() {
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver
        .open(&[
            "--demo",
            "--records",
            "400",
            "--seed",
            "5",
            "--defects",
            "0.06",
        ])
        .await;
    window
        .find("[data-testid=system-case_records] [data-state=finished_with_rejections]")
        .await;
    window
        .find("[data-testid=system-unified_identity] [data-state=finished_with_rejections]")
        .await;
    window.settle().await;
    window.shot("20-overview").await;
    for (language, appearance, width, height) in [
        ("zh", "light", 1920, 1080),
        ("zh", "dark", 1280, 800),
        ("en", "light", 1280, 800),
        ("en", "dark", 1920, 1080),
    ] {
        window.size(width, height).await;
        window.click("nav-settings").await;
        window.click(&format!("language-{language}")).await;
        window.click(&format!("appearance-{appearance}")).await;
        window.settle().await;
        window
            .shot(&format!("30-settings-{language}-{appearance}"))
            .await;
        for screen in [
            "overview",
            "connections",
            "sync",
            "rejected",
            "records",
            "identity",
        ] {
            window.click(&format!("nav-{screen}")).await;
            if screen == "rejected" {
                window.find("[data-testid=cause-row]").await;
                window.find("[data-testid=rejections-row]").await;
            }
            window.settle().await;
            window
                .shot(&format!("30-{screen}-{language}-{appearance}"))
                .await;
        }
        window.click("nav-rejected").await;
        window.click_css("[data-testid=rejections-row]").await;
        window
            .find("[data-testid=rejection-drawer] [data-testid=finding]")
            .await;
        window.settle().await;
        window
            .shot(&format!("30-record-{language}-{appearance}"))
            .await;
        window.press_escape().await;
        window.click("nav-connections").await;
        window.click_css("[data-testid=connections-row]").await;
        window.click("test-run").await;
        window
            .find("[data-testid=test-result][data-state=passed]")
            .await;
        window.settle().await;
        window
            .shot(&format!("30-connection-{language}-{appearance}"))
            .await;
    }
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_starts_where_the_system_has_no_language() {
    let driver = Driver::start("C").await;
    let window = driver.open(&["--demo", "--records", "100"]).await;
    window.find("[data-testid=system-reviews]").await;
    window
        .until_text("[data-testid=nav-rejected]", "异常数据")
        .await;
    window.click("nav-audit").await;
    window.find("[data-testid=audit-row]").await;
    window.close().await;
}

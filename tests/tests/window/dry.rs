//! Journeys of what a run covers: a window is tried dry, made real, and some ids are read again.

use std::sync::Arc;

use crate::driver::{Driver, Window};
use crate::{connected, provider};

/// Sets language and appearance, and comes back to the synchronisation.
async fn look(window: &Window, language: &str, appearance: &str) {
    window.click("nav-settings").await;
    window.click(&format!("language-{language}")).await;
    window.click(&format!("appearance-{appearance}")).await;
    window.click("nav-sync").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scoped_dry_run_is_looked_at_and_turned_into_the_real_run() {
    let provider = Arc::new(provider().await);
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    connected(&window, &provider).await;

    // Everything, dry; first how much that is about.
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("covers-full").await;
    window.click("sync-probe").await;
    let about = window
        .until_contains("[data-testid=sync-about]", "约")
        .await;
    assert!(about.contains(char::is_numeric), "{about}");
    window.settle().await;
    window.shot("60-dialog-zh-light").await;
    window.click("sync-dry").await;
    window.find("[data-testid=dry-apply]").await;
    let created = window.number("[data-testid=fate-created] b").await;
    let rejected = window.number("[data-testid=fate-rejected] b").await;
    assert!(created > 1000 && rejected > 0, "{created} {rejected}");
    window.find("[data-testid=dry-changes-row]").await;
    window.settle().await;
    window.shot("61-dry-run-zh-light").await;
    window.click("fate-rejected").await;
    window.click_css("[data-testid=dry-changes-row]").await;
    window
        .find("[data-testid=dry-drawer] [data-testid=finding]")
        .await;
    window.settle().await;
    window.shot("62-dry-rejected-zh-light").await;
    window.press_escape().await;

    // Made real: the same numbers.
    window.click("dry-apply").await;
    window.settle().await;
    window.shot("63-dry-apply-zh-light").await;
    window
        .click_css(".el-message-box .el-button--primary")
        .await;
    window
        .find("[data-testid=live] [data-state=finished_with_rejections]")
        .await;
    let accepted = window.number("[data-testid=count-accepted] b").await;
    assert_eq!(accepted, created);
    assert_eq!(
        window.number("[data-testid=count-rejected] b").await,
        rejected
    );

    // A list of ids, in English and in the dark: what changed since is shown field by field.
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    provider
        .world()
        .advance(3, now - chrono::Duration::seconds(5));
    look(&window, "en", "dark").await;
    window.click("sync-now").await;
    window.click("covers-ids").await;
    window
        .replace("textarea[data-testid=scope-ids]", "nowhere-1, nowhere-2")
        .await;
    window
        .until_contains("[data-testid=sync-sentence]", "2 ids")
        .await;
    window.settle().await;
    window.shot("64-dialog-en-dark").await;
    window.click("covers-incremental").await;
    window.click("sync-dry").await;
    window.find("[data-testid=dry-apply]").await;
    assert_eq!(window.number("[data-testid=fate-changed] b").await, 10);
    window.click("fate-changed").await;
    window.click_css("[data-testid=dry-changes-row]").await;
    window.find("[data-testid=dry-difference]").await;
    window.settle().await;
    window.shot("65-dry-changed-en-dark").await;
    window.press_escape().await;

    // It can be left, found again, and discarded.
    look(&window, "en", "light").await;
    window.click_css("#tab-dry").await;
    window.find("[data-testid=dry-runs-row]").await;
    window.settle().await;
    window.shot("66-dry-runs-en-light").await;
    window.click_css("[data-testid=dry-runs-row]").await;
    window.click("dry-discard").await;
    window.find("[data-testid=dry-runs-row]").await;
    window.until_contains("body", "discarded").await;
    assert_eq!(window.count("[data-testid=dry-runs-row]").await, 1);
    look(&window, "zh", "dark").await;
    window.click("sync-now").await;
    window.click("covers-window").await;
    window.settle().await;
    window.shot("67-dialog-window-zh-dark").await;
    window.close().await;
}

//! Journeys of a run's page: undo with its plan, its result and what it kept; a record's history.

use crate::driver::{Driver, Window};
use crate::{connected, provider};

/// Starts a run from the dialog and waits until its page can be opened.
async fn synchronise(window: &Window, number: u32) {
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("sync-start").await;
    window
        .find(&format!(
            "a[data-testid=open-run][href$='/sync/runs/{number}']"
        ))
        .await;
}

/// The provider goes on, as it does every day.
fn advance(provider: &zhengqiao_demo::DemoProvider) {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    provider
        .world()
        .advance(30, now - chrono::Duration::seconds(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_undone_from_its_page_and_what_changed_since_is_kept_and_told() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    connected(&window, &provider).await;
    synchronise(&window, 1).await;
    advance(&provider);
    synchronise(&window, 2).await;
    advance(&provider);
    synchronise(&window, 3).await;

    // The page of the last run: funnel, timeline, comparison, a request with its headers.
    window.click("open-run").await;
    window.find("[data-testid=funnel]").await;
    window.find("[data-testid=timeline]").await;
    window.settle().await;
    window.shot("60-run-page-zh-light").await;
    window.click("run-compare").await;
    window.find("[data-testid=comparison] tbody tr").await;
    window.settle().await;
    window.shot("61-compare-zh-light").await;
    window.press_escape().await;
    window.click_css("[data-testid=requests-row]").await;
    window.find("[data-testid=request-drawer] td").await;
    let headers = window.text("[data-testid=request-drawer]").await;
    assert!(headers.contains("••••"), "{headers}");
    assert!(!headers.contains(&provider.credentials().secret));
    window.settle().await;
    window.shot("62-request-zh-light").await;
    window.press_escape().await;

    // Undo the run before it: the same items changed again since, so they are kept.
    window.click("nav-sync").await;
    window.open_path("/sync/runs/2").await;
    window.click("run-undo").await;
    window.find("[data-testid=undo-plan-kept]").await;
    let sentence = window.text("[data-testid=undo-sentence]").await;
    assert!(sentence.contains("保留"), "{sentence}");
    window.settle().await;
    window.shot("63-undo-plan-zh-light").await;
    window.click("undo-confirm").await;
    window
        .find("[data-testid=run-page-state][data-state=succeeded]")
        .await;
    window.find("[data-testid=undo-result]").await;
    let touched = window.number("[data-testid=undo-touched] b").await;
    let restored = window.number("[data-testid=undo-restored] b").await;
    let removed = window.number("[data-testid=undo-removed] b").await;
    let kept = window.number("[data-testid=undo-kept] b").await;
    assert_eq!(touched, restored + removed + kept);
    assert!(removed > 0 && kept > 0, "{removed} removed, {kept} kept");
    window.settle().await;
    window.shot("64-undo-result-zh-light").await;
    window.click("undo-kept").await;
    window.find("[data-testid=undone-row]").await;
    let list = window.text("[data-testid=undone-drawer]").await;
    assert!(list.contains("运行 3"), "{list}");
    window.settle().await;
    window.shot("65-undone-kept-zh-light").await;

    // A kept record's history: what changed, in which run.
    window.click_css("[data-testid=undone-row]").await;
    window.find("[data-testid=record-version]").await;
    assert!(window.count("[data-testid=record-version]").await >= 3);
    window.find("[data-testid=record-difference]").await;
    window.settle().await;
    window.shot("66-history-zh-light").await;
    window.press_escape().await;

    // The same in English, dark.
    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.open_path("/sync/runs/4").await;
    window.find("[data-testid=undo-result]").await;
    window.settle().await;
    window.shot("67-undo-result-en-dark").await;
    window.open_path("/sync/runs/3").await;
    window.find("[data-testid=funnel]").await;
    window.settle().await;
    window.shot("68-run-page-en-dark").await;
    window.click("run-compare").await;
    window.find("[data-testid=comparison] tbody tr").await;
    window.settle().await;
    window.shot("69-compare-en-dark").await;
    window.press_escape().await;
    window.click("run-undo").await;
    window.find("[data-testid=undo-sentence]").await;
    window.settle().await;
    window.shot("70-undo-plan-en-dark").await;
    window.close().await;
}

//! Journeys of guards and reconciliation: a run that needs a decision is decided; rows that the provider
//! lost are found, read again and signed off.

use zhengqiao_demo::{DemoProvider, Fault, FaultKind, Slips};

use crate::driver::{Driver, Window};
use crate::{connect, first_use, provider};

const CONFIRM: &str = ".el-message-box__btns .el-button--primary";

/// A connection that has been run once in full; the run ends in that state.
async fn run_once(window: &Window, provider: &DemoProvider, state: &str) {
    connect(window, provider).await;
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("sync-start").await;
    window
        .find(&format!("[data-testid=live] [data-state={state}]"))
        .await;
}

/// The screen in the other language and appearance, and back.
async fn look_otherwise(window: &Window, screen: &str, shot: &str, ready: &str) {
    for (language, appearance, name) in [("en", "dark", "en-dark"), ("zh", "light", "zh-light")] {
        window.click("nav-settings").await;
        window.click(&format!("language-{language}")).await;
        window.click(&format!("appearance-{appearance}")).await;
        window.click("nav-sync").await;
        window.click_css(screen).await;
        window.find(ready).await;
        window.settle().await;
        window.shot(&format!("{shot}-{name}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_provider_lost_are_found_read_again_and_signed_off() {
    let provider = provider().await;
    provider.slips().set(
        "case_acceptance",
        Slips {
            dropped: [11, 42, 230].into(),
            doubled: [12, 43, 231].into(),
        },
    );
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;
    run_once(&window, &provider, "finished_with_rejections").await;

    window.click_css("#tab-reconcile").await;
    window.find("[data-testid=empty-first]").await;
    window.shot("60-reconcile-empty").await;
    window.click("reconcile-open").await;
    window.settle().await;
    window.shot("61-reconcile-dialog").await;
    window.click("reconcile-start").await;
    window
        .find("[data-testid=reconcile-state] [data-state=differs], [data-testid=reconcile-state][data-state=differs]")
        .await;
    window.find("[data-testid=reconcile-matrix]").await;
    window.settle().await;
    window.shot("62-reconcile").await;
    look_otherwise(
        &window,
        "#tab-reconcile",
        "63-reconcile",
        "[data-testid=reconcile-matrix]",
    )
    .await;
    window
        .click_css("[data-cell^='case_acceptance '][data-state=short]")
        .await;
    window.find("[data-testid=reconcile-keys-row]").await;
    window.settle().await;
    window.shot("64-reconcile-day").await;
    window.press_escape().await;

    window.click("reconcile-repull").await;
    window.settle().await;
    window.click_css(CONFIRM).await;
    window.gone("[data-testid=reconcile-repull]").await;
    // Nothing is missing any more; what the provider sends twice stays told.
    window
        .until_contains("[data-testid=reconcile-summary]", "缺少 0")
        .await;
    window.settle().await;
    window.shot("65-reconcile-healed").await;

    window.click("reconcile-sign").await;
    window
        .set_value(
            ".el-message-box textarea",
            "缺少的三条已重新获取，数量一致。",
        )
        .await;
    window.settle().await;
    window.shot("66-reconcile-sign").await;
    window.click_css(CONFIRM).await;
    let signed = window
        .until_contains("[data-testid=reconcile-signed]", "缺少的三条")
        .await;
    assert!(signed.contains("签认"), "{signed}");
    window.gone("[data-testid=reconcile-sign]").await;
    window.settle().await;
    window.shot("67-reconcile-signed").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_received_nothing_waits_for_a_decision_and_is_accepted() {
    let provider = provider().await;
    provider.faults().push(Fault {
        dataset: Some("special_procedure".into()),
        skip: 0,
        times: 20,
        kind: FaultKind::Empty,
    });
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;
    run_once(&window, &provider, "needs_decision").await;
    window.click("open-run").await;
    window.find("[data-testid=decision]").await;
    window.settle().await;
    window.shot("70-decision").await;
    window.click("decision-go-on").await;
    window.settle().await;
    window.shot("71-decision-confirm").await;
    window.click_css(CONFIRM).await;
    window.gone("[data-testid=decision]").await;
    window.until_contains("[data-testid=decided]", "放行").await;
    window.settle().await;
    window.shot("72-decided").await;
    window.close().await;
}

//! The claim mapping is edited with a live preview, its effect on everyone seen, the change proposed,
//! applied and taken back.

use fantoccini::key::Key;

use crate::driver::{Driver, Window};

const PROPOSED: &str = "[data-testid=identity-change][data-state=open]";
const APPLIED: &str = "[data-testid=identity-change][data-state=applied]";
const CONFLICTING: &str = "[data-testid=binding-conflicting] b";

/// Opens a tab of the sign-on screen.
async fn open_tab(window: &Window, name: &str) {
    window.click_css(&format!("#tab-{name}")).await;
}

/// Bindings with a conflict, as the screen tells them.
async fn conflicting(window: &Window) -> i64 {
    open_tab(window, "bindings").await;
    window.number(CONFLICTING).await
}

/// Changes a rule, a rank and a row.
async fn edit(window: &Window) {
    window.click("claims-policy").await;
    window.click("role-add").await;
    window.type_into("role-name", "站点管理员").await;
    window.click("role-administrator").await;
    window
        .replace("[data-testid=required-rank] input", "4")
        .await;
    // What the sites ask for is level 1: everybody below rank 4 no longer reaches it.
    window
        .replace("[data-testid=rank-row][data-level='1'] input", "4")
        .await;
    window.press_key(Key::Tab).await;
    window.find("[data-testid=claims-try]:not(:disabled)").await;
    window.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_is_previewed_tried_on_everyone_proposed_applied_and_taken_back() {
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver
        .open(&[
            "--demo",
            "--records",
            "2000",
            "--seed",
            "23",
            "--defects",
            "0.04",
        ])
        .await;
    window
        .find("[data-testid=system-unified_identity] [data-state=finished_with_rejections]")
        .await;
    window.size(1280, 800).await;
    window.click("nav-identity").await;
    window.click("identity-review").await;
    window.find(CONFLICTING).await;
    let at_first = conflicting(&window).await;

    // A row that is not saved is previewed, masked; what may not be saved says why.
    open_tab(&window, "claims").await;
    window
        .until_contains("[data-field=userName] [data-testid=claim-value]", "正常")
        .await;
    window.settle().await;
    window.shot("100-claims-zh-light").await;
    let name = "[data-field='name.formatted']";
    window
        .click_css(&format!("{name} [data-testid=add-transform]"))
        .await;
    let constant = ".el-popper[aria-hidden=false] [data-testid=transform-constant]";
    window.find(constant).await;
    window.settle().await;
    window.click_css(constant).await;
    window.type_into("step-value", "欧阳某某").await;
    window
        .until_contains(&format!("{name} [data-testid=claim-value]"), "欧")
        .await;
    let shown = window
        .text(&format!("{name} [data-testid=claim-value]"))
        .await;
    assert!(!shown.contains("欧阳某某"), "{shown}");
    window
        .click_css("[data-field=userName] [data-testid=claim-drop]")
        .await;
    window
        .click_css("[data-field=certKey] [data-testid=claim-drop]")
        .await;
    window.find("[data-testid=claims-lacking]").await;
    window.find("[data-testid=claims-try]:disabled").await;
    window.settle().await;
    window.shot("101-claims-wrong-zh-light").await;
    window
        .click_css("[data-testid=claims-lacking] button:first-of-type")
        .await;
    edit(&window).await;
    window.shot("102-policy-zh-light").await;

    // What it would do, with the accounts behind a number.
    window.click("claims-try").await;
    window.find("[data-testid=effect-cards]").await;
    window.find("[data-testid=effect-role_gained]").await;
    let fresh = window
        .sum("[data-testid=effect-new_conflict][data-which=level_too_low] b")
        .await;
    assert!(fresh > 0);
    window.settle().await;
    window.shot("103-what-if-zh-light").await;
    window
        .click_css("[data-testid=effect-new_conflict][data-which=level_too_low]")
        .await;
    window.click_css("[data-testid=what-if-list-row]").await;
    window.find("[data-testid=what-if-drawer]").await;
    window.settle().await;
    window.shot("104-what-if-account-zh-light").await;
    window.press_escape().await;
    window.gone("[data-testid=what-if-drawer]").await;

    // Proposed, applied, and taken back.
    window.click("what-if-propose").await;
    window
        .replace("textarea[data-testid=what-if-note]", "提高门户要求的等级")
        .await;
    window.click("what-if-propose-confirm").await;
    window.find(PROPOSED).await;
    window.settle().await;
    window.shot("105-proposed-zh-light").await;
    assert_eq!(conflicting(&window).await, at_first);
    open_tab(&window, "what-if").await;
    window.click("change-apply").await;
    window
        .click_css(".el-popconfirm__action .el-button--primary")
        .await;
    window.find(APPLIED).await;
    window.settle().await;
    window.shot("106-applied-zh-light").await;
    assert!(conflicting(&window).await > at_first);
    open_tab(&window, "what-if").await;
    window.click("change-undo").await;
    window.gone("[data-testid=change-undo]").await;
    assert_eq!(conflicting(&window).await, at_first);
    open_tab(&window, "claims").await;
    window.click("claims-versions").await;
    window.find("[data-testid=identity-version]").await;
    window.settle().await;
    window.shot("107-versions-zh-light").await;
    window.press_escape().await;

    // The same in English, dark and large; then dark and small in Chinese.
    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.size(1920, 1080).await;
    window.click("nav-identity").await;
    open_tab(&window, "claims").await;
    window
        .until_contains("[data-field=userName] [data-testid=claim-value]", "OK")
        .await;
    window.settle().await;
    window.shot("108-claims-en-dark").await;
    edit(&window).await;
    window.shot("109-policy-en-dark").await;
    window.click("claims-try").await;
    window.find("[data-testid=effect-cards]").await;
    window.click_css("[data-testid=effect-role_gained]").await;
    window.find("[data-testid=what-if-list-row]").await;
    window.settle().await;
    window.shot("110-what-if-en-dark").await;
    window.size(1280, 800).await;
    window.settle().await;
    window.shot("111-what-if-en-dark-small").await;
    open_tab(&window, "claims").await;
    window.click("claims-legal").await;
    window.settle().await;
    window.shot("112-claims-en-dark-small").await;

    // What is saved without a review is told as long as none has gone by it.
    window.gone("[data-testid=identity-outdated]").await;
    window.click("claims-save").await;
    window
        .replace("textarea[data-testid=claims-note]", "Level for the portal")
        .await;
    window.click("claims-keep").await;
    window.find("[data-testid=identity-outdated]").await;
    window.settle().await;
    window.shot("113-outdated-en-dark-small").await;
    window.click("identity-review").await;
    window.gone("[data-testid=identity-outdated]").await;
    window.close().await;
}

//! The journey of a bad day: a cause, its cure, what it would do, checking again, undo; and ignoring.

use crate::driver::{Driver, Window};
use crate::{provider, synchronised};

/// A recipe of which one step can be done, one names a field that the rows do not have, one a list
/// that there is not.
const RECIPE: &str = "format = 1\nname = \"外省\"\n[[step]]\nkind = \"set_severity\"\nrule = \"case.future\"\nseverity = \"warn\"\n[[step]]\nkind = \"set_field\"\ndataset = \"case_result\"\nfield = \"result_type\"\nsource = \"RESULT_TYPES\"\n[[step]]\nkind = \"add_code\"\nlist = \"no_list\"\ncode = \"1\"\nname = \"x\"\n";

/// Adds the connection, synchronises it once and opens the rejected records.
async fn to_the_inbox(window: &Window, provider: &zhengqiao_demo::DemoProvider) {
    synchronised(window, provider).await;
    window.click("nav-rejected").await;
    window.find("[data-testid=cause-row]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_is_cured_by_a_code_checked_again_and_undone_and_another_is_ignored() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    to_the_inbox(&window, &provider).await;

    // The cause, and a code that the list does not have.
    window
        .click_css("[data-testid=cause-row][data-rule='code.unknown']")
        .await;
    window.click("mend-cause").await;
    window.find("[data-testid=mend-severity]").await;
    window.settle().await;
    window.shot("80-mend-zh-light").await;
    window.click("mend-add-code").await;
    window.type_into("mend-code-name", "地方扩充代码").await;

    // What it would do, with the records behind a number.
    window.click("mend-effect").await;
    window
        .find("[data-testid=effect][data-state=done] [data-testid=effect-would_pass]")
        .await;
    let would_pass = window
        .number("[data-testid=effect] button[data-testid=effect-would_pass]")
        .await;
    assert!(would_pass > 0);
    window
        .click_css("[data-testid=effect] button[data-testid=effect-would_pass]")
        .await;
    window.find("[data-testid=effect-rows] li").await;
    window.settle().await;
    window.shot("81-effect-zh-light").await;

    // Saved and checked again: what would pass, passes.
    window.click("mend-save").await;
    window
        .find("[data-testid=revalidation][data-ended=true]")
        .await;
    let passed = window.number("[data-testid=fate-passed] b").await;
    assert_eq!(passed, would_pass);
    window.find("[data-testid=revalidated-row]").await;
    window.settle().await;
    window.shot("82-checked-again-zh-light").await;

    // And undone.
    window.click("revalidation-undo").await;
    window.click("undo-confirm").await;
    window
        .find("[data-testid=revalidation][data-undone=true]")
        .await;
    window.settle().await;
    window.shot("83-undone-zh-light").await;
    window.press_escape().await;

    // Another cause is ignored for ever, seen in the list of decisions, and revoked.
    window
        .click_css("[data-testid=cause-row][data-rule]:last-of-type")
        .await;
    window.find("[data-testid=rejections-row]").await;
    window.settle().await;
    window.click("ignore").await;
    window.type_into("ignore-reason", "来源单位已确认").await;
    window.click("ignore-standing").await;
    window.settle().await;
    window.shot("84-ignore-zh-light").await;
    window.click("ignore-confirm").await;
    window.find("[data-testid=notice]").await;
    window.click("ignores-open").await;
    window.find("[data-testid=ignore-row]").await;
    window.settle().await;
    window.shot("85-ignores-zh-light").await;
    window.click("ignore-revoke").await;
    window.gone("[data-testid=ignore-revoke]").await;
    window.press_escape().await;

    // The same in English, dark; a run whose canaries are not cured asks.
    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.click("nav-rejected").await;
    window
        .click_css("[data-testid=cause-row][data-rule='code.unknown']")
        .await;
    window.click("mend-cause").await;
    window.find("[data-testid=mend-severity]").await;
    window.settle().await;
    window.shot("86-mend-en-dark").await;
    window.press_escape().await;
    window
        .click_css("[data-testid=causes] button:first-of-type")
        .await;
    window.find("[data-testid=rejections-row]").await;
    window.settle().await;
    window.click("rejected-revalidate").await;
    window
        .find("[data-testid=revalidation] [data-testid=revalidated-row]")
        .await;
    window.settle().await;
    window.shot("87-checked-again-en-dark").await;
    window.find("[data-testid=work-strip]").await;
    window.click("revalidation-stop").await;
    window
        .find("[data-testid=revalidation][data-ended=true]")
        .await;
    window.press_escape().await;
    window.open_path("/sync/runs/2").await;
    window
        .find("[data-testid=run-page] [data-testid=revalidated-row]")
        .await;
    window.settle().await;
    window.shot("88-run-page-en-dark").await;

    // A recipe of what was mended.
    window.click("nav-connections").await;
    window.click_css("[data-testid=connections-row]").await;
    window.click("recipes").await;
    window.find("[data-testid=recipe-extract]").await;
    window.settle().await;
    window.click("recipe-extract").await;
    window.find("[data-testid=recipe-step]").await;
    window.settle().await;
    window.shot("89-recipe-en-dark").await;

    // One from elsewhere: a step that is already so, one whose field has another name, one that fails.
    window.click_css("#tab-apply").await;
    window.settle().await;
    window
        .set_value("textarea[data-testid=recipe-text]", RECIPE)
        .await;
    window.click("recipe-look").await;
    window
        .find("[data-testid=plan-step][data-state=applies]")
        .await;
    assert_eq!(
        window
            .count("[data-testid=plan-step][data-state=fails]")
            .await,
        2
    );
    window.settle().await;
    window.shot("90-recipe-plan-en-dark").await;
    window.click("recipe-apply").await;
    window.find("[data-testid=recipe-notice]").await;
    window.settle().await;
    window.shot("91-recipe-applied-en-dark").await;
    window.close().await;
}

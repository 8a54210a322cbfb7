//! Journeys from a run's numbers to their lists, to an override, and to the quality of the data.

use crate::driver::Driver;
use crate::{connected, provider};

#[tokio::test(flavor = "multi_thread")]
async fn a_number_opens_its_list_an_override_is_made_and_the_quality_is_told() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    connected(&window, &provider).await;

    // The connection allows to override.
    window.click_css("[data-testid=limit-override]").await;
    window.click("save").await;
    window.settle().await;
    window.shot("90-limits-zh-light").await;
    for _ in 0..2 {
        window.click("nav-sync").await;
        window.click("sync-now").await;
        window.click_css("[data-testid=covers-full]").await;
        window.click("sync-start").await;
        window
            .find("[data-testid=live] [data-state=finished_with_rejections]")
            .await;
        window.settle().await;
    }

    // What did not change has a list as well.
    window.click("open-run").await;
    window.find("[data-testid=run-part]").await;
    window.settle().await;
    window.shot("91-run-zh-light").await;
    let unchanged = window
        .number("[data-testid=counts] [data-testid=count-unchanged] b")
        .await;
    assert!(unchanged > 1_000, "{unchanged}");
    window
        .click_css("[data-testid=counts] [data-testid=count-unchanged]")
        .await;
    window.find("[data-testid=records-row]").await;
    window.settle().await;
    window.shot("92-unchanged-zh-light").await;

    // A code that no list has is corrected by hand.
    window
        .open_path("/rejected?rule=code.unknown&field=cd_operation")
        .await;
    window.click_css("[data-testid=rejections-row]").await;
    window.click("override-open").await;
    window
        .find("[data-testid=override-verdict][data-outcome=rejected]")
        .await;
    window.settle().await;
    window.shot("93-override-zh-light").await;
    window
        .replace("input[data-testid=override-cd_operation]", "I")
        .await;
    window
        .find("[data-testid=override-verdict][data-outcome=accepted]")
        .await;
    window
        .type_into("override-reason", "来源单位电话确认为新增")
        .await;
    window.settle().await;
    window.shot("94-override-passes-zh-light").await;
    window.click("override-confirm").await;
    window.find("[data-testid=override-by]").await;
    let by = window.text("[data-testid=override-by]").await;
    assert!(by.contains("来源单位电话确认为新增"), "{by}");
    window.settle().await;
    window.shot("95-overridden-zh-light").await;
    window.press_escape().await;

    // The quality of what came.
    window.click("nav-quality").await;
    window.find("[data-testid=quality-table] tbody tr").await;
    window.settle().await;
    window.shot("96-quality-zh-light").await;
    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.click("nav-quality").await;
    window.find("[data-testid=quality-table] tbody tr").await;
    window.settle().await;
    window.shot("97-quality-en-dark").await;
    window.close().await;
}

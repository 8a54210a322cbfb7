//! The journey of a library: set up, tested, synchronised, and the funnel's last number.

use zhengqiao_demo::PORTAL;

use crate::driver::Driver;
use crate::{first_use, provider};

#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_set_up_tested_and_has_what_a_run_brought() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;
    window.click("first-connection").await;
    window.type_into("field-name", "省级演示平台").await;
    window
        .type_into("field-base-url", &provider.base_url())
        .await;
    window
        .type_into("field-id", &provider.credentials().requester_id)
        .await;
    let secret = provider.credentials().secret.clone();
    window.type_into("field-secret", &secret).await;
    window.click("save").await;
    window.find("html[data-environment=test]").await;

    // The portal takes batches; a wrong secret is told by its layer.
    window.click("delivery-kind-push").await;
    window.type_into("delivery-url", &provider.base_url()).await;
    window
        .replace("[data-testid=delivery-path]", &format!("{PORTAL}/records"))
        .await;
    window.click("delivery-auth").await;
    window.find("[data-testid=delivery-auth-api_key]").await;
    window.settle().await;
    window.click("delivery-auth-api_key").await;
    window
        .replace("[data-testid=delivery-header]", "x-api-key")
        .await;
    window.type_into("delivery-secret", "not the secret").await;
    window.click("delivery-test").await;
    window
        .find("[data-testid=layer-advice][data-advice=unauthorised]")
        .await;
    window.settle().await;
    window.shot("60-delivery-wrong-secret").await;
    window
        .replace("[data-testid=delivery-secret]", &secret)
        .await;
    window.click("delivery-test").await;
    window
        .find("[data-testid=test-result][data-state=passed]")
        .await;
    window.settle().await;
    window.shot("61-delivery-tested").await;
    window.click("save").await;

    // A run's records arrive by themselves.
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("sync-start").await;
    window
        .find("[data-testid=live] [data-state=finished_with_rejections]")
        .await;
    window
        .find("[data-testid=delivery][data-state=succeeded][data-waiting='0']")
        .await;
    window.settle().await;
    window.shot("62-delivered").await;
    window.click("open-run").await;
    let told = window.find("[data-testid=run-delivered]").await;
    let delivered: usize = told
        .attr("data-delivered")
        .await
        .unwrap()
        .unwrap()
        .parse()
        .unwrap();
    window.settle().await;
    window.shot("63-run-delivered").await;
    assert!(delivered > 1500, "{delivered}");
    assert!(provider.portal().records().len() <= delivered);

    // In English and in the dark.
    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.click("nav-sync").await;
    window.find("[data-testid=delivery]").await;
    window.settle().await;
    window.shot("64-delivered-en-dark").await;
    window.click("nav-connections").await;
    window.click_css("[data-testid=connections-row]").await;
    window.find("[data-testid=delivery-panel]").await;
    window.settle().await;
    window.shot("65-delivery-en-dark").await;
    window.close().await;
}

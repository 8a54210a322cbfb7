//! A test login against `oidc-provider`, from the settings to the kept sample.

use serde_json::json;

use crate::driver::Driver;
use crate::place::SECRET;
use crate::place::browser::Browser;
use crate::place::servers::Server;
use crate::{provider, synchronised};

/// Signs in where the window says, as a browser would.
async fn sign_in(address: &str) {
    let mut browser = Browser::default();
    let login = browser.open(&address.parse().unwrap()).await;
    let consent = browser
        .submit(&login, &[("login", "person-1"), ("password", "any")])
        .await;
    let last = browser.submit(&consent, &[]).await;
    assert!(last.text.contains("可以关闭此页面"), "{}", last.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_login_is_set_up_tried_looked_at_and_kept_as_a_sample() {
    let provider = provider().await;
    let portal = zhengqiao_demo::World::dataset("portal_account").unwrap();
    let natural = zhengqiao_demo::World::dataset("natural_person").unwrap();
    let world = provider.world();
    let account = (0..world.places(portal))
        .map(|place| world.at(portal, place))
        .find(|row| row.get("account_kind") == "natural" && !row.get("bound_to").is_empty())
        .unwrap();
    let person = (0..world.places(natural))
        .map(|place| world.at(natural, place))
        .find(|row| row.get("cert_key") == account.get("bound_to"))
        .unwrap();
    let mut claims = json!({"phone_number_verified": false, "nickname": "冰城来客"});
    for name in [
        "cert_key",
        "user_name",
        "user_mobile",
        "cert_type",
        "cert_no",
        "user_region",
        "birthday",
        "sex",
    ] {
        claims[name] = person.get(name).into();
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let issuer = format!("http://127.0.0.1:{port}");
    let _server = Server::own_oidc(&issuer, SECRET, &claims);

    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    synchronised(&window, &provider).await;
    window.click("nav-identity").await;
    window.click_css("#tab-testLogin").await;
    window.find("[data-testid=empty-first]").await;
    window.settle().await;
    window.shot("110-test-login-first-zh-light").await;

    // The settings.
    window.click("sign-on-edit").await;
    window.type_into("sign-on-issuer", &issuer).await;
    window.type_into("sign-on-client_id", "portal").await;
    window.type_into("sign-on-secret", SECRET).await;
    window.settle().await;
    window.shot("111-sign-on-zh-light").await;
    window.click("sign-on-save").await;
    window.click("login-start").await;
    window
        .find("[data-testid=login-state][data-state=waiting]")
        .await;
    window.settle().await;
    window.shot("112-test-login-waits-zh-light").await;

    // Broken off, then begun again and signed in.
    window.click("login-stop").await;
    window
        .find("[data-testid=login-state][data-state=cancelled]")
        .await;
    window.click("login-start").await;
    window
        .find("[data-testid=login-state][data-state=waiting]")
        .await;
    let address = window.text("[data-testid=login-address]").await;
    sign_in(&address).await;
    window
        .find("[data-testid=login-state][data-state=done]")
        .await;
    window.find("[data-testid=login-result]").await;
    let bound = window
        .text("[data-testid=concerned-account][data-state=wouldBind] strong")
        .await;
    assert_eq!(bound, account.get("account_id"));
    let missing = window
        .count("[data-testid=mapped-field][data-state=missing_required]")
        .await;
    assert!(missing > 0, "the real-name level did not come");
    window
        .until_contains("[data-testid=login-result]", "使用了平台未核实的字段")
        .await;
    window.settle().await;
    window.shot("113-test-login-zh-light").await;

    // Kept as a sample, with nothing of the person in it.
    window.click("login-keep").await;
    window
        .set_value(".el-message-box input", "自然人样本")
        .await;
    window
        .click_css(".el-message-box__btns .el-button--primary")
        .await;
    window.until_contains("body", "已保留样本").await;

    // The mapping is tried on it; then it is thrown away.
    window.click_css("#tab-claims").await;
    window.click("claims-sample").await;
    window
        .click_css(".el-popper[aria-hidden=false] .el-select-dropdown__item:nth-of-type(2)")
        .await;
    window.find("[data-testid=claims-forget-sample]").await;
    window
        .until_contains("[data-field=userName] [data-testid=claim-value]", "正常")
        .await;
    window.settle().await;
    window.shot("114-sample-zh-light").await;
    window.click("claims-forget-sample").await;
    window
        .click_css(".el-message-box__btns .el-button--primary")
        .await;
    window.gone("[data-testid=claims-forget-sample]").await;

    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.click("nav-identity").await;
    window.click_css("#tab-testLogin").await;
    window.click("login-start").await;
    window
        .find("[data-testid=login-state][data-state=waiting]")
        .await;
    window.settle().await;
    window.shot("115-test-login-waits-en-dark").await;
    let address = window.text("[data-testid=login-address]").await;
    sign_in(&address).await;
    window
        .find("[data-testid=login-state][data-state=done]")
        .await;
    window.settle().await;
    window.shot("116-test-login-en-dark").await;
    window.click("sign-on-edit").await;
    window.find("[data-testid=sign-on-issuer]").await;
    window.settle().await;
    window.shot("117-sign-on-en-dark").await;
    window.close().await;
}

//! The journey through conflicts: looked at, decided one by one and in bulk, taken back, signed off.

use fantoccini::key::Key;

use crate::driver::{Driver, Window};
use crate::{provider, synchronised};

async fn decide(window: &Window, reason: &str) {
    window.type_into("decide-reason", reason).await;
    window.click("decide-confirm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_are_reviewed_decided_undone_and_signed_off() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    synchronised(&window, &provider).await;
    window.click("nav-identity").await;
    window.click("binding-conflicting").await;
    window.find("[data-testid=bindings-row]").await;
    window.settle().await;
    window.shot("90-bindings-zh-light").await;

    // One account: both sides, what is wrong, what is proposed and what it would do.
    window.click_css("[data-testid=bindings-row]").await;
    window.find("[data-testid=sides]").await;
    let told = window.text("[data-testid=consequence]").await;
    assert!(told.contains("账号"), "{told}");
    window.settle().await;
    window.shot("91-binding-zh-light").await;
    window.click("act-later").await;
    decide(&window, "等待本人核验").await;
    window.find("[data-testid=decided-note]").await;
    window.find("[data-testid=holding]").await;
    window.settle().await;
    window.shot("92-binding-decided-zh-light").await;
    window.press_escape().await;

    // All in the filter, then taken back from the note.
    let all = window.number("[data-testid=binding-conflicting] b").await;
    window.click("bulk-do_not_touch").await;
    window.settle().await;
    window.shot("93-bulk-zh-light").await;
    decide(&window, "节后统一处理").await;
    window.find("[data-testid=binding-do_not_touch]").await;
    let shielded = window.number("[data-testid=binding-do_not_touch] b").await;
    assert_eq!(shielded, all);
    window.click("binding-decisions-open").await;
    window.find("[data-testid=decision]").await;
    window.settle().await;
    window.shot("94-decisions-zh-light").await;
    window.click_css("[data-testid=decision-undo]").await;
    window.gone("[data-testid=binding-do_not_touch]").await;
    window.press_escape().await;

    // Signed off with a note; nothing differs from what was signed.
    window.click("drift-open").await;
    window.find("[data-testid=drift]").await;
    window
        .set_value("[data-testid=sign-note]", "第四季度核对")
        .await;
    window.click("sign-off").await;
    window
        .until_contains("[data-testid=drift]", "与签核时相同")
        .await;
    window.settle().await;
    window.shot("95-signed-zh-light").await;
    window.close().await;
}

/// Accounts that are bound, as the screen tells them.
async fn linked(window: &Window) -> i64 {
    window.number("[data-testid=binding-linked] b").await
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_decided_with_keys_alone() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    synchronised(&window, &provider).await;
    window.click("nav-identity").await;
    window.click("binding-linked").await;
    window.click_css("[data-testid=bindings-row]").await;
    window.find("[data-testid=sides]").await;
    window.press_escape().await;
    window.gone("[data-testid=sides]").await;
    let at_first = linked(&window).await;

    // Each key asks for a reason and does what it says to the row that is current: the next one, where the
    // last has left the list.
    for (key, left) in [
        ("u", at_first - 1),
        ("d", at_first - 2),
        ("t", at_first - 2),
    ] {
        window.press(key).await;
        decide(&window, "窗口核验").await;
        window.gone("[data-testid=decide-confirm]").await;
        window.settle().await;
        assert_eq!(linked(&window).await, left, "{key}");
    }
    window.press_key(Key::Enter).await;
    window.find("[data-testid=holding]").await;
    window.settle().await;
    window.shot("96-keys-zh-light").await;
    window.press_escape().await;
    window.click("binding-do_not_touch").await;
    window.find("[data-testid=bindings-row]").await;
    assert_eq!(window.count("[data-testid=bindings-row]").await, 1);
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bindings_are_drawn_in_english_and_in_the_dark() {
    let driver = Driver::start("en_US.UTF-8").await;
    let window = driver
        .open(&["--demo", "--records", "400", "--seed", "5"])
        .await;
    window
        .find("[data-testid=system-unified_identity] [data-state=finished_with_rejections]")
        .await;
    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.click("nav-identity").await;
    window.click("binding-conflicting").await;
    window.click_css("[data-testid=bindings-row]").await;
    window.find("[data-testid=sides]").await;
    window.settle().await;
    window.shot("96-binding-en-dark").await;
    window.press_escape().await;
    window.settle().await;
    window.shot("97-bindings-en-dark").await;
    window.close().await;
}

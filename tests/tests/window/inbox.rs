//! The inbox by the keyboard alone, and its looks in both languages and appearances.

use fantoccini::key::Key;

use crate::driver::{Driver, Window};

const DEMO: [&str; 7] = [
    "--demo",
    "--records",
    "400",
    "--seed",
    "5",
    "--defects",
    "0.06",
];

async fn opened(driver: &Driver) -> Window {
    let window = driver.open(&DEMO).await;
    window
        .find("[data-testid=system-unified_identity] [data-state=finished_with_rejections]")
        .await;
    window
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_is_worked_through_with_keys_alone() {
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = opened(&driver).await;
    window.size(1280, 800).await;
    // To the inbox by the palette.
    let palette = format!("{}k{}", char::from(Key::Control), char::from(Key::Null));
    window.press(&palette).await;
    window.until_focus("palette-input").await;
    window.press("异常数据").await;
    window.press_key(Key::Enter).await;
    window.find("[data-testid=cause-row]").await;
    let all: String = window
        .text("[data-testid=rejected-total]")
        .await
        .chars()
        .filter(char::is_ascii_digit)
        .collect();

    // J goes to the first cause and on, K back; what it has is what the list has.
    window.press("j").await;
    window.find("[data-testid=cause-more]").await;
    window.press("j").await;
    window
        .find("[data-testid=cause-row]:nth-of-type(3).here")
        .await;
    window.press("k").await;
    window
        .find("[data-testid=cause-row]:nth-of-type(2).here")
        .await;
    let open = window
        .number("[data-testid=cause-row].here .pick .count")
        .await;
    window
        .until_contains("[data-testid=rejected-total]", &open.to_string())
        .await;
    assert!(open < all.parse().unwrap());

    // The present filter is a view from now on.
    window.press("v").await;
    window.find("[data-testid=views]").await;
    window.type_into("view-name", "最多的原因").await;
    window.press_key(Key::Enter).await;
    window.find("[data-testid=view-apply]").await;
    window.press_key(Key::Escape).await;
    window.gone("[data-testid=views]").await;
    window.press("a").await;
    window.gone("[data-testid=cause-more]").await;

    // Down into the list, tick, open, and back: the list has the focus again.
    window.press_key(Key::Down).await;
    window.until_focus("rejections").await;
    window.press_key(Key::Down).await;
    window.press(" ").await;
    window.find("[data-testid=clear-ticked]").await;
    window.settle().await;
    window.shot("70-inbox-ticked").await;
    window.press(" ").await;
    window.gone("[data-testid=clear-ticked]").await;
    window.press_key(Key::Enter).await;
    window
        .find("[data-testid=rejection-drawer] [data-testid=finding]")
        .await;
    window.find("[data-testid=events] li").await;
    window.settle().await;
    window.press_escape().await;
    window.gone("[data-testid=rejection-drawer]").await;
    window.until_focus("rejections").await;

    // R checks the present one again, X ignores it with a reason, and that can be undone.
    window.press("r").await;
    window.find("[data-testid=revalidation]").await;
    window
        .find("[data-testid=revalidation-done], [data-testid=revalidation-asks]")
        .await;
    window.press_escape().await;
    window.gone("[data-testid=revalidation]").await;
    window.press("x").await;
    window.type_into("ignore-reason", "来源单位已确认").await;
    window.press_key(Key::Enter).await;
    window.find("[data-testid=undo]").await;
    window.click("undo").await;
    window.gone("[data-testid=undo]").await;

    // ? says all of this.
    window.open_path("/overview").await;
    window.find("[data-testid=system-reviews]").await;
    window.open_path("/rejected").await;
    window.find("[data-testid=cause-row]").await;
    window.press("?").await;
    window.find("[data-testid=keys]").await;
    window.settle().await;
    window.shot("70-inbox-keys").await;
    window.press_key(Key::Escape).await;
    window.gone("[data-testid=keys]").await;

    // The view brings its filter back.
    window.press("v").await;
    window.click("view-apply").await;
    window
        .until_contains("[data-testid=rejected-total]", &open.to_string())
        .await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_and_the_record_panel_look_right_in_both_languages() {
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = opened(&driver).await;
    for (language, appearance, width, height) in [
        ("zh", "light", 1280, 800),
        ("zh", "dark", 1920, 1080),
        ("en", "light", 1280, 800),
        ("en", "dark", 1280, 800),
    ] {
        window.size(width, height).await;
        window.click("nav-settings").await;
        window.click(&format!("language-{language}")).await;
        window.click(&format!("appearance-{appearance}")).await;
        window.click("nav-rejected").await;
        window.find("[data-testid=cause-row]").await;
        window.settle().await;
        window
            .shot(&format!("71-inbox-{language}-{appearance}"))
            .await;
        window.click("cause-pick").await;
        window.find("[data-testid=cause-more]").await;
        window.settle().await;
        window
            .shot(&format!("72-cause-{language}-{appearance}"))
            .await;
        window.open_path("/rejected?dataset=case_result").await;
        window.find("[data-testid=rejections-row]").await;
        window.settle().await;
        window.click_css("[data-testid=rejections-row]").await;
        window
            .find("[data-testid=rejection-drawer] [data-testid=neighbour]")
            .await;
        window.settle().await;
        window
            .shot(&format!("73-panel-{language}-{appearance}"))
            .await;
        window
            .scroll_to("[data-testid=rejection-drawer] [data-testid=neighbour]")
            .await;
        window
            .shot(&format!("74-neighbours-{language}-{appearance}"))
            .await;
        window.press_escape().await;
        window.gone("[data-testid=rejection-drawer]").await;
    }
    window.close().await;
}

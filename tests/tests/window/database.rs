//! The journey of a front-end database: found, mapped by its comments, tested, read and receipted.

use crate::driver::Driver;
use crate::first_use;
use crate::servers::{PASSWORD, Server, USER, postgresql};

/// Rows in the table; every sixth has a state that is none.
const ROWS: i64 = 12;

/// Column names that say nothing, with comments that do.
fn fill(server: &Server) {
    server.script(
        "CREATE TABLE portal_account (zhbz varchar(64) PRIMARY KEY, zhlb varchar(16), \
         zhzt varchar(16), gxsj timestamp, sync_sign varchar(1) NOT NULL, \
         sync_error_desc varchar(400), read_date timestamp);\n\
         COMMENT ON TABLE portal_account IS '门户账号交换表';\n\
         COMMENT ON COLUMN portal_account.zhbz IS '门户账号标识';\n\
         COMMENT ON COLUMN portal_account.zhlb IS '账号类别';\n\
         COMMENT ON COLUMN portal_account.zhzt IS '账号状态';\n\
         COMMENT ON COLUMN portal_account.gxsj IS '更新时间';\n\
         COMMENT ON COLUMN portal_account.sync_sign IS '同步标志：0 待同步，1 已接收，2 已拒收';\n",
    );
    for number in 0..ROWS {
        let state = if number % 6 == 5 { "frozen" } else { "active" };
        server.script(&format!(
            "INSERT INTO portal_account VALUES ('A{number:04}', 'natural', '{state}', \
             '2026-01-02 03:04:05', '0', NULL, NULL);\n"
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_end_database_is_found_mapped_tested_read_and_receipted() {
    let server = postgresql();
    fill(&server);
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;

    // A connection from the preset that carries one table.
    window.click("first-connection").await;
    window.click("field-preset").await;
    window
        .find("[data-testid=preset-frontend_postgresql]")
        .await;
    window.settle().await;
    window.click("preset-frontend_postgresql").await;
    window.find("[data-testid=field-id]").await;
    window.type_into("field-name", "省级前置库").await;
    window
        .replace("input[data-testid=field-base-url]", &server.address())
        .await;
    window.type_into("field-id", USER).await;
    window.type_into("field-secret", PASSWORD).await;
    let others = "label.is-checked[data-testid=carry]:not([data-dataset=portal_account])";
    window.find(others).await;
    while window.count(others).await > 0 {
        window.click_css(others).await;
    }
    window.click("save").await;
    window.find("html[data-environment=test]").await;

    // The database tells its tables and columns; waiting rows are known by their flag.
    window
        .click_css("[data-testid=dataset-detail][data-dataset=portal_account]")
        .await;
    window
        .until_contains("[data-testid=table-found]", "7")
        .await;
    assert_eq!(
        window.count("[data-testid=table-columns] tbody tr").await,
        7
    );
    window.settle().await;
    window.click("polling-flag").await;
    window.click("receipts").await;
    window.settle().await;
    window.shot("60-database-table").await;

    // A table that is not there is said to be missing, with what to do.
    let name = "input[data-testid=table-name]";
    window.replace(name, "portal_acount").await;
    window
        .until_contains("[data-testid=table-found]", "没有这张表")
        .await;
    window.replace(name, "portal_account").await;
    window
        .until_contains("[data-testid=table-found]", "7")
        .await;

    // Names that say nothing are paired by their comments.
    window.settle().await;
    window.click_css("#tab-mapping").await;
    window.click("take-proposals").await;
    window.gone("[data-testid=take-proposals]").await;
    for (field, value) in [("account_kind", "natural"), ("account_state", "active")] {
        window
            .until_contains(
                &format!(
                    "[data-testid=mapping-row][data-field={field}] [data-testid=mapping-value]"
                ),
                value,
            )
            .await;
    }
    window.settle().await;
    window.shot("61-database-mapping").await;
    window.press_escape().await;
    window.settle().await;

    // A user who may not write receipts is told before a run fails.
    window.click("test-run").await;
    window
        .find("[data-testid=layer-advice][data-advice=receipt_forbidden]")
        .await;
    window.settle().await;
    window.shot("62-database-receipt-forbidden").await;
    server.allow_updates();
    window.click("test-run").await;
    window
        .find("[data-testid=test-result][data-state=passed]")
        .await;
    for layer in [
        "protocol",
        "tls",
        "clock",
        "permission",
        "mapping",
        "findings",
    ] {
        window
            .find(&format!("[data-testid=test-layer][data-layer={layer}]"))
            .await;
    }
    window.settle().await;
    window.shot("63-database-test").await;

    // Every row is read and receipted.
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("sync-start").await;
    window
        .find("[data-testid=live] [data-state=finished_with_rejections]")
        .await;
    assert_eq!(window.number("[data-testid=count-fetched] b").await, ROWS);
    assert_eq!(window.number("[data-testid=count-rejected] b").await, 2);
    window.settle().await;
    window.shot("64-database-sync").await;
    assert_eq!(server.count("portal_account", "sync_sign = '1'"), 10);
    assert_eq!(
        server.count(
            "portal_account",
            "sync_sign = '2' AND sync_error_desc LIKE '%account_state%'"
        ),
        2
    );

    // The rejected rows are there with their cause.
    window.click("nav-rejected").await;
    window
        .click_css("[data-testid=cause-row][data-rule^='code.']")
        .await;
    window.click_css("[data-testid=rejections-row]").await;
    window
        .find("[data-testid=rejection-drawer] [data-testid=finding]")
        .await;
    window.settle().await;
    window.shot("65-database-rejected").await;
    window.close().await;
}

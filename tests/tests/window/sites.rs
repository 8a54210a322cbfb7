//! The journey through the site review: taken in from a table, mended, probed, removed and brought back.

use std::io::{Read as _, Write as _};

use fantoccini::key::Key;

use crate::driver::Driver;
use crate::{connected, provider};

/// A server that answers every address but one; gives its own.
fn addresses() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            let gone = String::from_utf8_lossy(&head[..read]).contains("/gone ");
            let status = if gone { "404 Not Found" } else { "200 OK" };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_are_taken_in_mended_probed_removed_and_brought_back() {
    let provider = provider().await;
    let dir = tempfile::tempdir().unwrap();
    let base = addresses();
    let table = dir.path().join("站点.csv");
    let key = "k".repeat(32);
    std::fs::write(
        &table,
        format!(
            "站点名称,站点地址,站点标识,应用标识,回调地址,本地注销地址,全省注销地址,明文字段,标识到期日\n\
             省政府门户网站,{base}/,{key},app-0001,{base}/callback,{base}/logout,{base}/gone,,2099-12-31\n\
             某市政务服务分站与企业开办专区,{base}/,{key},app-0002,https://other.example/cb,{base}/logout,,cardId mobile,2026-01-01\n\
             某县门户,{base}/,{},app-0003,,,,,\n\
             有误的一行,,,,,,,,明年\n",
            "c".repeat(32)
        ),
    )
    .unwrap();
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    connected(&window, &provider).await;

    window.click("nav-identity").await;
    window.click_css("#tab-sites").await;
    window.find("[data-testid=site-list] .empty").await;
    window.settle().await;
    window.shot("100-sites-none-zh-light").await;

    window.click("sites-import").await;
    window
        .type_into("sites-path", &table.display().to_string())
        .await;
    window.click("sites-look").await;
    window.find("[data-testid=sites-rows-row]").await;
    window.settle().await;
    window.shot("101-sites-import-zh-light").await;
    window.click("sites-apply").await;
    window.gone("[data-testid=sites-take]").await;
    window.find("[data-testid=site-list-row]").await;
    assert_eq!(window.count("[data-testid=site-list-row]").await, 3);
    assert_eq!(window.number("[data-testid=sites-grave] b").await, 3);

    // One by one the addresses are asked.
    window.settle().await;
    window.click("sites-probe-all").await;
    window
        .find("[data-testid=site-list-row] [data-state=failed]")
        .await;
    window.find("[data-testid=sites-probe-all]").await;
    window.settle().await;
    window.shot("102-sites-probed-zh-light").await;

    // The county's site gets its callback.
    window.type_into("sites-search", "某县").await;
    window.settle().await;
    window.click_css("[data-testid=site-list-row]").await;
    window.find("[data-testid=site-issues]").await;
    window.settle().await;
    window.shot("103-site-zh-light").await;
    window
        .type_into("site-callback", "https://county.example/cb")
        .await;
    window.click("site-save").await;
    window
        .until_contains("[data-testid=site-issues]", "不是同一主机")
        .await;
    window.press_escape().await;
    window.settle().await;
    let delete = char::from(Key::Delete).to_string();
    window
        .replace("input[data-testid=sites-search]", &delete)
        .await;

    // Removed, and brought back with what it had.
    window.settle().await;
    window.click_css("[data-testid=site-list-row]").await;
    window
        .click_css(".el-drawer__footer .el-button--danger")
        .await;
    window.find("[data-testid=site-undo]").await;
    assert_eq!(window.count("[data-testid=site-list-row]").await, 2);
    window.click("site-undo").await;
    window.gone("[data-testid=site-undo]").await;
    assert_eq!(window.count("[data-testid=site-list-row]").await, 3);

    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.click("nav-identity").await;
    window.click_css("#tab-sites").await;
    window.find("[data-testid=site-list-row]").await;
    window.settle().await;
    window.shot("104-sites-en-dark").await;
    window.click_css("[data-testid=site-list-row]").await;
    window.find("[data-testid=site-issues]").await;
    window.settle().await;
    window.shot("105-site-en-dark").await;
    window.close().await;
}

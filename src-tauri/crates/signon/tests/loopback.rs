//! The callback on this machine: only here, only once, only for its own test.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zhengqiao_signon::{Answer, Expects, Loopback, SignOnError};

fn expects() -> Expects {
    Expects {
        carries: "code".into(),
        state: Some(("state".into(), "the-right-state".into())),
    }
}

/// A waiting callback and its port.
async fn waiting() -> (u16, tokio::task::JoinHandle<Result<Answer, SignOnError>>) {
    let open = Loopback::open(0).await.unwrap();
    let port = url::Url::parse(&open.address()).unwrap().port().unwrap();
    (port, tokio::spawn(open.answer(expects())))
}

async fn get(port: u16, target: &str, host: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

fn is_open(address: impl Into<std::net::IpAddr>, port: u16) -> bool {
    TcpStream::connect(SocketAddr::new(address.into(), port)).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_is_open_on_127_0_0_1_only() {
    let (port, waiting) = waiting().await;
    assert!(is_open(Ipv4Addr::LOCALHOST, port));
    assert!(!is_open(Ipv4Addr::new(127, 0, 0, 2), port));
    assert!(!is_open(std::net::Ipv6Addr::LOCALHOST, port));
    // The address by which other machines reach this one, where it has any. Nothing is sent.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    if socket.connect("192.0.2.1:9").is_ok() {
        let own = socket.local_addr().unwrap().ip();
        if !own.is_loopback() {
            assert!(!is_open(own, port));
        }
    }
    waiting.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_closes_the_port_at_once() {
    let (port, waiting) = waiting().await;
    let host = format!("127.0.0.1:{port}");
    let page = get(port, "/callback?code=c&state=the-right-state", &host).await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.get("code"), Some("c"));
    assert!(!is_open(Ipv4Addr::LOCALHOST, port));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_state_path_host_or_method_is_refused_and_the_right_one_still_comes() {
    let (port, waiting) = waiting().await;
    let host = format!("127.0.0.1:{port}");
    for (target, given, status) in [
        ("/callback?code=c&state=another", host.as_str(), "400"),
        ("/callback?code=c", &host, "400"),
        ("/callback?state=the-right-state", &host, "400"),
        ("/callback?error=access_denied&state=another", &host, "400"),
        (
            "/callback?code=c&state=the-right-state&state=another",
            &host,
            "400",
        ),
        ("/?code=c&state=the-right-state", &host, "404"),
        ("/callback/../x?code=c&state=the-right-state", &host, "404"),
        (
            "/callback?code=c&state=the-right-state",
            "rebound.example",
            "421",
        ),
        ("/callback?code=c&state=the-right-state", "localhost", "421"),
    ] {
        let page = get(port, target, given).await;
        assert!(
            page.starts_with(&format!("HTTP/1.1 {status}")),
            "{target} {given}: {page}"
        );
        assert!(page.contains("此地址不属于当前测试"));
    }
    let right = get(port, "/callback?code=c2&state=the-right-state", &host).await;
    assert!(right.starts_with("HTTP/1.1 200"));
    assert_eq!(waiting.await.unwrap().unwrap().get("code"), Some("c2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_in_both_languages_what_to_do_and_carries_no_script() {
    let (port, _waiting) = waiting().await;
    let host = format!("127.0.0.1:{port}");
    let page = get(
        port,
        "/callback?code=secret-code&state=the-right-state",
        &host,
    )
    .await;
    assert!(page.contains("可以关闭此页面") && page.contains("You can close this page"));
    assert!(page.contains("default-src 'none'") && page.contains("no-store"));
    assert!(
        !page.contains("<script") && !page.contains("secret-code"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_waits_no_more_keeps_the_port() {
    let (port, waiting) = waiting().await;
    assert!(is_open(Ipv4Addr::LOCALHOST, port));
    waiting.abort();
    assert!(
        waiting
            .await
            .err()
            .is_some_and(|error| error.is_cancelled())
    );
    // Another can have it again.
    let again = loop {
        if let Ok(open) = Loopback::open(port).await {
            break open;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(again.address(), format!("http://127.0.0.1:{port}/callback"));
}

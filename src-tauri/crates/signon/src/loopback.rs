//! The callback on this machine: one port, one answer, then it is closed.
//!
//! Source: RFC 8252 7.3 and 8.3: the literal address instead of a name, so that neither a name server
//! nor another interface of the machine can come between; RFC 9700 4.7: an answer with another state
//! is somebody else's and does not end the waiting.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use url::Url;

use crate::error::SignOnError;

/// The path of the callback.
const PATH: &str = "/callback";
/// How long the browser may take to read the last page.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// What the browser came back with.
#[derive(Clone)]
pub struct Answer {
    params: Vec<(String, String)>,
}

impl Answer {
    /// The parameters of an address.
    pub fn of(address: &Url) -> Self {
        Self {
            params: address
                .query_pairs()
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        }
    }

    /// A parameter that is there once and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.params.iter().filter(|(key, _)| key == name);
        let (_, value) = found.next()?;
        (found.next().is_none() && !value.is_empty()).then_some(value.as_str())
    }
}

/// What an answer has to carry.
#[derive(Debug, Clone)]
pub struct Expects {
    /// The parameter that is exchanged.
    pub carries: String,
    /// The parameter that carries the state, and its value; nothing where a registered callback
    /// cannot carry one.
    pub state: Option<(String, String)>,
}

impl Expects {
    /// Whether an answer is this test's. A refusal of the provider's counts, if it has the state.
    ///
    /// # Errors
    /// [`SignOnError::WrongState`], [`SignOnError::Missing`].
    pub fn check(&self, answer: &Answer) -> Result<(), SignOnError> {
        if let Some((name, state)) = &self.state {
            let given = answer.get(name).ok_or(SignOnError::WrongState)?;
            if !same(given, state) {
                return Err(SignOnError::WrongState);
            }
        }
        if answer.get(&self.carries).is_some() || answer.get("error").is_some() {
            Ok(())
        } else {
            Err(SignOnError::Missing(self.carries.clone()))
        }
    }
}

/// Compares in a time that does not tell where two texts differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0, |all, (one, other)| all | (one ^ other))
            == 0
}

/// An open port that waits for one answer.
pub struct Loopback {
    listener: TcpListener,
    port: u16,
}

struct Waiting {
    port: u16,
    expects: Expects,
    found: Mutex<Option<oneshot::Sender<Answer>>>,
}

impl Loopback {
    /// Opens a port of 127.0.0.1; 0 for a free one.
    ///
    /// # Errors
    /// [`SignOnError::NoPort`].
    pub async fn open(port: u16) -> Result<Self, SignOnError> {
        let told = |error: std::io::Error| SignOnError::NoPort(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(told)?;
        let port = listener.local_addr().map_err(told)?.port();
        Ok(Self { listener, port })
    }

    /// Where the browser is to come back to.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits for the answer and closes the port at once.
    ///
    /// # Errors
    /// [`SignOnError::NoPort`] when the port was lost.
    pub async fn answer(self, expects: Expects) -> Result<Answer, SignOnError> {
        let (found, answer) = oneshot::channel();
        let (close, closing) = oneshot::channel::<()>();
        let waiting = Arc::new(Waiting {
            port: self.port,
            expects,
            found: Mutex::new(Some(found)),
        });
        let app = Router::new().fallback(receive).with_state(waiting);
        let serving = AbortOnDrop(tokio::spawn(async move {
            let served = axum::serve(self.listener, app).with_graceful_shutdown(async {
                // Dropped or told: either way it ends.
                let _ = closing.await;
            });
            if let Err(error) = served.await {
                tracing::warn!(%error, "the callback's port was lost");
            }
        }));
        let answer = answer
            .await
            .map_err(|_| SignOnError::NoPort("the port was lost".into()))?;
        drop(close);
        // The port is closed now; only the last page is still on its way.
        tokio::spawn(async move {
            let mut serving = serving;
            let _ = tokio::time::timeout(LAST_PAGE, &mut serving.0).await;
        });
        Ok(answer)
    }
}

/// A task that does not outlive its owner.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn receive(State(waiting): State<Arc<Waiting>>, request: Request) -> Response {
    let own = format!("127.0.0.1:{}", waiting.port);
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host != Some(own.as_str()) {
        return page(StatusCode::MISDIRECTED_REQUEST, &REFUSED);
    }
    if request.uri().path() != PATH {
        return page(StatusCode::NOT_FOUND, &REFUSED);
    }
    if request.method() != Method::GET {
        return page(StatusCode::METHOD_NOT_ALLOWED, &REFUSED);
    }
    let address = format!("http://{own}{}", request.uri());
    let Ok(address) = Url::parse(&address) else {
        return page(StatusCode::BAD_REQUEST, &REFUSED);
    };
    let answer = Answer::of(&address);
    if waiting.expects.check(&answer).is_err() {
        return page(StatusCode::BAD_REQUEST, &REFUSED);
    }
    let found = waiting
        .found
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let refused = answer.get("error").is_some();
    match found.map(|found| found.send(answer)) {
        Some(Ok(())) if refused => page(StatusCode::OK, &DENIED),
        Some(Ok(())) => page(StatusCode::OK, &RECEIVED),
        _ => page(StatusCode::GONE, &REFUSED),
    }
}

/// Words of a page: Chinese title and text, English title and text.
struct Words([&'static str; 4]);

const RECEIVED: Words = Words([
    "登录信息已收到",
    "可以关闭此页面，回到政桥查看测试结果。测试不会登录门户，也不会写入任何数据。",
    "The sign-in was received",
    "You can close this page and go back to Zhengqiao to see the result of the test. Nobody was signed in to the portal and nothing was written.",
]);
const DENIED: Words = Words([
    "身份认证平台未同意登录",
    "可以关闭此页面，回到政桥查看原因。",
    "The identity provider did not agree",
    "You can close this page and go back to Zhengqiao to see why.",
]);
const REFUSED: Words = Words([
    "此地址不属于当前测试",
    "请回到政桥，重新开始测试登录，并使用新打开的页面。",
    "This address does not belong to the present test",
    "Go back to Zhengqiao, start the test login again and use the page that it opens.",
]);

/// The page's only style; its hash is in the policy below.
const STYLE: &str = "body{margin:12vh auto;max-width:36em;padding:0 1.5em;font:16px/1.7 \"PingFang SC\",\"Microsoft YaHei\",\"Noto Sans CJK SC\",system-ui,sans-serif;color:#1f2933;background:#fff}h1{font-size:22px;margin:0 0 .3em}section+section{margin-top:2em;padding-top:2em;border-top:1px solid #d9dee4;color:#52606d}@media(prefers-color-scheme:dark){body{color:#e4e7eb;background:#16191d}section+section{border-color:#3a4047;color:#9aa5b1}}";
const POLICY: &str = "default-src 'none'; style-src 'sha256-2KmukYacSzRxiRSZo25xUrrC3Gx/anhn82zCBTJzAZQ='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn page(status: StatusCode, words: &Words) -> Response {
    let [title, text, english_title, english] = words.0;
    let body = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title} · {english_title}</title><style>{STYLE}</style></head><body><section><h1>{title}</h1><p>{text}</p></section><section lang=\"en\"><h1>{english_title}</h1><p>{english}</p></section></body></html>"
    );
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONNECTION, "close"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_allows_the_pages_own_style_and_nothing_else() {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "{hash}");
        assert!(!POLICY.contains("script"));
    }

    #[test]
    fn an_address_with_a_parameter_twice_carries_nothing() {
        let address = Url::parse("http://127.0.0.1:1/callback?code=a&code=b&state=s").unwrap();
        assert!(Answer::of(&address).get("code").is_none());
        assert_eq!(Answer::of(&address).get("state"), Some("s"));
    }
}

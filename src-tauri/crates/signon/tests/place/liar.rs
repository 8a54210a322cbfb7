//! A proxy in front of a real provider that changes what a rule says.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;

/// What passes: path, and what the provider answered.
pub type Rule = Box<dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync>;
/// Changes an address before it is passed on.
pub type Way = Box<dyn Fn(&str) -> String + Send + Sync>;

#[derive(Clone)]
pub struct Liar {
    inner: Arc<Inner>,
    pub port: u16,
}

struct Inner {
    target: AtomicU16,
    rule: Mutex<Option<Rule>>,
    way: Mutex<Option<Way>>,
    twice: Mutex<Option<String>>,
    client: reqwest::Client,
}

impl Liar {
    /// A proxy that has nothing to hide yet. Its target is set when the provider is there.
    pub async fn start() -> Self {
        let inner = Arc::new(Inner {
            target: AtomicU16::new(0),
            rule: Mutex::default(),
            way: Mutex::default(),
            twice: Mutex::default(),
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new().fallback(pass).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { inner, port }
    }

    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn set_target(&self, port: u16) {
        self.inner.target.store(port, Ordering::Relaxed);
    }

    /// Changes answers from now on.
    pub fn changes(&self, rule: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) {
        *self.inner.rule.lock().unwrap() = Some(Box::new(rule));
    }

    /// Changes addresses from now on.
    pub fn leads(&self, way: impl Fn(&str) -> String + Send + Sync + 'static) {
        *self.inner.way.lock().unwrap() = Some(Box::new(way));
    }

    /// Passes requests to this path on twice and gives the second answer.
    pub fn repeats(&self, path: &str) {
        *self.inner.twice.lock().unwrap() = Some(path.to_owned());
    }
}

async fn pass(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path().to_owned();
    let mut address = parts.uri.to_string();
    if let Some(way) = &*inner.way.lock().unwrap() {
        address = way(&address);
    }
    let times = usize::from(inner.twice.lock().unwrap().as_deref() == Some(&path));
    let target = inner.target.load(Ordering::Relaxed);
    let mut answer = None;
    for _ in 0..=times {
        let sent = inner
            .client
            .request(
                parts.method.clone(),
                format!("http://127.0.0.1:{target}{address}"),
            )
            // The Host stays: the provider builds its addresses from it.
            .headers(parts.headers.clone())
            .body(body.to_vec());
        answer = Some(sent.send().await.unwrap());
    }
    let answer = answer.unwrap();
    let mut response = Response::builder().status(answer.status().as_u16());
    for (name, value) in answer.headers() {
        if name != "content-length" && name != "transfer-encoding" && name != "content-encoding" {
            response = response.header(name, value);
        }
    }
    let mut bytes = answer.bytes().await.unwrap().to_vec();
    if let Some(rule) = &*inner.rule.lock().unwrap() {
        bytes = rule(&path, bytes);
    }
    response.body(Body::from(bytes)).unwrap()
}

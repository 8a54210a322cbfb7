//! Stands between a caller and a provider, keeps what was sent, and can send it again as it was.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};

/// A request that was sent, and what was answered.
#[derive(Debug, Clone)]
pub struct Sent {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    /// The answer's body.
    pub answer: String,
}

type Change = fn(&mut String);

struct Kept {
    provider: String,
    client: reqwest::Client,
    sent: Mutex<Vec<Sent>>,
    change: Mutex<Option<Change>>,
}

/// The one that stands between. It ends with the test.
pub struct Recorder {
    kept: Arc<Kept>,
    base_url: String,
}

impl Recorder {
    pub async fn start(provider: String) -> Self {
        let kept = Arc::new(Kept {
            provider,
            client: reqwest::Client::new(),
            sent: Mutex::default(),
            change: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(kept.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { kept, base_url }
    }

    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The request that was sent last.
    pub fn last(&self) -> Sent {
        self.kept.sent.lock().unwrap().last().unwrap().clone()
    }

    /// How often a token or secret was asked for.
    pub fn grants(&self) -> usize {
        let sent = self.kept.sent.lock().unwrap();
        sent.iter()
            .filter(|request| request.path.ends_with("/token") || request.path.ends_with("/secret"))
            .count()
    }

    /// Sends a request again, byte for byte, and gives what was answered.
    pub async fn send(&self, request: &Sent) -> String {
        self.kept.send(request).await.2
    }

    /// Changes every answer from now on.
    pub fn change_answers(&self, change: Change) {
        *self.kept.change.lock().unwrap() = Some(change);
    }
}

impl Kept {
    async fn send(&self, request: &Sent) -> (axum::http::StatusCode, HeaderMap, String) {
        let mut headers = request.headers.clone();
        headers.remove(HOST);
        headers.remove(CONTENT_LENGTH);
        let answer = self
            .client
            .request(
                request.method.clone(),
                format!("{}{}", self.provider, request.path),
            )
            .headers(headers)
            .body(request.body.clone())
            .send()
            .await
            .unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.text().await.unwrap())
    }
}

async fn pass(State(kept): State<Arc<Kept>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut sent = Sent {
        method: parts.method,
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: axum::body::to_bytes(body, 1 << 20).await.unwrap(),
        answer: String::new(),
    };
    let (status, headers, mut answer) = kept.send(&sent).await;
    let change = *kept.change.lock().unwrap();
    if let Some(change) = change {
        change(&mut answer);
    }
    sent.answer.clone_from(&answer);
    kept.sent.lock().unwrap().push(sent);
    let kind = headers.get(CONTENT_TYPE).cloned();
    let mut response = (status, answer).into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

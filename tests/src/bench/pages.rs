//! Pages that are rendered once: the demo provider behind a memory, so that its work is not measured.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use zhengqiao_demo::{DemoOptions, DemoProvider};

use crate::Outcome;

/// Bytes of a question at most.
const LARGEST_QUESTION: usize = 64 * 1024;
struct Memory {
    provider: String,
    client: reqwest::Client,
    kept: Mutex<HashMap<String, Bytes>>,
}

/// Serves until its standard input ends; tells its address on standard output.
pub async fn serve(records: u64, defects: f64) -> Outcome<()> {
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects,
        ..DemoOptions::new(records, 1, now)
    };
    let provider = DemoProvider::start(options, ([127, 0, 0, 1], 0).into()).await?;
    let memory = Arc::new(Memory {
        provider: provider.base_url(),
        client: reqwest::Client::new(),
        kept: Mutex::default(),
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}/", listener.local_addr()?);
    let app = Router::new().fallback(page).with_state(memory);
    let served = tokio::spawn(async move { axum::serve(listener, app).await });
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
        .await??;
    served.abort();
    Ok(())
}

async fn page(State(memory): State<Arc<Memory>>, request: Request) -> impl IntoResponse {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let body = axum::body::to_bytes(request.into_body(), LARGEST_QUESTION)
        .await
        .unwrap_or_default();
    // A page is asked for by what is in the body.
    let asked = format!("{path} {}", String::from_utf8_lossy(&body));
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    if let Some(kept) = memory.kept.lock().await.get(&asked) {
        return (StatusCode::OK, headers, kept.clone());
    }
    let fresh = async {
        let url = format!("{}/{path}", memory.provider.trim_end_matches('/'));
        let answer = memory
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .send()
            .await?
            .error_for_status()?;
        answer.bytes().await
    };
    match fresh.await {
        Ok(body) => {
            memory.kept.lock().await.insert(asked, body.clone());
            (StatusCode::OK, headers, body)
        }
        Err(error) => (StatusCode::BAD_GATEWAY, headers, error.to_string().into()),
    }
}

/// The pages in a process of their own, so that their memory is not ours.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts it; it ends with this value.
    pub async fn start(records: u64, defects: f64) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["pages", &records.to_string(), &defects.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().ok_or("the pages have no output")?;
        let mut address = String::new();
        BufReader::new(out).read_line(&mut address).await?;
        Ok(Self {
            child,
            address: address.trim().to_owned(),
        })
    }

    /// Its process.
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// Where the pages are.
    pub fn address(&self) -> &str {
        &self.address
    }
}

//! The server: three interface families over the same rows.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use chrono::NaiveDateTime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::faults::{FaultKind, FaultScript};
use crate::numbers::{key64, mix};
use crate::row::{self, Family, Forms};
use crate::world::{DATASETS, DemoOptions, World};

/// Rows a page at most.
const LARGEST_PAGE: u64 = 5_000;
/// The gateway's clock and the caller's may differ by so much.
const CLOCK_MS: u128 = 5 * 60 * 1000;

/// How to get in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Gateway: requester.
    pub requester_id: String,
    /// OAuth 2.0: client.
    pub client_id: String,
    /// The secret of all three families.
    pub secret: String,
}

/// The server could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the demo provider could not listen on {addr}: {source}")]
pub struct StartError {
    addr: SocketAddr,
    source: std::io::Error,
}

struct Shared {
    world: World,
    credentials: Credentials,
    faults: FaultScript,
    tokens: Mutex<HashMap<String, Instant>>,
}

type Provider = State<Arc<Shared>>;

/// A running provider. It ends with this value.
pub struct DemoProvider {
    shared: Arc<Shared>,
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

impl DemoProvider {
    /// Starts a provider; port 0 means any free one.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn start(options: DemoOptions, addr: SocketAddr) -> Result<Self, StartError> {
        let failed = |source| StartError { addr, source };
        let seed = options.seed;
        let shared = Arc::new(Shared {
            credentials: Credentials {
                requester_id: "demo-portal".into(),
                client_id: "demo-client".into(),
                secret: key64(seed, &[1])[..32].to_owned(),
            },
            world: World::new(options),
            faults: FaultScript::default(),
            tokens: Mutex::default(),
        });
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let router = Router::new()
            .route("/health", get(|| async { "ok" }))
            .route("/sysapi/{dataset}", post(gateway))
            .route("/sysapi/{dataset}/counts", post(gateway_counts))
            .route("/oauth/token", post(token))
            .route("/service/api/{dataset}/123", get(oauth2))
            .route("/v1/{dataset}", get(cursor))
            .with_state(shared.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let serve = axum::serve(listener, router).with_graceful_shutdown(async {
                // A dropped sender stops the server too.
                let _ = stopped.await;
            });
            // The only errors are of single connections, which the caller sees.
            let _ = serve.await;
        });
        Ok(Self {
            shared,
            addr,
            stop: Some(stop),
        })
    }

    /// Base address.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How to get in.
    pub fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    /// The faults to come.
    pub fn faults(&self) -> &FaultScript {
        &self.shared.faults
    }

    /// The rows.
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// Stops listening.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended already.
            let _ = stop.send(());
        }
    }
}

impl Drop for DemoProvider {
    fn drop(&mut self) {
        self.stop();
    }
}

fn json(status: StatusCode, body: String) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        body,
    )
        .into_response()
}

fn moment(text: Option<&String>) -> Option<NaiveDateTime> {
    let text = text?;
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()
}

fn refuse(code: &str, message: &str) -> Response {
    let code = if code.bytes().all(|byte| byte.is_ascii_digit()) {
        code.to_owned()
    } else {
        format!("\"{code}\"")
    };
    json(
        StatusCode::OK,
        format!(r#"{{"code":{code},"message":"{message}"}}"#),
    )
}

/// Whether a gateway call is signed by somebody known, and lately.
fn signed(shared: &Shared, headers: &HeaderMap, dataset: &str) -> Result<(), &'static str> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let (rid, sid, time, sign) = (
        text("gjzwfwpt_rid"),
        text("gjzwfwpt_sid"),
        text("gjzwfwpt_rtime"),
        text("gjzwfwpt_sign"),
    );
    if rid != shared.credentials.requester_id {
        return Err("请求者身份未知");
    }
    if sid != format!("svc-{dataset}") {
        return Err("服务身份与接口不符");
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_millis());
    if time
        .parse::<u128>()
        .map_or(true, |time| time.abs_diff(now) > CLOCK_MS)
    {
        return Err("请求时间超出允许范围");
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(shared.credentials.secret.as_bytes()) else {
        return Err("签名错误");
    };
    mac.update(format!("{sid}{rid}{time}").as_bytes());
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    if sign == expected {
        Ok(())
    } else {
        Err("签名错误")
    }
}

async fn gateway(
    State(shared): Provider,
    Path(dataset): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(number) = World::dataset(&dataset) else {
        return json(StatusCode::NOT_FOUND, "{}".into());
    };
    if let Err(message) = signed(&shared, &headers, &dataset) {
        return json(
            StatusCode::UNAUTHORIZED,
            format!(r#"{{"code":300,"message":"{message}"}}"#),
        );
    }
    let asked: HashMap<String, serde_json::Value> =
        serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| {
        asked.get(name).map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
    };
    let count = |name: &str, default: u64| {
        text(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (page, size) = (
        count("page", 1).max(1),
        count("size", 1000).clamp(1, LARGEST_PAGE),
    );
    let span = span(
        &shared.world,
        number,
        moment(text("since").as_ref()),
        moment(text("until").as_ref()),
    );
    let listing = Listing {
        number,
        family: Family::Gateway,
        from: span.0 + (page - 1) * size,
        size,
        span,
    };
    answer(&shared, &dataset, &listing, |rows, _, extra| {
        let total = span.1 - span.0 + extra;
        format!(r#"{{"code":200,"message":"ok","data":{{"list":{rows},"total":{total}}}}}"#)
    })
    .await
}

async fn gateway_counts(
    State(shared): Provider,
    Path(dataset): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(number) = World::dataset(&dataset) else {
        return json(StatusCode::NOT_FOUND, "{}".into());
    };
    if let Err(message) = signed(&shared, &headers, &dataset) {
        return json(
            StatusCode::UNAUTHORIZED,
            format!(r#"{{"code":300,"message":"{message}"}}"#),
        );
    }
    let body = tokio::task::spawn_blocking(move || {
        let mut counts: std::collections::BTreeMap<(String, String), u64> =
            std::collections::BTreeMap::new();
        for place in 0..shared.world.places(number) {
            let row = shared.world.at(number, place);
            let department = ["dept_code", "org_code"].map(|name| row.get(name)).concat();
            let day: String = shared
                .world
                .changed_at(number, place)
                .format("%Y-%m-%d")
                .to_string();
            *counts.entry((day, department)).or_default() += 1;
        }
        let list: Vec<String> = counts
            .into_iter()
            .map(|((day, department), count)| {
                format!(r#"{{"day":"{day}","dept_code":"{department}","count":{count}}}"#)
            })
            .collect();
        format!(
            r#"{{"code":200,"message":"ok","data":{{"list":[{}]}}}}"#,
            list.join(",")
        )
    })
    .await
    .unwrap_or_default();
    json(StatusCode::OK, body)
}

async fn token(
    State(shared): Provider,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let given = |name: &str| {
        form.get(name)
            .or_else(|| query.get(name))
            .cloned()
            .unwrap_or_default()
    };
    if given("client_id") != shared.credentials.client_id
        || given("client_secret") != shared.credentials.secret
    {
        return json(
            StatusCode::UNAUTHORIZED,
            r#"{"error":"invalid_client"}"#.into(),
        );
    }
    let life = shared.world.options.token_ttl_s;
    let mut tokens = shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    let token = format!(
        "{:016x}{:016x}",
        mix(tokens.len() as u64, &[shared.world.options.seed]),
        mix(7, &[tokens.len() as u64])
    );
    tokens.insert(token.clone(), Instant::now() + Duration::from_secs(life));
    json(
        StatusCode::OK,
        format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{life}}}"#),
    )
}

async fn oauth2(
    State(shared): Provider,
    Path(dataset): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Some(number) = World::dataset(&dataset) else {
        return json(StatusCode::NOT_FOUND, "{}".into());
    };
    let valid = query.get("access_token").is_some_and(|token| {
        let tokens = shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens
            .get(token)
            .is_some_and(|until| Instant::now() < *until)
    });
    if !valid || query.get("client_id") != Some(&shared.credentials.client_id) {
        return json(
            StatusCode::UNAUTHORIZED,
            r#"{"error":"invalid_token"}"#.into(),
        );
    }
    let count = |name: &str, default: u64| {
        query
            .get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (page, size) = (
        count("pageNumber", 1).max(1),
        count("pageSize", 1000).clamp(1, LARGEST_PAGE),
    );
    let span = span(
        &shared.world,
        number,
        moment(query.get("beginTime")),
        moment(query.get("endTime")),
    );
    let listing = Listing {
        number,
        family: Family::Oauth2,
        from: span.0 + (page - 1) * size,
        size,
        span,
    };
    answer(&shared, &dataset, &listing, |rows, _, _| rows.to_owned()).await
}

async fn cursor(
    State(shared): Provider,
    Path(dataset): Path<String>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Some(number) = World::dataset(&dataset) else {
        return json(StatusCode::NOT_FOUND, "{}".into());
    };
    let key = headers
        .get("x-api-key")
        .and_then(|value| value.to_str().ok());
    if key != Some(shared.credentials.secret.as_str()) {
        return json(
            StatusCode::UNAUTHORIZED,
            r#"{"success":false,"message":"unknown key"}"#.into(),
        );
    }
    let size = query
        .get("limit")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000u64)
        .clamp(1, LARGEST_PAGE);
    let from = match query.get("cursor") {
        None => 0,
        Some(text) => match u64::from_str_radix(text.strip_prefix('c').unwrap_or(text), 16) {
            Ok(place) => place,
            Err(_) => {
                return json(
                    StatusCode::BAD_REQUEST,
                    r#"{"success":false,"message":"unknown cursor"}"#.into(),
                );
            }
        },
    };
    let span = (0, shared.world.places(number));
    let listing = Listing {
        number,
        family: Family::Cursor,
        from,
        size,
        span,
    };
    answer(&shared, &dataset, &listing, |rows, next, _| {
        let more = next < span.1;
        format!(r#"{{"success":true,"items":{rows},"next":"c{next:x}","has_more":{more}}}"#)
    })
    .await
}

fn span(
    world: &World,
    number: usize,
    since: Option<NaiveDateTime>,
    until: Option<NaiveDateTime>,
) -> (u64, u64) {
    let from = since.map_or(0, |since| world.place_at(number, since));
    let to = until.map_or_else(
        || world.places(number),
        |until| world.place_at(number, until),
    );
    (from, to.max(from))
}

struct Listing {
    number: usize,
    family: Family,
    from: u64,
    size: u64,
    span: (u64, u64),
}

/// Writes the rows of a listing, spoils the answer as the script says, and sends it.
async fn answer(
    shared: &Arc<Shared>,
    dataset: &str,
    listing: &Listing,
    envelope: impl FnOnce(&str, u64, u64) -> String,
) -> Response {
    let fault = shared.faults.meet(dataset);
    if let Some(response) = early(fault.as_ref()).await {
        return response;
    }
    let (mut from, mut extra) = (listing.from, 0);
    match fault {
        Some(FaultKind::RepeatedPage) => {
            from = from.saturating_sub(listing.size).max(listing.span.0);
        }
        Some(FaultKind::PageDrift) => {
            from = from.saturating_sub(1).max(listing.span.0);
            extra = 1;
        }
        Some(FaultKind::Empty) => from = listing.span.1,
        _ => {}
    }
    let to = (from + listing.size).min(listing.span.1).max(from);
    let mut places: Vec<u64> = (from..to).collect();
    match fault {
        Some(FaultKind::RowsOutOfOrder) => places.reverse(),
        Some(FaultKind::DuplicatedRows) => {
            places = places
                .into_iter()
                .flat_map(|place| [place, place])
                .collect();
        }
        _ => {}
    }
    let forms = if fault == Some(FaultKind::NumbersAsText) {
        Forms::NumbersAsText
    } else {
        Forms::AsIs
    };
    let (worker, family, number) = (shared.clone(), listing.family, listing.number);
    let rows = tokio::task::spawn_blocking(move || {
        let mut out = String::with_capacity(places.len() * 1200 + 2);
        out.push('[');
        for (at, place) in places.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            row::write(
                &worker.world.at(number, *place),
                DATASETS[number],
                family,
                forms,
                &mut out,
            );
        }
        out.push(']');
        out
    })
    .await
    .unwrap_or_default();
    let next = if fault == Some(FaultKind::CursorLoop) {
        listing.span.0
    } else {
        to
    };
    late(fault.as_ref(), envelope(&rows, next, extra))
}

/// Faults that need no rows.
async fn early(fault: Option<&FaultKind>) -> Option<Response> {
    Some(match fault? {
        FaultKind::RateLimited { retry_after_s } => (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, retry_after_s.to_string())],
            "{}",
        )
            .into_response(),
        FaultKind::ServerError { status } => json(
            StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            "{}".into(),
        ),
        FaultKind::Timeout => {
            std::future::pending::<()>().await;
            return None;
        }
        FaultKind::ErrorInOk { code, message } => refuse(code, message),
        FaultKind::ExpiredToken => json(
            StatusCode::UNAUTHORIZED,
            r#"{"error":"invalid_token"}"#.into(),
        ),
        FaultKind::WrongContentType => (
            StatusCode::OK,
            [(header::CONTENT_TYPE, "text/html")],
            "<html><body>请登录</body></html>",
        )
            .into_response(),
        FaultKind::OversizedBody { bytes } => {
            let bytes = usize::try_from(*bytes).unwrap_or(usize::MAX).min(1 << 30);
            json(StatusCode::OK, format!("[{}]", " ".repeat(bytes)))
        }
        _ => return None,
    })
}

/// Faults of a written answer.
fn late(fault: Option<&FaultKind>, mut body: String) -> Response {
    match fault {
        Some(FaultKind::TruncatedJson) => {
            let half = (0..=body.len() / 2)
                .rev()
                .find(|at| body.is_char_boundary(*at))
                .unwrap_or(0);
            body.truncate(half);
            json(StatusCode::OK, body)
        }
        Some(FaultKind::MalformedJson) => json(
            StatusCode::OK,
            body.replacen(':', "=", 1).replacen('[', "[,", 1),
        ),
        Some(FaultKind::Bom) => json(StatusCode::OK, format!("\u{FEFF}{body}")),
        Some(FaultKind::BrokenBody) => {
            let half: Vec<u8> = body.into_bytes();
            let pieces = [
                Ok(Bytes::copy_from_slice(&half[..half.len() / 2])),
                Err(std::io::Error::other("broken off")),
            ];
            stream(pieces.into_iter().collect(), Duration::ZERO)
        }
        Some(FaultKind::SlowBody { pause_ms }) => {
            let size = (body.len() / 8).max(1);
            let pieces = body
                .into_bytes()
                .chunks(size)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            stream(pieces, Duration::from_millis(*pause_ms))
        }
        _ => json(StatusCode::OK, body),
    }
}

fn stream(pieces: Vec<Result<Bytes, std::io::Error>>, pause: Duration) -> Response {
    let stream = futures_util::stream::unfold(pieces.into_iter(), move |mut pieces| async move {
        let piece = pieces.next()?;
        tokio::time::sleep(pause).await;
        Some((piece, pieces))
    });
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, "application/json")],
        Body::from_stream(stream),
    )
        .into_response()
}

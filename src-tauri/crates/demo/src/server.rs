//! The server: the interface families over the same rows.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::NaiveDateTime;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::faults::{FaultKind, FaultScript};
use crate::gate::{self, Gate};
use crate::narrow::Narrow;
use crate::numbers::key64;
use crate::portal::{self, Portal};
use crate::row::{self, Family, Forms};
use crate::slips::SlipScript;
use crate::world::{DATASETS, DemoOptions, World};

/// Rows a page at most.
const LARGEST_PAGE: u64 = 5_000;

/// How to get in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Gateways: requester; where an application has a mark, this is it.
    pub requester_id: String,
    /// OAuth 2.0: client; basic authentication: user.
    pub client_id: String,
    /// Sealed bodies: the application's code.
    pub app_code: String,
    /// The secret of all families.
    pub secret: String,
    /// The caller's private key, where the caller signs with SM2.
    pub private_key: String,
    /// The provider's public key.
    pub provider_key: String,
}

impl Credentials {
    /// The caller's name in a family.
    pub fn id(&self, family: &str) -> &str {
        match family {
            "oauth2_client" | "basic" => &self.client_id,
            "sealed_body" => &self.app_code,
            _ => &self.requester_id,
        }
    }

    /// The caller's secret in a family, with all its parts.
    pub fn secret_of(&self, family: &str) -> String {
        let (secret, key) = (&self.secret, &self.private_key);
        match family {
            "sealed_body" => format!("app_secret={secret}\nprivate_key={key}"),
            "sm2_envelope" => format!("app_word={secret}\nprivate_key={key}"),
            _ => secret.clone(),
        }
    }

    /// The caller's public key.
    pub(crate) fn public_key(&self) -> String {
        gate::public_key(&self.private_key)
    }
}

/// The server could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the demo provider could not listen on {addr}: {source}")]
pub struct StartError {
    addr: SocketAddr,
    source: std::io::Error,
}

pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) credentials: Credentials,
    pub(crate) gate: Gate,
    /// The provider's own.
    pub(crate) private_key: String,
    faults: FaultScript,
    slips: SlipScript,
    pub(crate) portal: Portal,
    pub(crate) signed_in: gate::SignedIn,
}

impl Shared {
    /// The faults to come.
    pub(crate) fn faults(&self) -> &FaultScript {
        &self.faults
    }
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
                app_code: "demo-portal-0001".into(),
                secret: key64(seed, &[1])[..32].to_owned(),
                private_key: private_key(seed, 2),
                provider_key: gate::public_key(&private_key(seed, 3)),
            },
            private_key: private_key(seed, 3),
            gate: Gate::default(),
            world: World::new(options),
            faults: FaultScript::default(),
            slips: SlipScript::default(),
            portal: Portal::default(),
            signed_in: gate::SignedIn::default(),
        });
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let router = Router::new()
            .route("/health", get(|| async { "ok" }))
            .route("/sysapi/{dataset}", post(gateway))
            .route("/sysapi/{dataset}/counts", post(gateway_counts))
            .route("/service/api/{dataset}/123", get(oauth2))
            .route("/v1/{dataset}", get(cursor))
            .route(
                "/portal/records",
                post(portal::receive).layer(DefaultBodyLimit::max(64 * 1024 * 1024)),
            )
            .merge(gate::routes())
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

    /// The site's key at the relay of the sign-on.
    pub fn site_key(&self) -> String {
        gate::site_key(&self.shared)
    }

    /// The faults to come.
    pub fn faults(&self) -> &FaultScript {
        &self.shared.faults
    }

    /// The rows that are lost or sent twice in pages.
    pub fn slips(&self) -> &SlipScript {
        &self.shared.slips
    }

    /// The receiving side.
    pub fn portal(&self) -> &Portal {
        &self.shared.portal
    }

    /// Sets the provider's clock ahead of this machine's, or behind it.
    pub fn set_clock_ahead_s(&self, seconds: i64) {
        self.shared.gate.set_offset_ms(seconds.saturating_mul(1000));
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

/// A private key out of the seed; the first digit keeps it below the group's order.
fn private_key(seed: u64, number: u64) -> String {
    format!("1{}", &key64(seed, &[number])[1..64])
}

pub(crate) fn json(status: StatusCode, body: String) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        body,
    )
        .into_response()
}

pub(crate) fn moment(text: Option<&String>) -> Option<NaiveDateTime> {
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
fn signed(
    shared: &Shared,
    headers: &HeaderMap,
    dataset: &str,
    body: &[u8],
) -> Result<(), &'static str> {
    let right = |message: &str, sign: &str| gate::lasting(shared, message, sign);
    gate::signed(shared, "gjzwfwpt", dataset, headers, body, right).map_err(gate::Refusal::message)
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
    if let Err(message) = signed(&shared, &headers, &dataset, &body) {
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
    let as_text = |name: &str| asked.get(name).and_then(serde_json::Value::as_str);
    let narrow = Narrow::of(as_text, "dept_code", "area_code");
    let listing = Listing::new(&shared, number, Family::Gateway, span, &narrow).page(page, size);
    let span = listing.span;
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
    body: Bytes,
) -> Response {
    let Some(number) = World::dataset(&dataset) else {
        return json(StatusCode::NOT_FOUND, "{}".into());
    };
    if let Err(message) = signed(&shared, &headers, &dataset, &body) {
        return json(
            StatusCode::UNAUTHORIZED,
            format!(r#"{{"code":300,"message":"{message}"}}"#),
        );
    }
    let asked: HashMap<String, serde_json::Value> =
        serde_json::from_slice(&body).unwrap_or_default();
    let bound = |name: &str| moment(asked.get(name)?.as_str().map(str::to_owned).as_ref());
    let (since, until) = (bound("since"), bound("until"));
    let body = tokio::task::spawn_blocking(move || {
        let list = shared.world.counts(number, since, until);
        format!(r#"{{"code":200,"message":"ok","data":{{"list":{list}}}}}"#)
    })
    .await
    .unwrap_or_default();
    json(StatusCode::OK, body)
}

async fn oauth2(
    State(shared): Provider,
    Path(dataset): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Some(number) = World::dataset(&dataset) else {
        return json(StatusCode::NOT_FOUND, "{}".into());
    };
    let token = query.get("access_token").map(String::as_str);
    let valid = shared.gate.granted(|known| Some(known) == token).is_ok();
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
    let as_text = |name: &str| query.get(name).map(String::as_str);
    let narrow = Narrow::of(as_text, "deptCode", "areaCode");
    let listing = Listing::new(&shared, number, Family::Oauth2, span, &narrow).page(page, size);
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
        None => None,
        Some(text) => match u64::from_str_radix(text.strip_prefix('c').unwrap_or(text), 16) {
            Ok(place) => Some(place),
            Err(_) => {
                return json(
                    StatusCode::BAD_REQUEST,
                    r#"{"success":false,"message":"unknown cursor"}"#.into(),
                );
            }
        },
    };
    let moments = (
        moment(query.get("changed_from")),
        moment(query.get("changed_to")),
    );
    let span = span(&shared.world, number, moments.0, moments.1);
    let as_text = |name: &str| query.get(name).map(String::as_str);
    let narrow = Narrow::of(as_text, "department", "region");
    let mut listing = Listing::new(&shared, number, Family::Cursor, span, &narrow).page(1, size);
    listing.from = from.unwrap_or(listing.from);
    let span = listing.span;
    answer(&shared, &dataset, &listing, |rows, next, _| {
        let more = next < span.1;
        format!(r#"{{"success":true,"items":{rows},"next":"c{next:x}","has_more":{more}}}"#)
    })
    .await
}

pub(crate) fn span(
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

pub(crate) struct Listing {
    pub(crate) number: usize,
    pub(crate) family: Family,
    pub(crate) from: u64,
    pub(crate) size: u64,
    pub(crate) span: (u64, u64),
    /// The places of a narrowed listing, of which `span` is then the range of indexes.
    chosen: Option<Arc<Vec<u64>>>,
    /// Whether it lists everything.
    whole: bool,
}

impl Listing {
    /// The first rows of a span, or of what it is narrowed to.
    pub(crate) fn new(
        shared: &Shared,
        number: usize,
        family: Family,
        span: (u64, u64),
        narrow: &Narrow,
    ) -> Self {
        let chosen = narrow.places(&shared.world, number, span);
        let whole = chosen.is_none() && span == (0, shared.world.places(number));
        let span = chosen
            .as_ref()
            .map_or(span, |places| (0, places.len() as u64));
        Self {
            number,
            family,
            from: span.0,
            size: LARGEST_PAGE,
            span,
            chosen,
            whole,
        }
    }

    /// A page of it, from 1.
    pub(crate) fn page(mut self, page: u64, size: u64) -> Self {
        self.size = size;
        self.from = self.span.0.saturating_add((page - 1).saturating_mul(size));
        self
    }
}

/// Writes the rows of a listing, spoils the answer as the script says, and sends it.
pub(crate) async fn answer(
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
    let to = from
        .saturating_add(listing.size)
        .min(listing.span.1)
        .max(from);
    let mut places: Vec<u64> = match &listing.chosen {
        Some(chosen) => (from..to)
            .filter_map(|at| chosen.get(usize::try_from(at).ok()?).copied())
            .collect(),
        None => (from..to).collect(),
    };
    places = shared.slips.of(dataset, listing.whole, places);
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
pub(crate) async fn early(fault: Option<&FaultKind>) -> Option<Response> {
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
pub(crate) fn late(fault: Option<&FaultKind>, mut body: String) -> Response {
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

//! Who may ask: the demo provider's side of every family of proof.
//!
//! It was written from the families' descriptions and not from the code that signs, so that the two
//! check each other. Every family refuses a wrong signature, a time stamp that is more than five
//! minutes off, and a request that was seen before.

mod ciphers;
mod jis;
mod national;
mod plain;
mod sealed_body;
mod sign_on;
mod sm2_envelope;
mod tif;

pub(crate) use sign_on::{SignedIn, site_key};

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;

use crate::answers::json;
use crate::families::{Listing, answer, moment, span};
use crate::narrow::Narrow;
use crate::row::Family;
use crate::server::Shared;
use crate::world::World;

pub(crate) use ciphers::public_key;
pub(crate) use national::{lasting, signed};

/// The provider's clock and the caller's may differ by so much.
const CLOCK_MS: u64 = 5 * 60 * 1000;
/// Eight hours, China's offset, in ms.
const CHINA_MS: i64 = 8 * 3600 * 1000;
/// So many requests are remembered before old ones are forgotten.
const REMEMBERED: usize = 100_000;
/// Rows a page at most.
const LARGEST_PAGE: u64 = 5_000;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Asker,
    Service,
    Signature,
    Stale,
    Repeated,
    Expired,
}

impl Refusal {
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Refusal::Asker => "请求者身份未知",
            Refusal::Service => "服务身份与接口不符",
            Refusal::Signature => "签名错误",
            Refusal::Stale => "请求时间超出允许范围",
            Refusal::Repeated => "请求重复",
            Refusal::Expired => "密钥已过期",
        }
    }
}

/// What was asked, once it has been let in.
pub(crate) struct Asked {
    /// The dataset.
    pub dataset: String,
    /// The parameters.
    pub params: HashMap<String, String>,
}

/// The gate's clock and memory.
#[derive(Default)]
pub(crate) struct Gate {
    offset_ms: AtomicI64,
    seen: Mutex<HashMap<String, u64>>,
    /// Time-limited secrets and tokens with their ends.
    granted: Mutex<Vec<(String, u64)>>,
}

impl Gate {
    /// The provider's time.
    pub(crate) fn now_ms(&self) -> u64 {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_millis() as u64);
        now.saturating_add_signed(self.offset_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }

    fn fresh(&self, at_ms: Option<u64>) -> Result<(), Refusal> {
        match at_ms {
            Some(at) if at.abs_diff(self.now_ms()) <= CLOCK_MS => Ok(()),
            _ => Err(Refusal::Stale),
        }
    }

    fn once(&self, what: String) -> Result<(), Refusal> {
        let now = self.now_ms();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, at| at.abs_diff(now) <= 2 * CLOCK_MS);
        }
        match seen.insert(what, now) {
            None => Ok(()),
            Some(_) => Err(Refusal::Repeated),
        }
    }

    /// Grants a value for so many seconds; says when it ends.
    pub(crate) fn grant(&self, value: impl FnOnce(usize) -> String, life_s: u64) -> (String, u64) {
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        let value = value(granted.len());
        let ends = self.now_ms() + life_s * 1000;
        granted.push((value.clone(), ends));
        (value, ends)
    }

    /// Whether a granted value for which `is` holds is still valid.
    pub(crate) fn granted(&self, is: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        let granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        match granted.iter().rev().find(|(value, _)| is(value)) {
            None => Err(Refusal::Signature),
            Some((_, ends)) if self.now_ms() < *ends => Ok(()),
            Some(_) => Err(Refusal::Expired),
        }
    }
}

/// A header's text.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A JSON object's members as texts.
fn texts(value: &Value) -> HashMap<String, String> {
    let Some(object) = value.as_object() else {
        return HashMap::new();
    };
    object
        .iter()
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        })
        .collect()
}

/// `yyyyMMddHHmmss` in China, in ms since 1970.
fn compact_ms(text: &str) -> Option<u64> {
    let local = chrono::NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok()?;
    u64::try_from(local.and_utc().timestamp_millis() - CHINA_MS).ok()
}

/// How a family says yes and no.
trait Manner: Send + Sync + 'static {
    /// Lets a request in, or not.
    fn admit(
        &self,
        shared: &Shared,
        dataset: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal>;

    /// The answer with rows.
    fn yes(&self, shared: &Shared, rows: &str, total: u64) -> String;

    /// The answer without.
    fn no(&self, refusal: Refusal) -> Response;
}

/// 401 with a code and a message, as most gateways refuse.
fn unauthorised(refusal: Refusal) -> Response {
    json(
        StatusCode::UNAUTHORIZED,
        format!(r#"{{"code":300,"message":"{}"}}"#, refusal.message()),
    )
}

/// 200 with an error inside, under the names that a family uses.
fn inside(code: &str, message: &str, refusal: Refusal) -> Response {
    json(
        StatusCode::OK,
        format!(r#"{{{code},"{message}":"{}"}}"#, refusal.message()),
    )
}

/// The families' addresses below the provider's.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/gjgxjhpt/secret", post(national::secret))
        .route("/gjgxjhpt/{dataset}", post(named(national::Timed)))
        .route("/tif/{dataset}", post(named(tif::Tif)))
        .route("/jis/interface", post(unnamed(jis::Jis)))
        .route("/hcp/{dataset}", post(named(sm2_envelope::Sm2Envelope)))
        .route("/hsa/{dataset}", post(named(sealed_body::SealedBody)))
        .route("/basic/{dataset}", post(named(plain::Basic)))
        .route("/basic/{dataset}/counts", post(counted(plain::Basic)))
        .route("/open/{dataset}/counts", post(counted(plain::Open)))
        .route("/bearer/{dataset}/counts", post(counted(plain::Bearer)))
        .route("/open/{dataset}", post(named(plain::Open)))
        .route("/oauth/token", get(plain::token).post(plain::token))
        .route("/bearer/{dataset}", post(named(plain::Bearer)))
        .merge(sign_on::routes())
}

type Answering = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

/// A family whose address names the dataset.
fn named<M: Manner + Clone>(
    manner: M,
) -> impl Fn(State<Arc<Shared>>, Path<String>, HeaderMap, Bytes) -> Answering + Clone + Send + Sync
{
    move |State(shared), Path(dataset), headers, body| {
        let manner = manner.clone();
        Box::pin(async move { serve(&manner, shared, &dataset, &headers, &body).await })
    }
}

/// The counts of a family whose address names the dataset.
fn counted<M: Manner + Clone>(
    manner: M,
) -> impl Fn(State<Arc<Shared>>, Path<String>, HeaderMap, Bytes) -> Answering + Clone + Send + Sync
{
    move |State(shared), Path(dataset), headers, body| {
        let manner = manner.clone();
        Box::pin(async move { count(&manner, shared, &dataset, &headers, &body).await })
    }
}

/// A family with one address, where the request names the dataset.
fn unnamed<M: Manner + Clone>(
    manner: M,
) -> impl Fn(State<Arc<Shared>>, HeaderMap, Bytes) -> Answering + Clone + Send + Sync {
    move |State(shared), headers, body| {
        let manner = manner.clone();
        Box::pin(async move { serve(&manner, shared, "", &headers, &body).await })
    }
}

async fn serve(
    manner: &impl Manner,
    shared: Arc<Shared>,
    dataset: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let asked = match manner.admit(&shared, dataset, headers, body) {
        Ok(asked) => asked,
        Err(refusal) => return manner.no(refusal),
    };
    let Some(number) = World::dataset(&asked.dataset) else {
        return json(StatusCode::NOT_FOUND, "{}".into());
    };
    let count = |name: &str, default: u64| {
        asked
            .params
            .get(name)
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
        moment(asked.params.get("since")),
        moment(asked.params.get("until")),
    );
    let as_text = |name: &str| asked.params.get(name).map(String::as_str);
    let narrow = Narrow::of(as_text, "dept_code", "area_code");
    let listing = Listing::new(&shared, number, Family::Gateway, span, &narrow).page(page, size);
    let span = listing.span;
    answer(&shared, &asked.dataset, &listing, |rows, _, extra| {
        manner.yes(&shared, rows, span.1 - span.0 + extra)
    })
    .await
}

async fn count(
    manner: &impl Manner,
    shared: Arc<Shared>,
    dataset: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let asked = match manner.admit(&shared, dataset, headers, body) {
        Ok(asked) => asked,
        Err(refusal) => return manner.no(refusal),
    };
    let Some(number) = World::dataset(&asked.dataset) else {
        return json(StatusCode::NOT_FOUND, "{}".into());
    };
    let since = moment(asked.params.get("since"));
    let until = moment(asked.params.get("until"));
    let worker = shared.clone();
    let list = tokio::task::spawn_blocking(move || worker.world.counts(number, since, until)).await;
    json(
        StatusCode::OK,
        manner.yes(&shared, &list.unwrap_or_else(|_| "[]".into()), 0),
    )
}

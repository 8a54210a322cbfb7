//! The interface families over the same rows.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::NaiveDateTime;

use crate::answers::{early, json, late};
use crate::faults::FaultKind;
use crate::gate;
use crate::narrow::Narrow;
use crate::row::{self, Family, Forms};
use crate::server::Shared;
use crate::world::{DATASETS, World};

/// Rows a page at most.
const LARGEST_PAGE: u64 = 5_000;

type Provider = State<Arc<Shared>>;

pub(crate) fn moment(text: Option<&String>) -> Option<NaiveDateTime> {
    let text = text?;
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()
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

pub(crate) async fn gateway(
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

pub(crate) async fn gateway_counts(
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

pub(crate) async fn oauth2(
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

pub(crate) async fn cursor(
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
    let fault = shared.faults().meet(dataset);
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

//! Every kind of paging against a real listener: all rows, once each, in order, wherever the reading
//! is interrupted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use proptest::prelude::*;
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    DatasetSource, Envelope, NoObserver, Pager, Position, Profile, Provider, Scope, Secrets, Slices,
};

/// A table of rows, one a minute, told in every form.
struct Table {
    rows: u64,
    /// Whether a cursor's page begins with the last row of the page before.
    inclusive: bool,
    asked: AtomicU64,
}

fn number(params: &HashMap<String, String>, name: &str) -> Option<u64> {
    params.get(name).and_then(|text| text.parse().ok())
}

fn minute_of(text: &str) -> u64 {
    let at = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
    let begin = chrono::NaiveDate::from_ymd_opt(2026, 1, 1)
        .unwrap()
        .and_time(chrono::NaiveTime::MIN);
    // Rounded up: a row's minute is in the slice that begins at or before it.
    u64::try_from(((at - begin).num_seconds() + 59).max(0) / 60).unwrap()
}

async fn serve(
    State(table): State<Arc<Table>>,
    Query(params): Query<HashMap<String, String>>,
) -> Response {
    table.asked.fetch_add(1, Ordering::Relaxed);
    let from = params
        .get("from")
        .map_or(0, |text| minute_of(text))
        .min(table.rows);
    let to = params
        .get("to")
        .map_or(table.rows, |text| minute_of(text))
        .clamp(from, table.rows);
    let size = number(&params, "size").unwrap_or(table.rows.max(1));
    let mut begin = from;
    if let Some(page) = number(&params, "page") {
        begin += (page - 1) * size;
    }
    begin += number(&params, "offset").unwrap_or(0);
    if let Some(cursor) = number(&params, "cursor") {
        begin = cursor;
    }
    begin = begin.min(to);
    let end = (begin + size).min(to);
    let first = if table.inclusive && begin > from && size > 1 {
        begin - 1
    } else {
        begin
    };
    let list: Vec<String> = (first..end)
        .map(|row| format!(r#"{{"n":{row}}}"#))
        .collect();
    let mut headers = HeaderMap::new();
    if end < to {
        headers.insert("x-next", HeaderValue::from(end));
        let link = format!("</t/rows?cursor={end}&size={size}>; rel=\"next\", </t>; rel=\"up\"");
        headers.insert("link", HeaderValue::from_str(&link).unwrap());
    }
    let next = if end < to {
        format!("\"{end}\"")
    } else {
        "null".into()
    };
    let body = format!(
        r#"{{"list":[{}],"total":{},"next":{next},"more":{}}}"#,
        list.join(","),
        to - from,
        end < to
    );
    (headers, [("content-type", "application/json")], body).into_response()
}

async fn listen(rows: u64, inclusive: bool) -> (String, Arc<Table>) {
    let table = Arc::new(Table {
        rows,
        inclusive,
        asked: AtomicU64::new(0),
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let base = format!("http://{}/t", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/t/rows", get(serve))
        .with_state(table.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, table)
}

fn source(pager: Pager, change: impl FnOnce(&mut DatasetSource)) -> DatasetSource {
    let mut source = DatasetSource {
        path: "rows".into(),
        pager,
        envelope: Envelope {
            records: "/list".into(),
            ..Envelope::default()
        },
        ..DatasetSource::default()
    };
    change(&mut source);
    source
}

fn slices(hours: u32) -> Slices {
    Slices {
        from_param: "from".into(),
        to_param: "to".into(),
        begin: "2026-01-01 00:00:00".into(),
        hours,
        overlap_s: 0,
    }
}

/// Every way of paging, with what the envelope tells.
fn kinds(size: u32) -> Vec<(&'static str, DatasetSource)> {
    let page = || Pager::Page {
        page_param: "page".into(),
        size_param: "size".into(),
        size,
        first: 1,
    };
    let offset = || Pager::Offset {
        offset_param: "offset".into(),
        size_param: "size".into(),
        size,
    };
    let cursor = |header: &str| Pager::Cursor {
        cursor_param: "cursor".into(),
        size_param: "size".into(),
        size,
        cursor_header: header.into(),
    };
    let link = || Pager::Link {
        size_param: "size".into(),
        size,
    };
    vec![
        ("page until empty", source(page(), |_| {})),
        (
            "page with total",
            source(page(), |one| one.envelope.total = "/total".into()),
        ),
        (
            "page until short",
            source(page(), |one| one.short_page_ends = true),
        ),
        (
            "page with has_more",
            source(page(), |one| one.envelope.has_more = "/more".into()),
        ),
        (
            "offset with total",
            source(offset(), |one| one.envelope.total = "/total".into()),
        ),
        ("offset until empty", source(offset(), |_| {})),
        (
            "cursor in body",
            source(cursor(""), |one| one.envelope.next_cursor = "/next".into()),
        ),
        ("cursor in header", source(cursor("X-Next"), |_| {})),
        ("link header", source(link(), |_| {})),
        (
            "slices of pages",
            source(page(), |one| one.slices = Some(slices(1))),
        ),
        (
            "slices with total",
            source(page(), |one| {
                one.slices = Some(slices(2));
                one.envelope.total = "/total".into();
            }),
        ),
        (
            "slices of cursors",
            source(cursor(""), |one| {
                one.slices = Some(slices(1));
                one.envelope.next_cursor = "/next".into();
            }),
        ),
        ("single", source(Pager::Single, |_| {})),
    ]
}

fn provider(base: &str, source: &DatasetSource) -> Provider {
    let profile = Profile {
        base_url: base.into(),
        datasets: [(DatasetId::CaseResult, source.clone())].into(),
        ..Profile::default()
    };
    Provider::new(&profile, Secrets::new(None), Arc::new(NoObserver)).unwrap()
}

/// Reads everything; the walk is made anew from its written position after each `lives` pages.
async fn read(provider: &Provider, source: &DatasetSource, lives: usize) -> Vec<u64> {
    let mut rows = Vec::new();
    let mut position: Option<Position> = None;
    loop {
        let until = "2026-01-01 12:00:00";
        let mut walk = provider.walk(
            DatasetId::CaseResult,
            source,
            Scope::Full,
            until,
            position.clone(),
        );
        for _ in 0..lives {
            let Some(page) = provider.next(&mut walk).await.unwrap() else {
                return rows;
            };
            assert_eq!(page.drift, None);
            rows.extend((0..page.records.len()).map(|at| {
                let row: serde_json::Value = serde_json::from_slice(page.raw(at)).unwrap();
                row["n"].as_u64().unwrap()
            }));
            let written = serde_json::to_string(&page.position_after).unwrap();
            position = Some(serde_json::from_str(&written).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_row_comes_once_in_order_wherever_the_reading_is_interrupted(
        rows in 0_u64..400,
        size in 1_u32..90,
        lives in 1_usize..5,
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let (base, _) = listen(rows, false).await;
            for (name, source) in kinds(size) {
                let found = read(&provider(&base, &source), &source, lives).await;
                let expected: Vec<u64> = (0..rows).collect();
                assert_eq!(found, expected, "{name}");
            }
        });
    }
}

#[tokio::test]
async fn a_cursor_that_repeats_the_last_row_is_no_drift_and_loses_nothing() {
    let (base, _) = listen(95, true).await;
    for (name, source) in kinds(10) {
        if !name.contains("cursor") && !name.contains("link") {
            continue;
        }
        let mut found = read(&provider(&base, &source), &source, 100).await;
        assert!(found.len() > 95, "{name}: the boundary rows do come twice");
        found.dedup();
        assert_eq!(found, (0..95).collect::<Vec<u64>>(), "{name}");
    }
}

#[tokio::test]
async fn slices_that_overlap_bring_the_boundary_rows_twice_and_miss_none() {
    let (base, _) = listen(300, false).await;
    let source = source(
        Pager::Page {
            page_param: "page".into(),
            size_param: "size".into(),
            size: 50,
            first: 1,
        },
        |one| {
            one.slices = Some(Slices {
                overlap_s: 600,
                ..slices(1)
            });
        },
    );
    let found = read(&provider(&base, &source), &source, 1).await;
    let twice = found
        .iter()
        .filter(|row| found.iter().filter(|other| other == row).count() == 2)
        .count();
    assert_eq!(twice, 2 * 10 * 5, "ten minutes at each of five boundaries");
    let mut sorted = found;
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted, (0..300).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_stop_rule_saves_the_request_that_brings_nothing() {
    for (name, asked) in [
        ("page with total", 4),
        ("page with has_more", 4),
        ("page until short", 4),
        ("page until empty", 6),
    ] {
        let (base, table) = listen(95, false).await;
        let source = kinds(25)
            .into_iter()
            .find(|(one, _)| *one == name)
            .unwrap()
            .1;
        read(&provider(&base, &source), &source, 100).await;
        assert_eq!(table.asked.load(Ordering::Relaxed), asked, "{name}");
    }
}

#[tokio::test]
async fn an_old_page_in_the_place_of_the_second_empty_one_is_no_loop() {
    const FIRST: &str = r#"{"list":[{"n":0},{"n":1}],"next":"2"}"#;
    const END: &str = r#"{"list":[],"next":"2"}"#;
    let asked = Arc::new(AtomicU64::new(0));
    let answer = |State(asked): State<Arc<AtomicU64>>| async move {
        let body = match asked.fetch_add(1, Ordering::Relaxed) {
            0 | 2 => FIRST,
            _ => END,
        };
        ([("content-type", "application/json")], body)
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let base = format!("http://{}/t", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/t/rows", get(answer))
        .with_state(asked.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let pager = Pager::Cursor {
        cursor_param: "cursor".into(),
        size_param: "size".into(),
        size: 2,
        cursor_header: String::new(),
    };
    let source = source(pager, |source| source.envelope.next_cursor = "/next".into());
    assert_eq!(read(&provider(&base, &source), &source, 1).await, [0, 1]);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

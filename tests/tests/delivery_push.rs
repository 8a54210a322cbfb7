//! Delivery by push to a portal that drops answers, repeats, fails and refuses: the same set arrives,
//! each version once, and what is refused is told with its reason.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

#[path = "../../src-tauri/crates/sync/tests/bed/mod.rs"]
mod bed;
#[path = "delivery/portal.rs"]
mod portal;
#[path = "frontend/servers.rs"]
mod servers;

use std::collections::BTreeMap;
use std::time::Duration;

use portal::{Portal, Random, Row};
use zhengqiao_delivery::{DeliveryError, diagnose};
use zhengqiao_demo::{Fault, FaultKind, Objection, PORTAL};
use zhengqiao_exchange::{LayerState, Secrets};
use zhengqiao_store::delivery;
use zhengqiao_sync::RunMode;

fn fault(kind: FaultKind, skip: u32) -> Fault {
    Fault {
        dataset: Some(PORTAL.into()),
        skip,
        times: 1,
        kind,
    }
}

/// How many versions of each record wait.
fn versions(portal: &Portal) -> BTreeMap<String, u32> {
    portal
        .bed
        .cache
        .read_blocking(|conn| {
            let mut statement =
                conn.prepare("SELECT lower(hex(key_hash)), COUNT(*) FROM outbox GROUP BY 1")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap()
}

/// No version was taken twice.
fn assert_once(portal: &Portal, versions: &BTreeMap<String, u32>) {
    for ((_, key), one) in portal.bed.provider.portal().records() {
        assert!(one.changes <= versions[&key], "{key}: {one:?}");
    }
}

/// What the portal has, in the cache's forms.
fn received(portal: &Portal) -> Vec<Row> {
    let records = portal.bed.provider.portal().records();
    let mut rows: Vec<Row> = records
        .into_iter()
        .filter(|((stream, _), _)| *stream == portal.stream)
        .map(|((_, key), one)| Row {
            dataset: one.dataset,
            key,
            withdrawn: one.act == "withdraw",
            fields: one
                .fields
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect::<BTreeMap<_, _>>(),
        })
        .collect();
    rows.sort();
    rows
}

fn assert_same(portal: &Portal) {
    let found = received(portal);
    let wanted = portal.rows();
    let difference = wanted.iter().zip(&found).find(|(one, other)| one != other);
    assert!(difference.is_none(), "{difference:#?}");
    assert_eq!(wanted.len(), found.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_arrives_once_at_a_portal_that_drops_answers_repeats_and_fails() {
    let portal = Portal::over_push(150, 21, |target| target.batch_rows = 40).await;
    portal.bed.run(RunMode::Full).await;
    let versions = versions(&portal);
    let kinds = [
        FaultKind::ServerError { status: 503 },
        FaultKind::RateLimited { retry_after_s: 0 },
        FaultKind::TruncatedJson,
        FaultKind::HalfAnswered,
        FaultKind::MalformedJson,
        FaultKind::BrokenBody,
        FaultKind::WrongContentType,
        FaultKind::HalfAnswered,
    ];
    for (at, kind) in kinds.into_iter().enumerate() {
        portal
            .bed
            .provider
            .faults()
            .push(fault(kind, at as u32 * 2));
    }
    let end = portal.deliver().await.unwrap();
    assert_eq!(end.refused, 0, "{end:?}");
    assert_eq!(portal.waiting(), 0);
    assert_same(&portal);
    assert_once(&portal, &versions);
    assert!(portal.bed.provider.portal().repeated() > 0);
    portal.assert_counted();

    portal.withdraw_some(3);
    portal.remove_one();
    portal.deliver().await.unwrap();
    assert_same(&portal);
}

const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// How long a process may live at most when its batch is held, so that some are killed elsewhere too.
const LIFE_MS: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_killed_goes_on_and_no_version_is_taken_twice() {
    let portal = Portal::over_push(200, 22, |target| target.batch_rows = 15).await;
    portal.bed.run(RunMode::Full).await;
    let versions = versions(&portal);
    let mut random = Random(0x0F1E_2D3C_4B5A_6978);
    let (mut kills, mut held) = (0, 0);
    while kills < 30 && portal.waiting() > 0 {
        // The portal holds one of the next batches, before it takes it or before it answers.
        let kind = match random.below(2) {
            0 => FaultKind::Timeout,
            _ => FaultKind::SlowBody { pause_ms: 600_000 },
        };
        let faults = portal.bed.provider.faults();
        faults.push(fault(kind, random.below(3) as u32));
        let limit = match random.below(2) {
            0 => Duration::from_millis(random.below(LIFE_MS)),
            _ => Duration::from_mins(1),
        };
        let mut process = portal.spawn();
        let met = async {
            while !faults.is_spent() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let ended = tokio::select! {
            ended = process.wait() => Some(ended.unwrap()),
            () = met => None,
            () = tokio::time::sleep(limit) => None,
        };
        held += u32::from(faults.is_spent());
        faults.clear();
        if let Some(ended) = ended {
            assert!(ended.success(), "{ended}");
        } else {
            process.kill().await.unwrap();
            kills += 1;
        }
    }
    portal.deliver().await.unwrap();
    assert!(held > 3, "{held} of {kills} kills amid a batch");
    assert_same(&portal);
    assert_once(&portal, &versions);
    portal.assert_counted();
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_records_come_back_with_code_and_words_and_resolve_when_they_are_taken() {
    let portal = Portal::over_push(150, 23, |target| target.batch_rows = 60).await;
    portal.bed.run(RunMode::Full).await;
    let cases: Vec<Row> = portal
        .rows()
        .into_iter()
        .filter(|row| row.dataset == "case_acceptance" && !row.withdrawn)
        .collect();
    let field = "project_no";
    let objection = |row: &Row, code: &str| Objection {
        field: field.into(),
        value: row.fields[field].clone(),
        code: code.into(),
        message: "办件编号 12345678901 重复".into(),
    };
    let listed = portal.bed.provider.portal();
    listed.object(objection(&cases[0], "E17"));
    listed.object(objection(&cases[5], "E17"));
    // At this one the portal breaks, every time.
    listed.object(objection(&cases[9], ""));
    let end = portal.deliver().await.unwrap();
    assert!(end.refused >= 3, "{end:?}");
    assert_eq!(portal.waiting(), 0);
    let open = portal.refusals();
    let by_code = |code: &str| {
        open.iter()
            .filter(|(_, finding)| finding["value"] == code)
            .count()
    };
    assert!(by_code("E17") >= 2, "{open:?}");
    assert!(by_code("provider_error") >= 1, "{open:?}");
    for (_, finding) in &open {
        assert_eq!(finding["rule"], "delivery.refused");
        assert!(!finding["expected"].to_string().contains("12345678901"));
    }
    let found = received(&portal);
    assert_eq!(found.len(), portal.rows().len() - open.len());

    listed.relent();
    let id = portal.bed.connection_id;
    portal
        .bed
        .cache
        .write_blocking(move |tx| delivery::begin_again(tx, id, true))
        .unwrap();
    portal.deliver().await.unwrap();
    assert!(portal.refusals().is_empty());
    assert_same(&portal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_is_down_or_does_not_let_us_in_loses_nothing() {
    let portal = Portal::over_push(100, 24, |_| {}).await;
    portal.bed.run(RunMode::Full).await;
    let all = portal.waiting();
    portal.bed.provider.faults().push(Fault {
        times: 10_000,
        ..fault(FaultKind::ServerError { status: 502 }, 0)
    });
    let error = portal.deliver().await.unwrap_err();
    assert_eq!(error.code(), "provider_error", "{error}");
    assert_eq!(portal.waiting(), all);
    assert!(portal.refusals().is_empty());
    portal.bed.provider.faults().clear();

    let wrong = Secrets::new(Some("wrong".into()));
    let id = portal.bed.connection_id;
    let error = zhengqiao_delivery::deliver(&portal.bed.cache, id, wrong)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "unauthorised", "{error}");
    let row = portal
        .bed
        .cache
        .read_blocking(|conn| delivery::get(conn, id))
        .unwrap()
        .unwrap();
    assert_eq!(row.state, "failed");
    assert_eq!(row.cause.unwrap().0, "unauthorised");
    assert_eq!(portal.waiting(), all);
    portal.deliver().await.unwrap();
    assert_same(&portal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_takes_nothing_stops_the_delivery_before_the_inbox_is_flooded() {
    let portal = Portal::over_push(400, 25, |target| {
        target.batch_rows = 100;
        target.accepted_codes = vec!["never".into()];
    })
    .await;
    portal.bed.run(RunMode::Full).await;
    let error = portal.deliver().await.unwrap_err();
    assert!(
        matches!(error, DeliveryError::RefusesAll { rows, .. } if rows < 400),
        "{error}"
    );
    assert!(portal.waiting() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_of_a_portal_sends_nothing_that_counts() {
    let portal = Portal::over_push(100, 26, |_| {}).await;
    let profile = portal.profile();
    let target = profile.delivery.clone().unwrap();
    let secret = portal.bed.provider.credentials().secret.clone();
    let mut layers = Vec::new();
    diagnose(&profile, &target, Secrets::new(Some(secret)), |layer| {
        layers.push(layer);
    })
    .await;
    assert!(
        layers.iter().all(|layer| layer.state != LayerState::Failed),
        "{layers:?}"
    );
    assert_eq!(layers.last().unwrap().name, "sample");
    assert!(portal.bed.provider.portal().records().is_empty());
    let mut layers = Vec::new();
    diagnose(&profile, &target, Secrets::new(Some("x".into())), |layer| {
        layers.push(layer);
    })
    .await;
    let last = layers.last().unwrap();
    assert_eq!(
        (last.name, last.advice),
        ("authentication", Some("unauthorised"))
    );
}

//! Among a whole population every conflict is found with its kind, and none is invented.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use zhengqiao_api::contract::ConnectionId;
use zhengqiao_demo::{DemoOptions, World};
use zhengqiao_tests::people;

/// Identities, unless the environment says otherwise.
const IDENTITIES: u64 = 15_000;

fn world() -> World {
    let identities = std::env::var("ZHENGQIAO_LARGE_IDENTITIES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(IDENTITIES);
    let now = chrono::NaiveDate::from_ymd_opt(2026, 11, 23)
        .unwrap()
        .and_hms_opt(12, 0, 0)
        .unwrap();
    let now = now.max((chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc());
    World::new(DemoOptions::new(identities * 100 / 13, 1, now))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_seeded_conflict_is_found_with_its_kind_and_none_is_invented() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    let (console, connection_id) = people::console(dir.path()).await.unwrap();
    let cache = console.cache().unwrap();
    let filled = people::fill(&cache, connection_id, &world).await.unwrap();
    let summary = console
        .review_identity(ConnectionId { connection_id })
        .await
        .unwrap();
    let truth = people::truth(&world);
    let found = people::found(&cache, connection_id).await.unwrap();
    let differ: Vec<_> = truth
        .iter()
        .map(|(id, kinds)| (id, Some(kinds), found.get(id)))
        .chain(
            found
                .iter()
                .filter(|(id, _)| !truth.contains_key(*id))
                .map(|(id, kinds)| (id, None, Some(kinds))),
        )
        .filter(|(_, truth, found)| truth != found)
        .take(20)
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
    // Each kind but the administrators', which a policy must give, is there to be found.
    let kinds: std::collections::BTreeSet<_> = truth.values().flatten().collect();
    assert_eq!(kinds.len(), 22, "{kinds:?}");
    assert!(filled.accounts > filled.people / 2, "{filled:?}");
    let all: i64 = summary.states.iter().map(|row| row.count).sum();
    assert!(all >= i64::try_from(filled.accounts).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_review_looks_only_at_what_changed_and_keeps_the_numbers_of_bindings() {
    let world = World::new(DemoOptions::new(
        5_000,
        3,
        (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc(),
    ));
    let dir = tempfile::tempdir().unwrap();
    let (console, connection_id) = people::console(dir.path()).await.unwrap();
    let cache = console.cache().unwrap();
    people::fill(&cache, connection_id, &world).await.unwrap();
    let id = ConnectionId { connection_id };
    let first = console.review_identity(id).await.unwrap();
    assert!(!first.took.unwrap().incremental);
    let numbers = || {
        cache.read(move |conn| {
            let mut statement = conn.prepare(
                "SELECT id, account_record, person_record, conflicts
                 FROM binding
                 WHERE connection_id = ?1
                 ORDER BY id",
            )?;
            let rows = statement.query_map([connection_id], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Option<i64>>(1)?,
                    row.get::<_, Option<i64>>(2)?,
                    row.get::<_, i64>(3)?,
                ))
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
    };
    let before = numbers().await.unwrap();
    cache
        .write(|tx| {
            tx.execute(
                "UPDATE record SET fields = json_set(fields, '$.display_name', '另一个名字')
                 WHERE json_extract(fields, '$.account_id') = 'PA000000007'",
                [],
            )?;
            Ok(())
        })
        .await
        .unwrap();
    let second = console.review_identity(id).await.unwrap();
    let took = second.took.unwrap();
    assert!(took.incremental && took.records == 1, "{took:?}");
    let after = numbers().await.unwrap();
    assert_eq!(before.len(), after.len());
    let changed: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(one, other)| one != other)
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].0.0, changed[0].1.0);

    // An account that is gone takes its binding with it.
    cache
        .write(|tx| {
            tx.execute(
                "DELETE FROM record WHERE json_extract(fields, '$.account_id') = 'PA000000007'",
                [],
            )?;
            Ok(())
        })
        .await
        .unwrap();
    console.review_identity(id).await.unwrap();
    let left = numbers().await.unwrap();
    assert!(left.iter().all(|row| row.1 != changed[0].0.1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_a_filter_is_audited_with_the_filter_and_how_many() {
    let world = World::new(DemoOptions::new(
        5_000,
        3,
        (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc(),
    ));
    let dir = tempfile::tempdir().unwrap();
    let (console, connection_id) = people::console(dir.path()).await.unwrap();
    people::fill(&console.cache().unwrap(), connection_id, &world)
        .await
        .unwrap();
    let id = ConnectionId { connection_id };
    let summary = console.review_identity(id).await.unwrap();
    let orphans = |summary: &zhengqiao_api::contract::IdentitySummary| {
        let found = summary
            .states
            .iter()
            .find(|row| row.state.as_str() == "orphaned");
        found.map_or(0, |row| row.count)
    };
    let before = orphans(&summary);
    let request = serde_json::json!({
        "connection_id": connection_id,
        "filter": { "state": "orphaned" },
        "act": "unlink",
        "reason": "身份已不存在",
    });
    let made = console
        .decide_bindings(serde_json::from_value(request).unwrap())
        .await
        .unwrap();
    assert!(before > 0);
    assert_eq!(made.decided, before);
    let audit = console
        .list_audit(zhengqiao_api::contract::AuditRequest {
            before: None,
            limit: 10,
        })
        .await
        .unwrap();
    let entry = audit
        .entries
        .iter()
        .find(|row| row.act == "decide_bindings")
        .unwrap();
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap();
    assert_eq!(detail["decided"], before);
    assert_eq!(detail["filter"]["state"], "orphaned");
    assert_eq!(detail["reason"], "身份已不存在");
    // The decisions are in the bindings at once: an account without a binding is no orphan.
    let after = console
        .get_identity_summary(ConnectionId { connection_id })
        .await
        .unwrap();
    assert_eq!(orphans(&after), 0);
}

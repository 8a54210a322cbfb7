//! Delivery to a real PostgreSQL: what the library has is what the cache has, whoever is killed; what
//! it refuses comes back; copies of a cache and other connections do not get into each other's way.

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

use std::time::Duration;

use portal::{Portal, Random};
use zhengqiao_delivery::DeliveryError;
use zhengqiao_exchange::{LayerState, PostgresTarget, Target};
use zhengqiao_store::{Cache, CacheKey, delivery, outbox};
use zhengqiao_sync::RunMode;

/// What is wrong with a target.
type Change = fn(&mut PostgresTarget);

/// Kills of either side together.
const KILLS: u32 = 110;
/// Of these, so many of the server.
const SERVER_KILLS: u32 = 25;
const LOOK_AGAIN: Duration = Duration::from_millis(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_library_has_exactly_the_accepted_set_whoever_is_killed_and_how_often() {
    let mut server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 250, 71, |target| target.batch_rows = 12).await;
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    let (mut process_kills, mut server_kills, mut within) = (0, 0, 0);
    portal.bed.run(RunMode::Full).await;
    while process_kills + server_kills < KILLS {
        if portal.waiting() == 0 {
            // More comes in, or everything goes out again.
            if random.below(2) == 0 {
                portal.bed.advance(40);
                portal.bed.run(RunMode::Incremental).await;
            } else {
                let id = portal.bed.connection_id;
                portal
                    .bed
                    .cache
                    .write_blocking(move |tx| delivery::begin_again(tx, id, true))
                    .unwrap();
            }
        }
        let before = portal.waiting();
        let kills_server = server_kills < SERVER_KILLS && random.below(3) == 0;
        let mut process = portal.spawn();
        // At some moment, or as soon as it has delivered something.
        let ended = match random.below(2) {
            0 => {
                let life = Duration::from_millis(40 + random.below(260));
                tokio::time::timeout(life, process.wait()).await.is_ok()
            }
            _ => loop {
                if process.try_wait().unwrap().is_some() {
                    break true;
                }
                if portal.waiting() < before {
                    break false;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            },
        };
        if !ended && kills_server {
            server.kill();
            server_kills += 1;
            server.restart();
            // It comes back to the library by itself, or gives up after its tries.
            let _ = tokio::time::timeout(Duration::from_millis(300), process.wait()).await;
        }
        if process.try_wait().unwrap().is_none() {
            process.kill().await.unwrap();
            process_kills += 1;
        }
        let after = portal.waiting();
        within += u32::from(after > 0 && after < before);
    }
    portal.deliver().await.unwrap();
    assert_eq!(portal.waiting(), 0);
    portal.assert_same(&server);
    portal.assert_counted();
    println!(
        "{process_kills} kills of the process, {server_kills} of the server, {within} amid a delivery"
    );
    assert!(within >= 20, "{within} kills amid a delivery");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_and_withdrawals_arrive_and_what_a_run_brought_is_counted() {
    let server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 300, 5, |_| {}).await;
    portal.bed.run(RunMode::Full).await;
    let first = portal.deliver().await.unwrap();
    assert!(first.delivered > 300, "{first:?}");
    portal.assert_same(&server);
    for _ in 0..3 {
        portal.bed.advance(150);
        portal.bed.run(RunMode::Incremental).await;
    }
    portal.withdraw_some(7);
    portal.remove_one();
    portal.deliver().await.unwrap();
    portal.assert_same(&server);
    assert_eq!(server.count("portal.case_acceptance", "withdrawn"), 7);
    portal.assert_counted();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_an_earlier_version_is_brought_up_and_foreign_columns_stay() {
    let server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 150, 6, |_| {}).await;
    server.script(
        "CREATE SCHEMA portal;
         CREATE TABLE portal.case_acceptance (
           stream text NOT NULL, row_key text NOT NULL, withdrawn boolean NOT NULL DEFAULT false,
           project_no text, shown_on text DEFAULT 'front page', PRIMARY KEY (stream, row_key));
         INSERT INTO portal.case_acceptance (stream, row_key, project_no) VALUES ('other', 'k', 'P');\n",
    );
    portal.bed.run(RunMode::Full).await;
    portal.deliver().await.unwrap();
    portal.assert_same(&server);
    server.script("UPDATE portal.case_acceptance SET shown_on = 'archive';\n");
    let id = portal.bed.connection_id;
    portal
        .bed
        .cache
        .write_blocking(move |tx| delivery::begin_again(tx, id, true))
        .unwrap();
    portal.deliver().await.unwrap();
    portal.assert_same(&server);
    assert_eq!(
        server.count("portal.case_acceptance", "shown_on <> 'archive'"),
        0
    );
    assert_eq!(
        server.count("portal.case_acceptance", "stream = 'other'"),
        1
    );
    assert_eq!(server.count("portal.delivery_version", "version = 1"), 1);

    server.script("INSERT INTO portal.delivery_version VALUES (99, now());\n");
    let refused = portal.deliver().await.unwrap_err();
    assert!(
        matches!(refused, DeliveryError::NewerLibrary { found: 99, .. }),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_breaks_a_constraint_comes_back_and_the_rest_is_delivered() {
    let server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 200, 7, |_| {}).await;
    portal.bed.run(RunMode::Full).await;
    portal.deliver().await.unwrap();
    let victims = portal.some_keys("case_acceptance", 3);
    server.script(&format!(
        "DELETE FROM portal.case_acceptance;
         ALTER TABLE portal.case_acceptance ADD CONSTRAINT not_these CHECK (row_key NOT IN ('{}'));\n",
        victims.join("', '")
    ));
    let id = portal.bed.connection_id;
    portal
        .bed
        .cache
        .write_blocking(move |tx| delivery::begin_again(tx, id, true))
        .unwrap();
    let end = portal.deliver().await.unwrap();
    assert_eq!(end.refused, 3, "{end:?}");
    assert_eq!(portal.waiting(), 0);
    let open = portal.refusals();
    assert_eq!(open.len(), 3);
    for (key, finding) in &open {
        assert!(victims.contains(key));
        assert_eq!(finding["rule"], "delivery.refused");
        assert_eq!(finding["value"], "23514");
        let words = finding["expected"].as_str().unwrap();
        assert!(words.contains("not_these"), "{words}");
    }
    let there = server.lines("SELECT row_key FROM portal.case_acceptance");
    let wanted = portal
        .rows()
        .iter()
        .filter(|row| row.dataset == "case_acceptance")
        .count();
    assert_eq!(there.len(), wanted - 3);

    // The same rows again from the provider do not make the library have them.
    portal.bed.run(RunMode::Full).await;
    assert_eq!(portal.refusals().len(), 3);
    server.script("ALTER TABLE portal.case_acceptance DROP CONSTRAINT not_these;\n");
    portal
        .bed
        .cache
        .write_blocking(move |tx| delivery::begin_again(tx, id, true))
        .unwrap();
    portal.deliver().await.unwrap();
    assert!(portal.refusals().is_empty());
    portal.assert_same(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fell_behind_writes_nothing_until_a_person_decides() {
    let server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 150, 8, |target| target.batch_rows = 50).await;
    portal.bed.run(RunMode::Full).await;
    portal.deliver().await.unwrap();
    let copy = portal.bed.dir.path().join("copy.db");
    portal.bed.cache.backup(&copy).unwrap();
    portal.bed.advance(60);
    portal.bed.run(RunMode::Incremental).await;
    portal.remove_one();
    portal.deliver().await.unwrap();
    portal.assert_same(&server);

    let old = Cache::open(&copy, &CacheKey::new([7; 32])).unwrap();
    let id = portal.bed.connection_id;
    let fenced = portal.deliver_from(&old).await.unwrap_err();
    assert!(matches!(fenced, DeliveryError::Fenced), "{fenced}");
    portal.assert_same(&server);

    old.write_blocking(move |tx| delivery::begin_again(tx, id, true))
        .unwrap();
    portal.deliver_from(&old).await.unwrap();
    portal.assert_same_as(&server, &old);
    portal.bed.advance(10);
    portal.bed.run(RunMode::Incremental).await;
    let fenced = portal.deliver().await.unwrap_err();
    assert!(matches!(fenced, DeliveryError::Fenced), "{fenced}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_with_one_library_and_an_emptied_library_keep_every_row_theirs() {
    let server = servers::postgresql();
    let one = Portal::over_postgres(&server, 120, 9, |_| {}).await;
    let other = Portal::over_postgres(&server, 120, 9, |_| {}).await;
    one.bed.run(RunMode::Full).await;
    other.bed.run(RunMode::Full).await;
    let (a, b) = tokio::join!(one.deliver(), other.deliver());
    a.unwrap();
    b.unwrap();
    one.assert_same(&server);
    other.assert_same(&server);

    server.script("DROP SCHEMA portal CASCADE;\n");
    one.bed.advance(20);
    one.bed.run(RunMode::Incremental).await;
    one.deliver().await.unwrap();
    one.assert_same(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_library_has_without_the_caches_knowledge_are_merged() {
    let server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 250, 13, |target| target.batch_rows = 40).await;
    portal.bed.run(RunMode::Full).await;
    portal.deliver().await.unwrap();
    let there = server.count("portal.case_acceptance", "true");
    let id = portal.bed.connection_id;
    let cache = &portal.bed.cache;
    let seeded = cache
        .write_blocking(move |tx| {
            tx.execute("DELETE FROM delivered", [])?;
            outbox::seed(tx, id)
        })
        .unwrap();
    let again = portal.deliver().await.unwrap();
    assert_eq!((again.delivered, again.refused), (seeded, 0));
    assert_eq!(server.count("portal.case_acceptance", "true"), there);
    portal.assert_same(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_break_rows_of_a_noted_batch_are_not_sent_again_but_for_what_has_changed_since() {
    let server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 250, 14, |target| target.batch_rows = 40).await;
    portal.bed.run(RunMode::Full).await;
    let cache = &portal.bed.cache;
    let run = |sql: &'static str| {
        cache
            .write_blocking(move |tx| Ok(tx.execute_batch(sql)?))
            .unwrap();
    };
    run("CREATE TABLE waited AS SELECT * FROM outbox");
    portal.deliver().await.unwrap();
    server.script("UPDATE portal.case_acceptance SET delivered_at = 'epoch';\n");
    // As if nothing had been noted of the records, only that their batches arrived.
    run("INSERT INTO outbox SELECT * FROM waited; DROP TABLE waited; DELETE FROM delivered");
    portal.withdraw_some(1);
    assert!(portal.waiting() > 250);
    portal.deliver().await.unwrap();
    assert_eq!(portal.waiting(), 0);
    let sent = server.count("portal.case_acceptance", "delivered_at <> 'epoch'");
    assert_eq!(sent, 1);
    portal.assert_same(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_of_a_library_names_the_layer_and_leaves_nothing_behind() {
    let server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 100, 10, |_| {}).await;
    let good = portal.diagnose(|_| {}, "any").await;
    assert!(
        good.iter().all(|layer| layer.state == LayerState::Ok),
        "{good:?}"
    );
    let names: Vec<&str> = good.iter().map(|layer| layer.name).collect();
    assert_eq!(
        names,
        [
            "settings",
            "name",
            "tcp",
            "tls",
            "authentication",
            "permission",
            "sample"
        ]
    );
    let left = server.lines("SELECT nspname FROM pg_namespace WHERE nspname = 'portal'");
    assert!(left.is_empty(), "{left:?}");

    let cases: [(Change, &str, &str, &str); 4] = [
        (
            |one| one.user = servers::USER.into(),
            servers::PASSWORD,
            "permission",
            "library_forbidden",
        ),
        (
            |one| one.user = servers::USER.into(),
            "wrong",
            "authentication",
            "unauthorised",
        ),
        (
            |one| one.url = one.url.replace("/exchange", "/nowhere"),
            "any",
            "authentication",
            "database_missing",
        ),
        (
            |one| one.url = "postgresql://127.0.0.1:1/exchange".into(),
            "any",
            "tcp",
            "connect",
        ),
    ];
    for (change, secret, layer, advice) in cases {
        let layers = portal.diagnose(change, secret).await;
        let last = layers.last().unwrap();
        assert_eq!(
            (last.name, last.advice),
            (layer, Some(advice)),
            "{layers:?}"
        );
        assert_eq!(last.state, LayerState::Failed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_target_nothing_waits_and_another_place_is_a_new_library() {
    let server = servers::postgresql();
    let portal = Portal::over_postgres(&server, 100, 11, |_| {}).await;
    let id = portal.bed.connection_id;
    let place = |place: Option<&'static str>| {
        let stream = portal.stream.clone();
        portal
            .bed
            .cache
            .write_blocking(move |tx| delivery::set_up(tx, id, place, &stream))
            .unwrap();
    };
    place(None);
    portal.bed.run(RunMode::Full).await;
    assert_eq!(portal.waiting(), 0);
    assert!(
        portal
            .bed
            .parts()
            .iter()
            .all(|part| part.delivered.is_none())
    );
    let target = Target::Postgres(Portal::postgres(&server));
    let place_text: &'static str = Box::leak(target.place().into_boxed_str());
    place(Some(place_text));
    assert_eq!(portal.waiting(), portal.rows().len() as i64);
    portal.deliver().await.unwrap();
    portal.assert_same(&server);
    place(Some("elsewhere"));
    assert_eq!(portal.waiting(), portal.rows().len() as i64);
    assert!(
        portal
            .bed
            .parts()
            .iter()
            .all(|part| part.delivered == Some(0))
    );
}

//! Reconciliation against a provider that loses and doubles rows, and whose counts stay true.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bed;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use bed::Bed;
use zhengqiao_demo::{Slips, World};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Profile, Secrets};
use zhengqiao_store::reconciliation_cell::{self, CellRow};
use zhengqiao_store::reconciliation_key::{self, Difference, KeyFilter, KeyRow};
use zhengqiao_store::{reconciliation, run, source};
use zhengqiao_sync::RunMode;
use zhengqiao_sync::reconcile::{self, CellState, ReconcileOptions, Watch};

const DATASET: DatasetId = DatasetId::CaseAcceptance;

/// Cases, and the items that they wait for.
fn only_cases(profile: &mut Profile) {
    profile
        .datasets
        .retain(|id, _| matches!(*id, DATASET | DatasetId::ServiceItem));
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn secrets(bed: &Bed) -> Secrets {
    Secrets::new(Some(bed.provider.credentials().secret_of(&bed.family)))
}

async fn compare(bed: &Bed, every_key: bool) -> i64 {
    let today = (chrono::Utc::now() + chrono::Duration::hours(8)).format("%Y-%m-%d");
    let options = ReconcileOptions {
        connection_id: bed.connection_id,
        datasets: vec![DATASET],
        from: None,
        to: Some(today.to_string()),
        every_key,
        actor: "test".into(),
        now_ms: now_ms(),
    };
    let id = reconcile::start(&bed.cache, options).unwrap();
    reconcile::reconcile(&bed.cache, id, secrets(bed), Arc::new(Watch::default()))
        .await
        .unwrap();
    id
}

fn keys(bed: &Bed, id: i64) -> Vec<KeyRow> {
    bed.cache
        .read_blocking(move |conn| {
            reconciliation_key::page(conn, id, &KeyFilter::default(), 0, 100_000)
        })
        .unwrap()
}

fn cells(bed: &Bed, id: i64) -> Vec<CellRow> {
    bed.cache
        .read_blocking(move |conn| reconciliation_cell::list(conn, id, None, None))
        .unwrap()
}

/// Ids of the keys that differ in a way.
fn ids(keys: &[KeyRow], kind: Difference) -> BTreeSet<String> {
    keys.iter()
        .filter(|key| key.kind == kind)
        .map(|key| key.record_key.rsplit('|').next().unwrap().to_owned())
        .collect()
}

/// Some places of a listing, by a seed.
fn pick(seed: u64, salt: u64, of: u64, wanted: usize, not: &HashSet<u64>) -> HashSet<u64> {
    let mut picked = HashSet::new();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt;
    while picked.len() < wanted {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let place = state % of;
        if !not.contains(&place) {
            picked.insert(place);
        }
    }
    picked
}

#[tokio::test(flavor = "multi_thread")]
async fn over_twenty_seeds_exactly_the_lost_and_doubled_keys_are_found_and_a_repull_heals_the_lost()
{
    for seed in 1..=20 {
        let bed = Bed::with(150, seed, 0.0, "gateway", |profile| {
            bed::small_pages(profile, 40);
            only_cases(profile);
        })
        .await;
        let world = bed.provider.world();
        let number = World::dataset(DATASET.as_str()).unwrap();
        let places = world.places(number);
        let wanted = 1 + usize::try_from(seed % 6).unwrap();
        let dropped = pick(seed, 1, places, wanted, &HashSet::new());
        let doubled = pick(seed, 2, places, wanted, &dropped);
        let named = |places: &HashSet<u64>| -> BTreeSet<String> {
            places
                .iter()
                .map(|place| world.id_at(number, *place))
                .collect()
        };
        let (lost, twice) = (named(&dropped), named(&doubled));
        bed.provider
            .slips()
            .set(DATASET.as_str(), Slips { dropped, doubled });
        bed.run(RunMode::Full).await;

        let id = compare(&bed, true).await;
        let found = keys(&bed, id);
        assert_eq!(ids(&found, Difference::Missing), lost, "seed {seed}");
        assert_eq!(ids(&found, Difference::Doubled), twice, "seed {seed}");
        assert_eq!(
            found.len(),
            lost.len() + twice.len(),
            "seed {seed}: {found:?}"
        );
        let short: i64 = cells(&bed, id)
            .iter()
            .map(|cell| cell.figures.provider.unwrap() - cell.figures.received)
            .sum();
        assert_eq!(short, i64::try_from(lost.len()).unwrap(), "seed {seed}");

        let runs = reconcile::repull(
            &bed.cache,
            id,
            secrets(&bed),
            "test",
            Arc::new(Watch::default()),
        )
        .await
        .unwrap();
        let part = bed
            .cache
            .read_blocking(move |conn| run::datasets(conn, runs[0]))
            .unwrap()
            .remove(0);
        assert_eq!(
            usize::try_from(part.counts.fetched).unwrap(),
            lost.len(),
            "seed {seed}: only what differs is read again"
        );
        let open: Vec<KeyRow> = keys(&bed, id)
            .into_iter()
            .filter(|key| key.healed_at.is_none())
            .collect();
        assert_eq!(
            ids(&open, Difference::Missing),
            BTreeSet::new(),
            "seed {seed}"
        );
        assert_eq!(ids(&open, Difference::Doubled), twice, "seed {seed}");
        for cell in cells(&bed, id) {
            assert_eq!(
                cell.figures.provider,
                Some(cell.figures.received),
                "seed {seed}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_counts_are_believed_until_the_digest_of_the_keys_differs() {
    let bed = Bed::with(150, 31, 0.0, "gateway", |profile| {
        only_cases(profile);
    })
    .await;
    bed.run(RunMode::Full).await;
    let id = compare(&bed, false).await;
    let before = cells(&bed, id);
    assert!(!before.is_empty());
    assert!(
        before
            .iter()
            .all(|cell| cell.state == CellState::Equal.as_str())
    );
    // One record takes the place of another: as many as before, and not the same.
    bed.cache
        .write_blocking(|tx| {
            tx.execute(
                "UPDATE record
                 SET key_hash = x'00000000000000000000000000000000', fields = json_set(fields, '$.row_guid', 'OTHER')
                 WHERE id = (
                   SELECT MIN(r.id)
                   FROM record r
                   JOIN source s ON s.id = r.source_id
                   WHERE s.dataset = ?1)",
                [DATASET.number()],
            )?;
            Ok(())
        })
        .unwrap();
    let id = compare(&bed, false).await;
    let differing: Vec<CellRow> = cells(&bed, id)
        .into_iter()
        .filter(|cell| cell.state != CellState::Equal.as_str())
        .collect();
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0].state, CellState::Differs.as_str());
    let found = keys(&bed, id);
    assert_eq!(
        ids(&found, Difference::Surplus),
        BTreeSet::from(["OTHER".to_owned()])
    );
    assert_eq!(ids(&found, Difference::Missing).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_counts_is_unknown_and_never_equal_until_every_key_is_compared() {
    let bed = Bed::with(150, 32, 0.0, "oauth2", |profile| {
        only_cases(profile);
    })
    .await;
    bed.run(RunMode::Full).await;
    let id = compare(&bed, false).await;
    let told = cells(&bed, id);
    assert!(!told.is_empty());
    assert!(
        told.iter().all(
            |cell| cell.figures.provider.is_none() && cell.state == CellState::Unknown.as_str()
        )
    );
    let id = compare(&bed, true).await;
    assert!(
        cells(&bed, id)
            .iter()
            .all(|cell| cell.state == CellState::Equal.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_off_is_pulled_no_more_and_what_was_cancelled_says_so() {
    let bed = Bed::with(150, 33, 0.0, "gateway", |profile| {
        only_cases(profile);
    })
    .await;
    bed.run(RunMode::Full).await;
    let id = compare(&bed, false).await;
    let signed = |note: &'static str| {
        bed.cache
            .write_blocking(move |tx| reconciliation::sign(tx, id, "someone", note, 7))
            .unwrap()
    };
    assert!(signed("checked"));
    assert!(!signed("again"), "what is signed off is signed off once");
    let refused = reconcile::repull(
        &bed.cache,
        id,
        secrets(&bed),
        "test",
        Arc::new(Watch::default()),
    )
    .await;
    assert!(refused.unwrap_err().to_string().contains("signed off"));

    let options = ReconcileOptions {
        connection_id: bed.connection_id,
        datasets: Vec::new(),
        from: None,
        to: None,
        every_key: false,
        actor: "test".into(),
        now_ms: now_ms(),
    };
    let id = reconcile::start(&bed.cache, options).unwrap();
    let watch = Arc::new(Watch::default());
    watch.cancel();
    reconcile::reconcile(&bed.cache, id, secrets(&bed), watch)
        .await
        .unwrap();
    let row = bed
        .cache
        .read_blocking(move |conn| reconciliation::get(conn, id))
        .unwrap()
        .unwrap();
    assert_eq!(row.code.as_deref(), Some(reconcile::CANCELLED));
    assert!(row.ended_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn defective_rows_are_received_too_and_what_waits_counts_once() {
    let bed = Bed::with(300, 34, 0.1, "gateway", |profile| {
        profile.limits.reject_rate_percent = 0.0;
        only_cases(profile);
    })
    .await;
    bed.run(RunMode::Full).await;
    let id = compare(&bed, true).await;
    let found = keys(&bed, id);
    assert_eq!(ids(&found, Difference::Missing), BTreeSet::new());
    assert_eq!(ids(&found, Difference::Surplus), BTreeSet::new());
    let (rejected, open) = cells(&bed, id)
        .iter()
        .fold((0, 0), |(rejected, open), cell| {
            let figures = &cell.figures;
            assert_eq!(
                figures.received,
                figures.accepted + figures.rejected + figures.held + figures.withdrawn
            );
            (
                rejected + figures.rejected + figures.held,
                open + cell.open_keys,
            )
        });
    assert!(rejected > 0);
    assert_eq!(open, 0);
    let waiting = bed
        .cache
        .read_blocking(|conn| source::list(conn, None))
        .unwrap()
        .into_iter()
        .find(|source| source.dataset == DATASET)
        .unwrap();
    assert!(waiting.rejected + waiting.held >= rejected);
}

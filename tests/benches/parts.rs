//! The parts of a record's way by themselves: reading and mapping, rules, the kept form, keeping, finding again.
//! `cargo xtask bench parts`.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark that cannot go on may stop"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zhengqiao_demo::{DemoOptions, World, accepted_fields};
use zhengqiao_domain::{Check, CompiledMapping, DatasetId, Mapping, RuleSet};
use zhengqiao_store::record::{self, ACCEPTED, Followers, NewRecord};
use zhengqiao_store::sieve::Sieve;
use zhengqiao_store::{Cache, CacheKey, StoreError, connection, source};
use zhengqiao_sync::{Prepared, prepare};

const DATASET: DatasetId = DatasetId::CaseAcceptance;
const ROWS: usize = 1_000;

/// Raw rows as a provider sends them.
fn raw_rows() -> Vec<Vec<u8>> {
    let now = chrono::Utc::now().naive_utc();
    let world = World::new(DemoOptions::new(2 * ROWS as u64, 1, now));
    let number = World::dataset("case_acceptance").unwrap();
    (0..)
        .filter_map(|index| accepted_fields(&world, number, index))
        .take(ROWS)
        .map(|fields| serde_json::to_vec(&fields).unwrap())
        .collect()
}

/// A record as the cache takes it.
fn new<'a>(source_id: i64, row: &'a Prepared, fields: &'a str) -> NewRecord<'a> {
    NewRecord {
        source_id,
        key_hash: &row.key_hash,
        business_hash: row.business_hash.as_ref(),
        version: row.version,
        hash: &row.hash,
        state: ACCEPTED,
        run_id: 1,
        at: 1,
        source_time: row.record.get("cd_time"),
        fields,
        warnings: None,
        raw: &row.raw,
        profile_version: Some(1),
        via: "run",
        actor: None,
    }
}

fn parts(criterion: &mut Criterion) {
    let raw = raw_rows();
    let rules = RuleSet::default();
    let check = Check::new(&rules, chrono::Utc::now().naive_utc());
    let mapping = CompiledMapping::new(DATASET, &Mapping::default()).unwrap();
    let ready: Vec<Prepared> = raw
        .iter()
        .map(|raw| prepare(raw, &mapping, DATASET, &check, &rules))
        .collect();
    let fields: Vec<String> = ready
        .iter()
        .map(|row| serde_json::to_string(&row.record).unwrap())
        .collect();

    let mut group = criterion.benchmark_group("a thousand cases");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("read, mapped, checked and hashed", |bencher| {
        bencher.iter(|| {
            for raw in &raw {
                black_box(prepare(raw, &mapping, DATASET, &check, &rules));
            }
        });
    });
    group.bench_function("all rules", |bencher| {
        bencher.iter(|| {
            for row in &ready {
                black_box(check.own(&row.record));
            }
        });
    });
    group.bench_function("the kept form as JSON", |bencher| {
        bencher.iter(|| {
            for row in &ready {
                black_box(serde_json::to_string(&row.record).unwrap());
            }
        });
    });

    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([7; 32])).unwrap();
    let source_id = cache
        .write_blocking(|tx| {
            let id = connection::insert(tx, "bench", "demo", "{}", 1)?;
            source::ensure(tx, id, DATASET)
        })
        .unwrap();
    let rows: std::sync::Arc<[(Prepared, String)]> = ready.into_iter().zip(fields).collect();
    group.bench_function("kept in the encrypted cache and taken back", |bencher| {
        bencher.iter(|| {
            let rows = rows.clone();
            let outcome: Result<(), StoreError> = cache.write_blocking(move |tx| {
                let mut sieve = Sieve::of(tx, source_id, 0, ROWS)?;
                for (row, fields) in rows.iter() {
                    let new = new(source_id, row, fields);
                    record::insert(tx, &new, Followers::default(), sieve.as_mut())?;
                }
                // What fails is taken back, so that each turn begins with nothing.
                Err(StoreError::Closed)
            });
            black_box(outcome.is_err())
        });
    });
    let kept = rows.clone();
    cache
        .write_blocking(move |tx| {
            kept.iter().try_for_each(|(row, fields)| {
                record::insert(tx, &new(source_id, row, fields), Followers::default(), None)
            })
        })
        .unwrap();
    group.bench_function("found by their keys", |bencher| {
        bencher.iter(|| {
            cache
                .read_blocking(|conn| {
                    for (row, _) in rows.iter() {
                        black_box(record::find(conn, source_id, &row.key_hash)?);
                    }
                    Ok(())
                })
                .unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);

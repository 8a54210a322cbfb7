//! How long the inbox takes. Not a fact but a figure: run it by name, optimised, on an idle machine.
//!
//! `cargo test --release --lib inbox::measure -- --ignored --nocapture`, with the number of rejections in
//! `ZHENGQIAO_ROWS` (a million unless given).

use std::time::{Duration, Instant};

use super::*;
use crate::hash::of_parts;
use crate::rejection::{HELD, NewRejection, REJECTED, put};
use crate::{Cache, CacheKey};
use zhengqiao_domain::DatasetId;

const BATCH: u64 = 5_000;

type Change<'a> = Box<dyn Fn(&mut RejectionFilter, u64) + 'a>;

/// A number that looks random, the same each time.
fn mixed(of: u64, below: u64) -> u64 {
    let mut hash = of.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (hash >> 32) % below
}

/// The same, small ones more often.
fn skewed(of: u64, below: u64) -> u64 {
    let one = mixed(of, below);
    one * one / below
}

fn write(cache: &Cache, source_ids: &[i64], rows: std::ops::Range<u64>) {
    let ids = source_ids.to_vec();
    cache
        .write_blocking(move |tx| {
            for row in rows {
                let key = format!("KEY{row:09}");
                let causes: Vec<(String, String, String)> = (0..=mixed(row, 3) / 2)
                    .map(|more| {
                        let cause = (skewed(row * 7, 400) + more * 11) % 400;
                        let names = [cause % 40, cause % 60, cause];
                        let [rule, field, cluster] = names.map(|name| format!("name{name}"));
                        (rule, field, cluster)
                    })
                    .collect();
                put(
                    tx,
                    &NewRejection {
                        source_id: ids[mixed(row * 3, ids.len() as u64) as usize],
                        key_hash: &of_parts([key.as_str()]),
                        record_key: &key,
                        outcome: if mixed(row * 5, 10) == 0 {
                            HELD
                        } else {
                            REJECTED
                        },
                        run_id: (row / 5_000) as i64,
                        at: 1,
                        day: &format!("2026-{:02}-{:02}", 1 + row / 90_000, 1 + row / 3_000 % 28),
                        hash: &of_parts(["a"]),
                        version: None,
                        department: Some(&format!("department{}", skewed(row * 11, 300))),
                        region: Some(&format!("region{}", skewed(row * 13, 150))),
                        title: Some("张三"),
                        business_key: Some(&key),
                        source_time: None,
                        raw:
                            br#"{"row_guid":"5de298fe6439beebf6193070571cde91","result_type":"0"}"#,
                        mapped: "{}",
                        findings: "[]",
                        causes: &causes,
                        waits: &[],
                        search_text: &key,
                    },
                )?;
            }
            Ok(())
        })
        .unwrap();
}

fn say(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |part: usize| took[(took.len() - 1) * part / 100];
    println!(
        "{what}: median {:?}, 99th percentile {:?}, longest {:?}",
        at(50),
        at(99),
        at(100)
    );
}

#[test]
#[ignore = "a measurement of minutes"]
fn counts_pages_and_writes() {
    let all: u64 = std::env::var("ZHENGQIAO_ROWS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([9; 32])).unwrap();
    let sources = cache
        .write_blocking(|tx| {
            let connection = crate::connection::insert(tx, "演示", "demo", "{}", 1)?;
            DatasetId::ALL
                .into_iter()
                .map(|dataset| crate::source::ensure(tx, connection, dataset))
                .collect::<Result<Vec<_>, _>>()
        })
        .unwrap();
    let begun = Instant::now();
    let mut row = 0;
    while row < all {
        write(&cache, &sources, row..(row + BATCH).min(all));
        row += BATCH;
    }
    println!(
        "written: {:?} a rejection",
        begun.elapsed() / u32::try_from(all).unwrap()
    );
    let look = |filter: &RejectionFilter| {
        cache
            .read_blocking(|conn| cache.inbox().counts(conn, filter))
            .unwrap()
    };
    let open = RejectionFilter {
        states: vec![1, 2],
        source_ids: Some(sources.clone()),
        ..RejectionFilter::default()
    };
    let begun = Instant::now();
    look(&open);
    println!("first look: {:?}", begun.elapsed());
    let changes: Vec<Change<'_>> = vec![
        Box::new(|filter, n| filter.source_ids = Some(vec![sources[n as usize % sources.len()]])),
        Box::new(|filter, n| filter.outcome = Some(1 + (n % 2) as i64)),
        Box::new(|filter, n| filter.rule = Some(format!("name{}", n % 40))),
        Box::new(|filter, n| filter.field = Some(format!("name{}", n % 60))),
        Box::new(|filter, n| filter.department = Some(format!("department{}", n % 300))),
        Box::new(|filter, n| filter.region = Some(format!("region{}", n % 150))),
        Box::new(|filter, n| filter.run_id = Some((n % 200) as i64)),
        Box::new(|filter, n| {
            filter.days = Some(("2026-01-01".into(), format!("2026-{:02}-28", 1 + n % 12)));
        }),
    ];
    let most = Most {
        causes: 500,
        departments: 12,
        days: 31,
    };
    let (mut counts, mut pages, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for (at, one) in changes.iter().enumerate() {
        for other in &changes[at + 1..] {
            for n in 0..8 {
                let mut filter = open.clone();
                one(&mut filter, n * 7);
                other(&mut filter, n * 13);
                let begun = Instant::now();
                look(&filter);
                counts.push(begun.elapsed());
                let begun = Instant::now();
                cache
                    .read_blocking(|conn| cache.inbox().page(conn, &filter, None, 50))
                    .unwrap();
                pages.push(begun.elapsed());
                let begun = Instant::now();
                cache
                    .read_blocking(|conn| cache.inbox().groups(conn, &filter, most))
                    .unwrap();
                groups.push(begun.elapsed());
            }
        }
    }
    say("all facets under two filters", counts);
    say("a page of 50 under two filters", pages);
    say("groups under two filters", groups);
    let more = all / 50;
    let begun = Instant::now();
    write(&cache, &sources, all..all + more);
    println!(
        "written with the log: {:?} a rejection",
        begun.elapsed() / u32::try_from(more).unwrap()
    );
    cache
        .write_blocking(|tx| {
            for name in [
                "added",
                "changed",
                "removed",
                "cause_added",
                "cause_removed",
            ] {
                tx.execute_batch(&format!("DROP TRIGGER rejection_{name}_change"))?;
            }
            Ok(())
        })
        .unwrap();
    let begun = Instant::now();
    write(&cache, &sources, all + more..all + 2 * more);
    println!(
        "without it: {:?} a rejection",
        begun.elapsed() / u32::try_from(more).unwrap()
    );
}

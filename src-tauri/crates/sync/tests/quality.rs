//! The figures of quality are those of the findings: every content once, when it is judged first.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bed;

use std::collections::BTreeMap;

use bed::Bed;
use zhengqiao_domain::Rule;
use zhengqiao_store::quality::{self, Tally};
use zhengqiao_sync::RunMode;

fn total(bed: &Bed) -> Tally {
    let rows = bed
        .cache
        .read_blocking(|conn| quality::list(conn, None, "0000", "9999"))
        .unwrap();
    let days = bed
        .cache
        .read_blocking(|conn| quality::days(conn, Some(bed.connection_id), "0000", "9999"))
        .unwrap();
    let mut sum = Tally::default();
    for row in &rows {
        sum.judged += row.tally.judged;
        sum.passed += row.tally.passed;
        for (sum, one) in sum.flawed.iter_mut().zip(row.tally.flawed) {
            *sum += one;
        }
    }
    let by_day: i64 = days.iter().map(|(_, tally)| tally.judged).sum();
    assert_eq!(sum.judged, by_day, "days and departments are the same rows");
    sum
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_those_of_the_findings_and_a_second_run_adds_nothing() {
    let mut bed = Bed::new(400, 11, 0.2).await;
    bed.now_ms = Some(chrono::Utc::now().timestamp_millis());
    bed.run(RunMode::Full).await;
    let first = total(&bed);
    let judged: i64 = bed
        .parts()
        .iter()
        .map(|part| part.counts.accepted + part.counts.rejected + part.counts.held)
        .sum();
    assert_eq!(first.judged, judged);
    assert!(first.passed > 0 && first.passed < first.judged);

    let mut flawed: BTreeMap<u8, i64> = BTreeMap::new();
    for (_, findings) in bed.findings().values() {
        let mut dimensions: Vec<u8> = findings
            .iter()
            .filter_map(|(rule, _)| {
                zhengqiao_domain::rules::ALL
                    .iter()
                    .find(|one: &&Rule| one.code() == rule)?
                    .dimension()
            })
            .map(|dimension| dimension as u8)
            .collect();
        dimensions.sort_unstable();
        dimensions.dedup();
        for dimension in dimensions {
            *flawed.entry(dimension).or_default() += 1;
        }
    }
    for (dimension, count) in flawed {
        assert_eq!(first.flawed[usize::from(dimension)], count, "{dimension}");
        assert!(count > 0);
    }

    bed.run(RunMode::Full).await;
    assert_eq!(total(&bed), first, "what came again is not counted again");
}

//! The lists behind a run's numbers of rows that changed nothing hold exactly so many rows as the
//! numbers say, and the right ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bed;

use std::collections::BTreeSet;

use bed::Bed;
use zhengqiao_store::run_row::{self, Met};
use zhengqiao_store::{record, run};
use zhengqiao_sync::RunMode;

/// Every row of a list, read in pages of a size.
fn all(bed: &Bed, run_id: i64, source_id: i64, met: Met, size: usize) -> Vec<i64> {
    bed.cache
        .read_blocking(|conn| {
            let mut ids = Vec::new();
            let mut after = None;
            loop {
                let (page, next) = run_row::page(conn, run_id, &[source_id], met, after, size)?;
                assert!(page.len() <= size);
                ids.extend(page);
                after = next;
                if after.is_none() {
                    return Ok(ids);
                }
            }
        })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_a_run_has_a_list_of_so_many_rows() {
    let bed = Bed::new(400, 5, 0.1).await;
    let mut superseded = 0;
    let mut unchanged = 0;
    for run_id in 1..=2 {
        bed.run(RunMode::Full).await;
        let parts = bed
            .cache
            .read_blocking(|conn| run::datasets(conn, run_id))
            .unwrap();
        for part in parts {
            let list = |met, size| all(&bed, run_id, part.source_id, met, size);
            let same = list(Met::Unchanged, 7);
            assert_eq!(same.len() as i64, part.counts.unchanged, "{}", part.dataset);
            assert_eq!(same, list(Met::Unchanged, 10_000), "pages are one list");
            let older = list(Met::NewerRecord, 3).len() + list(Met::NewerRejection, 3).len();
            assert_eq!(older as i64, part.counts.superseded, "{}", part.dataset);
            assert_eq!(
                list(Met::Released, 5).len() as i64,
                part.released,
                "{}",
                part.dataset
            );
            unchanged += part.counts.unchanged;
            superseded += part.counts.superseded;
            // What is unchanged is there, and was not brought by this run.
            let distinct: BTreeSet<i64> = same.into_iter().collect();
            for id in distinct {
                let found = bed
                    .cache
                    .read_blocking(|conn| record::get(conn, id))
                    .unwrap();
                let (row, _) = found.unwrap();
                assert_eq!(row.dataset, part.dataset);
                assert!(run_id == 1 || row.run_id == 1);
            }
        }
    }
    assert!(unchanged > 1_000, "{unchanged}");
    assert!(superseded > 0, "the provider sends old versions too");
}

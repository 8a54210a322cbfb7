//! A full run finds exactly what the truth manifest lists: nothing missed, nothing invented.

mod bed;

use bed::{Bed, Found};
use zhengqiao_sync::{RunMode, StateWord};

fn expected(bed: &Bed) -> Found {
    zhengqiao_demo::truth(bed.provider.world())
        .map(|entry| {
            let findings = entry
                .findings
                .iter()
                .map(|(rule, field)| ((*rule).to_owned(), (*field).to_owned()))
                .collect();
            (
                (entry.dataset.to_owned(), entry.key),
                (entry.outcome.to_owned(), findings),
            )
        })
        .collect()
}

fn differences(expected: &Found, found: &Found) -> Vec<String> {
    let mut list = Vec::new();
    for (key, truth) in expected {
        match found.get(key) {
            None => list.push(format!("missed {key:?} {truth:?}")),
            Some(seen) if seen != truth => {
                list.push(format!("differs {key:?}: truth {truth:?}, found {seen:?}"));
            }
            Some(_) => {}
        }
    }
    list.extend(
        found
            .iter()
            .filter(|(key, _)| !expected.contains_key(*key))
            .map(|pair| format!("invented {pair:?}")),
    );
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_run_finds_exactly_the_truth_for_twenty_seeds() {
    for seed in 1..=20 {
        let bed = Bed::new(120, seed, 0.25).await;
        let state = bed.run(RunMode::Full).await;
        assert_eq!(
            state,
            StateWord::FinishedWithRejections,
            "seed {seed}: {:?}",
            bed.causes()
        );
        let differences = differences(&expected(&bed), &bed.findings());
        assert!(
            differences.is_empty(),
            "seed {seed}: {} differences\n{}",
            differences.len(),
            differences[..differences.len().min(12)].join("\n")
        );
        for part in bed.parts() {
            assert!(part.counts.balance(), "{part:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_full_run_changes_no_record() {
    let mut bed = Bed::new(200, 5, 0.05).await;
    // Some findings name the moment of their run.
    bed.now_ms = Some(chrono::Utc::now().timestamp_millis());
    bed.run(RunMode::Full).await;
    let before = bed.dump();
    bed.run(RunMode::Full).await;
    let parts = bed.parts();
    assert!(
        parts
            .iter()
            .all(|part| part.counts.accepted == 0 && part.counts.withdrawn == 0),
        "{parts:?}"
    );
    let after = bed.dump();
    let changed: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .take(2)
        .collect();
    assert!(
        changed.is_empty() && before.len() == after.len(),
        "{changed:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incremental_run_brings_only_what_changed() {
    let bed = Bed::new(400, 6, 0.0).await;
    assert_eq!(
        bed.run(RunMode::Full).await,
        StateWord::Succeeded,
        "{:?}",
        bed.causes()
    );
    bed.advance(10);
    bed.run(RunMode::Incremental).await;
    let cases = bed
        .parts()
        .into_iter()
        .find(|part| part.dataset == zhengqiao_domain::DatasetId::CaseAcceptance)
        .unwrap();
    assert_eq!(cases.counts.accepted, 10);
    assert!(cases.counts.fetched < 400, "{cases:?}");
    let items = bed
        .parts()
        .into_iter()
        .find(|part| part.dataset == zhengqiao_domain::DatasetId::ServiceItem)
        .unwrap();
    assert_eq!(items.counts.accepted, 10);
}

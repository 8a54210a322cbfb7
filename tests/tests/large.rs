//! One large run finds exactly what the truth manifest lists.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use zhengqiao_api::demo::{DemoJob, Demonstration};

/// Cases of the run, unless the environment says otherwise.
const CASES: u64 = 100_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_large_run_misses_nothing_and_invents_nothing() {
    let records = std::env::var("ZHENGQIAO_LARGE_RECORDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(CASES);
    let job = DemoJob {
        records,
        seed: 7,
        defects: 0.03,
    };
    let report = Demonstration::prepare(job)
        .await
        .unwrap()
        .run(job, |_| {})
        .await
        .unwrap();
    assert_eq!(
        (report.missed, report.invented),
        (0, 0),
        "{:#?}",
        report.differences
    );
    assert_eq!(report.state, "finished_with_rejections");
    let cases = report.datasets["case_acceptance"];
    assert!(
        cases.fetched >= i64::try_from(records).unwrap() && cases.rejected > 0,
        "{cases:?}"
    );
    println!(
        "{} records/s, {:?} bytes at most",
        report.records_per_s, report.peak_rss_bytes
    );
}

//! `zhengqiao runs RUN --report` and `--compare`.

use std::path::Path;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, CompareRuns, Counts, RunCause, RunReportRequest};

use crate::End;
use crate::output::{Output, line, table};

pub async fn report(
    console: &Console,
    run_id: i64,
    path: &Path,
    language: &str,
    output: Output,
) -> Result<End, ApiError> {
    let report = console
        .export_run_report(RunReportRequest {
            run_id,
            path: path.display().to_string(),
            language: language.to_owned(),
        })
        .await?;
    output.print(&report, |report| line(&format!("wrote {}", report.path)));
    Ok(End::Done)
}

pub async fn compare(
    console: &Console,
    run_id: i64,
    other: Option<i64>,
    output: Output,
) -> Result<End, ApiError> {
    let comparison = console.compare_runs(CompareRuns { run_id, other }).await?;
    output.print(&comparison, |both| {
        line(&format!(
            "run {} ({}) and run {} ({})",
            both.run.run_id, both.run.state, both.other.run_id, both.other.state
        ));
        let pair = |now: &Option<Counts>, before: &Option<Counts>, of: fn(&Counts) -> i64| {
            let show = |counts: &Option<Counts>| {
                counts
                    .as_ref()
                    .map_or_else(|| "–".to_owned(), |counts| of(counts).to_string())
            };
            format!("{} / {}", show(now), show(before))
        };
        table(
            &["dataset", "fetched", "accepted", "rejected", "held", "ms"],
            both.datasets.iter().map(|row| {
                let ms = |took: Option<i64>| took.map_or_else(|| "–".into(), |ms| ms.to_string());
                vec![
                    row.dataset.to_string(),
                    pair(&row.counts, &row.other, |counts| counts.fetched),
                    pair(&row.counts, &row.other, |counts| counts.accepted),
                    pair(&row.counts, &row.other, |counts| counts.rejected),
                    pair(&row.counts, &row.other, |counts| counts.held),
                    format!("{} / {}", ms(row.took_ms), ms(row.other_took_ms)),
                ]
            }),
        );
        print_causes("new", &both.new_causes);
        print_causes("gone", &both.gone_causes);
    });
    Ok(End::Done)
}

fn print_causes(word: &str, causes: &[RunCause]) {
    for cause in causes {
        line(&format!(
            "{word}: {} {} {} {} ({})",
            cause.dataset, cause.rule, cause.field, cause.values.zh, cause.rows
        ));
    }
}

//! `zhengqiao demo` and `zhengqiao provider serve`.

use zhengqiao_api::contract::{ApiError, ErrorCode};
use zhengqiao_api::demo::{DemoJob, DemoReport, Demonstration};
use zhengqiao_demo::{DemoOptions, DemoProvider};

use crate::End;
use crate::args::{DemonstrateCommand, ServeCommand};
use crate::output::{COUNTS, Output, cells, line, table};
use crate::sync::Bar;

pub async fn run(command: DemonstrateCommand, output: Output) -> Result<End, ApiError> {
    let job = DemoJob {
        records: command.job.records,
        seed: command.job.seed,
        defects: command.job.defects,
    };
    let demonstration = Demonstration::prepare_as(job, &command.family).await?;
    let bar = Bar::new(output.bars);
    let report = demonstration
        .run(job, |progress| bar.show(&progress))
        .await?;
    bar.finish();
    output.print(&report, print_report);
    if report.missed + report.invented > 0 {
        Ok(End::Failed)
    } else {
        Ok(quiet(End::of_state(&report.state)))
    }
}

/// The demonstration's rejections are what it is for: finding all of them is a success.
const fn quiet(end: End) -> End {
    match end {
        End::WithRejections => End::Done,
        other => other,
    }
}

fn print_report(report: &DemoReport) {
    let titles: Vec<&str> = ["dataset"].into_iter().chain(COUNTS).collect();
    table(
        &titles,
        report.datasets.iter().map(|(name, counts)| {
            let mut row = vec![name.clone()];
            row.extend(cells(counts));
            row
        }),
    );
    let bindings: Vec<String> = report
        .bindings
        .iter()
        .map(|(state, count)| format!("{state} {count}"))
        .collect();
    line(&format!("state      {}", report.state));
    line(&format!("bindings   {}", bindings.join(", ")));
    line(&format!(
        "truth      {} missed, {} invented",
        report.missed, report.invented
    ));
    line(&format!(
        "speed      {:.0} records/s, {:.1} s",
        report.records_per_s,
        report.elapsed_ms as f64 / 1000.0
    ));
    if let Some(bytes) = report.peak_rss_bytes {
        line(&format!(
            "memory     {} MiB at most, provider included",
            bytes / 1024 / 1024
        ));
    }
    for difference in &report.differences {
        line(difference);
    }
}

pub async fn serve(command: ServeCommand, output: Output) -> Result<End, ApiError> {
    let failed = |message: String| ApiError {
        code: ErrorCode::Provider,
        message,
        retryable: false,
        details: None,
    };
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let options = DemoOptions {
        defects: command.job.defects,
        ..DemoOptions::new(command.job.records, command.job.seed, now)
    };
    let mut provider = DemoProvider::start(options, (command.address, command.port).into())
        .await
        .map_err(|error| failed(format!("the demo provider could not be started: {error}")))?;
    let credentials = provider.credentials();
    let facts = serde_json::json!({
        "base_url": provider.base_url(),
        "requester_id": credentials.requester_id,
        "client_id": credentials.client_id,
        "app_code": credentials.app_code,
        "secret": credentials.secret,
        "private_key": credentials.private_key,
        "public_key": credentials.provider_key,
    });
    output.print(&facts, |_| {
        line(&format!("base URL      {}", provider.base_url()));
        line(&format!("requester id  {}", credentials.requester_id));
        line(&format!("client id     {}", credentials.client_id));
        line(&format!("app code      {}", credentials.app_code));
        line(&format!("secret        {}", credentials.secret));
        line(&format!("private key   {}", credentials.private_key));
        line(&format!("public key    {}", credentials.provider_key));
        line("serving generated data; Ctrl+C ends it");
    });
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| failed(error.to_string()))?;
    provider.stop();
    Ok(End::Done)
}

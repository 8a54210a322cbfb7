//! `zhengqiao check`.

use std::fs::File;

use zhengqiao_api::check_file::{CheckedLine, FileForm, check_file};
use zhengqiao_api::contract::{ApiError, ErrorCode};
use zhengqiao_domain::Outcome;

use crate::End;
use crate::args::CheckCommand;
use crate::output::{Output, line};
use crate::rejected::print_finding;

pub fn run(command: &CheckCommand, output: Output) -> Result<End, ApiError> {
    let failed = |message: String| ApiError {
        code: ErrorCode::File,
        message,
        retryable: false,
        details: None,
    };
    let shown = command.file.display();
    let file = File::open(&command.file).map_err(|error| failed(format!("{shown}: {error}")))?;
    let is_csv = command
        .file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let form = if is_csv {
        FileForm::Csv
    } else {
        FileForm::Ndjson
    };
    let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
    let (mut checked, mut bad) = (0u64, 0u64);
    check_file(file, form, command.dataset, now, command.reveal, |record| {
        checked += 1;
        bad += u64::from(record.outcome != Outcome::Accepted);
        output.print(&record, print_line);
    })
    .map_err(|error| failed(format!("{shown}: {error}")))?;
    if !output.json {
        line(&format!("{checked} checked, {bad} not accepted"));
    }
    Ok(if bad > 0 {
        End::WithRejections
    } else {
        End::Done
    })
}

fn print_line(record: &CheckedLine) {
    if record.findings.is_empty() {
        return;
    }
    let outcome = match record.outcome {
        Outcome::Accepted => "accepted",
        Outcome::Held => "held",
        Outcome::Rejected => "rejected",
    };
    line(&format!("line {}: {outcome}", record.line));
    record.findings.iter().for_each(print_finding);
}

//! `zhengqiao report`: lists of problems for the provider, and their answers.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    AnswerCount, AnswerLine, AnswerRow, AnswerSheet, ApiError, ApplyAnswers, BulkRequest,
    CloseReport, GetLetters, PlanReport, ReadAnswers, ReportCounts, ReportDetail,
    ReportEntriesRequest, ReportId, ReportProgress, ReportRow, ReportsRequest, RepullCorrected,
    RewriteReport, RunId, SetReportDue, WriteReport,
};

use crate::End;
use crate::output::{Output, line, table, when};
use crate::rejected::filter_of;
use crate::report_args::{ReportCommand, WriteCommand};

pub async fn run(
    console: &Console,
    command: ReportCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        ReportCommand::Write(command) => write(console, *command, output).await?,
        ReportCommand::Rewrite { id, file, form } => {
            let request = RewriteReport {
                report_id: id,
                form: form.of(&file),
                path: file.display().to_string(),
                language: form.language,
            };
            let detail = console.rewrite_report(request, teller(output)).await?;
            output.print(&detail, print_detail);
        }
        ReportCommand::List {
            connection,
            limit,
            before,
        } => {
            let connection_id = match &connection {
                Some(name) => Some(console.connection_by_name(name).await?.connection_id),
                None => None,
            };
            let page = console
                .list_reports(ReportsRequest {
                    connection_id,
                    before,
                    limit,
                })
                .await?;
            output.print(&page, |page| {
                table(
                    &[
                        "id",
                        "connection",
                        "made",
                        "due",
                        "state",
                        "records",
                        "waiting",
                        "answered",
                        "corrected",
                        "resolved",
                        "open again",
                        "overdue",
                    ],
                    page.reports.iter().map(cells),
                );
                line(&format!(
                    "{} overdue, {} said to be corrected but not seen yet",
                    page.overdue, page.unseen
                ));
                if let Some(next) = page.next {
                    line(&format!("more: --before {next}"));
                }
            });
        }
        ReportCommand::Show {
            id,
            fate,
            department,
            limit,
            after,
        } => {
            let detail = console.get_report(ReportId { report_id: id }).await?;
            let page = console
                .list_report_entries(ReportEntriesRequest {
                    report_id: id,
                    fate,
                    department,
                    after,
                    limit: limit.max(1),
                })
                .await?;
            let shown = serde_json::json!({ "report": detail, "records": page });
            output.print(&shown, |_| {
                print_detail(&detail);
                if limit == 0 {
                    return;
                }
                table(
                    &[
                        "entry",
                        "number",
                        "rejection",
                        "dataset",
                        "record",
                        "title",
                        "fate",
                        "answer",
                        "words",
                    ],
                    page.entries.iter().map(|entry| {
                        let answer = entry.answer.as_ref();
                        vec![
                            entry.entry_id.to_string(),
                            entry.number.clone(),
                            entry
                                .rejection_id
                                .map(|id| id.to_string())
                                .unwrap_or_default(),
                            entry.dataset.to_string(),
                            entry.record.clone(),
                            entry.title.clone(),
                            entry.fate.clone(),
                            answer.map(|one| one.answer.clone()).unwrap_or_default(),
                            answer.map(|one| one.words.clone()).unwrap_or_default(),
                        ]
                    }),
                );
                if let Some(next) = page.next {
                    line(&format!("more: --after {next}"));
                }
            });
        }
        ReportCommand::Answers {
            files,
            connection,
            apply,
        } => {
            let connection_id = console.connection_by_name(&connection).await?.connection_id;
            let paths: Vec<String> = files
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let preview = console
                .preview_answers(ReadAnswers {
                    connection_id,
                    paths: paths.clone(),
                })
                .await?;
            if apply {
                let report = console
                    .apply_answers(ApplyAnswers {
                        connection_id,
                        paths,
                        digest: preview.digest,
                    })
                    .await?;
                output.print(&report, |report| {
                    print_lines(&preview.sheets, &report.counts, &report.lines);
                    line(&format!(
                        "{} answers taken in; {} records are said to be corrected but not seen yet",
                        report.applied, report.unseen
                    ));
                });
            } else {
                output.print(&preview, |preview| {
                    print_lines(&preview.sheets, &preview.counts, &preview.lines);
                    line("nothing was taken in; add --apply");
                });
            }
        }
        ReportCommand::Letters { id, reason } => {
            let letters = console
                .get_letters(GetLetters {
                    rejection_id: id,
                    reason,
                })
                .await?;
            output.print(&letters, |letters| {
                line(letters.number.as_deref().unwrap_or("never reported"));
                table(
                    &["report", "made", "due", "fate"],
                    letters.reports.iter().map(|one| {
                        vec![
                            one.report_id.to_string(),
                            when(Some(one.made_at)),
                            one.due_on.clone(),
                            one.fate.clone(),
                        ]
                    }),
                );
                letters.answers.iter().for_each(print_answer);
            });
        }
        ReportCommand::Repull { connection, report } => {
            let connection_id = console.connection_by_name(&connection).await?.connection_id;
            let started = console
                .repull_corrected(RepullCorrected {
                    connection_id,
                    report_id: report,
                })
                .await?;
            // The run is this process's: it has to end before the process does.
            let ended = console
                .watch_run(
                    RunId {
                        run_id: started.run_id,
                    },
                    |_| {},
                )
                .await?;
            let end = End::of_state(&ended.state);
            output.print(&ended, |ended| {
                line(&format!("run {}: {}", ended.run_id, ended.state));
            });
            return Ok(end);
        }
        ReportCommand::Due { id, day } => {
            let request = SetReportDue {
                report_id: id,
                due_on: day,
            };
            let detail = console.set_report_due(request).await?;
            output.print(&detail, print_detail);
        }
        ReportCommand::Close { id, reopen } => {
            let request = CloseReport {
                report_id: id,
                closed: !reopen,
            };
            let detail = console.close_report(request).await?;
            output.print(&detail, print_detail);
        }
        ReportCommand::Withdraw { id } => {
            let report = console.withdraw_report(ReportId { report_id: id }).await?;
            output.print(&report, |report| {
                line(&format!("{} records put back", report.changed));
            });
        }
    }
    Ok(End::Done)
}

async fn write(console: &Console, command: WriteCommand, output: Output) -> Result<(), ApiError> {
    let filter = filter_of(console, command.filter).await?;
    let which = BulkRequest {
        rejection_ids: command.ids,
        filter: Some(filter),
    };
    if command.plan {
        let plan = console
            .plan_report(PlanReport {
                which,
                again: command.again,
            })
            .await?;
        output.print(&plan, |plan| {
            line(&format!(
                "{} ({}): {} records, due {}; {} reported already, {} left out",
                plan.connection,
                plan.environment.as_str(),
                plan.records,
                plan.due_on,
                plan.already,
                plan.skipped
            ));
            table(
                &["department", "records"],
                plan.departments
                    .iter()
                    .map(|one| vec![one.department.clone(), one.records.to_string()]),
            );
        });
        return Ok(());
    }
    let request = WriteReport {
        which,
        again: command.again,
        form: command.form.of(&command.file),
        path: command.file.display().to_string(),
        due_on: command.due,
        language: command.form.language,
    };
    let detail = console.write_report(request, teller(output)).await?;
    output.print(&detail, print_detail);
    Ok(())
}

/// Tells the progress where somebody looks.
fn teller(output: Output) -> impl Fn(ReportProgress) + Send + Sync + 'static {
    let bar = output.bars.then(indicatif::ProgressBar::no_length);
    move |progress| {
        let Some(bar) = &bar else { return };
        if let Some(total) = progress.total {
            bar.set_length(total.unsigned_abs());
        }
        bar.set_message(progress.phase);
        bar.set_position(progress.done.unsigned_abs());
    }
}

fn numbers(counts: &ReportCounts) -> [String; 6] {
    [
        counts.waiting,
        counts.answered,
        counts.corrected,
        counts.resolved,
        counts.open_again,
        counts.overdue,
    ]
    .map(|count| count.to_string())
}

fn cells(row: &ReportRow) -> Vec<String> {
    let mut cells = vec![
        row.report_id.to_string(),
        row.connection.clone(),
        when(Some(row.made_at)),
        row.due_on.clone(),
        row.state.clone(),
        row.records.to_string(),
    ];
    cells.extend(numbers(&row.counts));
    cells
}

fn print_detail(detail: &ReportDetail) {
    let report = &detail.report;
    line(&format!(
        "report {} · {} ({}) · {} records · due {} · {} · {}",
        report.report_id,
        report.connection,
        report.environment.as_str(),
        report.records,
        report.due_on,
        report.state,
        report.path
    ));
    table(
        &[
            "department",
            "waiting",
            "answered",
            "corrected",
            "resolved",
            "open again",
            "overdue",
        ],
        detail.departments.iter().map(|one| {
            let mut cells = vec![one.department.clone()];
            cells.extend(numbers(&one.counts));
            cells
        }),
    );
}

fn print_answer(answer: &AnswerRow) {
    line(&format!(
        "{} · {} · {} {} · {} · {}",
        when(Some(answer.received_at)),
        answer.answer,
        answer.answered_by,
        answer.answered_on,
        answer.words,
        answer.file
    ));
}

fn print_lines(sheets: &[AnswerSheet], counts: &[AnswerCount], lines: &[AnswerLine]) {
    table(
        &["file", "sheet", "header row", "rows"],
        sheets.iter().map(|sheet| {
            vec![
                sheet.file.clone(),
                sheet.sheet.clone(),
                sheet
                    .header_row
                    .map_or_else(|| "none: left out".into(), |row| row.to_string()),
                sheet.rows.to_string(),
            ]
        }),
    );
    table(
        &["outcome", "rows"],
        counts
            .iter()
            .map(|count| vec![count.outcome.clone(), count.rows.to_string()]),
    );
    table(
        &[
            "sheet", "row", "number", "outcome", "meant", "answer", "before", "words",
        ],
        lines.iter().map(|one| {
            vec![
                one.sheet.clone(),
                one.row.to_string(),
                one.number.clone(),
                one.outcome.clone(),
                one.suggestion.clone().unwrap_or_default(),
                one.answer.clone().unwrap_or_default(),
                one.before.clone().unwrap_or_default(),
                one.words.clone(),
            ]
        }),
    );
}

//! `zhengqiao rejected`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, BulkRequest, ExportRequest, IgnoreRequest, RejectionDetail, RejectionFilter,
    RejectionId, RejectionsRequest, RevealRequest,
};
use zhengqiao_domain::{Finding, Outcome};

use crate::End;
use crate::args::{FilterArgs, RejectedCommand};
use crate::output::{Output, line, table, when};

pub async fn run(
    console: &Console,
    command: RejectedCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        RejectedCommand::List {
            filter,
            causes,
            limit,
            before,
        } => {
            let filter = filter_of(console, filter).await?;
            if causes {
                let list = console.list_causes(filter).await?;
                output.print(&list, |list| {
                    table(
                        &[
                            "cause", "dataset", "rule", "field", "values", "open", "held",
                        ],
                        list.iter().map(|row| {
                            vec![
                                row.cause_id.to_string(),
                                row.dataset.to_string(),
                                row.rule.clone(),
                                row.field.clone(),
                                row.cluster.clone(),
                                row.open.to_string(),
                                row.held.to_string(),
                            ]
                        }),
                    );
                });
            } else {
                let page = console
                    .list_rejections(RejectionsRequest {
                        filter,
                        before,
                        limit,
                    })
                    .await?;
                output.print(&page, |page| {
                    table(
                        &[
                            "id", "dataset", "outcome", "state", "number", "title", "rules", "seen",
                        ],
                        page.rejections.iter().map(|row| {
                            let number = row
                                .business_key
                                .clone()
                                .unwrap_or_else(|| row.record_key.clone());
                            vec![
                                row.rejection_id.to_string(),
                                row.dataset.to_string(),
                                outcome(row.outcome).into(),
                                row.state.clone(),
                                number,
                                row.title.clone(),
                                row.rules.join(", "),
                                when(Some(row.seen_at)),
                            ]
                        }),
                    );
                    if let Some(next) = page.next {
                        line(&format!("more: --before {next}"));
                    }
                });
            }
        }
        RejectedCommand::Show { id, reveal, reason } => {
            let detail = match reason {
                Some(reason) if reveal => {
                    console
                        .reveal_rejection(RevealRequest {
                            rejection_id: id,
                            reason,
                        })
                        .await?
                }
                _ => {
                    console
                        .get_rejection(RejectionId { rejection_id: id })
                        .await?
                }
            };
            output.print(&detail, print_detail);
        }
        RejectedCommand::Export {
            file,
            filter,
            language,
        } => {
            let filter = filter_of(console, filter).await?;
            let request = ExportRequest {
                filter,
                path: file.display().to_string(),
                language,
            };
            let report = console.export_rejections(request).await?;
            output.print(&report, |report| {
                line(&format!("{} lines written to {}", report.rows, report.path));
            });
        }
        RejectedCommand::Ignore { ids, reason, until } => {
            let which = BulkRequest {
                rejection_ids: ids,
                filter: None,
            };
            let report = console
                .ignore_rejections(IgnoreRequest {
                    which,
                    reason,
                    until,
                })
                .await?;
            output.print(&report, |report| {
                line(&format!("{} ignored", report.changed));
            });
        }
        RejectedCommand::Reopen { ids } => {
            let report = console
                .reopen_rejections(BulkRequest {
                    rejection_ids: ids,
                    filter: None,
                })
                .await?;
            output.print(&report, |report| {
                line(&format!("{} opened again", report.changed));
            });
        }
        RejectedCommand::Revalidate { ids, filter } => {
            let filter = filter_of(console, filter).await?;
            let report = console
                .revalidate_rejections(BulkRequest {
                    rejection_ids: ids,
                    filter: Some(filter),
                })
                .await?;
            output.print(&report, |report| {
                line(&format!(
                    "{} checked: {} accepted, {} rejected, {} held",
                    report.checked, report.accepted, report.rejected, report.held
                ));
            });
        }
    }
    Ok(End::Done)
}

pub async fn filter_of(console: &Console, filter: FilterArgs) -> Result<RejectionFilter, ApiError> {
    let connection_id = match &filter.connection {
        Some(name) => Some(console.connection_by_name(name).await?.connection_id),
        None => None,
    };
    Ok(filter.filter(connection_id))
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Held => "held",
        Outcome::Rejected => "rejected",
    }
}

fn print_detail(detail: &RejectionDetail) {
    let row = &detail.rejection;
    line(&format!(
        "{}  {}  {}  {}  {}",
        row.rejection_id,
        row.dataset,
        outcome(row.outcome),
        row.state,
        row.title
    ));
    for finding in &detail.findings {
        print_finding(finding);
    }
    table(
        &["field", "source", "raw", "mapped", "cached"],
        detail
            .fields
            .iter()
            .filter(|field| field.raw.is_some() || field.mapped.is_some() || field.cached.is_some())
            .map(|field| {
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                vec![
                    field.field.clone(),
                    field.source.clone(),
                    text(&field.raw),
                    text(&field.mapped),
                    text(&field.cached),
                ]
            }),
    );
}

/// Prints a finding with its advice.
pub fn print_finding(finding: &Finding) {
    let info = finding.rule.info();
    let value = finding
        .value
        .as_deref()
        .map(|value| format!(" {value:?}"))
        .unwrap_or_default();
    let expected = finding
        .expected
        .as_deref()
        .map(|text| format!("  expected: {text}"))
        .unwrap_or_default();
    let remedy = finding
        .remedy
        .as_ref()
        .map(|remedy| format!("  proposed: {}", remedy.value))
        .unwrap_or_default();
    line(&format!(
        "  {} · {} {}{value}{expected}{remedy}",
        finding.rule.code(),
        info.zh.title,
        finding.field
    ));
    line(&format!("      {}", info.zh.advice));
}

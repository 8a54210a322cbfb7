//! `zhengqiao rejected`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, BulkRequest, ExportRequest, RejectionFilter, RejectionId, RejectionsRequest,
    RevealRequest, SaveView, ViewName,
};
use zhengqiao_domain::{Finding, Outcome};

use crate::End;
use crate::inbox;
use crate::output::{Output, line, table, when};
use crate::overriding;
use crate::rejected_args::{FilterArgs, RejectedCommand};

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
                inbox::causes(console, filter, output).await?;
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
        RejectedCommand::Causes { filter } => {
            let filter = filter_of(console, filter).await?;
            inbox::causes(console, filter, output).await?;
        }
        RejectedCommand::Facets { filter } => {
            let filter = filter_of(console, filter).await?;
            inbox::facets(console, filter, output).await?;
        }
        RejectedCommand::Views => inbox::views(console, output).await?,
        RejectedCommand::SaveView { name, filter } => {
            let filter = filter_of(console, filter).await?;
            let done = console.save_view(SaveView { name, filter }).await?;
            output.print(&done, |_| line("saved"));
        }
        RejectedCommand::RemoveView { name } => {
            let done = console.remove_view(ViewName { name }).await?;
            output.print(&done, |_| line("removed"));
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
            output.print(&detail, inbox::print_detail);
        }
        RejectedCommand::Export {
            file,
            filter,
            language,
            unmasked,
            reason,
        } => {
            let filter = filter_of(console, filter).await?;
            let request = ExportRequest {
                filter,
                path: file.display().to_string(),
                language,
                unmasked_because: reason.filter(|_| unmasked),
            };
            let report = console.export_rejections(request).await?;
            output.print(&report, |report| {
                line(&format!("{} lines written to {}", report.rows, report.path));
            });
        }
        RejectedCommand::Override(args) => return overriding::run(console, args, output).await,
        RejectedCommand::RevokeOverride { id, reason } => {
            return overriding::revoke(console, id, reason, output).await;
        }
        RejectedCommand::Mend {
            cause,
            effect,
            apply,
        } => return crate::mend::cause(console, cause, effect, apply, output).await,
        RejectedCommand::Ignore {
            ids,
            filter,
            cause,
            all,
            reason,
            until,
            ever,
        } => {
            let mut filter = filter_of(console, filter).await?;
            filter.cause_id = cause.or(filter.cause_id);
            let named = BulkRequest {
                filter: (all || cause.is_some()).then_some(filter),
                rejection_ids: ids,
            };
            return crate::ignore::ignore(
                console,
                named,
                cause.is_some(),
                reason,
                until,
                ever,
                output,
            )
            .await;
        }
        RejectedCommand::Ignores { connection, ended } => {
            return crate::ignore::list(console, connection, ended, output).await;
        }
        RejectedCommand::Revoke { decisions } => {
            return crate::ignore::revoke(console, decisions, output).await;
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
        RejectedCommand::Revalidate {
            ids,
            filter,
            canary,
            go_on,
            resume,
        } => {
            let filter = filter_of(console, filter).await?;
            let which = BulkRequest {
                filter: ids.is_empty().then_some(filter),
                rejection_ids: ids,
            };
            return crate::mend::revalidate(console, which, canary, go_on, resume, output).await;
        }
        RejectedCommand::Outcomes { run, fate } => {
            return crate::mend::outcomes(console, run, fate, output).await;
        }
    }
    Ok(End::Done)
}

pub async fn filter_of(console: &Console, filter: FilterArgs) -> Result<RejectionFilter, ApiError> {
    let connection_id = match &filter.connection {
        Some(name) => Some(console.connection_by_name(name).await?.connection_id),
        None => None,
    };
    let saved = match &filter.view {
        Some(name) => console.view_filter(name).await?,
        None => RejectionFilter::default(),
    };
    Ok(filter.filter(saved, connection_id))
}

pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Held => "held",
        Outcome::Rejected => "rejected",
    }
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
        .map(|remedy| {
            let sure = if remedy.certain { "certain" } else { "a guess" };
            format!("  proposed: {} ({sure})", remedy.value)
        })
        .unwrap_or_default();
    line(&format!(
        "  {} · {} {}{value}{expected}{remedy}",
        finding.rule.code(),
        info.zh.title,
        finding.field
    ));
    line(&format!("      {}  依据：{}", info.zh.advice, info.source));
}

//! `zhengqiao identity deliver` and `zhengqiao identity target`.

use std::path::PathBuf;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, DecisionDeliveryReport, DeliverDecisions, ErrorCode, ExportDecisions,
    SaveDecisionTarget,
};

use crate::End;
use crate::identity_args::{DeliverDecisionsCommand, TargetOfDecisions};
use crate::output::{Output, line, table};
use crate::sync::Bar;

/// Brings decisions to the portal, says what would be brought, or writes them as a file.
pub async fn run(
    console: &Console,
    command: DeliverDecisionsCommand,
    output: Output,
) -> Result<End, ApiError> {
    let id = console.connection_by_name(&command.connection).await?;
    if let (Some(path), Some(reason)) = (command.export, command.reason) {
        let report = console
            .export_decisions(ExportDecisions {
                connection_id: id.connection_id,
                acts: command.acts,
                path: path.display().to_string(),
                language: if command.english { "en" } else { "zh" }.into(),
                reason,
            })
            .await?;
        output.print(&report, |report| {
            line(&format!("{} decisions → {}", report.rows, report.path));
        });
        return Ok(End::Done);
    }
    let bar = Bar::new(output.bars);
    let request = DeliverDecisions {
        connection_id: id.connection_id,
        acts: command.acts,
        dry_run: command.dry_run,
    };
    let mut delivering = Box::pin(console.deliver_decisions(request, |progress| {
        bar.say(format!(
            "decisions  {} of {}",
            progress.done, progress.total
        ));
    }));
    let mut asked = false;
    let report = loop {
        tokio::select! {
            ended = &mut delivering => break ended?,
            pressed = tokio::signal::ctrl_c(), if !asked => {
                asked = true;
                if pressed.is_ok() {
                    eprintln!("ending after the present decision");
                    // It may have ended in this moment.
                    let _ = console.cancel_decision_delivery(id).await;
                }
            }
        }
    };
    bar.finish();
    output.print(&report, print);
    Ok(end_of(&report))
}

fn print(report: &DecisionDeliveryReport) {
    let counts: Vec<String> = report
        .counts
        .iter()
        .map(|one| format!("{} {}", one.count, one.state))
        .collect();
    let kind = if report.dry_run {
        "dry run"
    } else {
        "delivery"
    };
    line(&format!(
        "{kind} of {} decisions: {}",
        report.total,
        if counts.is_empty() {
            "nothing to do".into()
        } else {
            counts.join(", ")
        }
    ));
    if let Some(why) = &report.stopped {
        line(&format!("stopped: {why}"));
    }
    if report.cancelled {
        line("cancelled; the rest goes on with the next delivery");
    }
    if !report.rows.is_empty() {
        table(
            &["decision", "account", "act", "outcome", "would send / why"],
            report.rows.iter().map(|row| {
                vec![
                    row.decision_id.to_string(),
                    row.account_id.clone(),
                    if row.restores {
                        format!("{} (taken back)", row.act)
                    } else {
                        row.act.clone()
                    },
                    row.state.clone(),
                    row.would_send
                        .clone()
                        .or_else(|| row.message.clone())
                        .unwrap_or_default(),
                ]
            }),
        );
    }
}

/// 4 where somebody has to look, 1 where the portal could not be reached.
fn end_of(report: &DecisionDeliveryReport) -> End {
    let has = |states: &[&str]| {
        report
            .counts
            .iter()
            .any(|one| states.contains(&one.state.as_str()))
    };
    if report.stopped.is_some() || has(&["failed"]) {
        End::Failed
    } else if has(&["refused", "changed", "gone"]) {
        End::NeedsDecision
    } else {
        End::Done
    }
}

/// Shows or sets the way to the portal, as JSON.
pub async fn target(
    console: &Console,
    command: TargetOfDecisions,
    output: Output,
) -> Result<End, ApiError> {
    let id = console.connection_by_name(&command.connection).await?;
    let delivery = match (command.file, command.none) {
        (Some(file), _) => {
            let target = read(&file)?;
            console
                .save_decision_target(SaveDecisionTarget {
                    connection_id: id.connection_id,
                    target: Some(target),
                })
                .await?
        }
        (None, true) => {
            console
                .save_decision_target(SaveDecisionTarget {
                    connection_id: id.connection_id,
                    target: None,
                })
                .await?
        }
        (None, false) => console.get_decision_delivery(id).await?,
    };
    output.print(&delivery, |delivery| {
        line(&format!(
            "through {} ({})",
            delivery.through, delivery.place
        ));
        match &delivery.target {
            Some(target) => line(&serde_json::to_string_pretty(target).unwrap_or_default()),
            None => line("no way to the portal is set up"),
        }
        table(
            &["state", "decisions"],
            delivery
                .counts
                .iter()
                .map(|one| vec![one.state.clone(), one.count.to_string()]),
        );
    });
    Ok(End::Done)
}

fn read(file: &PathBuf) -> Result<zhengqiao_exchange::DecisionTarget, ApiError> {
    let wrong = |code, message: String| ApiError {
        code,
        message,
        retryable: false,
        details: None,
    };
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| wrong(ErrorCode::File, format!("{shown}: {error}")))?;
    serde_json::from_str(&text)
        .map_err(|error| wrong(ErrorCode::InvalidRequest, format!("{shown}: {error}")))
}

//! `zhengqiao reconcile`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ErrorCode, ExportReconciliation, ReconciliationCell, ReconciliationDetail,
    ReconciliationId, ReconciliationKeysRequest, ReconciliationProgress, ReconciliationRow,
    ReconciliationsRequest, SignReconciliation, StartReconciliation,
};

use crate::End;
use crate::args::{ReconcileAct, ReconcileCommand};
use crate::output::{Output, line, table, when};
use crate::sync::Bar;

/// Keys of one page.
const PAGE: u32 = 200;

pub async fn run(
    console: &Console,
    command: ReconcileCommand,
    output: Output,
) -> Result<End, ApiError> {
    let named = |reconciliation_id| ReconciliationId { reconciliation_id };
    match command.act {
        None => {
            let name = command.connection.unwrap_or_default();
            let connection = console.connection_by_name(&name).await?;
            let id = console
                .start_reconciliation(StartReconciliation {
                    connection_id: connection.connection_id,
                    datasets: command.datasets,
                    from: command.from,
                    to: command.to,
                    every_key: command.every_key,
                })
                .await?;
            follow(console, id, output).await?;
            show(console, id, false, output).await
        }
        Some(ReconcileAct::List { connection, limit }) => {
            let connection = console.connection_by_name(&connection).await?;
            let rows = console
                .list_reconciliations(ReconciliationsRequest {
                    connection_id: connection.connection_id,
                    limit,
                })
                .await?;
            output.print(&rows, |rows| print_rows(rows));
            Ok(End::Done)
        }
        Some(ReconcileAct::Show { id, keys }) => show(console, named(id), keys, output).await,
        Some(ReconcileAct::Repull { id }) => {
            console.repull_reconciliation(named(id)).await?;
            follow(console, named(id), output).await?;
            show(console, named(id), false, output).await
        }
        Some(ReconcileAct::Sign { id, note }) => {
            let detail = console
                .sign_reconciliation(SignReconciliation {
                    reconciliation_id: id,
                    note,
                })
                .await?;
            output.print(&detail, print_detail);
            Ok(End::Done)
        }
        Some(ReconcileAct::Export { id, output: path }) => {
            let report = console
                .export_reconciliation(ExportReconciliation {
                    reconciliation_id: id,
                    path: path.display().to_string(),
                    language: "zh-CN".into(),
                })
                .await?;
            output.print(&report, |report| {
                line(&format!("{}: {} keys", report.path, report.rows));
            });
            Ok(End::Done)
        }
    }
}

/// Waits until it has ended; Ctrl+C asks it to end.
async fn follow(
    console: &Console,
    id: ReconciliationId,
    output: Output,
) -> Result<ReconciliationProgress, ApiError> {
    let bar = Bar::new(output.bars);
    let watched = console.clone();
    let watch = watched.watch_reconciliation(id, |progress| bar.say(words(&progress)));
    tokio::pin!(watch);
    let mut asked = false;
    let last = loop {
        tokio::select! {
            ended = &mut watch => break ended?,
            pressed = tokio::signal::ctrl_c(), if !asked => {
                asked = true;
                if pressed.is_ok() {
                    eprintln!("cancelling at the next page");
                    // It may have ended in this moment.
                    let _ = console.cancel_reconciliation(id).await;
                }
            }
        }
    };
    bar.finish();
    Ok(last)
}

fn words(progress: &ReconciliationProgress) -> String {
    let dataset = progress
        .dataset
        .map(|dataset| dataset.to_string())
        .unwrap_or_default();
    format!(
        "{} {dataset}  dataset {}/{}, day {}/{}, {} rows",
        progress.phase,
        progress.datasets_done,
        progress.datasets,
        progress.days_done,
        progress.days,
        progress.rows
    )
}

async fn show(
    console: &Console,
    id: ReconciliationId,
    keys: bool,
    output: Output,
) -> Result<End, ApiError> {
    let detail = console.get_reconciliation(id).await?;
    output.print(&detail, print_detail);
    if keys {
        let mut after = None;
        loop {
            let page = console
                .list_reconciliation_keys(ReconciliationKeysRequest {
                    reconciliation_id: id.reconciliation_id,
                    after,
                    limit: PAGE,
                    ..ReconciliationKeysRequest::default()
                })
                .await?;
            output.print(&page, |page| {
                for key in &page.keys {
                    let healed = if key.healed_at.is_some() {
                        "  healed"
                    } else {
                        ""
                    };
                    line(&format!(
                        "{}  {}  {}  {}  {}{healed}",
                        key.dataset, key.day, key.department, key.kind, key.record_key
                    ));
                }
            });
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    end(&detail.reconciliation)
}

/// How a command ends that told of a comparison.
fn end(row: &ReconciliationRow) -> Result<End, ApiError> {
    match row.state.as_str() {
        "equal" => Ok(End::Done),
        "failed" | "interrupted" => Err(ApiError {
            code: ErrorCode::Provider,
            message: row
                .message
                .clone()
                .unwrap_or_else(|| format!("the reconciliation is {}", row.state)),
            retryable: true,
            details: row.code.clone(),
        }),
        "cancelled" => Ok(End::Failed),
        // What a person has signed off needs no decision any more.
        _ if row.signed_at.is_some() => Ok(End::Done),
        _ => Ok(End::NeedsDecision),
    }
}

fn print_rows(rows: &[ReconciliationRow]) {
    table(
        &[
            "id",
            "state",
            "began",
            "from",
            "to",
            "missing",
            "surplus",
            "doubled",
            "different",
            "healed",
            "signed",
        ],
        rows.iter().map(|row| {
            vec![
                row.reconciliation_id.to_string(),
                row.state.clone(),
                when(Some(row.begun_at)),
                row.from.clone(),
                row.to.clone(),
                row.missing.to_string(),
                row.surplus.to_string(),
                row.doubled.to_string(),
                row.different.to_string(),
                row.healed.to_string(),
                row.signed_by.clone().unwrap_or_default(),
            ]
        }),
    );
}

fn print_detail(detail: &ReconciliationDetail) {
    table(
        &[
            "dataset",
            "day",
            "state",
            "provider",
            "received",
            "accepted",
            "rejected",
            "held",
            "withdrawn",
            "open keys",
        ],
        detail.days.iter().map(cells),
    );
    let row = &detail.reconciliation;
    line(&format!(
        "reconciliation {}: {}; {} missing, {} surplus, {} doubled, {} different, {} healed",
        row.reconciliation_id,
        row.state,
        row.missing,
        row.surplus,
        row.doubled,
        row.different,
        row.healed
    ));
    if let Some(message) = &row.message {
        line(message);
    }
    if let (Some(by), Some(note)) = (&row.signed_by, &row.note) {
        line(&format!(
            "signed off by {by} {}: {note}",
            when(row.signed_at)
        ));
    }
}

fn cells(day: &ReconciliationCell) -> Vec<String> {
    vec![
        day.dataset.to_string(),
        day.day.clone(),
        day.state.clone(),
        // Unknown is never shown as 0.
        day.provider
            .map_or_else(|| "–".to_owned(), |count| count.to_string()),
        day.received.to_string(),
        day.accepted.to_string(),
        day.rejected.to_string(),
        day.held.to_string(),
        day.withdrawn.to_string(),
        day.open_keys.to_string(),
    ]
}

//! `zhengqiao deliver` and `zhengqiao connection target`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionId, DeliverNow, DeliveryRow, ErrorCode, Nothing, SaveDeliveryTarget,
    TestDeliveryTarget,
};
use zhengqiao_exchange::{Auth, PostgresTarget, PushTarget, Target};

use crate::End;
use crate::connection::{print_layer, text_from_stdin};
use crate::connection_args::{PushProof, SetTarget, TargetCommand};
use crate::output::{Output, line, when};
use crate::run_args::DeliverCommand;
use crate::sync::Bar;

/// Delivers what waits for a connection's library.
pub async fn deliver(
    console: &Console,
    command: DeliverCommand,
    output: Output,
) -> Result<End, ApiError> {
    let id = console.connection_by_name(&command.connection).await?;
    console
        .deliver_now(DeliverNow {
            connection_id: id.connection_id,
            again: command.again,
        })
        .await?;
    let row = watch(console, id, output).await?;
    output.print(&row, print_row);
    Ok(End::of_state(&row.state))
}

/// Waits for the delivery of what a run brought, where there is a library.
pub async fn after_run(
    console: &Console,
    id: ConnectionId,
    output: Output,
) -> Result<Option<DeliveryRow>, ApiError> {
    let rows = console.list_deliveries(Nothing {}).await?;
    if rows.iter().any(|row| row.connection_id == id.connection_id) {
        watch(console, id, output).await.map(Some)
    } else {
        Ok(None)
    }
}

async fn watch(
    console: &Console,
    id: ConnectionId,
    output: Output,
) -> Result<DeliveryRow, ApiError> {
    let bar = Bar::new(output.bars);
    let watch = console.watch_delivery(id, |progress| {
        let row = &progress.delivery;
        bar.say(format!(
            "delivering  {} delivered, {} refused, {} waiting  {:.0}/s",
            row.delivered, row.refused, row.waiting, progress.rows_per_s
        ));
    });
    tokio::pin!(watch);
    let mut asked = false;
    let ended = loop {
        tokio::select! {
            ended = &mut watch => break ended?,
            pressed = tokio::signal::ctrl_c(), if !asked => {
                asked = true;
                if pressed.is_ok() {
                    eprintln!("ending after the present batch");
                    // It may have ended in this moment.
                    let _ = console.cancel_delivery(id).await;
                }
            }
        }
    };
    bar.finish();
    Ok(ended.delivery)
}

/// Prints how a delivery stands.
pub fn print_row(row: &DeliveryRow) {
    line(&format!(
        "library {}: {}, {} delivered, {} refused, {} waiting",
        row.place, row.state, row.delivered, row.refused, row.waiting
    ));
    if let Some(message) = &row.message {
        line(message);
        let words = row.code.as_deref().and_then(crate::advice::words);
        if let Some(words) = words {
            line(&words.zh);
            line(&words.en);
        }
    }
    if row.refused_open > 0 {
        line(&format!(
            "{} records are refused at present: zhengqiao rejected list --rule delivery.refused",
            row.refused_open
        ));
    }
}

/// Where a connection's records go on to.
pub async fn target(
    console: &Console,
    command: TargetCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        TargetCommand::Set(command) => set(console, command, output).await,
        TargetCommand::Show { name } => {
            let id = console.connection_by_name(&name).await?;
            let rows = console.list_deliveries(Nothing {}).await?;
            let row = rows
                .into_iter()
                .find(|row| row.connection_id == id.connection_id);
            output.print(&row, |row| match row {
                Some(row) => {
                    print_row(row);
                    line(&format!("last delivery: {}", when(row.ended_at)));
                }
                None => line("no target: the local cache is the library"),
            });
            Ok(End::Done)
        }
        TargetCommand::Test { name } => {
            let id = console.connection_by_name(&name).await?;
            let request = TestDeliveryTarget {
                connection_id: id.connection_id,
                target: None,
                secret: None,
            };
            let report = console
                .test_delivery_target(request, |layer| {
                    if !output.json {
                        print_layer(&layer);
                    }
                })
                .await?;
            output.print(&report, |report| {
                line(if report.passed { "passed" } else { "failed" });
            });
            Ok(if report.passed {
                End::Done
            } else {
                End::Failed
            })
        }
        TargetCommand::Remove { name, confirm } => {
            if name != confirm {
                return Err(ApiError {
                    code: ErrorCode::InvalidRequest,
                    message: format!("--confirm: type the name {name:?} to remove its target"),
                    retryable: false,
                    details: None,
                });
            }
            let id = console.connection_by_name(&name).await?;
            let request = SaveDeliveryTarget {
                connection_id: id.connection_id,
                target: None,
                secret: None,
            };
            let detail = console.save_delivery_target(request).await?;
            output.print(&detail, |_| {
                line("removed; what the library has stays there");
            });
            Ok(End::Done)
        }
    }
}

async fn set(console: &Console, command: SetTarget, output: Output) -> Result<End, ApiError> {
    let id = console.connection_by_name(&command.name).await?;
    let is_database = command.url.starts_with("postgres");
    let target = if is_database {
        let usual = PostgresTarget::default();
        Target::Postgres(PostgresTarget {
            url: command.url,
            user: command.user.unwrap_or_default(),
            schema: command.schema,
            batch_rows: command.batch_rows.unwrap_or(usual.batch_rows),
        })
    } else {
        let usual = PushTarget::default();
        Target::Push(Box::new(PushTarget {
            url: command.url,
            path: command.path,
            auth: match command.auth {
                PushProof::None => Auth::None,
                PushProof::ApiKey => Auth::ApiKey {
                    header: command.header,
                },
                PushProof::Basic => Auth::Basic {
                    user: command.user.unwrap_or_default(),
                },
            },
            batch_rows: command.batch_rows.unwrap_or(usual.batch_rows),
            ..usual
        }))
    };
    let secret = if command.secret_stdin {
        Some(text_from_stdin()?)
    } else {
        None
    };
    let request = SaveDeliveryTarget {
        connection_id: id.connection_id,
        target: Some(target),
        secret,
    };
    console.save_delivery_target(request).await?;
    let rows = console.list_deliveries(Nothing {}).await?;
    let row = rows
        .into_iter()
        .find(|row| row.connection_id == id.connection_id);
    output.print(&row, |row| {
        if let Some(row) = row {
            print_row(row);
        }
    });
    Ok(End::Done)
}

//! `zhengqiao identity`.

pub mod accounts;
mod deliver;

use serde::de::DeserializeOwned;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, ErrorCode};

use crate::End;
use crate::identity_args::IdentityCommand;
use crate::output::{Output, table};
use crate::{bindings, login, sign_off, sign_on};

pub async fn run(
    console: &Console,
    command: IdentityCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        IdentityCommand::Accounts {
            connection,
            from,
            own,
        } => return accounts::run(console, &connection, from, own, output).await,
        IdentityCommand::Deliver(command) => {
            return Box::pin(deliver::run(console, command, output)).await;
        }
        IdentityCommand::Target(command) => return deliver::target(console, command, output).await,
        IdentityCommand::Review { connection } => {
            let summary = console
                .review_identity(console.connection_by_name(&connection).await?)
                .await?;
            output.print(&summary, |summary| {
                let states = summary
                    .states
                    .iter()
                    .map(|row| vec![row.state.as_str().to_owned(), row.count.to_string()]);
                let conflicts = summary.conflicts.iter().map(|row| {
                    vec![
                        format!("  {}", row.conflict.as_str()),
                        row.count.to_string(),
                    ]
                });
                table(&["state or conflict", "bindings"], states.chain(conflicts));
            });
        }
        IdentityCommand::Bindings {
            connection,
            filter,
            limit,
            after,
        } => return bindings::list(console, &connection, filter, after, limit, output).await,
        IdentityCommand::Binding {
            connection,
            account,
        } => return bindings::show(console, &connection, &account, output).await,
        IdentityCommand::Decide(args) => return bindings::decide(console, args, output).await,
        IdentityCommand::Decisions {
            connection,
            limit,
            before,
        } => return bindings::decisions(console, &connection, before, limit, output).await,
        IdentityCommand::Drift { connection } => {
            return sign_off::drift(console, &connection, output).await;
        }
        IdentityCommand::SignOff {
            connection,
            note,
            export,
            language,
        } => {
            return sign_off::sign(console, &connection, note, export, language, output).await;
        }
        IdentityCommand::SignOffs { connection } => {
            return sign_off::list(console, &connection, output).await;
        }
        IdentityCommand::Undo { connection, act } => {
            return bindings::undo(console, &connection, act, output).await;
        }
        IdentityCommand::Sites(command) => {
            return crate::sites::run(console, command, output).await;
        }
        IdentityCommand::SignOn { command } => sign_on::run(console, command, output).await?,
        IdentityCommand::Login(command) => return login::run(console, command, output).await,
        other => return crate::identity_mapping::run(console, other, output).await,
    }
    Ok(End::Done)
}

pub fn word<T: DeserializeOwned>(name: &str, value: Option<String>) -> Result<Option<T>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    serde_json::from_value(serde_json::Value::String(value.clone()))
        .map(Some)
        .map_err(|_| ApiError {
            code: ErrorCode::InvalidRequest,
            message: format!("--{name}: {value:?} is not known"),
            retryable: false,
            details: None,
        })
}

//! `zhengqiao identity`.

pub mod accounts;
mod deliver;

use serde::de::DeserializeOwned;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, BindingsRequest, ErrorCode};

use crate::End;
use crate::args::IdentityCommand;
use crate::output::{Output, line, table};
use crate::{login, sign_on};

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
            state,
            conflict,
            limit,
            after,
        } => {
            let connection_id = console.connection_by_name(&connection).await?.connection_id;
            let request = BindingsRequest {
                connection_id,
                state: word("state", state)?,
                conflict: word("conflict", conflict)?,
                kind: None,
                after,
                limit,
            };
            let page = console.list_bindings(request).await?;
            output.print(&page, |page| {
                table(
                    &["id", "kind", "identity", "account", "state", "conflicts"],
                    page.bindings.iter().map(|row| {
                        let text = |value: &Option<String>| value.clone().unwrap_or_default();
                        let conflicts: Vec<&str> =
                            row.conflicts.iter().map(|kind| kind.as_str()).collect();
                        vec![
                            row.binding_id.to_string(),
                            row.kind.as_str().into(),
                            text(&row.identity_title),
                            text(&row.account_id),
                            row.state.as_str().into(),
                            conflicts.join(", "),
                        ]
                    }),
                );
                if let Some(next) = page.next {
                    line(&format!("more: --after {next}"));
                }
            });
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

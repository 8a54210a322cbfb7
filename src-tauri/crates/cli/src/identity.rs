//! `zhengqiao identity`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::ApiError;

use crate::End;
use crate::args::IdentityCommand;
use crate::bindings;
use crate::output::{Output, table};
use crate::sign_off;

pub async fn run(
    console: &Console,
    command: IdentityCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
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
    }
    Ok(End::Done)
}

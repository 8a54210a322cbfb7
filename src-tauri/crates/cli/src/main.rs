//! The `zhengqiao` command: the window's acts for scripts, servers and schedulers.
//!
//! Exit codes: 0 done, 3 finished with rejections, 4 needs a decision, 5 is run elsewhere, 1 failed,
//! 2 wrong usage.

mod advice;
mod args;
mod binding_args;
mod bindings;
mod check;
mod connection;
mod connection_args;
mod decide;
mod delivery;
mod demo;
mod dry;
mod history;
mod identity;
mod identity_args;
mod identity_mapping;
mod identity_what_if;
mod ignore;
mod inbox;
mod login;
mod mapping;
mod mend;
mod network;
mod output;
mod overriding;
mod quality;
mod recipe;
mod reconcile;
mod records;
mod rejected;
mod rejected_args;
mod report;
mod report_args;
mod run_args;
mod run_page;
mod schedule;
mod sign_off;
mod sign_on;
mod sites;
mod sync;
mod tables;
mod undo;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use zhengqiao_api::contract::{ApiError, ErrorCode};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret, default_data_dir, start_log};

use args::{Args, Command};
use output::Output;

/// The connection is being run by another process.
const RUN_ELSEWHERE: u8 = 5;

/// How a command ended, apart from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    WithRejections,
    NeedsDecision,
    Failed,
}

impl End {
    /// The end that a run's state word stands for.
    fn of_state(state: &str) -> Self {
        match state {
            "succeeded" => Self::Done,
            "finished_with_rejections" => Self::WithRejections,
            "needs_decision" => Self::NeedsDecision,
            _ => Self::Failed,
        }
    }

    /// Which of two ends matters more.
    const fn weight(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::WithRejections => 1,
            Self::NeedsDecision => 2,
            Self::Failed => 3,
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::WithRejections => 3,
            Self::NeedsDecision => 4,
        }
    }
}

/// Rows are made on one thread and dropped on another, which this allocator does without waiting.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output {
        json: args.json,
        bars: !args.json && std::io::stderr().is_terminal(),
    };
    match run(args, output).await {
        Ok(end) => ExitCode::from(end.code()),
        Err(error) => {
            output.error(&error);
            ExitCode::from(if error.code == ErrorCode::AlreadyRunning {
                RUN_ELSEWHERE
            } else {
                1
            })
        }
    }
}

async fn run(args: Args, output: Output) -> Result<End, ApiError> {
    let (command, place) = match args.command {
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Args::command(),
                "zhengqiao",
                &mut std::io::stdout(),
            );
            return Ok(End::Done);
        }
        Command::Check(command) => return check::run(&command, output),
        Command::Demo(job) => return demo::run(job, output).await,
        Command::Provider {
            command: args::ProviderCommand::Serve(command),
        } => return demo::serve(command, output).await,
        command => (command, args.data_dir.unwrap_or_else(default_data_dir)),
    };
    let keys = match std::env::var("ZHENGQIAO_PASSPHRASE") {
        Ok(passphrase) if !passphrase.is_empty() => KeyChoice::Passphrase(Secret::new(passphrase)),
        _ => KeyChoice::Auto,
    };
    let console = Console::opened(ConsoleOptions {
        data_dir: place.clone(),
        keys,
        demo: false,
    })
    .await
    .map_err(explain_locked)?;
    let _log = start_log(&place);
    match command {
        Command::Connection { command } => connection::run(&console, command, output).await,
        Command::Sync(command) => sync::run(&console, command, output).await,
        Command::DryRun { command } => dry::run(&console, command, output).await,
        Command::Deliver(command) => delivery::deliver(&console, command, output).await,
        Command::Runs(command) => sync::runs(&console, command, output).await,
        Command::Reconcile(command) => reconcile::run(&console, command, output).await,
        Command::Undo(command) => undo::run(&console, command, output).await,
        Command::Schedule { command } => schedule::run(&console, command, output).await,
        Command::Rejected { command } => rejected::run(&console, command, output).await,
        Command::Recipe { command } => recipe::run(&console, command, output).await,
        Command::Report { command } => report::run(&console, command, output).await,
        Command::Records(command) => records::run(&console, command, output).await,
        Command::Quality(command) => quality::run(&console, command, output).await,
        Command::Identity { command } => identity::run(&console, command, output).await,
        Command::Passphrase => connection::change_passphrase(&console, output).await,
        Command::Completions { .. }
        | Command::Check(_)
        | Command::Demo(_)
        | Command::Provider { .. } => Ok(End::Done),
    }
}

fn explain_locked(mut error: ApiError) -> ApiError {
    if error.code == ErrorCode::Locked {
        error.message = "there is no system secret store here: give the passphrase in the environment variable ZHENGQIAO_PASSPHRASE".into();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn states_have_the_exit_codes_that_scripts_rely_on() {
        let codes: Vec<u8> = [
            "succeeded",
            "finished_with_rejections",
            "needs_decision",
            "failed",
            "cancelled",
        ]
        .iter()
        .map(|state| End::of_state(state).code())
        .collect();
        assert_eq!(codes, [0, 3, 4, 1, 1]);
    }
}

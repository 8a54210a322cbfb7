//! `zhengqiao sync` and `zhengqiao runs`.

use indicatif::{ProgressBar, ProgressStyle};
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionId, ErrorCode, RunDatasetRow, RunId, RunMode, RunProgress, RunStarted,
    RunsRequest, StartSync, SyncScope, SyncWindow,
};

use crate::End;
use crate::delivery;
use crate::dry;
use crate::output::{COUNTS, Output, cells, line, table, when};
use crate::run_args::{RunsCommand, SyncCommand};
use crate::run_page;
use crate::schedule;
use crate::undo::{self, print_undone};

pub async fn run(console: &Console, command: SyncCommand, output: Output) -> Result<End, ApiError> {
    let id = match &command.connection {
        Some(name) => Some(console.connection_by_name(name).await?),
        None => None,
    };
    if command.interrupted {
        return schedule::go_on(console, id, output).await;
    }
    let Some(id) = id else {
        return Ok(End::Done);
    };
    if let Some(schedule_id) = command.scheduled {
        return schedule::run_if_due(console, id.connection_id, schedule_id, output).await;
    }
    let request = StartSync {
        connection_id: id.connection_id,
        datasets: command.datasets.clone(),
        mode: if command.verify {
            RunMode::Verify
        } else if command.full {
            RunMode::Full
        } else {
            RunMode::Incremental
        },
        scope: Some(scope(&command)?),
    };
    if command.dry_run || command.verify {
        return dry::start(console, request, output).await;
    }
    let run = console.start_sync(request).await?;
    follow(console, run, output).await
}

/// What the arguments narrow a run to.
fn scope(command: &SyncCommand) -> Result<SyncScope, ApiError> {
    let ids = match &command.ids_file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| ApiError {
                code: ErrorCode::File,
                message: format!("{}: {error}", path.display()),
                retryable: false,
                details: None,
            })?
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect(),
        None => command.ids.clone(),
    };
    if let (Some(path), true) = (&command.ids_file, ids.is_empty()) {
        // Without any id the run would read everything.
        return Err(ApiError {
            code: ErrorCode::InvalidRequest,
            message: format!("{}: there is no id in it", path.display()),
            retryable: false,
            details: None,
        });
    }
    Ok(SyncScope {
        window: command
            .from
            .clone()
            .zip(command.to.clone())
            .map(|(from, to)| SyncWindow { from, to }),
        ids,
        department: command.department.clone(),
        region: command.region.clone(),
        moves_cursor: command.move_cursor,
    })
}

/// Shows a started run to its end.
pub async fn follow(console: &Console, run: RunStarted, output: Output) -> Result<End, ApiError> {
    if run.resumed && !output.json {
        line(&format!("going on with the interrupted run {}", run.run_id));
    }
    watch(console, RunId { run_id: run.run_id }, output).await
}

/// Shows a run of this process until it ends; Ctrl+C cancels it at the next page.
pub async fn watch(console: &Console, run_id: RunId, output: Output) -> Result<End, ApiError> {
    let bar = Bar::new(output.bars);
    let watched = console.clone();
    let watch = watched.watch_run(run_id, |progress| bar.show(&progress));
    tokio::pin!(watch);
    let mut asked = false;
    loop {
        tokio::select! {
            ended = &mut watch => { ended?; break; }
            pressed = tokio::signal::ctrl_c(), if !asked => {
                asked = true;
                if pressed.is_ok() {
                    eprintln!("cancelling at the next page");
                    // It may have ended in this moment.
                    let _ = console.cancel_run(run_id).await;
                }
            }
        }
    }
    bar.finish();
    let detail = console.get_run(run_id).await?;
    let connection_id = detail.run.connection_id;
    let delivered = delivery::after_run(console, ConnectionId { connection_id }, output).await?;
    let detail = console.get_run(run_id).await?;
    output.print(&detail, |detail| {
        if detail.standing.undoes.is_some() {
            print_undone(detail);
        } else {
            print_parts(&detail.datasets);
        }
        line(&format!("run {}: {}", detail.run.run_id, detail.run.state));
        if let Some(message) = &detail.run.message {
            line(message);
        }
        if let Some(delivered) = &delivered {
            delivery::print_row(delivered);
        }
    });
    Ok(End::of_state(&detail.run.state))
}

pub async fn runs(
    console: &Console,
    command: RunsCommand,
    output: Output,
) -> Result<End, ApiError> {
    if let Some(run_id) = command.run
        && (command.go_on || command.stop)
    {
        return crate::decide::run(console, run_id, command.go_on, output).await;
    }
    if let Some(run_id) = command.run {
        if let Some(path) = &command.report {
            return run_page::report(console, run_id, path, &command.language, output).await;
        }
        if let Some(other) = command.compare {
            let other = (other > 0).then_some(other);
            return run_page::compare(console, run_id, other, output).await;
        }
        if let Some(fate) = &command.undone {
            return undo::list(console, run_id, fate, output).await;
        }
        if command.pause {
            console.pause_run(RunId { run_id }).await?;
        }
        if command.cancel {
            console.cancel_run(RunId { run_id }).await?;
        }
        let detail = console.get_run(RunId { run_id }).await?;
        output.print(&detail, |detail| {
            line(&format!(
                "run {}  {}  {}  {} – {}",
                detail.run.run_id,
                detail.run.connection,
                detail.run.state,
                when(Some(detail.run.started_at)),
                when(detail.run.ended_at)
            ));
            if let Some(message) = &detail.run.message {
                line(message);
            }
            if detail.standing.undoes.is_some() {
                print_undone(detail);
            } else {
                print_parts(&detail.datasets);
            }
            if let Some(by) = detail.standing.undone_by {
                line(&format!("undone by run {by}"));
            }
        });
        if !output.json {
            crate::decide::print_guards(&console.get_run_guards(RunId { run_id }).await?);
        }
        return Ok(End::Done);
    }
    let connection_id = match &command.connection {
        Some(name) => Some(console.connection_by_name(name).await?.connection_id),
        None => None,
    };
    let page = console
        .list_runs(RunsRequest {
            connection_id,
            before: None,
            limit: command.limit,
        })
        .await?;
    output.print(&page, |page| {
        let titles: Vec<&str> = ["run", "connection", "mode", "state", "began"]
            .into_iter()
            .chain(COUNTS)
            .collect();
        table(
            &titles,
            page.runs.iter().map(|run| {
                let mode = match run.mode {
                    RunMode::Full => "full",
                    RunMode::Undo => "undo",
                    RunMode::Revalidation => "revalidation",
                    RunMode::Verify => "verify",
                    RunMode::Incremental => "incremental",
                };
                let mut row = vec![
                    run.run_id.to_string(),
                    run.connection.clone(),
                    mode.into(),
                    run.state.clone(),
                    when(Some(run.started_at)),
                ];
                row.extend(cells(&run.counts));
                row
            }),
        );
    });
    Ok(End::Done)
}

/// Prints the parts of a run, and why those failed that did.
pub fn print_parts(parts: &[RunDatasetRow]) {
    let titles: Vec<&str> = ["dataset", "state"].into_iter().chain(COUNTS).collect();
    table(
        &titles,
        parts.iter().map(|part| {
            let mut row = vec![part.dataset.to_string(), part.state.clone()];
            row.extend(cells(&part.counts));
            row
        }),
    );
    for part in parts {
        if let Some(message) = &part.message {
            line(&format!("{}: {message}", part.dataset));
        }
    }
}

/// A progress line on a terminal.
pub struct Bar(Option<ProgressBar>);

impl Bar {
    /// A line, if wanted.
    pub fn new(wanted: bool) -> Self {
        Self(wanted.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}") {
                bar.set_style(style);
            }
            bar
        }))
    }

    /// Shows where a run stands.
    pub fn show(&self, progress: &RunProgress) {
        let current = progress
            .datasets
            .iter()
            .find(|part| part.state == "running")
            .map(|part| part.dataset.to_string())
            .unwrap_or_default();
        let waits = progress
            .request
            .as_ref()
            .map(|request| format!("  {} {}", request.method, request.url))
            .unwrap_or_default();
        let rest = progress
            .remaining_ms
            .map(|ms| format!(", {} s left", ms / 1000))
            .unwrap_or_default();
        let counts = progress.counts;
        self.say(format!(
            "{current}  {} fetched, {} accepted, {} rejected, {} held  {:.0}/s{rest}{waits}",
            counts.fetched, counts.accepted, counts.rejected, counts.held, progress.records_per_s
        ));
    }

    /// Shows a text.
    pub fn say(&self, text: String) {
        if let Some(bar) = &self.0 {
            bar.set_message(text);
            bar.tick();
        }
    }

    /// Takes the line away.
    pub fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

//! `zhengqiao schedule`, and what timers and crontabs start.

use std::path::Path;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ComingRequest, ConnectionId, Definition, ErrorCode, Missed, Nothing, Quiet, RunId,
    SaveSchedule, ScheduleEvent, ScheduleId, ScheduleRow, ScheduledStart, Timing,
};

use crate::End;
use crate::output::{Output, line, table, when};
use crate::run_args::{MissedChoice, ScheduleCommand, SetSchedule};
use crate::sync;

pub async fn run(
    console: &Console,
    command: ScheduleCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        ScheduleCommand::List => {
            let rows = console.list_schedules(Nothing {}).await?;
            output.print(&rows, |rows| print_rows(rows));
        }
        ScheduleCommand::Set(command) => {
            let connection = console.connection_by_name(&command.connection).await?;
            let row = console
                .save_schedule(request(connection.connection_id, command)?)
                .await?;
            output.print(&row, |row| print_rows(std::slice::from_ref(row)));
        }
        ScheduleCommand::Remove { id } => {
            let done = console
                .remove_schedule(ScheduleId { schedule_id: id })
                .await?;
            output.print(&done, |_| line(&format!("schedule {id} was removed")));
        }
        ScheduleCommand::Next { id, days } => {
            let mut coming = console.list_coming_runs(ComingRequest { days }).await?;
            coming.retain(|one| id.is_none_or(|id| id == one.schedule_id));
            output.print(&coming, |coming| {
                table(
                    &["day", "schedule", "connection", "runs", "at"],
                    coming.iter().map(|one| {
                        let times: Vec<String> = one
                            .times
                            .iter()
                            .filter_map(|at| when(Some(*at)).get(11..16).map(str::to_owned))
                            .collect();
                        let more = if one.count as usize > times.len() {
                            " …"
                        } else {
                            ""
                        };
                        vec![
                            one.day.clone(),
                            one.schedule_id.to_string(),
                            one.connection.clone(),
                            one.count.to_string(),
                            times.join(" ") + more,
                        ]
                    }),
                );
            });
        }
        ScheduleCommand::Crontab { id } => {
            let files = console
                .get_schedule_files(ScheduleId { schedule_id: id })
                .await?;
            output.print(&files, |files| line(files.crontab.trim_end()));
        }
        ScheduleCommand::Systemd { id, output: dir } => {
            let files = console
                .get_schedule_files(ScheduleId { schedule_id: id })
                .await?;
            if let Some(dir) = &dir {
                write(dir, &format!("{}.timer", files.unit), &files.timer)?;
                write(dir, &format!("{}.service", files.unit), &files.service)?;
            }
            output.print(&files, |files| {
                if dir.is_some() {
                    line(&format!(
                        "systemctl daemon-reload && systemctl enable --now {}.timer",
                        files.unit
                    ));
                } else {
                    line(&format!("# {}.timer\n{}", files.unit, files.timer));
                    line(&format!("# {}.service\n{}", files.unit, files.service));
                }
            });
        }
        ScheduleCommand::Run => return keep(console, output).await,
    }
    Ok(End::Done)
}

/// Goes on with what was interrupted, one run after the other.
pub async fn go_on(
    console: &Console,
    only: Option<ConnectionId>,
    output: Output,
) -> Result<End, ApiError> {
    let runs = console.interrupted_runs(only).await?;
    if runs.is_empty() {
        output.print(&runs, |_| line("nothing was interrupted"));
        return Ok(End::Done);
    }
    let mut worst = End::Done;
    for active in runs {
        let run_id = active.run.run_id;
        if !output.json {
            line(&format!(
                "going on with run {run_id} of {}, interrupted {}",
                active.run.connection,
                when(Some(active.heartbeat_at))
            ));
        }
        console.resume_run(RunId { run_id }).await?;
        let end = sync::watch(console, RunId { run_id }, output).await?;
        if end.weight() > worst.weight() {
            worst = end;
        }
    }
    Ok(worst)
}

/// Runs a connection for a timer, if its schedule says so.
pub async fn run_if_due(
    console: &Console,
    connection_id: i64,
    schedule_id: i64,
    output: Output,
) -> Result<End, ApiError> {
    let now = chrono::Utc::now().timestamp_millis();
    let start = console
        .start_scheduled(connection_id, schedule_id, now)
        .await?;
    match &start {
        ScheduledStart::Started { run_id } => {
            return sync::watch(console, RunId { run_id: *run_id }, output).await;
        }
        ScheduledStart::Running { message } => {
            return Err(ApiError {
                code: ErrorCode::AlreadyRunning,
                message: message.clone(),
                retryable: true,
                details: None,
            });
        }
        ScheduledStart::Refused { message } => {
            return Err(ApiError {
                code: ErrorCode::Internal,
                message: format!("the scheduled run could not be started: {message}"),
                retryable: true,
                details: None,
            });
        }
        _ => {}
    }
    output.print(&start, |start| line(word(start)));
    Ok(End::Done)
}

fn word(start: &ScheduledStart) -> &str {
    match start {
        ScheduledStart::Started { .. } => "started",
        ScheduledStart::Quiet => "quiet hours: nothing was started",
        ScheduledStart::NotDue => {
            "not due, or another host has started it already: nothing was started"
        }
        ScheduledStart::SwitchedOff => "the schedule is switched off: nothing was started",
        ScheduledStart::PassedOver => "missed times were passed over, as the schedule says",
        ScheduledStart::Paused => "the connection's run is paused: nothing was started",
        ScheduledStart::Running { message } | ScheduledStart::Refused { message } => message,
    }
}

/// Keeps all schedules until the process is told to end; its runs are interrupted at a page edge.
async fn keep(console: &Console, output: Output) -> Result<End, ApiError> {
    if !output.json {
        let rows = console.list_schedules(Nothing {}).await?;
        let on = rows.iter().filter(|row| row.enabled).count();
        line(&format!("keeping {on} schedules; Ctrl+C ends"));
    }
    tokio::select! {
        () = console.keep_schedule(|event| tell(&event, output)) => {}
        () = told_to_end() => {}
    }
    let runs = console.runs_here().len();
    if runs > 0 && !output.json {
        line(&format!(
            "{runs} runs are interrupted at their next page; `zhengqiao sync --interrupted` goes on with them"
        ));
    }
    console.leave_runs().await;
    Ok(End::Done)
}

fn tell(event: &ScheduleEvent, output: Output) {
    output.print(event, |event| {
        let now = when(Some(chrono::Utc::now().timestamp_millis()));
        let told = match &event.start {
            ScheduledStart::Started { run_id } => format!("run {run_id} began"),
            other => word(other).to_owned(),
        };
        line(&format!(
            "{now}  schedule {}  {}: {told}",
            event.schedule_id, event.connection
        ));
    });
}

#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        // Without it Ctrl+C still ends the process.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_end() {
    let _ = tokio::signal::ctrl_c().await;
}

fn request(connection_id: i64, command: SetSchedule) -> Result<SaveSchedule, ApiError> {
    let timing = if let Some(expression) = command.cron {
        Timing::Cron { expression }
    } else if let Some(every) = command.every {
        Timing::Hourly {
            every,
            minute: command.minute,
        }
    } else {
        Timing::Daily {
            times: command.times,
        }
    };
    let quiet = command
        .quiet
        .iter()
        .map(|text| {
            let (from, to) = text.split_once('-').ok_or_else(|| ApiError {
                code: ErrorCode::InvalidRequest,
                message: format!("quiet: {text:?} is no part of a day; write it like 22:00-06:00"),
                retryable: false,
                details: None,
            })?;
            Ok(Quiet {
                from: from.trim().to_owned(),
                to: to.trim().to_owned(),
            })
        })
        .collect::<Result<_, ApiError>>()?;
    Ok(SaveSchedule {
        schedule_id: command.id,
        connection_id,
        enabled: !command.off,
        definition: Definition {
            timing,
            weekdays: command.weekdays,
            quiet,
            datasets: command.datasets,
            full: command.full,
            missed: match command.missed {
                MissedChoice::Once => Missed::RunOnce,
                MissedChoice::Skip => Missed::Skip,
            },
        },
    })
}

fn print_rows(rows: &[ScheduleRow]) {
    table(
        &["id", "connection", "on", "when", "next", "last", "missed"],
        rows.iter().map(|row| {
            vec![
                row.schedule_id.to_string(),
                row.connection.clone(),
                if row.enabled { "on" } else { "off" }.into(),
                row.en.clone(),
                when(row.next.first().copied()),
                row.last_state.clone().unwrap_or_default(),
                row.misses
                    .iter()
                    .map(|miss| miss.times)
                    .sum::<i64>()
                    .to_string(),
            ]
        }),
    );
}

fn write(dir: &Path, name: &str, text: &str) -> Result<(), ApiError> {
    let path = dir.join(name);
    std::fs::write(&path, text).map_err(|error| ApiError {
        code: ErrorCode::File,
        message: format!("{}: {error}", path.display()),
        retryable: false,
        details: None,
    })
}

//! `zhengqiao sync --dry-run`, `--verify` and `zhengqiao dry-run`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, DryChange, DryChangesRequest, DryId, DryRunDetail, Nothing, StartSync,
};

use crate::End;
use crate::output::{COUNTS, Output, cells, line, table, when};
use crate::run_args::DryRunCommand;
use crate::sync::{Bar, follow, print_parts};

/// Runs dry, tells what would happen, and how to go on.
pub async fn start(console: &Console, request: StartSync, output: Output) -> Result<End, ApiError> {
    let dry = console.start_dry_run(request).await?;
    let bar = Bar::new(output.bars);
    let watched = console.clone();
    let watch = watched.watch_dry_run(dry, |progress| bar.show(&progress));
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
                    let _ = console.cancel_dry_run(dry).await;
                }
            }
        }
    }
    bar.finish();
    let detail = console.get_dry_run(dry).await?;
    output.print(&detail, print);
    Ok(End::of_state(&detail.run.state))
}

pub async fn run(
    console: &Console,
    command: DryRunCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        DryRunCommand::List => {
            let rows = console.list_dry_runs().await?;
            output.print(&rows, |rows| {
                let titles: Vec<&str> = ["dry run", "connection", "state", "began", "kept until"]
                    .into_iter()
                    .chain(COUNTS)
                    .collect();
                table(
                    &titles,
                    rows.iter().map(|row| {
                        let mut all = vec![
                            row.dry_id.to_string(),
                            row.connection.clone(),
                            row.state.clone(),
                            when(Some(row.started_at)),
                            when(Some(row.kept_until)),
                        ];
                        all.extend(cells(&row.counts));
                        all
                    }),
                );
            });
            Ok(End::Done)
        }
        DryRunCommand::Show {
            dry_run,
            fate: None,
            ..
        } => {
            let detail = console.get_dry_run(DryId { dry_id: dry_run }).await?;
            output.print(&detail, print);
            Ok(End::Done)
        }
        DryRunCommand::Show {
            dry_run,
            fate,
            dataset,
            after,
            limit,
        } => {
            let page = console
                .list_dry_changes(DryChangesRequest {
                    dry_id: dry_run,
                    dataset,
                    fate,
                    after,
                    limit,
                })
                .await?;
            output.print(&page, |page| {
                for change in &page.changes {
                    print_change(change);
                }
                if let Some(next) = page.next {
                    line(&format!("there is more: --after {next}"));
                }
            });
            Ok(End::Done)
        }
        DryRunCommand::Apply { dry_run } => {
            let run = console.apply_dry_run(DryId { dry_id: dry_run }).await?;
            follow(console, run, output).await
        }
        DryRunCommand::Discard { dry_run } => {
            let Nothing {} = console.discard_dry_run(DryId { dry_id: dry_run }).await?;
            output.print(&Nothing {}, |_| {
                line(&format!("dry run {dry_run} is discarded"));
            });
            Ok(End::Done)
        }
    }
}

fn print(detail: &DryRunDetail) {
    print_parts(&detail.datasets);
    table(
        &["dataset", "would be", "rows"],
        detail.fates.iter().map(|one| {
            vec![
                one.dataset.to_string(),
                one.fate.clone(),
                one.rows.to_string(),
            ]
        }),
    );
    let run = &detail.run;
    line(&format!(
        "dry run {}: {} (nothing was written)",
        run.dry_id, run.state
    ));
    if let Some(message) = &run.message {
        line(message);
    }
    match run.applied_run_id {
        Some(applied) => line(&format!("it was turned into run {applied}")),
        None => line(&format!(
            "to make it real: zhengqiao dry-run apply {}",
            run.dry_id
        )),
    }
}

fn print_change(change: &DryChange) {
    line(&format!(
        "{}  {}  {}  {}  {}",
        change.no, change.dataset, change.fate, change.record_key, change.title
    ));
    for one in &change.differences {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".into());
        line(&format!(
            "    {}: {} → {}",
            one.field,
            shown(&one.before),
            shown(&one.after)
        ));
    }
    for finding in &change.findings {
        line(&format!(
            "    {} ({}) {}",
            finding.rule.code(),
            finding.field,
            finding.value.as_deref().unwrap_or("–")
        ));
    }
}

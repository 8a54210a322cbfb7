//! `zhengqiao undo`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ChangedSince, KeptBy, RunDetail, RunId, UndoRun, UndoneRequest,
};

use crate::End;
use crate::output::{Output, line, table, when};
use crate::run_args::UndoCommand;
use crate::sync;

/// Rows of a list that are asked for at once.
const PAGE_ROWS: u32 = 200;

pub async fn run(console: &Console, command: UndoCommand, output: Output) -> Result<End, ApiError> {
    let run_id = RunId {
        run_id: command.run,
    };
    if command.plan {
        let plan = console.plan_undo(run_id).await?;
        output.print(&plan, |plan| {
            line(&format!(
                "run {} touched {}: {} would be restored, {} removed, {} kept",
                plan.run_id,
                plan.touched,
                plan.restored,
                plan.removed,
                plan.kept.iter().map(|one| one.keys).sum::<i64>()
            ));
            print_kept(&plan.kept);
            for cursor in &plan.cursors {
                let to = cursor.to.as_deref().unwrap_or("the very beginning");
                match cursor.moved_by {
                    Some(by) => line(&format!(
                        "{}: the next incremental run begins where run {by} left off",
                        cursor.dataset
                    )),
                    None => line(&format!(
                        "{}: the next incremental run begins at {to} again",
                        cursor.dataset
                    )),
                }
            }
        });
        return Ok(End::Done);
    }
    let started = console
        .undo_run(UndoRun {
            run_id: command.run,
            confirm_name: command.confirm,
        })
        .await?;
    if started.resumed && !output.json {
        line(&format!(
            "going on with the interrupted undo {}",
            started.run_id
        ));
    }
    sync::watch(
        console,
        RunId {
            run_id: started.run_id,
        },
        output,
    )
    .await
}

/// The list behind a number of an undo, one line a record.
pub async fn list(
    console: &Console,
    run_id: i64,
    fate: &str,
    output: Output,
) -> Result<End, ApiError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = console
            .list_undone(UndoneRequest {
                run_id,
                fate: Some(fate.to_owned()),
                dataset: None,
                after,
                limit: PAGE_ROWS,
            })
            .await?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    output.print(&rows, |rows| {
        table(
            &["dataset", "key", "fate", "changed since by", "at"],
            rows.iter().map(|row| {
                vec![
                    row.dataset.to_string(),
                    row.record_key.clone(),
                    row.fate.clone(),
                    row.since.as_ref().map(who).unwrap_or_default(),
                    when(row.since.as_ref().map(|since| since.at)),
                ]
            }),
        );
    });
    Ok(End::Done)
}

/// Prints what an undo did with each dataset, and what it kept.
pub fn print_undone(detail: &RunDetail) {
    if let Some(undoes) = detail.standing.undoes {
        line(&format!("undoes run {undoes}"));
    }
    table(
        &["dataset", "state", "touched", "restored", "removed", "kept"],
        detail.datasets.iter().map(|part| {
            vec![
                part.dataset.to_string(),
                part.state.clone(),
                part.counts.fetched.to_string(),
                part.counts.accepted.to_string(),
                part.counts.withdrawn.to_string(),
                part.counts.superseded.to_string(),
            ]
        }),
    );
    print_kept(&detail.standing.kept);
    for part in &detail.datasets {
        if let Some(message) = &part.message {
            line(message);
        }
    }
}

fn print_kept(kept: &[KeptBy]) {
    for one in kept {
        line(&format!(
            "{} kept: changed by {}, last at {}",
            one.keys,
            who(&one.since),
            when(Some(one.since.at))
        ));
    }
}

fn who(since: &ChangedSince) -> String {
    match &since.actor {
        Some(actor) => format!("{actor} ({})", since.act),
        None => format!("run {} ({})", since.run_id, since.act),
    }
}

//! `zhengqiao runs RUN --go-on` and `--stop`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, DecideRun, RunDecision, RunGuards, RunId};

use crate::End;
use crate::output::{Output, line};
use crate::sync::{Bar, print_parts};

pub async fn run(
    console: &Console,
    run_id: i64,
    goes_on: bool,
    output: Output,
) -> Result<End, ApiError> {
    let decision = if goes_on {
        RunDecision::GoOn
    } else {
        RunDecision::Stop
    };
    console.decide_run(DecideRun { run_id, decision }).await?;
    if goes_on {
        let bar = Bar::new(output.bars);
        console
            .watch_run(RunId { run_id }, |progress| bar.show(&progress))
            .await?;
        bar.finish();
    }
    let detail = console.get_run(RunId { run_id }).await?;
    output.print(&detail, |detail| {
        print_parts(&detail.datasets);
        line(&format!("run {run_id}: {}", detail.run.state));
    });
    Ok(if goes_on {
        End::of_state(&detail.run.state)
    } else {
        End::Done
    })
}

/// Prints what the guards say of a run beyond what its parts say.
pub fn print_guards(guards: &RunGuards) {
    for field in &guards.drift {
        let was = field.was.as_deref().unwrap_or("–");
        let now = field.now.as_deref().unwrap_or("–");
        let example = field.example.as_deref().unwrap_or("–");
        line(&format!(
            "{}: field {} is {} ({was} → {now}, {} rows, such as {example})",
            field.dataset, field.name, field.kind, field.rows
        ));
    }
    for part in &guards.parts {
        if let (Some(decision), Some(actor)) = (part.decision, &part.actor) {
            let word = match decision {
                RunDecision::GoOn => "went on",
                RunDecision::Stop => "was stopped",
            };
            line(&format!(
                "{}: {} {word} by {actor}",
                part.dataset, part.code
            ));
        }
    }
    if guards.held_deletions > 0 {
        line(&format!(
            "{} deletions are held: list them with `rejected list --rule withdrawal.limit`",
            guards.held_deletions
        ));
    }
    if guards.can_decide {
        line("it needs a decision: --go-on or --stop");
    }
}

//! `zhengqiao runs RUN --go-on` and `--stop`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, DecideRun, RunDecision, RunId};

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

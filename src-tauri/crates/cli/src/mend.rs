//! `zhengqiao rejected mend`, `revalidate`, `outcomes` and `connection mapping effect`.

use std::path::Path;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ApplyMend, BulkRequest, Effect, ErrorCode, MendProposals, ProposeMend,
    RevalidatedRequest, Revalidation, RunId, RunStarted, SharedSource, StartEffect,
    StartRevalidation,
};
use zhengqiao_domain::{DatasetId, MendStep};

use crate::End;
use crate::connection::handed_in;
use crate::output::{Output, line, table};
use crate::sync::Bar;

/// Items that are asked for at once.
const PAGE_ROWS: u32 = 200;

/// Computes an effect to its end; Ctrl+C ends it with what was found so far.
pub async fn computed(
    console: &Console,
    request: StartEffect,
    output: Output,
) -> Result<Effect, ApiError> {
    let id = console.start_effect(request).await?;
    let bar = Bar::new(output.bars);
    let watched = console.clone();
    let watch = watched.watch_effect(id, |effect| {
        bar.say(format!("{} of {} records", effect.looked, effect.total));
    });
    tokio::pin!(watch);
    let mut asked = false;
    let effect = loop {
        tokio::select! {
            ended = &mut watch => break ended?,
            pressed = tokio::signal::ctrl_c(), if !asked => {
                asked = true;
                if pressed.is_ok() {
                    console.cancel_effect(id)?;
                }
            }
        }
    };
    bar.finish();
    Ok(effect)
}

/// What the mapping and rules, or a recipe on top of them, would do.
pub async fn effect(
    console: &Console,
    name: &str,
    dataset: Option<DatasetId>,
    recipe: Option<&Path>,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console.connection_by_name(name).await?.connection_id;
    let steps = match recipe {
        Some(file) => {
            let source: SharedSource = handed_in(file);
            console.read_recipe(source).await?.steps
        }
        None => Vec::new(),
    };
    let request = StartEffect {
        connection_id,
        dataset,
        steps,
        ..StartEffect::default()
    };
    let effect = computed(console, request, output).await?;
    output.print(&effect, print_effect);
    Ok(if effect.state == "done" {
        End::Done
    } else {
        End::Failed
    })
}

/// Prints the numbers of an effect.
pub fn print_effect(effect: &Effect) {
    for one in &effect.datasets {
        line(&format!(
            "  {}: {} of {} rejected records would pass, {} still fail, {} fail otherwise; {} of {} accepted records would fail, {} would change",
            one.dataset,
            one.would_pass,
            one.rejected,
            one.still_fail,
            one.fail_otherwise,
            one.would_fail,
            one.accepted,
            one.would_change
        ));
        for rule in one.fail_rules.iter().chain(&one.other_rules) {
            line(&format!(
                "    {} {}: {}",
                rule.rule, rule.field, rule.records
            ));
        }
    }
    line(&format!(
        "  {}: for version {} after run {}{}",
        effect.state,
        effect.profile_version,
        effect.last_run,
        if effect.stale {
            "; something has changed since"
        } else {
            ""
        }
    ));
    if let Some(message) = &effect.message {
        line(&format!("  {message}"));
    }
}

/// What could cure a cause; computes or saves one of the proposals.
pub async fn cause(
    console: &Console,
    cause_id: i64,
    effect_of: Option<usize>,
    apply: Option<usize>,
    output: Output,
) -> Result<End, ApiError> {
    let found = console
        .propose_mend(ProposeMend {
            cause_id: Some(cause_id),
            ..ProposeMend::default()
        })
        .await?;
    let Some(number) = effect_of.or(apply) else {
        output.print(&found, print_proposals);
        return Ok(End::Done);
    };
    let step = number
        .checked_sub(1)
        .and_then(|at| found.proposals.get(at))
        .map(|one| one.step.clone())
        .ok_or_else(|| ApiError {
            code: ErrorCode::InvalidRequest,
            message: format!("there is no proposal {number} for cause {cause_id}"),
            retryable: false,
            details: None,
        })?;
    let connection_id = found.connection_id;
    if apply.is_none() {
        let request = StartEffect {
            connection_id,
            steps: vec![step],
            ..StartEffect::default()
        };
        let effect = computed(console, request, output).await?;
        output.print(&effect, print_effect);
        return Ok(End::Done);
    }
    let report = console
        .apply_mend(ApplyMend {
            connection_id,
            steps: vec![step],
        })
        .await?;
    output.print(&report, |report| {
        line(&format!("saved as version {}", report.profile_version));
        line(&format!(
            "now: zhengqiao rejected revalidate --of-cause {cause_id}"
        ));
    });
    Ok(End::Done)
}

fn print_proposals(found: &MendProposals) {
    line(&format!(
        "{} {} {} {:?}: {} open",
        found.dataset, found.rule, found.field, found.values.zh, found.open
    ));
    for (at, one) in found.proposals.iter().enumerate() {
        let sure = if one.certain { "certain" } else { "a guess" };
        line(&format!(
            "  {}  {}  cures {} of {}  ({sure})",
            at + 1,
            step_words(&one.step),
            one.cures,
            found.sample
        ));
    }
    if let Some(why) = &found.none_because {
        line(&format!("  nothing can be proposed: {why}"));
    }
}

/// A step in a line.
pub fn step_words(step: &MendStep) -> String {
    match step {
        MendStep::AddCode { list, code, name } => format!("the list {list} also has {code} {name}"),
        MendStep::SetVariant { list, variant } => format!("the list {list} as in {variant}"),
        MendStep::SetSeverity { rule, severity } => {
            let severity = serde_json::to_string(severity).unwrap_or_default();
            format!("{rule} is {}", severity.trim_matches('"'))
        }
        MendStep::MapCode {
            dataset,
            field,
            from,
            to,
        } => format!("{dataset} {field}: {from} becomes {to}"),
        MendStep::AddTransform {
            dataset,
            field,
            transform,
        } => format!(
            "{dataset} {field}: {}",
            serde_json::to_string(transform).unwrap_or_default()
        ),
        MendStep::SetField {
            dataset,
            field,
            source,
            transforms,
        } => {
            let through = if transforms.is_empty() {
                String::new()
            } else {
                format!(
                    " through {}",
                    serde_json::to_string(transforms).unwrap_or_default()
                )
            };
            format!("{dataset} {field} comes from {source}{through}")
        }
        MendStep::IgnoreCause {
            dataset,
            rule,
            field,
            cluster,
            until,
            ..
        } => format!(
            "ignore {dataset} {rule} {field} {cluster:?} {}",
            until.as_deref().unwrap_or("for ever")
        ),
    }
}

/// Checks rejections again and shows it to its end, or to where it asks.
pub async fn revalidate(
    console: &Console,
    which: BulkRequest,
    canary: Option<u32>,
    go_on: bool,
    resume: Option<i64>,
    output: Output,
) -> Result<End, ApiError> {
    let mut started = match resume {
        Some(run_id) => console.continue_revalidation(RunId { run_id }).await?,
        None => {
            console
                .start_revalidation(StartRevalidation { which, canary })
                .await?
        }
    };
    loop {
        let state = followed(console, started, output).await?;
        if state.phase == "asks" && !state.ended && go_on {
            started = console
                .continue_revalidation(RunId {
                    run_id: state.run_id,
                })
                .await?;
            continue;
        }
        output.print(&state, print_state);
        return Ok(if state.phase == "asks" && !state.ended {
            End::NeedsDecision
        } else {
            End::of_state(&state.state)
        });
    }
}

async fn followed(
    console: &Console,
    started: RunStarted,
    output: Output,
) -> Result<Revalidation, ApiError> {
    let run_id = RunId {
        run_id: started.run_id,
    };
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
                    eprintln!("cancelling after this batch");
                    // It may have ended in this moment.
                    let _ = console.cancel_run(run_id).await;
                }
            }
        }
    }
    bar.finish();
    console.get_revalidation(run_id).await
}

fn print_state(state: &Revalidation) {
    line(&format!(
        "run {}: {} accepted, {} fail as before, {} fail otherwise, {} left alone, of {}",
        state.run_id, state.passed, state.still, state.otherwise, state.left, state.total
    ));
    if let Some(why) = state.asks.as_deref().filter(|_| !state.ended) {
        line(&format!("the first {} were checked: {why}", state.canary));
        line(&format!(
            "look: zhengqiao rejected outcomes {0}; go on: zhengqiao rejected revalidate --resume {0}",
            state.run_id
        ));
    } else {
        line(&format!("to undo it: zhengqiao undo {}", state.run_id));
    }
}

/// What became of each rejection of a run.
pub async fn outcomes(
    console: &Console,
    run_id: i64,
    fate: Option<String>,
    output: Output,
) -> Result<End, ApiError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = console
            .list_revalidated(RevalidatedRequest {
                run_id,
                fate: fate.clone(),
                canary: false,
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
            &[
                "rejection",
                "dataset",
                "key",
                "first",
                "expected",
                "became",
                "rules",
            ],
            rows.iter().map(|row| {
                vec![
                    row.rejection_id.to_string(),
                    row.dataset.to_string(),
                    row.record_key.clone(),
                    if row.canary { "yes" } else { "" }.into(),
                    row.predicted.clone().unwrap_or_default(),
                    row.fate.clone().unwrap_or_else(|| "waits".into()),
                    row.rules.join(", "),
                ]
            }),
        );
    });
    Ok(End::Done)
}

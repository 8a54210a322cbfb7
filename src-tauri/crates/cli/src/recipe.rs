//! `zhengqiao recipe`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ApplyRecipe, ErrorCode, ExtractRecipe, Repoint, SharedFile, StepReport,
};
use zhengqiao_domain::StepState;

use crate::End;
use crate::connection::{give, handed_in, path_text};
use crate::mend::step_words;
use crate::output::{Output, line};
use crate::rejected_args::RecipeCommand;

pub async fn run(
    console: &Console,
    command: RecipeCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        RecipeCommand::Extract {
            name,
            title,
            preset,
            since,
            output: target,
        } => {
            let file = console
                .extract_recipe(ExtractRecipe {
                    connection_id: console.connection_by_name(&name).await?.connection_id,
                    name: title,
                    preset,
                    version: since,
                    path: path_text(target.as_deref()),
                })
                .await?;
            if file.left_out > 0 && !output.json {
                eprintln!(
                    "{} steps were left out: they hold personal values",
                    file.left_out
                );
            }
            Ok(give(&SharedFile { text: file.text }, target, output))
        }
        RecipeCommand::Show {
            file,
            connection: None,
            ..
        } => {
            let recipe = console.read_recipe(handed_in(&file)).await?;
            output.print(&recipe, |recipe| {
                line(&format!(
                    "{}  ({}, {})",
                    recipe.name, recipe.taken_from, recipe.compared_with
                ));
                for (at, step) in recipe.steps.iter().enumerate() {
                    line(&format!("  {at}  {}", step_words(step)));
                }
            });
            Ok(End::Done)
        }
        RecipeCommand::Show {
            file,
            connection: Some(name),
            repoint,
        } => {
            let plan = console
                .plan_recipe(ApplyRecipe {
                    connection_id: console.connection_by_name(&name).await?.connection_id,
                    file: handed_in(&file),
                    repoint: repoints(&repoint)?,
                    without: Vec::new(),
                })
                .await?;
            output.print(&plan, |plan| print_steps(&plan.steps));
            Ok(End::Done)
        }
        RecipeCommand::Apply {
            file,
            name,
            repoint,
            without,
        } => {
            let report = console
                .apply_recipe(ApplyRecipe {
                    connection_id: console.connection_by_name(&name).await?.connection_id,
                    file: handed_in(&file),
                    repoint: repoints(&repoint)?,
                    without,
                })
                .await?;
            output.print(&report, |report| {
                print_steps(&report.steps);
                line(&format!("version {} holds now", report.profile_version));
            });
            let fails = report
                .steps
                .iter()
                .any(|step| step.state == StepState::Fails);
            Ok(if fails {
                End::WithRejections
            } else {
                End::Done
            })
        }
    }
}

fn repoints(texts: &[String]) -> Result<Vec<Repoint>, ApiError> {
    texts
        .iter()
        .map(|text| {
            text.split_once('=')
                .and_then(|(step, source)| {
                    Some(Repoint {
                        step: step.trim().parse().ok()?,
                        source: source.trim().to_owned(),
                    })
                })
                .ok_or_else(|| ApiError {
                    code: ErrorCode::InvalidRequest,
                    message: format!("--repoint: {text:?} is not STEP=SOURCE"),
                    retryable: false,
                    details: None,
                })
        })
        .collect()
}

fn print_steps(steps: &[StepReport]) {
    for (at, report) in steps.iter().enumerate() {
        let state = match report.state {
            StepState::Applies => "applies",
            StepState::Already => "already so",
            StepState::Fails => "fails",
        };
        let why = report
            .problem
            .and_then(|problem| serde_json::to_string(&problem).ok())
            .map(|text| format!(": {}", text.trim_matches('"')))
            .unwrap_or_default();
        line(&format!(
            "  {at}  {state}{why}  {}",
            step_words(&report.step)
        ));
        if !report.sources.is_empty() {
            line(&format!("      likely: {}", report.sources.join(", ")));
        }
    }
}

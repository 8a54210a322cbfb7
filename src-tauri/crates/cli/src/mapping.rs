//! `zhengqiao connection mapping` and `connection versions`.

use serde::Serialize;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionId, Effect, ImportedMapping, MappingExport, MappingImport, MappingPreview,
    MappingSample, PreviewMapping, RevertConnection, StartEffect, TakeSample,
};
use zhengqiao_domain::{DatasetId, RuleSettings};

use crate::End;
use crate::connection::{give, handed_in, path_text, print_differences};
use crate::connection_args::MappingCommand;
use crate::output::{Output, line, table, when};

pub async fn run(
    console: &Console,
    command: MappingCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        MappingCommand::Effect {
            name,
            dataset,
            recipe,
        } => crate::mend::effect(console, &name, dataset, recipe.as_deref(), output).await,
        MappingCommand::Sample { name, dataset } => sample(console, &name, dataset, output).await,
        MappingCommand::Export {
            name,
            datasets,
            output: target,
        } => {
            let request = MappingExport {
                connection_id: console.connection_by_name(&name).await?.connection_id,
                datasets,
                path: path_text(target.as_deref()),
            };
            let file = console.export_mappings(request).await?;
            Ok(give(&file, target, output))
        }
        MappingCommand::Import { name, file, plan } => {
            let connection_id = console.connection_by_name(&name).await?.connection_id;
            let request = MappingImport {
                connection_id,
                file: handed_in(&file),
                dry_run: plan,
            };
            let report = console.import_mappings(request).await?;
            if !plan {
                output.print(&report, |report| report.iter().for_each(print_change));
                return Ok(End::Done);
            }
            let rules = console
                .get_connection(ConnectionId { connection_id })
                .await?
                .profile
                .rules;
            let mut planned = Vec::new();
            for change in report {
                let effect = effect(console, connection_id, &change, rules.clone(), output).await?;
                planned.push(Planned { change, effect });
            }
            output.print(&planned, |planned| {
                for one in planned {
                    print_change(&one.change);
                    crate::mend::print_effect(&one.effect);
                }
            });
            Ok(End::Done)
        }
    }
}

/// What a file would change of one dataset's mapping, and what that would do.
#[derive(Serialize)]
struct Planned {
    #[serde(flatten)]
    change: ImportedMapping,
    effect: Effect,
}

async fn effect(
    console: &Console,
    connection_id: i64,
    change: &ImportedMapping,
    rules: RuleSettings,
    output: Output,
) -> Result<Effect, ApiError> {
    let request = StartEffect {
        connection_id,
        dataset: Some(change.dataset),
        mapping: Some(change.mapping.clone()),
        rules: Some(rules),
        steps: Vec::new(),
    };
    crate::mend::computed(console, request, output).await
}

fn print_change(change: &ImportedMapping) {
    line(&format!(
        "{}: {} changes",
        change.dataset,
        change.differences.len()
    ));
    print_differences(&change.differences);
}

/// A sample and what the kept mapping makes of it.
#[derive(Serialize)]
struct Sampled {
    sample: MappingSample,
    preview: Option<MappingPreview>,
}

async fn sample(
    console: &Console,
    name: &str,
    dataset: DatasetId,
    output: Output,
) -> Result<End, ApiError> {
    let id = console.connection_by_name(name).await?;
    let profile = console.get_connection(id).await?.profile;
    let mapping = profile
        .datasets
        .get(&dataset)
        .map(|source| source.mapping.clone())
        .unwrap_or_default();
    let rules = profile.rules.clone();
    let sample = console
        .sample_dataset(TakeSample {
            connection_id: Some(id.connection_id),
            profile,
            dataset,
        })
        .await?;
    let preview = if sample.records == 0 {
        None
    } else {
        let request = PreviewMapping {
            sample_id: sample.sample_id,
            mapping,
            rules,
            at: 0,
        };
        Some(console.preview_mapping(request).await?)
    };
    output.print(&Sampled { sample, preview }, print_sampled);
    Ok(End::Done)
}

fn print_sampled(sampled: &Sampled) {
    let sample = &sampled.sample;
    line(&format!(
        "{} records from the {}",
        sample.records, sample.from
    ));
    if let Some(problem) = &sample.problem {
        line(&format!("  not from the provider: {problem}"));
    }
    table(
        &["source", "filled", "samples"],
        sample.places.iter().map(|place| {
            vec![
                place.source.clone(),
                place.filled.to_string(),
                place.samples.join(" · "),
            ]
        }),
    );
    table(
        &["field", "likely source", "of 100", "by"],
        sample.proposals.iter().map(|one| {
            vec![
                one.field.clone(),
                one.source.clone(),
                one.score.to_string(),
                one.why.clone(),
            ]
        }),
    );
    let Some(preview) = &sampled.preview else {
        return;
    };
    line(&format!(
        "as mapped now: {} pass, {} do not",
        preview.passing, preview.rejected
    ));
    if !preview.missing_required.is_empty() {
        line(&format!(
            "required fields without value: {}",
            preview.missing_required.join(", ")
        ));
    }
    for one in &preview.unknown_codes {
        line(&format!(
            "unknown code {:?} in {}: {}",
            one.code, one.field, one.records
        ));
    }
}

/// `zhengqiao connection versions`.
pub async fn versions(
    console: &Console,
    name: &str,
    revert: Option<i64>,
    output: Output,
) -> Result<End, ApiError> {
    let id = console.connection_by_name(name).await?;
    if let Some(version) = revert {
        let request = RevertConnection {
            connection_id: id.connection_id,
            version,
        };
        let detail = console.revert_connection(request).await?;
        output.print(&detail, |_| {
            line(&format!("went back to version {version}"));
        });
        return Ok(End::Done);
    }
    let list = console.list_profile_versions(id).await?;
    output.print(&list, |list| {
        for one in list {
            let current = if one.current { "  present" } else { "" };
            line(&format!(
                "{}  {}  {}{current}",
                one.version,
                when(Some(one.at)),
                one.actor
            ));
            print_differences(&one.differences);
        }
    });
    Ok(End::Done)
}

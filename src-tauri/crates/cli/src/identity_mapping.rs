//! `zhengqiao identity mapping`, `policy` and `preview`.

use std::path::Path;

use serde::Serialize;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    AccountKind, ApiError, ClaimRow, ClaimSampleRow, CompareIdentityVersions, ConnectionId,
    ErrorCode, ForgetClaimSample, IdentityMapping, IdentitySettings, PreviewClaims,
    RestoreIdentityVersion, ReviewPolicy, SaveIdentityMapping,
};

use crate::End;
use crate::connection::print_differences;
use crate::identity::word;
use crate::identity_args::{IdentityCommand, IdentityMappingCommand, IdentityPolicyCommand};
use crate::identity_what_if as what_if;
use crate::output::{Output, line, table, when};

pub async fn run(
    console: &Console,
    command: IdentityCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        IdentityCommand::Mapping { command } => mapping(console, command, output).await,
        IdentityCommand::Policy { command } => policy(console, command, output).await,
        IdentityCommand::Samples {
            connection,
            forget,
            kind,
        } => {
            let id = console.connection_by_name(&connection).await?;
            let kind = word::<AccountKind>("kind", kind)?;
            samples(console, id, kind, forget.as_deref(), output).await
        }
        IdentityCommand::Preview {
            connection,
            kind,
            sample,
            file,
        } => {
            let id = console.connection_by_name(&connection).await?;
            let kind = word::<AccountKind>("kind", Some(kind))?.unwrap_or(AccountKind::Natural);
            preview(
                console,
                id,
                kind,
                sample.as_deref(),
                file.as_deref(),
                output,
            )
            .await
        }
        IdentityCommand::WhatIf {
            connection,
            file,
            list,
            limit,
            after,
            propose,
        } => {
            let id = console.connection_by_name(&connection).await?;
            let settings = read(console, id, &file).await?;
            let asked = what_if::Asked {
                list: list.as_deref().map(what_if::number).transpose()?,
                limit,
                after,
                propose,
            };
            what_if::run(console, id, settings, asked, output).await
        }
        IdentityCommand::Changes { connection } => {
            let id = console.connection_by_name(&connection).await?;
            what_if::changes(console, id, output).await
        }
        IdentityCommand::Apply { connection, change } => {
            let id = console.connection_by_name(&connection).await?;
            what_if::apply(console, id, change, output).await
        }
        IdentityCommand::Discard { connection, change } => {
            let id = console.connection_by_name(&connection).await?;
            what_if::discard(console, id, change, output).await
        }
        // The others are answered in rooms of their own.
        _ => Ok(End::Done),
    }
}

async fn mapping(
    console: &Console,
    command: IdentityMappingCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        IdentityMappingCommand::Show { connection } => {
            let id = console.connection_by_name(&connection).await?;
            let mapping = console.get_identity_mapping(id).await?;
            output.print(&mapping, |mapping| {
                line(&format!("version {}", mapping.version));
                print_claims(&mapping.settings.claims);
            });
        }
        IdentityMappingCommand::Set {
            connection,
            file,
            note,
        } => save(console, &connection, &file, note, output).await?,
        IdentityMappingCommand::Versions {
            connection,
            compare,
        } => {
            let id = console.connection_by_name(&connection).await?;
            if let Some([before, after]) = compare.as_deref() {
                let request = CompareIdentityVersions {
                    connection_id: id.connection_id,
                    before: *before,
                    after: *after,
                };
                let differences = console.compare_identity_versions(request).await?;
                output.print(&differences, |list| print_differences(list));
                return Ok(End::Done);
            }
            let list = console.list_identity_versions(id).await?;
            output.print(&list, |list| {
                for one in list {
                    let current = if one.current { "  present" } else { "" };
                    let reviewed = if one.reviewed { "  reviewed" } else { "" };
                    line(&format!(
                        "{}  {}  {}{current}{reviewed}  {}",
                        one.number,
                        when(Some(one.saved_at)),
                        one.saved_by,
                        one.note
                    ));
                    print_differences(&one.differences);
                }
            });
        }
        IdentityMappingCommand::Restore {
            connection,
            number,
            note,
        } => {
            let id = console.connection_by_name(&connection).await?;
            let request = RestoreIdentityVersion {
                connection_id: id.connection_id,
                number,
                note,
            };
            let mapping = console.restore_identity_version(request).await?;
            output.print(&mapping, |mapping| {
                line(&format!(
                    "version {number} is in force again, as version {}",
                    mapping.version
                ));
                hint_of_review(mapping);
            });
        }
    }
    Ok(End::Done)
}

/// A policy as `policy set` reads it from a file.
#[derive(Serialize)]
struct ShownPolicy<'m> {
    policy: &'m ReviewPolicy,
}

async fn policy(
    console: &Console,
    command: IdentityPolicyCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        IdentityPolicyCommand::Show { connection } => {
            let id = console.connection_by_name(&connection).await?;
            let mapping = console.get_identity_mapping(id).await?;
            let shown = ShownPolicy {
                policy: &mapping.settings.policy,
            };
            output.print(&shown, |shown| print_policy(shown.policy));
        }
        IdentityPolicyCommand::Set {
            connection,
            file,
            note,
        } => save(console, &connection, &file, note, output).await?,
    }
    Ok(End::Done)
}

async fn read(
    console: &Console,
    id: ConnectionId,
    file: &Path,
) -> Result<IdentitySettings, ApiError> {
    let path = file.to_string_lossy();
    console
        .read_identity_settings(id.connection_id, &path)
        .await
}

async fn save(
    console: &Console,
    connection: &str,
    file: &Path,
    note: String,
    output: Output,
) -> Result<(), ApiError> {
    let id = console.connection_by_name(connection).await?;
    let request = SaveIdentityMapping {
        connection_id: id.connection_id,
        based_on: console.get_identity_mapping(id).await?.version,
        note,
        settings: read(console, id, file).await?,
    };
    let mapping: IdentityMapping = console.save_identity_mapping(request).await?;
    output.print(&mapping, |mapping| {
        line(&format!("version {} is in force", mapping.version));
        hint_of_review(mapping);
    });
    Ok(())
}

/// The bindings that are kept were computed under another version.
fn hint_of_review(mapping: &IdentityMapping) {
    if let Some(reviewed) = mapping.reviewed.filter(|one| *one != mapping.version) {
        line(&format!(
            "the bindings are still those of version {reviewed}; compute them anew: identity review CONNECTION"
        ));
    }
}

async fn samples(
    console: &Console,
    id: ConnectionId,
    kind: Option<AccountKind>,
    forget: Option<&str>,
    output: Output,
) -> Result<End, ApiError> {
    let wanted = |one: &&ClaimSampleRow| kind.is_none_or(|kind| one.kind == kind);
    if let Some(name) = forget {
        let mapping = console.get_identity_mapping(id).await?;
        let named: Vec<&ClaimSampleRow> = mapping
            .samples
            .iter()
            .filter(wanted)
            .filter(|one| one.name == name)
            .collect();
        let [sample] = named.as_slice() else {
            return Err(ApiError {
                code: ErrorCode::NotFound,
                message: match named.len() {
                    0 => format!("--forget: no sample is called {name:?}"),
                    many => format!(
                        "--forget: {many} samples are called {name:?}; --kind tells them apart"
                    ),
                },
                retryable: false,
                details: None,
            });
        };
        console
            .forget_claim_sample(ForgetClaimSample {
                connection_id: id.connection_id,
                sample_id: sample.sample_id,
            })
            .await?;
    }
    let mapping = console.get_identity_mapping(id).await?;
    let left: Vec<&ClaimSampleRow> = mapping.samples.iter().filter(wanted).collect();
    output.print(&left, |left| {
        table(
            &["kind", "sample", "kept"],
            left.iter().map(|one| {
                vec![
                    one.kind.as_str().into(),
                    one.name.clone(),
                    when(Some(one.kept_at)),
                ]
            }),
        );
    });
    Ok(End::Done)
}

async fn preview(
    console: &Console,
    id: ConnectionId,
    kind: AccountKind,
    sample: Option<&str>,
    file: Option<&Path>,
    output: Output,
) -> Result<End, ApiError> {
    let mapping = console.get_identity_mapping(id).await?;
    let sample_id = match sample {
        None => None,
        Some(name) => {
            let kept = mapping
                .samples
                .iter()
                .find(|one| one.kind == kind && one.name == name);
            Some(kept.map(|one| one.sample_id).ok_or_else(|| ApiError {
                code: ErrorCode::NotFound,
                message: format!("--sample: no sample of {kind} is called {name:?}"),
                retryable: false,
                details: None,
            })?)
        }
    };
    let settings = match file {
        Some(file) => read(console, id, file).await?,
        None => mapping.settings,
    };
    let request = PreviewClaims {
        connection_id: id.connection_id,
        kind,
        settings,
        sample_id,
    };
    let preview = console.preview_claims(request).await?;
    output.print(&preview, |preview| {
        table(
            &["claim", "received", "portal field", "value", "state"],
            preview.rows.iter().map(|one| {
                vec![
                    one.row.claim.clone(),
                    one.received.clone().unwrap_or_default(),
                    short(&one.row.portal_field),
                    one.mapped.clone().unwrap_or_default(),
                    one.state.clone(),
                ]
            }),
        );
        for problem in &preview.problems {
            line(&format!("may not be saved: {}", problem.message));
        }
    });
    Ok(if preview.problems.is_empty() {
        End::Done
    } else {
        End::NeedsDecision
    })
}

fn short(portal_field: &str) -> String {
    portal_field
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn print_claims(rows: &[ClaimRow]) {
    table(
        &["kind", "claim", "steps", "portal field", "required"],
        rows.iter().map(|row| {
            vec![
                row.kind.as_str().into(),
                row.claim.clone(),
                row.transforms.len().to_string(),
                short(&row.portal_field),
                if row.required {
                    "yes".into()
                } else {
                    String::new()
                },
            ]
        }),
    );
}

fn print_policy(policy: &ReviewPolicy) {
    let evidence: Vec<&str> = policy.evidence.iter().map(|kind| kind.as_str()).collect();
    line(&format!("evidence: {}", evidence.join(" > ")));
    let rank = |rank: Option<u8>| rank.map_or_else(|| "none".to_owned(), |rank| rank.to_string());
    line(&format!("required rank: {}", rank(policy.required_rank)));
    table(
        &["level", "rank"],
        policy
            .ranks
            .0
            .iter()
            .map(|(level, rank)| vec![level.clone(), rank.to_string()]),
    );
    table(
        &["role", "kind", "site", "least rank", "administrator"],
        policy.roles.iter().map(|rule| {
            vec![
                rule.role.clone(),
                rule.kind
                    .map(|kind| kind.as_str().to_owned())
                    .unwrap_or_default(),
                rule.site.clone().unwrap_or_default(),
                rank(rule.least_rank),
                if rule.administrator {
                    "yes".into()
                } else {
                    String::new()
                },
            ]
        }),
    );
}

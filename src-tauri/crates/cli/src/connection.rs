//! `zhengqiao connection`.

use std::io::Read;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ChangePassphrase, ChangeSecret, ConnectionExport, ErrorCode, ImportPlan,
    ImportRequest, ImportState, RemoveConnection, SaveConnection, SetSecretExpiry, SharedFile,
    SharedSource, TestLayer,
};
use zhengqiao_api::differences::Difference;
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Environment, Profile};

use crate::End;
use crate::advice::words;
use crate::connection_args::{AddCommand, ConnectionCommand, Surrounding};
use crate::identity::accounts;
use crate::output::{Output, line, table, when};
use crate::{delivery, mapping, network, tables};

pub async fn run(
    console: &Console,
    command: ConnectionCommand,
    output: Output,
) -> Result<End, ApiError> {
    match command {
        ConnectionCommand::Add(command) => add(console, command, output).await,
        ConnectionCommand::List => {
            let list = console.list_connections().await?;
            output.print(&list, |list| {
                table(
                    &[
                        "name",
                        "environment",
                        "address",
                        "authentication",
                        "secret",
                        "last run",
                        "ended",
                    ],
                    list.iter().map(|row| {
                        let secret = if row.has_secret { "kept" } else { "none" };
                        let environment = row.environment.as_str().to_owned();
                        vec![
                            row.name.clone(),
                            environment,
                            row.base_url.clone(),
                            row.auth.clone(),
                            secret.into(),
                            row.state.clone(),
                            when(row.last_run_at),
                        ]
                    }),
                );
            });
            Ok(End::Done)
        }
        ConnectionCommand::Show { name } => {
            let detail = console
                .get_connection(console.connection_by_name(&name).await?)
                .await?;
            if output.json {
                output.print(&detail, |_| {});
            } else {
                let request = ConnectionExport {
                    connection_ids: vec![detail.connection_id],
                    path: None,
                };
                line(&console.export_connections(request).await?.text);
                line(&format!(
                    "# secret: {}",
                    if detail.secret.has_secret {
                        "kept"
                    } else {
                        "none"
                    }
                ));
            }
            Ok(End::Done)
        }
        ConnectionCommand::Test { name } => {
            let id = console.connection_by_name(&name).await?;
            let report = console
                .test_connection(id, |layer| {
                    if !output.json {
                        print_layer(&layer);
                    }
                })
                .await?;
            output.print(&report, |report| {
                line(if report.passed { "passed" } else { "failed" });
                match (report.tested_next_secret, report.took_next_secret) {
                    (true, true) => {
                        line("the new secret was accepted and took the old one's place");
                    }
                    (true, false) => {
                        line("the new secret was not accepted; runs go on with the old one");
                    }
                    (false, _) => {}
                }
            });
            Ok(if report.passed {
                End::Done
            } else {
                End::Failed
            })
        }
        ConnectionCommand::Remove { name, confirm } => {
            let id = console.connection_by_name(&name).await?;
            let request = RemoveConnection {
                connection_id: id.connection_id,
                confirm_name: confirm,
            };
            let nothing = console.remove_connection(request).await?;
            output.print(&nothing, |_| line(&format!("removed {name}")));
            Ok(End::Done)
        }
        ConnectionCommand::Export {
            names,
            all,
            output: target,
        } => {
            let mut connection_ids = Vec::new();
            if all {
                let list = console.list_connections().await?;
                connection_ids.extend(list.into_iter().map(|row| row.connection_id));
            }
            for name in names {
                connection_ids.push(console.connection_by_name(&name).await?.connection_id);
            }
            let file = console
                .export_connections(ConnectionExport {
                    connection_ids,
                    path: path_text(target.as_deref()),
                })
                .await?;
            Ok(give(&file, target, output))
        }
        ConnectionCommand::Import { file, only, plan } => {
            let file = handed_in(&file);
            if plan {
                let plan = console.plan_import(file).await?;
                output.print(&plan, print_plan);
            } else {
                let report = console
                    .import_connections(ImportRequest { file, names: only })
                    .await?;
                output.print(&report, |report| {
                    for (word, names) in [
                        ("added", &report.added),
                        ("changed", &report.changed),
                        ("unchanged", &report.same),
                    ] {
                        for name in names {
                            line(&format!("{word} {name}"));
                        }
                    }
                });
            }
            Ok(End::Done)
        }
        ConnectionCommand::Secret {
            name,
            now,
            discard,
            expires,
        } => {
            let id = console.connection_by_name(&name).await?;
            let detail = if discard {
                console.discard_next_secret(id).await?
            } else if let Some(day) = expires {
                console
                    .set_secret_expiry(SetSecretExpiry {
                        connection_id: id.connection_id,
                        expires_on: (day != "none").then_some(day),
                    })
                    .await?
            } else {
                console
                    .change_secret(ChangeSecret {
                        connection_id: id.connection_id,
                        secret: secret_from_stdin()?,
                        at_once: now,
                    })
                    .await?
            };
            output.print(&detail.secret, |secret| {
                line(match (&secret.next, secret.has_secret) {
                    (Some(_), _) => {
                        "the new secret waits beside the old one; it is taken when it passes: zhengqiao connection test"
                    }
                    (None, true) => "a secret is kept",
                    (None, false) => "no secret is kept",
                });
                if let Some(day) = &secret.expires_on {
                    line(&format!("it ends on {day}"));
                }
            });
            Ok(End::Done)
        }
        ConnectionCommand::NetworkSecret { name, which, file } => {
            network::secret(console, &name, which, file.as_deref(), output).await
        }
        ConnectionCommand::Expiries => network::expiries(console, output).await,
        ConnectionCommand::Versions { name, revert } => {
            mapping::versions(console, &name, revert, output).await
        }
        ConnectionCommand::Tables { name, table } => {
            tables::list(console, &name, table, output).await
        }
        ConnectionCommand::Target { command } => delivery::target(console, command, output).await,
        ConnectionCommand::Mapping { command } => mapping::run(console, command, output).await,
    }
}

fn print_plan(plan: &ImportPlan) {
    for one in &plan.connections {
        let word = match one.state {
            ImportState::New => "new",
            ImportState::Changed => "changed",
            ImportState::Same => "unchanged",
        };
        line(&format!("{word} {}", one.name));
        print_differences(&one.differences);
        if let Some(problem) = &one.problem {
            line(&format!("  cannot be taken: {problem}"));
        }
    }
}

pub fn print_differences(list: &[Difference]) {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".into());
    for one in list {
        line(&format!(
            "  {}: {} → {}",
            one.place,
            shown(&one.before),
            shown(&one.after)
        ));
    }
}

/// Says where a file was written, or prints it.
pub fn give(file: &SharedFile, target: Option<std::path::PathBuf>, output: Output) -> End {
    match target {
        Some(path) => output.print(&serde_json::json!({ "path": path }), |_| {
            line(&format!("written to {}", path.display()));
        }),
        None => output.print(file, |file| line(&file.text)),
    }
    End::Done
}

pub fn path_text(path: Option<&std::path::Path>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

pub fn handed_in(path: &std::path::Path) -> SharedSource {
    SharedSource {
        text: String::new(),
        path: path_text(Some(path)),
    }
}

/// The profile reads these files and carries nothing else.
fn take_files(
    profile: &mut Profile,
    files: Vec<(DatasetId, std::path::PathBuf)>,
) -> Result<(), ApiError> {
    profile
        .datasets
        .retain(|dataset, _| files.iter().any(|(wanted, _)| wanted == dataset));
    for (dataset, path) in files {
        let file = profile
            .datasets
            .get_mut(&dataset)
            .and_then(|source| source.file.as_mut())
            .ok_or_else(|| invalid(format!("--file: this preset has no files for {dataset}")))?;
        file.path = path.display().to_string();
    }
    Ok(())
}

async fn add(console: &Console, command: AddCommand, output: Output) -> Result<End, ApiError> {
    let presets = console.list_presets();
    let Some(preset) = presets
        .into_iter()
        .find(|preset| preset.name == command.preset)
    else {
        return Err(invalid(format!("there is no preset {:?}", command.preset)));
    };
    let mut profile = preset.profile;
    profile.base_url = command.base_url.unwrap_or_default();
    if !command.files.is_empty() {
        take_files(&mut profile, command.files)?;
    }
    if !command.tables.is_empty() {
        tables::take(
            &mut profile,
            command.tables,
            command.flag.as_ref(),
            command.receipts,
        )?;
    }
    accounts::narrow(
        &mut profile,
        command.base.as_deref(),
        command.filter.as_deref(),
    )?;
    profile.environment = match command.environment {
        Surrounding::Production => Environment::Production,
        Surrounding::Test => Environment::Test,
        Surrounding::Demo => Environment::Demo,
    };
    if let Some(id) = command.id {
        match profile.auth.id_mut() {
            Some(name) => *name = id,
            None => return Err(invalid("--id: this preset has no id".into())),
        }
    }
    if let Some(key) = command.public_key {
        match profile.auth.public_key_mut() {
            Some(known) => *known = key,
            None => {
                return Err(invalid(
                    "--public-key: this preset has no public key".into(),
                ));
            }
        }
    }
    let secret = if command.secret_stdin {
        Some(secret_from_stdin()?)
    } else {
        None
    };
    let detail = console
        .save_connection(SaveConnection {
            connection_id: None,
            name: command.name,
            profile,
            secret,
        })
        .await?;
    output.print(&detail, |detail| line(&format!("added {}", detail.name)));
    Ok(End::Done)
}

pub fn print_layer(layer: &TestLayer) {
    let mark = match layer.state.as_str() {
        "ok" => "✓",
        "warn" => "!",
        "failed" => "✗",
        _ => "–",
    };
    let dataset = layer
        .dataset
        .map(|dataset| format!(" {dataset}"))
        .unwrap_or_default();
    line(&format!(
        "{mark} {:<16}{dataset}  {} ms  {}",
        layer.layer, layer.ms, layer.seen
    ));
    for detail in &layer.details {
        line(&format!("    {}: {}", detail.name, detail.text));
    }
    if let Some(code) = &layer.advice {
        match words(code) {
            Some(advice) => line(&format!("  → [{code}] {}\n    {}", advice.zh, advice.en)),
            None => line(&format!("  → [{code}]")),
        }
    }
    if !layer.proposals.is_empty() {
        line(&format!(
            "    可能的记录位置 · places that may hold the records: {}",
            layer.proposals.join("  ")
        ));
    }
}

/// Changes the passphrase that seals the secrets.
pub async fn change_passphrase(console: &Console, output: Output) -> Result<End, ApiError> {
    let request = ChangePassphrase {
        old: std::env::var("ZHENGQIAO_PASSPHRASE").unwrap_or_default(),
        new: secret_from_stdin()?,
    };
    let nothing = console.change_passphrase(request).await?;
    output.print(&nothing, |_| line("the passphrase was changed"));
    Ok(End::Done)
}

/// What standard input holds, without line ends at its end.
pub fn text_from_stdin() -> Result<String, ApiError> {
    let mut text = String::new();
    std::io::stdin()
        .take(64 * 1024)
        .read_to_string(&mut text)
        .map_err(|error| {
            invalid(format!(
                "the secret could not be read from standard input: {error}"
            ))
        })?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

fn secret_from_stdin() -> Result<String, ApiError> {
    let secret = text_from_stdin()?;
    if secret.is_empty() {
        Err(invalid("the secret on standard input is empty".into()))
    } else {
        Ok(secret)
    }
}

/// A file that could not be read.
pub fn file_error(path: &std::path::Path, error: &std::io::Error) -> ApiError {
    ApiError {
        code: ErrorCode::File,
        ..invalid(format!("{}: {error}", path.display()))
    }
}

/// A request that cannot be used.
pub fn invalid(message: String) -> ApiError {
    ApiError {
        code: ErrorCode::InvalidRequest,
        message,
        retryable: false,
        details: None,
    }
}

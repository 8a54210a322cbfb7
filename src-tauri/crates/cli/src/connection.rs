//! `zhengqiao connection`.

use std::io::Read;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionFile, ErrorCode, RemoveConnection, SaveConnection, TestLayer,
};
use zhengqiao_exchange::Environment;

use crate::End;
use crate::args::{AddCommand, ConnectionCommand, Surrounding};
use crate::output::{Output, line, table, when};

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
                line(
                    &console
                        .export_connection(console.connection_by_name(&name).await?)
                        .await?
                        .text,
                );
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
            name,
            output: target,
        } => {
            let file = console
                .export_connection(console.connection_by_name(&name).await?)
                .await?;
            match target {
                Some(path) => {
                    std::fs::write(&path, &file.text).map_err(|error| file_error(&path, &error))?;
                    output.print(&serde_json::json!({ "path": path }), |_| {
                        line(&format!("written to {}", path.display()));
                    });
                }
                None => output.print(&file, |file| line(&file.text)),
            }
            Ok(End::Done)
        }
        ConnectionCommand::Import { file } => {
            let text = std::fs::read_to_string(&file).map_err(|error| file_error(&file, &error))?;
            let detail = console.import_connection(ConnectionFile { text }).await?;
            output.print(&detail, |detail| line(&format!("imported {}", detail.name)));
            Ok(End::Done)
        }
        ConnectionCommand::Secret { name } => {
            let detail = console
                .get_connection(console.connection_by_name(&name).await?)
                .await?;
            let request = SaveConnection {
                connection_id: Some(detail.connection_id),
                name: detail.name,
                profile: detail.profile,
                secret: Some(secret_from_stdin()?),
            };
            let saved = console.save_connection(request).await?;
            output.print(&saved.secret, |_| line("the secret was changed"));
            Ok(End::Done)
        }
    }
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
    profile.base_url = command.base_url;
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

fn print_layer(layer: &TestLayer) {
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
    let advice = layer
        .advice
        .as_deref()
        .map(|advice| format!("  [{advice}]"))
        .unwrap_or_default();
    line(&format!(
        "{mark} {:<16}{dataset}  {} ms  {}{advice}",
        layer.layer, layer.ms, layer.seen
    ));
}

fn secret_from_stdin() -> Result<String, ApiError> {
    let mut text = String::new();
    std::io::stdin()
        .take(64 * 1024)
        .read_to_string(&mut text)
        .map_err(|error| {
            invalid(format!(
                "the secret could not be read from standard input: {error}"
            ))
        })?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        Err(invalid("the secret on standard input is empty".into()))
    } else {
        Ok(secret.to_owned())
    }
}

fn invalid(message: String) -> ApiError {
    ApiError {
        code: ErrorCode::InvalidRequest,
        message,
        retryable: false,
        details: None,
    }
}

fn file_error(path: &std::path::Path, error: &std::io::Error) -> ApiError {
    ApiError {
        code: ErrorCode::File,
        message: format!("{}: {error}", path.display()),
        retryable: false,
        details: None,
    }
}

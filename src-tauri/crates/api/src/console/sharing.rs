//! Connections and mappings as readable files, to be shared. A file never holds a secret.
//!
//! A file is laid over what there is: what it names is taken, what it leaves out stays, and so do
//! local secrets. Nothing is taken before its differences could be seen.

use std::io::Read as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zhengqiao_domain::{DatasetId, Mapping};
use zhengqiao_exchange::Profile;
use zhengqiao_store::{StoreError, connection};

use super::{Console, blocking, file_error, invalid, not_found};
use crate::contract::{
    ApiError, ConnectionExport, ImportPlan, ImportReport, ImportRequest, ImportState,
    ImportedMapping, MappingExport, MappingImport, PlannedConnection, SaveConnection, SharedFile,
    SharedSource,
};
use crate::differences;
use crate::out_file::put;

/// Bytes of a file at most.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Connections of a file at most.
const MAX_CONNECTIONS: usize = 1000;

/// A file of connections.
#[derive(Serialize, Deserialize)]
struct ConnectionsToml {
    #[serde(default, rename = "connection")]
    connections: Vec<NamedProfile>,
    /// The form with a single connection at the top.
    #[serde(default, skip_serializing)]
    name: Option<String>,
    #[serde(default, skip_serializing)]
    profile: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct NamedProfile {
    name: String,
    profile: Value,
}

/// A file of mappings.
#[derive(Serialize, Deserialize)]
struct MappingsToml {
    #[serde(default, rename = "mapping")]
    mappings: Vec<NamedMapping>,
}

#[derive(Serialize, Deserialize)]
struct NamedMapping {
    dataset: DatasetId,
    #[serde(flatten)]
    mapping: Mapping,
}

impl Console {
    /// Connections as a readable file, without their secrets.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn export_connections(
        &self,
        request: ConnectionExport,
    ) -> Result<SharedFile, ApiError> {
        let mut connections = Vec::new();
        for id in request.connection_ids {
            let (row, profile) = self.profile(id).await?;
            connections.push(NamedProfile {
                name: row.name,
                profile: without_null(serde_json::to_value(profile).map_err(StoreError::from)?),
            });
        }
        if connections.is_empty() {
            return Err(invalid("connection_ids: name at least one connection"));
        }
        let file = ConnectionsToml {
            connections,
            name: None,
            profile: None,
        };
        written(&file, request.path).await
    }

    /// What taking in a file would do; nothing is changed.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming line and field.
    pub async fn plan_import(&self, request: SharedSource) -> Result<ImportPlan, ApiError> {
        let mut planned = Vec::new();
        for file in read_connections(request).await? {
            planned.push(self.planned(file).await?.0);
        }
        Ok(ImportPlan {
            connections: planned,
        })
    }

    async fn planned(&self, file: NamedProfile) -> Result<(PlannedConnection, Profile), ApiError> {
        let name = file.name.trim().to_owned();
        let wanted = name.clone();
        let known = self
            .read(move |conn| connection::by_name(conn, &wanted))
            .await?;
        let (base, state) = match &known {
            Some(row) => (
                serde_json::from_str(&row.profile).map_err(StoreError::from)?,
                ImportState::Changed,
            ),
            None => (
                serde_json::to_value(Profile::default()).map_err(StoreError::from)?,
                ImportState::New,
            ),
        };
        let whole = differences::merged(&base, &file.profile);
        let profile: Profile = serde_json::from_value(whole)
            .map_err(|error| invalid(format!("{name}: the file cannot be read: {error}")))?;
        let after = serde_json::to_value(&profile).map_err(StoreError::from)?;
        let problem = profile.validate().err().map(|error| error.to_string());
        let found = differences::between(&base, &after);
        let state = if known.is_some() && found.is_empty() {
            ImportState::Same
        } else {
            state
        };
        let planned = PlannedConnection {
            environment: profile.environment,
            state,
            differences: if known.is_some() { found } else { Vec::new() },
            problem,
            name,
        };
        Ok((planned, profile))
    }

    /// Takes in the connections of a file; all of them, or those that are named.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming the connection, line and field. What
    /// came before it in the file was taken.
    pub async fn import_connections(
        &self,
        request: ImportRequest,
    ) -> Result<ImportReport, ApiError> {
        let mut report = ImportReport {
            added: Vec::new(),
            changed: Vec::new(),
            same: Vec::new(),
        };
        for file in read_connections(request.file).await? {
            let (planned, profile) = self.planned(file).await?;
            if !request.names.is_empty() && !request.names.contains(&planned.name) {
                continue;
            }
            if let Some(problem) = planned.problem {
                return Err(invalid(format!("{}: {problem}", planned.name)));
            }
            let wanted = planned.name.clone();
            let known = self
                .read(move |conn| connection::by_name(conn, &wanted))
                .await?;
            let list = match planned.state {
                ImportState::Same => {
                    report.same.push(planned.name);
                    continue;
                }
                ImportState::New => &mut report.added,
                ImportState::Changed => &mut report.changed,
            };
            list.push(planned.name.clone());
            self.save_connection(SaveConnection {
                connection_id: known.map(|row| row.id),
                name: planned.name,
                profile,
                secret: None,
            })
            .await?;
        }
        Ok(report)
    }

    /// Field mappings of a connection as a readable file.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] for a dataset that the connection does not carry.
    pub async fn export_mappings(&self, request: MappingExport) -> Result<SharedFile, ApiError> {
        let (row, profile) = self.profile(request.connection_id).await?;
        let datasets = if request.datasets.is_empty() {
            profile.datasets.keys().copied().collect()
        } else {
            request.datasets
        };
        let mut mappings = Vec::new();
        for dataset in datasets {
            let source = profile.datasets.get(&dataset).ok_or_else(|| {
                not_found(format!(
                    "the connection {:?} does not carry {dataset}",
                    row.name
                ))
            })?;
            mappings.push(NamedMapping {
                dataset,
                mapping: source.mapping.clone(),
            });
        }
        written(&MappingsToml { mappings }, request.path).await
    }

    /// Lays the field mappings of a file over those of a connection, field by field.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming line and field.
    pub async fn import_mappings(
        &self,
        request: MappingImport,
    ) -> Result<Vec<ImportedMapping>, ApiError> {
        let (row, mut profile) = self.profile(request.connection_id).await?;
        let text = handed_in(request.file).await?;
        let file: MappingsToml = toml::from_str(&text)
            .map_err(|error| invalid(format!("the file cannot be read: {error}")))?;
        if file.mappings.is_empty() {
            return Err(invalid("the file has no [[mapping]]"));
        }
        let mut report = Vec::new();
        for named in file.mappings {
            let dataset = named.dataset;
            let Some(source) = profile.datasets.get_mut(&dataset) else {
                return Err(invalid(format!(
                    "mapping: the connection {:?} does not carry {dataset}",
                    row.name
                )));
            };
            let before = serde_json::to_value(&source.mapping).map_err(StoreError::from)?;
            let laid = serde_json::to_value(&named.mapping).map_err(StoreError::from)?;
            let whole = differences::merged(&before, &laid);
            let differences = differences::between(&before, &whole);
            source.mapping = serde_json::from_value(whole).map_err(StoreError::from)?;
            report.push(ImportedMapping {
                dataset,
                mapping: source.mapping.clone(),
                differences,
            });
        }
        if !request.dry_run {
            self.save_connection(SaveConnection {
                connection_id: Some(request.connection_id),
                name: row.name,
                profile,
                secret: None,
            })
            .await?;
        }
        Ok(report)
    }
}

/// The text of a file that was handed in.
pub(super) async fn handed_in(file: SharedSource) -> Result<String, ApiError> {
    let text = match file.path {
        Some(path) => {
            let shown = path.clone();
            let read = move || {
                let mut text = String::new();
                std::fs::File::open(&path)?
                    .take(MAX_BYTES as u64 + 1)
                    .read_to_string(&mut text)?;
                Ok(text)
            };
            blocking(read)
                .await?
                .map_err(|error: std::io::Error| file_error(&shown, &error))?
        }
        None => file.text,
    };
    if text.len() > MAX_BYTES {
        return Err(invalid(format!(
            "the file is larger than {MAX_BYTES} bytes"
        )));
    }
    Ok(text)
}

async fn read_connections(file: SharedSource) -> Result<Vec<NamedProfile>, ApiError> {
    let text = handed_in(file).await?;
    let file: ConnectionsToml = toml::from_str(&text)
        .map_err(|error| invalid(format!("the file cannot be read: {error}")))?;
    let mut list = file.connections;
    if let (Some(name), Some(profile)) = (file.name, file.profile) {
        list.push(NamedProfile { name, profile });
    }
    if list.is_empty() {
        return Err(invalid(
            "the file has no [[connection]] with name and profile",
        ));
    }
    if list.len() > MAX_CONNECTIONS {
        return Err(invalid(format!(
            "the file has more than {MAX_CONNECTIONS} connections"
        )));
    }
    Ok(list)
}

async fn written(file: &impl Serialize, path: Option<String>) -> Result<SharedFile, ApiError> {
    let text = toml::to_string_pretty(file)
        .map_err(|error| invalid(format!("the file cannot be written: {error}")))?;
    if let Some(path) = path {
        let (shown, copy) = (path.clone(), text.clone());
        blocking(move || put(path.as_ref(), |partial| std::fs::write(partial, copy)))
            .await?
            .map_err(|error| file_error(&shown, &error))?;
    }
    Ok(SharedFile { text })
}

/// TOML has no null: what is absent is left out.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_null(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_null).collect()),
        other => other,
    }
}

//! Connections: list, save, test, export, import, remove.

use std::collections::BTreeSet;

use zhengqiao_domain::{Check, CompiledMapping, DatasetId, Finding, Outcome, RuleSet};
use zhengqiao_exchange::{
    Auth, Interface, Layer, LayerState, NoObserver, Profile, Provider, Sample, presets,
};
use zhengqiao_store::{StoreError, audit, connection, connection_secret, run};
use zhengqiao_sync::prepare;

use super::delivery::set_up;
use super::secrets::Which;
use super::{Console, actor, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, ChangeSecret, ConnectionDetail, ConnectionId, ConnectionRow, DuplicateConnection,
    LayerDetail, NetworkSecretRow, NextSecret, Nothing, PresetRow, RemoveConnection, SampleReport,
    SaveConnection, SecretState, TestLayer, TestReport,
};
use crate::masks;

/// Findings of a sample that are shown.
const SHOWN_FINDINGS: usize = 20;

impl Console {
    /// Presets to begin from.
    pub fn list_presets(&self) -> Vec<PresetRow> {
        presets()
            .into_iter()
            .map(|preset| PresetRow {
                name: preset.name.into(),
                zh: preset.zh.into(),
                en: preset.en.into(),
                profile: preset.profile,
            })
            .collect()
    }

    /// All connections.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_connections(&self) -> Result<Vec<ConnectionRow>, ApiError> {
        self.read(|conn| {
            let mut list = Vec::new();
            for row in connection::list(conn)? {
                let profile: Profile = serde_json::from_str(&row.profile)?;
                let last = run::page(conn, Some(row.id), None, 1)?.pop();
                list.push(ConnectionRow {
                    connection_id: row.id,
                    name: row.name,
                    environment: profile.environment,
                    base_url: place_of(&profile),
                    auth: profile.auth.kind().into(),
                    folder: profile.folder,
                    tags: profile.tags,
                    has_next_secret: row.next_secret_changed_at.is_some(),
                    secret_expires_on: row.secret_expires_on,
                    datasets: profile.datasets.keys().copied().collect(),
                    has_secret: row.secret_changed_at.is_some(),
                    state: last
                        .as_ref()
                        .map_or_else(|| "never".into(), |run| run.state.clone()),
                    last_run_at: last.and_then(|run| run.ended_at),
                });
            }
            Ok(list)
        })
        .await
    }

    /// One connection.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_connection(
        &self,
        request: ConnectionId,
    ) -> Result<ConnectionDetail, ApiError> {
        let (row, profile) = self.profile(request.connection_id).await?;
        let id = row.id;
        let network_secrets = self
            .read(move |conn| connection_secret::list(conn, id))
            .await?;
        Ok(ConnectionDetail {
            connection_id: row.id,
            name: row.name,
            profile,
            profile_version: row.profile_version,
            secret: SecretState {
                has_secret: row.secret_changed_at.is_some(),
                last_four: row.secret_last_four,
                changed_at: row.secret_changed_at,
                next: row.next_secret_changed_at.map(|changed_at| NextSecret {
                    last_four: row.next_secret_last_four,
                    changed_at,
                }),
                expires_on: row.secret_expires_on,
            },
            network_secrets: network_secrets
                .into_iter()
                .map(|(name, changed_at)| NetworkSecretRow { name, changed_at })
                .collect(),
        })
    }

    /// The connection of that name.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn connection_by_name(&self, name: &str) -> Result<ConnectionId, ApiError> {
        let wanted = name.to_owned();
        let row = self
            .read(move |conn| connection::by_name(conn, &wanted))
            .await?;
        row.map(|row| ConnectionId {
            connection_id: row.id,
        })
        .ok_or_else(|| not_found(format!("there is no connection named {name:?}")))
    }

    /// Saves a connection, new or changed, and its secret if one is given.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming the field.
    pub async fn save_connection(
        &self,
        request: SaveConnection,
    ) -> Result<ConnectionDetail, ApiError> {
        let name = request.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(invalid("name: give 1 to 100 characters"));
        }
        let mut profile = request.profile;
        profile.base_url = profile.base_url.trim().trim_end_matches('/').to_owned();
        profile.validate()?;
        require_ids(&profile.auth)?;
        let text = serde_json::to_string(&profile).map_err(StoreError::from)?;
        let environment = profile.environment.as_str();
        let at = now_ms();
        let known = request.connection_id;
        let id = self
            .write(move |tx| {
                if let Some(other) = connection::by_name(tx, &name)?
                    && Some(other.id) != known
                {
                    return Ok(Err(invalid(format!(
                        "name: there is already a connection named {name:?}"
                    ))));
                }
                let (id, act) = match known {
                    Some(id) => {
                        connection::update(tx, id, &name, environment, &text, at)?;
                        (id, "change_connection")
                    }
                    None => (
                        connection::insert(tx, &name, environment, &text, at)?,
                        "add_connection",
                    ),
                };
                connection::keep_version(tx, id, &actor(), at)?;
                set_up(tx, id, profile.delivery.as_ref())?;
                audit::append(tx, at, &actor(), act, &name, "{}")?;
                Ok(Ok(id))
            })
            .await??;
        if let Some(secret) = request.secret.filter(|secret| !secret.is_empty()) {
            return self
                .change_secret(ChangeSecret {
                    connection_id: id,
                    secret,
                    at_once: false,
                })
                .await;
        }
        self.get_connection(ConnectionId { connection_id: id })
            .await
    }

    /// Copies a connection without its secret.
    ///
    /// # Errors
    /// As [`Console::save_connection`].
    pub async fn duplicate_connection(
        &self,
        request: DuplicateConnection,
    ) -> Result<ConnectionDetail, ApiError> {
        let (_, profile) = self.profile(request.connection_id).await?;
        self.save_connection(SaveConnection {
            connection_id: None,
            name: request.name,
            profile,
            secret: None,
        })
        .await
    }

    /// Removes a connection with everything cached for it; its name must be given.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when the name differs.
    pub async fn remove_connection(&self, request: RemoveConnection) -> Result<Nothing, ApiError> {
        let (row, _) = self.profile(request.connection_id).await?;
        if row.name != request.confirm_name {
            return Err(invalid(format!(
                "confirm_name: type the name {:?} to remove the connection",
                row.name
            )));
        }
        self.write(move |tx| {
            connection::remove(tx, row.id)?;
            audit::append(tx, now_ms(), &actor(), "remove_connection", &row.name, "{}")
        })
        .await?;
        for which in Which::ALL {
            self.set_secret(request.connection_id, which, None).await?;
        }
        Ok(Nothing {})
    }

    /// Tests a connection layer by layer; each layer is handed out as it ends.
    ///
    /// # Errors
    /// The cache's. What is wrong with the provider is in the layers.
    pub async fn test_connection(
        &self,
        request: ConnectionId,
        mut on_layer: impl FnMut(TestLayer) + Send,
    ) -> Result<TestReport, ApiError> {
        let (_, profile) = self.profile(request.connection_id).await?;
        let (secrets, which) = self.secrets_to_test(request.connection_id).await?;
        let mut layers = Vec::new();
        let mut tell = |layer: TestLayer| {
            on_layer(layer.clone());
            layers.push(layer);
        };
        let provider = match Provider::new(&profile, secrets, std::sync::Arc::new(NoObserver)) {
            Ok(provider) => provider,
            Err(error) => {
                tell(TestLayer {
                    layer: "settings".into(),
                    dataset: None,
                    state: "failed".into(),
                    seen: error.to_string(),
                    advice: Some("settings".into()),
                    ms: 0,
                    details: Vec::new(),
                    proposals: Vec::new(),
                });
                return Ok(TestReport {
                    passed: false,
                    layers,
                    samples: Vec::new(),
                    tested_next_secret: which == Which::Next,
                    took_next_secret: false,
                });
            }
        };
        let until = zhengqiao_domain::primitives::moment::canonical(now_local());
        let mut ending = Vec::new();
        let found = provider
            .diagnose(&profile, &until, |layer| {
                if !layer.expiries.is_empty() {
                    ending.push(layer.clone());
                }
                tell(test_layer(layer));
            })
            .await;
        self.note_expiries(request.connection_id, ending).await?;
        let rules = RuleSet::new(&profile.rules);
        let check = Check::new(&rules, now_local());
        let mut samples = Vec::new();
        for sample in found {
            let begun = std::time::Instant::now();
            let Some((report, filled)) = check_sample(&profile, &sample, &check, &rules) else {
                continue;
            };
            if report.records > 0 {
                tell(mapping_layer(sample.dataset, &filled));
            }
            tell(TestLayer {
                layer: "findings".into(),
                dataset: Some(sample.dataset),
                state: if report.records > 0 && report.rejected == report.records {
                    "failed"
                } else if report.rejected > 0 {
                    "warn"
                } else {
                    "ok"
                }
                .into(),
                seen: format!("{} / {}", report.rejected, report.records),
                advice: (report.records > 0 && report.rejected == report.records)
                    .then(|| "mapping".into()),
                ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                details: Vec::new(),
                proposals: Vec::new(),
            });
            samples.push(report);
        }
        let passed = layers.iter().all(|layer| layer.state != "failed");
        let proven = layers
            .iter()
            .any(|layer| layer.layer == "authentication" && layer.state == "ok");
        let takes = which == Which::Next && proven;
        if takes {
            self.promote_secret(request.connection_id).await?;
        }
        Ok(TestReport {
            passed,
            layers,
            samples,
            tested_next_secret: which == Which::Next,
            took_next_secret: takes,
        })
    }
}

fn require_ids(auth: &Auth) -> Result<(), ApiError> {
    let id = auth.id().map(|(name, value)| (name, value.as_str()));
    let key = auth
        .public_key()
        .map(|value| ("public_key", value.as_str()));
    let path = match auth {
        Auth::Oauth2Client { token_path, .. } => Some(("token_path", token_path.as_str())),
        Auth::TimedGateway(family) => Some(("secret_path", family.secret_path.as_str())),
        _ => None,
    };
    let empty = [id, key, path]
        .into_iter()
        .flatten()
        .find(|(_, value)| value.trim().is_empty());
    match empty {
        Some((field, _)) => Err(invalid(format!("auth.{field}: is empty"))),
        None => Ok(()),
    }
}

pub(super) fn test_layer(layer: Layer) -> TestLayer {
    TestLayer {
        layer: layer.name.into(),
        dataset: layer.dataset,
        state: match layer.state {
            LayerState::Ok => "ok",
            LayerState::Warn => "warn",
            LayerState::Failed => "failed",
            LayerState::Skipped => "skipped",
        }
        .into(),
        seen: layer.seen,
        advice: layer.advice.map(str::to_owned),
        ms: layer.ms,
        details: layer
            .details
            .into_iter()
            .map(|detail| LayerDetail {
                name: detail.name.into(),
                text: detail.text,
            })
            .collect(),
        proposals: layer.proposals,
    }
}

/// What the mapping found in the sample: how many of our fields have a value somewhere, and which
/// required ones have none anywhere.
fn mapping_layer(dataset: DatasetId, filled: &BTreeSet<&'static str>) -> TestLayer {
    let fields = dataset.dataset().fields;
    let missing: Vec<&str> = fields
        .iter()
        .filter(|field| field.required && !filled.contains(field.name))
        .map(|field| field.name)
        .collect();
    let state = match (filled.is_empty(), missing.is_empty()) {
        (true, _) => "failed",
        (false, false) => "warn",
        (false, true) => "ok",
    };
    TestLayer {
        layer: "mapping".into(),
        dataset: Some(dataset),
        state: state.into(),
        seen: format!("{} / {}", filled.len(), fields.len()),
        advice: (state != "ok").then(|| "mapping_missing".into()),
        ms: 0,
        details: missing
            .iter()
            .map(|name| LayerDetail {
                name: "missing_field".into(),
                text: (*name).to_owned(),
            })
            .collect(),
        proposals: Vec::new(),
    }
}

/// Maps and checks a sample; references are not looked up.
fn check_sample(
    profile: &Profile,
    sample: &Sample,
    check: &Check<'_>,
    rules: &RuleSet,
) -> Option<(SampleReport, BTreeSet<&'static str>)> {
    let dataset: DatasetId = sample.dataset;
    let mapping = CompiledMapping::new(dataset, &profile.datasets.get(&dataset)?.mapping).ok()?;
    let mut report = SampleReport {
        dataset,
        records: 0,
        rejected: 0,
        findings: Vec::new(),
    };
    let mut filled = BTreeSet::new();
    for range in &sample.records {
        let row = prepare(&sample.body[range.clone()], &mapping, dataset, check, rules);
        report.records += 1;
        filled.extend(
            dataset
                .dataset()
                .fields
                .iter()
                .map(|field| field.name)
                .filter(|name| row.record.get(name).is_some()),
        );
        if Outcome::of(&row.findings) == Outcome::Rejected {
            report.rejected += 1;
        }
        let rest = SHOWN_FINDINGS.saturating_sub(report.findings.len());
        let masked = row
            .findings
            .into_iter()
            .map(|finding: Finding| masks::finding(dataset, finding));
        report.findings.extend(masked.take(rest));
    }
    Some((report, filled))
}

/// Where a connection's rows are: its address, or its files.
pub(super) fn place_of(profile: &Profile) -> String {
    if profile.interface != Interface::File {
        return profile.base_url.clone();
    }
    let paths: Vec<&str> = profile
        .datasets
        .values()
        .filter_map(|source| source.file.as_ref())
        .map(|file| file.path.as_str())
        .filter(|path| !path.is_empty())
        .collect();
    paths.join(", ")
}

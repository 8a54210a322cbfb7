//! Claim mapping and review policy: edited together, every save a version that can be gone back to.

use serde_json::{Map, Value, json};
use zhengqiao_identity::{
    AccountKind, ClaimRow, ReviewPolicy, check_claims, check_policy, default_claims, portal_fields,
};
use zhengqiao_store::connection::ConnectionRow;
use zhengqiao_store::{StoreError, Transaction, audit, claim_sample, identity_version};

use super::super::mapping::places;
use super::super::{Console, actor, file_error, invalid, not_found, now_ms};
use super::{claims, policy};
use crate::contract::{
    ApiError, ClaimSampleRow, CompareIdentityVersions, ConnectionId, IdentityMapping,
    IdentityProblem, IdentitySettings, IdentityVersionRow, RestoreIdentityVersion,
    SaveIdentityMapping, SeenClaim,
};
use crate::differences::{self, Difference};

/// Versions that are listed.
const LISTED: u32 = 200;
/// Characters of a note.
const NOTE_CHARS: usize = 500;

impl Console {
    /// The claim mapping and review policy in force, with what an editor offers.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_identity_mapping(
        &self,
        request: ConnectionId,
    ) -> Result<IdentityMapping, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let settings = settings(&row)?;
        let (version, reviewed, samples, newest) = self
            .read(move |conn| {
                let newest = AccountKind::ALL
                    .iter()
                    .map(|kind| Ok((*kind, claims::newest(conn, connection_id, *kind)?)))
                    .collect::<Result<Vec<_>, StoreError>>()?;
                Ok((
                    identity_version::present(conn, connection_id)?,
                    identity_version::reviewed(conn, connection_id)?,
                    claim_sample::list(conn, connection_id)?,
                    newest,
                ))
            })
            .await?;
        let mut seen: Vec<SeenClaim> = Vec::new();
        for (kind, sample) in newest {
            let columns = kind.dataset().dataset().fields.iter();
            let described = columns.map(|field| field.name.to_owned());
            let found = sample.map(|sample| named_in(&sample)).unwrap_or_default();
            remember(&mut seen, kind, found.into_iter().chain(described));
        }
        for sample in &samples {
            if let (Ok(kind), Ok(fields)) = (
                sample.kind.parse(),
                serde_json::from_str::<Map<String, Value>>(&sample.claims),
            ) {
                remember(&mut seen, kind, named_in(&fields));
            }
        }
        Ok(IdentityMapping {
            connection_id,
            version,
            reviewed,
            settings,
            defaults: IdentitySettings {
                claims: default_claims(),
                policy: ReviewPolicy::default(),
            },
            fields: portal_fields(),
            seen,
            samples: samples
                .into_iter()
                .filter_map(|sample| {
                    Some(ClaimSampleRow {
                        sample_id: sample.id,
                        kind: sample.kind.parse().ok()?,
                        name: sample.name,
                        kept_at: sample.kept_at,
                        kept_by: sample.kept_by,
                    })
                })
                .collect(),
        })
    }

    /// Saves claim mapping and review policy as a new version.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming every row and value that is wrong, or
    /// when another version has been saved meanwhile.
    pub async fn save_identity_mapping(
        &self,
        request: SaveIdentityMapping,
    ) -> Result<IdentityMapping, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let version = self
            .read(move |conn| identity_version::present(conn, connection_id))
            .await?;
        if version != request.based_on {
            return Err(moved_on(request.based_on, version));
        }
        refuse(&problems(&request.settings))?;
        if request.settings != settings(&row)? {
            let note = noted(&request.note)?;
            let before = stored(&settings(&row)?)?;
            let after = stored(&request.settings)?;
            self.write(move |tx| {
                save(tx, &row, &before, &after, &note, "save_identity_mapping").map(|_| ())
            })
            .await?;
        }
        self.get_identity_mapping(ConnectionId { connection_id })
            .await
    }

    /// The saved versions, the latest first, each with what it changed.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn list_identity_versions(
        &self,
        request: ConnectionId,
    ) -> Result<Vec<IdentityVersionRow>, ApiError> {
        let connection_id = request.connection_id;
        self.profile(connection_id).await?;
        let (kept, reviewed) = self
            .read(move |conn| {
                Ok((
                    identity_version::list(conn, connection_id, LISTED)?,
                    identity_version::reviewed(conn, connection_id)?,
                ))
            })
            .await?;
        let all: Vec<IdentitySettings> = kept.iter().map(restored).collect::<Result<_, _>>()?;
        Ok(kept
            .into_iter()
            .enumerate()
            .map(|(at, one)| IdentityVersionRow {
                differences: all
                    .get(at + 1)
                    .map(|before| between(before, &all[at]))
                    .unwrap_or_default(),
                current: at == 0,
                reviewed: reviewed == Some(one.number),
                number: one.number,
                saved_at: one.saved_at,
                saved_by: one.saved_by,
                note: one.note,
            })
            .collect())
    }

    /// What differs between two versions.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn compare_identity_versions(
        &self,
        request: CompareIdentityVersions,
    ) -> Result<Vec<Difference>, ApiError> {
        let before = self
            .identity_version(request.connection_id, request.before)
            .await?;
        let after = self
            .identity_version(request.connection_id, request.after)
            .await?;
        Ok(between(&before, &after))
    }

    /// Makes an earlier version the present one, as a new version.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`], or
    /// [`crate::contract::ErrorCode::InvalidRequest`] when it may no longer be saved.
    pub async fn restore_identity_version(
        &self,
        request: RestoreIdentityVersion,
    ) -> Result<IdentityMapping, ApiError> {
        let connection_id = request.connection_id;
        let settings = self.identity_version(connection_id, request.number).await?;
        let based_on = self
            .read(move |conn| identity_version::present(conn, connection_id))
            .await?;
        self.save_identity_mapping(SaveIdentityMapping {
            connection_id,
            based_on,
            note: request.note,
            settings,
        })
        .await
    }

    async fn identity_version(
        &self,
        connection_id: i64,
        number: i64,
    ) -> Result<IdentitySettings, ApiError> {
        let kept = self
            .read(move |conn| identity_version::get(conn, connection_id, number))
            .await?
            .ok_or_else(|| not_found(format!("there is no version {number} of the mapping")))?;
        restored(&kept)
    }

    /// The settings of a file (TOML or JSON by its ending) laid over those in force: what it does not
    /// name stays.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::File`] naming line and field.
    pub async fn read_identity_settings(
        &self,
        connection_id: i64,
        path: &str,
    ) -> Result<IdentitySettings, ApiError> {
        let (row, _) = self.profile(connection_id).await?;
        let mut whole = serde_json::to_value(settings(&row)?).map_err(StoreError::from)?;
        let text = std::fs::read_to_string(path).map_err(|error| file_error(path, &error))?;
        let is_json = std::path::Path::new(path)
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        let file: Value = if is_json {
            serde_json::from_str(&text).map_err(|error| file_error(path, &error))?
        } else {
            toml::from_str(&text).map_err(|error| file_error(path, &error))?
        };
        let Value::Object(file) = file else {
            return Err(invalid(format!(
                "{path}: expected an object with \"claims\" and \"policy\""
            )));
        };
        for (name, value) in file {
            match (name.as_str(), value) {
                ("claims", value) => whole["claims"] = value,
                ("policy", Value::Object(parts)) => {
                    for (part, value) in parts {
                        if whole["policy"].get(&part).is_none() {
                            return Err(invalid(format!(
                                "{path}: policy.{part} is not known; known are ranks, evidence, roles, required_rank"
                            )));
                        }
                        whole["policy"][part] = value;
                    }
                }
                (other, _) => {
                    return Err(invalid(format!(
                        "{path}: {other:?} is not known; known are \"claims\" and \"policy\""
                    )));
                }
            }
        }
        serde_json::from_value(whole).map_err(|error| file_error(path, &error))
    }
}

/// What is in force for a connection.
pub(super) fn settings(row: &ConnectionRow) -> Result<IdentitySettings, ApiError> {
    Ok(IdentitySettings {
        claims: claims::claims(row)?,
        policy: policy(row)?,
    })
}

/// Everything that speaks against saving settings.
pub(super) fn problems(settings: &IdentitySettings) -> Vec<IdentityProblem> {
    let rows = check_claims(&settings.claims);
    let of_claims = rows.iter().map(|error| IdentityProblem {
        part: "claims".into(),
        code: error.code().into(),
        kind: Some(error.kind()),
        row: error.row(),
        value: error.value().map(str::to_owned),
        message: error.to_string(),
    });
    let parts = check_policy(&settings.policy);
    let of_policy = parts.iter().map(|error| IdentityProblem {
        part: "policy".into(),
        code: error.code().into(),
        kind: None,
        row: error.row(),
        value: error.value(),
        message: error.to_string(),
    });
    of_claims.chain(of_policy).collect()
}

/// Refuses settings with problems.
pub(super) fn refuse(problems: &[IdentityProblem]) -> Result<(), ApiError> {
    if problems.is_empty() {
        return Ok(());
    }
    let list: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
    Err(invalid(list.join("; ")))
}

/// Settings as they are kept: claims and policy.
pub(super) fn stored(settings: &IdentitySettings) -> Result<(String, String), ApiError> {
    Ok((
        serde_json::to_string(&settings.claims).map_err(StoreError::from)?,
        serde_json::to_string(&settings.policy).map_err(StoreError::from)?,
    ))
}

/// Settings from how they are kept.
pub(super) fn parsed(claims: &str, policy: &str) -> Result<IdentitySettings, ApiError> {
    Ok(IdentitySettings {
        claims: serde_json::from_str(claims).map_err(StoreError::from)?,
        policy: serde_json::from_str(policy).map_err(StoreError::from)?,
    })
}

fn restored(kept: &identity_version::IdentityVersion) -> Result<IdentitySettings, ApiError> {
    parsed(&kept.claims, &kept.policy)
}

/// Saves settings as a new version, behind the state before the first save; gives its number.
///
/// # Errors
/// The cache's.
pub(super) fn save(
    tx: &Transaction<'_>,
    row: &ConnectionRow,
    before: &(String, String),
    after: &(String, String),
    note: &str,
    act: &str,
) -> Result<i64, StoreError> {
    let at = now_ms();
    let number = identity_version::present(tx, row.id)? + 1;
    let version = |number, saved_by: String, note: &str, (claims, policy): &(String, String)| {
        identity_version::IdentityVersion {
            number,
            saved_at: at,
            saved_by,
            note: note.to_owned(),
            claims: claims.clone(),
            policy: policy.clone(),
        }
    };
    if number == 1 {
        identity_version::save(tx, row.id, &version(0, String::new(), "", before))?;
    }
    identity_version::save(tx, row.id, &version(number, actor(), note, after))?;
    let detail = json!({ "version": number, "note": note }).to_string();
    audit::append(tx, at, &actor(), act, &row.name, &detail)?;
    Ok(number)
}

/// A note as it is kept.
pub(super) fn noted(note: &str) -> Result<String, ApiError> {
    let note = note.trim();
    if note.chars().count() > NOTE_CHARS {
        return Err(invalid(format!(
            "note: longer than {NOTE_CHARS} characters; shorten it"
        )));
    }
    Ok(note.to_owned())
}

pub(super) fn moved_on(based_on: i64, version: i64) -> ApiError {
    invalid(format!(
        "version {based_on} was edited, but version {version} is in force by now; load it and make the change again"
    ))
}

/// What differs between two settings.
pub(super) fn between(before: &IdentitySettings, after: &IdentitySettings) -> Vec<Difference> {
    differences::between(&comparable(before), &comparable(after))
}

/// Settings with their rows named by what they fill, so that a moved row is no difference.
fn comparable(settings: &IdentitySettings) -> Value {
    let mut whole = Map::new();
    for kind in AccountKind::ALL {
        let rows: Vec<Value> = settings
            .claims
            .iter()
            .filter(|row| row.kind == *kind)
            .map(|row| named_row(row))
            .collect();
        whole.insert(kind.as_str().to_owned(), Value::Array(rows));
    }
    let policy = &settings.policy;
    let evidence: Vec<&str> = policy.evidence.iter().map(|kind| kind.as_str()).collect();
    let roles: Vec<Value> = policy
        .roles
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let mut value = json!(rule);
            value["field"] = json!(format!("{}", at + 1));
            value
        })
        .collect();
    whole.insert("ranks".into(), json!(policy.ranks));
    whole.insert("evidence".into(), json!(evidence.join(" > ")));
    whole.insert("roles".into(), json!(roles));
    whole.insert("required_rank".into(), json!(policy.required_rank));
    Value::Object(whole)
}

fn named_row(row: &ClaimRow) -> Value {
    let short = row.portal_field.rsplit(':').next().unwrap_or_default();
    json!({
        "field": short,
        "claim": row.claim,
        "transforms": row.transforms,
        "required": row.required,
        "personal": row.personal,
    })
}

/// The names and pointers of a sample's claims.
fn named_in(sample: &Map<String, Value>) -> Vec<String> {
    let raw = serde_json::to_vec(sample).unwrap_or_default();
    places(&[raw])
        .into_iter()
        .map(|(column, _)| column.name)
        .collect()
}

fn remember(seen: &mut Vec<SeenClaim>, kind: AccountKind, names: impl IntoIterator<Item = String>) {
    for name in names {
        let claim = SeenClaim { kind, name };
        if !seen.contains(&claim) {
            seen.push(claim);
        }
    }
}

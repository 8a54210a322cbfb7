//! Claim mapping and review policy as one value: read, checked, kept, compared.

use serde_json::{Map, Value, json};
use zhengqiao_identity::{AccountKind, ClaimRow, RoleRule, check_claims, check_policy};
use zhengqiao_store::StoreError;
use zhengqiao_store::connection::ConnectionRow;

use super::super::{Console, file_error, invalid};
use super::{claims, policy};
use crate::contract::{ApiError, IdentityProblem, IdentitySettings};
use crate::differences::{self, Difference};

impl Console {
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
        let mut whole = serde_json::to_value(of(&row)?).map_err(StoreError::from)?;
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
pub(super) fn of(row: &ConnectionRow) -> Result<IdentitySettings, ApiError> {
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

/// What differs between two settings.
pub(super) fn between(before: &IdentitySettings, after: &IdentitySettings) -> Vec<Difference> {
    differences::between(&comparable(before), &comparable(after))
}

/// Settings with each row and rule as one line, named by what it fills, so that a moved row is no
/// difference.
fn comparable(settings: &IdentitySettings) -> Value {
    let mut whole = Map::new();
    for kind in AccountKind::ALL {
        let rows: Map<String, Value> = settings
            .claims
            .iter()
            .filter(|row| row.kind == *kind)
            .map(|row| {
                let short = row.portal_field.rsplit(':').next().unwrap_or_default();
                (short.to_owned(), json!(told_row(row)))
            })
            .collect();
        whole.insert(kind.as_str().to_owned(), Value::Object(rows));
    }
    let policy = &settings.policy;
    let evidence: Vec<&str> = policy.evidence.iter().map(|kind| kind.as_str()).collect();
    let roles: Map<String, Value> = (1..)
        .zip(&policy.roles)
        .map(|(number, rule): (usize, _)| (number.to_string(), json!(told_rule(rule))))
        .collect();
    whole.insert("ranks".into(), json!(policy.ranks));
    whole.insert("evidence".into(), json!(evidence.join(" > ")));
    whole.insert("roles".into(), Value::Object(roles));
    whole.insert("required_rank".into(), json!(policy.required_rank));
    Value::Object(whole)
}

/// `user_name · constant value=… · required · personal`.
fn told_row(row: &ClaimRow) -> String {
    let mut parts = vec![row.claim.clone()];
    parts.extend(row.transforms.iter().map(|step| {
        let Value::Object(step) = json!(step) else {
            return String::new();
        };
        let kind = step.get("kind").and_then(Value::as_str).unwrap_or_default();
        step.iter().filter(|(name, _)| *name != "kind").fold(
            kind.to_owned(),
            |told, (name, value)| match value {
                Value::String(text) => format!("{told} {name}={text}"),
                other => format!("{told} {name}={other}"),
            },
        )
    }));
    for (mark, is_set) in [("required", row.required), ("personal", row.personal)] {
        if is_set {
            parts.push(mark.to_owned());
        }
    }
    parts.join(" · ")
}

/// `editor · administrator · natural · site · ≥ 3`.
fn told_rule(rule: &RoleRule) -> String {
    let mut parts = vec![rule.role.clone()];
    if rule.administrator {
        parts.push("administrator".to_owned());
    }
    parts.extend(rule.kind.map(|kind| kind.as_str().to_owned()));
    parts.extend(rule.site.clone());
    parts.extend(rule.least_rank.map(|rank| format!("≥ {rank}")));
    parts.join(" · ")
}

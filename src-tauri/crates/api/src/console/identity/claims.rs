//! The claim mapping as it is being edited, each row with its value in a sample.

use serde_json::{Map, Value};
use zhengqiao_domain::{Check, RuleSet};
use zhengqiao_exchange::Profile;
use zhengqiao_identity::{AccountKind, ClaimRow, default_claims, preview};
use zhengqiao_store::{StoreError, audit, claim_sample, connection, record, source};

use super::super::records::fields;
use super::super::{Console, actor, not_found, now_local, now_ms};
use super::settings;
use crate::contract::{
    ApiError, ClaimPreview, ClaimsPreview, ForgetClaimSample, Nothing, PreviewClaims,
};

impl Console {
    /// What rows that are not saved yet make of a sample, masked, and what is wrong with them.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] for a sample that is no longer kept.
    pub async fn preview_claims(&self, request: PreviewClaims) -> Result<ClaimsPreview, ApiError> {
        let (connection_id, kind) = (request.connection_id, request.kind);
        let (_, profile) = self.profile(connection_id).await?;
        let sample = match request.sample_id {
            None => {
                self.read(move |conn| newest(conn, connection_id, kind))
                    .await?
            }
            Some(id) => {
                let kept = self
                    .read(move |conn| claim_sample::get(conn, connection_id, id))
                    .await?
                    .ok_or_else(|| not_found(format!("sample {id} is no longer kept")))?;
                Some(serde_json::from_str(&kept.claims).map_err(StoreError::from)?)
            }
        };
        Ok(ClaimsPreview {
            rows: previews(&request.settings.claims, &[(kind, sample)], &profile),
            problems: settings::problems(&request.settings),
        })
    }

    /// Throws a kept sample away.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] when it is no longer kept.
    pub async fn forget_claim_sample(
        &self,
        request: ForgetClaimSample,
    ) -> Result<Nothing, ApiError> {
        let ForgetClaimSample {
            connection_id,
            sample_id,
        } = request;
        let (row, _) = self.profile(connection_id).await?;
        let forgotten = self
            .write(move |tx| {
                let Some(sample) = claim_sample::get(tx, connection_id, sample_id)? else {
                    return Ok(false);
                };
                claim_sample::forget(tx, connection_id, sample_id)?;
                let detail = serde_json::json!({ "kind": sample.kind, "name": sample.name });
                audit::append(
                    tx,
                    now_ms(),
                    &actor(),
                    "forget_claim_sample",
                    &row.name,
                    &detail.to_string(),
                )?;
                Ok(true)
            })
            .await?;
        if forgotten {
            Ok(Nothing {})
        } else {
            Err(not_found(format!("sample {sample_id} is no longer kept")))
        }
    }
}

/// The claim mapping of a connection.
pub(super) fn claims(row: &connection::ConnectionRow) -> Result<Vec<ClaimRow>, ApiError> {
    match &row.claims {
        Some(text) => Ok(serde_json::from_str(text).map_err(StoreError::from)?),
        None => Ok(default_claims()),
    }
}

/// The newest accepted record of a kind, as the claims of a sign-on.
pub(super) fn newest(
    conn: &zhengqiao_store::Connection,
    connection_id: i64,
    kind: AccountKind,
) -> Result<Option<Map<String, Value>>, StoreError> {
    let Some(source_id) = source::find(conn, connection_id, kind.dataset())? else {
        return Ok(None);
    };
    match record::newest_fields(conn, source_id)? {
        Some(text) => fields(&text).map(Some),
        None => Ok(None),
    }
}

fn previews(
    rows: &[ClaimRow],
    samples: &[(AccountKind, Option<Map<String, Value>>)],
    profile: &Profile,
) -> Vec<ClaimPreview> {
    let rules = RuleSet::new(&profile.rules);
    let check = Check::new(&rules, now_local());
    let mut list = Vec::with_capacity(rows.len());
    for (kind, sample) in samples {
        let own: Vec<ClaimRow> = rows
            .iter()
            .filter(|row| row.kind == *kind)
            .cloned()
            .collect();
        match sample {
            Some(sample) => list.extend(preview(&own, sample, &check).into_iter().zip(own).map(
                |(result, row)| ClaimPreview {
                    received: result.received.map(|value| row.mask(&value)),
                    mapped: result.value.map(|value| row.mask(&value)),
                    state: result.state.code().to_owned(),
                    row,
                },
            )),
            None => list.extend(own.into_iter().map(|row| ClaimPreview {
                row,
                received: None,
                mapped: None,
                state: "no_sample".into(),
            })),
        }
    }
    list
}

//! The claim mapping, each row with its value in a sample of the cache.

use serde_json::{Map, Value};
use zhengqiao_domain::{Check, RuleSet};
use zhengqiao_exchange::Profile;
use zhengqiao_identity::{AccountKind, ClaimRow, check_claims, default_claims, preview};
use zhengqiao_store::{StoreError, audit, connection, record, source};

use super::super::records::fields;
use super::super::{Console, actor, invalid, now_local, now_ms};
use crate::contract::{ApiError, ClaimMappingView, ClaimPreview, ConnectionId, SaveClaimMapping};

impl Console {
    /// The claim mapping, each row with its value in a sample of the cache.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_claim_mapping(
        &self,
        request: ConnectionId,
    ) -> Result<ClaimMappingView, ApiError> {
        let connection_id = request.connection_id;
        let (row, profile) = self.profile(connection_id).await?;
        let rows = claims(&row)?;
        let samples = self
            .read(move |conn| {
                AccountKind::ALL
                    .iter()
                    .map(|kind| Ok((*kind, sample(conn, connection_id, *kind)?)))
                    .collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        Ok(ClaimMappingView {
            connection_id,
            protocol: "account-datasets".into(),
            rows: previews(&rows, &samples, &profile),
        })
    }

    /// Saves the claim mapping.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming every row that is wrong.
    pub async fn save_claim_mapping(
        &self,
        request: SaveClaimMapping,
    ) -> Result<ClaimMappingView, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let errors = check_claims(&request.rows);
        if !errors.is_empty() {
            let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
            return Err(invalid(list.join("; ")));
        }
        let text = serde_json::to_string(&request.rows).map_err(StoreError::from)?;
        let detail = serde_json::json!({ "rows": request.rows.len() }).to_string();
        self.write(move |tx| {
            connection::set_claims(tx, connection_id, &text)?;
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "save_claim_mapping",
                &row.name,
                &detail,
            )
        })
        .await?;
        self.get_claim_mapping(ConnectionId { connection_id }).await
    }
}

pub(super) fn claims(row: &connection::ConnectionRow) -> Result<Vec<ClaimRow>, ApiError> {
    match &row.claims {
        Some(text) => Ok(serde_json::from_str(text).map_err(StoreError::from)?),
        None => Ok(default_claims()),
    }
}

/// The newest accepted record of a kind, as the claims of a sign-on.
fn sample(
    conn: &zhengqiao_store::Connection,
    connection_id: i64,
    kind: AccountKind,
) -> Result<Option<Map<String, Value>>, StoreError> {
    let Some(source_id) = source::find(conn, connection_id, kind.dataset())? else {
        return Ok(None);
    };
    let filter = record::RecordFilter {
        source_ids: vec![source_id],
        state: Some(record::ACCEPTED),
        ..record::RecordFilter::default()
    };
    match record::page(conn, &filter, None, 1)?.pop() {
        Some(row) => fields(&row.fields).map(Some),
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

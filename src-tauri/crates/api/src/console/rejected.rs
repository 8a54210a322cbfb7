//! Rejected records: one in full, and what a person does with them.

use serde_json::Value;
use zhengqiao_domain::Outcome;
use zhengqiao_store::rejection::{self, HELD, REFUSED, State};
use zhengqiao_store::rejection_version::Act;
use zhengqiao_store::{Connection, StoreError, audit, undone};

use super::inbox::{narrowed, parts};
use super::{Console, actor, invalid, not_found, now_ms};
use crate::contract::{
    ApiError, BulkRequest, RejectionDetail, RejectionId, RejectionRow, RevealRequest,
};
use crate::masks;

/// Rejections of one transaction.
const BATCH_ROWS: u32 = 500;

impl Console {
    /// One rejection with its payload, fields side by side and every failed rule; masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_rejection(&self, request: RejectionId) -> Result<RejectionDetail, ApiError> {
        self.detail(request.rejection_id, false).await
    }

    /// One rejection unmasked. The reason goes into the audit log before anything is shown.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] without a reason.
    pub async fn reveal_rejection(
        &self,
        request: RevealRequest,
    ) -> Result<RejectionDetail, ApiError> {
        let reason = given_reason(&request.reason)?;
        let id = request.rejection_id;
        let found = self.read(move |conn| rejection::get(conn, id)).await?;
        let found = found.ok_or_else(|| not_found(format!("there is no rejection {id}")))?;
        let subject = format!("{} {id}", found.dataset);
        let detail = serde_json::json!({ "reason": reason }).to_string();
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "reveal_rejection",
                &subject,
                &detail,
            )
        })
        .await?;
        self.detail(id, true).await
    }

    /// Does `act` to the rejections of a request, some hundreds a transaction, and notes it.
    pub(super) async fn each_batch<F>(
        &self,
        which: &BulkRequest,
        act: &'static str,
        detail: String,
        work: F,
    ) -> Result<i64, ApiError>
    where
        F: Fn(&zhengqiao_store::Transaction<'_>, &[i64]) -> Result<i64, StoreError>
            + Send
            + Sync
            + 'static,
    {
        let work = std::sync::Arc::new(work);
        let mut changed = 0;
        let mut after = 0;
        let listed = which.rejection_ids.clone();
        let filter = which.filter.clone();
        if listed.is_empty() && filter.is_none() {
            return Err(invalid("rejection_ids: name rejections, or give a filter"));
        }
        let parts = filter.as_ref().map(parts).transpose()?;
        let mut chunks = listed
            .chunks(BATCH_ROWS as usize)
            .map(<[i64]>::to_vec)
            .collect::<Vec<_>>()
            .into_iter();
        loop {
            let ids = match (&filter, &parts) {
                (Some(filter), Some(parts)) if listed.is_empty() => {
                    let (filter, parts) = (filter.clone(), parts.clone());
                    self.read(move |conn| {
                        rejection::select_ids(
                            conn,
                            &narrowed(conn, &filter, parts)?,
                            after,
                            BATCH_ROWS,
                        )
                    })
                    .await?
                }
                _ => chunks.next().unwrap_or_default(),
            };
            let Some(last) = ids.last().copied() else {
                break;
            };
            after = last;
            let work = work.clone();
            changed += self.write(move |tx| work(tx, &ids)).await?;
        }
        let subject = if listed.is_empty() {
            serde_json::to_string(&filter).map_err(StoreError::from)?
        } else {
            format!("{listed:?}")
        };
        let detail = serde_json::json!({ "changed": changed, "request": serde_json::from_str::<Value>(&detail).unwrap_or_default() }).to_string();
        self.write(move |tx| audit::append(tx, now_ms(), &actor(), act, &subject, &detail))
            .await?;
        Ok(changed)
    }
}

/// Does a person's act to rejections, of each connection by itself: it is noted with that one's last run.
pub(super) fn per_connection(
    conn: &Connection,
    ids: &[i64],
    name: &str,
    mut work: impl FnMut(&[i64], &Act<'_>) -> Result<i64, StoreError>,
) -> Result<i64, StoreError> {
    let mut by_connection: std::collections::BTreeMap<i64, Vec<i64>> =
        std::collections::BTreeMap::new();
    for id in ids {
        if let Some(connection_id) = rejection::connection_of(conn, *id)? {
            by_connection.entry(connection_id).or_default().push(*id);
        }
    }
    let (actor, at) = (actor(), now_ms());
    let mut changed = 0;
    for (connection_id, ids) in by_connection {
        let act = Act {
            run_id: undone::last_run(conn, connection_id)?,
            actor: Some(&actor),
            act: name,
            at,
        };
        changed += work(&ids, &act)?;
    }
    Ok(changed)
}

pub(super) fn given_reason(reason: &str) -> Result<String, ApiError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(invalid("reason: give a reason of at most 500 characters"));
    }
    Ok(reason.to_owned())
}

pub(super) fn row(row: rejection::RejectionRow) -> RejectionRow {
    let id = row.dataset;
    let dataset = id.dataset();
    RejectionRow {
        rejection_id: row.id,
        connection_id: row.connection_id,
        dataset: id,
        outcome: if row.outcome == HELD {
            Outcome::Held
        } else {
            Outcome::Rejected
        },
        stage: if row.outcome == REFUSED {
            "delivery"
        } else {
            "check"
        }
        .into(),
        state: State::ALL
            .into_iter()
            .find(|state| *state as i64 == row.state)
            .map_or("open", State::as_str)
            .into(),
        title: row
            .title
            .map(|text| masks::value(id, dataset.title, &text))
            .unwrap_or_default(),
        record_key: masks::joined(id, dataset.key, &row.record_key),
        business_key: row
            .business_key
            .map(|text| masks::joined(id, dataset.business_key, &text)),
        department: row.department,
        region: row.region,
        rules: row.rules,
        first_seen_at: row.first_seen_at,
        seen_at: row.seen_at,
        seen_count: row.seen_count,
        run_id: row.run_id,
        ignored: None,
        answer: row.answer,
    }
}

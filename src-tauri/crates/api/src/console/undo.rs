//! Undoing a run: what it would do, doing it, and the list behind its numbers.

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Environment, Secrets};
use zhengqiao_store::rejection_version::Since;
use zhengqiao_store::undone::{self, KEPT, REMOVED, RESTORED};
use zhengqiao_store::{audit, run};

use super::runs::cursor;
use super::system::LARGEST_PAGE;
use super::{Console, actor, blocking, invalid, not_found, now_ms};
use crate::contract::{
    ApiError, ChangedSince, CursorBack, KeptBy, RunId, RunStarted, UndoPlan, UndoRun, UndonePage,
    UndoneRequest, UndoneRow,
};
use crate::masks;

/// The fates by their names.
const FATES: [(&str, i64); 3] = [("restored", RESTORED), ("removed", REMOVED), ("kept", KEPT)];

impl Console {
    /// What undoing a run would do: how much would be restored, removed and kept, and why kept.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when the run cannot be undone.
    pub async fn plan_undo(&self, request: RunId) -> Result<UndoPlan, ApiError> {
        let run_id = request.run_id;
        let cache = self.cache()?;
        let plan = blocking(move || zhengqiao_sync::plan_undo(&cache, run_id)).await??;
        Ok(UndoPlan {
            run_id,
            touched: plan.touched,
            restored: plan.restored,
            removed: plan.removed,
            kept: plan
                .kept
                .into_iter()
                .map(|one| KeptBy {
                    since: changed(one.since),
                    keys: one.keys,
                })
                .collect(),
            cursors: plan
                .cursors
                .into_iter()
                .map(|moved| CursorBack {
                    dataset: moved.dataset,
                    to: moved.before.as_deref().and_then(cursor),
                    moved_by: moved.moved_by,
                })
                .collect(),
        })
    }

    /// Undoes a run, as a run of its own that goes on in the background; goes on with an interrupted
    /// one.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when the run cannot be undone, or in production
    /// without the connection's name; [`crate::contract::ErrorCode::AlreadyRunning`].
    pub async fn undo_run(&self, request: UndoRun) -> Result<RunStarted, ApiError> {
        let run_id = request.run_id;
        let found = self
            .read(move |conn| run::get(conn, run_id))
            .await?
            .ok_or_else(|| not_found(format!("there is no run {run_id}")))?;
        let connection_id = found.connection_id;
        let (row, profile) = self.profile(connection_id).await?;
        if profile.environment == Environment::Production
            && request.confirm_name.as_deref() != Some(row.name.as_str())
        {
            return Err(invalid(format!(
                "confirm_name: type the name {:?} to undo a run of a production connection",
                row.name
            )));
        }
        let cache = self.cache()?;
        let registry = cache.clone();
        let started =
            blocking(move || zhengqiao_sync::start_undo(&registry, run_id, &actor(), now_ms()))
                .await??;
        let detail = serde_json::json!({ "undo": started.run_id, "resumed": started.resumed });
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "undo_run",
                &run_id.to_string(),
                &detail.to_string(),
            )
        })
        .await?;
        self.carry_out(cache, &started, connection_id, Secrets::new(None));
        Ok(RunStarted {
            run_id: started.run_id,
            resumed: started.resumed,
        })
    }

    /// A page of what an undo restored, removed or kept, masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown fate.
    pub async fn list_undone(&self, request: UndoneRequest) -> Result<UndonePage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let fate = match request.fate.as_deref() {
            None | Some("") => None,
            Some(name) => Some(
                FATES
                    .into_iter()
                    .find(|(known, _)| *known == name)
                    .ok_or_else(|| {
                        invalid(format!(
                            "fate: {name:?} is none of restored, removed and kept"
                        ))
                    })?
                    .1,
            ),
        };
        let rows = self
            .read(move |conn| {
                undone::page(
                    conn,
                    request.run_id,
                    fate,
                    request.dataset,
                    request.after.unwrap_or(0),
                    limit,
                )
            })
            .await?;
        let next = (rows.len() == limit as usize)
            .then(|| rows.last().map(|row| row.id))
            .flatten();
        Ok(UndonePage {
            rows: rows.into_iter().map(undone_row).collect(),
            next,
        })
    }
}

pub(super) fn changed(since: Since) -> ChangedSince {
    ChangedSince {
        run_id: since.run_id,
        actor: since.actor,
        act: since.act,
        at: since.at,
    }
}

fn undone_row(row: undone::UndoneRow) -> UndoneRow {
    UndoneRow {
        undone_id: row.id,
        dataset: row.dataset,
        record_key: key(row.dataset, &row.record_key),
        fate: FATES
            .into_iter()
            .find(|(_, fate)| *fate == row.fate)
            .map_or("kept", |(name, _)| name)
            .into(),
        since: row.since.map(changed),
        record_id: row.record_id,
        rejection_id: row.rejection_id,
    }
}

fn key(dataset: DatasetId, text: &str) -> String {
    masks::joined(dataset, dataset.dataset().key, text)
}

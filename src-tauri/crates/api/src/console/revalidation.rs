//! Checking rejections again as a run: the canaries, the rest, what became of each.

use serde_json::Value;
use zhengqiao_exchange::Secrets;
use zhengqiao_store::mend::{self, ItemRow, LEFT, OTHERWISE, PASSED, STILL};
use zhengqiao_store::{StoreError, audit, connection, ignore, rejection, run, undone};
use zhengqiao_sync::{MendOptions, go_on_mending, has_process, start_mending};

use super::inbox::narrowed_filter;
use super::runs::word;
use super::system::LARGEST_PAGE;
use super::{Console, actor, blocking, invalid, not_found, now_ms};
use crate::contract::{
    ApiError, BulkRequest, RevalidatedPage, RevalidatedRequest, RevalidatedRow, Revalidation,
    RunId, RunMode, RunStarted, StartRevalidation, StartSync,
};
use crate::masks;

/// How many come first unless told otherwise.
const CANARY: u32 = 20;
/// How many come first at most.
const MOST_CANARIES: u32 = 1_000;
/// The fates by their names.
const FATES: [(&str, i64); 4] = [
    ("passed", PASSED),
    ("still", STILL),
    ("otherwise", OTHERWISE),
    ("left", LEFT),
];

impl Console {
    /// Checks rejections of one connection again with the present mapping and rules: a few first, then
    /// the rest, in the background. It is a run: it is watched, cancelled, continued and undone as one.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when nothing is chosen or several connections are,
    /// [`crate::contract::ErrorCode::AlreadyRunning`] while the connection is being run.
    pub async fn start_revalidation(
        &self,
        request: StartRevalidation,
    ) -> Result<RunStarted, ApiError> {
        let which = request.which;
        if which.rejection_ids.is_empty() && which.filter.is_none() {
            return Err(invalid("rejection_ids: name rejections, or give a filter"));
        }
        let connection_id = self.whose(&which).await?;
        let canary = request.canary.unwrap_or(CANARY).clamp(1, MOST_CANARIES);
        let text = serde_json::to_string(&which).map_err(StoreError::from)?;
        let mut filter = which.filter.clone().unwrap_or_default();
        filter.connection_id = Some(connection_id);
        let filter = self
            .read(move |conn| narrowed_filter(conn, &filter))
            .await?;
        let options = MendOptions {
            connection_id,
            ids: which.rejection_ids,
            filter,
            canary,
            request: text.clone(),
            asked_by: actor(),
            now_ms: now_ms(),
        };
        let cache = self.cache()?;
        let registry = cache.clone();
        let started = blocking(move || start_mending(&registry, options)).await??;
        let run_id = started.run_id;
        let told: Value = serde_json::from_str(&text).map_err(StoreError::from)?;
        self.write(move |tx| {
            let total = mend::get(tx, run_id)?.map_or(0, |row| row.total);
            let detail =
                serde_json::json!({ "run": run_id, "rejections": total, "canary": canary });
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "revalidate_rejections",
                &told.to_string(),
                &detail.to_string(),
            )
        })
        .await?;
        self.carry_out(cache, &started, connection_id, Secrets::new(None));
        Ok(RunStarted {
            run_id,
            resumed: started.resumed,
        })
    }

    /// The one connection that rejections are chosen from.
    async fn whose(&self, which: &BulkRequest) -> Result<i64, ApiError> {
        let (ids, filter) = (which.rejection_ids.clone(), which.filter.clone());
        let told = self
            .read(move |conn| {
                let mut found = Vec::new();
                for id in &ids {
                    if let Some(connection_id) = rejection::connection_of(conn, *id)?
                        && !found.contains(&connection_id)
                    {
                        found.push(connection_id);
                    }
                }
                if let Some(filter) = filter.filter(|_| ids.is_empty()) {
                    let by_cause = match filter.cause_id {
                        Some(id) => ignore::cause_of(conn, id)?.map(|(id, ..)| id),
                        None => None,
                    };
                    match filter.connection_id.or(by_cause) {
                        Some(id) => found.push(id),
                        None => found.extend(connection::list(conn)?.iter().map(|row| row.id)),
                    }
                }
                Ok(found)
            })
            .await?;
        match told.as_slice() {
            [one] => Ok(*one),
            [] => Err(invalid("rejection_ids: there is no such rejection")),
            _ => Err(invalid(
                "filter.connection_id: choose the rejections of one connection",
            )),
        }
    }

    /// A person has looked at the canaries and lets the rest follow.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] for a run that does not ask.
    pub async fn continue_revalidation(&self, request: RunId) -> Result<RunStarted, ApiError> {
        let run_id = request.run_id;
        let row = self
            .read(move |conn| run::get(conn, run_id))
            .await?
            .ok_or_else(|| not_found(format!("there is no run {run_id}")))?;
        go_on_mending(&self.cache()?, run_id).await?;
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "continue_revalidation",
                &run_id.to_string(),
                "{}",
            )
        })
        .await?;
        self.start_sync(StartSync {
            connection_id: row.connection_id,
            datasets: Vec::new(),
            mode: RunMode::Incremental,
            scope: None,
        })
        .await
    }

    /// How a run that checks rejections again stands.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] for a run of another kind.
    pub async fn get_revalidation(&self, request: RunId) -> Result<Revalidation, ApiError> {
        let run_id = request.run_id;
        self.read(move |conn| {
            let (Some(row), Some(state)) = (run::get(conn, run_id)?, mend::get(conn, run_id)?)
            else {
                return Ok(None);
            };
            let totals = mend::totals(conn, run_id)?;
            let of = |fate: i64| {
                totals
                    .iter()
                    .find(|(known, _)| *known == fate)
                    .map_or(0, |(_, count)| *count)
            };
            let standing = undone::standing(conn, run_id)?;
            Ok(Some(Revalidation {
                run_id,
                connection_id: row.connection_id,
                state: word(&row.state, has_process(&row, now_ms())).into(),
                phase: state.phase,
                asks: state.asks,
                total: state.total,
                canary: state.canary,
                passed: of(PASSED),
                still: of(STILL),
                otherwise: of(OTHERWISE),
                left: of(LEFT),
                ended: row.ended_at.is_some(),
                undone: standing.undone_by.is_some(),
            }))
        })
        .await?
        .ok_or_else(|| not_found(format!("run {run_id} checks no rejections again")))
    }

    /// A page of what became of each rejection, masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown fate.
    pub async fn list_revalidated(
        &self,
        request: RevalidatedRequest,
    ) -> Result<RevalidatedPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let fate = match request.fate.as_deref() {
            None | Some("") => None,
            Some(name) => Some(
                FATES
                    .into_iter()
                    .find(|(known, _)| *known == name)
                    .ok_or_else(|| {
                        invalid(format!(
                            "fate: {name:?} is none of passed, still, otherwise and left"
                        ))
                    })?
                    .1,
            ),
        };
        let rows = self
            .read(move |conn| {
                mend::page(
                    conn,
                    request.run_id,
                    fate,
                    request.canary,
                    request.after.unwrap_or(0),
                    limit,
                )
            })
            .await?;
        let next = (rows.len() == limit as usize)
            .then(|| rows.last().map(|row| row.id))
            .flatten();
        Ok(RevalidatedPage {
            rows: rows.iter().map(item).collect(),
            next,
        })
    }
}

fn name_of(fate: i64) -> Option<String> {
    FATES
        .into_iter()
        .find(|(_, known)| *known == fate)
        .map(|(name, _)| name.to_owned())
}

fn item(row: &ItemRow) -> RevalidatedRow {
    let fails: Vec<(String, String)> = row
        .fails
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    RevalidatedRow {
        item_id: row.id,
        rejection_id: row.rejection_id,
        dataset: row.dataset,
        record_key: masks::joined(row.dataset, row.dataset.dataset().key, &row.record_key),
        canary: row.canary,
        predicted: row.predicted.and_then(name_of),
        fate: row.fate.and_then(name_of),
        rules: fails.into_iter().map(|(rule, _)| rule).collect(),
    }
}

//! Reconciliation: comparing, watching, re-pulling, signing off.

mod export;
mod rows;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zhengqiao_store::reconciliation_key::{self, Difference, KeyFilter};
use zhengqiao_store::{audit, reconciliation, reconciliation_cell, run};
use zhengqiao_sync::reconcile::{self, ReconcileOptions, Watch};

use self::rows::{cell, days, key, list_row};
use super::system::LARGEST_PAGE;
use super::{Console, actor, blocking, invalid, not_found, now_ms};
use crate::contract::{
    ApiError, Nothing, ReconciliationCell, ReconciliationCellsRequest, ReconciliationDetail,
    ReconciliationId, ReconciliationKeysPage, ReconciliationKeysRequest, ReconciliationProgress,
    ReconciliationRow, ReconciliationsRequest, SignReconciliation, StartReconciliation,
};

/// Between two looks at a comparison.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// The comparisons that this process works on.
#[derive(Default)]
pub(super) struct Reconciling(Mutex<HashMap<i64, Arc<Watch>>>);

impl Reconciling {
    fn get(&self, id: i64) -> Option<Arc<Watch>> {
        self.lock().get(&id).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i64, Arc<Watch>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Console {
    /// Compares a connection with the provider's counts, in the background.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming what is wrong with what was asked.
    pub async fn start_reconciliation(
        &self,
        request: StartReconciliation,
    ) -> Result<ReconciliationId, ApiError> {
        let connection_id = request.connection_id;
        let secrets = self.secrets(connection_id).await?;
        let cache = self.cache()?;
        let options = ReconcileOptions {
            connection_id,
            datasets: request.datasets,
            from: request.from.filter(|text| !text.is_empty()),
            to: request.to.filter(|text| !text.is_empty()),
            every_key: request.every_key,
            actor: actor(),
            now_ms: now_ms(),
        };
        let registry = cache.clone();
        let id = blocking(move || reconcile::start(&registry, options)).await??;
        self.in_background(id, move |watch| async move {
            match reconcile::reconcile(&cache, id, secrets, watch).await {
                Ok(()) => tracing::info!(id, "a reconciliation ended"),
                Err(error) => tracing::error!(id, %error, "a reconciliation was broken off"),
            }
        });
        Ok(ReconciliationId {
            reconciliation_id: id,
        })
    }

    fn in_background<F>(&self, id: i64, work: impl FnOnce(Arc<Watch>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let watch = Arc::new(Watch::default());
        self.0.reconciling.lock().insert(id, watch.clone());
        let (work, console) = (work(watch), self.clone());
        tokio::spawn(async move {
            work.await;
            console.0.reconciling.lock().remove(&id);
        });
    }

    /// Reads again what is missing or different, in the background; the cells are compared again.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`]; [`crate::contract::ErrorCode::InvalidRequest`] for one that was signed off or is at work.
    pub async fn repull_reconciliation(
        &self,
        request: ReconciliationId,
    ) -> Result<Nothing, ApiError> {
        let id = request.reconciliation_id;
        let row = self.reconciliation(id).await?;
        if row.signed_at.is_some() {
            return Err(invalid(format!(
                "reconciliation {id} was signed off; begin a new one"
            )));
        }
        if self.0.reconciling.get(id).is_some() {
            return Err(invalid(format!("reconciliation {id} is still at work")));
        }
        let secrets = self.secrets(row.connection_id).await?;
        let (cache, by) = (self.cache()?, actor());
        let subject = format!("reconciliation {id}");
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "repull_reconciliation",
                &subject,
                "{}",
            )
        })
        .await?;
        self.in_background(id, move |watch| async move {
            let pulled = reconcile::repull(&cache, id, secrets, &by, watch).await;
            let cause = match pulled {
                Ok(runs) => {
                    tracing::info!(id, ?runs, "what differed was read again");
                    None
                }
                Err(error) => {
                    tracing::warn!(id, %error, "what differed could not be read again");
                    Some(("repull", format!("re-pull: {error}")))
                }
            };
            let noted = cache
                .write(move |tx| {
                    let cause = cause
                        .as_ref()
                        .map(|(code, message)| (*code, message.as_str()));
                    reconciliation::finish(tx, id, cause, now_ms())
                })
                .await;
            if let Err(error) = noted {
                tracing::error!(id, %error, "the end of a re-pull could not be noted");
            }
        });
        Ok(Nothing {})
    }

    /// Asks a comparison or its re-pull to end at the next page.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] when it has ended or never was.
    pub async fn cancel_reconciliation(
        &self,
        request: ReconciliationId,
    ) -> Result<Nothing, ApiError> {
        let id = request.reconciliation_id;
        let watch = self
            .0
            .reconciling
            .get(id)
            .ok_or_else(|| not_found(format!("reconciliation {id} is not at work")))?;
        watch.cancel();
        if let Some(run_id) = watch.seen().run_id {
            self.write(move |tx| run::request_cancel(tx, run_id))
                .await?;
        }
        Ok(Nothing {})
    }

    /// Tells how a comparison or its re-pull goes on, until it ends; the last message is returned too.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn watch_reconciliation(
        &self,
        request: ReconciliationId,
        mut on_progress: impl FnMut(ReconciliationProgress) + Send,
    ) -> Result<ReconciliationProgress, ApiError> {
        let id = request.reconciliation_id;
        self.reconciliation(id).await?;
        loop {
            let watch = self.0.reconciling.get(id);
            let ended = watch.is_none();
            let seen = watch.map(|watch| watch.seen()).unwrap_or_default();
            let progress = ReconciliationProgress {
                reconciliation_id: id,
                phase: seen.phase.as_str().into(),
                dataset: seen.dataset,
                datasets_done: seen.datasets_done,
                datasets: seen.datasets,
                days_done: seen.days_done,
                days: seen.days,
                rows: seen.rows,
                ended,
            };
            on_progress(progress.clone());
            if ended {
                return Ok(progress);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn reconciliation(&self, id: i64) -> Result<reconciliation::ReconciliationRow, ApiError> {
        self.read(move |conn| reconciliation::get(conn, id))
            .await?
            .ok_or_else(|| not_found(format!("there is no reconciliation {id}")))
    }

    /// The last comparisons of a connection, newest first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_reconciliations(
        &self,
        request: ReconciliationsRequest,
    ) -> Result<Vec<ReconciliationRow>, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let busy: Vec<i64> = self.0.reconciling.lock().keys().copied().collect();
        self.read(move |conn| {
            reconciliation::page(conn, request.connection_id, limit)?
                .into_iter()
                .map(|row| list_row(conn, row, &busy))
                .collect()
        })
        .await
    }

    /// A comparison with the figures of each dataset and day.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_reconciliation(
        &self,
        request: ReconciliationId,
    ) -> Result<ReconciliationDetail, ApiError> {
        let row = self.reconciliation(request.reconciliation_id).await?;
        let busy: Vec<i64> = self.0.reconciling.lock().keys().copied().collect();
        self.read(move |conn| {
            let days = days(reconciliation_cell::list(conn, row.id, None, None)?);
            Ok(ReconciliationDetail {
                reconciliation: list_row(conn, row, &busy)?,
                days,
            })
        })
        .await
    }

    /// The departments' cells of one dataset's day.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_reconciliation_cells(
        &self,
        request: ReconciliationCellsRequest,
    ) -> Result<Vec<ReconciliationCell>, ApiError> {
        self.read(move |conn| {
            let rows = reconciliation_cell::list(
                conn,
                request.reconciliation_id,
                Some(request.dataset),
                Some(&request.day),
            )?;
            Ok(rows
                .into_iter()
                .map(|row| {
                    let department = Some(row.department.clone());
                    cell(row, department)
                })
                .collect())
        })
        .await
    }

    /// A page of the keys that differ, masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for a kind that there is not.
    pub async fn list_reconciliation_keys(
        &self,
        request: ReconciliationKeysRequest,
    ) -> Result<ReconciliationKeysPage, ApiError> {
        let kind = match request.kind.as_deref().filter(|text| !text.is_empty()) {
            None => None,
            Some(word) => Some(Difference::by_name(word).ok_or_else(|| {
                invalid(format!(
                    "kind: {word:?} is none of missing, surplus, doubled, different"
                ))
            })?),
        };
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let keys = self
            .read(move |conn| {
                let filter = KeyFilter {
                    dataset: request.dataset,
                    day: request.day.as_deref(),
                    department: request.department.as_deref(),
                    kind,
                    open: request.open,
                };
                reconciliation_key::page(
                    conn,
                    request.reconciliation_id,
                    &filter,
                    request.after.unwrap_or(0),
                    limit,
                )
            })
            .await?;
        let next = (keys.len() == limit as usize)
            .then(|| keys.last().map(|key| key.id))
            .flatten();
        Ok(ReconciliationKeysPage {
            keys: keys.into_iter().map(key).collect(),
            next,
        })
    }

    /// Signs a comparison off with a note; it is changed no more.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] without a note, or when it cannot be signed (any more).
    pub async fn sign_reconciliation(
        &self,
        request: SignReconciliation,
    ) -> Result<ReconciliationDetail, ApiError> {
        let id = request.reconciliation_id;
        let note = request.note.trim().to_owned();
        if note.is_empty() {
            return Err(invalid("note: say what was found and agreed on"));
        }
        let row = self.reconciliation(id).await?;
        if self.0.reconciling.get(id).is_some() {
            return Err(invalid(format!("reconciliation {id} is still at work")));
        }
        let signed = self
            .write(move |tx| {
                let at = now_ms();
                if row.ended_at.is_none() || !reconciliation::sign(tx, id, &actor(), &note, at)? {
                    return Ok(false);
                }
                let open: BTreeMap<&str, i64> = reconcile::open_keys(tx, id)?
                    .into_iter()
                    .map(|(kind, open)| (kind.as_str(), open))
                    .collect();
                let detail = serde_json::json!({ "note": note, "open": open }).to_string();
                let subject = format!("reconciliation {id}");
                audit::append(tx, at, &actor(), "sign_reconciliation", &subject, &detail)?;
                Ok(true)
            })
            .await?;
        if !signed {
            return Err(invalid(format!(
                "reconciliation {id} has not ended, or was signed off before; begin a new one"
            )));
        }
        self.get_reconciliation(ReconciliationId {
            reconciliation_id: id,
        })
        .await
    }
}

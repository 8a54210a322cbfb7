//! Committing what was read: one transaction for rows, counters, position, log and sign of life.

use std::sync::Arc;

use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{Check, CompiledMapping, DatasetId};
use zhengqiao_exchange::Slip;
use zhengqiao_store::run::{self, Progress, RunDatasetRow};
use zhengqiao_store::{StoreError, hold, source};

use super::read::Place;
use super::{Committed, Engine, now_ms, owner};
use crate::batch::Desk;
use crate::error::SyncError;
use crate::guard;
use crate::prepare::Prepared;
use crate::recheck;
use crate::rest;
use crate::trace;

impl Engine {
    /// One transaction: rows, counters, position, log, sign of life.
    pub(super) async fn commit(
        &self,
        part: &RunDatasetRow,
        rows: Vec<Prepared>,
        mut progress: Progress,
        place: &Place,
        slips: &[Slip],
    ) -> Result<Committed, SyncError> {
        let slips = if self.dry { slips.to_vec() } else { Vec::new() };
        let requests = self.log.take();
        let present = self.log.present();
        let position = serde_json::to_string(place).map_err(StoreError::from)?;
        let (rules, now, run_id, connection_id) = (
            self.rules.clone(),
            self.now,
            self.run.id,
            self.run.connection_id,
        );
        let (dataset, source_id) = (part.dataset, part.source_id);
        let limits = self.profile.limits.clone();
        Ok(self
            .cache
            .write(move |tx| {
                let at = now_ms();
                let check = Check::new(&rules, now);
                let mut receipts = Vec::new();
                if progress.pages > 0 {
                    let desk = Desk::new(
                        tx,
                        connection_id,
                        dataset,
                        run_id,
                        at,
                        &moment::canonical(now),
                    )?
                    .guarded(tx, &limits)?;
                    receipts = desk.commit(tx, &check, rows, &mut progress)?;
                    if !slips.is_empty() {
                        trace::slips(tx, source_id, &slips)?;
                    }
                    progress.position = Some(position);
                    run::progress(tx, run_id, source_id, &progress, at)?;
                }
                run::log_requests(tx, run_id, &requests)?;
                hold::note_request(tx, run_id, present.as_deref())?;
                let counts = run::dataset_counts(tx, run_id, source_id)?;
                Ok(Committed {
                    cancelled: run::heartbeat(tx, run_id, &owner(), at)?,
                    paused: rest::is_leaving() || hold::standing(tx, run_id)?.pause_requested,
                    guarded: limits.is_reject_rate_exceeded(counts.fetched, counts.rejected)
                        && !guard::passed_over(tx, run_id, source_id)?.contains("reject_rate"),
                    receipts,
                })
            })
            .await?)
    }

    /// Checks the held rows of a source again, and rejects those that waited too long.
    pub(super) async fn recheck(
        &self,
        dataset: DatasetId,
        source_id: i64,
        mapping: &Arc<CompiledMapping>,
    ) -> Result<(), SyncError> {
        let waiting = chrono::Duration::hours(i64::from(self.profile.limits.held_waiting_hours))
            .num_milliseconds();
        let before_ms = self.run.started_at - waiting;
        let mut after = Some(0);
        let mut more = true;
        while after.is_some() || more {
            let (rules, now, run_id, connection_id) = (
                self.rules.clone(),
                self.now,
                self.run.id,
                self.run.connection_id,
            );
            let mapping = mapping.clone();
            let outcome = self
                .cache
                .write(move |tx| {
                    let at = now_ms();
                    let check = Check::new(&rules, now);
                    let desk = Desk::new(
                        tx,
                        connection_id,
                        dataset,
                        run_id,
                        at,
                        &moment::canonical(now),
                    )?;
                    let mut progress = Progress::default();
                    let next = match after {
                        Some(after) => match recheck::due(
                            tx,
                            &desk,
                            &mapping,
                            &check,
                            &rules,
                            after,
                            &mut progress,
                        ) {
                            Ok(next) => next,
                            Err(SyncError::Store(error)) => return Err(error),
                            Err(error) => return Err(StoreError::Content(error.to_string())),
                        },
                        None => None,
                    };
                    let more = next.is_none()
                        && recheck::overdue(tx, &desk, &rules, before_ms, &mut progress)?;
                    run::progress(tx, run_id, source_id, &progress, at)?;
                    hold::sign_of_life(tx, run_id, &owner(), at)?;
                    Ok((next, more))
                })
                .await?;
            (after, more) = outcome;
        }
        Ok(())
    }

    /// Rows of datasets that the run did not read may wait for what it brought.
    pub(super) async fn recheck_others(&self, parts: &[RunDatasetRow]) -> Result<(), SyncError> {
        let connection_id = self.run.connection_id;
        let sources = self
            .cache
            .read(move |conn| source::list(conn, Some(connection_id)))
            .await?;
        for other in sources {
            let Some(described) = self.profile.datasets.get(&other.dataset) else {
                continue;
            };
            if other.held == 0 || parts.iter().any(|part| part.source_id == other.id) {
                continue;
            }
            if let Ok(mapping) = CompiledMapping::new(other.dataset, &described.mapping) {
                self.recheck(other.dataset, other.id, &Arc::new(mapping))
                    .await?;
            }
        }
        Ok(())
    }
}

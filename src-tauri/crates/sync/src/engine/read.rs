//! Reading a dataset: pages fetched, checked and committed on three stages, as often as its rows move.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use zhengqiao_domain::CompiledMapping;
use zhengqiao_domain::primitives::moment;
use zhengqiao_exchange::{
    DatasetSource, ExchangeError, Incremental, IncrementalState, Position, Scope,
};
use zhengqiao_store::run::{self, RunDatasetRow};
use zhengqiao_store::source;

use super::checking::{Checker, PAGES_AHEAD, Pages, Ready};
use super::commit::SHARE;
use super::packing::Packing;
use super::{End, Engine, now_ms};
use crate::drift::Fields;
use crate::error::SyncError;
use crate::prepare::Prepared;
use crate::replay;
use crate::state::{RunMode, StateWord};

/// Time after which a sign of life is written though nothing comes.
const COMMIT_EVERY: Duration = Duration::from_millis(700);
/// How long the writer is left to other processes after a long transaction.
const GAP: Duration = Duration::from_millis(10);
/// Readings of a dataset whose rows move between pages.
pub(super) const MAX_PASSES: i64 = 3;

/// Where a dataset of a run goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    pub walk: Position,
    pub drifted: bool,
    /// The fields of the rows that were read.
    pub fields: Fields,
}

impl Place {
    /// Goes on behind a page; gives its rows.
    pub(super) fn pass(&mut self, page: Box<Ready>) -> Vec<Prepared> {
        self.walk = page.position;
        self.drifted |= page.drifted;
        self.fields.add(page.fields);
        page.rows
    }
}

impl Engine {
    /// Reads one dataset, as often as its rows move.
    pub(super) async fn dataset(&self, part: &RunDatasetRow) -> Result<End, SyncError> {
        let Some(source) = self.profile.datasets.get(&part.dataset) else {
            let what = format!("the connection no longer carries {}", part.dataset);
            return Ok(End::Failed(ExchangeError::Settings {
                field: "datasets".into(),
                what,
            }));
        };
        let described = &self.scope.over(source);
        let mapping = match CompiledMapping::new(part.dataset, &described.mapping) {
            Ok(mapping) => Arc::new(mapping),
            Err(error) => {
                return Ok(End::Failed(ExchangeError::Settings {
                    field: "mapping".into(),
                    what: error.to_string(),
                }));
            }
        };
        let (run_id, source_id) = (part.run_id, part.source_id);
        let scope = self.scope(described, source_id).await?;
        self.cache
            .write(move |tx| {
                run::set_dataset_state(
                    tx,
                    run_id,
                    source_id,
                    StateWord::Running.as_str(),
                    None,
                    now_ms(),
                )
            })
            .await?;
        let mut place: Place = part
            .position
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let mut pass = part.pass;
        let end = loop {
            let end = self
                .pages(part, described, &mapping, &scope, &mut place)
                .await?;
            let End::Read { drifted: true, .. } = end else {
                break end;
            };
            // The rows of a dry run hold all its readings.
            if pass >= MAX_PASSES || self.replay.is_some() {
                break end;
            }
            pass += 1;
            place = Place::default();
            self.cache
                .write(move |tx| run::begin_pass(tx, run_id, source_id, pass))
                .await?;
        };
        if matches!(end, End::Read { .. }) {
            self.recheck(part.dataset, source_id, &mapping).await?;
        }
        Ok(end)
    }

    async fn scope(&self, described: &DatasetSource, source_id: i64) -> Result<Scope, SyncError> {
        if let Some(scope) = self.scope.narrowed() {
            return Ok(scope);
        }
        if self.run.mode != RunMode::Incremental.as_str() {
            return Ok(Scope::Full);
        }
        let connection_id = self.run.connection_id;
        let kept = self
            .cache
            .read(move |conn| {
                let rows = source::list(conn, Some(connection_id))?;
                Ok(rows
                    .into_iter()
                    .find(|row| row.id == source_id)
                    .and_then(|row| row.incremental_state))
            })
            .await?;
        Ok(incremental_scope(described, kept.as_deref()))
    }

    /// One reading of a dataset's pages: fetched, checked and committed on three stages.
    async fn pages(
        &self,
        part: &RunDatasetRow,
        described: &DatasetSource,
        mapping: &Arc<CompiledMapping>,
        scope: &Scope,
        place: &mut Place,
    ) -> Result<End, SyncError> {
        let (fetched, to_check) = mpsc::channel(PAGES_AHEAD);
        let resume = (place.walk != Position::default()).then(|| place.walk.clone());
        let replayed = self.replay.clone().map(|dry| (dry, place.walk.clone()));
        let dataset = part.dataset;
        let mut walk = self.provider.walk(
            part.dataset,
            described,
            scope.clone(),
            &self.run.until,
            resume,
        );
        let provider = self.provider.clone();
        let fetcher = tokio::spawn(async move {
            if let Some((dry, from)) = replayed {
                return replay::feed(dry, dataset, from, fetched).await;
            }
            loop {
                let page = provider.next(&mut walk).await.transpose();
                let ends = !matches!(page, Some(Ok(_)));
                let Some(page) = page else { break };
                if fetched.send(page).await.is_err() || ends {
                    break;
                }
            }
        });
        let checker = Checker {
            dataset,
            mapping: mapping.clone(),
            rules: self.rules.clone(),
            now: self.now,
            mostly_new: self.mostly_new.clone(),
            packing: Packing::of(&self.cache, part.source_id, self.dry).await?,
        };
        let (checker, checked) = checker.start(to_check);
        let end = self.commits(part, described, place, checked).await;
        fetcher.abort();
        checker.abort();
        end
    }

    async fn commits(
        &self,
        part: &RunDatasetRow,
        described: &DatasetSource,
        place: &mut Place,
        mut pages: Pages,
    ) -> Result<End, SyncError> {
        loop {
            let first = pages.next(COMMIT_EVERY).await;
            let begun = Instant::now();
            let taken = self.sit(part, first, pages, std::mem::take(place)).await?;
            if begun.elapsed() >= SHARE {
                tokio::time::sleep(GAP).await;
            }
            pages = taken.pages;
            *place = taken.place;
            let mut failed = taken.failed;
            // Only what is kept here is receipted; after a break before this, the rows come again.
            let told: Vec<_> = taken.slips.into_iter().zip(taken.receipts).collect();
            if !self.dry
                && let Err(error) = self
                    .provider
                    .acknowledge(part.dataset, described, told)
                    .await
            {
                failed.get_or_insert(error);
            }
            if let Some(error) = failed {
                return Ok(End::Failed(error));
            }
            if taken.ended {
                if !place.walk.ended {
                    return Err(SyncError::Interrupted(format!(
                        "{} was not read to its end",
                        part.dataset
                    )));
                }
                return Ok(End::Read {
                    cursor: place.walk.cursor.clone(),
                    drifted: place.drifted,
                });
            }
            if let Some(end) = taken.stops {
                return Ok(end);
            }
        }
    }
}

/// What an incremental reading covers: everything where nothing is known of an earlier one.
pub(crate) fn incremental_scope(described: &DatasetSource, kept: Option<&str>) -> Scope {
    let state = kept.and_then(|text| serde_json::from_str::<IncrementalState>(text).ok());
    let (Some(incremental), Some(mut state)) = (&described.incremental, state) else {
        return Scope::Full;
    };
    if let (Incremental::Window { overlap_s, .. }, Some(since)) = (incremental, &state.since)
        && let Some(moment::Parsed::At(at)) = moment::parse(since)
    {
        state.since = Some(moment::canonical(
            at - chrono::Duration::seconds(i64::from(*overlap_s)),
        ));
    }
    Scope::Incremental(state)
}

/// The fields of the rows of a part, as its position keeps them.
pub(super) fn fields_of(part: &RunDatasetRow) -> Fields {
    part.position
        .as_deref()
        .and_then(|text| serde_json::from_str::<Place>(text).ok())
        .unwrap_or_default()
        .fields
}

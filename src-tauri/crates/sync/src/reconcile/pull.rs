//! Reading again just what differs: by ids where the provider takes them, else by the days' windows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Narrowing, Secrets, reach};
use zhengqiao_store::reconciliation_key::{self, KeyFilter, KeyRow};
use zhengqiao_store::{Cache, reconciliation};

use super::look::is_healed;
use super::scope::midnight;
use super::{Bench, Phase, Watch};
use crate::engine::{self, RunOptions, now_ms};
use crate::error::SyncError;
use crate::scope::{MOST_IDS, RunScope, Window};
use crate::state::RunMode;

/// Keys read at once.
const BATCH: u32 = 1_000;

/// Reads again what is missing or different, each part as a run of its own with its scope, compares the
/// cells again, and gives the runs.
///
/// # Errors
/// [`SyncError::SignedOff`]; [`SyncError::AlreadyRunning`] while another process runs the connection; the
/// cache's. A run that fails is no error: what it did not bring is still open.
pub async fn repull(
    cache: &Cache,
    id: i64,
    secrets: Secrets,
    actor: &str,
    watch: Arc<Watch>,
) -> Result<Vec<i64>, SyncError> {
    let signed = cache
        .read(move |conn| {
            Ok(reconciliation::get(conn, id)?.is_some_and(|row| row.signed_at.is_some()))
        })
        .await?;
    if signed {
        return Err(SyncError::SignedOff(id));
    }
    watch.phase(Phase::Pulling);
    let bench = Bench::open(cache, id, secrets.clone(), watch).await?;
    let mut open: BTreeMap<DatasetId, Vec<KeyRow>> = BTreeMap::new();
    for key in bench.open_keys().await? {
        open.entry(key.dataset).or_default().push(key);
    }
    let mut runs = Vec::new();
    let total = open.len();
    for (at, (dataset, keys)) in open.into_iter().enumerate() {
        bench.check()?;
        bench.watch.dataset(dataset, at, total);
        let pullable: Vec<&KeyRow> = keys.iter().filter(|key| key.kind.can_be_pulled()).collect();
        for scope in bench.scopes(dataset, &pullable)? {
            bench.check()?;
            runs.push(bench.run(dataset, scope, &secrets, actor).await?);
        }
        bench.heal(dataset, keys).await?;
        bench.count_again(dataset).await?;
    }
    Ok(runs)
}

impl Bench {
    async fn open_keys(&self) -> Result<Vec<KeyRow>, SyncError> {
        let mut all: Vec<KeyRow> = Vec::new();
        loop {
            let (id, after) = (self.id, all.last().map_or(0, |key| key.id));
            let page = self
                .cache
                .read(move |conn| {
                    let filter = KeyFilter {
                        open: true,
                        ..KeyFilter::default()
                    };
                    reconciliation_key::page(conn, id, &filter, after, BATCH)
                })
                .await?;
            let ended = page.len() < BATCH as usize;
            all.extend(page);
            if ended {
                return Ok(all);
            }
        }
    }

    /// What is to be read for keys of a dataset.
    fn scopes(&self, dataset: DatasetId, keys: &[&KeyRow]) -> Result<Vec<RunScope>, SyncError> {
        let by_ids =
            reach(self.interface(), dataset, self.source(dataset)?).ids != Narrowing::Impossible;
        let (named, nameless): (Vec<&KeyRow>, Vec<&KeyRow>) = keys
            .iter()
            .partition(|key| by_ids && !key.record_key.is_empty());
        let ids: Vec<String> = named.iter().map(|key| key.record_key.clone()).collect();
        let mut scopes: Vec<RunScope> = ids
            .chunks(MOST_IDS)
            .map(|ids| RunScope {
                ids: ids.to_vec(),
                ..RunScope::default()
            })
            .collect();
        let days: BTreeSet<NaiveDate> = nameless
            .iter()
            .filter_map(|key| NaiveDate::parse_from_str(&key.day, "%Y-%m-%d").ok())
            .collect();
        let mut windows: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        for day in days {
            match windows.last_mut() {
                Some((_, end)) if *end == day => *end = day + Duration::days(1),
                _ => windows.push((day, day + Duration::days(1))),
            }
        }
        scopes.extend(windows.into_iter().map(|(from, to)| RunScope {
            window: Some(Window {
                from: midnight(from),
                to: midnight(to),
            }),
            ..RunScope::default()
        }));
        Ok(scopes)
    }

    /// Runs one scope to its end. A run that was interrupted before is brought to its end first.
    async fn run(
        &self,
        dataset: DatasetId,
        scope: RunScope,
        secrets: &Secrets,
        actor: &str,
    ) -> Result<i64, SyncError> {
        loop {
            self.check()?;
            let options = RunOptions {
                datasets: vec![dataset],
                scope: scope.clone(),
                asked_by: format!("{actor} (reconciliation {})", self.id),
                ..RunOptions::new(self.connection_id, RunMode::Incremental, now_ms())
            };
            let cache = self.cache.clone();
            let started = tokio::task::spawn_blocking(move || engine::start(&cache, options))
                .await
                .map_err(|error| SyncError::Interrupted(error.to_string()))??;
            self.watch.run(Some(started.run_id));
            engine::run(&self.cache, started.run_id, secrets.clone()).await?;
            self.watch.run(None);
            if !started.resumed {
                return Ok(started.run_id);
            }
        }
    }

    /// Notes which keys are here now as the provider sent them.
    async fn heal(&self, dataset: DatasetId, keys: Vec<KeyRow>) -> Result<(), SyncError> {
        let source_id = self.source_id(dataset).await?;
        self.cache
            .write(move |tx| {
                for key in &keys {
                    if is_healed(tx, source_id, key)? {
                        reconciliation_key::heal(tx, key.id, now_ms())?;
                    }
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

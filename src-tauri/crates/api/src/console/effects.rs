//! What a change would do to everything that is cached, computed in the background.
//!
//! A computation goes on when the screen that began it is left; whoever asks for its number sees how far
//! it is. It changes nothing and holds no lock. The last few are kept until the program ends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zhengqiao_domain::{CompiledMapping, DatasetId, MendStep, Mendable};
use zhengqiao_exchange::{Environment, Profile};
use zhengqiao_store::{Connection, StoreError, connection, source, source_field, undone};
use zhengqiao_sync::{self as sync, Change, EffectNumber, Watch, compute_effect};

use super::system::LARGEST_PAGE;
use super::{Console, blocking, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, DatasetEffect, Effect, EffectCount, EffectId, EffectRow, EffectRowsPage,
    EffectRowsRequest, Nothing, RuleCount, StartEffect,
};
use crate::masks;

/// Computations that are kept.
const KEPT: usize = 6;
/// Between two looks at how far one is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Computations of this program, the latest last.
#[derive(Default)]
pub(super) struct Effects {
    jobs: VecDeque<Arc<Job>>,
    last: i64,
}

struct Job {
    id: i64,
    connection_id: i64,
    connection: String,
    environment: Environment,
    steps: Vec<MendStep>,
    profile_version: i64,
    last_run: i64,
    begun_at: i64,
    total: u64,
    cancelled: AtomicBool,
    state: Mutex<JobState>,
}

#[derive(Default)]
struct JobState {
    effects: BTreeMap<DatasetId, sync::Effect>,
    ended_at: Option<i64>,
    failed: Option<String>,
}

impl Job {
    fn state(&self) -> std::sync::MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Job {
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn tell(&self, dataset: DatasetId, effect: &sync::Effect) {
        self.state().effects.insert(dataset, effect.clone());
    }
}

/// What steps change of a profile, with what is known of the provider's rows.
pub(super) fn mendable(
    conn: &Connection,
    connection_id: i64,
    profile: &Profile,
) -> Result<Mendable, StoreError> {
    let mut found = Mendable {
        rules: profile.rules.clone(),
        ..Mendable::default()
    };
    for (dataset, described) in &profile.datasets {
        found.mappings.insert(*dataset, described.mapping.clone());
        if let Some(source_id) = source::find(conn, connection_id, *dataset)? {
            let names: std::collections::BTreeSet<String> = source_field::list(conn, source_id)?
                .into_iter()
                .map(|field| field.name)
                .collect();
            if !names.is_empty() {
                found.sources.insert(*dataset, names);
            }
        }
    }
    Ok(found)
}

impl Console {
    /// Computes what a change would do to everything that is cached; it goes on in the background.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for a change that cannot be made, naming the step.
    pub async fn start_effect(&self, request: StartEffect) -> Result<EffectId, ApiError> {
        let connection_id = request.connection_id;
        let (row, profile) = self.profile(connection_id).await?;
        let own = profile.clone();
        let present = self
            .read(move |conn| mendable(conn, connection_id, &own))
            .await?;
        let mut changed = present.clone();
        if let Some(rules) = request.rules {
            rules
                .validate()
                .map_err(|error| invalid(error.to_string()))?;
            changed.rules = rules;
        }
        if let (Some(mapping), Some(dataset)) = (request.mapping, request.dataset) {
            CompiledMapping::new(dataset, &mapping).map_err(|error| invalid(error.to_string()))?;
            changed.mappings.insert(dataset, mapping);
        }
        for (at, step) in request.steps.iter().enumerate() {
            changed
                .apply(step)
                .map_err(|problem| invalid(format!("steps[{at}]: {}", problem_code(problem))))?;
        }
        let only = match request.dataset {
            Some(dataset) => vec![dataset],
            // A step without a dataset is one of the rules, which all of them share.
            None if request.steps.iter().any(|step| step.dataset().is_none()) => Vec::new(),
            None => request.steps.iter().filter_map(MendStep::dataset).collect(),
        };
        changed
            .mappings
            .retain(|dataset, _| only.is_empty() || only.contains(dataset));
        let datasets: Vec<DatasetId> = changed.mappings.keys().copied().collect();
        let (total, last_run) = self
            .read(move |conn| {
                let mut total = 0;
                for one in source::list(conn, Some(connection_id))? {
                    if datasets.contains(&one.dataset) {
                        total += one.accepted + one.rejected + one.held;
                    }
                }
                Ok((total, undone::last_run(conn, connection_id)?))
            })
            .await?;
        let begun_at = now_ms();
        let job = {
            let mut effects = self.effects();
            effects.last += 1;
            let job = Arc::new(Job {
                id: effects.last,
                connection_id,
                connection: row.name,
                environment: profile.environment,
                steps: request.steps,
                profile_version: row.profile_version,
                last_run,
                begun_at,
                total: u64::try_from(total).unwrap_or(0),
                cancelled: AtomicBool::new(false),
                state: Mutex::default(),
            });
            effects.jobs.push_back(job.clone());
            while effects.jobs.len() > KEPT {
                if let Some(old) = effects.jobs.pop_front() {
                    old.cancelled.store(true, Ordering::Relaxed);
                }
            }
            job
        };
        let change = Change {
            connection_id,
            rules: changed.rules,
            mappings: changed.mappings,
            present_rules: present.rules,
            present_mappings: present.mappings,
            now: now_local(),
            now_ms: begun_at,
        };
        let (cache, id) = (self.cache()?, job.id);
        tokio::spawn(async move {
            let work = job.clone();
            let outcome = blocking(move || compute_effect(&cache, &change, work.as_ref())).await;
            let failed = match outcome {
                Ok(Ok(Ok(effects))) => {
                    job.state().effects.extend(effects);
                    None
                }
                Ok(Ok(Err(error))) => Some(error.to_string()),
                Ok(Err(error)) => Some(error.to_string()),
                Err(error) => Some(error.message),
            };
            let mut state = job.state();
            state.failed = failed;
            state.ended_at = Some(now_ms());
        });
        Ok(EffectId { effect_id: id })
    }

    fn effects(&self) -> std::sync::MutexGuard<'_, Effects> {
        self.0
            .effects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn job(&self, id: i64) -> Result<Arc<Job>, ApiError> {
        self.effects()
            .jobs
            .iter()
            .find(|job| job.id == id)
            .cloned()
            .ok_or_else(|| not_found(format!("there is no computation {id} any more")))
    }

    /// Tells how a computation goes on, until it ends; the last message is returned as well.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn watch_effect(
        &self,
        request: EffectId,
        mut on_progress: impl FnMut(Effect) + Send,
    ) -> Result<Effect, ApiError> {
        let job = self.job(request.effect_id)?;
        loop {
            let effect = self.seen(&job).await?;
            on_progress(effect.clone());
            if effect.ended_at.is_some() {
                return Ok(effect);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends a computation; what it has found so far stays.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub fn cancel_effect(&self, request: EffectId) -> Result<Nothing, ApiError> {
        self.job(request.effect_id)?
            .cancelled
            .store(true, Ordering::Relaxed);
        Ok(Nothing {})
    }

    /// The computations of this program, the latest first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_effects(&self, _request: Nothing) -> Result<Vec<Effect>, ApiError> {
        let jobs: Vec<_> = self.effects().jobs.iter().rev().cloned().collect();
        let mut list = Vec::with_capacity(jobs.len());
        for job in jobs {
            list.push(self.seen(&job).await?);
        }
        Ok(list)
    }

    async fn seen(&self, job: &Arc<Job>) -> Result<Effect, ApiError> {
        let connection_id = job.connection_id;
        let (version, last_run) = self
            .read(move |conn| {
                let row = connection::get(conn, connection_id)?;
                Ok((
                    row.map(|row| row.profile_version),
                    undone::last_run(conn, connection_id)?,
                ))
            })
            .await?;
        let state = job.state();
        let datasets: Vec<DatasetEffect> = state
            .effects
            .iter()
            .map(|(dataset, effect)| dataset_effect(*dataset, effect))
            .collect();
        let word = match (&state.failed, state.ended_at) {
            (Some(_), _) => "failed",
            (None, None) => "running",
            (None, Some(_)) if job.is_cancelled() => "cancelled",
            (None, Some(_)) => "done",
        };
        Ok(Effect {
            effect_id: job.id,
            connection_id,
            connection: job.connection.clone(),
            environment: job.environment,
            steps: job.steps.clone(),
            profile_version: job.profile_version,
            last_run: job.last_run,
            stale: version != Some(job.profile_version) || last_run != job.last_run,
            state: word.into(),
            message: state.failed.clone(),
            begun_at: job.begun_at,
            ended_at: state.ended_at,
            looked: datasets.iter().map(|one| one.rejected + one.accepted).sum(),
            total: job.total,
            datasets,
        })
    }

    /// Records behind a number of a computation that has ended, masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub fn list_effect_rows(
        &self,
        request: &EffectRowsRequest,
    ) -> Result<EffectRowsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE) as usize;
        let job = self.job(request.effect_id)?;
        let state = job.state();
        let number = match request.number {
            EffectCount::WouldPass => EffectNumber::WouldPass,
            EffectCount::StillFail => EffectNumber::StillFail,
            EffectCount::FailOtherwise => EffectNumber::FailOtherwise,
            EffectCount::WouldChange => EffectNumber::WouldChange,
            EffectCount::WouldFail => EffectNumber::WouldFail,
        };
        let kept = state
            .effects
            .get(&request.dataset)
            .and_then(|effect| effect.samples.get(&number));
        let Some(kept) = kept else {
            return Ok(EffectRowsPage {
                rows: Vec::new(),
                next: None,
                kept: 0,
            });
        };
        let dataset = request.dataset;
        let after = request.after.unwrap_or(i64::MIN);
        let rows: Vec<EffectRow> = kept
            .values()
            .filter(|sample| sample.id > after)
            .take(limit)
            .map(|sample| EffectRow {
                id: sample.id,
                record_key: masks::joined(dataset, dataset.dataset().key, &sample.record_key),
                title: masks::value(dataset, dataset.dataset().title, &sample.title),
                rules: sample.fails.iter().map(|(rule, _)| rule.clone()).collect(),
            })
            .collect();
        Ok(EffectRowsPage {
            next: (rows.len() == limit)
                .then(|| rows.last().map(|row| row.id))
                .flatten(),
            rows,
            kept: kept.len() as u64,
        })
    }
}

/// A problem's code.
pub(super) fn problem_code(problem: zhengqiao_domain::StepProblem) -> String {
    serde_json::to_value(problem)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn dataset_effect(dataset: DatasetId, effect: &sync::Effect) -> DatasetEffect {
    let rules = |counts: &BTreeMap<(String, String), u64>| {
        let mut list: Vec<RuleCount> = counts
            .iter()
            .map(|((rule, field), records)| RuleCount {
                rule: rule.clone(),
                field: field.clone(),
                records: *records,
            })
            .collect();
        list.sort_by_key(|one| std::cmp::Reverse(one.records));
        list
    };
    DatasetEffect {
        dataset,
        rejected: effect.rejected,
        would_pass: effect.would_pass,
        still_fail: effect.still_fail,
        fail_otherwise: effect.fail_otherwise,
        accepted: effect.accepted,
        would_change: effect.would_change,
        would_fail: effect.would_fail,
        fail_rules: rules(&effect.fail_rules),
        other_rules: rules(&effect.other_rules),
        done: effect.done,
    }
}

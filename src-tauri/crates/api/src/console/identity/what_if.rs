//! What a changed mapping or policy would do to everyone, computed in the background.
//!
//! Both sides are read and reviewed at the same time, one on each core, and kept as compact standings.
//! A trial changes nothing and holds no lock; the last few are kept until the program ends.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zhengqiao_domain::primitives::masking::identity_key;
use zhengqiao_exchange::Environment;
use zhengqiao_identity::{AccountReader, RoleNames, Standing, Touched, WhatIf, compare, standings};
use zhengqiao_store::{StoreError, identity_version, undone};

use super::super::system::LARGEST_PAGE;
use super::super::{Console, blocking, invalid, not_found, now_local, now_ms};
use super::{population, settings};
use crate::contract::{
    ApiError, IdentitySettings, Nothing, StartWhatIf, WhatIfId, WhatIfRow, WhatIfRowsPage,
    WhatIfRowsRequest, WhatIfSide, WhatIfView,
};
use crate::masks;

/// Trials that are kept.
const KEPT: usize = 4;

/// Trials of this program, the latest last.
#[derive(Default)]
pub(in super::super) struct WhatIfs {
    jobs: VecDeque<Arc<Job>>,
    last: i64,
}

/// A trial.
pub(super) struct Job {
    id: i64,
    pub(super) connection_id: i64,
    connection: String,
    environment: Environment,
    pub(super) based_on: i64,
    pub(super) before: IdentitySettings,
    pub(super) after: IdentitySettings,
    last_run: i64,
    begun_at: i64,
    total: u64,
    looked: AtomicU64,
    cancelled: AtomicBool,
    state: Mutex<JobState>,
}

#[derive(Default)]
pub(super) struct JobState {
    pub(super) found: Option<Arc<WhatIf>>,
    ended_at: Option<i64>,
    failed: Option<String>,
}

impl Job {
    pub(super) fn state(&self) -> std::sync::MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn goes_on(&self) -> bool {
        self.looked.fetch_add(1, Ordering::Relaxed);
        !self.is_cancelled()
    }
}

impl Console {
    /// Tries settings on everyone; it goes on in the background.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for settings that may not be saved, naming row
    /// and value.
    pub async fn start_what_if(&self, request: StartWhatIf) -> Result<WhatIfId, ApiError> {
        let connection_id = request.connection_id;
        let (row, profile) = self.profile(connection_id).await?;
        settings::refuse(&settings::problems(&request.settings))?;
        let accounts_from = row.accounts_from.unwrap_or(connection_id);
        let (size, last_run, based_on) = self
            .read(move |conn| {
                Ok((
                    population::size(conn, connection_id, accounts_from)?,
                    undone::last_run(conn, connection_id)?,
                    identity_version::present(conn, connection_id)?,
                ))
            })
            .await?;
        let before = settings::of(&row)?;
        let job = {
            let mut all = self.what_ifs();
            all.last += 1;
            let job = Arc::new(Job {
                id: all.last,
                connection_id,
                connection: row.name,
                environment: profile.environment,
                based_on,
                before,
                after: request.settings,
                last_run,
                begun_at: now_ms(),
                total: size * 2,
                looked: AtomicU64::new(0),
                cancelled: AtomicBool::new(false),
                state: Mutex::default(),
            });
            all.jobs.push_back(job.clone());
            while all.jobs.len() > KEPT {
                if let Some(old) = all.jobs.pop_front() {
                    old.cancelled.store(true, Ordering::Relaxed);
                }
            }
            job
        };
        let what_if_id = job.id;
        let console = self.clone();
        tokio::spawn(async move {
            let outcome = console.try_out(&job, accounts_from).await;
            let mut state = job.state();
            match outcome {
                Ok(found) => state.found = found.map(Arc::new),
                Err(error) => state.failed = Some(error.message),
            }
            state.ended_at = Some(now_ms());
        });
        Ok(WhatIfId { what_if_id })
    }

    /// Both sides and their comparison; `None` when it was cancelled.
    async fn try_out(
        &self,
        job: &Arc<Job>,
        accounts_from: i64,
    ) -> Result<Option<WhatIf>, ApiError> {
        let mut hash_key = [0; 32];
        getrandom::fill(&mut hash_key)
            .map_err(|error| StoreError::Content(format!("no random numbers: {error}")))?;
        let names = RoleNames::of(&job.before.policy, &job.after.policy);
        let (before, after) = tokio::try_join!(
            self.stand_under(job, &job.before, accounts_from, hash_key, &names),
            self.stand_under(job, &job.after, accounts_from, hash_key, &names),
        )?;
        if job.is_cancelled() {
            return Ok(None);
        }
        blocking(move || Some(compare(before, after, names))).await
    }

    /// How everybody stands under settings.
    async fn stand_under(
        &self,
        job: &Arc<Job>,
        settings: &IdentitySettings,
        accounts_from: i64,
        hash_key: [u8; 32],
        names: &RoleNames,
    ) -> Result<Vec<Standing>, ApiError> {
        let reader = AccountReader::of(&settings.policy, &settings.claims, hash_key)
            .map_err(|error| invalid(error.to_string()))?;
        let (watched, connection_id) = (job.clone(), job.connection_id);
        let everybody = self
            .read(move |conn| {
                population::read(conn, connection_id, accounts_from, &reader, &|| {
                    watched.goes_on()
                })
            })
            .await?;
        if job.is_cancelled() {
            return Ok(Vec::new());
        }
        let (policy, names) = (settings.policy.clone(), names.clone());
        let today = now_local().date();
        blocking(move || {
            let mut list = standings(
                everybody.identities,
                everybody.accounts,
                &policy,
                today,
                &names,
            );
            for one in &mut list {
                one.person = one
                    .holder()
                    .and_then(|key| everybody.records.get(&population::place(one.kind, key)))
                    .copied();
            }
            list
        })
        .await
    }

    fn what_ifs(&self) -> std::sync::MutexGuard<'_, WhatIfs> {
        self.0
            .what_ifs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn what_if(&self, id: i64) -> Result<Arc<Job>, ApiError> {
        self.what_ifs()
            .jobs
            .iter()
            .find(|job| job.id == id)
            .cloned()
            .ok_or_else(|| not_found(format!("there is no trial {id} any more; start it again")))
    }

    /// A trial as it stands.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_what_if(&self, request: WhatIfId) -> Result<WhatIfView, ApiError> {
        let job = self.what_if(request.what_if_id)?;
        let connection_id = job.connection_id;
        let (version, last_run) = self
            .read(move |conn| {
                Ok((
                    identity_version::present(conn, connection_id)?,
                    undone::last_run(conn, connection_id)?,
                ))
            })
            .await?;
        let state = job.state();
        let word = match (&state.failed, state.ended_at) {
            (Some(_), _) => "failed",
            (None, None) => "running",
            (None, Some(_)) if job.is_cancelled() => "cancelled",
            (None, Some(_)) => "done",
        };
        Ok(WhatIfView {
            what_if_id: job.id,
            connection_id,
            connection: job.connection.clone(),
            environment: job.environment,
            based_on: job.based_on,
            differences: settings::between(&job.before, &job.after),
            state: word.into(),
            message: state.failed.clone(),
            stale: version != job.based_on || last_run != job.last_run,
            begun_at: job.begun_at,
            ended_at: state.ended_at,
            looked: job.looked.load(Ordering::Relaxed).min(job.total),
            total: job.total,
            numbers: state.found.as_ref().map(|found| found.numbers.clone()),
        })
    }

    /// Ends a trial.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub fn cancel_what_if(&self, request: WhatIfId) -> Result<Nothing, ApiError> {
        let job = self.what_if(request.what_if_id)?;
        if job.state().ended_at.is_none() {
            job.cancelled.store(true, Ordering::Relaxed);
        }
        Ok(Nothing {})
    }

    /// Accounts behind a number of a trial that is done, masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub fn list_what_if_rows(
        &self,
        request: &WhatIfRowsRequest,
    ) -> Result<WhatIfRowsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE) as usize;
        let job = self.what_if(request.what_if_id)?;
        let found = job.state().found.clone();
        let Some(found) = found else {
            return Err(not_found(format!(
                "trial {} has no numbers yet; wait until it is done",
                request.what_if_id
            )));
        };
        let rows: Vec<WhatIfRow> = found
            .behind(&request.number, request.after.as_deref())
            .take(limit)
            .map(|touched| shown(touched, found.role_names()))
            .collect();
        Ok(WhatIfRowsPage {
            next: (rows.len() == limit)
                .then(|| rows.last().map(|row| row.account_id.clone()))
                .flatten(),
            rows,
        })
    }
}

fn shown(touched: &Touched, names: &RoleNames) -> WhatIfRow {
    let before = &touched.before;
    WhatIfRow {
        account_id: before.account_id.to_string(),
        kind: before.kind,
        account_title: before
            .account_title
            .as_deref()
            .map(|title| masks::title(before.kind.dataset(), title)),
        before: side(before, names),
        after: side(&touched.after, names),
    }
}

fn side(standing: &Standing, names: &RoleNames) -> WhatIfSide {
    WhatIfSide {
        state: standing.state,
        identity_key: standing.identity_key.as_deref().map(identity_key),
        identity_title: standing
            .identity_title
            .as_deref()
            .map(|title| masks::title(standing.kind.dataset(), title)),
        conflicts: standing.conflicts(),
        roles: standing.roles(names),
    }
}

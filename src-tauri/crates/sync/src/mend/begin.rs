//! Registering a run that checks rejections again: which, which of them first, what is expected of those.

use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{Check, Rule};
use zhengqiao_exchange::Profile;
use zhengqiao_store::mend::{self, MendRow, NewItem};
use zhengqiao_store::rejection::{self, RejectionFilter};
use zhengqiao_store::run::{self, NewRun};
use zhengqiao_store::{Cache, StoreError, Transaction, connection, source, undone};

use super::{REVALIDATION, Rulings, again};
use crate::batch::Desk;
use crate::engine::{Started, already_running, has_process, local, owner, rule_set};
use crate::error::SyncError;
use crate::judge::Under;

/// What is to be checked again.
#[derive(Debug, Clone)]
pub struct MendOptions {
    /// The connection.
    pub connection_id: i64,
    /// These rejections; empty means all in the filter.
    pub ids: Vec<i64>,
    /// Used where no ids are given.
    pub filter: RejectionFilter,
    /// How many come first.
    pub canary: u32,
    /// As it was asked for, as JSON text.
    pub request: String,
    /// Who asked for it.
    pub asked_by: String,
    /// Now, unix ms.
    pub now_ms: i64,
}

/// Whether withdrawals that a guard holds are let through: only where they were named one by one, or
/// are what was filtered for.
pub(super) fn releases(filter: Option<&RejectionFilter>) -> bool {
    filter.is_none_or(|filter| filter.rule.as_deref() == Some(Rule::WithdrawalLimit.code()))
}

/// Registers a run that checks rejections again; [`crate::run`] carries it out.
///
/// # Errors
/// [`SyncError::AlreadyRunning`], [`SyncError::Unfinished`], [`SyncError::NothingChosen`].
pub fn start(cache: &Cache, mut options: MendOptions) -> Result<Started, SyncError> {
    // Counting may take a while: the writer does not wait for it.
    let (sources, total) = cache.read_blocking(|conn| {
        let sources: Vec<i64> = source::list(conn, Some(options.connection_id))?
            .into_iter()
            .map(|source| source.id)
            .collect();
        let chosen = options.filter.source_ids.take();
        options.filter.source_ids = Some(match chosen {
            Some(ids) => ids.into_iter().filter(|id| sources.contains(id)).collect(),
            None => sources.clone(),
        });
        let total = if options.ids.is_empty() {
            rejection::count(conn, &options.filter)?
        } else {
            0
        };
        Ok((sources, total))
    })?;
    cache.write_blocking(move |tx| register(tx, &options, &sources, total))?
}

fn register(
    tx: &Transaction<'_>,
    options: &MendOptions,
    sources: &[i64],
    total: i64,
) -> Result<Result<Started, SyncError>, StoreError> {
    let connection_id = options.connection_id;
    let Some(row) = connection::get(tx, connection_id)? else {
        return Ok(Err(SyncError::NoConnection(connection_id)));
    };
    if let Some(active) = run::unfinished(tx, connection_id)? {
        return Ok(Err(if has_process(&active, options.now_ms) {
            already_running(&active)
        } else {
            SyncError::Unfinished(active.id)
        }));
    }
    let named = !options.ids.is_empty();
    let filter = options.filter.clone();
    let upto = rejection::greatest_id(tx)?;
    let (first, total) = if named {
        let mut ids = options.ids.clone();
        ids.sort_unstable();
        ids.dedup();
        let total = ids.len() as i64;
        (ids, total)
    } else {
        (rejection::ends(tx, &filter, options.canary.max(1))?, total)
    };
    let mut rows = Vec::new();
    for id in first {
        if let Some(found) = rejection::get(tx, id)?.filter(|row| sources.contains(&row.source_id))
        {
            rows.push(found);
        }
    }
    if rows.is_empty() {
        return Ok(Err(SyncError::NothingChosen));
    }
    let profile: Profile = serde_json::from_str(&row.profile)?;
    let until = moment::canonical(local(options.now_ms));
    let run_id = run::insert(
        tx,
        &NewRun {
            connection_id,
            mode: REVALIDATION,
            at: options.now_ms,
            owner: &owner(),
            until: &until,
            profile_version: row.profile_version,
            rule_set: &rule_set(&profile)?,
        },
    )?;
    undone::set_asked_by(tx, run_id, &options.asked_by)?;
    let kept = (!named).then_some(filter);
    mend::insert(
        tx,
        run_id,
        &MendRow {
            request: options.request.clone(),
            filter: kept.clone(),
            upto,
            after_id: 0,
            total,
            canary: i64::from(options.canary),
            phase: "canary".into(),
            asks: None,
        },
    )?;
    let rulings = Rulings::of(&profile);
    let check = Check::new(&rulings.rules, local(options.now_ms));
    let canaries = options.canary.max(1) as usize;
    for (at, found) in rows.into_iter().enumerate() {
        run::ensure_dataset(tx, run_id, found.source_id, found.dataset, options.now_ms)?;
        let canary = at < canaries;
        let predicted = match rulings.mappings.get(&found.dataset) {
            Some(mapping) if canary => {
                let desk = Desk::reading(
                    tx,
                    connection_id,
                    found.dataset,
                    found.source_id,
                    options.now_ms,
                    &until,
                )?;
                let lets = releases(kept.as_ref());
                let under = Under {
                    mapping,
                    check: &check,
                    rules: &rulings.rules,
                };
                again::predict(tx, &desk, &under, found.id, lets)?
            }
            _ => None,
        };
        mend::add(
            tx,
            run_id,
            &NewItem {
                rejection_id: found.id,
                canary,
                predicted,
                dataset: found.dataset,
                record_key: found.record_key,
            },
        )?;
    }
    Ok(Ok(Started {
        run_id,
        resumed: false,
    }))
}

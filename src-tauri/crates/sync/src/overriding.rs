//! Override (覆盖): a person's edited copy of a rejected row takes its place in the cache.
//!
//! The row as it was received stays with the rejection and with the record; only mapped fields are
//! edited, and never those of the key. The edited copy passes the same rules as any row, or nothing is
//! written. It stands until the provider's own correction comes, or until a person revokes it.

use std::collections::BTreeMap;

use zhengqiao_domain::{Check, CompiledMapping, DatasetId, Finding, Outcome, RuleSet, Slot};
use zhengqiao_store::record::{self, ACCEPTED};
use zhengqiao_store::rejection::{self, REJECTED, State};
use zhengqiao_store::{Connection, StoreError, Transaction, record_version, source};

use crate::batch::Desk;
use crate::error::SyncError;
use crate::prepare::{Prepared, finish, prepare};
use crate::sitting::{ParentCache, Totals};

/// How a record is marked that a person's edited copy became.
pub const OVERRIDE: &str = "override";
/// How a record is marked that was there before a revoked override.
const REVOKED: &str = "revoked";

/// New values by field; `None` empties one.
pub type Edits = BTreeMap<String, Option<String>>;

/// What an edited copy would be found with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What would become of it.
    pub outcome: Outcome,
    /// What it would be found with.
    pub findings: Vec<Finding>,
}

fn refused(field: &str, what: impl Into<String>) -> SyncError {
    SyncError::Override {
        field: field.to_owned(),
        what: what.into(),
    }
}

/// The edited copy of a rejection's row, judged with its neighbours.
fn edited(
    conn: &Connection,
    desk: &Desk,
    mapping: &CompiledMapping,
    check: &Check<'_>,
    rules: &RuleSet,
    rejection_id: i64,
    edits: &Edits,
) -> Result<Prepared, SyncError> {
    let Some((raw, _, _)) = rejection::payload(conn, rejection_id)? else {
        return Err(refused("rejection_id", "there is no such rejection"));
    };
    let head = rejection::head(conn, rejection_id)?;
    if head.is_none_or(|head| head.outcome != REJECTED || head.state == State::Resolved as i64) {
        return Err(refused(
            "rejection_id",
            "only what the rules rejected and nobody resolved can be overridden",
        ));
    }
    let row = prepare(&raw, mapping, desk.dataset, check, rules);
    if row.key.is_empty() || row.withdraws {
        return Err(refused(
            "rejection_id",
            "a row without its key, or one that withdraws, cannot be overridden; report it to the provider",
        ));
    }
    let mut record = row.record;
    for (field, value) in edits {
        let at = position(desk.dataset, field)?;
        record.slots[at] = match value.as_deref().map(str::trim) {
            None | Some("") => Slot::Missing,
            Some(text) => Slot::Value(text.into()),
        };
    }
    let findings = check.own(&record);
    let mut row = finish(raw.into(), record, findings, desk.dataset, rules, false);
    desk.add_neighbours(conn, check, &mut row, &mut ParentCache::default(), |_| true)?;
    Ok(row)
}

/// Where a field is that may be edited.
fn position(id: DatasetId, field: &str) -> Result<usize, SyncError> {
    let dataset = id.dataset();
    if dataset.key.contains(&field) || Some(field) == dataset.version {
        return Err(refused(field, "it says which record this is and stays"));
    }
    dataset
        .position(field)
        .ok_or_else(|| refused(field, format!("{id} has no such field")))
}

/// What an edited copy would be found with; nothing is written.
///
/// # Errors
/// [`SyncError::Override`] naming what cannot be edited, or the cache's.
pub fn try_override(
    conn: &Connection,
    desk: &Desk,
    mapping: &CompiledMapping,
    check: &Check<'_>,
    rules: &RuleSet,
    rejection_id: i64,
    edits: &Edits,
) -> Result<Tried, SyncError> {
    let row = edited(conn, desk, mapping, check, rules, rejection_id, edits)?;
    Ok(Tried {
        outcome: Outcome::of(&row.findings),
        findings: row.findings,
    })
}

/// Puts an edited copy into the cache and marks its rejection overridden; where it does not pass the
/// rules, nothing is written.
///
/// # Errors
/// As [`try_override`].
#[allow(
    clippy::too_many_arguments,
    reason = "what a check needs, and what is written"
)]
pub fn override_rejection(
    tx: &Transaction<'_>,
    desk: &Desk,
    mapping: &CompiledMapping,
    check: &Check<'_>,
    rules: &RuleSet,
    rejection_id: i64,
    edits: &Edits,
    reason: &str,
) -> Result<Tried, SyncError> {
    let row = edited(tx, desk, mapping, check, rules, rejection_id, edits)?;
    let tried = Tried {
        outcome: Outcome::of(&row.findings),
        findings: row.findings.clone(),
    };
    if tried.outcome != Outcome::Accepted {
        return Ok(tried);
    }
    let head = record::find(tx, desk.source_id, &row.key_hash)?;
    let mut totals = Totals::default();
    desk.put(
        tx,
        &row,
        head.map(|head| (head.id, head.state)),
        &mut totals,
    )?;
    source::bump(tx, desk.source_id, totals.accepted, totals.withdrawn)?;
    if let Some(head) = rejection::head(tx, rejection_id)? {
        desk.keep_rejection(tx, &head)?;
    }
    rejection::set_overridden(tx, rejection_id, Some(reason))?;
    Ok(tried)
}

/// Takes an override back: the record is as it was before it, or gone, and the rejection open.
///
/// # Errors
/// [`SyncError::Override`] where there is none, or the cache's.
pub fn revoke_override(
    tx: &Transaction<'_>,
    desk: &Desk,
    rejection_id: i64,
) -> Result<(), SyncError> {
    let head = rejection::head(tx, rejection_id)?
        .filter(|head| head.state == State::Overridden as i64)
        .ok_or_else(|| refused("rejection_id", "it is not overridden"))?;
    desk.keep_rejection(tx, &head)?;
    rejection::set_overridden(tx, rejection_id, None)?;
    let Some(key_hash) = rejection::key_hash(tx, rejection_id)? else {
        return Ok(());
    };
    let Some(present) = record_version::present(tx, desk.source_id, &key_hash)? else {
        return Ok(());
    };
    if present.via != OVERRIDE {
        return Ok(());
    }
    let was = record_version::replaced_at(tx, desk.source_id, &key_hash, present.changed_at)?;
    desk.keep_record(tx, present.id)?;
    let before = if let Some(version) = was {
        record_version::restore(tx, version, Some(present.id), desk.run_id, desk.at)?;
        record::mark(tx, present.id, REVOKED, desk.hand.actor.as_deref())?;
        record::state(tx, present.id)?
    } else {
        record::remove(tx, present.id)?;
        None
    };
    let accepted = i64::from(before == Some(ACCEPTED)) - 1;
    let withdrawn = i64::from(before == Some(record::WITHDRAWN));
    source::bump(tx, desk.source_id, accepted, withdrawn)?;
    Ok(())
}

/// Who overrode the row of a key, and when, in unix ms; nothing where its record is none of a person's.
///
/// # Errors
/// SQLite's.
pub fn author(
    conn: &Connection,
    source_id: i64,
    key_hash: &zhengqiao_store::hash::Hash,
) -> Result<Option<(String, i64)>, StoreError> {
    Ok(record_version::present(conn, source_id, key_hash)?
        .filter(|present| present.via == OVERRIDE)
        .map(|present| (present.actor.unwrap_or_default(), present.changed_at)))
}

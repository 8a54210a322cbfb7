//! A row that is kept already and is committed anew.

use serde_json::Value;
use zhengqiao_domain::{
    Check, CompiledMapping, DatasetId, Finding, Outcome, Record, RuleSet, Severity,
};
use zhengqiao_store::rejection::{self, HELD, REJECTED};
use zhengqiao_store::{StoreError, Transaction, record, source};

use super::Desk;
use crate::error::SyncError;
use crate::prepare::{finish, prepare};
use crate::sitting::{ParentCache, Totals};
use crate::trace;

/// A record from the cache's JSON text.
pub fn read_record(id: DatasetId, fields: &str) -> Result<Record, StoreError> {
    match serde_json::from_str(fields)? {
        Value::Object(fields) => Ok(Record::from_json(id, &fields)),
        _ => Err(StoreError::Content(
            "a record's fields are no object".into(),
        )),
    }
}

/// Checks one rejected row again, from its raw payload with the present mapping and rules, and
/// writes what became of it. Returns the outcome.
///
/// # Errors
/// The cache's, or [`SyncError::Exchange`] for a mapping that cannot be used.
pub fn revalidate(
    tx: &Transaction<'_>,
    desk: &Desk,
    mapping: &CompiledMapping,
    check: &Check<'_>,
    rules: &RuleSet,
    rejection_id: i64,
) -> Result<Outcome, SyncError> {
    let Some((raw, _, _)) = rejection::payload(tx, rejection_id)? else {
        return Ok(Outcome::Rejected);
    };
    let mut row = prepare(&raw, mapping, desk.dataset, check, rules);
    trace::bring(tx, desk, std::slice::from_ref(&row))?;
    let head = record::find(tx, desk.source_id, &row.key_hash)?;
    let mut totals = Totals::default();
    desk.leave_former_key(tx, rejection_id, &row.key_hash)?;
    if row.withdraws && !row.key.is_empty() {
        // A person has looked at it: what the deletion guard held is done.
        desk.withdraw(tx, &row, head, &mut totals)?;
        source::bump(tx, desk.source_id, totals.accepted, totals.withdrawn)?;
        return Ok(Outcome::Accepted);
    }
    desk.add_neighbours(tx, check, &mut row, &mut ParentCache::default(), |_| true)?;
    let outcome = Outcome::of(&row.findings);
    match outcome {
        Outcome::Accepted => desk.accept(
            tx,
            &row,
            head.map(|head| (head.id, head.state)),
            &mut totals,
        )?,
        Outcome::Held => desk.reject(tx, &row, HELD)?,
        Outcome::Rejected => desk.reject(tx, &row, REJECTED)?,
    }
    source::bump(tx, desk.source_id, totals.accepted, totals.withdrawn)?;
    Ok(outcome)
}

/// Marks a held row rejected because it waited too long.
pub(crate) fn expire(
    tx: &Transaction<'_>,
    desk: &Desk,
    rules: &RuleSet,
    rejection_id: i64,
) -> Result<(), StoreError> {
    let Some((raw, mapped, findings)) = rejection::payload(tx, rejection_id)? else {
        return Ok(());
    };
    let record = read_record(desk.dataset, &mapped)?;
    let mut findings: Vec<Finding> = serde_json::from_str(&findings)?;
    for finding in &mut findings {
        if finding.severity == Severity::Hold {
            finding.severity = Severity::Reject;
        }
    }
    let row = finish(raw.into(), record, findings, desk.dataset, rules, false);
    desk.reject(tx, &row, REJECTED)
}

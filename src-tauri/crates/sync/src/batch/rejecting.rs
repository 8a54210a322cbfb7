//! What is kept of a row that is rejected or held.

use zhengqiao_domain::rules::cluster;
use zhengqiao_domain::{Finding, Rule, Severity};
use zhengqiao_store::hash::{self, Hash};
use zhengqiao_store::rejection::{self, HELD, NewRejection};
use zhengqiao_store::{StoreError, Transaction, ignore, rejection_doubt};

use super::Desk;
use crate::history::Again;
use crate::prepare::Prepared;
use crate::sitting::Unsearched;

impl Desk {
    pub(crate) fn reject(
        &self,
        tx: &Transaction<'_>,
        row: &Prepared,
        outcome: i64,
    ) -> Result<(), StoreError> {
        let unsearched = self.reject_unsearched(tx, row, outcome)?;
        match unsearched.text {
            Some(text) => rejection::write_search(tx, unsearched.id, &text),
            None => Ok(()),
        }
    }

    /// Writes a rejection, but for the text that it is found by.
    pub(super) fn reject_unsearched(
        &self,
        tx: &Transaction<'_>,
        row: &Prepared,
        outcome: i64,
    ) -> Result<Unsearched, StoreError> {
        let dataset = self.dataset.dataset();
        let get = |field: Option<&'static str>| field.and_then(|field| row.record.get(field));
        let causes: Vec<(String, String, String)> = row
            .findings
            .iter()
            .filter(|finding| matters(finding, outcome))
            .map(|finding| {
                (
                    finding.rule.code().to_owned(),
                    finding.field.to_string(),
                    cluster::of_finding(dataset.id, finding),
                )
            })
            .collect();
        let waits = self.waits(row, outcome);
        let business_key = row
            .record
            .get_all(dataset.business_key)
            .filter(|parts| !parts.is_empty())
            .map(|parts| parts.join("|"));
        let search: Vec<&str> = dataset
            .searched
            .iter()
            .filter_map(|field| row.record.get(field))
            .collect();
        let search = search.join(" ");
        let new = NewRejection {
            source_id: self.source_id,
            key_hash: &row.key_hash,
            record_key: &row.key,
            outcome,
            run_id: self.run_id,
            at: self.at,
            day: self.now.get(..10).unwrap_or_default(),
            hash: &row.hash,
            version: row.version,
            department: get(dataset.department),
            region: get(dataset.region),
            title: row.record.get(dataset.title),
            business_key: business_key.as_deref(),
            source_time: self.source_time(row),
            raw: &row.raw,
            mapped: &row.fields()?,
            findings: &serde_json::to_string(&row.findings)?,
            causes: &causes,
            waits: &waits,
            search_text: &search,
        };
        let again = self.keep_if_changed(tx, &new)?;
        let id = match again {
            Again::Identical(id) => {
                rejection::see_again(tx, id, self.run_id, self.at)?;
                id
            }
            Again::Alike | Again::Other => rejection::put_unsearched(tx, &new)?,
        };
        let doubt = rest_of_key(row).filter(|_| wrong_source(row));
        if let Some(rest) = &doubt {
            rejection_doubt::note(tx, self.source_id, rest, id)?;
        }
        // What a person opened again although its cause is ignored stays open until it changes.
        if matches!(again, Again::Other) && ignore::stands_for(tx, self.source_id)? {
            ignore::cover_by_standing(tx, id, new.day)?;
        }
        Ok(Unsearched {
            id,
            text: (!matches!(again, Again::Identical(_))).then_some(search),
            doubt,
        })
    }

    /// What is said of a withdrawal that waits for a person.
    pub(super) fn withdrawal_held(&self, row: &Prepared) -> Finding {
        let field = self.dataset.dataset().operation.unwrap_or_default();
        Finding {
            rule: Rule::WithdrawalLimit,
            field: field.into(),
            value: row.record.get(field).map(str::to_owned),
            severity: Severity::Hold,
            expected: None,
            remedy: None,
        }
    }

    /// The parents that a held row waits for.
    fn waits(&self, row: &Prepared, outcome: i64) -> Vec<(i64, Hash)> {
        if outcome != HELD {
            return Vec::new();
        }
        if row.withdraws {
            // A withdrawal waits for a person, whom no source brings.
            return vec![(NOBODY, row.key_hash)];
        }
        let references = self.dataset.dataset().parents;
        references
            .iter()
            .zip(&self.parents)
            .filter_map(|(reference, source_id)| {
                let value = row.record.get(reference.field)?;
                // Without a source nobody will bring the parent.
                reference
                    .waits
                    .then_some((source_id.unwrap_or(NOBODY), hash::of_parts([value])))
            })
            .collect()
    }
}

/// The part of a key that names the provider: national exchange tables, data_source.
const SOURCE: &str = "data_source";

/// Whether the name of the provider in a row's key is wrong or missing.
pub(super) fn wrong_source(row: &Prepared) -> bool {
    row.findings
        .iter()
        .any(|finding| finding.field == SOURCE && finding.severity == Severity::Reject)
}

/// The other parts of a key that has such a name, where they are all there.
pub(super) fn rest_of_key(row: &Prepared) -> Option<Hash> {
    let key = row.record.dataset().key;
    if !key.contains(&SOURCE) || key.len() < 2 {
        return None;
    }
    let rest: Option<Vec<&str>> = key
        .iter()
        .filter(|part| **part != SOURCE)
        .map(|part| row.record.get(part))
        .collect();
    rest.map(hash::of_parts)
}

/// Whether a finding is a cause of the outcome; warnings are kept but open no cause.
fn matters(finding: &Finding, outcome: i64) -> bool {
    match finding.severity {
        Severity::Reject => true,
        Severity::Hold => outcome == HELD,
        Severity::Warn | Severity::Off => false,
    }
}

/// No source.
const NOBODY: i64 = -1;

/// Why a row was rejected, in plain words without values: rules and fields.
pub(super) fn reason(findings: &[Finding]) -> String {
    let each: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Reject)
        .map(|finding| format!("{}({})", finding.rule.info().zh.title, finding.field))
        .collect();
    each.join("; ")
}

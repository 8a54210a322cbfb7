//! Rules about other records: references, duplicates, the timeline across a case's rows.

use std::sync::Arc;

use super::{Findings, Rule, moment_of};
use crate::dataset::DatasetId;
use crate::record::Record;

/// What is known of the record that a reference names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParentFacts {
    /// The record names none.
    Unreferenced,
    /// It names one that the cache does not have.
    Absent,
    /// It names an accepted record, which is told where [`ParentFacts::are_compared`] says so.
    Accepted(Option<Arc<Record>>),
}

impl ParentFacts {
    /// Whether what a parent of a dataset says is compared with its children's rows; of others it is
    /// enough that they are there.
    pub fn are_compared(parent: DatasetId) -> bool {
        parent == DatasetId::CaseAcceptance
    }
}

pub(super) fn check(
    record: &Record,
    parents: &[ParentFacts],
    duplicate: bool,
    findings: &mut Findings<'_>,
) {
    let dataset = record.dataset();
    for (reference, facts) in dataset.parents.iter().zip(parents) {
        match facts {
            ParentFacts::Unreferenced => {}
            ParentFacts::Absent => {
                let rule = match reference.parent {
                    DatasetId::ServiceItem => Rule::ReferenceItem,
                    DatasetId::LegalPerson => Rule::ReferenceLegalPerson,
                    _ => Rule::ReferenceCase,
                };
                findings.add(rule, reference.field, record.get(reference.field), None);
            }
            ParentFacts::Accepted(Some(parent)) => timeline(record, parent, findings),
            ParentFacts::Accepted(None) => {}
        }
    }
    if duplicate && let Some(field) = dataset.business_key.first() {
        findings.add(Rule::DuplicateKey, field, record.get(field), None);
    }
}

fn timeline(record: &Record, parent: &Record, findings: &mut Findings<'_>) {
    if !ParentFacts::are_compared(parent.id) {
        return;
    }
    let (field, rule) = match record.id {
        DatasetId::CaseStep => ("event_start_time", Rule::StepEarly),
        DatasetId::CaseResult => ("result_date", Rule::ResultEarly),
        DatasetId::SpecialProcedure => ("special_time", Rule::SpecialEarly),
        _ => return,
    };
    let (Some(at), Some(accepted)) = (moment_of(record, field), moment_of(parent, "accept_date"))
    else {
        return;
    };
    if at < accepted {
        findings.add(
            rule,
            field,
            Some(at),
            Some(format!("≥ {accepted} (accept_date)")),
        );
    }
    if record.id == DatasetId::CaseResult
        && parent.get("project_type") == Some("1")
        && at[..10] > accepted[..10]
    {
        findings.add(
            Rule::ResultInstantLate,
            field,
            Some(at),
            Some(accepted[..10].to_owned()),
        );
    }
}

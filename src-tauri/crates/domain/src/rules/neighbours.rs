//! Rules about other records: references, duplicates, the timeline across a case's rows.

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
    /// It names this accepted record.
    Accepted(Box<Record>),
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
            ParentFacts::Accepted(parent) => timeline(record, parent, findings),
        }
    }
    if duplicate && let Some(field) = dataset.business_key.first() {
        findings.add(Rule::DuplicateKey, field, record.get(field), None);
    }
}

fn timeline(record: &Record, parent: &Record, findings: &mut Findings<'_>) {
    if parent.id != DatasetId::CaseAcceptance {
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

//! Cross-field rules of the four case datasets.

use super::{Check, Findings, Rule, in_order};
use crate::dataset::DatasetId;
use crate::record::Record;

pub(super) fn check(context: &Check<'_>, record: &Record, findings: &mut Findings<'_>) {
    let moments: &[&'static str] = match record.id {
        DatasetId::CaseAcceptance => &["apply_date", "accept_date"],
        DatasetId::CaseStep => &["event_start_time", "event_end_time"],
        DatasetId::CaseResult => &["result_date"],
        _ => &["special_time"],
    };
    for field in moments {
        context.not_after_now(record, field, Rule::CaseFuture, findings);
    }
    match record.id {
        DatasetId::CaseAcceptance => {
            in_order(
                record,
                "apply_date",
                "accept_date",
                Rule::CaseAcceptEarly,
                findings,
            );
            in_order(
                record,
                "accept_date",
                "promise_date",
                Rule::CasePromiseEarly,
                findings,
            );
            applicant(record, findings);
        }
        DatasetId::CaseStep => in_order(
            record,
            "event_start_time",
            "event_end_time",
            Rule::StepTimes,
            findings,
        ),
        DatasetId::CaseResult => result(record, findings),
        _ => in_order(
            record,
            "special_time",
            "end_time",
            Rule::SpecialTimes,
            findings,
        ),
    }
}

fn applicant(record: &Record, findings: &mut Findings<'_>) {
    let (Some(kind), Some(document)) =
        (record.get("applyer_type"), record.get("applyer_page_type"))
    else {
        return;
    };
    let organisation_document = matches!(document, "001" | "01");
    if (kind == "1") == organisation_document {
        let expected = if kind == "1" { "111|112|…" } else { "001" };
        findings.add(
            Rule::CaseApplicantKind,
            "applyer_page_type",
            Some(document),
            Some(expected.into()),
        );
    }
}

fn result(record: &Record, findings: &mut Findings<'_>) {
    match record.get("result_type") {
        Some("1" | "2" | "3" | "4" | "5") if record.get("result_explain").is_none() => {
            findings.add(Rule::ResultReason, "result_explain", None, None);
        }
        Some("0") if record.get("result_cetr_no").is_none() => {
            findings.add(Rule::ResultCertificate, "result_cetr_no", None, None);
        }
        _ => {}
    }
}

//! Document numbers: which rule applies follows from the document's type.

use chrono::NaiveDate;

use super::fields::{credit, with_last};
use super::{Findings, Rule, remedies};
use crate::finding::Remedy;
use crate::primitives::{citizen_id, region};

/// Shortest and longest number of other documents.
const OTHER_LENGTHS: std::ops::RangeInclusive<usize> = 5..=50;

pub(super) fn check(
    today: NaiveDate,
    name: &'static str,
    kind: Option<&str>,
    text: &str,
    findings: &mut Findings<'_>,
) {
    match kind {
        Some("111" | "112") => citizen(today, name, text, findings),
        Some("001" | "01") => credit(name, text, findings),
        _ => {
            if !OTHER_LENGTHS.contains(&text.chars().count()) {
                findings.add(Rule::IdNumberType, name, Some(text), Some("5–50".into()));
            }
        }
    }
}

fn citizen(today: NaiveDate, name: &'static str, text: &str, findings: &mut Findings<'_>) {
    use citizen_id::CitizenIdError;
    let errors = citizen_id::errors(text, today);
    for error in &errors {
        match error {
            CitizenIdError::Length | CitizenIdError::Characters => {
                findings.push(
                    Rule::IdNumberFormat,
                    name,
                    Some(text),
                    Some("18 × 0-9X".into()),
                    remedies::citizen(text, today),
                );
                return;
            }
            CitizenIdError::Date | CitizenIdError::Future => {
                findings.add(
                    Rule::IdNumberDate,
                    name,
                    Some(text),
                    Some("YYYYMMDD".into()),
                );
            }
            CitizenIdError::CheckCharacter { expected } => {
                let remedy = with_last(text, *expected);
                findings.push(
                    Rule::IdNumberCheck,
                    name,
                    Some(text),
                    Some(format!("…{expected}")),
                    remedy,
                );
            }
        }
    }
    if region::standing(&text[..6]) == region::Standing::Unknown {
        findings.add(Rule::IdNumberRegion, name, Some(text), None);
    }
    if text.len() == 15 {
        let remedy = citizen_id::to_eighteen(text).map(|value| Remedy {
            value,
            certain: true,
        });
        findings.push(
            Rule::IdNumberFifteen,
            name,
            Some(text),
            Some("18".into()),
            remedy,
        );
    }
}

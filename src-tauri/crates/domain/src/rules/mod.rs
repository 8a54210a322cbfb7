//! The rules: all findings of a record, in the order of the gates.
//!
//! Format → required → length → code list → check digits → cross-field → reference → duplicate →
//! timeliness. A record's own rules need nothing but the record; the rules about its neighbours get
//! the neighbours as arguments, so that nothing here reads a database or a clock.

mod accounts;
mod cases;
mod catalogue;
pub mod cluster;
mod fields;
mod id_number;
mod items;
mod neighbours;
mod quality;
mod remedies;
mod reviews;

use std::borrow::Cow;

use chrono::{Duration, NaiveDateTime};

pub use catalogue::{ALL, RULES, Rule, RuleInfo, RuleText};
pub use neighbours::ParentFacts;
pub use quality::Dimension;
pub use reviews::{scale_evidence, scale_is_reversed};

use crate::dataset::DatasetId;
use crate::finding::{Finding, Remedy, Severity};
use crate::mapping;
use crate::primitives::{moment, width};
use crate::record::{Record, Slot};
use crate::settings::RuleSet;

/// The provider's clock may be ahead by so much before a time counts as future.
const CLOCK_TOLERANCE_MINUTES: i64 = 5;

/// Checks records under one rule set at one moment.
#[derive(Debug, Clone)]
pub struct Check<'a> {
    rules: &'a RuleSet,
    now: NaiveDateTime,
    latest: String,
    today: String,
}

impl<'a> Check<'a> {
    /// A check under `rules`, with `now` in UTC+8.
    pub fn new(rules: &'a RuleSet, now: NaiveDateTime) -> Self {
        let latest = moment::canonical(now + Duration::minutes(CLOCK_TOLERANCE_MINUTES));
        Self {
            rules,
            now,
            latest,
            today: now.format("%Y-%m-%d").to_string(),
        }
    }

    /// Every finding that the record itself gives rise to, in the order of the rules.
    pub fn own(&self, record: &Record) -> Vec<Finding> {
        let mut findings = Findings {
            rules: self.rules,
            list: Vec::new(),
        };
        let record = half_width(record, &mut findings);
        fields::check(self, &record, &mut findings);
        match record.id {
            DatasetId::ServiceItem | DatasetId::ServiceNotice => {
                items::check(&record, &mut findings);
            }
            DatasetId::CaseAcceptance
            | DatasetId::CaseStep
            | DatasetId::CaseResult
            | DatasetId::SpecialProcedure => cases::check(self, &record, &mut findings),
            DatasetId::Review => reviews::check(self, &record, &mut findings),
            DatasetId::NaturalPerson
            | DatasetId::LegalPerson
            | DatasetId::AgentAccount
            | DatasetId::PortalAccount => accounts::check(self, &record, &mut findings),
        }
        if let Some(field) = record.dataset().source_time {
            self.not_after_now(&record, field, Rule::TimelinessFuture, &mut findings);
        }
        findings.sorted(&record)
    }

    /// Every finding about the record's neighbours: `parents` in the order of the dataset's
    /// references, `duplicate` when another accepted record has the same business key.
    pub fn neighbours(
        &self,
        record: &Record,
        parents: &[ParentFacts],
        duplicate: bool,
    ) -> Vec<Finding> {
        let mut findings = Findings {
            rules: self.rules,
            list: Vec::new(),
        };
        neighbours::check(record, parents, duplicate, &mut findings);
        findings.sorted(record)
    }

    fn not_after_now(
        &self,
        record: &Record,
        field: &'static str,
        rule: Rule,
        findings: &mut Findings<'_>,
    ) {
        if let Some(at) = moment_of(record, field)
            && at > self.latest.as_str()
        {
            findings.add(rule, field, Some(at), Some(format!("≤ {}", self.latest)));
        }
    }
}

/// Collects findings, leaving out rules that are off.
pub(crate) struct Findings<'a> {
    rules: &'a RuleSet,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(
        &mut self,
        rule: Rule,
        field: &'static str,
        value: Option<&str>,
        expected: Option<String>,
    ) {
        self.push(rule, field, value, expected, None);
    }

    fn push(
        &mut self,
        rule: Rule,
        field: &'static str,
        value: Option<&str>,
        expected: Option<String>,
        remedy: Option<Remedy>,
    ) {
        let severity = self.rules.severity(rule);
        if severity != Severity::Off {
            self.list.push(Finding {
                rule,
                field: Cow::Borrowed(field),
                value: value.map(str::to_owned),
                severity,
                expected,
                remedy,
            });
        }
    }

    fn sorted(mut self, record: &Record) -> Vec<Finding> {
        if self.list.len() > 1 {
            let dataset = record.dataset();
            self.list
                .sort_by_key(|finding| (finding.rule, dataset.position(&finding.field)));
        }
        self.list
    }
}

/// The record with full-width codes and numbers in half-width form, each with its finding.
fn half_width<'r>(record: &'r Record, findings: &mut Findings<'_>) -> Cow<'r, Record> {
    let mut copy: Cow<'r, Record> = Cow::Borrowed(record);
    for (at, field) in record.dataset().fields.iter().enumerate() {
        let Slot::Value(text) = &record.slots[at] else {
            continue;
        };
        if text.is_ascii() || !field.kind.is_identifier() || !width::has_full_width(text) {
            continue;
        }
        let half = width::to_half_width(text);
        let slot = mapping::canonical(field, half.trim());
        let value = match &slot {
            Slot::Value(value) => value.to_string(),
            _ => half.trim().to_owned(),
        };
        let remedy = Remedy {
            value,
            certain: true,
        };
        findings.push(
            Rule::FormatFullWidth,
            field.name,
            Some(text),
            None,
            Some(remedy),
        );
        copy.to_mut().slots[at] = slot;
    }
    copy
}

/// A moment field's canonical text, if it could be read.
pub(crate) fn moment_of<'r>(record: &'r Record, field: &str) -> Option<&'r str> {
    let text = record.get(field)?;
    is_canonical_moment(text).then_some(text)
}

/// Whether a text is a moment in canonical form; a shape alone, such as the 31st of February, is not.
fn is_canonical_moment(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 19
        && bytes[4] == b'-'
        && bytes[10] == b' '
        && bytes[13] == b':'
        && matches!(moment::parse(text), Some(moment::Parsed::At(_)))
}

/// A date field's canonical text, if it could be read and is a date.
pub(crate) fn date_of<'r>(record: &'r Record, field: &str) -> Option<&'r str> {
    let text = record.get(field)?;
    is_canonical_date(text).then_some(text)
}

fn is_canonical_date(text: &str) -> bool {
    text.len() == 10
        && text.as_bytes()[4] == b'-'
        && matches!(moment::parse_date(text), Some(moment::ParsedDate::On(_)))
}

/// Adds a finding on the later field when two moments are in the wrong order.
pub(crate) fn in_order(
    record: &Record,
    early: &'static str,
    late: &'static str,
    rule: Rule,
    findings: &mut Findings<'_>,
) {
    if let (Some(first), Some(second)) = (moment_of(record, early), moment_of(record, late))
        && second < first
    {
        findings.add(
            rule,
            late,
            Some(second),
            Some(format!("≥ {first} ({early})")),
        );
    }
}

/// The codes of a field that may hold several.
pub fn split_codes(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '^', '|', '、', ','])
        .map(str::trim)
        .filter(|code| !code.is_empty())
}

#[cfg(test)]
mod remedy_tests;

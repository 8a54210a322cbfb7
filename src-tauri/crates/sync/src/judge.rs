//! What would become of a row under a mapping and rules, by everything that is known; nothing is written.
//!
//! The effect of a change and the checking again of rejections ask the same question, so they ask it here.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;
use zhengqiao_domain::{Check, CompiledMapping, Finding, Outcome, RuleSet, Severity};
use zhengqiao_store::hash::Hash;
use zhengqiao_store::{Connection, StoreError};

use crate::batch::Desk;
use crate::prepare::{Prepared, prepare};
use crate::sitting::ParentCache;

/// A row that was judged.
#[derive(Debug)]
pub struct Judged {
    /// The row with what was found.
    pub row: Prepared,
    /// What would become of it.
    pub outcome: Outcome,
    /// What would become of it if another had its business key.
    pub as_duplicate: Outcome,
    /// Whether it withdraws its record and so waits for a person.
    pub withdraws: bool,
}

/// Judges a raw row. Whether another record has its business key is looked up where `may_others_have` says that
/// it may be.
///
/// # Errors
/// The cache's.
pub(crate) fn judge(
    connection: &Connection,
    desk: &Desk,
    under: &Under<'_>,
    raw: &[u8],
    parents: &mut ParentCache,
    may_others_have: impl Fn(&Hash) -> bool,
) -> Result<Judged, StoreError> {
    let Under {
        mapping,
        check,
        rules,
    } = under;
    let mut row = prepare(raw, mapping, desk.dataset, check, rules);
    let withdraws = row.withdraws && !row.key.is_empty();
    let mut as_duplicate = None;
    if !withdraws {
        desk.add_neighbours(connection, check, &mut row, parents, may_others_have)?;
        if row.business_hash.is_some() && Outcome::of(&row.findings) == Outcome::Accepted {
            let facts = desk.facts(connection, &row.record, parents)?;
            as_duplicate = Some(Outcome::of(&check.neighbours(&row.record, &facts, true)));
        }
    }
    let outcome = Outcome::of(&row.findings);
    Ok(Judged {
        as_duplicate: as_duplicate.unwrap_or(outcome),
        outcome,
        withdraws,
        row,
    })
}

/// What a row is judged under.
#[derive(Clone, Copy)]
pub(crate) struct Under<'a> {
    pub(crate) mapping: &'a CompiledMapping,
    pub(crate) check: &'a Check<'a>,
    pub(crate) rules: &'a RuleSet,
}

/// Rules and fields that keep a record from being accepted.
pub fn failing(findings: &[Finding]) -> BTreeSet<(&str, &str)> {
    let all = findings.iter();
    all.filter(|finding| keeps_out(finding.severity))
        .map(|finding| (finding.rule.code(), &*finding.field))
        .collect()
}

/// Findings as they are kept, as far as [`KeptFindings::failing`] needs them.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct KeptFindings<'a>(#[serde(borrow)] Vec<KeptFinding<'a>>);

#[derive(Deserialize)]
struct KeptFinding<'a> {
    #[serde(borrow)]
    rule: Cow<'a, str>,
    #[serde(borrow)]
    field: Cow<'a, str>,
    severity: Severity,
}

impl KeptFindings<'_> {
    /// Rules and fields that kept the record from being accepted.
    pub(crate) fn failing(&self) -> BTreeSet<(&str, &str)> {
        let all = self.0.iter();
        all.filter(|finding| keeps_out(finding.severity))
            .map(|finding| (&*finding.rule, &*finding.field))
            .collect()
    }
}

fn keeps_out(severity: Severity) -> bool {
    matches!(severity, Severity::Reject | Severity::Hold)
}

/// Whether two lists of findings, as JSON text, say the same. What was expected of a time is the
/// moment of the check itself: it alone makes no difference.
pub(crate) fn say_the_same(one: &str, other: &str) -> Result<bool, StoreError> {
    if one == other {
        return Ok(true);
    }
    let plain = |text: &str| -> Result<Vec<Finding>, StoreError> {
        let mut findings: Vec<Finding> = serde_json::from_str(text)?;
        for finding in &mut findings {
            finding.expected = finding
                .expected
                .take()
                .filter(|text| !text.starts_with("≤ "));
        }
        Ok(findings)
    };
    Ok(plain(one)? == plain(other)?)
}

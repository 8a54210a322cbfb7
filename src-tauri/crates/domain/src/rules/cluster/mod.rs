//! What the values of one cause have in common, so that one cure serves all of them.
//!
//! A cluster is named by a key: a kind, and where the kind needs one a part behind a colon
//! (`value:03`, `short:17`, `form:Y.N.N`). It is computed from the finding alone, once, when a row is
//! turned away, so it is the same in every run and on every machine. Keys are stored and shown
//! unmasked: for a personal field only kinds are used whose part cannot hold a name or a number.

mod dates;
mod fingerprint;
mod numbers;
mod words;

pub use fingerprint::{alike, fingerprint};
pub use words::{Words, words};

use super::Rule;
use crate::dataset::DatasetId;
use crate::field::Personal;
use crate::finding::Finding;

/// The cluster's key of a finding; empty where the values of a rule have nothing further in common.
pub fn of_finding(dataset: DatasetId, finding: &Finding) -> String {
    let Some(value) = finding.value.as_deref() else {
        return String::new();
    };
    let personal = dataset
        .dataset()
        .field(&finding.field)
        .is_none_or(|field| field.personal != Personal::None);
    key(finding.rule, value, personal)
}

/// The key of a value that is one of few: equal up to case, width, spaces and punctuation, or, for
/// words, up to the order and repetition of their pairs of characters.
pub fn of_value(text: &str) -> String {
    if fingerprint::is_wordy(text) {
        return format!("alike:{:016x}", alike(text));
    }
    let folded = fingerprint(text);
    if folded.is_empty() {
        // Signs alone: the signs are the value.
        return format!("value:{}", fingerprint::signs(text));
    }
    if folded.chars().count() > LONGEST {
        return format!("alike:{:016x}", alike(text));
    }
    format!("value:{folded}")
}

/// Longest value that names a cluster, in characters.
const LONGEST: usize = 40;

fn key(rule: Rule, value: &str, personal: bool) -> String {
    match rule {
        // Only the words that stand for nothing are ever placeholders: no person's value among them.
        Rule::RequiredPlaceholder => format!("placeholder:{}", placeholder(value)),
        Rule::FormatFullWidth => "full_width".to_owned(),
        Rule::FormatCharacters => if value.contains('\u{FFFD}') {
            "mojibake"
        } else {
            "control"
        }
        .to_owned(),
        Rule::FormatStructure => if value.starts_with('[') {
            "list"
        } else {
            "object"
        }
        .to_owned(),
        Rule::FormatMoment | Rule::FormatDate => dates::key(value),
        Rule::FormatInteger => numbers::integer(value, personal),
        Rule::FormatNumberRange => "negative".to_owned(),
        Rule::FormatUrl => numbers::url(value).to_owned(),
        Rule::FormatMobile => numbers::mobile(value),
        Rule::FormatCertKey => numbers::of_length(value, 64),
        Rule::IdNumberFormat | Rule::CreditCodeFormat => numbers::of_length(value, 18),
        Rule::IdNumberType => numbers::document(value),
        Rule::IdNumberDate => "birth_date".to_owned(),
        Rule::IdNumberCheck | Rule::CreditCodeCheck | Rule::TaskCodeCheck => {
            numbers::check(value).to_owned()
        }
        Rule::TaskCodeFormat => numbers::of_length(value, 31),
        Rule::CatalogCodeFormat => numbers::of_length(value, 12),
        Rule::CodeUnknown
        | Rule::CodeExtension
        | Rule::RegionUnknown
        | Rule::RegionAbolished
        | Rule::FormatRegion
        | Rule::FormatDataSource
        | Rule::DepartmentCheck
        | Rule::DepartmentFormat
        | Rule::DepartmentOrganisationCode
        | Rule::ReviewDetailFormat
        | Rule::ReviewDetailOld
        | Rule::ReferenceItem
            if !personal =>
        {
            of_value(value)
        }
        _ => String::new(),
    }
}

/// A placeholder as it is told apart from others: folded, its signs kept when it has nothing else.
fn placeholder(text: &str) -> String {
    let folded = fingerprint(text);
    if folded.is_empty() {
        fingerprint::signs(text)
    } else {
        folded
    }
}

#[cfg(test)]
mod tests;

//! The truth manifest: every row that something is wrong with, and what it must be found with.

use crate::row::Value;
use crate::world::{DATASETS, World};

/// Rules that only warn.
const WARN: &[&str] = &[
    "format.url",
    "format.mobile",
    "length.disputed",
    "code.extension",
    "id_number.region",
    "id_number.fifteen",
    "department.organisation_code",
    "department.format",
    "department.check",
    "region.unknown",
    "region.abolished",
    "result.instant_late",
    "result.certificate",
    "review.detail_old",
    "account.expired",
];

/// Groups of rules that only warn but for some.
fn warns(rule: &str) -> bool {
    let item = rule.starts_with("item.") && rule != "item.plan_dates";
    item || rule.starts_with("task_code.")
        || rule.starts_with("catalog_code.")
        || WARN.contains(&rule)
}

/// Rules that hold.
fn holds(rule: &str) -> bool {
    rule.starts_with("reference.")
}

/// Whether a finding rejects the row.
pub(crate) fn rejects(findings: &[(&str, &str)]) -> bool {
    findings
        .iter()
        .any(|(rule, _)| !warns(rule) && !holds(rule))
}

/// Whether a finding keeps the row from being accepted.
pub(crate) fn stops(findings: &[(&str, &str)]) -> bool {
    findings.iter().any(|(rule, _)| !warns(rule))
}

/// The fields of a row as served, if it is to be accepted.
pub fn accepted_fields(
    world: &World,
    dataset: usize,
    index: u64,
) -> Option<serde_json::Map<String, serde_json::Value>> {
    let row = world.row(dataset, index);
    (!stops(&row.findings)).then(|| {
        row.values
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Text(text) => text.as_str().into(),
                    Value::Number(number) => (*number).into(),
                    Value::Json(text) => serde_json::from_str(text).unwrap_or_default(),
                };
                ((*name).to_owned(), value)
            })
            .collect()
    })
}

/// One row of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthEntry {
    /// The dataset.
    pub dataset: &'static str,
    /// The row's key as served: its key fields joined with `|`.
    pub key: String,
    /// Rule codes and fields, sorted.
    pub findings: Vec<(&'static str, &'static str)>,
    /// accepted, held or rejected.
    pub outcome: &'static str,
}

/// The manifest of a provider as it is first listed.
pub fn truth(world: &World) -> impl Iterator<Item = TruthEntry> {
    (0..DATASETS.len()).flat_map(move |dataset| {
        let rows = crate::world::rows_for(dataset, world.options.records);
        (0..rows).filter_map(move |index| entry(world, dataset, index))
    })
}

fn entry(world: &World, dataset: usize, index: u64) -> Option<TruthEntry> {
    let mut row = world.row(dataset, index);
    if row.findings.is_empty() {
        return None;
    }
    let key: &[&str] = match dataset {
        0..=5 => &["data_source", "row_guid"],
        6 => &["data_source", "review_id"],
        7 => &["cert_key"],
        8 => &["certificate_key"],
        9 => &["trust_acct_no"],
        _ => &["account_id"],
    };
    let outcome = if rejects(&row.findings) {
        "rejected"
    } else if stops(&row.findings) {
        "held"
    } else {
        "accepted"
    };
    row.findings.sort_unstable();
    let parts: Vec<String> = key.iter().map(|name| row.get(name)).collect();
    Some(TruthEntry {
        dataset: DATASETS[dataset],
        key: parts.join("|"),
        findings: row.findings,
        outcome,
    })
}

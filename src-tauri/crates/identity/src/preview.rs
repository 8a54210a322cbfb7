//! What the portal would receive: a claim mapping applied to one sample.
//!
//! A row is judged by the rules of the column that its portal field stands for, under the
//! connection's own code lists. Rules that only warn for a cached record count here as well: an
//! account is made of the value, not merely kept.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zhengqiao_domain::mapping::MappingError;
use zhengqiao_domain::{
    Check, CompiledMapping, DatasetId, FieldMap, Mapping, Rule, Severity, Slot,
};

use crate::claims::ClaimRow;

/// How a row fares with a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "rule", rename_all = "snake_case")]
pub enum ClaimState {
    /// A sound value.
    Ok,
    /// No value, and none is needed.
    Empty,
    /// No value where one is needed.
    MissingRequired,
    /// A value that breaks the rule of this code.
    BadValue(String),
}

impl ClaimState {
    /// The state as one word: `ok`, `empty`, `missing_required` or the code of the broken rule.
    pub fn code(&self) -> &str {
        match self {
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::MissingRequired => "missing_required",
            Self::BadValue(rule) => rule,
        }
    }
}

/// One row with its value in the sample. Values are not masked; see [`ClaimRow::mask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimResult {
    /// The claim as it was received.
    pub received: Option<String>,
    /// The value that the portal would get.
    pub value: Option<String>,
    /// How the row fares.
    pub state: ClaimState,
}

/// Applies the rows to a sample, one result for each row in its order.
pub fn preview(
    rows: &[ClaimRow],
    sample: &Map<String, Value>,
    check: &Check<'_>,
) -> Vec<ClaimResult> {
    rows.iter()
        .map(|row| {
            let received = received(sample, &row.claim);
            let (value, state) = mapped(row, rows, sample, check).unwrap_or((None, no_value(row)));
            ClaimResult {
                received,
                value,
                state,
            }
        })
        .collect()
}

fn no_value(row: &ClaimRow) -> ClaimState {
    if row.required {
        ClaimState::MissingRequired
    } else {
        ClaimState::Empty
    }
}

fn mapped(
    row: &ClaimRow,
    rows: &[ClaimRow],
    sample: &Map<String, Value>,
    check: &Check<'_>,
) -> Result<(Option<String>, ClaimState), MappingError> {
    let (dataset, field, mapping) = match row.column() {
        Some(column) => (
            row.kind.dataset(),
            column,
            with_neighbours(row, rows, column),
        ),
        // A field of the site itself: any text will do, so it is read like a column of free text.
        None => (
            DatasetId::PortalAccount,
            "roles",
            Mapping {
                fields: vec![field_map(row, "roles")],
            },
        ),
    };
    let record = CompiledMapping::new(dataset, &mapping)?.apply(sample);
    let slot = record.dataset().position(field).map(|at| &record.slots[at]);
    let Some(Slot::Value(value) | Slot::Structure(value)) = slot else {
        return Ok((None, no_value(row)));
    };
    let broken = check.own(&record).into_iter().find(|finding| {
        finding.field == field
            && finding.severity != Severity::Off
            && finding.rule != Rule::LengthDisputed
    });
    let state = broken.map_or(ClaimState::Ok, |finding| {
        ClaimState::BadValue(finding.rule.code().to_owned())
    });
    let value = matches!(slot, Some(Slot::Value(_))).then(|| value.to_string());
    Ok((value, state))
}

/// A mapping of the row and of its neighbours: a number is judged by its certificate type.
fn with_neighbours(row: &ClaimRow, rows: &[ClaimRow], column: &str) -> Mapping {
    let mut fields = vec![field_map(row, column)];
    for other in rows.iter().filter(|other| other.kind == row.kind) {
        if let Some(column) = other.column()
            && fields.iter().all(|known| known.field != column)
        {
            fields.push(field_map(other, column));
        }
    }
    Mapping { fields }
}

fn field_map(row: &ClaimRow, field: &str) -> FieldMap {
    FieldMap {
        field: field.to_owned(),
        source: row.claim.trim().to_owned(),
        transforms: row.transforms.clone(),
    }
}

fn received(sample: &Map<String, Value>, claim: &str) -> Option<String> {
    let claim = claim.trim();
    let value = match claim.strip_prefix('/') {
        None => sample.get(claim),
        Some(path) => {
            let (first, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
            sample
                .get(&first.replace("~1", "/").replace("~0", "~"))
                .and_then(|value| value.pointer(rest))
        }
    };
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

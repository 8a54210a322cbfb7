//! The provider's own counts by day and department, for reconciliation.
//!
//! Where a provider offers it, each cell also has a digest of its keys, so that equal counts with
//! different keys are found: the keys of the cell, sorted by their bytes and each ended by a line feed,
//! put through SHA-256 or BLAKE3, in hexadecimal. A key is the last part of a record's key, which is the
//! provider's own id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;

use crate::client::HttpProvider;
use crate::error::ExchangeError;
use crate::profile::{DatasetSource, Envelope};

/// How digests of keys are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DigestKind {
    /// SHA-256.
    #[default]
    Sha256,
    /// BLAKE3.
    Blake3,
}

/// Counts a day and department, for reconciliation. Pointers are those into one of the counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct CountsSource {
    /// Path below the base address.
    pub path: String,
    /// Parameters that are always sent besides the dataset's.
    pub fixed_params: BTreeMap<String, String>,
    /// Where the answer has the list of counts; empty means where it has records.
    pub list: String,
    /// The day.
    pub day: String,
    /// The department's code; empty where there is none.
    pub department: String,
    /// The count.
    pub count: String,
    /// The digest of the keys; empty where there is none.
    pub digest: String,
    /// How the digest is made.
    pub digest_kind: DigestKind,
    /// Name of the parameter with the first day; empty means that the provider always tells all days.
    pub from_param: String,
    /// Name of the parameter with the end, which does not belong to it.
    pub to_param: String,
}

impl Default for CountsSource {
    fn default() -> Self {
        Self {
            path: String::new(),
            fixed_params: BTreeMap::new(),
            list: String::new(),
            day: "/day".into(),
            department: "/dept_code".into(),
            count: "/count".into(),
            digest: String::new(),
            digest_kind: DigestKind::default(),
            from_param: String::new(),
            to_param: String::new(),
        }
    }
}

/// What the provider says of one day and department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The day in UTC+8, `yyyy-MM-dd`.
    pub day: String,
    /// The department's code; empty where there is none.
    pub department: String,
    /// How many records.
    pub count: u64,
    /// The digest of their keys, in lower case.
    pub digest: Option<String>,
}

/// Asks a provider for its counts of a window of time; nothing where it has none to ask for.
pub(crate) async fn ask(
    provider: &HttpProvider,
    dataset: DatasetId,
    source: &DatasetSource,
    window: (&str, &str),
) -> Result<Option<Vec<Counted>>, ExchangeError> {
    let Some(counts) = source.counts.as_ref().filter(|one| !one.path.is_empty()) else {
        return Ok(None);
    };
    let list = if counts.list.is_empty() {
        &source.envelope.records
    } else {
        &counts.list
    };
    let asked = DatasetSource {
        path: counts.path.clone(),
        envelope: Envelope {
            records: list.clone(),
            total: String::new(),
            next_cursor: String::new(),
            has_more: String::new(),
            ..source.envelope.clone()
        },
        ..source.clone()
    };
    let mut params: Vec<(String, String)> = source.fixed_params.clone().into_iter().collect();
    params.extend(counts.fixed_params.clone());
    for (name, value) in [(&counts.from_param, window.0), (&counts.to_param, window.1)] {
        if !name.is_empty() {
            params.push((name.clone(), value.to_owned()));
        }
    }
    let reply = provider
        .ask(Some(dataset), &asked, &counts.path, &params)
        .await?;
    let mut told = Vec::with_capacity(reply.opened.records.len());
    for range in &reply.opened.records {
        let one = serde_json::from_slice(&reply.body[range.clone()]).unwrap_or(Value::Null);
        let counted = counted(dataset, counts, &one)?;
        if counted.day.as_str() >= &window.0[..window.0.len().min(10)]
            && counted.day.as_str() < window.1
        {
            told.push(counted);
        }
    }
    Ok(Some(told))
}

/// One count of an answer.
fn counted(
    dataset: DatasetId,
    counts: &CountsSource,
    one: &Value,
) -> Result<Counted, ExchangeError> {
    let text = |pointer: &str| match one.pointer(pointer)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let wrong = |part: &str, pointer: &str, what: &str| {
        let seen: String = text(pointer).unwrap_or_default().chars().take(40).collect();
        ExchangeError::Settings {
            field: format!("datasets.{dataset}.counts.{part}"),
            what: format!(
                "the provider's count has {seen:?} at {pointer:?}, which is no {what}; mend the pointer"
            ),
        }
    };
    let day = match text(&counts.day).as_deref().and_then(moment::parse) {
        Some(moment::Parsed::At(at)) => at.format("%Y-%m-%d").to_string(),
        _ => return Err(wrong("day", &counts.day, "day")),
    };
    let count = text(&counts.count)
        .and_then(|text| text.parse().ok())
        .filter(|count| i64::try_from(*count).is_ok())
        .ok_or_else(|| wrong("count", &counts.count, "count"))?;
    let optional = |pointer: &str| {
        if pointer.is_empty() {
            None
        } else {
            text(pointer)
        }
    };
    Ok(Counted {
        day,
        count,
        department: optional(&counts.department).unwrap_or_default(),
        digest: optional(&counts.digest)
            .filter(|digest| !digest.is_empty())
            .map(|digest| digest.to_ascii_lowercase()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(one: &Value) -> Result<Counted, ExchangeError> {
        let counts = CountsSource {
            digest: "/digest".into(),
            ..CountsSource::default()
        };
        counted(DatasetId::Review, &counts, one)
    }

    #[test]
    fn a_count_is_read_as_number_or_as_text() {
        let told =
            read(&json!({"day": "20260102", "dept_code": "D1", "count": "7", "digest": "AB"}));
        let expected = Counted {
            day: "2026-01-02".into(),
            department: "D1".into(),
            count: 7,
            digest: Some("ab".into()),
        };
        assert_eq!(told.unwrap(), expected);
        let told = read(&json!({"day": "2026-01-02", "count": 7})).unwrap();
        assert_eq!((told.department.as_str(), told.count), ("", 7));
    }

    #[test]
    fn what_is_no_count_is_an_error_that_names_pointer_and_value() {
        for one in [
            json!({"day": "2026-01-02", "count": -1}),
            json!({"day": "2026-01-02", "count": 18_446_744_073_709_551_615_u64}),
            json!({"day": "2026-01-02"}),
            json!({"day": "soon", "count": 1}),
            json!(null),
        ] {
            let error = read(&one).unwrap_err().to_string();
            assert!(error.contains("counts."), "{error}");
        }
    }
}

//! What a comparison covers.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;
use zhengqiao_exchange::Profile;

use crate::engine::local;
use crate::error::SyncError;

/// Days that are compared unless told otherwise.
const DAYS: i64 = 30;
/// Days of one comparison at most.
const MOST_DAYS: i64 = 400;

/// What is to be compared.
#[derive(Debug, Clone)]
pub struct ReconcileOptions {
    /// The connection.
    pub connection_id: i64,
    /// Its datasets; empty means all that it carries.
    pub datasets: Vec<DatasetId>,
    /// First day in UTC+8; absent means thirty days before the last.
    pub from: Option<String>,
    /// Last day; absent means yesterday, because today is not over.
    pub to: Option<String>,
    /// Whether to compare key by key where the figures agree as well.
    pub every_key: bool,
    /// Who asks.
    pub actor: String,
    /// Now, unix ms.
    pub now_ms: i64,
}

/// What a comparison covers, as it is kept with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReconcileScope {
    /// The datasets.
    pub datasets: Vec<DatasetId>,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Whether every key is compared.
    pub every_key: bool,
}

impl ReconcileScope {
    /// Beginning and end of its time in UTC+8; the end does not belong to it.
    pub(super) fn window(&self) -> (String, String) {
        let end = NaiveDate::parse_from_str(&self.to, "%Y-%m-%d")
            .map_or_else(|_| self.to.clone(), |day| midnight(day + Duration::days(1)));
        (format!("{} 00:00:00", self.from), end)
    }
}

pub(super) fn midnight(day: NaiveDate) -> String {
    format!("{} 00:00:00", day.format("%Y-%m-%d"))
}

fn wrong(field: &'static str, what: impl Into<String>) -> SyncError {
    SyncError::Scope {
        field,
        what: what.into(),
    }
}

fn day(field: &'static str, text: &str) -> Result<NaiveDate, SyncError> {
    match moment::parse(text) {
        Some(moment::Parsed::At(at)) => Ok(at.date()),
        _ => Err(wrong(
            field,
            format!("{text:?} is no day; write it as 2026-01-31"),
        )),
    }
}

impl ReconcileOptions {
    pub(super) fn scope(&self, profile: &Profile) -> Result<ReconcileScope, SyncError> {
        let today = local(self.now_ms).date();
        let to = match &self.to {
            Some(text) => day("to", text)?.min(today),
            None => today - Duration::days(1),
        };
        let from = match &self.from {
            Some(text) => day("from", text)?,
            None => to - Duration::days(DAYS - 1),
        };
        if from > to {
            return Err(wrong("from", format!("{from} lies after {to}")));
        }
        if (to - from).num_days() >= MOST_DAYS {
            return Err(wrong(
                "from",
                format!("choose at most {MOST_DAYS} days at once"),
            ));
        }
        let mut datasets = if self.datasets.is_empty() {
            profile.datasets.keys().copied().collect()
        } else {
            self.datasets.clone()
        };
        datasets.sort_unstable();
        datasets.dedup();
        if let Some(other) = datasets
            .iter()
            .find(|dataset| !profile.datasets.contains_key(dataset))
        {
            return Err(SyncError::NoDataset(*other));
        }
        Ok(ReconcileScope {
            datasets,
            from: from.format("%Y-%m-%d").to_string(),
            to: to.format("%Y-%m-%d").to_string(),
            every_key: self.every_key,
        })
    }
}

//! A long list of ids, asked for a few at a time.

use serde::{Deserialize, Serialize};

use super::Position;
use crate::scope::IdsQuery;

/// The ids that are being asked for, and what was read before them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Portion {
    /// Place of the first of them in the list.
    pub first: usize,
    /// Pages read before it.
    pub pages_before: u64,
    /// Rows read before it.
    pub rows_before: u64,
    /// Distinct rows read before it.
    pub distinct_before: u64,
}

fn most(query: &IdsQuery) -> usize {
    query.most.max(1) as usize
}

impl Portion {
    /// Its ids as one parameter.
    pub(super) fn ids(&self, ids: &[String], query: &IdsQuery) -> String {
        let from = self.first.min(ids.len());
        let to = from.saturating_add(most(query)).min(ids.len());
        ids[from..to].join(&query.separator)
    }

    /// The portion after it, unless it was the last.
    pub(super) fn next(&self, ids: usize, query: &IdsQuery, ended: &Position) -> Option<Self> {
        let first = self.first.saturating_add(most(query));
        (first < ids).then_some(Self {
            first,
            pages_before: ended.pages,
            rows_before: ended.rows,
            distinct_before: ended.distinct_rows,
        })
    }
}

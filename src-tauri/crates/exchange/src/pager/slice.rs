//! A long time, read slice by slice: for providers that answer only for a limited span, and for
//! tables whose rows move between pages while they are read.

use serde::{Deserialize, Serialize};
use zhengqiao_domain::primitives::moment;

use super::Position;
use crate::profile::Slices;

/// The slice that is being read, and what was read before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Slice {
    /// Its beginning, in UTC+8, without the overlap.
    pub from: String,
    /// Whether a slice was read before it, which it then overlaps.
    pub follows: bool,
    /// Pages read before it.
    pub pages_before: u64,
    /// Rows read before it.
    pub rows_before: u64,
    /// Distinct rows read before it.
    pub distinct_before: u64,
}

fn plus(from: &str, seconds: i64) -> Option<String> {
    match moment::parse(from)? {
        moment::Parsed::At(at) => at
            .checked_add_signed(chrono::Duration::try_seconds(seconds)?)
            .map(moment::canonical),
        moment::Parsed::Placeholder => None,
    }
}

impl Slice {
    /// The first slice of a reading: from the last one's end, or from the beginning of all.
    pub(super) fn first(slices: &Slices, since: Option<&str>) -> Self {
        Self {
            from: since.unwrap_or(&slices.begin).to_owned(),
            ..Self::default()
        }
    }

    fn to(&self, slices: &Slices, until: &str) -> String {
        match plus(&self.from, i64::from(slices.hours.max(1)) * 3600) {
            Some(to) if to.as_str() < until => to,
            _ => until.to_owned(),
        }
    }

    /// Its parameters.
    pub(super) fn params(
        &self,
        slices: Option<&Slices>,
        until: &str,
        params: &mut Vec<(String, String)>,
    ) {
        let Some(slices) = slices else { return };
        let overlap = if self.follows {
            i64::from(slices.overlap_s)
        } else {
            0
        };
        let from = plus(&self.from, -overlap).unwrap_or_else(|| self.from.clone());
        params.push((slices.from_param.clone(), from));
        params.push((slices.to_param.clone(), self.to(slices, until)));
    }

    /// The slice after it, unless it reaches to the reading's end.
    pub(super) fn next(&self, slices: &Slices, until: &str, ended: &Position) -> Option<Self> {
        let to = self.to(slices, until);
        (to.as_str() < until).then_some(Self {
            from: to,
            follows: true,
            pages_before: ended.pages,
            rows_before: ended.rows,
            distinct_before: ended.distinct_rows,
        })
    }
}

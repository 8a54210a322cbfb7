//! A listing that is asked for a few ids, a department or a region.

use std::collections::HashSet;
use std::sync::Arc;

use crate::row::Row;
use crate::world::World;

/// Names of the values that a row is asked for by.
const IDS: [&str; 9] = [
    "row_guid",
    "review_id",
    "project_no",
    "task_code",
    "cert_key",
    "certificate_key",
    "certificate_sno",
    "trust_acct_no",
    "account_id",
];

/// What a listing is narrowed to.
#[derive(Debug, Default)]
pub(crate) struct Narrow {
    ids: Option<HashSet<String>>,
    department: Option<String>,
    region: Option<String>,
}

impl Narrow {
    /// By the parameters of a request, under the names that its family uses.
    pub(crate) fn of<'a>(
        param: impl Fn(&str) -> Option<&'a str>,
        department: &str,
        region: &str,
    ) -> Self {
        Self {
            ids: param("ids").map(|text| text.split(',').map(|id| id.trim().to_owned()).collect()),
            department: param(department).map(str::to_owned),
            region: param(region).map(str::to_owned),
        }
    }

    fn holds(&self, row: &Row) -> bool {
        let has = |names: &[&str], value: &str| names.iter().any(|name| row.get(name) == value);
        self.ids
            .as_ref()
            .is_none_or(|ids| IDS.iter().any(|name| ids.contains(&row.get(name))))
            && self
                .department
                .as_ref()
                .is_none_or(|code| has(&["dept_code", "org_code"], code))
            && self
                .region
                .as_ref()
                .is_none_or(|code| has(&["area_code", "user_region"], code))
    }

    /// The places of a span that are left; nothing when all of them are.
    pub(crate) fn places(
        &self,
        world: &World,
        number: usize,
        span: (u64, u64),
    ) -> Option<Arc<Vec<u64>>> {
        if self.ids.is_none() && self.department.is_none() && self.region.is_none() {
            return None;
        }
        let places = (span.0..span.1)
            .filter(|place| self.holds(&world.at(number, *place)))
            .collect();
        Some(Arc::new(places))
    }
}

//! The provider's own counts by day and department: each record counts once, on the day of its last
//! change, with a digest of the ids.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDateTime;
use sha2::{Digest, Sha256};

use crate::world::World;

/// Names of the columns that are the last part of a key, by dataset.
const IDS: [&str; 11] = [
    "row_guid",
    "row_guid",
    "row_guid",
    "row_guid",
    "row_guid",
    "row_guid",
    "review_id",
    "cert_key",
    "certificate_key",
    "trust_acct_no",
    "account_id",
];

impl World {
    /// The id of the row at a place.
    pub fn id_at(&self, dataset: usize, place: u64) -> String {
        self.at(dataset, place).get(IDS[dataset])
    }

    /// The places of records with these ids.
    pub fn places_of(&self, dataset: usize, ids: &[&str]) -> Vec<u64> {
        (0..self.places(dataset))
            .filter(|place| {
                let row = self.at(dataset, *place);
                let business = row.get("project_no");
                ids.iter()
                    .any(|id| row.get(IDS[dataset]) == *id || business == *id)
            })
            .collect()
    }

    /// The counts of a window, as a JSON array.
    pub(crate) fn counts(
        &self,
        dataset: usize,
        since: Option<NaiveDateTime>,
        until: Option<NaiveDateTime>,
    ) -> String {
        let mut last: HashMap<String, u64> = HashMap::new();
        for place in 0..self.places(dataset) {
            last.insert(self.id_at(dataset, place), place);
        }
        let mut cells: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for (id, place) in last {
            let at = self.changed_at(dataset, place);
            if since.is_some_and(|since| at < since) || until.is_some_and(|until| at >= until) {
                continue;
            }
            let row = self.at(dataset, place);
            let department = if matches!(dataset, 0 | 1 | 6) {
                row.get("dept_code")
            } else if dataset == 2 {
                row.get("org_code")
            } else {
                String::new()
            };
            let day = at.format("%Y-%m-%d").to_string();
            cells.entry((day, department)).or_default().insert(id);
        }
        let cells: Vec<String> = cells
            .into_iter()
            .map(|((day, department), ids)| {
                let mut hasher = Sha256::new();
                for id in &ids {
                    hasher.update(id.as_bytes());
                    hasher.update(b"\n");
                }
                let digest = hex::encode(hasher.finalize());
                let count = ids.len();
                let department = serde_json::Value::String(department);
                format!(
                    r#"{{"day":"{day}","dept_code":{department},"count":{count},"digest":"{digest}"}}"#
                )
            })
            .collect();
        format!("[{}]", cells.join(","))
    }
}

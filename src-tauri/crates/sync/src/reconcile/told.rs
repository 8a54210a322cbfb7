//! The provider's side: its own counts, or those that a reading of a file or table gives.

use std::collections::{BTreeMap, HashSet};

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Counted, Interface};
use zhengqiao_store::hash::Hash;

use super::Bench;
use crate::error::SyncError;

impl Bench {
    /// What the provider has in a window by day and department; nothing where that cannot be known
    /// without reading all of it, and nobody asked for that.
    pub(super) async fn told(
        &self,
        dataset: DatasetId,
        window: &(String, String),
    ) -> Result<Option<Vec<Counted>>, SyncError> {
        let source = self.source(dataset)?;
        let told = self
            .provider
            .counts(dataset, source, (&window.0, &window.1))
            .await?;
        if told.is_some() || (self.interface() == Interface::Http && !self.scope.every_key) {
            return Ok(told);
        }
        let mut seen: HashSet<Hash> = HashSet::new();
        let mut cells: BTreeMap<(String, String), u64> = BTreeMap::new();
        self.read(dataset, window, |came| {
            if came.inside && seen.insert(came.key_hash) {
                *cells.entry((came.day, came.department)).or_default() += 1;
            }
        })
        .await?;
        let counted = cells.into_iter().map(|((day, department), count)| Counted {
            day,
            department,
            count,
            digest: None,
        });
        Ok(Some(counted.collect()))
    }
}

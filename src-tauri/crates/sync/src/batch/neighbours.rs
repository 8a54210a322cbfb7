//! What other records say of a row.

use zhengqiao_domain::{Check, DatasetId, ParentFacts, Record};
use zhengqiao_store::hash::Hash;
use zhengqiao_store::{Connection, StoreError, record, source};

use super::Desk;
use crate::prepare::Prepared;
use crate::sitting::ParentCache;

impl Desk {
    /// Adds what the neighbours say of a row: its parents, and others of the same business key.
    pub(crate) fn add_neighbours(
        &self,
        connection: &Connection,
        check: &Check<'_>,
        row: &mut Prepared,
        parents: &mut ParentCache,
        may_others_have: impl Fn(&Hash) -> bool,
    ) -> Result<(), StoreError> {
        let facts = self.facts(connection, &row.record, parents)?;
        let duplicate = match &row.business_hash {
            Some(business) if may_others_have(business) => {
                record::is_duplicate(connection, self.source_id, business, &row.key_hash)?
            }
            _ => false,
        };
        row.findings
            .extend(check.neighbours(&row.record, &facts, duplicate));
        Ok(())
    }

    pub(crate) fn facts(
        &self,
        tx: &Connection,
        record: &Record,
        cache: &mut ParentCache,
    ) -> Result<Vec<ParentFacts>, StoreError> {
        let mut facts = Vec::with_capacity(self.parents.len());
        for (reference, source_id) in self.dataset.dataset().parents.iter().zip(&self.parents) {
            facts.push(match (record.get(reference.field), source_id) {
                (None, _) => ParentFacts::Unreferenced,
                (Some(_), None) => ParentFacts::Absent,
                (Some(value), Some(source_id)) => {
                    cache.get(tx, reference.parent, *source_id, value)?
                }
            });
        }
        Ok(facts)
    }
}

/// Sources of the datasets that a dataset refers to.
pub(super) fn parents(
    connection: &Connection,
    connection_id: i64,
    dataset: DatasetId,
) -> Result<Vec<Option<i64>>, StoreError> {
    dataset
        .dataset()
        .parents
        .iter()
        .map(|reference| source::find(connection, connection_id, reference.parent))
        .collect()
}

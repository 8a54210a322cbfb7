//! A batch: rows of the outbox as the library gets them, each record once, in its last state.

use std::collections::HashMap;

use zhengqiao_domain::{DatasetId, Record};
use zhengqiao_store::StoreError;
use zhengqiao_store::hash::Hash;
use zhengqiao_store::outbox::OutboxRow;
use zhengqiao_store::record;

/// What becomes of a record in the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// It is there with these fields.
    Put(Record),
    /// It is there, marked as withdrawn.
    Withdraw(Record),
    /// It is not there.
    Remove,
}

/// One record for the library.
#[derive(Debug, Clone)]
pub struct Item {
    /// The dataset.
    pub dataset: DatasetId,
    /// The record's key, as the library knows it.
    pub key: String,
    /// The number of its last row in the outbox: grows with every change.
    pub no: i64,
    /// The run that last wrote it.
    pub run_id: i64,
    /// What becomes of it.
    pub act: Act,
    /// Hash of its content.
    pub hash: Option<Hash>,
    /// Whether the cache knows of nothing that the library has of it.
    pub is_new: bool,
    /// Its rows in the outbox.
    pub rows: Vec<Waiting>,
}

/// A row of the outbox, without its content.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Its number.
    pub no: i64,
    /// The source.
    pub source_id: i64,
    /// The record.
    pub record_id: i64,
    /// The run that it is counted for.
    pub run_id: i64,
}

/// Records in the order of their last rows.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The records.
    pub items: Vec<Item>,
}

impl Item {
    /// The record; 0 without rows.
    pub fn record_id(&self) -> i64 {
        self.rows.last().map_or(0, |row| row.record_id)
    }
}

impl Batch {
    /// The batch of some rows of the outbox.
    ///
    /// # Errors
    /// [`StoreError::Content`] when the cache's JSON cannot be read.
    pub fn new(rows: Vec<OutboxRow>) -> Result<Self, StoreError> {
        let mut places: HashMap<(i64, Hash), usize> = HashMap::with_capacity(rows.len());
        let mut found: Vec<Option<Item>> = Vec::with_capacity(rows.len());
        for row in rows {
            let waiting = Waiting {
                no: row.no,
                source_id: row.source_id,
                record_id: row.record_id,
                run_id: row.run_id,
            };
            let place = (row.source_id, row.key_hash);
            let mut before = places
                .insert(place, found.len())
                .and_then(|at| found[at].take())
                .map(|item| item.rows)
                .unwrap_or_default();
            before.push(waiting);
            let (act, hash, run_id) = match row.record {
                None => (Act::Remove, None, row.run_id),
                Some(content) => {
                    let fields = Record::from_text(row.dataset, &content.fields)?;
                    let act = if content.state == record::WITHDRAWN {
                        Act::Withdraw(fields)
                    } else {
                        Act::Put(fields)
                    };
                    (act, Some(content.hash), content.run_id)
                }
            };
            found.push(Some(Item {
                dataset: row.dataset,
                key: hex::encode(row.key_hash),
                no: row.no,
                run_id,
                act,
                hash,
                is_new: row.is_new,
                rows: before,
            }));
        }
        Ok(Self {
            items: found.into_iter().flatten().collect(),
        })
    }

    /// The number of its last row.
    pub fn last_no(&self) -> i64 {
        self.items.last().map_or(0, |item| item.no)
    }

    /// Two halves; the second has what came later.
    pub fn halves(mut self) -> (Batch, Batch) {
        let second = self.items.split_off(self.items.len() / 2);
        (self, Batch { items: second })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhengqiao_store::outbox::Content;

    fn row(no: i64, key: u8, fields: Option<&str>) -> OutboxRow {
        OutboxRow {
            no,
            source_id: 1,
            dataset: DatasetId::ServiceItem,
            record_id: i64::from(key),
            key_hash: [key; 16],
            run_id: no,
            is_new: true,
            record: fields.map(|fields| Content {
                hash: [9; 16],
                state: record::ACCEPTED,
                run_id: 3,
                fields: fields.into(),
            }),
        }
    }

    #[test]
    fn a_record_that_changed_twice_is_sent_once_at_its_last_place_with_both_rows() {
        let rows = vec![
            row(1, 1, Some("{}")),
            row(2, 2, Some("{}")),
            row(3, 1, Some("{}")),
        ];
        let batch = Batch::new(rows).unwrap();
        let seen: Vec<(i64, Vec<i64>)> = batch
            .items
            .iter()
            .map(|item| (item.no, item.rows.iter().map(|row| row.no).collect()))
            .collect();
        assert_eq!(seen, [(2, vec![2]), (3, vec![1, 3])]);
        assert_eq!(batch.last_no(), 3);
    }

    #[test]
    fn a_record_that_is_gone_is_removed_and_halves_keep_the_order() {
        let batch =
            Batch::new((1..=5).map(|key| row(i64::from(key), key, None)).collect()).unwrap();
        assert!(batch.items.iter().all(|item| item.act == Act::Remove));
        let (first, second) = batch.halves();
        assert_eq!((first.last_no(), second.last_no()), (2, 5));
        assert_eq!(second.items.len(), 3);
    }
}

//! The texts of a person or an account, read from its record when they are shown.

use zhengqiao_domain::{DatasetId, Record};
use zhengqiao_identity::{AccountReader, Identity, LevelRanks, PortalAccount};
use zhengqiao_store::{Connection, StoreError, record};

use crate::masks;

/// A record's texts.
pub(super) struct Texts {
    pub(super) record: Record,
    pub(super) dataset: DatasetId,
}

impl Texts {
    /// `None` when the record is gone.
    pub(super) fn read(conn: &Connection, record_id: i64) -> Result<Option<Self>, StoreError> {
        let Some((_, dataset, _, fields)) = record::numbered(conn, record_id)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            record: zhengqiao_sync::read_record(dataset, &fields)?,
            dataset,
        }))
    }

    pub(super) fn get(&self, field: &str) -> Option<&str> {
        self.record.get(field)
    }

    /// A field, masked.
    pub(super) fn masked(&self, field: &str) -> Option<String> {
        Some(masks::value(self.dataset, field, self.get(field)?))
    }

    /// The name, masked.
    pub(super) fn title(&self) -> Option<String> {
        self.masked(self.dataset.dataset().title)
    }

    /// The account, as the review compares it. Hashes of ID numbers are left out of account.
    pub(super) fn account(&self) -> Option<PortalAccount> {
        plain_reader().account(&self.record).ok()
    }
}

/// An identity with its key.
pub(super) struct Person {
    pub(super) texts: Texts,
    pub(super) identity: Identity,
    pub(super) key: String,
}

impl Person {
    /// `None` when the record is gone or is nobody's.
    pub(super) fn read(conn: &Connection, record_id: i64) -> Result<Option<Self>, StoreError> {
        let Some(texts) = Texts::read(conn, record_id)? else {
            return Ok(None);
        };
        let Ok(identity) = plain_reader().identity(&texts.record) else {
            return Ok(None);
        };
        Ok(Some(Self {
            key: identity.key.to_string(),
            texts,
            identity,
        }))
    }
}

fn plain_reader() -> AccountReader {
    AccountReader::new(LevelRanks::default(), [0; 32])
}

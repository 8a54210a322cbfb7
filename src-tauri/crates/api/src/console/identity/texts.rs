//! The texts of a person or an account, read from its record when they are shown.

use zhengqiao_domain::{DatasetId, Record};
use zhengqiao_identity::{AccountReader, Identity, LevelRanks, PortalAccount};
use zhengqiao_store::{Connection, StoreError, record};

use crate::masks;

/// What hashes of ID numbers are compared under where nothing of them is kept.
pub(super) const SHOWN_BY: [u8; 32] = [0; 32];

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
        // Claims fill nothing of an account, and its ranks are not looked at here.
        AccountReader::new(LevelRanks::default(), SHOWN_BY)
            .account(&self.record)
            .ok()
    }
}

/// An identity with its key.
pub(super) struct Person {
    pub(super) texts: Texts,
    pub(super) identity: Identity,
    pub(super) key: String,
}

impl Person {
    /// The person as the connection's mapping names them; `None` when the record is gone or is nobody's.
    pub(super) fn read(
        conn: &Connection,
        reader: &AccountReader,
        record_id: i64,
    ) -> Result<Option<Self>, StoreError> {
        let Some(texts) = Texts::read(conn, record_id)? else {
            return Ok(None);
        };
        let Ok(identity) = reader.identity(&texts.record) else {
            return Ok(None);
        };
        Ok(Some(Self {
            key: identity.key.to_string(),
            texts,
            identity,
        }))
    }

    /// What the review compares under a name, as the mapping has it; else the record's column.
    pub(super) fn compared(&self, name: &str, column: &str) -> Option<&str> {
        match name {
            "cert_key" => self.identity.cert_key.as_deref(),
            "credit_code" => self.identity.credit_code.as_deref(),
            "phone" => self.identity.mobile.as_deref(),
            "name" => self.identity.title.as_deref(),
            "legal_name" => self.identity.representative.as_deref(),
            _ => self.texts.get(column),
        }
    }
}

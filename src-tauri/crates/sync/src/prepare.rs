//! What can be done with a row before the cache is asked: parse, map, hash, the row's own rules.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Map;
use zhengqiao_domain::mapping::RawRow;
use zhengqiao_domain::rules::scale_evidence;
use zhengqiao_domain::{Check, CompiledMapping, DatasetId, Finding, Record, RuleSet};
use zhengqiao_store::hash::{self, Hash};
use zhengqiao_store::payload::{self, Packer};

/// Joins the parts of a key; no key field has it.
const KEY_SEPARATOR: &str = "|";

/// A row with everything that is known of it by itself.
#[derive(Debug)]
pub struct Prepared {
    /// The row as received.
    pub raw: Bytes,
    /// The mapped record.
    pub record: Record,
    /// The record and the row as they are kept, where they were written ahead.
    pub ahead: Option<Ahead>,
    /// Its own findings.
    pub findings: Vec<Finding>,
    /// Its key as text; empty when a part is missing.
    pub key: String,
    /// Hash of its key, or of its raw content when it has none.
    pub key_hash: Hash,
    /// Hash of its business key, when it has one.
    pub business_hash: Option<Hash>,
    /// Hash of its mapped content.
    pub hash: Hash,
    /// Its version.
    pub version: Option<i64>,
    /// Whether it withdraws its record.
    pub withdraws: bool,
    /// How a review's details stand to its score.
    pub scale: Option<bool>,
}

/// What is kept of a row, written before it is known whether it is kept.
#[derive(Debug)]
pub struct Ahead {
    /// The record as JSON text.
    fields: String,
    /// The row, packed where its source has a dictionary.
    raw: Option<Vec<u8>>,
}

/// Makes a row ready.
pub fn prepare(
    raw: &[u8],
    mapping: &CompiledMapping,
    id: DatasetId,
    check: &Check<'_>,
    rules: &RuleSet,
) -> Prepared {
    let raw = Bytes::copy_from_slice(raw);
    prepare_noting(raw, mapping, id, check, rules, |_| {})
}

/// [`prepare`], which also shows the row's fields as they were received.
pub(crate) fn prepare_noting(
    raw: Bytes,
    mapping: &CompiledMapping,
    id: DatasetId,
    check: &Check<'_>,
    rules: &RuleSet,
    mut note: impl FnMut(&RawRow<'_>),
) -> Prepared {
    let (record, odd) = if let Some(fields) = RawRow::read(&raw) {
        note(&fields);
        (mapping.apply_raw(&fields), false)
    } else {
        // A row that is no object has no field at all; it is kept and rejected as such.
        (mapping.apply(&Map::new()), true)
    };
    let findings = check.own(&record);
    finish(raw, record, findings, id, rules, odd)
}

/// Makes a mapped record ready, for a row that was prepared before.
pub fn finish(
    raw: Bytes,
    record: Record,
    findings: Vec<Finding>,
    id: DatasetId,
    rules: &RuleSet,
    odd: bool,
) -> Prepared {
    let dataset = id.dataset();
    let key_parts = record.get_all(dataset.key);
    let (key, key_hash) = match &key_parts {
        Some(parts) if !odd => (
            parts.join(KEY_SEPARATOR),
            hash::of_parts(parts.iter().copied()),
        ),
        _ => (String::new(), hash::of_bytes(&raw)),
    };
    let business_hash = business_hash(&record);
    let source_fields = [dataset.source_time, dataset.operation];
    // The content is what the record says, not when it was sent.
    let ignored = |name: &str| source_fields.contains(&Some(name)) || name == "cd_batch";
    let content = dataset
        .fields
        .iter()
        .zip(&record.slots)
        .filter(|(field, _)| !ignored(field.name))
        .map(|(_, slot)| slot.value().unwrap_or("\u{0}"));
    let withdraws = dataset.operation.and_then(|field| record.get(field)) == Some("D");
    Prepared {
        hash: hash::of_parts(content),
        version: dataset
            .version
            .and_then(|field| record.get(field))
            .and_then(|text| text.parse().ok()),
        scale: if id == DatasetId::Review {
            scale_evidence(&record, rules.satisfaction_scale)
        } else {
            None
        },
        withdraws,
        business_hash,
        key,
        key_hash,
        findings,
        record,
        ahead: None,
        raw,
    }
}

impl Prepared {
    /// The record as it is kept, as JSON text.
    ///
    /// # Errors
    /// `serde_json`'s, which texts do not give rise to.
    pub(crate) fn fields(&self) -> Result<Cow<'_, str>, serde_json::Error> {
        match &self.ahead {
            Some(ahead) => Ok(Cow::Borrowed(&ahead.fields)),
            None => serde_json::to_string(&self.record).map(Cow::Owned),
        }
    }

    /// The row as it is kept.
    pub(crate) fn kept(&self) -> Cow<'_, [u8]> {
        match self.ahead.as_ref().and_then(|ahead| ahead.raw.as_deref()) {
            Some(raw) => raw.into(),
            None => payload::plain(&self.raw),
        }
    }

    /// Writes both ahead, on the thread that has the time.
    pub(crate) fn write_ahead(&mut self, packer: Option<&mut Packer>) {
        if let Ok(fields) = serde_json::to_string(&self.record) {
            let raw = packer.map(|packer| packer.pack(&self.raw));
            self.ahead = Some(Ahead { fields, raw });
        }
    }
}

/// The hash that other records refer to a record by.
pub fn business_hash(record: &Record) -> Option<Hash> {
    let names = record.dataset().business_key;
    if names.is_empty() {
        return None;
    }
    record.get_all(names).map(hash::of_parts)
}

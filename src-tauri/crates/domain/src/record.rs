//! A record after mapping: one slot a field, each empty, a placeholder, odd, or a value.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use crate::dataset::{Dataset, DatasetId};

/// What a field of a record holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Slot {
    /// Nothing was received.
    #[default]
    Missing,
    /// Something that stands for nothing was received: "无", "1753-1-1".
    Placeholder(Box<str>),
    /// An object or array where one value belongs, as JSON text.
    Structure(Box<str>),
    /// A value in the field's canonical form, or as received where it has none.
    Value(Box<str>),
}

impl Slot {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&str> {
        match self {
            Slot::Value(text) => Some(text),
            _ => None,
        }
    }
}

/// The values by field name, for the cache, as [`Record::to_json`] has them.
impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in self.told() {
            map.serialize_entry(name, text)?;
        }
        map.end()
    }
}

/// A mapped record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its dataset.
    pub id: DatasetId,
    /// One slot for each of the dataset's fields.
    pub slots: Vec<Slot>,
}

impl Record {
    /// A record without any value.
    pub fn empty(id: DatasetId) -> Self {
        Self {
            id,
            slots: vec![Slot::Missing; id.dataset().fields.len()],
        }
    }

    /// Its dataset's description.
    pub fn dataset(&self) -> &'static Dataset {
        self.id.dataset()
    }

    /// The value of a field, if the dataset has the field and the record a value.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.dataset()
            .position(field)
            .and_then(|at| self.slots[at].value())
    }

    /// The values of several fields, if all are there.
    pub fn get_all(&self, fields: &[&str]) -> Option<Vec<&str>> {
        fields.iter().map(|field| self.get(field)).collect()
    }

    /// The values by field name; what is missing is left out.
    fn told(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.dataset()
            .fields
            .iter()
            .zip(&self.slots)
            .filter_map(|(field, slot)| match slot {
                Slot::Missing | Slot::Placeholder(_) => None,
                Slot::Structure(text) | Slot::Value(text) => Some((field.name, &**text)),
            })
    }

    /// The values by field name, for screens; what is missing is left out.
    pub fn to_json(&self) -> Map<String, Value> {
        self.told()
            .map(|(name, text)| (name.to_owned(), Value::String(text.to_owned())))
            .collect()
    }

    /// The record of values that [`Record::to_json`] gave.
    pub fn from_json(id: DatasetId, fields: &Map<String, Value>) -> Self {
        let mut record = Self::empty(id);
        for (at, field) in id.dataset().fields.iter().enumerate() {
            if let Some(Value::String(text)) = fields.get(field.name) {
                record.slots[at] = Slot::Value(text.as_str().into());
            }
        }
        record
    }
}

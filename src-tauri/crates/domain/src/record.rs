//! A record after mapping: one slot a field, each empty, a placeholder, odd, or a value.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use crate::dataset::{Dataset, DatasetId};

/// Fields among which a name is looked for before all are.
const NEAR: usize = 4;

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

    /// The record of the text of such values, without a map in between.
    ///
    /// # Errors
    /// When the text is no JSON object.
    pub fn from_text(id: DatasetId, fields: &str) -> serde_json::Result<Self> {
        let mut from = serde_json::Deserializer::from_str(fields);
        let record = Values(id).deserialize(&mut from)?;
        from.end()?;
        Ok(record)
    }
}

/// Reads a record's values by field name.
struct Values(DatasetId);

impl<'de> DeserializeSeed<'de> for Values {
    type Value = Record;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Record, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Values {
    type Value = Record;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of values by field name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut record = Record::empty(self.0);
        let dataset = self.0.dataset();
        // Values stand in the fields' order: the next name is seldom far.
        let mut next = 0;
        while let Some(at) = map.next_key_seed(Place { dataset, next })? {
            let value = map.next_value_seed(Text)?;
            if let Some(at) = at {
                record.slots[at] = value.map_or(Slot::Missing, Slot::Value);
                next = at + 1;
            }
        }
        Ok(record)
    }
}

/// Reads a field's name as its position.
struct Place {
    dataset: &'static Dataset,
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Place {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<usize>, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Place {
    type Value = Option<usize>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        let ahead = self.dataset.fields.iter().skip(self.next).take(NEAR);
        let near = ahead
            .zip(self.next..)
            .find(|(field, _)| field.name == name)
            .map(|(_, at)| at);
        Ok(near.or_else(|| self.dataset.position(name)))
    }
}

/// Reads a text; anything else is none.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Box<str>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Box<str>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_from_text_as_from_a_map() {
        let id = DatasetId::PortalAccount;
        for text in [
            "{}",
            r#"{"account_id": "P1", "site": "门户\u7ad9", "mobile": "138"}"#,
            r#"{"site": "b", "nothing": "x", "account_id": "a", "site": "c"}"#,
            r#"{"account_id": null, "site": 1, "mobile": -2.5, "roles": true, "bound_to": {"a": [1]},
                "bound_by": ["a", {}], "cert_key": "k"}"#,
        ] {
            let map: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
            let read = Record::from_text(id, text).ok();
            assert_eq!(read, Some(Record::from_json(id, &map)), "{text}");
        }
        for text in ["", "[]", "1", "{\"a\": 1} x", "{\"a\": \"b\""] {
            assert!(Record::from_text(id, text).is_err(), "{text}");
        }
    }
}

//! Reading a raw row, also one with numbers that no program can hold.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A value of a raw row.
#[derive(Debug, Clone, PartialEq)]
pub enum Item<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// Anything else.
    Other(Value),
}

/// A raw row whose names and texts stay where they were received, for the many rows of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RawRow<'a>(Vec<(Cow<'a, str>, Item<'a>)>);

/// Fields that most rows have at most.
const USUAL_FIELDS: usize = 32;

impl<'a> RawRow<'a> {
    /// The row of a JSON text, as [`read_row`] reads it; `None` when it is no object.
    pub fn read(raw: &'a [u8]) -> Option<Self> {
        if !raw.trim_ascii_start().starts_with(b"{") {
            return None;
        }
        if let Ok(row) = serde_json::from_slice(raw) {
            return Some(row);
        }
        let fields = read_row(raw)?.into_iter().map(|(name, value)| {
            let item = match value {
                Value::String(text) => Item::Text(Cow::Owned(text)),
                other => Item::Other(other),
            };
            (Cow::Owned(name), item)
        });
        Some(Self(fields.collect()))
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Item<'a>)> {
        self.0.iter().map(|(name, item)| (&**name, item))
    }

    /// The value of a name, looked for at a place first; the place is then the one behind it. Rows mostly
    /// have their fields in the order in which they are asked for.
    pub(super) fn near(&self, name: &str, place: &mut usize) -> Option<&Item<'a>> {
        let at = match self.0.get(*place) {
            Some((here, _)) if here == name => *place,
            _ => self.0.iter().position(|(here, _)| here == name)?,
        };
        *place = at + 1;
        self.0.get(at).map(|(_, item)| item)
    }

    fn put(&mut self, name: Cow<'a, str>, item: Item<'a>, seen: &mut [u64; 4]) {
        // A bit for each name: only where it is set, the name may be there already.
        let bytes = name.as_bytes();
        let ends = [bytes.first(), bytes.last(), bytes.get(bytes.len() / 2)];
        let mixed = ends
            .into_iter()
            .flatten()
            .fold(bytes.len(), |mixed, byte| mixed * 31 + usize::from(*byte));
        let (seen, bit) = (&mut seen[mixed / 64 % 4], 1_u64 << (mixed % 64));
        if *seen & bit != 0
            && let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == name)
        {
            // Of a name that stands twice, the last value counts.
            *known = item;
            return;
        }
        *seen |= bit;
        self.0.push((name, item));
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawRow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = RawRow<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawRow<'de>, A::Error> {
                let (mut row, mut seen) = (RawRow(Vec::with_capacity(USUAL_FIELDS)), [0; 4]);
                while let Some((Name(name), item)) = map.next_entry()? {
                    row.put(name, item, &mut seen);
                }
                Ok(row)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Item<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Item<'de>, E> {
                Ok(Item::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Item<'de>, E> {
                Ok(Item::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Item<'de>, E> {
                Ok(Item::Other(Value::Null))
            }

            fn visit_bool<E>(self, yes: bool) -> Result<Item<'de>, E> {
                Ok(Item::Other(Value::Bool(yes)))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Item<'de>, E> {
                Ok(Item::Other(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Item<'de>, E> {
                Ok(Item::Other(number.into()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Item<'de>, E> {
                let number = Number::from_f64(number).ok_or_else(|| E::custom("no number"))?;
                Ok(Item::Other(Value::Number(number)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Item<'de>, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(map)).map(Item::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Item<'de>, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(seq)).map(Item::Other)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// The fields of a raw row; `None` when it is no object.
///
/// JSON allows numbers of any size. Those beyond what a number here can hold are read as their text, so
/// that the rules name the field and the value, not the whole row.
pub fn read_row(raw: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice::<Value>(raw) {
        Ok(Value::Object(fields)) => Some(fields),
        Ok(_) => None,
        Err(_) => match serde_json::from_slice(&with_great_numbers_as_text(raw)?) {
            Ok(Value::Object(fields)) => Some(fields),
            _ => None,
        },
    }
}

/// The same row with its numbers beyond range in quotes; `None` when it has none.
fn with_great_numbers_as_text(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len() + 8);
    let (mut at, mut found) = (0, false);
    while at < raw.len() {
        let from = at;
        match raw[at] {
            b'"' => {
                at += 1;
                while at < raw.len() && raw[at] != b'"' {
                    at += if raw[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(raw.len());
                out.extend_from_slice(&raw[from..at]);
            }
            b'-' | b'0'..=b'9' => {
                while at < raw.len()
                    && matches!(raw[at], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                {
                    at += 1;
                }
                let number = &raw[from..at];
                let beyond = std::str::from_utf8(number)
                    .ok()
                    .and_then(|text| text.parse::<f64>().ok())
                    .is_some_and(f64::is_infinite);
                if beyond {
                    found = true;
                    out.push(b'"');
                    out.extend_from_slice(number);
                    out.push(b'"');
                } else {
                    out.extend_from_slice(number);
                }
            }
            other => {
                out.push(other);
                at += 1;
            }
        }
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mapping::{CompiledMapping, FieldMap, Mapping, Transform};

    fn as_map(row: RawRow<'_>) -> Map<String, Value> {
        row.0
            .into_iter()
            .map(|(name, item)| {
                let value = match item {
                    Item::Text(text) => Value::String(text.into_owned()),
                    Item::Other(value) => value,
                };
                (name.into_owned(), value)
            })
            .collect()
    }

    fn same_both_ways(text: &str) {
        let (whole, borrowed) = (read_row(text.as_bytes()), RawRow::read(text.as_bytes()));
        assert_eq!(borrowed.clone().map(as_map), whole, "{text}");
        let (Some(whole), Some(borrowed)) = (whole, borrowed) else {
            return;
        };
        let from = |field: &str, source: &str, transforms: Vec<Transform>| FieldMap {
            field: field.into(),
            source: source.into(),
            transforms,
        };
        let joined = Transform::Concatenate {
            sources: vec!["b".into(), "/a/0".into(), "/c".into()],
            separator: "+".into(),
        };
        let mapping = Mapping {
            fields: vec![
                from("project_no", "a", vec![joined]),
                from("result_type", "/b", vec![]),
                from("remark", "/a/b", vec![]),
                from("result_explain", "", vec![]),
            ],
        };
        let mapping = CompiledMapping::new(crate::DatasetId::CaseResult, &mapping).unwrap();
        assert_eq!(
            mapping.apply(&whole),
            mapping.apply_raw(&borrowed),
            "{text}"
        );
    }

    #[test]
    fn a_borrowed_row_is_read_as_a_whole_one() {
        for text in [
            r#"{"a": "x", "b": 1.0, "c": true, "a": null, "": "e"}"#,
            r#"{"a": ["x", 1e3], "b": -0, "c": 18446744073709551616}"#,
            r#"{"a": {"b": "x\n", "b": "y"}, "\u0062": "x"}"#,
            r#"{"a": 1e999, "b": "x"}"#,
            r#" {"result_date": "2024-01-02 03:04:05", "a": "x"} "#,
            "[1]",
            "null",
            "{\"a\": 1",
        ] {
            same_both_ways(text);
        }
    }

    proptest! {
        #[test]
        fn any_row_is_read_the_same_borrowed_or_whole(
            fields in proptest::collection::vec(
                ("[abc]{1,2}", prop_oneof![
                    "[a-c\\\\\"0-9 ]{0,6}".prop_map(Value::from),
                    any::<i64>().prop_map(Value::from),
                    any::<f64>().prop_map(Value::from),
                    proptest::collection::vec(0..3, 0..3).prop_map(Value::from),
                    Just(Value::Null),
                ]),
                0..8,
            ),
        ) {
            let fields: Vec<String> = fields
                .into_iter()
                .map(|(name, value)| format!("{}:{value}", Value::from(name)))
                .collect();
            same_both_ways(&format!("{{{}}}", fields.join(",")));
        }
    }

    #[test]
    fn a_number_beyond_range_is_read_as_its_text() {
        let row =
            read_row(br#"{"a": 1e999, "b": "1e999 \" 2e999", "c": [-2E+400], "d": 3}"#).unwrap();
        assert_eq!(row["a"], "1e999");
        assert_eq!(row["b"], "1e999 \" 2e999");
        assert_eq!(row["c"][0], "-2E+400");
        assert_eq!(row["d"], 3);
    }

    #[test]
    fn what_is_no_object_is_none() {
        for raw in [&b"[1]"[..], b"1e999", b"\"a\"", b"{\"a\": 1e999", b"{\"a\\"] {
            assert!(read_row(raw).is_none(), "{raw:?}");
        }
    }
}

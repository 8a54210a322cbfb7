//! Mapping: from the provider's names and forms to our fields in canonical form.
//!
//! A mapping is data, so that an administrator can mend it without a programmer. After the listed
//! transforms every value is trimmed and brought into its field's canonical form; what cannot be
//! read stays as it was received, for the rules to name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::dataset::DatasetId;
use crate::field::{Field, Kind};
use crate::primitives::{moment, placeholder, region, width};
use crate::record::{Record, Slot};

/// One step that changes a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Transform {
    /// Full-width digits, letters and signs become half-width.
    HalfWidth,
    /// Letters become capital letters.
    UpperCase,
    /// A code of theirs becomes a code of ours; others stay.
    CodeTable {
        /// Theirs to ours.
        table: BTreeMap<String, String>,
    },
    /// The same value for every record.
    Constant {
        /// The value.
        value: String,
    },
    /// A value where nothing was received.
    Default {
        /// The value.
        value: String,
    },
    /// Zeros before a number that is too short.
    PadLeft {
        /// Wanted number of characters.
        width: u32,
    },
    /// Removes a prefix, such as a province code before a case number.
    StripPrefix {
        /// The prefix.
        prefix: String,
    },
}

/// Where one field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldMap {
    /// Our field.
    pub field: String,
    /// A name, or a JSON pointer when it begins with `/`.
    pub source: String,
    /// Steps applied in order.
    #[serde(default)]
    pub transforms: Vec<Transform>,
}

/// A dataset's mapping. A field that is not listed comes from the source value of its own name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Mapping {
    /// The listed fields.
    pub fields: Vec<FieldMap>,
}

/// What is wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// A field that the dataset does not have.
    #[error("the mapping of {dataset} names {field:?}, which is no field of it")]
    UnknownField {
        /// The dataset.
        dataset: DatasetId,
        /// The name.
        field: String,
    },
    /// A field that is listed twice.
    #[error("the mapping of {dataset} lists {field:?} twice")]
    Twice {
        /// The dataset.
        dataset: DatasetId,
        /// The name.
        field: String,
    },
}

#[derive(Debug)]
enum Path {
    Name(String),
    Pointer(String),
}

/// A mapping made ready for many records.
#[derive(Debug)]
pub struct CompiledMapping {
    id: DatasetId,
    paths: Vec<(Path, Vec<Transform>)>,
}

impl CompiledMapping {
    /// Makes a mapping ready.
    ///
    /// # Errors
    /// When it names a field twice or one that the dataset does not have.
    pub fn new(id: DatasetId, mapping: &Mapping) -> Result<Self, MappingError> {
        let dataset = id.dataset();
        let mut paths: Vec<Option<(Path, Vec<Transform>)>> =
            dataset.fields.iter().map(|_| None).collect();
        for map in &mapping.fields {
            let at = dataset
                .position(&map.field)
                .ok_or_else(|| MappingError::UnknownField {
                    dataset: id,
                    field: map.field.clone(),
                })?;
            if paths[at].is_some() {
                return Err(MappingError::Twice {
                    dataset: id,
                    field: map.field.clone(),
                });
            }
            let path = if map.source.starts_with('/') {
                Path::Pointer(map.source.clone())
            } else {
                Path::Name(map.source.clone())
            };
            paths[at] = Some((path, map.transforms.clone()));
        }
        let paths = paths
            .into_iter()
            .zip(dataset.fields)
            .map(|(path, field)| {
                path.unwrap_or_else(|| (Path::Name(field.name.to_owned()), Vec::new()))
            })
            .collect();
        Ok(Self { id, paths })
    }

    /// The source's name or pointer for each field, in the order of the fields.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|(path, _)| match path {
            Path::Name(name) => name.as_str(),
            Path::Pointer(pointer) => pointer.as_str(),
        })
    }

    /// The mapped record of a raw one.
    pub fn apply(&self, raw: &Map<String, Value>) -> Record {
        let slots = self
            .paths
            .iter()
            .zip(self.id.dataset().fields)
            .map(|((path, transforms), field)| {
                let source = match path {
                    Path::Name(name) => raw.get(name),
                    Path::Pointer(pointer) => point(raw, pointer),
                };
                slot(field, source, transforms)
            })
            .collect();
        Record { id: self.id, slots }
    }
}

/// Follows a JSON pointer (RFC 6901) from an object.
fn point<'a>(raw: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let mut segments = pointer
        .split('/')
        .skip(1)
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"));
    let mut value = raw.get(&segments.next()?)?;
    for segment in segments {
        value = match value {
            Value::Object(object) => object.get(&segment)?,
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

fn slot(field: &Field, source: Option<&Value>, transforms: &[Transform]) -> Slot {
    let mut text: Option<Cow<'_, str>> = match source {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(Cow::Borrowed(text)),
        Some(Value::Number(number)) => Some(Cow::Owned(number.to_string())),
        Some(Value::Bool(yes)) => Some(Cow::Borrowed(if *yes { "1" } else { "0" })),
        Some(structure) => return Slot::Structure(structure.to_string().into()),
    };
    for transform in transforms {
        text = step(transform, text);
    }
    match text.as_deref().map(str::trim) {
        None | Some("") => Slot::Missing,
        Some(text) => canonical(field, text),
    }
}

fn step<'a>(transform: &Transform, text: Option<Cow<'a, str>>) -> Option<Cow<'a, str>> {
    match transform {
        Transform::HalfWidth => {
            text.map(|text| Cow::Owned(width::to_half_width(&text).into_owned()))
        }
        Transform::UpperCase => text.map(|text| Cow::Owned(text.to_uppercase())),
        Transform::CodeTable { table } => text.map(|text| match table.get(text.trim()) {
            Some(ours) => Cow::Owned(ours.clone()),
            None => text,
        }),
        Transform::Constant { value } => Some(Cow::Owned(value.clone())),
        Transform::Default { value } => match text {
            Some(text) if !text.trim().is_empty() => Some(text),
            _ => Some(Cow::Owned(value.clone())),
        },
        Transform::PadLeft { width } => text.map(|text| {
            Cow::Owned(format!(
                "{:0>width$}",
                text.trim(),
                width = (*width).min(64) as usize
            ))
        }),
        Transform::StripPrefix { prefix } => {
            text.map(|text| match text.trim().strip_prefix(prefix.as_str()) {
                Some(rest) => Cow::Owned(rest.to_owned()),
                None => text,
            })
        }
    }
}

/// The canonical form of a value of the field's kind, or the value as it is.
pub(crate) fn canonical(field: &Field, text: &str) -> Slot {
    let as_is = || Slot::Value(text.into());
    match field.kind {
        Kind::Moment => match moment::parse(text) {
            Some(moment::Parsed::Placeholder) => Slot::Placeholder(text.into()),
            Some(moment::Parsed::At(at)) => Slot::Value(moment::canonical(at).into()),
            None if placeholder::is_placeholder(text, placeholder::Kind::Text) => {
                Slot::Placeholder(text.into())
            }
            None => as_is(),
        },
        Kind::Date => match moment::parse_date(text) {
            Some(moment::ParsedDate::Placeholder) => Slot::Placeholder(text.into()),
            Some(date) => Slot::Value(moment::canonical_date(&date).into()),
            None if placeholder::is_placeholder(text, placeholder::Kind::Text) => {
                Slot::Placeholder(text.into())
            }
            None => as_is(),
        },
        Kind::Region => match region::normalise(text) {
            Some(normal) => Slot::Value(normal.as_str().into()),
            None if placeholder::is_placeholder(text, placeholder::Kind::Identifier) => {
                Slot::Placeholder(text.into())
            }
            None => as_is(),
        },
        // "0" is a number and a code; only the words are placeholders there.
        Kind::Integer | Kind::Code(_) | Kind::Codes(_) => {
            if text != "0" && placeholder::is_placeholder(text, placeholder::Kind::Identifier) {
                Slot::Placeholder(text.into())
            } else {
                as_is()
            }
        }
        Kind::Text | Kind::Url => {
            if placeholder::is_placeholder(text, placeholder::Kind::Text) {
                Slot::Placeholder(text.into())
            } else {
                as_is()
            }
        }
        Kind::IdNumber(_) if text.ends_with('x') => {
            let mut upper = text[..text.len() - 1].to_owned();
            upper.push('X');
            Slot::Value(upper.into())
        }
        _ => {
            if placeholder::is_placeholder(text, placeholder::Kind::Identifier) {
                Slot::Placeholder(text.into())
            } else {
                as_is()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(mapping: &Mapping, raw: Value) -> Record {
        let Value::Object(raw) = raw else {
            panic!("an object")
        };
        CompiledMapping::new(DatasetId::CaseResult, mapping)
            .unwrap()
            .apply(&raw)
    }

    #[test]
    fn an_unlisted_field_comes_from_its_own_name_and_a_number_becomes_text() {
        let record = map(
            &Mapping::default(),
            json!({"project_no": 123, "result_date": "20240102T030405"}),
        );
        assert_eq!(record.get("project_no"), Some("123"));
        assert_eq!(record.get("result_date"), Some("2024-01-02 03:04:05"));
    }

    #[test]
    fn a_pointer_reaches_into_nested_values() {
        let fields = vec![FieldMap {
            field: "project_no".into(),
            source: "/a/b/0".into(),
            transforms: vec![],
        }];
        let record = map(&Mapping { fields }, json!({"a": {"b": ["P1"]}}));
        assert_eq!(record.get("project_no"), Some("P1"));
    }

    #[test]
    fn a_code_table_maps_known_codes_and_leaves_others() {
        let table = BTreeMap::from([("10".to_owned(), "6".to_owned())]);
        let fields = vec![FieldMap {
            field: "result_type".into(),
            source: "RESULT".into(),
            transforms: vec![Transform::CodeTable { table }],
        }];
        assert_eq!(
            map(
                &Mapping {
                    fields: fields.clone()
                },
                json!({"RESULT": "10"})
            )
            .get("result_type"),
            Some("6")
        );
        assert_eq!(
            map(&Mapping { fields }, json!({"RESULT": "77"})).get("result_type"),
            Some("77")
        );
    }

    #[test]
    fn a_placeholder_is_kept_apart_from_a_value_and_an_object_from_both() {
        let record = map(
            &Mapping::default(),
            json!({"project_no": "无", "result_date": "1753-1-1", "remark": {"a": 1}}),
        );
        let at = |name| record.dataset().position(name).unwrap();
        assert!(matches!(
            record.slots[at("project_no")],
            Slot::Placeholder(_)
        ));
        assert!(matches!(
            record.slots[at("result_date")],
            Slot::Placeholder(_)
        ));
        assert!(matches!(record.slots[at("remark")], Slot::Structure(_)));
    }

    #[test]
    fn a_mapping_that_names_no_field_is_refused() {
        let fields = vec![FieldMap {
            field: "nothing".into(),
            source: "x".into(),
            transforms: vec![],
        }];
        assert!(CompiledMapping::new(DatasetId::CaseResult, &Mapping { fields }).is_err());
    }
}

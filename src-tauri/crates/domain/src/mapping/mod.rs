//! Mapping: from the provider's names and forms to our fields in canonical form.
//!
//! A mapping is data, so that an administrator can mend it without a programmer. After the listed
//! transforms every value is trimmed and brought into its field's canonical form; what cannot be
//! read stays as it was received, for the rules to name.

mod one;
mod row;
mod transform;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::dataset::DatasetId;
use crate::field::{Field, Kind};
use crate::primitives::{moment, placeholder, region};
use crate::record::{Record, Slot};

pub use one::CompiledField;
pub use row::{Item, RawRow, read_row};
use transform::Step;
pub use transform::Transform;

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
    /// A step that cannot be done.
    #[error("the mapping of {dataset}, field {field:?}, step {step}: {what}")]
    Step {
        /// The dataset.
        dataset: DatasetId,
        /// The field.
        field: String,
        /// Which of its steps, from 1.
        step: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// Where a value is in a raw record.
#[derive(Debug)]
enum Path {
    Name(String),
    Pointer(String),
}

impl Path {
    fn new(source: &str) -> Self {
        if source.starts_with('/') {
            Path::Pointer(source.to_owned())
        } else {
            Path::Name(source.to_owned())
        }
    }
}

/// What a row has at a path.
enum Found<'r> {
    Nothing,
    Scalar(Cow<'r, str>),
    Structure(&'r Value),
}

impl<'r> Found<'r> {
    fn of(value: &'r Value) -> Self {
        match value {
            Value::Array(_) | Value::Object(_) => Found::Structure(value),
            _ => scalar(value).map_or(Found::Nothing, Found::Scalar),
        }
    }

    /// A single value's text.
    fn scalar(self) -> Option<Cow<'r, str>> {
        match self {
            Found::Scalar(text) => Some(text),
            Found::Nothing | Found::Structure(_) => None,
        }
    }
}

/// A row that values are looked up in.
trait Row {
    /// What it has at a path; looked for at place `near` first, which is then the one behind it.
    fn find(&self, path: &Path, near: &mut usize) -> Found<'_>;
}

impl Row for Map<String, Value> {
    fn find(&self, path: &Path, _near: &mut usize) -> Found<'_> {
        let found = match path {
            Path::Name(name) => self.get(name),
            Path::Pointer(pointer) => segments(pointer)
                .next()
                .and_then(|first| self.get(&first))
                .and_then(|value| point(value, pointer)),
        };
        found.map_or(Found::Nothing, Found::of)
    }
}

impl Row for RawRow<'_> {
    fn find(&self, path: &Path, near: &mut usize) -> Found<'_> {
        match path {
            Path::Name(name) => match self.near(name, near) {
                Some(Item::Text(text)) => Found::Scalar(Cow::Borrowed(text)),
                Some(Item::Other(value)) => Found::of(value),
                None => Found::Nothing,
            },
            Path::Pointer(pointer) => {
                let Some(first) = segments(pointer).next() else {
                    return Found::Nothing;
                };
                match self.near(&first, near) {
                    Some(Item::Text(text)) if segments(pointer).nth(1).is_none() => {
                        Found::Scalar(Cow::Borrowed(text))
                    }
                    Some(Item::Other(value)) => {
                        point(value, pointer).map_or(Found::Nothing, Found::of)
                    }
                    _ => Found::Nothing,
                }
            }
        }
    }
}

/// What a field's value goes through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Trace {
    /// The value as received.
    pub received: Option<String>,
    /// The value after each step.
    pub steps: Vec<Option<String>>,
    /// The value in its field's canonical form.
    pub mapped: Option<String>,
}

/// A mapping made ready for many records.
#[derive(Debug)]
pub struct CompiledMapping {
    id: DatasetId,
    paths: Vec<(Path, Vec<Step>)>,
}

impl CompiledMapping {
    /// Makes a mapping ready.
    ///
    /// # Errors
    /// When it names a field twice or one that the dataset does not have.
    pub fn new(id: DatasetId, mapping: &Mapping) -> Result<Self, MappingError> {
        let dataset = id.dataset();
        let mut paths: Vec<Option<(Path, Vec<Step>)>> =
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
            let steps = steps_of(id, map)?;
            paths[at] = Some((Path::new(&map.source), steps));
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

    /// What the value of each field goes through, in the order of the fields.
    pub fn trace(&self, raw: &Map<String, Value>) -> Vec<Trace> {
        self.paths
            .iter()
            .zip(self.id.dataset().fields)
            .map(|((path, steps), field)| {
                let received = match raw.find(path, &mut 0) {
                    Found::Nothing => None,
                    Found::Scalar(text) => Some(text),
                    Found::Structure(value) => Some(Cow::Owned(value.to_string())),
                };
                let mut text = raw.find(path, &mut 0).scalar();
                let mut after = Vec::with_capacity(steps.len());
                for step in steps {
                    text = step.apply(text, raw);
                    after.push(text.as_deref().map(str::to_owned));
                }
                Trace {
                    received: received.map(Cow::into_owned),
                    steps: after,
                    mapped: match slot(field, path, steps, raw, &mut 0) {
                        Slot::Missing => None,
                        Slot::Placeholder(text) | Slot::Structure(text) | Slot::Value(text) => {
                            Some(text.into())
                        }
                    },
                }
            })
            .collect()
    }

    /// The mapped record of a raw one.
    pub fn apply(&self, raw: &Map<String, Value>) -> Record {
        self.of(raw)
    }

    /// The mapped record of a raw row.
    pub fn apply_raw(&self, raw: &RawRow<'_>) -> Record {
        self.of(raw)
    }

    fn of(&self, raw: &impl Row) -> Record {
        let mut near = 0;
        let slots = self
            .paths
            .iter()
            .zip(self.id.dataset().fields)
            .map(|((path, steps), field)| slot(field, path, steps, raw, &mut near))
            .collect();
        Record { id: self.id, slots }
    }
}

/// A field's steps, made ready.
fn steps_of(id: DatasetId, map: &FieldMap) -> Result<Vec<Step>, MappingError> {
    let wrong = |step: usize, what: String| MappingError::Step {
        dataset: id,
        field: map.field.clone(),
        step,
        what,
    };
    if map.transforms.len() > transform::MAX_STEPS {
        let what = format!("more than {} steps", transform::MAX_STEPS);
        return Err(wrong(map.transforms.len(), what));
    }
    (1..)
        .zip(&map.transforms)
        .map(|(number, transform)| Step::new(transform).map_err(|what| wrong(number, what)))
        .collect()
}

/// The parts of a JSON pointer (RFC 6901).
fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer
        .split('/')
        .skip(1)
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
}

/// Follows a JSON pointer on from the value of its first part.
fn point<'a>(mut value: &'a Value, pointer: &str) -> Option<&'a Value> {
    for segment in segments(pointer).skip(1) {
        value = match value {
            Value::Object(object) => object.get(&segment)?,
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

/// A single value's text; `None` for nothing and for objects and arrays.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(yes) => Some(Cow::Borrowed(if *yes { "1" } else { "0" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn slot(field: &Field, path: &Path, steps: &[Step], raw: &impl Row, near: &mut usize) -> Slot {
    let mut text = match raw.find(path, near) {
        Found::Nothing => None,
        Found::Scalar(text) => Some(text),
        Found::Structure(value) => return Slot::Structure(value.to_string().into()),
    };
    for step in steps {
        text = step.apply(text, raw);
    }
    match text.as_deref().map(str::trim) {
        None | Some("") => Slot::Missing,
        Some(text) => canonical(field, text),
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
    use std::collections::BTreeMap;

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
            transforms: vec![Transform::CodeTable { table, other: None }],
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

//! Schema drift: fields of the source that are new, missing or of another kind than before.
//!
//! What a page's rows have is noted while they are parsed, at the place where the field stood in the row
//! before, so that it costs a comparison of names and no search. It is kept with the run's position, so
//! that an interruption loses none of it. A field that the mapping does not read is only told; one that
//! it reads and that is gone or of another kind needs a person.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zhengqiao_domain::mapping::{Item, RawRow};
use zhengqiao_domain::primitives::masking::mask;
use zhengqiao_domain::{CompiledMapping, Personal};
use zhengqiao_store::run::RunDatasetRow;
use zhengqiao_store::run_drift::{self, DriftRow};
use zhengqiao_store::source_field::{self, FieldRow};
use zhengqiao_store::{Connection, StoreError};

/// Fields that are noted at most; a source that has more is no table.
const MOST_FIELDS: usize = 500;
/// Bytes of a name at most.
const MOST_NAME_BYTES: usize = 200;
/// Characters of an example at most.
const MOST_EXAMPLE: usize = 40;
/// Rows that it takes to call a field missing.
const ENOUGH_ROWS: u64 = 20;
/// Fields that a sentence names at most.
const TOLD: usize = 6;

/// The kinds of values, one bit each.
const KINDS: [&str; 5] = ["text", "number", "boolean", "object", "array"];

fn bit(item: &Item<'_>) -> u8 {
    let Item::Other(value) = item else {
        return 1;
    };
    match value {
        Value::Null => 0,
        Value::String(_) => 1,
        Value::Number(_) => 2,
        Value::Bool(_) => 4,
        Value::Object(_) => 8,
        Value::Array(_) => 16,
    }
}

fn words(kinds: u8) -> String {
    let named: Vec<&str> = KINDS
        .into_iter()
        .enumerate()
        .filter(|(at, _)| kinds & (1 << at) != 0)
        .map(|(_, name)| name)
        .collect();
    named.join("+")
}

fn bits(words: &str) -> u8 {
    KINDS
        .into_iter()
        .enumerate()
        .filter(|(_, name)| words.split('+').any(|word| word == *name))
        .fold(0, |bits, (at, _)| bits | (1 << at))
}

/// A field as the rows have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    name: String,
    kinds: u8,
    rows: u64,
    /// A value of each kind, masked.
    examples: Vec<(u8, String)>,
}

/// The fields of the rows that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    seen: Vec<Seen>,
    rows: u64,
}

impl Fields {
    /// Notes the fields of a row.
    pub fn note(&mut self, row: &RawRow<'_>) {
        self.rows += 1;
        for (at, (name, value)) in row.iter().enumerate() {
            let place = match self.seen.get(at) {
                Some(seen) if seen.name == name => Some(at),
                _ => self.seen.iter().position(|seen| seen.name == name),
            };
            let place = match place {
                Some(place) => place,
                None if self.seen.len() >= MOST_FIELDS || name.len() > MOST_NAME_BYTES => continue,
                None => {
                    self.seen.push(Seen {
                        name: name.to_owned(),
                        kinds: 0,
                        rows: 0,
                        examples: Vec::new(),
                    });
                    self.seen.len() - 1
                }
            };
            let seen = &mut self.seen[place];
            seen.rows += 1;
            let kind = bit(value);
            if kind != 0 && seen.kinds & kind == 0 {
                seen.kinds |= kind;
                seen.examples.push((kind, example(value)));
            }
        }
    }

    /// Adds what other rows have.
    pub fn add(&mut self, other: Fields) {
        self.rows += other.rows;
        let room = self.seen.len() < MOST_FIELDS;
        for field in other.seen {
            match self.seen.iter_mut().find(|seen| seen.name == field.name) {
                Some(seen) => {
                    seen.rows += field.rows;
                    for (kind, example) in field.examples {
                        if seen.kinds & kind == 0 {
                            seen.kinds |= kind;
                            seen.examples.push((kind, example));
                        }
                    }
                }
                None if room => self.seen.push(field),
                None => {}
            }
        }
    }

    /// How the fields stand to those that are known: what came, went or changed.
    fn drift(&self, source_id: i64, known: &[FieldRow]) -> Vec<DriftRow> {
        let mut drift = Vec::new();
        if known.is_empty() {
            return drift;
        }
        let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        for seen in &self.seen {
            let before = known.iter().find(|field| field.name == seen.name);
            let was = before.map_or(0, |field| bits(&field.kind));
            let other = seen.kinds & !was;
            let kind = match before {
                None => "new",
                // What never had a value may get any.
                Some(_) if was != 0 && other != 0 => "retyped",
                Some(_) => continue,
            };
            drift.push(DriftRow {
                source_id,
                name: seen.name.clone(),
                kind: kind.into(),
                was: before.map(|field| field.kind.clone()),
                now: Some(words(seen.kinds)),
                rows: count(seen.rows),
                example: seen
                    .examples
                    .iter()
                    .find(|(kind, _)| *kind & other != 0)
                    .map(|(_, text)| text.clone()),
            });
        }
        if self.rows >= ENOUGH_ROWS {
            let gone = known.iter().filter(|field| {
                field.always && !self.seen.iter().any(|one| one.name == field.name)
            });
            drift.extend(gone.map(|field| DriftRow {
                source_id,
                name: field.name.clone(),
                kind: "missing".into(),
                was: Some(field.kind.clone()),
                now: None,
                rows: 0,
                example: None,
            }));
        }
        drift
    }
}

/// A value as it may be shown to anybody.
fn example(item: &Item<'_>) -> String {
    let text = match item {
        Item::Text(text) => text.to_string(),
        Item::Other(Value::Object(_)) => return "{…}".into(),
        Item::Other(Value::Array(_)) => return "[…]".into(),
        Item::Other(other) => other.to_string(),
    };
    let short: String = text.chars().take(MOST_EXAMPLE).collect();
    mask(Personal::FreeText, &short)
}

/// Whether the mapping reads a field of the source.
fn is_read(mapping: &CompiledMapping, name: &str) -> bool {
    mapping
        .sources()
        .any(|source| match source.strip_prefix('/') {
            Some(pointer) => pointer.split('/').next() == Some(name),
            None => source == name,
        })
}

/// Notes what changed in a part of a run; gives code and sentence where a person has to look at it.
pub(crate) fn tell(
    conn: &Connection,
    part: &RunDatasetRow,
    fields: &Fields,
    mapping: &CompiledMapping,
) -> Result<Option<(String, String)>, StoreError> {
    let known = source_field::list(conn, part.source_id)?;
    let drift = fields.drift(part.source_id, &known);
    for row in &drift {
        run_drift::put(conn, part.run_id, row)?;
    }
    let matter: Vec<String> = drift
        .iter()
        .filter(|row| row.kind != "new" && is_read(mapping, &row.name))
        .map(|row| match &row.now {
            Some(now) => format!(
                "{} was {} and is {now}",
                row.name,
                row.was.as_deref().unwrap_or_default()
            ),
            None => format!("{} is missing", row.name),
        })
        .collect();
    if matter.is_empty() {
        return Ok(None);
    }
    let told: Vec<String> = matter.iter().take(TOLD).cloned().collect();
    Ok(Some((
        "schema_drift".into(),
        format!(
            "{}: {} fields that the mapping reads have changed: {}",
            part.dataset,
            matter.len(),
            told.join("; ")
        ),
    )))
}

/// Takes the fields as they are now for those that are known.
pub(crate) fn accept(
    conn: &Connection,
    part: &RunDatasetRow,
    fields: &Fields,
) -> Result<(), StoreError> {
    let known = source_field::list(conn, part.source_id)?;
    for row in fields.drift(part.source_id, &known) {
        if row.kind == "missing" {
            source_field::remove(conn, part.source_id, &row.name)?;
        }
    }
    for seen in &fields.seen {
        let before = known.iter().find(|field| field.name == seen.name);
        let kinds = before.map_or(0, |field| bits(&field.kind)) | seen.kinds;
        let field = FieldRow {
            name: seen.name.clone(),
            kind: words(kinds),
            always: seen.rows == fields.rows,
        };
        // Nothing is written while nothing changes.
        if before != Some(&field) {
            source_field::put(conn, part.source_id, part.run_id, &field)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(rows: &[Value]) -> Fields {
        let mut fields = Fields::default();
        for row in rows {
            fields.note(&RawRow::read(row.to_string().as_bytes()).unwrap());
        }
        fields
    }

    fn known(name: &str, kind: &str, always: bool) -> FieldRow {
        FieldRow {
            name: name.into(),
            kind: kind.into(),
            always,
        }
    }

    fn drift(fields: &Fields, known: &[FieldRow]) -> Vec<(String, String)> {
        fields
            .drift(1, known)
            .into_iter()
            .map(|row| (row.kind, row.name))
            .collect()
    }

    fn pair(kind: &str, name: &str) -> (String, String) {
        (kind.into(), name.into())
    }

    #[test]
    fn what_came_went_or_changed_its_kind_is_told_and_nothing_at_the_first_sight() {
        let rows = vec![json!({"a": "x", "b": 1, "d": null}); 20];
        let seen = fields(&rows);
        assert_eq!(drift(&seen, &[]), []);
        let before = [
            known("a", "text", true),
            known("b", "text", true),
            known("c", "text", true),
            known("sometimes", "text", false),
        ];
        assert_eq!(
            drift(&seen, &before),
            [pair("retyped", "b"), pair("new", "d"), pair("missing", "c")]
        );
    }

    #[test]
    fn few_rows_miss_nothing_and_a_value_where_there_was_none_is_no_change() {
        let seen = fields(&vec![json!({"a": "x"}); 19]);
        let before = [known("a", "", true), known("c", "text", true)];
        assert_eq!(drift(&seen, &before), []);
    }

    #[test]
    fn fields_are_known_again_in_any_order_and_pages_add_up() {
        let mut one = fields(&[json!({"a": 1, "b": "x"}), json!({"b": "y", "a": 2})]);
        one.add(fields(&[json!({"c": true, "a": "z"})]));
        assert_eq!(one.rows, 3);
        let counted: Vec<(&str, u8, u64)> = one
            .seen
            .iter()
            .map(|seen| (seen.name.as_str(), seen.kinds, seen.rows))
            .collect();
        assert_eq!(counted, [("a", 3, 3), ("b", 1, 2), ("c", 4, 1)]);
    }

    #[test]
    fn an_example_shows_no_personal_value() {
        let seen = fields(&[json!({"new": "王小明", "deep": {"name": "王小明"}})]);
        let told = seen.drift(1, &[known("old", "text", false)]);
        assert!(told.iter().all(|row| {
            row.example
                .as_deref()
                .is_some_and(|text| !text.contains("王小明"))
        }));
    }

    #[test]
    fn kinds_are_read_back_as_they_are_written() {
        for kinds in 0..32 {
            assert_eq!(bits(&words(kinds)), kinds);
        }
    }
}

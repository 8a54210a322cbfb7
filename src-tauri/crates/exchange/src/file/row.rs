//! A row of a file as the raw JSON that the rest of the program knows.

use serde_json::{Map, Value};

use super::header::Header;
use super::identity::Identity;

/// A row as a reader gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// The cells of a table, by column.
    Cells(Vec<String>),
    /// An object.
    Object(Map<String, Value>),
    /// What is no object, or cannot be read at all; kept as text.
    Broken(String),
}

/// Writes rows of one file.
pub struct RowWriter<'a> {
    /// The file.
    pub identity: &'a Identity,
    /// Its header; without names for JSON.
    pub header: &'a Header,
    /// Columns that make a key; empty means all.
    pub key_from: &'a [String],
}

impl RowWriter<'_> {
    /// Appends the row as one JSON object; `number` is its place in the file.
    pub fn write(&self, row: Row, number: u64, out: &mut Vec<u8>) {
        let fields = match row {
            Row::Cells(cells) => self.named(cells),
            Row::Object(fields) => fields,
            Row::Broken(text) => Map::from_iter([("_broken".to_owned(), Value::String(text))]),
        };
        let mut whole = Map::new();
        whole.insert("_file".into(), self.about(&fields, number));
        whole.extend(fields.into_iter().filter(|(name, _)| name != "_file"));
        // Writing JSON values into memory does not fail.
        let _ = serde_json::to_writer(out, &whole);
    }

    fn named(&self, cells: Vec<String>) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut extra = Vec::new();
        for (at, cell) in cells.into_iter().enumerate() {
            match self.header.names.get(at) {
                Some(name) => {
                    fields.insert(name.clone(), Value::String(cell));
                }
                None if cell.trim().is_empty() => {}
                None => extra.push(Value::String(cell)),
            }
        }
        if !extra.is_empty() {
            fields.insert("_extra".into(), Value::Array(extra));
        }
        fields
    }

    fn about(&self, fields: &Map<String, Value>, number: u64) -> Value {
        let mut hasher = blake3::Hasher::new();
        let mut part = |name: &str, value: Option<&Value>| {
            let text = match value {
                Some(Value::String(text)) => text.trim().to_owned(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            for piece in [name, &text] {
                hasher.update(&(piece.len() as u64).to_le_bytes());
                hasher.update(piece.as_bytes());
            }
        };
        if self.key_from.is_empty() {
            for (name, value) in fields {
                part(name, Some(value));
            }
        } else {
            for name in self.key_from {
                part(name, fields.get(name));
            }
        }
        let key = hasher.finalize().to_hex();
        Value::Object(Map::from_iter([
            ("row".to_owned(), Value::from(number)),
            ("key".to_owned(), Value::from(&key[..32])),
            ("name".to_owned(), Value::from(self.identity.name.as_str())),
            (
                "time".to_owned(),
                Value::from(self.identity.changed.as_str()),
            ),
        ]))
    }
}

//! Rows to learn from: with what many of them share, and nothing of one alone.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

/// So many rows are enough to learn from.
pub const ENOUGH: usize = 500;
/// What the values of a field begin with in so many rows is no single person's.
pub const SHARED: u32 = 20;
/// Characters of a value that may be shared at most.
const LONGEST: usize = 48;

/// Rows of the same shape; `None` when they are no JSON.
pub fn shapes(rows: &[impl AsRef<[u8]>]) -> Option<Vec<Vec<u8>>> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| serde_json::from_slice(row.as_ref()).ok())
        .collect::<Option<_>>()?;
    let mut shapes = Shapes::default();
    for row in &rows {
        shapes.count(row, &mut String::new());
    }
    let shaped = rows.iter().map(|row| {
        let mut out = String::new();
        shapes.write(row, &mut String::new(), &mut out);
        out.into_bytes()
    });
    Some(shaped.collect())
}

#[derive(Default)]
struct Shapes {
    /// How often values at a place begin with something, both told by a hash: there are some hundred
    /// thousand.
    beginnings: HashMap<u64, u32>,
    /// State of a generator; what it gives need not be hard to guess, as nothing is hidden by it.
    random: u64,
}

impl Shapes {
    fn count(&mut self, value: &Value, place: &mut String) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    within(place, name, |place| self.count(value, place));
                }
            }
            Value::Array(items) => {
                for item in items {
                    within(place, "", |place| self.count(item, place));
                }
            }
            Value::String(text) => self.count_text(text, place),
            other => self.count_text(&other.to_string(), place),
        }
    }

    fn count_text(&mut self, text: &str, place: &str) {
        for (beginning, _) in beginnings(text, place) {
            *self.beginnings.entry(beginning).or_default() += 1;
        }
    }

    /// The part of a value that it shares with many.
    fn shared<'t>(&self, text: &'t str, place: &str) -> &'t str {
        let end = beginnings(text, place)
            .take_while(|(beginning, _)| {
                self.beginnings
                    .get(beginning)
                    .is_some_and(|count| *count >= SHARED)
            })
            .last()
            .map_or(0, |(_, end)| end);
        &text[..end]
    }

    fn write(&mut self, value: &Value, place: &mut String, out: &mut String) {
        match value {
            Value::Object(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    within(place, name, |place| self.write(value, place, out));
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    within(place, "", |place| self.write(item, place, out));
                }
                out.push(']');
            }
            Value::String(text) => {
                let shaped = self.shaped(text, place);
                out.push_str(&Value::from(shaped).to_string());
            }
            other => {
                let shaped = self.shaped(&other.to_string(), place);
                out.push_str(&shaped);
            }
        }
    }

    fn shaped(&mut self, text: &str, place: &str) -> String {
        let shared = self.shared(text, place);
        let mut out = shared.to_owned();
        for one in text[shared.len()..].chars() {
            out.push(self.alike(one));
        }
        out
    }

    /// Some character of the same kind.
    fn alike(&mut self, one: char) -> char {
        // A linear congruential generator, Knuth's constants.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let any = (self.random >> 40) as u32;
        let (first, kinds) = match one {
            '0'..='9' => ('0', 10),
            'a'..='z' => ('a', 26),
            'A'..='Z' => ('A', 26),
            one if one.is_ascii() => return one,
            _ => ('一', 20_000),
        };
        char::from_u32(first as u32 + any % kinds).unwrap_or(one)
    }
}

/// Hashes of what a value at a place begins with, and where each ends.
fn beginnings(text: &str, place: &str) -> impl Iterator<Item = (u64, usize)> {
    let mut hasher = DefaultHasher::new();
    place.hash(&mut hasher);
    text.char_indices().take(LONGEST).map(move |(at, one)| {
        one.hash(&mut hasher);
        (hasher.finish(), at + one.len_utf8())
    })
}

/// Does something with the name of a place within another.
fn within(place: &mut String, name: &str, work: impl FnOnce(&mut String)) {
    let before = place.len();
    place.push('/');
    place.push_str(name);
    work(place);
    place.truncate(before);
}

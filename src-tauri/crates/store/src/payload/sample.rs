//! Rows to learn from: with what many of them share, and nothing of one alone.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
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
    let mut texts = Vec::new();
    for row in &rows {
        collect(row, &mut String::new(), &mut texts);
    }
    let mut shapes = Shapes {
        shared: shared(texts),
        random: 0,
    };
    let shaped = rows.iter().map(|row| {
        let mut out = String::new();
        shapes.write(row, &mut String::new(), &mut out);
        out.into_bytes()
    });
    Some(shaped.collect())
}

/// A value, what of it was looked at, and a hash of that and its place.
struct Text<'v> {
    rest: Cow<'v, str>,
    at: usize,
    hasher: DefaultHasher,
}

fn collect<'v>(value: &'v Value, place: &mut String, texts: &mut Vec<Text<'v>>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                within(place, name, |place| collect(value, place, texts));
            }
        }
        Value::Array(items) => {
            for item in items {
                within(place, "", |place| collect(item, place, texts));
            }
        }
        other => texts.push(Text {
            rest: match other {
                Value::String(text) => text.as_str().into(),
                other => other.to_string().into(),
            },
            at: 0,
            hasher: at_place(place),
        }),
    }
}

/// Hashes of places with what enough values there begin with. Character by character: what few values begin
/// with is not looked at further.
fn shared(mut texts: Vec<Text<'_>>) -> HashSet<u64> {
    let mut shared = HashSet::new();
    for _ in 0..LONGEST {
        let mut counts: HashMap<u64, u32> = HashMap::new();
        texts.retain_mut(|text| {
            let next = text.rest[text.at..].chars().next();
            if let Some(one) = next {
                text.at += one.len_utf8();
                one.hash(&mut text.hasher);
                *counts.entry(text.hasher.finish()).or_default() += 1;
            }
            next.is_some()
        });
        counts.retain(|_, count| *count >= SHARED);
        texts.retain(|text| counts.contains_key(&text.hasher.finish()));
        shared.extend(counts.into_keys());
    }
    shared
}

fn at_place(place: &str) -> DefaultHasher {
    let mut hasher = DefaultHasher::new();
    place.hash(&mut hasher);
    hasher
}

struct Shapes {
    /// What [`shared`] gave.
    shared: HashSet<u64>,
    /// State of a generator; what it gives need not be hard to guess, as nothing is hidden by it.
    random: u64,
}

impl Shapes {
    /// The part of a value that it shares with many.
    fn shared<'t>(&self, text: &'t str, place: &str) -> &'t str {
        let mut hasher = at_place(place);
        let mut end = 0;
        for one in text.chars().take(LONGEST) {
            one.hash(&mut hasher);
            if !self.shared.contains(&hasher.finish()) {
                break;
            }
            end += one.len_utf8();
        }
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

/// Does something with the name of a place within another.
fn within(place: &mut String, name: &str, work: impl FnOnce(&mut String)) {
    let before = place.len();
    place.push('/');
    place.push_str(name);
    work(place);
    place.truncate(before);
}

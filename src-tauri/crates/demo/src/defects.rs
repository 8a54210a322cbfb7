//! Planting defects: which row gets which, and what the row must be found with.

use crate::numbers::{mix, share};
use crate::row::{Row, Value};
use crate::world::World;

/// One way to spoil a row. Each notes what the row must be found with.
pub type Spoil = fn(&World, &mut Row, u64);

/// The hash that decides about a row's defect, if it gets one.
pub fn planted(world: &World, dataset: u64, index: u64) -> Option<u64> {
    let hash = mix(world.options.seed, &[dataset, index, 4242]);
    (share(hash) < world.options.defects && !world.is_corrected(dataset, index))
        .then(|| mix(hash, &[1]))
}

/// Spoils a row by one of `ways`.
pub fn plant(world: &World, row: &mut Row, hash: u64, ways: &[Spoil]) {
    let way = ways[usize::try_from(hash % ways.len() as u64).unwrap_or(0)];
    way(world, row, hash);
}

/// A required field is missing.
pub fn missing(row: &mut Row, field: &'static str) {
    row.remove(field);
    row.finding("required.missing", field);
}

/// A required field holds a placeholder.
pub fn placeholder(row: &mut Row, field: &'static str) {
    row.put(field, "无");
    row.finding("required.placeholder", field);
}

/// A field holds an object.
pub fn structure(row: &mut Row, field: &'static str) {
    row.set(field, Value::Json(r#"{"value":"1"}"#));
    row.finding("format.structure", field);
}

/// A code or number is written full-width; `other` rules may apply all the same.
pub fn full_width(row: &mut Row, field: &'static str) {
    let wide: String = row
        .get(field)
        .chars()
        .map(|char| match char {
            '!'..='~' => char::from_u32(char as u32 + 0xFEE0).unwrap_or(char),
            other => other,
        })
        .collect();
    row.put(field, wide);
    row.finding("format.full_width", field);
}

/// A text with a control character.
pub fn control(row: &mut Row, field: &'static str) {
    let text = row.get(field);
    row.put(field, format!("{text}\u{2}"));
    row.finding("format.characters", field);
}

/// A code that no list has.
pub fn unknown_code(row: &mut Row, field: &'static str, code: &'static str) {
    row.put(field, code);
    row.finding("code.unknown", field);
}

/// A moment that does not exist.
pub fn no_moment(row: &mut Row, field: &'static str) {
    row.put(field, "2024-02-31 10:00:00");
    row.finding("format.moment", field);
}

/// The defects that any row with the closing columns can have.
pub const CLOSING: &[Spoil] = &[
    |_, row, _| missing(row, "cd_operation"),
    |_, row, _| unknown_code(row, "cd_operation", "X"),
    |_, row, _| no_moment(row, "cd_time"),
    |world, row, _| {
        let late = world.options.now + chrono::Duration::days(2);
        row.put("cd_time", late.format("%Y-%m-%d %H:%M:%S").to_string());
        row.finding("timeliness.future", "cd_time");
    },
];

/// The defects of rows with batch and data source.
pub const BATCH: &[Spoil] = &[
    |_, row, _| {
        row.put("cd_batch", "B".repeat(33));
        row.finding("length.exceeded", "cd_batch");
    },
    |_, row, _| {
        row.put("data_source", "023");
        row.finding("format.data_source", "data_source");
    },
    |_, row, _| full_width(row, "cd_operation"),
];

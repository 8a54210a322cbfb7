//! How results are printed: tables for people, JSON for scripts.

use std::io::Write;

use chrono::DateTime;
use comfy_table::{ContentArrangement, Table, TableComponent, presets};
use serde::Serialize;
use zhengqiao_api::contract::{ApiError, Counts};

/// Where and how to print.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// JSON instead of text.
    pub json: bool,
    /// Progress bars on standard error.
    pub bars: bool,
}

impl Output {
    /// Prints one object as JSON, or what `text` says.
    pub fn print<T: Serialize>(self, value: &T, text: impl FnOnce(&T)) {
        if self.json {
            line(&serde_json::to_string(value).unwrap_or_default());
        } else {
            text(value);
        }
    }

    /// Prints an error on standard error.
    pub fn error(self, error: &ApiError) {
        if self.json {
            eprintln!("{}", serde_json::json!({ "error": error }));
        } else {
            eprintln!("error: {}", error.message);
            if let Some(details) = &error.details {
                eprintln!("       {details}");
            }
        }
    }
}

/// Prints a line; a closed pipe is no failure.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a table.
pub fn table(titles: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_HORIZONTAL_ONLY)
        .remove_style(TableComponent::HorizontalLines)
        .remove_style(TableComponent::MiddleIntersections)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(titles.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    line(&table.to_string());
}

/// Counts in the order of the accounting identity.
pub fn cells(counts: &Counts) -> Vec<String> {
    [
        counts.fetched,
        counts.accepted,
        counts.unchanged,
        counts.held,
        counts.rejected,
        counts.withdrawn,
        counts.superseded,
    ]
    .iter()
    .map(ToString::to_string)
    .collect()
}

/// Titles of [`cells`].
pub const COUNTS: [&str; 7] = [
    "fetched",
    "accepted",
    "unchanged",
    "held",
    "rejected",
    "withdrawn",
    "superseded",
];

/// A moment in UTC+8.
pub fn when(ms: Option<i64>) -> String {
    ms.and_then(DateTime::from_timestamp_millis)
        .map(|moment| {
            (moment + chrono::Duration::hours(8))
                .format("%Y-%m-%d %H:%M:%S")
                .to_string()
        })
        .unwrap_or_default()
}

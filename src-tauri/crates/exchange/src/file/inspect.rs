//! A look at a file before it is read: its form, its columns, some of its values.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::reader;
use super::row::Row;
use super::{FileFormat, FileSource, Trouble, sheet};

/// Rows that are looked at for samples.
const SAMPLED_ROWS: u64 = 1_000;
/// Rows that are counted at most.
const COUNTED_ROWS: u64 = 2_000_000;
/// Values a column.
const SAMPLES: usize = 20;

/// A column of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InspectedColumn {
    /// Its name.
    pub name: String,
    /// Some of its values, distinct.
    pub samples: Vec<String>,
    /// Rows among the first thousand that have a value.
    #[ts(type = "number")]
    pub filled: u64,
    /// Whether a workbook seems to have cut its long numbers.
    pub lost_digits: bool,
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InspectedFile {
    /// Its format.
    pub format: FileFormat,
    /// Its encoding, for text.
    pub encoding: Option<String>,
    /// What separates its values, for CSV.
    pub delimiter: Option<String>,
    /// Row of its header, from 1; 0 without one.
    pub header_row: u32,
    /// Names that more than one column has.
    pub doubled: Vec<String>,
    /// Sheets of a workbook.
    pub sheets: Vec<String>,
    /// Its columns.
    pub columns: Vec<InspectedColumn>,
    /// Rows below the header.
    #[ts(type = "number")]
    pub rows: u64,
    /// Whether there are more rows than were counted.
    pub has_more: bool,
    /// Size.
    #[ts(type = "number")]
    pub bytes: u64,
    /// When it was last changed, in UTC+8.
    pub changed: String,
}

/// Looks at a file.
///
/// # Errors
/// What is wrong with it, by its name.
pub fn inspect(source: &FileSource) -> Result<InspectedFile, Trouble> {
    let settled = reader::settle(source)?;
    let mut columns: Vec<InspectedColumn> = settled
        .header
        .names
        .iter()
        .map(|name| InspectedColumn {
            name: name.clone(),
            ..InspectedColumn::default()
        })
        .collect();
    let mut seen: Vec<BTreeSet<String>> = vec![BTreeSet::new(); columns.len()];
    let mut rows = 0;
    settled.rows(&mut |row, _| {
        rows += 1;
        if rows <= SAMPLED_ROWS {
            let cells: Vec<(usize, String)> = match row {
                Row::Cells(cells) => cells.into_iter().enumerate().collect(),
                Row::Object(fields) => fields
                    .into_iter()
                    .map(|(name, value)| {
                        let at = columns
                            .iter()
                            .position(|column| column.name == name)
                            .unwrap_or_else(|| {
                                columns.push(InspectedColumn {
                                    name,
                                    ..InspectedColumn::default()
                                });
                                seen.push(BTreeSet::new());
                                columns.len() - 1
                            });
                        let text = match value {
                            Value::String(text) => text,
                            Value::Null => String::new(),
                            other => other.to_string(),
                        };
                        (at, text)
                    })
                    .collect(),
                Row::Broken(_) => Vec::new(),
            };
            for (at, cell) in cells {
                let Some(column) = columns.get_mut(at) else {
                    continue;
                };
                let text: String = cell.trim().chars().take(100).collect();
                if text.is_empty() {
                    continue;
                }
                column.filled += 1;
                column.lost_digits |=
                    settled.format == FileFormat::Xlsx && sheet::has_lost_digits(&text);
                if column.samples.len() < SAMPLES && seen[at].insert(text.clone()) {
                    column.samples.push(text);
                }
            }
        }
        Ok(rows < COUNTED_ROWS)
    })?;
    Ok(InspectedFile {
        format: settled.format,
        encoding: settled.encoding.map(|encoding| encoding.name().to_owned()),
        delimiter: settled.delimiter.map(|byte| char::from(byte).to_string()),
        header_row: u32::try_from(settled.header.row).unwrap_or(u32::MAX),
        doubled: settled.header.doubled.clone(),
        sheets: if settled.format == FileFormat::Xlsx {
            sheet::names(&source.path)?
        } else {
            Vec::new()
        },
        columns,
        rows,
        has_more: rows >= COUNTED_ROWS,
        bytes: settled.identity.bytes,
        changed: settled.identity.changed.clone(),
    })
}

//! Files that a provider hands over (格式文件导入): one dataset each.
//!
//! A file is read like a provider: page by page, with a position that survives a kill. Each row
//! becomes a raw JSON object of its header's names, with `_file` beside them: the row's number, a key
//! made of its content, the file's name and time. So a mapping can take a key from there where the
//! file has none of its own, and a rejection can be found again in the file.

mod diagnose;
mod encoding;
mod header;
mod identity;
mod inspect;
mod json;
mod reader;
mod row;
mod separated;
mod sheet;
mod tables;
mod walk;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use diagnose::diagnose;
pub use inspect::{InspectedColumn, InspectedFile, inspect};
pub use tables::{FileTable, TableCaps, read_tables};
pub use walk::FileWalk;

use crate::error::Fault;

/// Bytes of one row at most.
pub(crate) const MAX_ROW_BYTES: usize = 8 * 1024 * 1024;
/// Columns of a table at most.
pub(crate) const MAX_COLUMNS: usize = 4096;
/// Bytes of a JSON file that is one value at most.
pub(crate) const MAX_JSON_BYTES: u64 = 512 * 1024 * 1024;
/// Bytes of a workbook at most, as it is and unpacked.
pub(crate) const MAX_SHEET_BYTES: u64 = 256 * 1024 * 1024;
pub(crate) const MAX_UNPACKED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// What a file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Told by its content.
    #[default]
    Auto,
    /// Separated values.
    Csv,
    /// A workbook of Excel, or one of its kin (xlsx, xls, ods).
    Xlsx,
    /// A JSON object a line.
    Ndjson,
    /// One JSON value with a list of objects.
    Json,
}

/// A file with the rows of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct FileSource {
    /// Where it is.
    pub path: String,
    /// What it is.
    pub format: FileFormat,
    /// How its text is encoded; empty means told by its content. `utf-8`, `gb18030`, `utf-16le`,
    /// `utf-16be`.
    pub encoding: String,
    /// What separates values; empty means told by its first rows.
    pub delimiter: String,
    /// Name of the sheet; empty means the first.
    pub sheet: String,
    /// Row of the header, from 1; 0 means told by its first rows.
    pub header_row: u32,
    /// Where the list is in a JSON file, as a pointer; empty means the whole value.
    pub records: String,
    /// Columns that make a row's key; empty means all of them.
    pub key_from: Vec<String>,
}

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which fault.
    pub fault: Fault,
    /// What was seen, and what to do.
    pub what: String,
}

impl Trouble {
    pub(crate) fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
        }
    }

    pub(crate) fn of_io(path: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let fault = match error.kind() {
            ErrorKind::NotFound => Fault::FileMissing,
            ErrorKind::PermissionDenied => Fault::FileDenied,
            ErrorKind::InvalidData => Fault::FileFormat,
            _ => Fault::FileRead,
        };
        Self::new(fault, format!("{path}: {error}"))
    }
}

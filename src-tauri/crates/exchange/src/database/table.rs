//! An exchange table: which, in which order, and which of its rows are new.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::ExchangeError;

/// Rows of a batch unless told otherwise.
const BATCH_ROWS: u32 = 1_000;
/// Rows of a batch at most.
pub const MAX_BATCH_ROWS: u32 = 10_000;

/// An exchange table.
///
/// Source: practice of 前置库 exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TableSource {
    /// Its name, with the schema where there is one.
    pub table: String,
    /// Columns that name a row; empty means the table's primary key.
    pub key: Vec<String>,
    /// Rows of a batch.
    pub batch_rows: u32,
    /// Which rows an incremental run reads.
    pub polling: Polling,
    /// What is written back, where rows are known by a flag; absent writes nothing.
    pub receipts: Option<Receipts>,
}

/// What is written back into the row once it is kept or rejected here; held rows go on waiting.
///
/// Source: practice, `sync_sign`, `sync_error_desc`, `read_date`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Receipts {
    /// The flag of a row that was accepted.
    pub accepted: String,
    /// The flag of a row that was rejected.
    pub rejected: String,
    /// Column for the reason of a rejection; without it, or where the table has none, none is written.
    pub reason_column: String,
    /// Column for the moment (UTC+8); without it, or where the table has none, none is written.
    pub time_column: String,
}

impl Default for Receipts {
    fn default() -> Self {
        Self {
            accepted: "1".into(),
            rejected: "2".into(),
            reason_column: "sync_error_desc".into(),
            time_column: "read_date".into(),
        }
    }
}

impl Default for TableSource {
    fn default() -> Self {
        Self {
            table: String::new(),
            key: Vec::new(),
            batch_rows: BATCH_ROWS,
            polling: Polling::All,
            receipts: None,
        }
    }
}

/// How an incremental run knows which rows are new.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Polling {
    /// Not at all: it reads everything.
    #[default]
    All,
    /// Those whose flag has one of these values, such as `sync_sign` 0.
    Flag {
        /// The column.
        column: String,
        /// Values of rows that wait.
        pending: Vec<String>,
    },
    /// Those written since the last run, such as by `cd_time`.
    Time {
        /// The column.
        column: String,
        /// How far a window reaches back into the one before it, seconds: rows appear late.
        overlap_s: u32,
    },
    /// Those of the last batch read and of later ones, such as by `cd_batch`.
    Batch {
        /// The column, whose values grow.
        column: String,
    },
}

/// A column of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the database names it.
    pub kind: String,
    /// Its comment, often its Chinese name.
    pub comment: String,
    /// Whether it can be without a value.
    pub nullable: bool,
    /// Its place in the primary key from 1; 0 when it is none of it.
    pub key_place: u32,
    /// Whether this user may read it.
    pub readable: bool,
    /// Whether this user may change it.
    pub writable: bool,
}

/// A table that this user may read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Table {
    /// Its name, with the schema where it is not the usual one.
    pub name: String,
    /// Its comment, often its Chinese name.
    pub comment: String,
    /// About how many rows it has, where the database knows.
    #[ts(type = "number | null")]
    pub rows: Option<u64>,
}

impl TableSource {
    /// Whether it can be used.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] naming what cannot.
    pub fn validate(&self, field: &str) -> Result<(), ExchangeError> {
        let wrong = |part: &str, what: &str| {
            Err(ExchangeError::Settings {
                field: format!("{field}.{part}"),
                what: what.to_owned(),
            })
        };
        if self.table.trim().is_empty() {
            return wrong("table", "name the table");
        }
        if !(1..=MAX_BATCH_ROWS).contains(&self.batch_rows) {
            return wrong("batch_rows", "choose 1 to 10000 rows");
        }
        if let Some(receipts) = &self.receipts {
            let Polling::Flag { pending, .. } = &self.polling else {
                return wrong("receipts", "only rows known by a flag can be receipted");
            };
            for value in [&receipts.accepted, &receipts.rejected] {
                if value.is_empty() || pending.contains(value) {
                    return wrong(
                        "receipts",
                        "the values written back must not be those of rows that wait",
                    );
                }
            }
        }
        match &self.polling {
            Polling::All => Ok(()),
            Polling::Flag { pending, .. } if pending.is_empty() => {
                wrong("polling.pending", "name the values of rows that wait")
            }
            Polling::Flag { column, .. }
            | Polling::Time { column, .. }
            | Polling::Batch { column }
                if column.trim().is_empty() =>
            {
                wrong("polling.column", "name the column")
            }
            _ => Ok(()),
        }
    }
}

//! A file whose form is settled: format, encoding, delimiter, header.

use std::fs::File;
use std::io::Read as _;

use super::encoding::{self, Encoding};
use super::header::{self, Header, LOOKED_AT};
use super::identity::{self, Identity};
use super::row::Row;
use super::{FileFormat, FileSource, Trouble, json, separated, sheet};
use crate::error::Fault;

/// What a file turned out to be.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Its name, size and time.
    pub identity: Identity,
    /// Its format; never `Auto`.
    pub format: FileFormat,
    /// Its encoding, for text.
    pub encoding: Option<Encoding>,
    /// What separates its values, for CSV.
    pub delimiter: Option<u8>,
    /// Its header, for tables.
    pub header: Header,
    source: FileSource,
}

/// Looks at a file and settles what was left to be told by its content.
pub fn settle(source: &FileSource) -> Result<Settled, Trouble> {
    let path = source.path.as_str();
    let identity = identity::of(path)?;
    let format = match source.format {
        FileFormat::Auto => format_of(path)?,
        set => set,
    };
    let mut settled = Settled {
        identity,
        format,
        encoding: None,
        delimiter: None,
        header: Header::default(),
        source: source.clone(),
    };
    if format != FileFormat::Xlsx {
        settled.encoding = Some(encoding::of_file(path, &source.encoding)?);
    }
    if let (FileFormat::Csv, Some(encoding)) = (format, settled.encoding) {
        settled.delimiter = Some(separated::delimiter(path, encoding, &source.delimiter)?);
    }
    if matches!(format, FileFormat::Csv | FileFormat::Xlsx) {
        let mut first = Vec::new();
        let wanted = LOOKED_AT.max(source.header_row as usize);
        settled.raw_rows(&mut |row, _| {
            if let Row::Cells(cells) = row {
                first.push(cells);
            }
            Ok(first.len() < wanted)
        })?;
        settled.header = header::find(&first, source.header_row)
            .map_err(|trouble| Trouble::new(trouble.fault, format!("{path}: {}", trouble.what)))?;
        if let Some(missing) = source
            .key_from
            .iter()
            .find(|name| !settled.header.names.contains(name))
        {
            return Err(Trouble::new(
                Fault::FileHeader,
                format!(
                    "{path}: key_from names {missing:?}; the columns are {}",
                    settled.header.names.join(", ")
                ),
            ));
        }
    }
    Ok(settled)
}

/// The format that the first bytes show.
fn format_of(path: &str) -> Result<FileFormat, Trouble> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(4096).read_to_end(&mut head))
        .map_err(|error| Trouble::of_io(path, &error))?;
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Ok(FileFormat::Xlsx);
    }
    let text: String = String::from_utf8_lossy(&head)
        .trim_start_matches('\u{feff}')
        .chars()
        .filter(|char| *char != '\0')
        .collect();
    let text = text.trim_start();
    Ok(match text.chars().next() {
        Some('[') => FileFormat::Json,
        Some('{') => {
            // One object over several lines, or too long to see its end, is one value; an object
            // that ends with its line is the first of many, or the only one.
            let first = text.lines().next().unwrap_or("");
            match serde_json::from_str::<serde_json::Value>(first) {
                Ok(_) => FileFormat::Ndjson,
                Err(_) => FileFormat::Json,
            }
        }
        _ => FileFormat::Csv,
    })
}

impl Settled {
    /// Every row of the file, the header and what is above it among them.
    fn raw_rows(
        &self,
        each: &mut dyn FnMut(Row, u64) -> Result<bool, Trouble>,
    ) -> Result<(), Trouble> {
        let path = self.source.path.as_str();
        let encoding = self.encoding.unwrap_or(Encoding::Utf8);
        match self.format {
            FileFormat::Csv | FileFormat::Auto => {
                separated::read(path, encoding, self.delimiter.unwrap_or(b','), each)
            }
            FileFormat::Xlsx => sheet::read(path, &self.source.sheet, each),
            FileFormat::Ndjson => json::read_lines(path, encoding, each),
            FileFormat::Json => json::read_list(path, encoding, &self.source.records, each),
        }
    }

    /// Every row below the header with its number, until `each` says that it is enough.
    pub fn rows(
        &self,
        each: &mut dyn FnMut(Row, u64) -> Result<bool, Trouble>,
    ) -> Result<(), Trouble> {
        let mut above = self.header.row;
        self.raw_rows(&mut |row, number| {
            if above > 0 {
                above -= 1;
                return Ok(true);
            }
            each(row, number)
        })
    }

    /// The columns of which a row's key is made.
    pub fn key_from(&self) -> &[String] {
        &self.source.key_from
    }
}

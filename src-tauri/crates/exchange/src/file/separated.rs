//! Separated values: comma, semicolon, tabulator, bar.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::encoding::{self, Encoding};
use super::row::Row;
use super::{MAX_ROW_BYTES, Trouble};
use crate::error::Fault;

/// Signs that may separate values.
pub const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Gives an error where a row does not end: an opened quote would swallow the rest of the file.
struct Metered<R> {
    inner: R,
    since_row: Arc<AtomicUsize>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(into)?;
        if self.since_row.fetch_add(n, Ordering::Relaxed) > MAX_ROW_BYTES {
            return Err(std::io::Error::other(format!(
                "a row does not end within {MAX_ROW_BYTES} bytes: perhaps a quote is not closed"
            )));
        }
        Ok(n)
    }
}

/// What separates the values, told by the first rows.
pub fn delimiter(path: &str, encoding: Encoding, set: &str) -> Result<u8, Trouble> {
    match set.as_bytes() {
        [] => {}
        [one] if one.is_ascii() => return Ok(*one),
        b"\\t" | b"tab" => return Ok(b'\t'),
        _ => {
            return Err(Trouble::new(
                Fault::FileFormat,
                format!("delimiter: {set:?} is not one ASCII character"),
            ));
        }
    }
    let mut head = String::new();
    encoding::text_of(path, encoding)?
        .take(64 * 1024)
        .read_to_string(&mut head)
        // The cut may lie within a character.
        .or_else(|error| {
            if error.kind() == std::io::ErrorKind::InvalidData {
                Ok(0)
            } else {
                Err(error)
            }
        })
        .map_err(|error| Trouble::of_io(path, &error))?;
    let count = |candidate: u8| {
        let counts: Vec<usize> = head
            .lines()
            .take(20)
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.bytes().filter(|byte| *byte == candidate).count())
            .collect();
        // The one that most rows have, and equally often.
        let most = counts.iter().copied().max().unwrap_or(0);
        let alike = counts.iter().filter(|count| **count == most).count();
        (most > 0, alike, most)
    };
    Ok(CANDIDATES
        .into_iter()
        .rev()
        .max_by_key(|candidate| count(*candidate))
        .unwrap_or(b','))
}

/// Hands out each row with the number of its line, until `each` says that it is enough.
pub fn read(
    path: &str,
    encoding: Encoding,
    delimiter: u8,
    each: &mut dyn FnMut(Row, u64) -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let since_row = Arc::new(AtomicUsize::new(0));
    let metered = Metered {
        inner: encoding::text_of(path, encoding)?,
        since_row: since_row.clone(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(metered);
    let mut record = csv::ByteRecord::new();
    loop {
        let more = reader.read_byte_record(&mut record).map_err(|error| {
            let line = reader.position().line();
            Trouble::new(Fault::FileFormat, format!("{path}: line {line}: {error}"))
        })?;
        since_row.store(0, Ordering::Relaxed);
        if !more {
            return Ok(());
        }
        let cells: Vec<String> = record
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect();
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        if !each(Row::Cells(cells), line)? {
            return Ok(());
        }
    }
}

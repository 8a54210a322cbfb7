//! JSON files: an object a line, or one value with a list.

use std::io::{BufRead, Read};

use zhengqiao_domain::mapping::read_row;

use super::encoding::{self, Encoding};
use super::row::Row;
use super::{MAX_JSON_BYTES, MAX_ROW_BYTES, Trouble};
use crate::envelope::{self, Closed};
use crate::error::Fault;
use crate::profile::Envelope;

fn row(text: &str) -> Row {
    match read_row(text.as_bytes()) {
        Some(fields) => Row::Object(fields),
        None => Row::Broken(text.to_owned()),
    }
}

/// Hands out each line that is not empty.
pub fn read_lines(
    path: &str,
    encoding: Encoding,
    each: &mut dyn FnMut(Row, u64) -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let mut text = encoding::text_of(path, encoding)?;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let n = (&mut text)
            .take(MAX_ROW_BYTES as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|error| Trouble::of_io(path, &error))?;
        if n == 0 {
            break;
        }
        if n > MAX_ROW_BYTES {
            return Err(Trouble::new(
                Fault::FileFormat,
                format!("{path}: line {number} is longer than {MAX_ROW_BYTES} bytes"),
            ));
        }
        let shown = String::from_utf8_lossy(&line);
        let shown = shown.trim();
        if !shown.is_empty() && !each(row(shown), number)? {
            break;
        }
    }
    Ok(())
}

/// Hands out each item of the list at a pointer.
pub fn read_list(
    path: &str,
    encoding: Encoding,
    pointer: &str,
    each: &mut dyn FnMut(Row, u64) -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let mut text = String::new();
    encoding::text_of(path, encoding)?
        .take(MAX_JSON_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| Trouble::of_io(path, &error))?;
    if text.len() as u64 > MAX_JSON_BYTES {
        return Err(Trouble::new(
            Fault::TooLarge,
            format!(
                "{path}: one JSON value of more than {MAX_JSON_BYTES} bytes; ask for an object a line (NDJSON)"
            ),
        ));
    }
    if crate::depth::is_too_deep(text.as_bytes()) {
        return Err(Trouble::new(
            Fault::TooDeep,
            format!("{path}: the JSON nests too deep"),
        ));
    }
    let at = Envelope {
        records: pointer.to_owned(),
        ..Envelope::default()
    };
    let opened = envelope::open(&text, &at).map_err(|closed| match closed {
        Closed::Fault(fault, what) => Trouble::new(fault, format!("{path}: {what}")),
        Closed::Busy(what) | Closed::Expired(what) => Trouble::new(Fault::FileFormat, what),
    })?;
    for (number, range) in (1..).zip(opened.records) {
        if !each(row(&text[range]), number)? {
            break;
        }
    }
    Ok(())
}

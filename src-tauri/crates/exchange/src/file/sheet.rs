//! Workbooks: xlsx read cell by cell, its kin sheet by sheet.

use std::fs::File;
use std::io::BufReader;

use calamine::{
    Data, DataRef, ExcelDateTime, Reader, Sheets, Xlsx, XlsxError, open_workbook,
    open_workbook_auto,
};
use zhengqiao_domain::primitives::moment;

use super::row::Row;
use super::{MAX_COLUMNS, MAX_SHEET_BYTES, MAX_UNPACKED_BYTES, Trouble};
use crate::error::Fault;

/// From here on a workbook's number has lost digits.
const EXACT: f64 = 1e15;

type Each<'e> = &'e mut dyn FnMut(Row, u64) -> Result<bool, Trouble>;

/// What went wrong in reading a workbook.
pub fn wrong(path: &str, error: &impl std::fmt::Display) -> Trouble {
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    let fault = if lower.contains("password") || lower.contains("encrypt") {
        Fault::FileEncrypted
    } else {
        Fault::FileFormat
    };
    Trouble::new(fault, format!("{path}: {text}"))
}

/// Whether what the file unpacks to is within the limits.
fn check_size(path: &str) -> Result<(), Trouble> {
    let io = |error: std::io::Error| Trouble::of_io(path, &error);
    let file = File::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let too_large = |bytes: u64, limit: u64| {
        Trouble::new(
            Fault::TooLarge,
            format!("{path}: {bytes} bytes, more than {limit}; ask for CSV"),
        )
    };
    if bytes > MAX_SHEET_BYTES {
        return Err(too_large(bytes, MAX_SHEET_BYTES));
    }
    let Ok(archive) = zip::ZipArchive::new(BufReader::new(file)) else {
        // An older workbook is no archive.
        return Ok(());
    };
    let unpacked = archive.decompressed_size().unwrap_or(0);
    if unpacked > u128::from(MAX_UNPACKED_BYTES) {
        return Err(Trouble::new(
            Fault::TooLarge,
            format!("{path}: unpacks to {unpacked} bytes, more than {MAX_UNPACKED_BYTES}"),
        ));
    }
    Ok(())
}

/// The names of a workbook's sheets.
pub fn names(path: &str) -> Result<Vec<String>, Trouble> {
    check_size(path)?;
    let book = open_workbook_auto(path).map_err(|error| wrong(path, &error))?;
    Ok(book.sheet_names())
}

fn pick(path: &str, names: &[String], set: &str) -> Result<String, Trouble> {
    if set.is_empty() {
        return names.first().cloned().ok_or_else(|| {
            Trouble::new(
                Fault::FileEmpty,
                format!("{path}: the workbook has no sheet"),
            )
        });
    }
    names
        .iter()
        .find(|name| name.as_str() == set)
        .cloned()
        .ok_or_else(|| {
            Trouble::new(
                Fault::FileFormat,
                format!(
                    "{path}: there is no sheet {set:?}; there are {}",
                    names.join(", ")
                ),
            )
        })
}

/// Hands out each row that is not empty with its number in the sheet.
pub fn read(path: &str, sheet: &str, each: Each<'_>) -> Result<(), Trouble> {
    check_size(path)?;
    let book = open_workbook_auto(path).map_err(|error| wrong(path, &error))?;
    if matches!(book, Sheets::Xlsx(_)) {
        drop(book);
        return stream(path, sheet, each);
    }
    whole(path, book, sheet, each)
}

fn stream(path: &str, sheet: &str, each: Each<'_>) -> Result<(), Trouble> {
    let fault = |error: XlsxError| wrong(path, &error);
    let mut book: Xlsx<BufReader<File>> = open_workbook(path).map_err(fault)?;
    let name = pick(path, &book.sheet_names(), sheet)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(fault)?;
    let mut row: Vec<String> = Vec::new();
    let mut number = 0;
    let mut give = |row: &mut Vec<String>, number: u32| -> Result<bool, Trouble> {
        let cells = std::mem::take(row);
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(true);
        }
        each(Row::Cells(cells), u64::from(number) + 1)
    };
    while let Some(cell) = cells.next_cell().map_err(fault)? {
        let (at, column) = cell.get_position();
        if at != number {
            if !give(&mut row, number)? {
                return Ok(());
            }
            number = at;
        }
        let text = match cell.get_value() {
            DataRef::Empty => continue,
            DataRef::Int(number) => number.to_string(),
            DataRef::Float(number) => number_text(*number),
            DataRef::String(text) => text.clone(),
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Bool(yes) => bool_text(*yes),
            DataRef::DateTime(at) => moment_text(at),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.replace('T', " "),
            DataRef::Error(error) => error.to_string(),
        };
        put(path, &mut row, number, column as usize, text)?;
    }
    give(&mut row, number)?;
    Ok(())
}

fn put(
    path: &str,
    row: &mut Vec<String>,
    number: u32,
    column: usize,
    text: String,
) -> Result<(), Trouble> {
    if column >= MAX_COLUMNS {
        return Err(Trouble::new(
            Fault::FileFormat,
            format!(
                "{path}: row {} has a value in column {}, beyond {MAX_COLUMNS}",
                number + 1,
                column + 1
            ),
        ));
    }
    if row.len() <= column {
        row.resize(column + 1, String::new());
    }
    row[column] = text;
    Ok(())
}

fn whole(
    path: &str,
    mut book: Sheets<BufReader<File>>,
    sheet: &str,
    each: Each<'_>,
) -> Result<(), Trouble> {
    let name = pick(path, &book.sheet_names(), sheet)?;
    let range = book
        .worksheet_range(&name)
        .map_err(|error| wrong(path, &error))?;
    let (begin, left) = range.start().unwrap_or((0, 0));
    for (number, cells) in (begin..).zip(range.rows()) {
        let mut row = Vec::new();
        for (column, cell) in (left as usize..).zip(cells) {
            let text = match cell {
                Data::Empty => continue,
                Data::Int(number) => number.to_string(),
                Data::Float(number) => number_text(*number),
                Data::String(text) => text.clone(),
                Data::Bool(yes) => bool_text(*yes),
                Data::DateTime(at) => moment_text(at),
                Data::DateTimeIso(text) | Data::DurationIso(text) => text.replace('T', " "),
                Data::Error(error) => error.to_string(),
            };
            put(path, &mut row, number, column, text)?;
        }
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if !each(Row::Cells(row), u64::from(number) + 1)? {
            break;
        }
    }
    Ok(())
}

fn bool_text(yes: bool) -> String {
    if yes { "1" } else { "0" }.into()
}

/// A number without exponent, and without a fraction where it has none.
pub fn number_text(number: f64) -> String {
    if number.fract() == 0.0 {
        format!("{number:.0}")
    } else {
        number.to_string()
    }
}

/// A moment in canonical form; a mere duration as its number.
pub fn moment_text(at: &ExcelDateTime) -> String {
    match at.as_datetime() {
        Some(moment) if at.is_datetime() => moment::canonical(moment),
        _ => number_text(at.as_f64()),
    }
}

/// Whether a text looks like a number that a workbook has cut: it keeps fifteen digits.
pub fn has_lost_digits(text: &str) -> bool {
    text.len() > 15
        && text.ends_with('0')
        && text
            .parse::<f64>()
            .is_ok_and(|number| number >= EXACT && number.fract() == 0.0)
}

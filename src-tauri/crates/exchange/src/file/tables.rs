//! A file that comes back from people's desks: every sheet of it, with merged cells and formulas.
//!
//! It is read whole, because what it means is decided by all of its rows, and so within narrow limits.
//! Formulas count by the value that the program which saved the file had computed; without one they are
//! told apart from empty cells.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use calamine::{DataRef, Sheets, Xlsx, XlsxError, open_workbook, open_workbook_auto};

use super::row::Row;
use super::sheet::{moment_text, number_text, wrong};
use super::{Trouble, encoding, separated, sheet};
use crate::error::Fault;

/// How much of a file is read at most.
#[derive(Debug, Clone, Copy)]
pub struct TableCaps {
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes that a workbook unpacks to.
    pub unpacked_bytes: u64,
    /// Sheets.
    pub sheets: usize,
    /// Rows of all sheets.
    pub rows: usize,
    /// Columns of a sheet.
    pub columns: usize,
    /// Characters of a cell; what is beyond is cut off.
    pub cell_chars: usize,
}

/// A sheet, or the one table of a text file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileTable {
    /// The sheet's name; empty for text.
    pub name: String,
    /// Rows that are not empty, with their numbers from 1; empty lines of text are not counted.
    pub rows: Vec<(u64, Vec<String>)>,
    /// First row, last row and column of cells that were merged over several rows.
    pub merged: Vec<(u64, u64, usize)>,
    /// Row and column of formulas without a computed value.
    pub uncomputed: BTreeSet<(u64, usize)>,
}

impl FileTable {
    fn put(&mut self, row: u64, column: usize, text: &str, caps: &TableCaps) {
        if column >= caps.columns || text.trim().is_empty() {
            return;
        }
        if self.rows.last().is_none_or(|(number, _)| *number != row) {
            self.rows.push((row, Vec::new()));
        }
        if let Some((_, cells)) = self.rows.last_mut() {
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            cells[column] = text.chars().take(caps.cell_chars).collect();
        }
    }
}

/// Rows among which the header of separated values is looked for.
const HEADER_WITHIN: usize = 1_000;

/// Whether cells are a table's header.
pub type IsHeader<'h> = &'h dyn Fn(&[String]) -> bool;

/// Reads every table of a file: `.xlsx` and its kin, or separated values in UTF-8, GB 18030 or UTF-16.
/// What separates values is the sign with which there is a header: cells of several lines make any count
/// of signs a guess.
///
/// # Errors
/// What is wrong with the file, by its name; [`Fault::TooLarge`] beyond a limit.
pub fn read_tables(
    path: &str,
    caps: &TableCaps,
    is_header: IsHeader<'_>,
) -> Result<Vec<FileTable>, Trouble> {
    let io = |error: std::io::Error| Trouble::of_io(path, &error);
    let mut file = File::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    if bytes > caps.bytes {
        return Err(too_large(
            path,
            &format!("{bytes} bytes, more than {}", caps.bytes),
        ));
    }
    let mut head = [0; 8];
    let length = file.read(&mut head).map_err(io)?;
    let head = &head[..length];
    if head.starts_with(b"PK\x03\x04") {
        check_unpacked(path, caps)?;
        workbook(path, caps)
    } else if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        kin(path, caps)
    } else {
        text(path, caps, is_header).map(|table| vec![table])
    }
}

fn too_large(path: &str, what: &str) -> Trouble {
    Trouble::new(Fault::TooLarge, format!("{path}: {what}"))
}

/// Unpacks everything once without keeping it: what an archive says of its own size may be wrong.
fn check_unpacked(path: &str, caps: &TableCaps) -> Result<(), Trouble> {
    let file = File::open(path).map_err(|error| Trouble::of_io(path, &error))?;
    let mut archive =
        zip::ZipArchive::new(BufReader::new(file)).map_err(|error| wrong(path, &error))?;
    let mut left = caps.unpacked_bytes;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|error| wrong(path, &error))?;
        let unpacked = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink())
            .map_err(|error| wrong(path, &error))?;
        if unpacked > left {
            return Err(too_large(
                path,
                &format!("unpacks to more than {} bytes", caps.unpacked_bytes),
            ));
        }
        left -= unpacked;
    }
    Ok(())
}

fn check_count(path: &str, tables: &[FileTable], caps: &TableCaps) -> Result<(), Trouble> {
    if tables.iter().map(|table| table.rows.len()).sum::<usize>() > caps.rows {
        return Err(too_large(path, &format!("more than {} rows", caps.rows)));
    }
    Ok(())
}

fn check_sheets(path: &str, names: &[String], caps: &TableCaps) -> Result<(), Trouble> {
    if names.len() > caps.sheets {
        let what = format!("{} sheets, more than {}", names.len(), caps.sheets);
        return Err(too_large(path, &what));
    }
    Ok(())
}

fn workbook(path: &str, caps: &TableCaps) -> Result<Vec<FileTable>, Trouble> {
    let book = open_workbook_auto(path).map_err(|error| wrong(path, &error))?;
    if !matches!(book, Sheets::Xlsx(_)) {
        drop(book);
        return kin(path, caps);
    }
    drop(book);
    let fault = |error: XlsxError| wrong(path, &error);
    let mut book: Xlsx<BufReader<File>> = open_workbook(path).map_err(fault)?;
    let names = calamine::Reader::sheet_names(&book);
    check_sheets(path, &names, caps)?;
    let mut tables: Vec<FileTable> = Vec::new();
    for name in names {
        let mut table = FileTable {
            name: name.clone(),
            ..FileTable::default()
        };
        // A chart has its own sheet, which has no cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else {
            continue;
        };
        while let Some(cell) = cells.next_cell_with_formula().map_err(fault)? {
            let (row, column) = (u64::from(cell.pos.0) + 1, cell.pos.1 as usize);
            let text = match cell.value {
                DataRef::Empty => String::new(),
                DataRef::Int(number) => number.to_string(),
                DataRef::Float(number) => number_text(number),
                DataRef::String(text) => text,
                DataRef::SharedString(text) => text.to_owned(),
                DataRef::Bool(yes) => if yes { "1" } else { "0" }.to_owned(),
                DataRef::DateTime(at) => moment_text(&at),
                DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.replace('T', " "),
                // A formula that failed has no value.
                DataRef::Error(_) => String::new(),
            };
            if text.trim().is_empty() && cell.formula.is_some() {
                table.uncomputed.insert((row, column));
            }
            table.put(row, column, &text, caps);
            if table.rows.len() > caps.rows || table.uncomputed.len() > caps.rows {
                return Err(too_large(path, &format!("more than {} rows", caps.rows)));
            }
        }
        drop(cells);
        for area in book.merge_cells_by_sheet_name(&name).map_err(fault)? {
            if area.end.0 > area.start.0 {
                let (first, last) = (u64::from(area.start.0) + 1, u64::from(area.end.0) + 1);
                table.merged.push((first, last, area.start.1 as usize));
            }
        }
        tables.push(table);
        check_count(path, &tables, caps)?;
    }
    Ok(tables)
}

/// Workbooks of other kinds, by their values.
fn kin(path: &str, caps: &TableCaps) -> Result<Vec<FileTable>, Trouble> {
    let names = sheet::names(path)?;
    check_sheets(path, &names, caps)?;
    let mut tables: Vec<FileTable> = Vec::new();
    for name in names {
        let mut table = FileTable {
            name: name.clone(),
            ..FileTable::default()
        };
        sheet::read(path, &name, &mut |row, number| {
            take(&mut table, row, number, caps);
            Ok(table.rows.len() <= caps.rows)
        })?;
        tables.push(table);
        check_count(path, &tables, caps)?;
    }
    Ok(tables)
}

fn text(path: &str, caps: &TableCaps, is_header: IsHeader<'_>) -> Result<FileTable, Trouble> {
    let encoding = encoding::of_file(path, "")?;
    let mut delimiter = separated::delimiter(path, encoding, "")?;
    for candidate in separated::CANDIDATES {
        let (mut found, mut seen) = (false, 0);
        let read = separated::read(path, encoding, candidate, &mut |row, _| {
            seen += 1;
            found = matches!(&row, Row::Cells(cells) if is_header(cells));
            Ok(!found && seen < HEADER_WITHIN)
        });
        // A quote that is not closed is told below, when the file is read for good.
        if read.is_ok() && found {
            delimiter = candidate;
            break;
        }
    }
    let mut table = FileTable {
        name: Path::new(path)
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        ..FileTable::default()
    };
    separated::read(path, encoding, delimiter, &mut |row, number| {
        take(&mut table, row, number, caps);
        Ok(table.rows.len() <= caps.rows)
    })?;
    check_count(path, std::slice::from_ref(&table), caps)?;
    Ok(table)
}

fn take(table: &mut FileTable, row: Row, number: u64, caps: &TableCaps) {
    let Row::Cells(cells) = row else { return };
    // Where lines end with CRLF, the reader is still on the line before when a row begins.
    let next = table.rows.last().map_or(1, |(last, _)| last + 1);
    for (column, cell) in cells.iter().enumerate() {
        table.put(number.max(next), column, cell, caps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const CAPS: TableCaps = TableCaps {
        bytes: 1_000_000,
        unpacked_bytes: 4_000_000,
        sheets: 5,
        rows: 1_000,
        columns: 50,
        cell_chars: 10,
    };

    fn read(path: &Path) -> Result<Vec<FileTable>, Trouble> {
        read_tables(&path.display().to_string(), &CAPS, &|cells| {
            cells.iter().any(|cell| cell == "答复")
        })
    }

    #[test]
    fn text_is_read_in_whatever_encoding_and_each_row_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let text = "反馈编号,答复\n\n7K3,\"已更正\n附注\"\n";
        let (gb, _, _) = encoding_rs::GB18030.encode(text);
        let crlf = "反馈编号,答复\r\n7K3,已更正\r\n";
        let path = dir.path().join("crlf.csv");
        std::fs::write(&path, crlf).unwrap();
        let rows: Vec<u64> = read(&path).unwrap()[0]
            .rows
            .iter()
            .map(|row| row.0)
            .collect();
        assert_eq!(rows, [1, 2]);
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            gb.into_owned(),
        ] {
            let path = dir.path().join("a.csv");
            std::fs::write(&path, bytes).unwrap();
            let tables = read(&path).unwrap();
            assert_eq!(tables[0].name, "a");
            assert_eq!(tables[0].rows[0].1, ["反馈编号", "答复"]);
            let (number, cells) = &tables[0].rows[1];
            assert!(*number > 1);
            assert_eq!(cells, &["7K3", "已更正\n附注"]);
        }
    }

    #[test]
    fn the_sign_is_the_one_with_which_there_is_a_header_whatever_cells_contain() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        let text = "编号,值,答复\n1,\"1. a|b\n2. c|d\n3. e|f\",属实\n2,\"1. a|b\n2. c|d\",属实\n";
        for sign in [",", ";", "\t"] {
            std::fs::write(&path, text.replace(',', sign)).unwrap();
            let tables = read(&path).unwrap();
            assert_eq!(tables[0].rows.len(), 3, "{sign:?}");
            assert_eq!(tables[0].rows[2].1[2], "属实");
        }
    }

    #[test]
    fn an_archive_that_unpacks_to_more_than_the_limit_is_refused_whatever_it_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bomb.xlsx");
        let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
        archive
            .start_file("a.xml", zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(&vec![0; 5_000_000]).unwrap();
        archive.finish().unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < 100_000);
        assert_eq!(read(&path).unwrap_err().fault, Fault::TooLarge);
    }

    #[test]
    fn too_many_rows_and_bytes_that_are_no_table_are_refused_by_the_files_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long.csv");
        std::fs::write(&path, "a,b\n".repeat(1_001)).unwrap();
        assert_eq!(read(&path).unwrap_err().fault, Fault::TooLarge);
        let path = dir.path().join("broken.xlsx");
        std::fs::write(&path, b"PK\x03\x04 nothing").unwrap();
        let trouble = read(&path).unwrap_err();
        assert!(trouble.what.contains("broken.xlsx"), "{}", trouble.what);
        assert!(read(&dir.path().join("none.xlsx")).is_err());
    }
}

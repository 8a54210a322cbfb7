//! Files that are written for people: whole or not at all, and harmless in a spreadsheet program.

use std::io::Write;
use std::path::{Path, PathBuf};

use zhengqiao_store::StoreError;

/// Why a file was not written.
#[derive(Debug)]
pub enum NotWritten {
    /// What was to be written could not be read.
    Store(StoreError),
    /// The disk.
    File(std::io::Error),
}

impl From<StoreError> for NotWritten {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<std::io::Error> for NotWritten {
    fn from(error: std::io::Error) -> Self {
        Self::File(error)
    }
}

impl From<csv::Error> for NotWritten {
    fn from(error: csv::Error) -> Self {
        Self::File(error.into())
    }
}

/// Where a file is written before it takes its place.
pub fn partial(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// Writes a file beside its place and puts it there once it is whole; otherwise what was there stays, and
/// nothing half-written is left.
///
/// # Errors
/// The writing's, or the disk's.
pub fn put<T, E: From<std::io::Error>>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    // Behind a link is the file; a pipe or a device has no place beside it.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return write(path);
    }
    let partial = partial(path);
    let written = write(&partial).and_then(|told| {
        std::fs::rename(&partial, path)?;
        Ok(told)
    });
    if written.is_err() {
        // It may not have been made yet.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// Separated values as spreadsheet programs take them: UTF-8 with its mark, and no cell begins a formula.
pub struct Separated<W: Write>(csv::Writer<W>);

impl<W: Write> Separated<W> {
    /// A file with its header.
    ///
    /// # Errors
    /// The writer's.
    pub fn new<C: AsRef<str>>(
        mut to: W,
        titles: impl IntoIterator<Item = C>,
    ) -> Result<Self, csv::Error> {
        to.write_all("\u{FEFF}".as_bytes())?;
        let mut file = Self(
            csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .from_writer(to),
        );
        file.record(titles)?;
        Ok(file)
    }

    /// Writes a line.
    ///
    /// # Errors
    /// The writer's.
    pub fn record<C: AsRef<str>>(
        &mut self,
        cells: impl IntoIterator<Item = C>,
    ) -> Result<(), csv::Error> {
        let cells = cells.into_iter();
        self.0
            .write_record(cells.map(|cell| harmless(cell.as_ref())))
    }

    /// Everything is written; gives back what it was written to.
    ///
    /// # Errors
    /// The writer's.
    pub fn end(self) -> Result<W, csv::Error> {
        self.0
            .into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))
    }
}

/// A cell that a spreadsheet program takes neither for a formula nor, where it is a long number, for a
/// number that it may round.
fn harmless(cell: &str) -> String {
    let begins = cell
        .trim_start_matches(|char: char| char.is_whitespace() || "\u{feff}\u{200b}".contains(char));
    let is_formula = begins.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || cell.starts_with(['\t', '\r', '\n']);
    let is_long_number = cell.len() > 11
        && cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_formula || is_long_number {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_like_a_formula_or_would_lose_digits_is_quoted() {
        for cell in [
            "=1+1",
            " =HYPERLINK(\"x\")",
            "+86",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "＝1",
            "123456789012345678",
        ] {
            assert!(harmless(cell).starts_with('\''), "{cell}");
        }
        for cell in ["无", "7K3-M9Q-2RT", "2026-01-01", "20260101", ""] {
            assert_eq!(harmless(cell), cell);
        }
    }

    #[test]
    fn a_file_that_was_not_written_to_its_end_leaves_what_was_there_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "before").unwrap();
        let failed = put(&path, |partial| {
            std::fs::write(partial, "half")?;
            Err::<(), _>(std::io::Error::other("the disk is full"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        put(&path, |partial| std::fs::write(partial, "whole")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_is_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("a.csv"), dir.path().join("link.csv"));
        std::fs::write(&file, "before").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        put(&link, |partial| std::fs::write(partial, "whole")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "whole");
        put(Path::new("/dev/null"), |place| std::fs::write(place, "x")).unwrap();
    }

    proptest! {
        #[test]
        fn no_cell_begins_a_formula(text in "[=+@\\-\t\r\n ＝＋]{0,3}.{0,20}") {
            let mut file = Separated::new(Vec::new(), ["title"]).unwrap();
            file.record([&text]).unwrap();
            let bytes = file.end().unwrap();
            let mut lines = csv::Reader::from_reader(bytes.as_slice());
            let line = lines.records().next().unwrap().unwrap();
            prop_assert!(!line[0].trim_start().starts_with(['=', '+', '-', '@']), "{line:?}");
        }
    }
}

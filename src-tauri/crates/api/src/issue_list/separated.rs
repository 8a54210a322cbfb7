//! A list of problems as separated values, one file a department.

use super::{COLUMNS, Words, harmless};

/// A file under way: UTF-8 with its mark, by which spreadsheet programs know it.
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    /// A file with its header.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(words: Words) -> Result<Self, csv::Error> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer("\u{FEFF}".as_bytes().to_vec());
        writer.write_record(COLUMNS.iter().map(|column| words.title(column)))?;
        Ok(Self(writer))
    }

    /// Writes a record.
    ///
    /// # Errors
    /// The writer's.
    pub fn record(&mut self, cells: &[String; COLUMNS.len()]) -> Result<(), csv::Error> {
        self.0.write_record(cells.iter().map(|cell| harmless(cell)))
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// The writer's.
    pub fn bytes(self) -> Result<Vec<u8>, csv::Error> {
        self.0
            .into_inner()
            .map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
    }
}

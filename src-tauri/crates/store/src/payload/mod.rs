//! Raw rows as they are kept: without what the rows of their source have in common.
//!
//! A row of a provider repeats field names, codes and offices that thousands of others have. A dictionary of
//! what a source's rows share is made once, kept in table `payload_dictionary`, and rows are compressed with
//! it (Zstandard), which takes a few microseconds and a quarter of the room; less is encrypted and written.
//! Rows of a source without a dictionary are kept as they came.

mod sample;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::error::StoreError;
use crate::hash;
use crate::scratch;

/// First byte of a row that is kept as it came although its first byte is one of these.
const PLAIN: u8 = 0;
/// First byte of a compressed row; eight with the number of its dictionary follow, then the frame.
const PACKED: u8 = 1;
const HEAD: usize = 9;
/// Zstandard's own level: of those that take less than the writing saves, the one that saves most.
const LEVEL: i32 = 1;
/// Bytes of a dictionary at most.
const DICTIONARY_BYTES: usize = 8 * 1024;
/// Bytes of a row at most; the limit of an answer is far below.
const LARGEST: usize = 1 << 30;

/// A dictionary that was made, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    id: i64,
    content: Vec<u8>,
}

/// Compresses rows with a source's dictionary.
pub struct Packer {
    id: i64,
    compressor: Compressor<'static>,
    /// Where a frame is written first.
    frame: Vec<u8>,
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Packer({:x})", self.id)
    }
}

struct Dictionary {
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

/// Dictionaries that this process has used. They are named by their content, so that those of several caches
/// stand beside each other; a process meets one for each of its sources.
static KNOWN: Mutex<Option<HashMap<i64, &'static Dictionary>>> = Mutex::new(None);

thread_local! {
    /// The last one that this thread has read with.
    static READER: RefCell<Option<(i64, Decompressor<'static>)>> = const { RefCell::new(None) };
}

fn known(id: i64) -> Option<&'static Dictionary> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.as_ref()?.get(&id).copied()
}

fn make_known(id: i64, content: &[u8]) -> Result<&'static Dictionary, StoreError> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(dictionary) = known.get(&id) {
        return Ok(dictionary);
    }
    let dictionary = Box::leak(Box::new(Dictionary {
        encoder: EncoderDictionary::try_copy(content, LEVEL).map_err(unreadable)?,
        decoder: DecoderDictionary::try_copy(content).map_err(unreadable)?,
    }));
    known.insert(id, dictionary);
    Ok(dictionary)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: std::io::Error) -> StoreError {
    StoreError::Content(format!("a raw row: {error}"))
}

/// Makes a dictionary of what rows share; `None` when they are too few, or have nothing in common.
///
/// Only what is at the beginning of the values of a field in at least [`sample::SHARED`] of the rows goes
/// into it; the rest of each value is replaced by random characters of the same kind, so that a dictionary
/// holds nothing of a single person.
pub fn learn(rows: &[impl AsRef<[u8]>]) -> Option<Learned> {
    if rows.len() < sample::ENOUGH {
        return None;
    }
    let samples = sample::shapes(rows)?;
    let content = zstd::dict::from_samples(&samples, DICTIONARY_BYTES).ok()?;
    Some(Learned {
        id: number(&content),
        content,
    })
}

/// So many rows are enough to learn from.
pub const fn enough() -> usize {
    sample::ENOUGH
}

fn number(content: &[u8]) -> i64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash::of_bytes(content)[..8]);
    i64::from_be_bytes(bytes)
}

/// Keeps a dictionary for a source.
///
/// # Errors
/// SQLite's.
pub fn keep(connection: &Connection, source_id: i64, learned: &Learned) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR IGNORE INTO payload_dictionary (id, source_id, content) VALUES (?1, ?2, ?3)",
        params![learned.id, source_id, learned.content],
    )?;
    Ok(())
}

/// What compresses the rows of a source, if it has a dictionary.
///
/// # Errors
/// SQLite's, or [`StoreError::Content`] for a dictionary that cannot be read.
pub fn of_source(connection: &Connection, source_id: i64) -> Result<Option<Packer>, StoreError> {
    let found: Option<Learned> = connection
        .prepare_cached("SELECT id, content FROM payload_dictionary WHERE source_id = ?1 LIMIT 1")?
        .query_row([source_id], |row| {
            Ok(Learned {
                id: row.get(0)?,
                content: row.get(1)?,
            })
        })
        .optional()?;
    found.map(|learned| Packer::new(&learned)).transpose()
}

impl Packer {
    /// Compresses with a dictionary.
    ///
    /// # Errors
    /// [`StoreError::Content`] for a dictionary that cannot be read.
    pub fn new(learned: &Learned) -> Result<Self, StoreError> {
        let dictionary = make_known(learned.id, &learned.content)?;
        let mut compressor =
            Compressor::with_prepared_dictionary(&dictionary.encoder).map_err(unreadable)?;
        // The dictionary is named by us, and pages of the file have checksums of their own.
        for parameter in [
            zstd::zstd_safe::CParameter::DictIdFlag(false),
            zstd::zstd_safe::CParameter::ChecksumFlag(false),
        ] {
            compressor.set_parameter(parameter).map_err(unreadable)?;
        }
        Ok(Self {
            id: learned.id,
            compressor,
            frame: Vec::new(),
        })
    }

    /// A row as it is kept.
    pub fn pack(&mut self, raw: &[u8]) -> Vec<u8> {
        self.frame.clear();
        self.frame
            .reserve(zstd::zstd_safe::compress_bound(raw.len()));
        match self.compressor.compress_to_buffer(raw, &mut self.frame) {
            Ok(length) if HEAD + length < raw.len() => {
                let mut kept = Vec::with_capacity(HEAD + length);
                kept.push(PACKED);
                kept.extend_from_slice(&self.id.to_be_bytes());
                kept.extend_from_slice(&self.frame[..length]);
                kept
            }
            _ => plain(raw).into_owned(),
        }
    }
}

/// A row that is kept as it came.
pub fn plain(raw: &[u8]) -> Cow<'_, [u8]> {
    match raw.first() {
        Some(&(PLAIN | PACKED)) => [&[PLAIN], raw].concat().into(),
        _ => raw.into(),
    }
}

/// The row as it came of what is kept.
///
/// # Errors
/// SQLite's, or [`StoreError::Content`] when it cannot be read.
pub fn unpack(connection: &Connection, mut kept: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    match kept.first() {
        Some(&PLAIN) => {
            kept.remove(0);
            Ok(kept)
        }
        Some(&PACKED) => {
            let head = kept.get(1..HEAD).and_then(|head| head.try_into().ok());
            let id = i64::from_be_bytes(
                head.ok_or_else(|| StoreError::Content("a raw row is cut off".into()))?,
            );
            READER.with_borrow_mut(|reader| {
                if reader.as_ref().is_none_or(|(has, _)| *has != id) {
                    let dictionary = match known(id) {
                        Some(dictionary) => dictionary,
                        None => find(connection, id)?,
                    };
                    let new = Decompressor::with_prepared_dictionary(&dictionary.decoder);
                    *reader = Some((id, new.map_err(unreadable)?));
                }
                match reader {
                    Some((_, reader)) => reader
                        .decompress(&kept[HEAD..], LARGEST)
                        .map_err(unreadable),
                    None => Err(StoreError::Content("a raw row".into())),
                }
            })
        }
        _ => Ok(kept),
    }
}

fn find(connection: &Connection, id: i64) -> Result<&'static Dictionary, StoreError> {
    let content: Option<Vec<u8>> = connection
        .prepare_cached("SELECT content FROM payload_dictionary WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let content = match content {
        // Made after the scratch cache was begun.
        None if scratch::is_scratch(connection)? => connection
            .query_row(
                "SELECT content FROM base.payload_dictionary WHERE id = ?1",
                [id],
                |row| row.get(0),
            )
            .optional()?,
        found => found,
    };
    let content =
        content.ok_or_else(|| StoreError::Content("a raw row's dictionary is missing".into()))?;
    make_known(id, &content)
}

#[cfg(test)]
mod tests;

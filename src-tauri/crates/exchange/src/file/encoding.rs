//! How a file's text is encoded: told by its byte order mark, else by what its bytes can be.

use std::fs::File;
use std::io::{BufReader, Read};

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use super::Trouble;
use crate::error::Fault;

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// GB 18030, with GBK and GB 2312 in it.
    Gb18030,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
}

impl Encoding {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Gb18030 => "gb18030",
            Encoding::Utf16Le => "utf-16le",
            Encoding::Utf16Be => "utf-16be",
        }
    }

    fn by_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Encoding::Utf8),
            "gb18030" | "gbk" | "gb2312" => Some(Encoding::Gb18030),
            "utf-16le" | "utf-16" => Some(Encoding::Utf16Le),
            "utf-16be" => Some(Encoding::Utf16Be),
            _ => None,
        }
    }

    fn decoder(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Gb18030 => encoding_rs::GB18030,
            Encoding::Utf16Le => encoding_rs::UTF_16LE,
            Encoding::Utf16Be => encoding_rs::UTF_16BE,
        }
    }
}

/// The encoding of a file: the one that was set, or the one that it shows.
pub fn of_file(path: &str, set: &str) -> Result<Encoding, Trouble> {
    if !set.trim().is_empty() {
        return Encoding::by_name(set).ok_or_else(|| {
            Trouble::new(
                Fault::FileEncoding,
                format!("{set:?} is no known encoding; give utf-8, gb18030, utf-16le or utf-16be"),
            )
        });
    }
    let mut file = open(path)?;
    let mut bytes = vec![0; 64 * 1024];
    let mut utf8 = Utf8::default();
    let mut gb = encoding_rs::GB18030.new_decoder_without_bom_handling();
    let mut room = String::with_capacity(256 * 1024);
    let (mut begun, mut is_gb) = (false, true);
    loop {
        let n = file
            .read(&mut bytes)
            .map_err(|error| Trouble::of_io(path, &error))?;
        let chunk = &bytes[..n];
        if !begun {
            begun = true;
            if let Some(marked) = by_mark(chunk) {
                return Ok(marked);
            }
        }
        utf8.take(chunk, n == 0);
        if !utf8.valid && is_gb {
            // From here on only; what came before was valid UTF-8 and is judged by its end.
            room.clear();
            let (_, _, malformed) = gb.decode_to_string(chunk, &mut room, n == 0);
            is_gb = !malformed;
        }
        if n == 0 || (!utf8.valid && !is_gb) {
            break;
        }
    }
    match (utf8.valid, is_gb) {
        (true, _) => Ok(Encoding::Utf8),
        (false, true) => Ok(Encoding::Gb18030),
        (false, false) => Err(Trouble::new(
            Fault::FileEncoding,
            format!("{path}: the text is neither UTF-8 nor GB 18030; set its encoding"),
        )),
    }
}

fn by_mark(chunk: &[u8]) -> Option<Encoding> {
    if chunk.starts_with(b"\xEF\xBB\xBF") {
        Some(Encoding::Utf8)
    } else if chunk.starts_with(b"\xFF\xFE") {
        Some(Encoding::Utf16Le)
    } else if chunk.starts_with(b"\xFE\xFF") {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// Whether what came so far is UTF-8; a character may lie across two chunks.
struct Utf8 {
    valid: bool,
    rest: Vec<u8>,
}

impl Default for Utf8 {
    fn default() -> Self {
        Self {
            valid: true,
            rest: Vec::new(),
        }
    }
}

impl Utf8 {
    fn take(&mut self, chunk: &[u8], last: bool) {
        if !self.valid {
            return;
        }
        self.rest.extend_from_slice(chunk);
        match std::str::from_utf8(&self.rest) {
            Ok(_) => self.rest.clear(),
            Err(error) if error.error_len().is_none() && !last => {
                self.rest.drain(..error.valid_up_to());
            }
            Err(_) => self.valid = false,
        }
    }
}

fn open(path: &str) -> Result<File, Trouble> {
    File::open(path).map_err(|error| Trouble::of_io(path, &error))
}

/// A file's text as UTF-8, whatever its encoding, without its byte order mark.
pub fn text_of(
    path: &str,
    encoding: Encoding,
) -> Result<BufReader<DecodeReaderBytes<File, Vec<u8>>>, Trouble> {
    let reader = DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding.decoder()))
        .bom_override(true)
        .strip_bom(true)
        .build(open(path)?);
    Ok(BufReader::with_capacity(64 * 1024, reader))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn read(bytes: &[u8], set: &str) -> (Encoding, String) {
        let file = file(bytes);
        let path = file.path().display().to_string();
        let encoding = of_file(&path, set).unwrap();
        let mut text = String::new();
        text_of(&path, encoding)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        (encoding, text)
    }

    #[test]
    fn each_encoding_is_told_by_its_bytes_and_read_as_the_same_text() {
        let text = "事项名称,编码\n企业投资项目备案,一二三\n𠮷野家,4\n";
        let (gb, _, lossy) = encoding_rs::GB18030.encode(text);
        assert!(!lossy);
        let utf16 = |le: bool| -> Vec<u8> {
            std::iter::once(0xFEFF)
                .chain(text.encode_utf16())
                .flat_map(|unit: u16| {
                    if le {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                })
                .collect()
        };
        assert_eq!(read(text.as_bytes(), ""), (Encoding::Utf8, text.into()));
        assert_eq!(
            read(&[b"\xEF\xBB\xBF", text.as_bytes()].concat(), ""),
            (Encoding::Utf8, text.into())
        );
        assert_eq!(read(&gb, ""), (Encoding::Gb18030, text.into()));
        assert_eq!(read(&utf16(true), ""), (Encoding::Utf16Le, text.into()));
        assert_eq!(read(&utf16(false), ""), (Encoding::Utf16Be, text.into()));
    }

    #[test]
    fn chinese_that_begins_after_a_long_run_of_plain_letters_is_still_found() {
        let mut bytes = b"a,b,c\n".repeat(40_000);
        bytes.extend_from_slice(&encoding_rs::GB18030.encode("事项名称\n").0);
        assert_eq!(read(&bytes, "").0, Encoding::Gb18030);
        // A character across the border of two chunks.
        let mut bytes = vec![b'a'; 64 * 1024 - 1];
        bytes.extend_from_slice("名".as_bytes());
        assert_eq!(read(&bytes, "").0, Encoding::Utf8);
    }

    #[test]
    fn bytes_that_are_neither_ask_for_a_setting() {
        let file = file(b"\xFF\xFF\x00\x80\xFF");
        let trouble = of_file(&file.path().display().to_string(), "").unwrap_err();
        assert_eq!(trouble.fault, Fault::FileEncoding);
        let trouble = of_file(&file.path().display().to_string(), "latin-9").unwrap_err();
        assert!(trouble.what.contains("latin-9"));
    }
}

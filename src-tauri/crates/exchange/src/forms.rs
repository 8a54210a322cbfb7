//! In which forms keys, times and binary values are written. Sources do not agree, so that each is
//! chosen for a connection.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset, NaiveDateTime};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Eight hours, China's offset, in seconds.
const CHINA_S: i32 = 8 * 3600;

/// How a binary value is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TextForm {
    /// Hexadecimal in lower case.
    Hex,
    /// Hexadecimal in upper case.
    HexUpper,
    /// Base64 with padding.
    #[default]
    Base64,
}

impl TextForm {
    /// Writes.
    pub fn write(self, bytes: &[u8]) -> String {
        match self {
            TextForm::Hex => hex(bytes),
            TextForm::HexUpper => hex(bytes).to_ascii_uppercase(),
            TextForm::Base64 => STANDARD.encode(bytes),
        }
    }

    /// Reads; hexadecimal in either case.
    pub fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            TextForm::Hex | TextForm::HexUpper => unhex(text),
            TextForm::Base64 => STANDARD.decode(text.trim()).ok(),
        }
    }
}

/// How a key is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum KeyForm {
    /// Its characters are its bytes.
    #[default]
    Text,
    /// Hexadecimal.
    Hex,
    /// Base64.
    Base64,
}

impl KeyForm {
    /// The key's bytes.
    pub fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            KeyForm::Text => Some(text.as_bytes().to_vec()),
            KeyForm::Hex => unhex(text),
            KeyForm::Base64 => STANDARD.decode(text.trim()).ok(),
        }
    }
}

/// How a block cipher is used; the padding is PKCS#7 in either case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BlockMode {
    /// Each block by itself, as practice mostly has it.
    #[default]
    Ecb,
    /// Chained; the first 16 bytes are the initial vector.
    Cbc,
}

/// In which order the parts of a text encrypted with SM2 stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sm2Layout {
    /// Point, hash, text: GB/T 32918.4—2016.
    #[default]
    C1c3c2,
    /// Point, text, hash: the older order.
    C1c2c3,
    /// ASN.1 DER: GM/T 0009—2012.
    Der,
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StampForm {
    /// Seconds since 1970.
    #[default]
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// `yyyyMMddHHmmss` in China.
    Compact,
}

impl StampForm {
    /// Milliseconds of the smallest step that the form can tell.
    pub const fn step_ms(self) -> u64 {
        match self {
            StampForm::Milliseconds => 1,
            StampForm::Seconds | StampForm::Compact => 1000,
        }
    }

    /// Writes a moment in ms since 1970.
    pub fn write(self, ms: u64) -> String {
        match self {
            StampForm::Seconds => (ms / 1000).to_string(),
            StampForm::Milliseconds => ms.to_string(),
            StampForm::Compact => i64::try_from(ms)
                .ok()
                .and_then(DateTime::from_timestamp_millis)
                .zip(FixedOffset::east_opt(CHINA_S))
                .map(|(at, china)| at.with_timezone(&china).format("%Y%m%d%H%M%S").to_string())
                .unwrap_or_default(),
        }
    }
}

/// A moment in any of the forms that providers use, in ms since 1970.
pub fn moment_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() != 14 {
        let number: u64 = text.parse().ok()?;
        return match text.len() {
            9 | 10 => number.checked_mul(1000),
            12 | 13 => Some(number),
            _ => None,
        };
    }
    let local = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    let ms = local.and_utc().timestamp_millis() - i64::from(CHINA_S) * 1000;
    u64::try_from(ms).ok()
}

/// Lower-case hexadecimal.
pub use hex::encode as hex;

/// Hexadecimal in either case.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_chinas_time() {
        // TZ=Asia/Shanghai date -d @1700000000 +%Y%m%d%H%M%S
        assert_eq!(
            StampForm::Compact.write(1_700_000_000_999),
            "20231115061320"
        );
        assert_eq!(StampForm::Seconds.write(1_700_000_000_999), "1700000000");
        assert_eq!(
            StampForm::Milliseconds.write(1_700_000_000_999),
            "1700000000999"
        );
    }

    #[test]
    fn every_form_of_a_moment_is_read() {
        for text in [
            "1700000000",
            "1700000000000",
            "20231115061320",
            "2023-11-15 06:13:20",
            "2023-11-15T06:13:20",
        ] {
            assert_eq!(moment_ms(text), Some(1_700_000_000_000), "{text}");
        }
        for text in ["", "soon", "12345", "99999999999999999999"] {
            assert_eq!(moment_ms(text), None, "{text}");
        }
    }

    #[test]
    fn hexadecimal_is_read_in_either_case_and_nothing_else_is() {
        assert_eq!(unhex("0aFf"), Some(vec![0x0a, 0xff]));
        assert_eq!(unhex("abc"), None);
        assert_eq!(unhex("zz"), None);
        assert_eq!(unhex("政桥"), None);
    }
}

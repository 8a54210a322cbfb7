//! What is wrong with a number or code of a fixed length, without the number.

use super::fingerprint;
use crate::primitives::width;

/// Longest unit behind a number, in characters.
const LONGEST_UNIT: usize = 8;

/// The kind of defect of a number that should have `wanted` characters.
pub(super) fn of_length(text: &str, wanted: usize) -> String {
    let text = width::to_half_width(text);
    let text = text.trim();
    if let Some(kind) = spoiled(text) {
        return kind;
    }
    let bare = text.chars().filter(|char| char.is_alphanumeric()).count();
    let all = text.chars().count();
    if bare < all {
        return if bare == wanted {
            "separated"
        } else {
            "characters"
        }
        .to_owned();
    }
    if all == wanted {
        let digits = text
            .chars()
            .filter(|char| !char.is_ascii_digit())
            .all(|char| matches!(char.to_ascii_uppercase(), 'O' | 'I' | 'L' | 'S' | 'Z' | 'X'));
        return if digits { "lookalike" } else { "characters" }.to_owned();
    }
    if all < wanted {
        format!("short:{all}")
    } else {
        format!("long:{}", all.min(99))
    }
}

/// The kind of defect of a document's number that has no fixed length.
pub(super) fn document(text: &str) -> String {
    let text = width::to_half_width(text);
    let text = text.trim();
    spoiled(text).unwrap_or_else(|| {
        let all = text.chars().count();
        if all < 5 {
            format!("short:{all}")
        } else {
            format!("long:{}", all.min(99))
        }
    })
}

/// What can be wrong with numbers of any length.
fn spoiled(text: &str) -> Option<String> {
    if text.contains('*') {
        return Some("masked".to_owned());
    }
    if is_scientific(text) {
        return Some("spreadsheet".to_owned());
    }
    let mut chars = text.chars();
    if let Some(first) = chars.next()
        && text.chars().count() > 1
        && chars.all(|char| char == first)
    {
        let sign = if first.is_ascii_alphanumeric() {
            first
        } else {
            '?'
        };
        return Some(format!("repeated:{}", sign.to_ascii_lowercase()));
    }
    let words = text
        .chars()
        .filter(|char| char.is_alphabetic() && !char.is_ascii())
        .count();
    (words > 0).then(|| "words".to_owned())
}

fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    mantissa.contains('.')
        && mantissa.split('.').all(digits)
        && digits(exponent.trim_start_matches('+'))
}

/// Whether a number's last digits were lost to a spreadsheet, which keeps fifteen.
pub(super) fn check(text: &str) -> &'static str {
    if text.len() == 18 && text.ends_with("000") {
        "zeros"
    } else {
        "check"
    }
}

/// The kind of defect of a mobile number.
pub(super) fn mobile(text: &str) -> String {
    let text = width::to_half_width(text);
    let text = text.trim();
    if let Some(kind) = spoiled(text) {
        return kind;
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if text.starts_with('0') && (10..=12).contains(&digits) {
        return "landline".to_owned();
    }
    if digits == 11 && digits == text.chars().count() {
        return "prefix".to_owned();
    }
    if digits == text.chars().count() {
        return if digits < 11 {
            format!("short:{digits}")
        } else {
            format!("long:{}", digits.min(99))
        };
    }
    "characters".to_owned()
}

/// The kind of defect of a whole number; the unit behind it where the field is not personal.
pub(super) fn integer(text: &str, personal: bool) -> String {
    const NUMERALS: &str = "零〇一二两三四五六七八九十百千万";
    let text = width::to_half_width(text);
    let text = text.trim();
    let number: String = text
        .chars()
        .take_while(|char| is_of_number(*char))
        .collect();
    let rest = text[number.len()..].trim();
    if rest.is_empty() {
        return if number.contains(',') {
            "grouped"
        } else if number.contains('.') {
            "decimal"
        } else {
            "long"
        }
        .to_owned();
    }
    if !number.is_empty() {
        if is_scientific(text) {
            return "spreadsheet".to_owned();
        }
        let unit = fingerprint::bare(rest);
        return if personal
            || unit.is_empty()
            || unit.chars().count() > LONGEST_UNIT
            || unit.chars().any(char::is_numeric)
        {
            "characters".to_owned()
        } else {
            format!("unit:{unit}")
        };
    }
    if text
        .chars()
        .next()
        .is_some_and(|char| NUMERALS.contains(char))
    {
        return "chinese_numeral".to_owned();
    }
    "words".to_owned()
}

fn is_of_number(char: char) -> bool {
    char.is_ascii_digit() || matches!(char, '.' | ',' | '-' | '+')
}

/// The kind of defect of a web address.
pub(super) fn url(text: &str) -> &'static str {
    let text = text.trim();
    if text.to_ascii_lowercase().starts_with("http") {
        "broken_scheme"
    } else if text.contains("://") {
        "other_scheme"
    } else if text.contains('.') && text.is_ascii() {
        "no_scheme"
    } else {
        "words"
    }
}

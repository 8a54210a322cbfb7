//! Fingerprints of values, after the key collision methods of OpenRefine.

use std::collections::BTreeSet;

use crate::primitives::width;

/// From so many characters of a script without letters on a value is words, not a code.
const WORDY: usize = 4;

/// A value in half width and lower case, with one sign for each of the dashes in use.
fn folded(text: &str) -> String {
    width::to_half_width(text)
        .chars()
        .map(|char| match char {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' => '-',
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// The fingerprint of a value: half width, lower case, without punctuation, its words sorted and each
/// once.
pub fn fingerprint(text: &str) -> String {
    let bare: String = folded(text)
        .chars()
        .filter(|char| char.is_alphanumeric() || char.is_whitespace())
        .collect();
    let words: BTreeSet<&str> = bare.split_whitespace().collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// A value in half width and lower case, without spaces and punctuation.
pub fn bare(text: &str) -> String {
    folded(text)
        .chars()
        .filter(|char| char.is_alphanumeric())
        .collect()
}

/// The n-gram fingerprint of a value as a number: its pairs of characters, sorted and each once.
///
/// Words in another order or doubled by mistake have the same one; the number is FNV-1a over the
/// pairs, because the pairs themselves would be longer than the value.
pub fn alike(text: &str) -> u64 {
    let bare: Vec<char> = bare(text).chars().collect();
    let pairs: BTreeSet<&[char]> = if bare.len() < 2 {
        BTreeSet::from([bare.as_slice()])
    } else {
        bare.windows(2).collect()
    };
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut buffer = [0; 4];
    for char in pairs.into_iter().flatten() {
        for byte in char.encode_utf8(&mut buffer).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

/// Whether a value is words: names of units and departments in place of their codes.
pub fn is_wordy(text: &str) -> bool {
    text.chars()
        .filter(|char| char.is_alphabetic() && !char.is_ascii() && !is_wide_letter(*char))
        .count()
        >= WORDY
}

/// A full-width Latin letter is a letter like those of ASCII.
fn is_wide_letter(char: char) -> bool {
    matches!(char, '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}')
}

/// The signs of a value that has nothing else, at most eight.
pub fn signs(text: &str) -> String {
    folded(text)
        .chars()
        .filter(|char| !char.is_whitespace() && !char.is_control())
        .take(8)
        .collect()
}

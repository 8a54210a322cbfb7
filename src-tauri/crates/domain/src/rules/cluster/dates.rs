//! The form in which a date was written, without the date.

use crate::primitives::{moment, width};

/// Longest form that names a cluster, in characters.
const LONGEST: usize = 24;

/// Words of times; every other letter or character is only said to be one.
const WORDS: &[char] = &[
    '年', '月', '日', '号', '时', '点', '分', '秒', '上', '下', '午', 'T', 'Z',
];

/// The key of a date that could not be read: `no_such_day` where only the day does not exist, else its
/// form. Numbers are told as `Y` (four digits), `N` (one or two) or their count of digits.
pub(super) fn key(text: &str) -> String {
    let text = width::to_half_width(text);
    let text = text.trim();
    if exists_but_for_its_day(text) {
        return "no_such_day".to_owned();
    }
    let form = form(text);
    if form.chars().count() > LONGEST
        || !form
            .chars()
            .any(|char| char == 'N' || char == 'Y' || char.is_ascii_digit())
    {
        return "words".to_owned();
    }
    format!("form:{form}")
}

fn form(text: &str) -> String {
    let mut form = String::new();
    let mut digits = 0;
    let flush = |digits: &mut usize, form: &mut String| {
        match *digits {
            0 => {}
            1 | 2 => form.push('N'),
            4 => form.push('Y'),
            many => form.push_str(&many.to_string()),
        }
        *digits = 0;
    };
    for char in text.chars() {
        if char.is_ascii_digit() {
            digits += 1;
            continue;
        }
        flush(&mut digits, &mut form);
        let shown = if char.is_whitespace() {
            ' '
        } else if WORDS.contains(&char) || char.is_ascii_punctuation() {
            char
        } else if char.is_ascii_alphabetic() {
            'a'
        } else {
            '字'
        };
        // Repeated letters and characters are one word.
        if !(matches!(shown, 'a' | '字' | ' ') && form.ends_with(shown)) {
            form.push(shown);
        }
    }
    flush(&mut digits, &mut form);
    form
}

/// Whether a text has a form that can be read, but names a day or a time of day that there is not.
fn exists_but_for_its_day(text: &str) -> bool {
    if moment::parse(text).is_some() {
        return false;
    }
    // The same form with a day and a time that every month and day has.
    let mut numbers = 0;
    let mut plain = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let packed = bytes.len() >= 8 && bytes[..8].iter().all(u8::is_ascii_digit);
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            plain.push(char::from(bytes[at]));
            at += 1;
            continue;
        }
        let from = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        let digits = &text[from..at];
        if packed && numbers == 0 {
            plain.push_str(&digits[..4]);
            plain.push_str(&"01".repeat((digits.len() - 4) / 2));
        } else if numbers == 0 {
            plain.push_str(digits);
        } else {
            plain.push_str(&format!("{:0>width$}", 1, width = digits.len()));
        }
        numbers += 1;
    }
    text.is_ascii() && moment::parse(&plain).is_some()
}

/// An example of a form, for people.
pub(super) fn example(form: &str) -> String {
    let mut examples = ["3", "5", "10", "20", "30"].into_iter().cycle();
    let mut shown = String::new();
    for char in form.chars() {
        match char {
            'Y' => shown.push_str("2024"),
            'N' => shown.push_str(examples.next().unwrap_or("1")),
            other => shown.push(other),
        }
    }
    shown
}

//! Masks for personal data: what is left is enough to recognise a record, not a person.

use chrono::{Datelike, NaiveDate};

use super::credit_code;
use crate::field::Personal;

/// Characters of a hash that tell it apart on a screen.
const OF_A_HASH: usize = 12;
/// Characters from which a key is a hash.
const HASH_FROM: usize = 21;

/// The key that an account is bound to, as it is shown. A hash is shortened and a credit code is public;
/// anything else may be somebody's number, whatever the mapping or the portal calls it.
pub fn identity_key(key: &str) -> String {
    if key.chars().count() >= HASH_FROM {
        key.chars().take(OF_A_HASH).chain("…".chars()).collect()
    } else if credit_code::check(key).is_ok() && !has_birthday(key) {
        key.to_owned()
    } else {
        mask(Personal::IdNumber, key)
    }
}

/// Whether a text of 18 characters has a day of birth where a resident's number has it (GB 11643).
fn has_birthday(text: &str) -> bool {
    text.get(6..14)
        .and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok())
        .is_some_and(|day| (1900..2100).contains(&day.year()))
}

/// A value as it is shown by default.
pub fn mask(class: Personal, text: &str) -> String {
    match class {
        Personal::None => text.to_owned(),
        Personal::Name => name(text),
        Personal::IdNumber => keep(text, 3, 4),
        Personal::Phone => keep(text, 3, 4),
        Personal::Address => address(text),
        Personal::Pseudonym => keep(text, 6, 4),
        Personal::FreeText => keep(text, 1, 0),
    }
}

/// First and, from three characters on, last character of a name.
fn name(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    match chars.as_slice() {
        [] => String::new(),
        [_] => "*".to_owned(),
        [first, _] => format!("{first}*"),
        [first, middle @ .., last] => format!("{first}{}{last}", "*".repeat(middle.len().min(6))),
    }
}

/// The first and last characters, the rest as asterisks; a short text is masked wholly.
fn keep(text: &str, first: usize, last: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= first + last {
        return "*".repeat(chars.len());
    }
    let hidden = (chars.len() - first - last).min(11);
    let head: String = chars[..first].iter().collect();
    let tail: String = chars[chars.len() - last..].iter().collect();
    format!("{head}{}{tail}", "*".repeat(hidden))
}

/// An address up to its county.
fn address(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let county = chars
        .iter()
        .enumerate()
        .skip(2)
        .take(22)
        .find(|(at, char)| {
            matches!(char, '县' | '区' | '旗') || (**char == '市' && chars[..*at].contains(&'市'))
        })
        .or_else(|| {
            chars
                .iter()
                .enumerate()
                .skip(1)
                .take(12)
                .find(|(_, char)| matches!(char, '省' | '市'))
        });
    match county {
        Some((at, _)) if at + 1 < chars.len() => {
            format!("{}***", chars[..=at].iter().collect::<String>())
        }
        _ => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_class_has_its_mask() {
        assert_eq!(mask(Personal::Name, "张三"), "张*");
        assert_eq!(mask(Personal::Name, "张小三"), "张*三");
        assert_eq!(
            mask(Personal::IdNumber, "23010219900101123X"),
            "230***********123X"
        );
        assert_eq!(mask(Personal::Phone, "13812341234"), "138****1234");
        assert_eq!(
            mask(Personal::Address, "黑龙江省哈尔滨市道里区中央大街1号"),
            "黑龙江省哈尔滨市道里区***"
        );
        assert_eq!(mask(Personal::Address, "某处"), "***");
    }

    #[test]
    fn a_key_is_shown_only_where_it_is_a_hash_or_a_credit_code() {
        assert_eq!(identity_key(&"ab".repeat(32)), "abababababab…");
        let first = "91230102MB0327169";
        let code = format!("{first}{}", credit_code::check_character(first).unwrap());
        assert_eq!(identity_key(&code), code);
        assert_eq!(identity_key("23010219900101123X"), "230***********123X");
        assert_eq!(identity_key("13812341234"), "138****1234");
        assert_eq!(identity_key("E1"), "**");
    }

    proptest! {
        #[test]
        fn a_residents_number_is_never_shown_whole_even_where_it_passes_for_a_credit_code(
            region in "[1-6][0-9]{5}", day in 0u32..36_000, order in "[0-9]{3}",
        ) {
            let born = NaiveDate::from_ymd_opt(1930, 1, 1).unwrap() + chrono::Days::new(day.into());
            let first = format!("{region}{}{order}", born.format("%Y%m%d"));
            let number = format!("{first}{}", credit_code::check_character(&first).unwrap());
            prop_assert!(identity_key(&number).contains("***"));
        }

        #[test]
        fn a_number_shows_at_most_seven_characters(text in "[0-9X]{1,30}") {
            let shown = mask(Personal::IdNumber, &text).chars().filter(|char| *char != '*').count();
            prop_assert!(shown <= 7);
            prop_assert!(text.len() > 7 || shown == 0);
        }
    }
}

//! 公民身份号码 (GB 11643): 18 characters, or 15 digits in the old form.

use chrono::NaiveDate;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: &[u8; 11] = b"10X98765432";

/// What is wrong with a citizen ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CitizenIdError {
    /// Neither 18 nor 15 characters.
    #[error("a citizen ID has 18 characters")]
    Length,
    /// A character other than a digit, or X elsewhere than last.
    #[error("a citizen ID has digits only, the last may be X")]
    Characters,
    /// The birth date does not exist.
    #[error("the birth date does not exist")]
    Date,
    /// The birth date lies in the future.
    #[error("the birth date lies in the future")]
    Future,
    /// The check character is another.
    #[error("the check character must be {expected}")]
    CheckCharacter {
        /// What it must be.
        expected: char,
    },
}

/// A valid citizen ID's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CitizenId {
    /// Date of birth.
    pub birth: NaiveDate,
    /// Number of the order code; odd for men.
    pub order: u32,
    /// Whether it has the old form of 15 digits.
    pub fifteen: bool,
}

impl CitizenId {
    /// Whether the order code is odd.
    pub fn is_male(&self) -> bool {
        self.order % 2 == 1
    }
}

/// The check character of the first 17 digits.
pub fn check_character(first: &str) -> Option<char> {
    let digits = first.as_bytes();
    if digits.len() != 17 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    Some(char::from(CHECK[(sum % 11) as usize]))
}

/// The 18-character form of an old number of 15 digits.
pub fn to_eighteen(fifteen: &str) -> Option<String> {
    if fifteen.len() != 15 || !fifteen.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let first = format!("{}19{}", &fifteen[..6], &fifteen[6..]);
    check_character(&first).map(|last| format!("{first}{last}"))
}

/// Everything that is wrong with a number. Wrong length or characters hide the rest.
pub fn errors(text: &str, today: NaiveDate) -> Vec<CitizenIdError> {
    match read(text, today) {
        Ok((_, errors)) => errors,
        Err(error) => vec![error],
    }
}

/// The content of a valid number.
///
/// # Errors
/// The first thing that is wrong, in the order length, characters, date, check character.
pub fn check(text: &str, today: NaiveDate) -> Result<CitizenId, CitizenIdError> {
    let (content, errors) = read(text, today)?;
    match (content, errors.first()) {
        (Some(content), None) => Ok(content),
        (_, Some(error)) => Err(*error),
        (None, None) => Err(CitizenIdError::Date),
    }
}

fn read(
    text: &str,
    today: NaiveDate,
) -> Result<(Option<CitizenId>, Vec<CitizenIdError>), CitizenIdError> {
    let bytes = text.as_bytes();
    if !text.is_ascii() {
        return Err(if matches!(text.chars().count(), 15 | 18) {
            CitizenIdError::Characters
        } else {
            CitizenIdError::Length
        });
    }
    let fifteen = match bytes.len() {
        18 => false,
        15 => true,
        _ => return Err(CitizenIdError::Length),
    };
    let body = if fifteen { bytes } else { &bytes[..17] };
    let last_fits = fifteen || bytes[17].is_ascii_digit() || matches!(bytes[17], b'X' | b'x');
    if !body.iter().all(u8::is_ascii_digit) || !last_fits {
        return Err(CitizenIdError::Characters);
    }
    let digits = |range: &[u8]| {
        range
            .iter()
            .fold(0u32, |number, byte| number * 10 + u32::from(byte - b'0'))
    };
    let (year, rest) = if fifteen {
        (1900 + digits(&bytes[6..8]), &bytes[8..])
    } else {
        (digits(&bytes[6..10]), &bytes[10..])
    };
    let mut errors = Vec::new();
    let birth = i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, digits(&rest[..2]), digits(&rest[2..4])))
        .filter(|_| year >= 1800);
    match birth {
        None => errors.push(CitizenIdError::Date),
        Some(birth) if birth > today => errors.push(CitizenIdError::Future),
        Some(_) => {}
    }
    if !fifteen
        && let Some(expected) = check_character(&text[..17])
        && !text[17..].eq_ignore_ascii_case(expected.encode_utf8(&mut [0; 4]))
    {
        errors.push(CitizenIdError::CheckCharacter { expected });
    }
    Ok((
        birth.map(|birth| CitizenId {
            birth,
            order: digits(&rest[4..7]),
            fifteen,
        }),
        errors,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()
    }

    #[test]
    fn the_standard_s_own_examples_are_valid() {
        assert_eq!(
            check("11010519491231002X", today())
                .unwrap()
                .birth
                .to_string(),
            "1949-12-31"
        );
        assert!(!check("11010519491231002x", today()).unwrap().is_male());
        assert!(check("440524188001010014", today()).unwrap().is_male());
    }

    #[test]
    fn each_fault_has_its_name_and_several_are_all_told() {
        assert_eq!(
            check("1101051949123100", today()),
            Err(CitizenIdError::Length)
        );
        assert_eq!(
            check("11010519491231X02X", today()),
            Err(CitizenIdError::Characters)
        );
        assert_eq!(
            check("110105194912310021", today()),
            Err(CitizenIdError::CheckCharacter { expected: 'X' })
        );
        assert_eq!(errors("110105194913310025", today()).len(), 2);
        assert_eq!(
            errors("身份证号码十八个字的一个文本测试一", today()),
            vec![CitizenIdError::Length]
        );
    }

    #[test]
    fn an_old_number_is_read_and_upgraded() {
        let old = check("110105491231002", today()).unwrap();
        assert!(old.fifteen);
        assert_eq!(
            to_eighteen("110105491231002").as_deref(),
            Some("11010519491231002X")
        );
    }

    proptest! {
        #[test]
        fn any_changed_digit_is_detected(region in 110_000u32..660_000, day in 0i64..40_000, order in 0u32..1000, at in 0usize..17, by in 1u8..10) {
            let birth = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Duration::days(day);
            let first = format!("{region}{}{order:03}", birth.format("%Y%m%d"));
            let text = format!("{first}{}", check_character(&first).unwrap());
            prop_assert!(errors(&text, today()).is_empty());
            let mut bytes = text.into_bytes();
            bytes[at] = b'0' + (bytes[at] - b'0' + by) % 10;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert!(!errors(&changed, today()).is_empty());
        }

        #[test]
        fn no_text_panics(text in ".*") {
            errors(&text, today());
        }
    }
}

//! 统一社会信用代码 (GB 32100): 18 characters of a charset of 31.

const WEIGHTS: [u32; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];
const CHARSET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// What is wrong with a credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeError {
    /// Not 18 characters; so many were found.
    #[error("a credit code has 18 characters, not {0}")]
    Length(usize),
    /// A character outside the charset (which lacks I, O, S, V, Z).
    #[error("a credit code has digits and capital letters without I O S V Z")]
    Characters,
    /// The check character is another.
    #[error("the check character must be {expected}")]
    CheckCharacter {
        /// What it must be.
        expected: char,
    },
}

fn value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'H' => u32::from(byte - b'A') + 10,
        b'J'..=b'N' => u32::from(byte - b'J') + 18,
        b'P'..=b'R' => u32::from(byte - b'P') + 23,
        b'T' | b'U' => u32::from(byte - b'T') + 26,
        b'W'..=b'Y' => u32::from(byte - b'W') + 28,
        _ => return None,
    })
}

/// The check character of the first 17 characters.
pub fn check_character(first: &str) -> Option<char> {
    if first.len() != 17 {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in first.bytes().zip(WEIGHTS) {
        sum += value(byte)? * weight;
    }
    Some(char::from(CHARSET[((31 - sum % 31) % 31) as usize]))
}

/// Whether a text is a valid credit code.
///
/// # Errors
/// What is wrong with it. A last character outside the charset is reported with the character
/// that would be right, as long as the first 17 are readable.
pub fn check(text: &str) -> Result<(), CreditCodeError> {
    if text.len() != 18 || !text.is_ascii() {
        return Err(CreditCodeError::Length(text.chars().count()));
    }
    let expected = check_character(&text[..17]).ok_or(CreditCodeError::Characters)?;
    let last = text.as_bytes()[17];
    if last == expected as u8 {
        Ok(())
    } else if last.is_ascii_digit() || last.is_ascii_uppercase() {
        Err(CreditCodeError::CheckCharacter { expected })
    } else {
        Err(CreditCodeError::Characters)
    }
}

/// Whether a text is a credit code that lost a character: 17 of the charset.
pub fn looks_truncated(text: &str) -> bool {
    text.len() == 17 && text.bytes().all(|byte| value(byte).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_codes_pass_and_the_known_bad_one_fails_with_its_remedy() {
        assert_eq!(check("11100000MB03271699"), Ok(()));
        assert_eq!(check("11440100696927671X"), Ok(()));
        assert_eq!(
            check("11341800A72824253Z"),
            Err(CreditCodeError::CheckCharacter { expected: 'D' })
        );
    }

    #[test]
    fn the_charset_lacks_five_letters() {
        for letter in ["I", "O", "S", "V", "Z"] {
            assert_eq!(
                check(&format!("1144010069692767{letter}X")),
                Err(CreditCodeError::Characters)
            );
        }
        assert_eq!(check("1144010069692767"), Err(CreditCodeError::Length(16)));
        assert!(looks_truncated("1144010069692767X"));
    }

    proptest! {
        #[test]
        fn any_changed_character_is_detected(body in "[0-9A-HJ-NP-RTUWXY]{17}", at in 0usize..17, by in 1usize..31) {
            let text = format!("{body}{}", check_character(&body).unwrap());
            prop_assert_eq!(check(&text), Ok(()));
            let mut bytes = text.into_bytes();
            let old = CHARSET.iter().position(|byte| *byte == bytes[at]).unwrap();
            bytes[at] = CHARSET[(old + by) % 31];
            prop_assert!(check(&String::from_utf8(bytes).unwrap()).is_err());
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = check(&text);
        }
    }
}

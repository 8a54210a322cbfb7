//! 反馈编号: what a rejected record is called in letters to its provider, `7K3-M9Q-2RT`.
//!
//! Eight characters and a check character of the charset that credit codes have taught everyone, in
//! which none is taken for another. The sum is weighted modulo the prime 31: as all weights differ and
//! none is 0, every wrong character and every two exchanged ones are found. The hyphens keep a spreadsheet program from reading `12E45678T` as a number.

use std::fmt;

use super::width::to_half_width;

/// Characters of a number, the check character included.
pub const LENGTH: usize = 9;
const CHARSET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The remainder of every right number. The weights add up to 0, so no repeated character has it.
const REMAINDER: u32 = 7;
const WEIGHTS: [u32; LENGTH] = [9, 27, 19, 26, 16, 17, 29, 11, 1];

/// A number whose check character is right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferenceNumber([u8; LENGTH]);

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceNumberError {
    /// It has another length or characters that no number has.
    #[error("a reference number has nine characters, like 7K3-M9Q-2RT")]
    Form,
    /// Its check character is another: something was mistyped.
    #[error("the check character does not fit: something was mistyped")]
    CheckCharacter,
}

fn value(byte: u8) -> Option<u32> {
    let at = CHARSET.iter().position(|one| *one == byte)?;
    u32::try_from(at).ok()
}

fn remainder(bytes: &[u8; LENGTH]) -> Option<u32> {
    let mut sum = 0;
    for (byte, weight) in bytes.iter().zip(WEIGHTS) {
        sum += value(*byte)? * weight;
    }
    Some(sum % 31)
}

/// The characters that are meant: half-width capitals without hyphens and blanks, and those in place of
/// letters that no number has.
fn plain(text: &str) -> String {
    to_half_width(text)
        .chars()
        .filter(|char| !char.is_whitespace() && !"-‐‑‒–—−_.'\u{feff}\u{200b}".contains(*char))
        .map(|char| match char.to_ascii_uppercase() {
            'I' => '1',
            'O' => '0',
            'S' => '5',
            'Z' => '2',
            other => other,
        })
        .collect()
}

fn bytes_of(text: &str) -> Result<[u8; LENGTH], ReferenceNumberError> {
    text.as_bytes()
        .try_into()
        .map_err(|_| ReferenceNumberError::Form)
}

impl ReferenceNumber {
    /// The number that a seed gives; 31⁸ different ones.
    pub fn of_seed(seed: u64) -> Self {
        let mut rest = seed;
        let mut bytes = [CHARSET[0]; LENGTH];
        for byte in &mut bytes[..LENGTH - 1] {
            *byte = CHARSET[(rest % 31) as usize];
            rest /= 31;
        }
        // The last weight is 1, so that one character sets the remainder.
        let sum = remainder(&bytes).unwrap_or_default();
        bytes[LENGTH - 1] = CHARSET[((31 + REMAINDER - sum) % 31) as usize];
        Self(bytes)
    }

    /// Reads a number as people write it: full-width, in small letters, with blanks or other hyphens.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, ReferenceNumberError> {
        let bytes = bytes_of(&plain(text))?;
        match remainder(&bytes) {
            None => Err(ReferenceNumberError::Form),
            Some(REMAINDER) => Ok(Self(bytes)),
            Some(_) => Err(ReferenceNumberError::CheckCharacter),
        }
    }

    /// The numbers that differ from a mistyped text by one character or by two exchanged neighbours, or
    /// by one that is missing or too many.
    pub fn near(text: &str) -> Vec<Self> {
        let plain = plain(text);
        let mut near = Vec::new();
        let mut take = |bytes: &[u8]| {
            if let Ok(bytes) = <[u8; LENGTH]>::try_from(bytes)
                && remainder(&bytes) == Some(REMAINDER)
                && !near.contains(&Self(bytes))
            {
                near.push(Self(bytes));
            }
        };
        let typed = plain.as_bytes();
        match typed.len() {
            LENGTH => {
                for at in 0..LENGTH - 1 {
                    let mut other = typed.to_vec();
                    other.swap(at, at + 1);
                    take(&other);
                }
                for at in 0..LENGTH {
                    for byte in CHARSET {
                        let mut other = typed.to_vec();
                        other[at] = *byte;
                        take(&other);
                    }
                }
            }
            length if length == LENGTH + 1 => {
                for at in 0..length {
                    let mut other = typed.to_vec();
                    other.remove(at);
                    take(&other);
                }
            }
            length if length + 1 == LENGTH => {
                for at in 0..=length {
                    for byte in CHARSET {
                        let mut other = typed.to_vec();
                        other.insert(at, *byte);
                        take(&other);
                    }
                }
            }
            _ => {}
        }
        near
    }

    /// The nine characters without hyphens.
    pub fn compact(self) -> String {
        self.0.iter().map(|byte| char::from(*byte)).collect()
    }
}

impl fmt::Display for ReferenceNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if at > 0 && at % 3 == 0 {
                out.write_str("-")?;
            }
            write!(out, "{}", char::from(*byte))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ReferenceNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ReferenceNumber({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn it_is_read_however_people_write_it() {
        let number = ReferenceNumber::of_seed(123_456_789_012);
        let text = number.to_string();
        assert_eq!(text.len(), 11);
        let wide: String = text
            .chars()
            .map(|char| match char {
                '-' => '－',
                other => char::from_u32(other as u32 + 0xFEE0).unwrap(),
            })
            .collect();
        for form in [
            text.clone(),
            text.to_ascii_lowercase(),
            format!("\u{feff} {text}\u{3000}\n"),
            text.replace('-', " – "),
            number.compact(),
            format!("'{text}"),
            wide,
        ] {
            assert_eq!(ReferenceNumber::read(&form), Ok(number), "{form:?}");
        }
        assert_eq!(
            ReferenceNumber::read("合计"),
            Err(ReferenceNumberError::Form)
        );
        assert_eq!(ReferenceNumber::read(""), Err(ReferenceNumberError::Form));
    }

    #[test]
    fn no_text_of_one_repeated_character_is_a_number() {
        for byte in CHARSET {
            let text = char::from(*byte).to_string().repeat(LENGTH);
            assert!(ReferenceNumber::read(&text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_wrong_character_and_every_two_exchanged_ones_are_found(seed in any::<u64>()) {
            let number = ReferenceNumber::of_seed(seed);
            let right = number.compact().into_bytes();
            prop_assert_eq!(ReferenceNumber::read(&number.to_string()), Ok(number));
            for at in 0..LENGTH {
                for byte in CHARSET.iter().filter(|byte| **byte != right[at]) {
                    let mut wrong = right.clone();
                    wrong[at] = *byte;
                    let wrong = written(&wrong);
                    prop_assert_eq!(
                        ReferenceNumber::read(&wrong),
                        Err(ReferenceNumberError::CheckCharacter)
                    );
                    prop_assert!(ReferenceNumber::near(&wrong).contains(&number));
                }
                for other in at + 1..LENGTH {
                    if right[at] != right[other] {
                        let mut wrong = right.clone();
                        wrong.swap(at, other);
                        let wrong = written(&wrong);
                        prop_assert!(ReferenceNumber::read(&wrong).is_err());
                        prop_assert!(other > at + 1 || ReferenceNumber::near(&wrong).contains(&number));
                    }
                }
            }
        }

        #[test]
        fn one_character_too_few_or_too_many_is_found_again(seed in any::<u64>(), at in 0..LENGTH) {
            let number = ReferenceNumber::of_seed(seed);
            let mut few = number.compact();
            few.remove(at);
            prop_assert!(ReferenceNumber::near(&few).contains(&number));
            let mut many = number.compact();
            many.insert(at, 'X');
            prop_assert!(ReferenceNumber::near(&many).contains(&number));
        }

        #[test]
        fn any_text_is_read_without_a_fault(text in ".{0,40}") {
            let _ = ReferenceNumber::read(&text);
            let _ = ReferenceNumber::near(&text);
        }
    }
}

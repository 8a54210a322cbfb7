//! Full-width characters and their half-width forms.

use std::borrow::Cow;

fn is_full_width(char: char) -> bool {
    matches!(char, '\u{FF01}'..='\u{FF5E}' | '\u{3000}')
}

/// Whether a text has a full-width digit, letter, sign or space.
pub fn has_full_width(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(is_full_width)
}

/// The text with half-width digits, letters, signs and spaces.
pub fn to_half_width(text: &str) -> Cow<'_, str> {
    if !has_full_width(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|char| match char {
                '\u{3000}' => ' ',
                '\u{FF01}'..='\u{FF5E}' => char::from_u32(char as u32 - 0xFEE0).unwrap_or(char),
                other => other,
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_digits_letters_and_space_become_half_width() {
        assert_eq!(to_half_width("２３０１ＡＢ－　"), "2301AB- ");
        assert!(!has_full_width("哈尔滨市"));
    }
}

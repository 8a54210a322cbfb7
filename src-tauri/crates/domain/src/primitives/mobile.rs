//! Mainland mobile numbers.

use std::borrow::Cow;

/// The number without a country prefix.
pub fn normalise(text: &str) -> Cow<'_, str> {
    let bare = text
        .strip_prefix("+86")
        .or_else(|| text.strip_prefix("86-"))
        .unwrap_or(text);
    Cow::Borrowed(bare.trim())
}

/// Whether a text is eleven digits that begin with 1 and 3 to 9.
pub fn is_mobile(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 11
        && b[0] == b'1'
        && (b'3'..=b'9').contains(&b[1])
        && b.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_prefix_is_tolerated_and_a_landline_is_no_mobile() {
        assert!(is_mobile(&normalise("+8613800000000")));
        assert!(!is_mobile("0451-12345678"));
        assert!(!is_mobile("12345678901"));
    }
}

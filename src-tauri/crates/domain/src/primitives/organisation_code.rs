//! 组织机构代码 (GB 11714): eight characters and a check character, with or without a hyphen.

const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// The nine characters without a hyphen, if the text has the shape of an organisation code.
pub fn normalise(text: &str) -> Option<String> {
    let bare: String = match text.len() {
        9 => text.to_owned(),
        10 if text.as_bytes()[8] == b'-' => format!("{}{}", text.get(..8)?, text.get(9..)?),
        _ => return None,
    };
    bare.bytes()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        .then_some(bare)
}

/// Whether a text has the shape of an organisation code, whatever its check character.
pub fn has_shape(text: &str) -> bool {
    normalise(text).is_some()
}

/// The check character of the first eight.
pub fn check_character(first: &str) -> Option<char> {
    if first.len() != 8 {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in first.bytes().zip(WEIGHTS) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    Some(match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from(b'0' + u8::try_from(digit).ok()?),
    })
}

/// Whether a text is a valid organisation code.
pub fn is_valid(text: &str) -> bool {
    normalise(text)
        .is_some_and(|code| check_character(&code[..8]).is_some_and(|last| code.ends_with(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_s_example_is_valid_with_and_without_its_hyphen() {
        assert!(is_valid("D2143569-X"));
        assert!(is_valid("D2143569X"));
        assert!(!is_valid("D2143569-1"));
        assert!(!is_valid("D2143569"));
        assert!(!has_shape("区政务服务中心"));
    }
}

//! Nesting of JSON, judged before it is parsed.

/// Deepest nesting that is accepted.
pub const MAX_DEPTH: usize = 64;

/// Whether brackets outside of strings nest deeper than [`MAX_DEPTH`].
pub fn is_too_deep(body: &[u8]) -> bool {
    let (mut depth, mut at) = (0usize, 0usize);
    while let Some(byte) = body.get(at) {
        at += 1;
        match byte {
            b'"' => {
                // To the end of the string.
                loop {
                    let rest = body.get(at..).unwrap_or_default();
                    let Some(next) = memchr::memchr2(b'"', b'\\', rest) else {
                        return false;
                    };
                    at += next + 1;
                    if rest[next] == b'"' {
                        break;
                    }
                    at += 1;
                }
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert!(!is_too_deep(format!("\"{}\"", "[".repeat(100)).as_bytes()));
        assert!(!is_too_deep(br#"{"a":"\"[[","b":[1]}"#));
        assert!(!is_too_deep(format!("\"{}", "[".repeat(100)).as_bytes()));
        assert!(!is_too_deep(b"\"[\\"));
        assert!(is_too_deep("[".repeat(65).as_bytes()));
    }
}

//! Reading a raw row, also one with numbers that no program can hold.

use serde_json::{Map, Value};

/// The fields of a raw row; `None` when it is no object.
///
/// JSON allows numbers of any size. Those beyond what a number here can hold are read as their text, so
/// that the rules name the field and the value, not the whole row.
pub fn read_row(raw: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice::<Value>(raw) {
        Ok(Value::Object(fields)) => Some(fields),
        Ok(_) => None,
        Err(_) => match serde_json::from_slice(&with_great_numbers_as_text(raw)?) {
            Ok(Value::Object(fields)) => Some(fields),
            _ => None,
        },
    }
}

/// The same row with its numbers beyond range in quotes; `None` when it has none.
fn with_great_numbers_as_text(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len() + 8);
    let (mut at, mut found) = (0, false);
    while at < raw.len() {
        let from = at;
        match raw[at] {
            b'"' => {
                at += 1;
                while at < raw.len() && raw[at] != b'"' {
                    at += if raw[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(raw.len());
                out.extend_from_slice(&raw[from..at]);
            }
            b'-' | b'0'..=b'9' => {
                while at < raw.len()
                    && matches!(raw[at], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                {
                    at += 1;
                }
                let number = &raw[from..at];
                let beyond = std::str::from_utf8(number)
                    .ok()
                    .and_then(|text| text.parse::<f64>().ok())
                    .is_some_and(f64::is_infinite);
                if beyond {
                    found = true;
                    out.push(b'"');
                    out.extend_from_slice(number);
                    out.push(b'"');
                } else {
                    out.extend_from_slice(number);
                }
            }
            other => {
                out.push(other);
                at += 1;
            }
        }
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_range_is_read_as_its_text() {
        let row =
            read_row(br#"{"a": 1e999, "b": "1e999 \" 2e999", "c": [-2E+400], "d": 3}"#).unwrap();
        assert_eq!(row["a"], "1e999");
        assert_eq!(row["b"], "1e999 \" 2e999");
        assert_eq!(row["c"][0], "-2E+400");
        assert_eq!(row["d"], 3);
    }

    #[test]
    fn what_is_no_object_is_none() {
        for raw in [&b"[1]"[..], b"1e999", b"\"a\"", b"{\"a\": 1e999", b"{\"a\\"] {
            assert!(read_row(raw).is_none(), "{raw:?}");
        }
    }
}

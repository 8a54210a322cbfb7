//! The answer's envelope: where the records are, without copying them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde_json::value::RawValue;

use crate::error::Fault;
use crate::profile::Envelope;
use crate::seek::{Seen, seek};

/// An opened answer. Ranges are places in the body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// The records' raw JSON.
    pub records: Vec<Range<usize>>,
    /// How many there are in all, if told.
    pub total: Option<u64>,
    /// The next page's cursor, if told.
    pub next_cursor: Option<String>,
    /// Whether there is more, if told.
    pub has_more: Option<bool>,
}

/// Why an answer could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// A fault with what was seen.
    Fault(Fault, String),
    /// A code that means "later".
    Busy(String),
    /// A code that means that the token has expired.
    Expired(String),
}

/// Opens an answer.
pub fn open(body: &str, envelope: &Envelope) -> Result<Opened, Closed> {
    let pointers = [
        &envelope.records,
        &envelope.code,
        &envelope.message,
        &envelope.total,
        &envelope.next_cursor,
        &envelope.has_more,
    ];
    let [list, code, message, total, next_cursor, has_more] =
        seek(body, pointers.map(String::as_str), true).map_err(|error| {
            let fault = if error.is_eof() {
                Fault::TruncatedBody
            } else {
                Fault::MalformedJson
            };
            Closed::Fault(
                fault,
                format!(
                    "the JSON cannot be read at line {} column {}",
                    error.line(),
                    error.column()
                ),
            )
        })?;
    if !envelope.code.is_empty() {
        judge(body, envelope, code.text(), message.text())?;
    }
    let total = total.text();
    let records = match list {
        Seen::List(records) => records,
        // Who has nothing may leave the list out (RFC 7644, 3.4.2).
        Seen::Nothing if total.as_deref() == Some("0") => Vec::new(),
        _ => return Err(wrong_pointer(body, &envelope.records)),
    };
    let start = body.as_ptr() as usize;
    let records = records
        .into_iter()
        .map(|record| {
            let from = record.get().as_ptr() as usize - start;
            from..from + record.get().len()
        })
        .collect();
    Ok(Opened {
        records,
        total: total.and_then(|text| text.parse().ok()),
        next_cursor: next_cursor.text().filter(|cursor| !cursor.is_empty()),
        has_more: has_more
            .text()
            .and_then(|text| match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "y" | "yes" => Some(true),
                "false" | "0" | "n" | "no" => Some(false),
                _ => None,
            }),
    })
}

/// Judges an answer that has no records.
pub fn judged(body: &str, envelope: &Envelope) -> Result<(), Closed> {
    if envelope.code.is_empty() {
        return Ok(());
    }
    let pointers = [envelope.code.as_str(), envelope.message.as_str()];
    let [code, message] = seek(body, pointers, false).map_err(|error| {
        let what = format!("the JSON cannot be read: {error}");
        Closed::Fault(Fault::MalformedJson, what)
    })?;
    judge(body, envelope, code.text(), message.text())
}

fn judge(
    body: &str,
    envelope: &Envelope,
    code: Option<String>,
    message: Option<String>,
) -> Result<(), Closed> {
    let Some(code) = code else {
        return Err(wrong_pointer(body, &envelope.code));
    };
    if envelope.success.contains(&code) {
        return Ok(());
    }
    let message: String = message.unwrap_or_default().chars().take(200).collect();
    let what = format!("the provider answered code {code}: {message}");
    Err(if envelope.busy_codes.contains(&code) {
        Closed::Busy(what)
    } else if envelope.expired_codes.contains(&code) {
        Closed::Expired(what)
    } else {
        Closed::Fault(Fault::ProviderRefused, what)
    })
}

fn wrong_pointer(body: &str, pointer: &str) -> Closed {
    let seen = match serde_json::from_str::<HashMap<Cow<'_, str>, &RawValue>>(body) {
        Ok(object) => {
            let mut keys: Vec<&str> = object.keys().map(Cow::as_ref).collect();
            keys.sort_unstable();
            keys.truncate(12);
            format!("an object with {}", keys.join(", "))
        }
        Err(_) if body.trim_start().starts_with('[') => "an array".to_owned(),
        Err(_) => "a single value".to_owned(),
    };
    let place = if pointer.is_empty() {
        "the whole answer"
    } else {
        pointer
    };
    Closed::Fault(
        Fault::WrongPointer,
        format!("nothing usable at {place}; the answer is {seen}"),
    )
}

/// Where in the body the value at a pointer stands.
pub fn place(body: &str, pointer: &str) -> Option<Range<usize>> {
    let [found] = seek(body, [pointer], false).ok()?;
    let Seen::Value(found) = found else {
        return None;
    };
    let from = found.get().as_ptr() as usize - body.as_ptr() as usize;
    Some(from..from + found.get().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gateway() -> Envelope {
        Envelope {
            records: "/data/list".into(),
            code: "/code".into(),
            success: vec!["200".into()],
            busy_codes: vec!["429".into()],
            expired_codes: vec!["401".into()],
            message: "/message".into(),
            total: "/data/total".into(),
            ..Envelope::default()
        }
    }

    #[test]
    fn records_are_places_in_the_body() {
        let body = r#"{"code":200,"data":{"list":[{"a":1}, {"b":"]"}],"total":"7"}}"#;
        let opened = open(body, &gateway()).unwrap();
        let records: Vec<&str> = opened
            .records
            .into_iter()
            .map(|range| &body[range])
            .collect();
        assert_eq!(records, [r#"{"a":1}"#, r#"{"b":"]"}"#]);
        assert_eq!(opened.total, Some(7));
    }

    #[test]
    fn an_error_inside_a_success_is_told_by_its_kind() {
        let answer = |code: u32| open(&format!(r#"{{"code":{code},"message":"m"}}"#), &gateway());
        assert!(matches!(answer(429), Err(Closed::Busy(_))));
        assert!(matches!(answer(401), Err(Closed::Expired(_))));
        assert!(matches!(
            answer(300),
            Err(Closed::Fault(Fault::ProviderRefused, _))
        ));
    }

    #[test]
    fn a_wrong_pointer_says_what_the_answer_has() {
        let Err(Closed::Fault(Fault::WrongPointer, what)) =
            open(r#"{"code":200,"rows":[]}"#, &gateway())
        else {
            panic!("a wrong pointer")
        };
        assert!(what.contains("code, rows"), "{what}");
    }

    #[test]
    fn a_body_that_ends_early_is_truncated_and_not_malformed() {
        assert!(matches!(
            open(r#"{"code":200,"da"#, &gateway()),
            Err(Closed::Fault(Fault::TruncatedBody, _))
        ));
        assert!(matches!(
            open("{]", &gateway()),
            Err(Closed::Fault(Fault::MalformedJson, _))
        ));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in ".*") {
            let _ = open(&body, &gateway());
            let _ = open(&body, &Envelope::default());
        }

        #[test]
        fn a_bare_array_gives_each_of_its_items(items in proptest::collection::vec(0u32..1000, 0..20)) {
            let body = serde_json::to_string(&items).unwrap();
            let opened = open(&body, &Envelope::default()).unwrap();
            let read: Vec<u32> = opened.records.into_iter().map(|range| body[range].parse().unwrap()).collect();
            prop_assert_eq!(read, items);
        }
    }
}

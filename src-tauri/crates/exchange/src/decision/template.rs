//! Paths, bodies and statements with places for a decision's values.

use serde_json::{Map, Value};

use super::plan::Order;
use super::target::wrong;
use crate::error::ExchangeError;

/// The values that a decision has.
const NAMES: [&str; 4] = [
    "account_id",
    "identity_key",
    "previous_key",
    "remaining_account_id",
];

/// A decision's value by its name.
pub fn value<'a>(order: &'a Order, name: &str) -> Option<&'a str> {
    match name {
        "account_id" => Some(order.account_id.as_str()),
        "identity_key" => order.wanted.bound_to.as_deref(),
        "previous_key" => order.from.bound_to.as_deref(),
        "remaining_account_id" => order.remaining_account_id.as_deref(),
        _ => None,
    }
}

/// Every `{name}` replaced by what `value` has for it, once each: what was put in is not looked at again.
fn fill(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        filled.push_str(before);
        match after[1..].split_once('}') {
            Some((name, behind)) if NAMES.contains(&name) => {
                filled.push_str(&value(name));
                rest = behind;
            }
            _ => {
                filled.push('{');
                rest = &after[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// A path with the decision's values, none of which can leave its place.
pub fn path(text: &str, order: &Order) -> String {
    fill(text, |name| escaped(value(order, name).unwrap_or_default()))
}

/// A text as one segment of a path.
pub fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    // These two would be taken for a way up.
    match escaped.as_str() {
        "." => "%2E".into(),
        ".." => "%2E%2E".into(),
        _ => escaped,
    }
}

/// A body with the decision's values. A text that is nothing but a place becomes null where there is
/// no value.
pub fn body(text: &str, order: &Order) -> Option<Map<String, Value>> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else {
        return None;
    };
    for field in fields.values_mut() {
        fill_value(field, order);
    }
    Some(fields)
}

fn fill_value(field: &mut Value, order: &Order) {
    match field {
        Value::String(text) => {
            let whole = text
                .strip_prefix('{')
                .and_then(|text| text.strip_suffix('}'))
                .filter(|name| NAMES.contains(name));
            *field = match whole {
                Some(name) => value(order, name).map_or(Value::Null, Value::from),
                None => fill(text, |name| {
                    value(order, name).unwrap_or_default().to_owned()
                })
                .into(),
            };
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_value(item, order)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| fill_value(field, order)),
        _ => {}
    }
}

/// Whether a path can be used.
pub fn check_path(field: &str, text: &str, needed: bool) -> Result<(), ExchangeError> {
    if text.trim().is_empty() {
        return if needed {
            Err(wrong(field, "the path is empty"))
        } else {
            Ok(())
        };
    }
    if text.contains("{account_id}") {
        Ok(())
    } else {
        Err(wrong(
            field,
            format!("{text:?} does not say whose account; put {{account_id}} into it"),
        ))
    }
}

/// Whether a body can be used.
pub fn check_body(field: &str, text: &str) -> Result<(), ExchangeError> {
    if text.trim().is_empty() {
        return Ok(());
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(_)) => Ok(()),
        Ok(_) => Err(wrong(field, "it is no JSON object")),
        Err(error) => Err(wrong(field, format!("it is no JSON: {error}"))),
    }
}

/// A statement: its text between the places, and the names of the places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    parts: Vec<String>,
    names: Vec<&'static str>,
}

impl Statement {
    /// Reads a statement; places within quotes are none.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] naming what is wrong with it.
    pub fn new(field: &str, text: &str) -> Result<Self, ExchangeError> {
        let text = text.trim().trim_end_matches(';').trim_end();
        if text.is_empty() {
            return Err(wrong(field, "the statement is empty"));
        }
        let chars: Vec<char> = text.chars().collect();
        let (mut parts, mut names, mut part) = (Vec::new(), Vec::new(), String::new());
        let (mut at, mut quote) = (0, None);
        while at < chars.len() {
            let one = chars[at];
            match quote {
                Some(end) => {
                    if one == end {
                        quote = None;
                    }
                    part.push(one);
                }
                None if matches!(one, '\'' | '"' | '`') => {
                    quote = Some(one);
                    part.push(one);
                }
                None if one == ';' => {
                    return Err(wrong(field, "it is more than one statement"));
                }
                None if one == ':' && chars.get(at + 1) == Some(&':') => {
                    part.push_str("::");
                    at += 1;
                }
                None if one == ':' => {
                    let name: String = chars[at + 1..]
                        .iter()
                        .take_while(|char| char.is_ascii_alphanumeric() || **char == '_')
                        .collect();
                    let known =
                        NAMES
                            .into_iter()
                            .find(|known| *known == name)
                            .ok_or_else(|| {
                                wrong(
                                    field,
                                    format!(":{name} is not known; use :{}", NAMES.join(", :")),
                                )
                            })?;
                    names.push(known);
                    parts.push(std::mem::take(&mut part));
                    at += name.len();
                }
                None => part.push(one),
            }
            at += 1;
        }
        if quote.is_some() {
            return Err(wrong(field, "a quote is not closed"));
        }
        parts.push(part);
        if !names.contains(&"account_id") {
            return Err(wrong(
                field,
                "it does not say whose account; put :account_id into it",
            ));
        }
        Ok(Self { parts, names })
    }

    /// The text with `place` in each place, by its number from 1.
    pub fn written(&self, place: impl Fn(usize) -> String) -> String {
        let mut text = String::new();
        for (number, part) in (0..).zip(&self.parts) {
            if number > 0 {
                text.push_str(&place(number));
            }
            text.push_str(part);
        }
        text
    }

    /// The value of each place.
    pub fn values(&self, value: impl Fn(&str) -> Option<String>) -> Vec<Option<String>> {
        self.names.iter().map(|name| value(name)).collect()
    }

    /// The name of a place, by its number from 1.
    pub fn name(&self, number: usize) -> &'static str {
        self.names.get(number - 1).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Act, Present, Wanted};
    use super::*;

    fn order() -> Order {
        Order {
            act: Act::Link,
            restores: false,
            account_id: "../7 {identity_key}".into(),
            remaining_account_id: None,
            from: Present::default(),
            wanted: Wanted {
                bound_to: Some("a\"b".into()),
                active: None,
            },
            key: "k".into(),
        }
    }

    #[test]
    fn a_value_never_leaves_its_place() {
        assert_eq!(
            path("accounts/{account_id}/x", &order()),
            "accounts/..%2F7%20%7Bidentity_key%7D/x"
        );
        assert_eq!(escaped(".."), "%2E%2E");
        let made = body(
            r#"{"key": "{identity_key}", "was": "{previous_key}", "all": ["<{account_id}>"], "n": 1}"#,
            &order(),
        )
        .unwrap();
        assert_eq!(made["key"], "a\"b");
        assert_eq!(made["was"], Value::Null);
        assert_eq!(made["all"][0], "<../7 {identity_key}>");
        assert_eq!(made["n"], 1);
    }

    #[test]
    fn places_of_a_statement_are_numbered_and_quotes_are_left_alone() {
        let text =
            "UPDATE t SET a = :identity_key::text, b = ':account_id' WHERE id = :account_id;";
        let statement = Statement::new("link", text).unwrap();
        assert_eq!(
            statement.written(|number| format!("${number}")),
            "UPDATE t SET a = $1::text, b = ':account_id' WHERE id = $2"
        );
        assert_eq!(
            statement.values(|name| Some(name.to_owned())),
            [Some("identity_key".into()), Some("account_id".into())]
        );
        for (wrong, why) in [
            ("UPDATE t SET a = 1", "whose account"),
            (
                "DELETE FROM t WHERE id = :account_id; DROP TABLE t",
                "more than one",
            ),
            ("UPDATE t SET a = :key WHERE id = :account_id", ":key"),
            ("UPDATE t SET a = 'x WHERE id = :account_id", "quote"),
        ] {
            let error = Statement::new("link", wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}

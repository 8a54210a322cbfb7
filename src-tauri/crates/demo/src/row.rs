//! A row as it is served: named values, written as JSON in each family's names and forms.

use std::fmt::Write as _;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// JSON as it is.
    Json(&'static str),
}

/// A row under construction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Values by our column names, in order.
    pub values: Vec<(&'static str, Value)>,
    /// What is wrong with it: rule code and field.
    pub findings: Vec<(&'static str, &'static str)>,
}

impl Row {
    /// Adds a text.
    pub fn text(&mut self, name: &'static str, text: impl Into<String>) -> &mut Self {
        self.values.push((name, Value::Text(text.into())));
        self
    }

    /// Adds a number.
    pub fn number(&mut self, name: &'static str, number: i64) -> &mut Self {
        self.values.push((name, Value::Number(number)));
        self
    }

    /// Replaces or adds a value.
    pub fn set(&mut self, name: &'static str, value: Value) {
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name, value)),
        }
    }

    /// Replaces or adds a text.
    pub fn put(&mut self, name: &'static str, text: impl Into<String>) {
        self.set(name, Value::Text(text.into()));
    }

    /// Takes a value away.
    pub fn remove(&mut self, name: &str) {
        self.values.retain(|(known, _)| *known != name);
    }

    /// A value's text.
    pub fn get(&self, name: &str) -> String {
        match self.values.iter().find(|(known, _)| *known == name) {
            Some((_, Value::Text(text))) => text.clone(),
            Some((_, Value::Number(number))) => number.to_string(),
            _ => String::new(),
        }
    }

    /// Notes what is wrong.
    pub fn finding(&mut self, rule: &'static str, field: &'static str) {
        self.findings.push((rule, field));
    }
}

/// The names and forms of an interface family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Lower-case names, `yyyy-MM-dd HH:mm:ss`.
    Gateway,
    /// Upper-case names (camel case for reviews), `yyyyMMddTHHmmss`.
    Oauth2,
    /// Lower-case names (camel case for reviews), ISO with offset.
    Cursor,
}

/// How numbers and texts are exchanged by a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forms {
    /// As they are.
    AsIs,
    /// Numbers as texts.
    NumbersAsText,
}

/// Writes a row.
pub fn write(row: &Row, dataset: &str, family: Family, forms: Forms, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in row.values.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push('"');
        write_name(name, dataset, family, out);
        out.push_str("\":");
        match value {
            Value::Number(number) if forms == Forms::NumbersAsText => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\"{number}\"");
            }
            Value::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Value::Json(json) => out.push_str(json),
            Value::Text(text) => write_text(text, family, out),
        }
    }
    out.push('}');
}

fn write_name(name: &str, dataset: &str, family: Family, out: &mut String) {
    match (family, dataset) {
        (Family::Gateway, _) => out.push_str(name),
        (_, "review") if name == "is_default" => out.push_str("isdefault"),
        (_, "review") => {
            let mut upper = false;
            for char in name.chars() {
                if char == '_' {
                    upper = true;
                } else if std::mem::take(&mut upper) {
                    out.push(char.to_ascii_uppercase());
                } else {
                    out.push(char);
                }
            }
        }
        (Family::Oauth2, _) => out.extend(name.chars().map(|char| char.to_ascii_uppercase())),
        (Family::Cursor, _) => out.push_str(name),
    }
}

fn is_moment(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 19
        && b[4] == b'-'
        && b[7] == b'-'
        && b[10] == b' '
        && b[13] == b':'
        && b[16] == b':'
        && b[0].is_ascii_digit()
}

fn write_text(text: &str, family: Family, out: &mut String) {
    out.push('"');
    if family != Family::Gateway && is_moment(text) {
        if family == Family::Oauth2 {
            out.extend(
                text.chars()
                    .filter(|char| !matches!(char, '-' | ':'))
                    .map(|char| if char == ' ' { 'T' } else { char }),
            );
        } else {
            out.push_str(&text.replace(' ', "T"));
            out.push_str("+08:00");
        }
    } else {
        for char in text.chars() {
            match char {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                control if control < ' ' => {
                    let _ = write!(out, "\\u{:04x}", control as u32);
                }
                other => out.push(other),
            }
        }
    }
    out.push('"');
}

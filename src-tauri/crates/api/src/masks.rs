//! What a host is shown of personal data.

use serde_json::Value;
use zhengqiao_domain::mapping::read_row;
use zhengqiao_domain::primitives::masking::mask;
use zhengqiao_domain::{CompiledMapping, DatasetId, Finding, Personal};

/// A field's value, masked by its class.
pub fn value(id: DatasetId, field: &str, text: &str) -> String {
    match id.dataset().field(field) {
        Some(field) => mask(field.personal, text),
        // What no field describes may be anything.
        None => mask(Personal::FreeText, text),
    }
}

/// Whether a field's values are masked.
pub fn is_masked(id: DatasetId, field: &str) -> bool {
    id.dataset()
        .field(field)
        .is_none_or(|field| field.personal != Personal::None)
}

/// A key made of several fields, each part masked by its field.
pub fn joined(id: DatasetId, fields: &[&str], text: &str) -> String {
    let parts: Vec<String> = text
        .split('|')
        .enumerate()
        .map(|(at, part)| {
            fields
                .get(at)
                .map_or_else(|| part.to_owned(), |field| value(id, field, part))
        })
        .collect();
    parts.join("|")
}

/// A finding with its values masked.
pub fn finding(id: DatasetId, mut finding: Finding) -> Finding {
    if is_masked(id, &finding.field) {
        let field = finding.field.to_string();
        finding.value = finding.value.map(|text| value(id, &field, &text));
        finding.expected = finding.expected.map(|text| {
            if text.len() > 8 {
                value(id, &field, &text)
            } else {
                text
            }
        });
        if let Some(remedy) = &mut finding.remedy {
            remedy.value = value(id, &field, &remedy.value);
        }
    }
    finding
}

/// A raw row with personal and undescribed values masked.
pub fn raw(id: DatasetId, mapping: &CompiledMapping, raw: &[u8]) -> String {
    let Some(mut row) = read_row(raw).map(Value::Object) else {
        return mask(Personal::FreeText, &String::from_utf8_lossy(raw));
    };
    let described: Vec<(String, Personal)> = mapping
        .sources()
        .zip(id.dataset().fields)
        .map(|(source, field)| {
            (
                if source.starts_with('/') {
                    source.to_owned()
                } else {
                    format!("/{source}")
                },
                field.personal,
            )
        })
        .collect();
    walk(&mut row, &mut String::new(), &described);
    serde_json::to_string_pretty(&row).unwrap_or_default()
}

fn walk(value: &mut Value, at: &mut String, described: &[(String, Personal)]) {
    let length = at.len();
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                at.push('/');
                at.push_str(name);
                walk(inner, at, described);
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter_mut().enumerate() {
                at.push('/');
                at.push_str(&number.to_string());
                walk(inner, at, described);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) => {}
        Value::Number(_) | Value::String(_) => {
            let class = described
                .iter()
                .find(|(path, _)| path == at)
                .map_or(Personal::FreeText, |(_, class)| *class);
            if class != Personal::None {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                *value = Value::String(mask(class, &text));
            }
        }
    }
}

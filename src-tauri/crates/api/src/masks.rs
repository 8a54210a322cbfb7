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

/// The name of a record, masked by the class of its dataset's title.
pub fn title(id: DatasetId, text: &str) -> String {
    value(id, id.dataset().title, text)
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

/// Characters from which a run of digits and letters may be somebody's number.
const LONG_RUN: usize = 7;
/// Digits that such a run has at least.
const LONG_DIGITS: usize = 6;

/// Words that people wrote about a record: the record's own personal values in them are masked, and so
/// is whatever may be a number of a person. A name that the record does not have is not known for one.
pub fn words(id: DatasetId, known: &serde_json::Map<String, Value>, text: &str) -> String {
    let mut text = text.to_owned();
    for field in id.dataset().fields {
        if field.personal == Personal::None {
            continue;
        }
        let Some(value) = known.get(field.name).and_then(Value::as_str) else {
            continue;
        };
        if value.chars().count() >= 2 && text.contains(value) {
            text = text.replace(value, &mask(field.personal, value));
        }
    }
    numbers(&text)
}

/// Words in which whatever may be a number of a person is masked.
pub fn numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let end = |run: &mut String, out: &mut String| {
        let digits = run.chars().filter(char::is_ascii_digit).count();
        if run.chars().count() >= LONG_RUN && digits >= LONG_DIGITS {
            out.push_str(&mask(Personal::IdNumber, run));
        } else {
            out.push_str(run);
        }
        run.clear();
    };
    for char in text.chars() {
        let half =
            zhengqiao_domain::primitives::width::to_half_width(char.encode_utf8(&mut [0; 4]))
                .chars()
                .next()
                .unwrap_or(char);
        if half.is_ascii_alphanumeric() {
            run.push(half);
        } else {
            end(&mut run, &mut out);
            out.push(char);
        }
    }
    end(&mut run, &mut out);
    out
}

/// The name of a person who answers, masked; what stands beside it may be a number.
pub fn person(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= 4 {
        mask(Personal::Name, text)
    } else {
        mask(Personal::FreeText, text)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_a_record_show_none_of_its_people_and_no_long_number() {
        let known = serde_json::json!({ "applyer_name": "王小明", "org_name": "某局" });
        let known = known.as_object().unwrap();
        let name = DatasetId::CaseAcceptance
            .dataset()
            .fields
            .iter()
            .find(|field| field.personal == Personal::Name)
            .unwrap();
        let mut own = known.clone();
        own.insert(name.name.into(), "王小明".into());
        let text = "申请人王小明的证件号应为２３０102199001011234，电话13812341234，2 月 5 日重推";
        let shown = words(DatasetId::CaseAcceptance, &own, text);
        assert!(
            shown.contains("王*明") && shown.contains("2 月 5 日"),
            "{shown}"
        );
        assert!(
            !shown.contains("199001") && !shown.contains("13812341234"),
            "{shown}"
        );
        assert_eq!(person("张三"), "张*");
        assert!(!person("张三 13812341234").contains("1234"));
    }
}

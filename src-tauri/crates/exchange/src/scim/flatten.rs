//! A user as a flat row whose names are SCIM paths.
//!
//! A mapping names what it takes as an administrator of SCIM would write it: `name.formatted`,
//! `phoneNumbers[type eq "mobile"].value`, `urn:…:User:certKey`. Values of one attribute that stand
//! side by side, such as roles, are joined under the attribute's own name.

use serde_json::{Map, Value};

/// What stands between two values that are joined.
const BETWEEN: &str = ",";
/// How deep objects are followed; SCIM has no more than two (RFC 7643, 2.3.8), below an extension.
const DEEPEST: u8 = 4;

/// The flat row of a user.
pub fn flatten(user: &Map<String, Value>) -> Map<String, Value> {
    let mut row = Map::new();
    object("", user, &mut row, 0);
    row
}

/// The value at a path of a user, if there is a single one.
pub fn find(user: &Map<String, Value>, path: &str) -> Option<String> {
    match flatten(user).remove(path)? {
        Value::String(text) => Some(text),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An attribute below another; below a schema, which is a top-level name, the separator is a colon
/// (RFC 7644, 3.10).
fn below(path: &str, name: &str, depth: u8) -> String {
    match depth {
        0 => name.to_owned(),
        1 if path.to_ascii_lowercase().starts_with("urn:") => format!("{path}:{name}"),
        _ => format!("{path}.{name}"),
    }
}

fn object(path: &str, fields: &Map<String, Value>, row: &mut Map<String, Value>, depth: u8) {
    for (name, value) in fields {
        let path = below(path, name, depth);
        match value {
            Value::Null => {}
            Value::Object(inner) if depth < DEEPEST => object(&path, inner, row, depth + 1),
            Value::Array(items) => array(path, items, row),
            other => {
                row.insert(path, other.clone());
            }
        }
    }
}

fn array(path: String, items: &[Value], row: &mut Map<String, Value>) {
    let mut joined: Vec<String> = Vec::new();
    for item in items {
        let Value::Object(fields) = item else {
            joined.extend(scalar(item));
            continue;
        };
        joined.extend(fields.get("value").and_then(scalar));
        let marks = [
            fields
                .get("type")
                .and_then(Value::as_str)
                .map(|kind| format!("{path}[type eq \"{kind}\"]")),
            (fields.get("primary") == Some(&Value::Bool(true)))
                .then(|| format!("{path}[primary eq true]")),
        ];
        for mark in marks.into_iter().flatten() {
            for (name, value) in fields {
                // Of two of the same type the first is taken, as most portals show it.
                if let (Some(_), false) =
                    (scalar(value), row.contains_key(&format!("{mark}.{name}")))
                {
                    row.insert(format!("{mark}.{name}"), value.clone());
                }
            }
        }
    }
    if !joined.is_empty() {
        row.insert(path, joined.join(BETWEEN).into());
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_as_scim_names_its_attributes() {
        let user = serde_json::json!({
            "id": "7", "active": true, "name": {"formatted": "张三"}, "nothing": null,
            "meta": {"lastModified": "2026-11-25T08:00:00Z"},
            "phoneNumbers": [
                {"value": "1", "type": "work"},
                {"value": "13800000000", "type": "mobile", "primary": true},
                {"value": "13900000000", "type": "mobile"},
            ],
            "roles": [{"value": "editor"}, {"value": "auditor"}],
            "urn:zhengqiao:scim:extension:identity:2.0:User": {"certKey": "ab", "inner": {"x": 1}},
        });
        let row = flatten(user.as_object().unwrap());
        assert_eq!(row["name.formatted"], "张三");
        assert_eq!(row["meta.lastModified"], "2026-11-25T08:00:00Z");
        assert_eq!(row["phoneNumbers[type eq \"mobile\"].value"], "13800000000");
        assert_eq!(row["phoneNumbers[primary eq true].value"], "13800000000");
        assert_eq!(row["roles"], "editor,auditor");
        assert_eq!(
            row["urn:zhengqiao:scim:extension:identity:2.0:User:certKey"],
            "ab"
        );
        assert_eq!(
            row["urn:zhengqiao:scim:extension:identity:2.0:User:inner.x"],
            1
        );
        assert!(!row.contains_key("nothing"));
        assert_eq!(
            find(user.as_object().unwrap(), "active").as_deref(),
            Some("true")
        );
    }
}

//! Received claims as a flat list.

use serde_json::{Map, Value};

/// Every single value with its name; one inside another has its JSON pointer for a name.
pub fn flat(claims: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut list = Vec::new();
    for (name, value) in claims {
        match value {
            Value::Object(_) | Value::Array(_) => {
                walk(&format!("/{}", escaped(name)), value, &mut list);
            }
            single => list.push((name.clone(), single.clone())),
        }
    }
    list
}

fn walk(at: &str, value: &Value, list: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(&format!("{at}/{}", escaped(name)), value, list);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(&format!("{at}/{index}"), value, list);
            }
        }
        single => list.push((at.to_owned(), single.clone())),
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_value_has_its_pointer_for_a_name() {
        let Value::Object(claims) = serde_json::json!({"sub": "1", "user": {"a/b": ["x"]}}) else {
            panic!("an object")
        };
        let names: Vec<String> = flat(&claims).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["sub", "/user/a~1b/0"]);
    }
}

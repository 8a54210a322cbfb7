//! Where an answer may have its records: the arrays of objects in it.

use serde_json::Value;

/// Places proposed at most.
const MAX_PROPOSALS: usize = 5;
/// Depth that is looked into.
const MAX_DEPTH: usize = 6;
/// Values that are looked at.
const MAX_VISITS: usize = 20_000;

/// JSON pointers to the arrays of objects in an answer, the longest array first. An empty pointer is
/// the whole answer.
pub fn to_records(text: &str) -> Vec<String> {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut visits = 0;
    look(&value, &mut String::new(), 0, &mut visits, &mut found);
    found.sort_by(|(a, left), (b, right)| b.cmp(a).then(left.len().cmp(&right.len())));
    found.truncate(MAX_PROPOSALS);
    found.into_iter().map(|(_, pointer)| pointer).collect()
}

fn look(
    value: &Value,
    at: &mut String,
    depth: usize,
    visits: &mut usize,
    found: &mut Vec<(usize, String)>,
) {
    *visits += 1;
    if depth > MAX_DEPTH || *visits > MAX_VISITS {
        return;
    }
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            found.push((items.len(), at.clone()));
        }
        Value::Object(fields) => {
            for (name, inner) in fields {
                let length = at.len();
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                look(inner, at, depth + 1, visits, found);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_array_of_objects_comes_first() {
        let text = r#"{"code":0,"ids":[1,2,3,4],"meta":{"a/b":[{"x":1}]},"data":{"rows":[{"a":1},{"a":2}]}}"#;
        assert_eq!(to_records(text), ["/data/rows", "/meta/a~1b"]);
    }

    #[test]
    fn a_bare_array_is_the_whole_answer() {
        assert_eq!(to_records(r#"[{"a":1}]"#), [""]);
        assert!(to_records(r#"{"data":[]}"#).is_empty());
    }

    proptest! {
        #[test]
        fn every_proposal_leads_to_an_array(names in proptest::collection::vec("[a-z~/]{0,4}", 1..4)) {
            let mut value = serde_json::json!([{"a": 1}]);
            for name in names {
                value = serde_json::json!({ name: value });
            }
            let text = value.to_string();
            for pointer in to_records(&text) {
                prop_assert!(value.pointer(&pointer).is_some_and(Value::is_array));
            }
        }
    }
}

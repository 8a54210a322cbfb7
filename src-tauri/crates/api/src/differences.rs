//! What differs between two states of the same settings, as places and values.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// A value longer than this is cut when it is shown.
const SHOWN_CHARS: usize = 200;

/// One place that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Difference {
    /// The place: names joined by dots.
    pub place: String,
    /// The value before; absent when there was none.
    pub before: Option<String>,
    /// The value after; absent when there is none.
    pub after: Option<String>,
}

/// Everything that differs, in the order of the places.
pub fn between(before: &Value, after: &Value) -> Vec<Difference> {
    let mut list = Vec::new();
    walk("", Some(before), Some(after), &mut list);
    list.sort_by(|one, other| one.place.cmp(&other.place));
    list
}

fn walk(place: &str, before: Option<&Value>, after: Option<&Value>, list: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let at = |name: &str| {
        if place.is_empty() {
            name.to_owned()
        } else {
            format!("{place}.{name}")
        }
    };
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            for (name, value) in before {
                walk(&at(name), Some(value), after.get(name), list);
            }
            for (name, value) in after {
                if !before.contains_key(name) {
                    walk(&at(name), None, Some(value), list);
                }
            }
        }
        // Lists of field maps are compared by the field that they name.
        (Some(Value::Array(one)), Some(Value::Array(other)))
            if one.iter().chain(other).all(|item| named(item).is_some()) =>
        {
            let find = |list: &[Value], name: &str| {
                list.iter().find(|item| named(item) == Some(name)).cloned()
            };
            for item in one {
                let name = named(item).unwrap_or_default();
                walk(&at(name), Some(item), find(other, name).as_ref(), list);
            }
            for item in other {
                let name = named(item).unwrap_or_default();
                if find(one, name).is_none() {
                    walk(&at(name), None, Some(item), list);
                }
            }
        }
        _ => list.push(Difference {
            place: place.to_owned(),
            before: before.and_then(shown),
            after: after.and_then(shown),
        }),
    }
}

fn named(item: &Value) -> Option<&str> {
    item.get("field")?.as_str()
}

fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut cut: String = text.chars().take(SHOWN_CHARS).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    Some(cut)
}

/// `changed` laid over `base`: what it names is replaced, what it leaves out stays. Lists of field
/// maps are joined by field.
pub fn merged(base: &Value, changed: &Value) -> Value {
    match (base, changed) {
        (Value::Object(base), Value::Object(changed)) => {
            let mut whole = base.clone();
            for (name, value) in changed {
                let joined = match base.get(name) {
                    // A value of a tagged kind is taken whole: the parts of another kind mean nothing.
                    Some(before) if before.get("kind") == value.get("kind") => {
                        merged(before, value)
                    }
                    _ => value.clone(),
                };
                whole.insert(name.clone(), joined);
            }
            Value::Object(whole)
        }
        (Value::Array(base), Value::Array(changed))
            if !changed.is_empty()
                && base.iter().chain(changed).all(|item| named(item).is_some()) =>
        {
            let mut whole = base.clone();
            for item in changed {
                match whole.iter_mut().find(|one| named(one) == named(item)) {
                    Some(one) => one.clone_from(item),
                    None => whole.push(item.clone()),
                }
            }
            Value::Array(whole)
        }
        (_, changed) => changed.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_name_the_place_and_both_values() {
        let before = json!({"a": {"b": 1, "c": "x"}, "fields": [{"field": "f", "source": "s"}]});
        let after = json!({"a": {"b": 2, "c": "x", "d": null}, "fields": [{"field": "f", "source": "t"}, {"field": "g"}]});
        let places: Vec<String> = between(&before, &after)
            .into_iter()
            .map(|one| one.place)
            .collect();
        assert_eq!(places, ["a.b", "a.d", "fields.f.source", "fields.g"]);
        assert!(between(&after, &after).is_empty());
    }

    #[test]
    fn what_is_left_out_stays_and_another_kind_is_taken_whole() {
        let base = json!({"x": {"kind": "page", "size": 5, "first": 1}, "keep": 1, "fields": [{"field": "f", "source": "a"}]});
        let changed = json!({"x": {"kind": "single"}, "fields": [{"field": "g", "source": "b"}]});
        assert_eq!(
            merged(&base, &changed),
            json!({"x": {"kind": "single"}, "keep": 1, "fields": [{"field": "f", "source": "a"}, {"field": "g", "source": "b"}]})
        );
    }
}

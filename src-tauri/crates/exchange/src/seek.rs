//! Values at several JSON pointers, found in one pass over a text and without copying it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// What stands at a pointer.
#[derive(Debug, Clone)]
pub enum Seen<'a> {
    /// Nothing.
    Nothing,
    /// A value.
    Value(&'a RawValue),
    /// The items of a list, of which `null` is the empty one.
    List(Vec<&'a RawValue>),
}

impl Seen<'_> {
    /// A string's or number's text.
    pub fn text(&self) -> Option<String> {
        let Seen::Value(value) = self else {
            return None;
        };
        let raw = value.get();
        match raw.as_bytes().first()? {
            b'"' => String::deserialize(&mut serde_json::Deserializer::from_str(raw)).ok(),
            b'n' | b'{' | b'[' => None,
            _ => Some(raw.to_owned()),
        }
    }
}

/// Looks for what stands at pointers (RFC 6901); an empty one means the whole text. `listed` says that the
/// first is that of a list, whose items are told apart; the others are not looked for when they are
/// empty then.
///
/// # Errors
/// When the text is no JSON.
pub fn seek<'a, const N: usize>(
    text: &'a str,
    pointers: [&str; N],
    listed: bool,
) -> Result<[Seen<'a>; N], serde_json::Error> {
    let parts = pointers.map(|pointer| {
        pointer
            .split('/')
            .skip(1)
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect::<Vec<String>>()
    });
    let mut seen = [const { Seen::Nothing }; N];
    let through = (0..N)
        .filter(|at| !(listed && *at > 0 && pointers[*at].is_empty()))
        .collect();
    let mut reader = serde_json::Deserializer::from_str(text);
    Seek {
        parts: &parts,
        through,
        depth: 0,
        listed,
        seen: &mut seen,
    }
    .deserialize(&mut reader)?;
    reader.end()?;
    Ok(seen)
}

/// One value of the text and the pointers that lead to it or through it.
struct Seek<'w, 'a> {
    parts: &'w [Vec<String>],
    through: Vec<usize>,
    depth: usize,
    listed: bool,
    seen: &'w mut [Seen<'a>],
}

impl Seek<'_, '_> {
    /// Those of the pointers that go on with a part.
    fn onward(&self, part: &str) -> Vec<usize> {
        let goes_on = |at: &usize| {
            self.parts[*at]
                .get(self.depth)
                .is_some_and(|next| next == part)
        };
        self.through.iter().copied().filter(goes_on).collect()
    }
}

impl<'a> DeserializeSeed<'a> for Seek<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        let (here, beyond): (Vec<usize>, Vec<usize>) = self
            .through
            .iter()
            .partition(|at| self.parts[**at].len() == self.depth);
        if here.is_empty() {
            return deserializer.deserialize_any(self);
        }
        if self.listed && here == [0] && beyond.is_empty() {
            self.seen[0] = Seen::Nothing;
            return deserializer.deserialize_any(Items(&mut self.seen[0]));
        }
        let value = <&'a RawValue>::deserialize(deserializer)?;
        for at in here {
            self.seen[at] = if self.listed && at == 0 {
                let mut items = Seen::Nothing;
                let mut reader = serde_json::Deserializer::from_str(value.get());
                // It was read before.
                let _ = reader.deserialize_any(Items(&mut items));
                items
            } else {
                Seen::Value(value)
            };
        }
        if !beyond.is_empty() {
            let mut reader = serde_json::Deserializer::from_str(value.get());
            // It was read before.
            let _ = Seek {
                through: beyond,
                ..self
            }
            .deserialize(&mut reader);
        }
        Ok(())
    }
}

/// Values that have nothing in them.
macro_rules! nothing_inside {
    () => {
        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }

        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }

        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }

        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }

        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("any JSON")
        }
    };
}

impl<'a> Visitor<'a> for Seek<'_, 'a> {
    type Value = ();

    nothing_inside!();

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let through = self.onward(&name);
            if through.is_empty() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            // Of a name that stands twice, the last one counts.
            for at in &through {
                self.seen[*at] = Seen::Nothing;
            }
            map.next_value_seed(Seek {
                parts: self.parts,
                through,
                depth: self.depth + 1,
                listed: self.listed,
                seen: &mut *self.seen,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        for at in 0_usize.. {
            let through = self.onward(&at.to_string());
            let more = if through.is_empty() {
                items.next_element::<IgnoredAny>()?.is_some()
            } else {
                items
                    .next_element_seed(Seek {
                        parts: self.parts,
                        through,
                        depth: self.depth + 1,
                        listed: self.listed,
                        seen: &mut *self.seen,
                    })?
                    .is_some()
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

/// The items of a list; what is none stays [`Seen::Value`]-less.
struct Items<'w, 'a>(&'w mut Seen<'a>);

impl<'a> Visitor<'a> for Items<'_, 'a> {
    type Value = ();

    nothing_inside!();

    fn visit_unit<E>(self) -> Result<(), E> {
        *self.0 = Seen::List(Vec::new());
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut items: Vec<&'a RawValue> = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        *self.0 = Seen::List(items);
        Ok(())
    }
}

/// A name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn value(seen: &Seen<'_>) -> Option<Value> {
        match seen {
            Seen::Value(raw) => serde_json::from_str(raw.get()).ok(),
            _ => None,
        }
    }

    #[test]
    fn pointers_that_share_a_part_or_a_value_are_all_found() {
        let text = r#"{"a":{"b":[1,{"c":"x"}],"b":[2,{"c":"y"}]},"d~/":3}"#;
        let found = seek(text, ["/a/b/1/c", "/a/b", "/a", "/d~0~1", "", "/e"], false).unwrap();
        assert_eq!(value(&found[0]), Some("y".into()));
        assert_eq!(found[0].text().as_deref(), Some("y"));
        assert_eq!(
            value(&found[1]),
            serde_json::from_str(r#"[2,{"c":"y"}]"#).ok()
        );
        assert!(matches!(found[2], Seen::Value(_)));
        assert_eq!(found[3].text().as_deref(), Some("3"));
        assert!(matches!(found[4], Seen::Value(_)));
        assert!(matches!(found[5], Seen::Nothing));
    }

    #[test]
    fn a_list_that_others_point_into_still_has_its_items() {
        let text = r#"{"list":[{"n":1},{"n":2}]}"#;
        let [list, second] = seek(text, ["/list", "/list/1/n"], true).unwrap();
        assert!(matches!(list, Seen::List(items) if items.len() == 2));
        assert_eq!(second.text().as_deref(), Some("2"));
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_a_parsed_value_has(
            keys in proptest::collection::vec("[ab]", 1..4),
            text in "[ab\"{}:,\\[\\]01]{0,40}",
        ) {
            let pointer = format!("/{}", keys.join("/"));
            let told = seek(&text, [pointer.as_str()], false);
            match serde_json::from_str::<Value>(&text) {
                Ok(parsed) => prop_assert_eq!(value(&told.unwrap()[0]), parsed.pointer(&pointer).cloned()),
                Err(_) => prop_assert!(told.is_err()),
            }
        }
    }
}

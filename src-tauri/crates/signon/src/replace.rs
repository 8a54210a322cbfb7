//! Claims for a sample: every personal value in the place of another of the same form.
//!
//! What comes out depends on the random seed and on the form of a value, never on the value itself:
//! its length, the classes of its characters, and whether its check digit is right.

use std::collections::HashMap;

use chrono::{Duration, NaiveDate};
use serde_json::{Map, Value};
use zhengqiao_domain::primitives::citizen_id::{self, CitizenId};
use zhengqiao_domain::primitives::{credit_code, mobile};

use crate::claims::flat;

/// Surnames and given characters of made-up people.
const SURNAMES: [&str; 12] = [
    "赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫",
];
const GIVEN: [&str; 12] = [
    "安", "宁", "平", "和", "清", "明", "文", "若", "嘉", "予", "书", "言",
];

/// Numbers from a seed. Source: SplitMix64.
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let at = usize::try_from(self.below(list.len() as u64)).ok()?;
        list.get(at).copied()
    }
}

/// The claims with every value replaced except those that `is_kept` names. One value that stands in
/// two places gets one replacement, so that what belonged together still does.
pub fn replaced(
    claims: &Map<String, Value>,
    seed: u64,
    is_kept: &dyn Fn(&str, &Value) -> bool,
) -> Map<String, Value> {
    let mut state = Replacing {
        stream: Stream(seed),
        known: HashMap::new(),
        is_kept,
    };
    // ID numbers first: the days of birth among the claims follow theirs.
    for (_, value) in flat(claims) {
        if let Some(id) = value.as_str()
            && let Ok(read) = citizen_id::check(id, NaiveDate::MAX)
            && !read.fifteen
        {
            state.person(id, &read);
        }
    }
    claims
        .iter()
        .map(|(name, value)| {
            let at = match value {
                Value::Object(_) | Value::Array(_) => {
                    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
                }
                _ => name.clone(),
            };
            (name.clone(), state.value(&at, value))
        })
        .collect()
}

struct Replacing<'a> {
    stream: Stream,
    known: HashMap<String, String>,
    is_kept: &'a dyn Fn(&str, &Value) -> bool,
}

impl Replacing<'_> {
    fn value(&mut self, at: &str, value: &Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| {
                        let below = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                        (name.clone(), self.value(&below, value))
                    })
                    .collect(),
            ),
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, value)| self.value(&format!("{at}/{index}"), value))
                    .collect(),
            ),
            Value::Null | Value::Bool(_) => value.clone(),
            single if (self.is_kept)(at, single) => single.clone(),
            Value::String(text) => Value::String(self.text(text)),
            Value::Number(number) => {
                let text = self.text(&number.to_string());
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
        }
    }

    fn text(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let made = self.made(text);
        self.known.insert(text.to_owned(), made.clone());
        made
    }

    fn made(&mut self, text: &str) -> String {
        if text.len() == 18 && credit_code::check(text).is_ok() {
            return self.credit_code();
        }
        if mobile::is_mobile(text) {
            return format!("199{:08}", self.stream.below(100_000_000));
        }
        let chars: Vec<char> = text.chars().collect();
        if (2..=4).contains(&chars.len()) && chars.iter().all(|char| is_han(*char)) {
            let mut name = self.stream.of(&SURNAMES).unwrap_or("赵").to_owned();
            for _ in 1..chars.len() {
                name.push_str(self.stream.of(&GIVEN).unwrap_or("安"));
            }
            return name;
        }
        if let Some(date) = self.date(text) {
            return date;
        }
        // Anything else keeps its shape: a digit for a digit, a letter for a letter.
        let hexadecimal = chars.len() >= 16 && chars.iter().all(char::is_ascii_hexdigit);
        chars
            .iter()
            .enumerate()
            .map(|(at, char)| self.char(at, *char, hexadecimal))
            .collect()
    }

    fn char(&mut self, at: usize, char: char, hexadecimal: bool) -> char {
        let from = |stream: &mut Stream, list: &[u8]| stream.of(list).map_or('x', char::from);
        match char {
            _ if hexadecimal && char.is_ascii_uppercase() => {
                from(&mut self.stream, b"0123456789ABCDEF")
            }
            _ if hexadecimal => from(&mut self.stream, b"0123456789abcdef"),
            // A number does not begin with 0 unless it did.
            '1'..='9' if at == 0 => from(&mut self.stream, b"123456789"),
            '0'..='9' => from(&mut self.stream, b"0123456789"),
            'a'..='z' => from(&mut self.stream, b"abcdefghijklmnopqrstuvwxyz"),
            'A'..='Z' => from(&mut self.stream, b"ABCDEFGHJKLMNPQRTUWXY"),
            _ if is_han(char) => self
                .stream
                .of(&GIVEN)
                .and_then(|text| text.chars().next())
                .unwrap_or('某'),
            other => other,
        }
    }

    /// Another person's ID number, of the same sex, and the day of birth that belongs to it.
    fn person(&mut self, id: &str, read: &CitizenId) {
        let days = i64::try_from(self.stream.below(18_000)).unwrap_or_default();
        let birth = NaiveDate::from_ymd_opt(1955, 1, 1)
            .and_then(|first| first.checked_add_signed(Duration::days(days)))
            .unwrap_or_default();
        let order = 2 * (1 + self.stream.below(498)) + u64::from(read.is_male());
        let first = format!("230102{}{order:03}", birth.format("%Y%m%d"));
        let check = citizen_id::check_character(&first).unwrap_or('X');
        self.known.insert(id.to_owned(), format!("{first}{check}"));
        for form in ["%Y%m%d", "%Y-%m-%d"] {
            self.known.insert(
                read.birth.format(form).to_string(),
                birth.format(form).to_string(),
            );
        }
    }

    fn credit_code(&mut self) -> String {
        let first = format!("91230102MA{:07}", self.stream.below(10_000_000));
        let check = credit_code::check_character(&first).unwrap_or('0');
        format!("{first}{check}")
    }

    /// A day in the form of `text`, when it is one.
    fn date(&mut self, text: &str) -> Option<String> {
        let form = match text.len() {
            8 => "%Y%m%d",
            10 => "%Y-%m-%d",
            _ => return None,
        };
        NaiveDate::parse_from_str(text, form).ok()?;
        let days = i64::try_from(self.stream.below(18_000)).ok()?;
        let day = NaiveDate::from_ymd_opt(1955, 1, 1)? + Duration::days(days);
        Some(day.format(form).to_string())
    }
}

fn is_han(char: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&char)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Map<String, Value> {
        let Value::Object(claims) = serde_json::json!({
            "sub": "u-4711", "cert_key": "ab".repeat(32), "user_name": "张三丰",
            "user_mobile": "13812345678", "cert_no": "110101199003070134", "user_real_lvl": 4,
            "user": {"name": "张三丰", "code": "91350100M000100Y43"}, "birthday": "19900307",
            "email_verified": false,
        }) else {
            panic!("an object")
        };
        claims
    }

    fn kept(name: &str, _: &Value) -> bool {
        name == "user_real_lvl"
    }

    #[test]
    fn every_value_is_another_of_the_same_form() {
        let before = claims();
        let after = replaced(&before, 7, &kept);
        let text = |name: &str| after[name].as_str().unwrap().to_owned();
        for name in [
            "sub",
            "cert_key",
            "user_name",
            "user_mobile",
            "cert_no",
            "birthday",
        ] {
            assert_ne!(before[name], after[name], "{name}");
            assert_eq!(
                before[name].as_str().unwrap().chars().count(),
                text(name).chars().count(),
                "{name}"
            );
        }
        assert!(citizen_id::check(&text("cert_no"), NaiveDate::MAX).is_ok());
        assert!(mobile::is_mobile(&text("user_mobile")));
        assert!(credit_code::check(after["user"]["code"].as_str().unwrap()).is_ok());
        assert_eq!(after["user_real_lvl"], 4);
        assert_eq!(after["email_verified"], false);
        assert_eq!(after["user"]["name"], after["user_name"]);
        assert_eq!(text("cert_no")[6..14], text("birthday"));
    }

    #[test]
    fn the_replacement_depends_on_the_seed_and_not_on_the_value() {
        let mut other = claims();
        other["user_mobile"] = "13999999999".into();
        other["cert_key"] = "cd".repeat(32).into();
        let (one, two) = (replaced(&claims(), 7, &kept), replaced(&other, 7, &kept));
        assert_eq!(one["user_mobile"], two["user_mobile"]);
        assert_eq!(one["cert_key"], two["cert_key"]);
        assert_ne!(
            one["user_mobile"],
            replaced(&claims(), 8, &kept)["user_mobile"]
        );
    }

    #[test]
    fn a_number_with_a_wrong_check_digit_stays_wrong_or_at_least_another() {
        let Value::Object(one) = serde_json::json!({"cert_no": "110101199003070135"}) else {
            panic!("an object")
        };
        assert_ne!(replaced(&one, 3, &kept)["cert_no"], one["cert_no"]);
    }
}

//! The steps that change a value on its way to our field, as data and made ready.
//!
//! Every step takes what the one before it gave; nothing can be taken for nothing, so that a chain
//! never fails on a record. What cannot be done at all, such as a pattern that is none, is refused
//! when the mapping is made ready.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use regex::Regex;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Path, Row};
use crate::primitives::{moment, width};

/// Steps of one field at most.
pub const MAX_STEPS: usize = 20;
/// Characters of a pattern at most.
const MAX_PATTERN: usize = 500;
/// Bytes that a pattern may take when it is made ready.
const MAX_PATTERN_BYTES: usize = 256 * 1024;
/// Characters that a step may give at most; the rest is cut, and the rules name the length.
const MAX_CHARS: usize = 100_000;

/// One step that changes a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Transform {
    /// Full-width digits, letters and signs become half-width.
    HalfWidth,
    /// Letters become capital letters.
    UpperCase,
    /// Letters become small letters.
    LowerCase,
    /// Blanks at both ends go, also full-width ones; `inner` makes every run of blanks inside one.
    Trim {
        /// Whether blanks inside are joined too.
        #[serde(default)]
        inner: bool,
    },
    /// A date or time in one of these forms (`%Y年%m月%d日`) becomes `yyyy-MM-dd HH:mm:ss`.
    DateForm {
        /// The forms that are tried, in order.
        forms: Vec<String>,
    },
    /// A code of theirs becomes a code of ours; others stay, or become the other value.
    CodeTable {
        /// Theirs to ours.
        table: BTreeMap<String, String>,
        /// What codes that are not in the table become; absent leaves them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        other: Option<String>,
    },
    /// The same value for every record.
    Constant {
        /// The value.
        value: String,
    },
    /// A value where nothing was received.
    Default {
        /// The value.
        value: String,
    },
    /// Other source values are put behind this one; those that are missing are left out.
    Concatenate {
        /// Names or JSON pointers.
        sources: Vec<String>,
        /// What stands between two values.
        separator: String,
    },
    /// One part of a value that a separator divides.
    Split {
        /// The separator.
        separator: String,
        /// Which part: 1 is the first, -1 the last.
        part: i32,
    },
    /// What a pattern finds: its first group, or the whole match where it has none. A value that
    /// does not match becomes nothing.
    Capture {
        /// A regular expression.
        pattern: String,
    },
    /// Every occurrence of a text is replaced.
    Replace {
        /// The text.
        from: String,
        /// What takes its place.
        to: String,
    },
    /// Some of the characters.
    Substring {
        /// The first of them, from 1; negative counts from the end.
        begin: i32,
        /// How many; 0 means all that follow.
        length: u32,
    },
    /// Zeros before a number that is too short.
    PadLeft {
        /// Wanted number of characters.
        width: u32,
    },
    /// Removes a prefix, such as a province code before a case number.
    StripPrefix {
        /// The prefix.
        prefix: String,
    },
    /// Removes an ending, such as a unit behind a number.
    StripSuffix {
        /// The ending.
        suffix: String,
    },
}

/// A step made ready.
#[derive(Debug)]
pub(super) enum Step {
    /// As described.
    Plain(Transform),
    /// Needs other source values.
    Concatenate(Vec<Path>, String),
    /// A pattern.
    Capture(Box<Regex>),
}

impl Step {
    /// Makes a step ready; says what is wrong with it otherwise.
    pub(super) fn new(transform: &Transform) -> Result<Self, String> {
        match transform {
            Transform::Capture { pattern } => {
                if pattern.chars().count() > MAX_PATTERN {
                    return Err(format!(
                        "the pattern is longer than {MAX_PATTERN} characters"
                    ));
                }
                regex::RegexBuilder::new(pattern)
                    .size_limit(MAX_PATTERN_BYTES)
                    .dfa_size_limit(MAX_PATTERN_BYTES)
                    .build()
                    .map(|regex| Step::Capture(Box::new(regex)))
                    .map_err(|error| {
                        let text = error.to_string();
                        let last = text.lines().last().unwrap_or_default();
                        format!(
                            "{pattern:?} is no pattern: {}",
                            last.trim_start_matches("error: ")
                        )
                    })
            }
            Transform::Concatenate { sources, separator } => {
                if sources.is_empty() {
                    return Err("concatenate names no source".into());
                }
                let paths = sources.iter().map(|source| Path::new(source)).collect();
                Ok(Step::Concatenate(paths, separator.clone()))
            }
            Transform::DateForm { forms } => {
                if forms.is_empty() {
                    return Err("date_form has no form".into());
                }
                let wrong = forms.iter().find(|form| {
                    chrono::format::StrftimeItems::new(form)
                        .any(|item| item == chrono::format::Item::Error)
                });
                match wrong {
                    Some(form) => Err(format!(
                        "{form:?} is no date form; write it as %Y-%m-%d %H:%M:%S"
                    )),
                    None => Ok(Step::Plain(transform.clone())),
                }
            }
            Transform::Split { separator, .. } if separator.is_empty() => {
                Err("split has no separator".into())
            }
            Transform::Split { part: 0, .. } => {
                Err("split: 1 is the first part, -1 the last".into())
            }
            Transform::Replace { from, .. } if from.is_empty() => {
                Err("replace has no text to find".into())
            }
            Transform::Substring { begin: 0, .. } => {
                Err("substring: 1 is the first character, -1 the last".into())
            }
            other => Ok(Step::Plain(other.clone())),
        }
    }

    /// The value after this step.
    pub(super) fn apply<'v>(
        &self,
        text: Option<Cow<'v, str>>,
        raw: &impl Row,
    ) -> Option<Cow<'v, str>> {
        match self {
            Step::Capture(regex) => text.and_then(|text| captured(regex, &text).map(Cow::Owned)),
            Step::Concatenate(paths, separator) => {
                let mut parts: Vec<String> = text.into_iter().map(Cow::into_owned).collect();
                parts.retain(|part| !part.trim().is_empty());
                for path in paths {
                    if let Some(part) = raw.find(path, &mut 0).scalar()
                        && !part.trim().is_empty()
                    {
                        parts.push(part.into_owned());
                    }
                }
                (!parts.is_empty()).then(|| Cow::Owned(cut(parts.join(separator))))
            }
            Step::Plain(transform) => plain(transform, text),
        }
    }
}

fn captured(regex: &Regex, text: &str) -> Option<String> {
    let found = regex.captures(text)?;
    let part = found.get(1).or_else(|| found.get(0))?;
    Some(part.as_str().to_owned())
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => text[..at].to_owned(),
        None => text,
    }
}

fn is_blank(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{feff}' | '\u{200b}' | '\u{2060}')
}

fn plain<'v>(transform: &Transform, text: Option<Cow<'v, str>>) -> Option<Cow<'v, str>> {
    let owned = |text: String| Some(Cow::Owned(text));
    match transform {
        Transform::Constant { value } => return owned(value.clone()),
        Transform::Default { value } => {
            return match text {
                Some(text) if !text.trim().is_empty() => Some(text),
                _ => owned(value.clone()),
            };
        }
        _ => {}
    }
    let text = text?;
    match transform {
        Transform::HalfWidth => owned(width::to_half_width(&text).into_owned()),
        Transform::UpperCase => owned(text.to_uppercase()),
        Transform::LowerCase => owned(text.to_lowercase()),
        Transform::Trim { inner } => {
            let trimmed = text.trim_matches(is_blank);
            owned(if *inner {
                trimmed
                    .split(is_blank)
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            } else {
                trimmed.to_owned()
            })
        }
        Transform::DateForm { forms } => {
            let trimmed = text.trim();
            match forms.iter().find_map(|form| read_date(trimmed, form)) {
                Some(at) => owned(moment::canonical(at)),
                None => Some(text),
            }
        }
        Transform::CodeTable { table, other } => match (table.get(text.trim()), other) {
            (Some(ours), _) => owned(ours.clone()),
            (None, Some(other)) if !text.trim().is_empty() => owned(other.clone()),
            _ => Some(text),
        },
        Transform::Split { separator, part } => {
            let at = part.unsigned_abs() as usize - 1;
            let found = if *part > 0 {
                text.split(separator.as_str()).nth(at)
            } else {
                text.rsplit(separator.as_str()).nth(at)
            };
            found.map(|part| Cow::Owned(part.to_owned()))
        }
        Transform::Replace { from, to } => owned(cut(text.replace(from.as_str(), to))),
        Transform::Substring { begin, length } => {
            let chars: Vec<char> = text.chars().collect();
            let first = if *begin > 0 {
                begin.unsigned_abs() as usize - 1
            } else {
                chars.len().saturating_sub(begin.unsigned_abs() as usize)
            };
            let take = if *length == 0 {
                usize::MAX
            } else {
                *length as usize
            };
            owned(chars.into_iter().skip(first).take(take).collect())
        }
        Transform::PadLeft { width } => owned(format!(
            "{:0>width$}",
            text.trim(),
            width = (*width).min(64) as usize
        )),
        Transform::StripPrefix { prefix } => match text.trim().strip_prefix(prefix.as_str()) {
            Some(rest) => owned(rest.to_owned()),
            None => Some(text),
        },
        Transform::StripSuffix { suffix } => match text.trim().strip_suffix(suffix.as_str()) {
            Some(rest) => owned(rest.to_owned()),
            None => Some(text),
        },
        Transform::Constant { .. }
        | Transform::Default { .. }
        | Transform::Concatenate { .. }
        | Transform::Capture { .. } => Some(text),
    }
}

/// A moment, or a date at its beginning, in a form.
fn read_date(text: &str, form: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, form).ok().or_else(|| {
        chrono::NaiveDate::parse_from_str(text, form)
            .ok()
            .map(|date| date.and_time(chrono::NaiveTime::MIN))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use serde_json::{Map, Value};

    fn run(transform: &Transform, text: Option<&str>) -> Option<String> {
        let Value::Object(raw) = json!({"b": "2", "c": {"d": 3}, "e": null}) else {
            unreachable!()
        };
        Step::new(transform)
            .unwrap()
            .apply(text.map(Cow::Borrowed), &raw)
            .map(Cow::into_owned)
    }

    fn kind(text: &str) -> Transform {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn each_step_does_what_it_says() {
        let cases = [
            (r#"{"kind":"trim"}"#, "　 a  b\u{feff}", "a  b"),
            (r#"{"kind":"trim","inner":true}"#, " a 　b ", "a b"),
            (r#"{"kind":"half_width"}"#, "１２Ａ", "12A"),
            (r#"{"kind":"upper_case"}"#, "ab1x", "AB1X"),
            (r#"{"kind":"lower_case"}"#, "AbÉ", "abé"),
            (
                r#"{"kind":"date_form","forms":["%d.%m.%Y","%Y年%m月%d日"]}"#,
                "2024年1月2日",
                "2024-01-02 00:00:00",
            ),
            (
                r#"{"kind":"date_form","forms":["%Y/%m/%d %H:%M"]}"#,
                "2024/01/02 03:04",
                "2024-01-02 03:04:00",
            ),
            (r#"{"kind":"date_form","forms":["%Y"]}"#, "soon", "soon"),
            (r#"{"kind":"code_table","table":{"是":"1"}}"#, "是", "1"),
            (r#"{"kind":"code_table","table":{"是":"1"}}"#, "否", "否"),
            (
                r#"{"kind":"code_table","table":{"是":"1"},"other":"0"}"#,
                "否",
                "0",
            ),
            (r#"{"kind":"constant","value":"x"}"#, "a", "x"),
            (r#"{"kind":"default","value":"x"}"#, "a", "a"),
            (
                r#"{"kind":"concatenate","sources":["b","e","/c/d","none"],"separator":"-"}"#,
                "1",
                "1-2-3",
            ),
            (r#"{"kind":"split","separator":"-","part":2}"#, "a-b-c", "b"),
            (
                r#"{"kind":"split","separator":"-","part":-1}"#,
                "a-b-c",
                "c",
            ),
            (
                r#"{"kind":"capture","pattern":"([0-9A-Z]{4})$"}"#,
                "xx-AB12",
                "AB12",
            ),
            (r#"{"kind":"capture","pattern":"[0-9]+"}"#, "no 42", "42"),
            (r#"{"kind":"replace","from":"-","to":""}"#, "a-b-c", "abc"),
            (
                r#"{"kind":"substring","begin":2,"length":2}"#,
                "事项编码",
                "项编",
            ),
            (
                r#"{"kind":"substring","begin":-2,"length":0}"#,
                "事项编码",
                "编码",
            ),
            (r#"{"kind":"pad_left","width":4}"#, "7", "0007"),
            (r#"{"kind":"strip_prefix","prefix":"37"}"#, "37P1", "P1"),
            (r#"{"kind":"strip_suffix","suffix":"天"}"#, "20天", "20"),
        ];
        for (transform, from, to) in cases {
            assert_eq!(
                run(&kind(transform), Some(from)).as_deref(),
                Some(to),
                "{transform}"
            );
        }
    }

    #[test]
    fn nothing_becomes_something_only_by_a_constant_a_default_or_other_values() {
        assert_eq!(
            run(&kind(r#"{"kind":"default","value":"x"}"#), None).as_deref(),
            Some("x")
        );
        assert_eq!(
            run(&kind(r#"{"kind":"constant","value":"x"}"#), None).as_deref(),
            Some("x")
        );
        let joined = kind(r#"{"kind":"concatenate","sources":["b"],"separator":"-"}"#);
        assert_eq!(run(&joined, None).as_deref(), Some("2"));
        for other in [
            r#"{"kind":"trim"}"#,
            r#"{"kind":"capture","pattern":"."}"#,
            r#"{"kind":"pad_left","width":3}"#,
        ] {
            assert_eq!(run(&kind(other), None), None, "{other}");
        }
        assert_eq!(
            run(
                &kind(r#"{"kind":"split","separator":"-","part":5}"#),
                Some("a-b")
            ),
            None
        );
        assert_eq!(
            run(&kind(r#"{"kind":"capture","pattern":"z"}"#), Some("a-b")),
            None
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused_and_named() {
        for (transform, word) in [
            (r#"{"kind":"capture","pattern":"(a"}"#, "(a"),
            (
                r#"{"kind":"capture","pattern":"(?:a{1000}){1000}"}"#,
                "no pattern",
            ),
            (r#"{"kind":"date_form","forms":["%Q"]}"#, "%Q"),
            (r#"{"kind":"date_form","forms":[]}"#, "no form"),
            (r#"{"kind":"split","separator":"","part":1}"#, "separator"),
            (r#"{"kind":"split","separator":",","part":0}"#, "first part"),
            (
                r#"{"kind":"substring","begin":0,"length":1}"#,
                "first character",
            ),
            (
                r#"{"kind":"concatenate","sources":[],"separator":""}"#,
                "no source",
            ),
        ] {
            let error = Step::new(&kind(transform)).unwrap_err();
            assert!(error.contains(word), "{transform}: {error}");
        }
    }

    fn any_transform() -> impl Strategy<Value = Transform> {
        let text = "[ -~\u{4e00}-\u{4e20}]{0,6}";
        prop_oneof![
            Just(Transform::HalfWidth),
            any::<bool>().prop_map(|inner| Transform::Trim { inner }),
            proptest::collection::vec(text, 0..3).prop_map(|forms| Transform::DateForm { forms }),
            (text, any::<i32>()).prop_map(|(separator, part)| Transform::Split { separator, part }),
            (any::<i32>(), any::<u32>())
                .prop_map(|(begin, length)| Transform::Substring { begin, length }),
            text.prop_map(|pattern| Transform::Capture { pattern }),
            (text, text).prop_map(|(from, to)| Transform::Replace { from, to }),
            any::<u32>().prop_map(|width| Transform::PadLeft { width }),
            text.prop_map(|suffix| Transform::StripSuffix { suffix }),
        ]
    }

    proptest! {
        #[test]
        fn no_chain_of_steps_panics(chain in proptest::collection::vec(any_transform(), 0..6), text in "\\PC{0,40}") {
            let raw = Map::new();
            let mut value = Some(Cow::Owned(text));
            for transform in &chain {
                if let Ok(step) = Step::new(transform) {
                    value = step.apply(value, &raw);
                }
            }
        }

        #[test]
        fn a_step_survives_being_written_and_read(transform in any_transform()) {
            let text = serde_json::to_string(&transform).unwrap();
            prop_assert_eq!(serde_json::from_str::<Transform>(&text).unwrap(), transform);
        }
    }
}

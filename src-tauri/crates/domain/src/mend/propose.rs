//! Steps that may cure a cause, to be tried on its records: only what cures is proposed.

use std::collections::BTreeSet;

use super::MendStep;
use crate::codes::{EffectiveList, Membership};
use crate::dataset::DatasetId;
use crate::field::Kind;
use crate::mapping::Transform;
use crate::primitives::width;
use crate::rules::Rule;
use crate::settings::RuleSet;

/// Forms of dates and times that providers use and that are not read by themselves.
const DATE_FORMS: [&str; 14] = [
    "%Y年%m月%d日",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日%H时%M分%S秒",
    "%Y年%m月%d日 %H时%M分",
    "%Y.%m.%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%b %d, %Y",
];

/// Steps that may cure a cause, the likeliest first, each with whether it is certain that it says what
/// was meant. `values` are the offending ones.
pub fn candidates(
    dataset: DatasetId,
    field: &str,
    rule: Rule,
    values: &BTreeSet<String>,
    rules: &RuleSet,
) -> Vec<(MendStep, bool)> {
    let mut list = Vec::new();
    let Some(known) = dataset.dataset().field(field) else {
        return list;
    };
    let add = |transform: Transform| MendStep::AddTransform {
        dataset,
        field: field.to_owned(),
        transform,
    };
    if values.iter().any(|value| width::has_full_width(value)) {
        list.push((add(Transform::HalfWidth), true));
    }
    let has_blanks = |value: &String| value.chars().any(char::is_whitespace);
    if values.iter().any(has_blanks) {
        list.push((add(Transform::Trim { inner: true }), true));
        for blank in [" ", "\u{3000}"] {
            if values.iter().all(|value| value.contains(blank)) {
                let transform = Transform::Replace {
                    from: blank.into(),
                    to: String::new(),
                };
                list.push((add(transform), false));
            }
        }
    }
    if values
        .iter()
        .any(|value| value.chars().any(|sign| sign.is_ascii_lowercase()))
    {
        list.push((add(Transform::UpperCase), true));
    }
    if rule == Rule::CodeUnknown
        && let Some(name) = known.kind.code_list()
        && let Some(codes) = rules.list(name)
    {
        for value in values {
            list.extend(code_steps(dataset, field, codes, value));
        }
    }
    if matches!(known.kind, Kind::Moment | Kind::Date) {
        for form in DATE_FORMS {
            let transform = Transform::DateForm {
                forms: vec![form.into()],
            };
            // The day before the month is a guess where both could be months.
            let certain = form.starts_with("%Y") || values.iter().any(|value| has_late_day(value));
            list.push((add(transform), certain));
        }
    }
    if known.kind == Kind::Integer {
        list.extend(
            common_suffix(values).map(|suffix| (add(Transform::StripSuffix { suffix }), true)),
        );
    }
    list
}

fn code_steps(
    dataset: DatasetId,
    field: &str,
    codes: &EffectiveList,
    value: &str,
) -> Vec<(MendStep, bool)> {
    let map = |to: String| MendStep::MapCode {
        dataset,
        field: field.to_owned(),
        from: value.to_owned(),
        to,
    };
    match codes.membership(value) {
        Membership::Unknown(Some(nearest)) => vec![(map(nearest.code), nearest.only)],
        Membership::Unknown(None) => codes
            .alike(value)
            .into_iter()
            .map(|code| (map(code), false))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a text begins with a number that is no month.
fn has_late_day(value: &str) -> bool {
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    digits.len() <= 2 && digits.parse::<u8>().is_ok_and(|day| day > 12)
}

/// What stands behind the digits of every value alike, such as a unit.
fn common_suffix(values: &BTreeSet<String>) -> Option<String> {
    let mut endings = values.iter().map(|value| {
        value
            .trim_start_matches(|sign: char| sign.is_ascii_digit())
            .to_owned()
    });
    let first = endings.next().filter(|ending| !ending.is_empty())?;
    endings.all(|ending| ending == first).then_some(first)
}

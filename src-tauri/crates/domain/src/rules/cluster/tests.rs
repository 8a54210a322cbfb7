//! Facts about clusters.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::finding::Severity;

fn finding(rule: Rule, field: &'static str, value: &str) -> Finding {
    Finding {
        rule,
        field: field.into(),
        value: Some(value.to_owned()),
        severity: Severity::Reject,
        expected: None,
        remedy: None,
    }
}

fn of(rule: Rule, value: &str) -> String {
    key(rule, value, false)
}

/// The same value with other case, width and punctuation.
fn disguise(text: &str, seed: u64) -> String {
    let mut out = String::new();
    for (at, char) in text.chars().enumerate() {
        let bits = seed.rotate_left(u32::try_from(at % 64).unwrap());
        if bits & 1 == 1 {
            out.push(['-', '.', '·', '，', '(', '_'][(bits >> 8) as usize % 6]);
        }
        let char = if bits & 2 == 2 {
            char.to_ascii_uppercase()
        } else {
            char
        };
        out.push(if bits & 4 == 4 && char.is_ascii_graphic() {
            char::from_u32(char as u32 + 0xFEE0).unwrap()
        } else {
            char
        });
    }
    out
}

proptest! {
    #[test]
    fn a_value_s_cluster_is_the_same_in_any_case_width_and_punctuation(
        text in "[a-z0-9]{1,12}|[一-龥]{1,12}",
        seed in any::<u64>(),
    ) {
        prop_assert_eq!(of_value(&text), of_value(&disguise(&text, seed)));
    }

    #[test]
    fn words_in_another_order_are_one_cluster(first in "[a-z]{1,6}", second in "[a-z]{1,6}") {
        prop_assert_eq!(of_value(&format!("{first} {second}")), of_value(&format!("{second}  {first}")));
    }

    #[test]
    fn a_date_s_cluster_is_its_form(
        year in 1990u32..2030, month in 1u32..13, day in 1u32..29, hour in 0u32..24,
    ) {
        for (text, form) in [
            (format!("{year}.{month}.{day}"), "form:Y.N.N"),
            (format!("{year}年{month}月{day}日"), "form:Y年N月N日"),
            (format!("{day}/{month}/{year}"), "form:N/N/Y"),
            (format!("{year}.{month}.{day} {hour}:05"), "form:Y.N.N N:N"),
            (format!("{year}-13-{day:02} 10:00:00"), "no_such_day"),
            (format!("{year}02{}", 30 + day % 2), "no_such_day"),
        ] {
            prop_assert_eq!(of(Rule::FormatMoment, &text), form, "{}", text);
        }
    }

    #[test]
    fn no_key_of_a_personal_field_has_a_part_of_its_value(
        text in "[0-9]{6,20}|[一-龥]{2,8}|[A-Z]{3,12}|[0-9]{4,8}[一-龥]{2,4}",
    ) {
        for rule in crate::rules::ALL {
            if *rule == Rule::RequiredPlaceholder {
                continue;
            }
            let key = key(*rule, &text, true);
            let chars: Vec<char> = text.chars().collect();
            for part in chars.windows(4) {
                let part: String = part.iter().collect();
                prop_assert!(!key.contains(&part), "{} {}", rule.code(), key);
            }
            let words: Vec<char> = text.chars().filter(|char| !char.is_ascii()).collect();
            for pair in words.windows(2) {
                let pair: String = pair.iter().collect();
                prop_assert!(!key.contains(&pair) || "年月日号时点分秒上下午".contains(&pair), "{} {}", rule.code(), key);
            }
        }
    }
}

/// Seeded kinds of defect of a citizen ID, each a way to spoil a number.
fn seeded(number: &str) -> BTreeMap<&'static str, String> {
    let mut letters = number.to_owned();
    letters.replace_range(3..4, "O");
    BTreeMap::from([
        ("truncated", number[..17].to_owned()),
        ("cut to fourteen", number[..14].to_owned()),
        ("over-long", format!("{number}0")),
        (
            "masked",
            format!("{}********{}", &number[..6], &number[14..]),
        ),
        (
            "spaced",
            format!("{} {} {}", &number[..6], &number[6..14], &number[14..]),
        ),
        (
            "spreadsheet",
            format!("{}.{}E+17", &number[..1], &number[1..6]),
        ),
        ("zeroes", "0".repeat(18)),
        ("nines", "9".repeat(18)),
        ("letters", letters),
        ("words", "身份证遗失".to_owned()),
    ])
}

proptest! {
    #[test]
    fn one_seeded_kind_is_one_cluster_and_two_kinds_never_share_one(
        numbers in proptest::collection::vec("[1-9][0-9]{16}[1-9]", 2..6),
    ) {
        let mut clusters: BTreeMap<&str, String> = BTreeMap::new();
        for number in numbers.iter().filter(|number| number.chars().any(|char| !number.starts_with(char))) {
            for (kind, text) in seeded(number) {
                let key = of_finding(DatasetId::CaseAcceptance, &finding(Rule::IdNumberFormat, "applyer_page_code", &text));
                let known = clusters.entry(kind).or_insert_with(|| key.clone());
                prop_assert_eq!(&*known, &key, "{}: {}", kind, text);
            }
        }
        let mut keys: Vec<&String> = clusters.values().collect();
        keys.sort();
        let all = keys.len();
        keys.dedup();
        prop_assert_eq!(all, keys.len());
    }
}

#[test]
fn whole_numbers_are_told_apart_by_what_is_behind_them() {
    for (text, key) in [
        ("5个工作日", "unit:个工作日"),
        ("12 个 工作日", "unit:个工作日"),
        ("3.5", "decimal"),
        ("1,200", "grouped"),
        ("二十", "chinese_numeral"),
        ("即办", "words"),
    ] {
        assert_eq!(of(Rule::FormatInteger, text), key, "{text}");
    }
}

#[test]
fn placeholders_are_told_apart_also_where_they_are_signs_alone() {
    assert_eq!(of(Rule::RequiredPlaceholder, "无"), "placeholder:无");
    assert_eq!(of(Rule::RequiredPlaceholder, "N/A"), "placeholder:na");
    assert_eq!(of(Rule::RequiredPlaceholder, "－"), "placeholder:-");
    assert_eq!(of(Rule::RequiredPlaceholder, "/"), "placeholder:/");
}

#[test]
fn a_department_s_name_in_place_of_its_code_is_one_cluster_however_it_is_written() {
    let one = of(Rule::DepartmentFormat, "哈尔滨市 公安局");
    assert_eq!(one, of(Rule::DepartmentFormat, "哈尔滨市公安局"));
    assert_eq!(one, of(Rule::DepartmentFormat, "(哈尔滨市公安局)"));
    assert_ne!(one, of(Rule::DepartmentFormat, "哈尔滨市财政局"));
}

#[test]
fn every_kind_has_its_sentence_in_both_languages_and_an_old_key_is_its_value() {
    assert_eq!(words("value:03").zh, "值为「03」");
    assert_eq!(words("form:Y.N.N").zh, "日期写成 2024.3.5 的形式");
    assert_eq!(words("form:Y.N.N").en, "Date written like 2024.3.5");
    assert_eq!(words("short:17").en, "Too short (17 characters)");
    assert_eq!(words("03").zh, "值为「03」");
    assert_eq!(words("").zh, "");
}

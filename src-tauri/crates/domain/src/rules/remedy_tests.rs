//! Facts about remedies: of a seeded defect the remedy is the value that was spoiled, where that is
//! determined, and said to be a guess where it is not.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::remedies;
use crate::codes::{EffectiveList, LISTS, Membership};
use crate::finding::{Finding, Remedy};
use crate::primitives::{citizen_id, credit_code};
use crate::record::Record;
use crate::rules::{Check, Rule};
use crate::settings::{RuleSet, RuleSettings};
use crate::{DatasetId, mapping};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
}

/// What the rule says of one value of a case.
fn found(field: &'static str, text: &str, rule: Rule, also: &[(&str, &str)]) -> Option<Finding> {
    let mut record = Record::empty(DatasetId::CaseAcceptance);
    for (name, value) in [(field, text)].iter().chain(also) {
        let at = record.dataset().position(name).unwrap();
        record.slots[at] = mapping::canonical(&record.dataset().fields[at], value);
    }
    let settings = RuleSettings::default();
    let rules = RuleSet::new(&settings);
    let check = Check::new(&rules, today().and_hms_opt(12, 0, 0).unwrap());
    check
        .own(&record)
        .into_iter()
        .find(|finding| finding.rule == rule && finding.field == field)
}

fn remedy(field: &'static str, text: &str, rule: Rule, also: &[(&str, &str)]) -> Option<Remedy> {
    found(field, text, rule, also)
        .unwrap_or_else(|| panic!("{text} is not found with {}", rule.code()))
        .remedy
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may be none"
)]
fn certain(value: &str) -> Option<Remedy> {
    Some(Remedy {
        value: value.to_owned(),
        certain: true,
    })
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may be none"
)]
fn guess(value: &str) -> Option<Remedy> {
    Some(Remedy {
        value: value.to_owned(),
        certain: false,
    })
}

fn citizen() -> impl Strategy<Value = String> {
    (1950u32..2010, 1u32..13, 1u32..29, 1u32..1000).prop_map(|(year, month, day, order)| {
        let first = format!("230102{year}{month:02}{day:02}{order:03}");
        let last = citizen_id::check_character(&first).unwrap();
        format!("{first}{last}")
    })
}

fn company() -> impl Strategy<Value = String> {
    "9[1-3]2301[0-9]{2}[0-9A-HJ-NPQRTUWXY]{9}".prop_map(|first| {
        let last = credit_code::check_character(&first).unwrap();
        format!("{first}{last}")
    })
}

const CITIZEN: [(&str, &str); 1] = [("applyer_page_type", "111")];
const COMPANY: [(&str, &str); 1] = [("applyer_page_type", "001")];
const NUMBER: &str = "applyer_page_code";

proptest! {
    #[test]
    fn a_wrong_check_character_has_the_right_one_as_a_guess(id in citizen(), code in company(), by in 1u32..10) {
        let other = |right: &str| {
            let last = right.chars().last().unwrap();
            let digit = last.to_digit(10).map_or(by % 10, |digit| (digit + by) % 10);
            format!("{}{digit}", &right[..17])
        };
        prop_assert_eq!(remedy(NUMBER, &other(&id), Rule::IdNumberCheck, &CITIZEN), guess(&id));
        prop_assert_eq!(remedy(NUMBER, &other(&code), Rule::CreditCodeCheck, &COMPANY), guess(&code));
    }

    #[test]
    fn full_width_has_its_half_width_for_certain(id in citizen()) {
        let wide: String = id.chars().map(|char| char::from_u32(char as u32 + 0xFEE0).unwrap()).collect();
        prop_assert_eq!(remedy(NUMBER, &wide, Rule::FormatFullWidth, &CITIZEN), certain(&id));
    }

    #[test]
    fn separators_come_out_for_certain_and_letters_for_digits_are_a_guess(id in citizen(), code in company()) {
        for sign in [" ", "-", "·"] {
            let spaced = format!("{}{sign}{}{sign}{}", &id[..6], &id[6..14], &id[14..]);
            prop_assert_eq!(remedy(NUMBER, &spaced, Rule::IdNumberFormat, &CITIZEN), certain(&id));
            let spaced = format!("{}{sign}{}", &code[..8], &code[8..]);
            prop_assert_eq!(remedy(NUMBER, &spaced, Rule::CreditCodeFormat, &COMPANY), certain(&code));
        }
        let letters = id[..17].replace('0', "O") + &id[17..];
        prop_assert_eq!(remedy(NUMBER, &letters, Rule::IdNumberFormat, &CITIZEN), guess(&id));
        prop_assert_eq!(remedy(NUMBER, &code.to_lowercase(), Rule::CreditCodeFormat, &COMPANY), certain(&code));
    }

    #[test]
    fn a_truncated_or_masked_number_has_no_remedy(id in citizen()) {
        for text in [id[..17].to_owned(), format!("{id}0"), format!("{}********{}", &id[..6], &id[14..])] {
            prop_assert_eq!(remedy(NUMBER, &text, Rule::IdNumberFormat, &CITIZEN), None);
        }
    }

    #[test]
    fn another_form_of_a_moment_is_that_moment_for_certain(
        year in 1990u32..2030, month in 1u32..13, day in 1u32..29, hour in 0u32..24, minute in 0u32..60,
    ) {
        let right = format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:00");
        for text in [
            format!("{year}.{month}.{day} {hour}:{minute:02}"),
            format!("{year}年{month}月{day}日 {hour}时{minute}分"),
            format!("{year}年{month:02}月{day:02}日{hour:02}:{minute:02}:00"),
        ] {
            prop_assert_eq!(remedy("apply_date", &text, Rule::FormatMoment, &[]), certain(&right), "{}", text);
        }
        let date = format!("{year}-{month:02}-{day:02}");
        prop_assert_eq!(remedies::date(&format!("{year}年{month}月{day}日")), certain(&date));
        prop_assert_eq!(remedies::date(&format!("{year}.{month}.{day}")), certain(&date));
    }

    #[test]
    fn a_day_before_a_year_is_certain_only_where_the_month_is_told(
        year in 1990u32..2030, month in 1u32..13, day in 1u32..29,
    ) {
        let right = format!("{year}-{month:02}-{day:02}");
        let text = format!("{day}/{month}/{year}");
        let found = remedies::date(&text).unwrap();
        if day > 12 || day == month {
            prop_assert_eq!(found, certain(&right).unwrap());
        } else {
            prop_assert!(!found.certain);
        }
        let swapped = format!("{year}-{}-{month:02}", day.max(13));
        prop_assert_eq!(remedies::date(&swapped), guess(&format!("{year}-{month:02}-{}", day.max(13))));
    }

    #[test]
    fn a_spreadsheet_s_day_number_is_a_guess(days in 20_000i64..60_000) {
        let right = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap() + chrono::Duration::days(days);
        prop_assert_eq!(remedies::date(&days.to_string()), guess(&right.to_string()));
    }

    #[test]
    fn a_whole_number_is_certain_alone_and_a_guess_before_a_unit(number in 0u32..10_000_000) {
        let right = number.to_string();
        let grouped: String = right.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap()).collect::<Vec<_>>().join(",");
        prop_assert_eq!(remedies::integer(&grouped), certain(&right));
        prop_assert_eq!(remedies::integer(&format!("{number}.0")), certain(&right));
        prop_assert_eq!(remedies::integer(&format!("{number}个工作日")), guess(&right));
        prop_assert_eq!(remedies::integer(&format!("{number}.5")), None);
        prop_assert_eq!(remedies::integer(&format!("{number}-{number}天")), None);
    }
}

#[test]
fn the_nearest_code_is_certain_where_only_one_is_as_near() {
    for list in LISTS {
        let effective = EffectiveList::new(list, None, None);
        for (code, name) in list.variants[0].codes {
            for text in [
                format!("000{code}"),
                code.to_lowercase(),
                (*name).to_owned(),
            ] {
                let Membership::Unknown(nearest) = effective.membership(&text) else {
                    continue;
                };
                let nearest =
                    nearest.unwrap_or_else(|| panic!("{} has none near {text}", list.name));
                if nearest.only {
                    let is_right =
                        nearest.code == *code || effective.name(&nearest.code) == Some(name);
                    assert!(is_right, "{} {text}: {}", list.name, nearest.code);
                }
            }
        }
        assert!(matches!(
            effective.membership("不在表中"),
            Membership::Unknown(None) | Membership::Extension
        ));
    }
}

#[test]
fn an_address_and_a_region_that_stop_short_are_guesses() {
    assert_eq!(
        remedies::url("www.example.cn/a?b=1"),
        guess("http://www.example.cn/a?b=1")
    );
    assert_eq!(remedies::url("无网址"), None);
    assert_eq!(remedies::region("2301"), guess("230100000000"));
    assert_eq!(remedies::region("9901"), None);
}

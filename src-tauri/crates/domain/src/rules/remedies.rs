//! The value that would be right, where one can be computed.
//!
//! A remedy is certain when what was received determines it: another form of the same date, another
//! writing of the same number. It is a guess when something else could have been meant: a wrong check
//! character may come from any digit, 3/5/2024 has two readings.

use chrono::NaiveDate;

use crate::finding::Remedy;
use crate::primitives::{citizen_id, credit_code, moment, region};

/// Days of a spreadsheet's calendar that can be meant: the years 1954 to 2064.
const SERIALS: std::ops::Range<i64> = 20_000..60_000;

fn certain(value: String) -> Remedy {
    Remedy {
        value,
        certain: true,
    }
}

fn guess(value: String) -> Remedy {
    Remedy {
        value,
        certain: false,
    }
}

/// A moment in its canonical form.
pub(super) fn moment(text: &str) -> Option<Remedy> {
    let (plain, sure) = readable(text)?;
    match moment::parse(&plain)? {
        moment::Parsed::At(at) => Some(Remedy {
            value: moment::canonical(at),
            certain: sure,
        }),
        moment::Parsed::Placeholder => None,
    }
}

/// A date in its canonical form.
pub(super) fn date(text: &str) -> Option<Remedy> {
    let (plain, sure) = readable(text)?;
    match moment::parse_date(&plain)? {
        date @ moment::ParsedDate::On(_) => Some(Remedy {
            value: moment::canonical_date(&date),
            certain: sure,
        }),
        _ => None,
    }
}

/// The same date in a form that can be read, and whether it is surely the same.
fn readable(text: &str) -> Option<(String, bool)> {
    let text = text.trim();
    if let Ok(serial) = text.parse::<i64>()
        && SERIALS.contains(&serial)
    {
        let day = NaiveDate::from_ymd_opt(1899, 12, 30)? + chrono::Duration::days(serial);
        return Some((day.to_string(), false));
    }
    // 2024年3月5日 8时30分, 2024.3.5 8:30: the year comes first, so the rest follows.
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '年' | '月' | '.' => plain.push('-'),
            '日' | '号' => plain.push(' '),
            '时' | '点' | '分' | '：' => plain.push(':'),
            '秒' => {}
            other if other.is_ascii() => plain.push(other),
            _ => return None,
        }
    }
    let (day, clock) = plain.split_once(' ').unwrap_or((&plain, ""));
    let day = day.replace('/', "-");
    let mut clock = clock.trim().trim_end_matches(':').to_owned();
    if clock.bytes().all(|byte| byte.is_ascii_digit()) && !clock.is_empty() {
        clock.push_str(":00");
    }
    let join = |day: String| {
        if clock.is_empty() {
            day
        } else {
            format!("{day} {clock}")
        }
    };
    let parts: Vec<&str> = day.split('-').collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    if first.len() == 4 {
        if moment::parse(&join(day.clone())).is_some() {
            return Some((join(day), true));
        }
        // Month and day in each other's place.
        let swapped = join(format!("{first}-{third}-{second}"));
        return moment::parse(&swapped)
            .is_some()
            .then_some((swapped, false));
    }
    if third.len() != 4 {
        return None;
    }
    let (first_number, second_number) = (first.parse::<u32>().ok()?, second.parse::<u32>().ok()?);
    // Only one of the two can be the month, or both are the same.
    let sure = first_number > 12 || second_number > 12 || first_number == second_number;
    let (month, day) = if first_number > 12 {
        (second, first)
    } else {
        (first, second)
    };
    Some((join(format!("{third}-{month}-{day}")), sure))
}

/// A whole number: without separators or decimals that are none; before a unit it is a guess.
pub(super) fn integer(text: &str) -> Option<Remedy> {
    let text = text.trim();
    let head: String = text
        .chars()
        .take_while(|char| char.is_ascii_digit() || matches!(char, ',' | '.'))
        .collect();
    let unit = text[head.len()..].trim();
    let (whole, decimals) = head.split_once('.').unwrap_or((&head, ""));
    if whole.is_empty() || decimals.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped = groups.len() == 1
        || (groups[0].len() <= 3
            && !groups[0].is_empty()
            && groups[1..].iter().all(|group| group.len() == 3));
    if !grouped
        || unit
            .chars()
            .any(|char| char.is_numeric() || matches!(char, '-' | '~' | '至'))
    {
        return None;
    }
    let digits = groups.concat();
    let value = digits.trim_start_matches('0');
    let value = if value.is_empty() { "0" } else { value }.to_owned();
    Some(if unit.is_empty() {
        certain(value)
    } else {
        guess(value)
    })
}

/// A citizen ID whose only fault are separators or letters in place of digits.
pub(super) fn citizen(text: &str, today: NaiveDate) -> Option<Remedy> {
    number(text, |text| {
        citizen_id::check(text, today).is_ok_and(|id| !id.fifteen)
    })
}

/// A credit code whose only fault are separators, small letters or letters that it cannot have.
pub(super) fn credit(text: &str) -> Option<Remedy> {
    number(text, |text| credit_code::check(text).is_ok())
}

/// The same number without separators, which is certain, or with digits for the letters that look like
/// them, which the check character makes likely.
fn number(text: &str, is_valid: impl Fn(&str) -> bool) -> Option<Remedy> {
    let bare: String = text
        .chars()
        .filter(|char| char.is_alphanumeric())
        .map(|char| char.to_ascii_uppercase())
        .collect();
    if bare != text && is_valid(&bare) {
        return Some(certain(bare));
    }
    let digits: String = bare
        .chars()
        .map(|char| match char {
            'O' => '0',
            'I' | 'L' => '1',
            'Z' => '2',
            'S' => '5',
            other => other,
        })
        .collect();
    (digits != bare && is_valid(&digits)).then(|| guess(digits))
}

/// A region's code that stops at its province or city.
pub(super) fn region(text: &str) -> Option<Remedy> {
    if !matches!(text.len(), 2 | 4) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = format!("{text:0<6}");
    (region::standing(&whole) == region::Standing::Current).then(|| guess(format!("{whole:0<12}")))
}

/// A web address that lacks its beginning.
pub(super) fn url(text: &str) -> Option<Remedy> {
    let text = text.trim();
    let host = text.split(['/', '?']).next()?;
    let named = host.contains('.')
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
    (named && !text.contains("//")).then(|| guess(format!("http://{text}")))
}

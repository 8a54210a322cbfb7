//! Dates and times: every form that providers use, normalised to UTC+8.
//!
//! GB/T 39046—2020 itself has three forms; live interfaces have a fourth, devices send epoch
//! numbers. The common form is read by hand because it is read a hundred million times a day.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// A text that was read as a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// A moment in UTC+8.
    At(NaiveDateTime),
    /// A date that stands for none: 1753-01-01, 1900-01-01 at midnight, 0001-01-01.
    Placeholder,
}

/// A text that was read as a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParsedDate {
    /// A date.
    On(NaiveDate),
    /// 长期: valid without end.
    LongTerm,
    /// A date that stands for none.
    Placeholder,
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u32::from(byte - b'0'))
    })
}

fn date(year: &[u8], month: &[u8], day: &[u8]) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        i32::try_from(digits(year)?).ok()?,
        digits(month)?,
        digits(day)?,
    )
}

fn time(hour: &[u8], minute: &[u8], second: &[u8]) -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(digits(hour)?, digits(minute)?, digits(second)?)
}

/// Reads a moment in any form in use, as UTC+8. Fractions of a second are dropped.
pub fn parse(text: &str) -> Option<Parsed> {
    let at = read(text)?;
    let stands_for_none = matches!((at.year(), at.month(), at.day()), (1753 | 1, 1, 1))
        || (at.year() == 1900 && at.ordinal() == 1 && at.time() == NaiveTime::MIN);
    Some(if stands_for_none {
        Parsed::Placeholder
    } else {
        Parsed::At(at)
    })
}

fn read(text: &str) -> Option<NaiveDateTime> {
    let b = text.as_bytes();
    if !text.is_ascii() || b.len() < 8 {
        return None;
    }
    if b.len() == 19
        && b[4] == b'-'
        && b[7] == b'-'
        && b[10] == b' '
        && b[13] == b':'
        && b[16] == b':'
    {
        return Some(date(&b[..4], &b[5..7], &b[8..10])?.and_time(time(
            &b[11..13],
            &b[14..16],
            &b[17..19],
        )?));
    }
    if b.iter().all(u8::is_ascii_digit) {
        return match b.len() {
            8 => Some(date(&b[..4], &b[4..6], &b[6..8])?.and_time(NaiveTime::MIN)),
            10 => epoch(text.parse().ok()?, 1),
            13 => epoch(text.parse().ok()?, 1000),
            14 => Some(date(&b[..4], &b[4..6], &b[6..8])?.and_time(time(
                &b[8..10],
                &b[10..12],
                &b[12..14],
            )?)),
            _ => None,
        };
    }
    if let Some(at) = generalized(text) {
        return Some(at);
    }
    if b[..8].iter().all(u8::is_ascii_digit) {
        let day = date(&b[..4], &b[4..6], &b[6..8])?;
        let rest = if b[8] == b'T' || b[8] == b' ' {
            &b[9..]
        } else {
            &b[8..]
        };
        return clock(rest).map(|time| day.and_time(time));
    }
    separated(text)
}

fn epoch(number: i64, per_second: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(number / per_second, 0).map(|at| at.naive_utc() + Duration::hours(8))
}

/// `YYYYMMDDhhmmssZ`, with or without a fraction: the time of directories, in UTC (RFC 4517, 3.3.13).
fn generalized(text: &str) -> Option<NaiveDateTime> {
    let digits = text.strip_suffix('Z')?.split('.').next()?.as_bytes();
    if digits.len() != 14 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let day = date(&digits[..4], &digits[4..6], &digits[6..8])?;
    let clock = time(&digits[8..10], &digits[10..12], &digits[12..14])?;
    day.and_time(clock).checked_add_signed(Duration::hours(8))
}

/// `hhmmss` or `hh:mm:ss`.
fn clock(rest: &[u8]) -> Option<NaiveTime> {
    match rest.len() {
        6 => time(&rest[..2], &rest[2..4], &rest[4..6]),
        8 if rest[2] == b':' && rest[5] == b':' => time(&rest[..2], &rest[3..5], &rest[6..8]),
        _ => None,
    }
}

/// Forms with `-` or `/` between the parts of the date, one or two digits each.
fn separated(text: &str) -> Option<NaiveDateTime> {
    let split = text.find([' ', 'T']).unwrap_or(text.len());
    let (day, rest) = text.split_at(split);
    let mut parts = day.split(['-', '/']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some()
        || year.len() != 4
        || month.len() > 2
        || day.len() > 2
        || month.is_empty()
        || day.is_empty()
    {
        return None;
    }
    let day = date(year.as_bytes(), month.as_bytes(), day.as_bytes())?;
    let rest = rest.trim_start_matches([' ', 'T']);
    if rest.is_empty() {
        return Some(day.and_time(NaiveTime::MIN));
    }
    let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone);
    let clock = clock.split('.').next()?;
    let mut parts = clock.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let second = parts.next().unwrap_or("0");
    if parts.next().is_some()
        || [hour, minute, second]
            .iter()
            .any(|part| part.is_empty() || part.len() > 2)
    {
        return None;
    }
    let local = day.and_time(time(hour.as_bytes(), minute.as_bytes(), second.as_bytes())?);
    match zone {
        "" => Some(local),
        "Z" => local.checked_add_signed(Duration::hours(8)),
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let bare = zone[1..].replace(':', "");
            let minutes = match bare.len() {
                2 => i64::from(digits(bare.as_bytes())?) * 60,
                4 => {
                    i64::from(digits(&bare.as_bytes()[..2])?) * 60
                        + i64::from(digits(&bare.as_bytes()[2..])?)
                }
                _ => return None,
            };
            local.checked_add_signed(Duration::hours(8) - Duration::minutes(sign * minutes))
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS`.
pub fn canonical(at: NaiveDateTime) -> String {
    let mut text = String::with_capacity(19);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    text
}

/// Reads a date in any form in use.
pub fn parse_date(text: &str) -> Option<ParsedDate> {
    if matches!(text, "长期" | "长期有效" | "99991231" | "9999-12-31") {
        return Some(ParsedDate::LongTerm);
    }
    Some(match parse(text)? {
        Parsed::Placeholder => ParsedDate::Placeholder,
        Parsed::At(at) => ParsedDate::On(at.date()),
    })
}

/// `YYYY-MM-DD`, or 长期.
pub fn canonical_date(date: &ParsedDate) -> String {
    match date {
        ParsedDate::On(date) => date.format("%Y-%m-%d").to_string(),
        ParsedDate::LongTerm => "长期".to_owned(),
        ParsedDate::Placeholder => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(form: &str) -> Option<String> {
        match parse(form)? {
            Parsed::At(at) => Some(canonical(at)),
            Parsed::Placeholder => Some("placeholder".into()),
        }
    }

    #[test]
    fn the_time_of_directories_is_read_as_utc() {
        for text in ["20261125180000Z", "20261125180000.123Z"] {
            assert_eq!(
                parse(text).map(|parsed| match parsed {
                    Parsed::At(at) => canonical(at),
                    Parsed::Placeholder => String::new(),
                }),
                Some("2026-11-26 02:00:00".into()),
                "{text}"
            );
        }
        assert_eq!(parse("20261325180000Z"), None);
    }

    #[test]
    fn every_form_in_use_is_the_same_moment() {
        for form in [
            "2024-03-05 06:07:08",
            "20240305060708",
            "20240305T060708",
            "2024030506:07:08",
            "2024/03/05 06:07:08",
            "2024-3-5 6:07:08",
            "2024-03-05T06:07:08+08:00",
            "2024-03-04T22:07:08Z",
            "2024-03-05 06:07:08.123",
            "1709590028",
            "1709590028000",
        ] {
            assert_eq!(text(form).as_deref(), Some("2024-03-05 06:07:08"), "{form}");
        }
        assert_eq!(text("20240305").as_deref(), Some("2024-03-05 00:00:00"));
    }

    #[test]
    fn a_date_that_stands_for_none_and_one_that_does_not_exist_are_told_apart() {
        assert_eq!(text("1753-1-1").as_deref(), Some("placeholder"));
        assert_eq!(text("1900-01-01 00:00:00").as_deref(), Some("placeholder"));
        assert_eq!(text("2024-02-30 00:00:00"), None);
        assert_eq!(text("今天"), None);
        assert_eq!(parse_date("长期"), Some(ParsedDate::LongTerm));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            parse(&text);
        }

        #[test]
        fn what_is_written_is_read_again(seconds in 0i64..4_000_000_000) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            prop_assume!(parse(&canonical(at)) != Some(Parsed::Placeholder));
            for form in [canonical(at), at.format("%Y%m%d%H%M%S").to_string(), at.format("%Y%m%dT%H%M%S").to_string(), at.format("%Y/%m/%d %H:%M:%S").to_string()] {
                prop_assert_eq!(parse(&form), Some(Parsed::At(at)));
            }
        }
    }
}

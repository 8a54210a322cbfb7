//! Cross-field rules of reviews.

use super::{Check, Findings, Rule, in_order, split_codes};
use crate::codes::{DetailVersion, detail_version};
use crate::record::Record;
use crate::settings::SatisfactionScale;

pub(super) fn check(context: &Check<'_>, record: &Record, findings: &mut Findings<'_>) {
    context.not_after_now(record, "assess_time", Rule::CaseFuture, findings);
    in_order(
        record,
        "accept_date",
        "assess_time",
        Rule::ReviewEarly,
        findings,
    );
    let satisfaction = record
        .get("satisfaction")
        .and_then(|text| live_scale(context.rules.satisfaction_scale, text));
    details(record, satisfaction, findings);
    if satisfaction.is_some_and(|score| score < 3)
        && record.get("eval_detail").is_none()
        && record.get("writing_evaluation").is_none()
    {
        findings.add(Rule::ReviewReason, "eval_detail", None, None);
    }
    let status = record.get("pro_status");
    if matches!(status, Some("2" | "3")) && record.get("accept_date").is_none() {
        findings.add(Rule::ReviewAcceptDate, "accept_date", None, None);
    }
    if status == Some("3") && record.get("result_date").is_none() {
        findings.add(Rule::ReviewResultDate, "result_date", None, None);
    }
    if matches!(record.get("pf"), Some("1" | "2"))
        && record.get("user_page_type") == Some("111")
        && record.get("cert_key").is_none()
    {
        findings.add(Rule::ReviewCertKey, "cert_key", None, None);
    }
    if let Some(text) = record.get("service_number")
        && let Ok(number) = text.parse::<i64>()
        && number >= 0
        && !(1..=99).contains(&number)
    {
        findings.add(
            Rule::ReviewServiceNumber,
            "service_number",
            Some(text),
            Some("1–99".into()),
        );
    }
}

/// The score on the live scale (5 is best), whichever way the connection counts.
fn live_scale(scale: SatisfactionScale, text: &str) -> Option<u32> {
    let score: u32 = text.parse().ok().filter(|score| (1..=5).contains(score))?;
    Some(match scale {
        SatisfactionScale::FiveIsBest => score,
        SatisfactionScale::OneIsBest => 6 - score,
    })
}

fn details(record: &Record, satisfaction: Option<u32>, findings: &mut Findings<'_>) {
    let Some(whole) = record.get("eval_detail") else {
        return;
    };
    let mut contradicts = None;
    for code in split_codes(whole) {
        match detail_version(code) {
            None => {
                findings.add(
                    Rule::ReviewDetailFormat,
                    "eval_detail",
                    Some(code),
                    Some("510|511|…".into()),
                );
                continue;
            }
            Some(DetailVersion::Old) => {
                findings.add(Rule::ReviewDetailOld, "eval_detail", Some(code), None);
            }
            Some(DetailVersion::Current) => {}
        }
        let first = code.chars().next().and_then(|digit| digit.to_digit(10));
        if let (Some(score), Some(first)) = (satisfaction, first)
            && score != first
        {
            contradicts = contradicts.or(Some(score));
        }
    }
    if let Some(score) = contradicts {
        findings.add(
            Rule::ReviewDetailMismatch,
            "eval_detail",
            Some(whole),
            Some(format!("{score}##")),
        );
    }
}

/// Whether a connection's satisfaction scale is set the wrong way round, judged by many reviews:
/// with the right setting the details' first digit equals the score. Returns `None` while fewer
/// than `at_least` reviews with details were seen.
pub fn scale_is_reversed(agreeing: u64, mirrored: u64, at_least: u64) -> Option<bool> {
    (agreeing + mirrored >= at_least).then_some(mirrored > agreeing * 4)
}

/// How one review's details stand to its score: `Some(true)` agrees, `Some(false)` mirrors it.
/// A score of 3 is its own mirror and says nothing.
pub fn scale_evidence(record: &Record, scale: SatisfactionScale) -> Option<bool> {
    let score = live_scale(scale, record.get("satisfaction")?)?;
    let first = split_codes(record.get("eval_detail")?)
        .next()?
        .chars()
        .next()?
        .to_digit(10)?;
    if score == 3 {
        None
    } else if first == score {
        Some(true)
    } else {
        (first == 6 - score).then_some(false)
    }
}

//! What a definition means, in words.

use super::definition::{Definition, Missed, Timing};

/// The weekdays 1 to 5.
const WORKDAYS: [u8; 5] = [1, 2, 3, 4, 5];

fn sorted(days: &[u8]) -> Vec<u8> {
    let mut days = days.to_vec();
    days.sort_unstable();
    days.dedup();
    if days.len() == 7 { Vec::new() } else { days }
}

/// What a definition means, in Chinese: `每天 02:00 和 14:00，工作日`.
pub fn in_chinese(definition: &Definition) -> String {
    let mut parts = vec![match &definition.timing {
        Timing::Daily { times } => format!("每天 {}", listed(&ordered(times), "、", " 和 ")),
        Timing::Hourly { every: 1, minute } => format!("每小时第 {minute} 分"),
        Timing::Hourly { every, minute } => {
            format!("自 0 时起每 {every} 小时，第 {minute} 分")
        }
        Timing::Cron { expression } => format!("按 cron 表达式 {}", one_line(expression)),
    }];
    let days = sorted(&definition.weekdays);
    if days == WORKDAYS {
        parts.push("工作日".into());
    } else if !days.is_empty() {
        let names: Vec<String> = days
            .iter()
            .filter_map(|day| {
                ["一", "二", "三", "四", "五", "六", "日"].get(usize::from(*day).wrapping_sub(1))
            })
            .map(|name| format!("周{name}"))
            .collect();
        parts.push(names.join("、"));
    }
    for hours in &definition.quiet {
        parts.push(format!("{}–{} 不启动", hours.from, hours.to));
    }
    parts.push(if definition.full { "全量" } else { "增量" }.into());
    parts.push(
        match definition.missed {
            Missed::RunOnce => "错过后补一次",
            Missed::Skip => "错过不补",
        }
        .into(),
    );
    parts.join("，")
}

/// What a definition means, in English: `daily at 02:00 and 14:00, on workdays`.
pub fn in_english(definition: &Definition) -> String {
    let mut parts = vec![match &definition.timing {
        Timing::Daily { times } => format!("daily at {}", listed(&ordered(times), ", ", " and ")),
        Timing::Hourly { every: 1, minute } => format!("every hour at minute {minute}"),
        Timing::Hourly { every, minute } => {
            format!("every {every} hours from midnight, at minute {minute}")
        }
        Timing::Cron { expression } => format!("by the cron expression {}", one_line(expression)),
    }];
    let days = sorted(&definition.weekdays);
    if days == WORKDAYS {
        parts.push("on workdays".into());
    } else if !days.is_empty() {
        let names: Vec<&str> = days
            .iter()
            .filter_map(|day| {
                ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
                    .get(usize::from(*day).wrapping_sub(1))
                    .copied()
            })
            .collect();
        parts.push(format!("on {}", names.join(", ")));
    }
    for hours in &definition.quiet {
        parts.push(format!("nothing starts {}–{}", hours.from, hours.to));
    }
    parts.push(
        if definition.full {
            "everything"
        } else {
            "what changed"
        }
        .into(),
    );
    parts.push(
        match definition.missed {
            Missed::RunOnce => "one run makes up for missed ones",
            Missed::Skip => "missed ones are passed over",
        }
        .into(),
    );
    parts.join(", ")
}

/// Times in their order, without doubles.
fn ordered(times: &[String]) -> Vec<String> {
    let mut times: Vec<String> = times
        .iter()
        .map(|text| {
            super::definition::time_of_day("times", text)
                .map_or_else(|_| text.clone(), |time| time.format("%H:%M").to_string())
        })
        .collect();
    times.sort();
    times.dedup();
    times
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn listed(words: &[String], between: &str, last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{}{last}{end}", first.join(between)),
    }
}

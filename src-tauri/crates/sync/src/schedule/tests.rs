#![allow(clippy::panic, reason = "a test that cannot be set up fails")]

use std::process::Command;

use chrono::{NaiveDate, TimeZone, Utc};
use proptest::prelude::*;

use super::*;

fn at(day: u32, hour: u32, minute: u32) -> NaiveDateTime {
    // 2026-11-23 is a Monday.
    NaiveDate::from_ymd_opt(2026, 11, day)
        .and_then(|date| date.and_hms_opt(hour, minute, 0))
        .unwrap()
}

fn daily(times: &[&str]) -> Definition {
    Definition {
        timing: Timing::Daily {
            times: times.iter().map(|time| (*time).to_owned()).collect(),
        },
        ..Definition::default()
    }
}

fn cron(expression: &str) -> Definition {
    Definition {
        timing: Timing::Cron {
            expression: expression.into(),
        },
        ..Definition::default()
    }
}

fn quiet(from: &str, to: &str) -> Vec<Quiet> {
    vec![Quiet {
        from: from.into(),
        to: to.into(),
    }]
}

fn schedule(definition: &Definition) -> Schedule {
    Schedule::new(definition).unwrap()
}

#[test]
fn two_times_on_workdays_leave_the_weekend_out() {
    let definition = Definition {
        weekdays: vec![1, 2, 3, 4, 5],
        ..daily(&["14:30", "02:00"])
    };
    let friday = at(27, 3, 0);
    assert_eq!(
        schedule(&definition).next_runs(friday, 3),
        [at(27, 14, 30), at(30, 2, 0), at(30, 14, 30)]
    );
}

#[test]
fn every_five_hours_counts_from_midnight() {
    let definition = Definition {
        timing: Timing::Hourly {
            every: 5,
            minute: 10,
        },
        ..Definition::default()
    };
    assert_eq!(
        schedule(&definition).next_runs(at(24, 15, 10), 3),
        [at(24, 20, 10), at(25, 0, 10), at(25, 5, 10)]
    );
}

#[test]
fn nothing_starts_in_quiet_hours_over_midnight() {
    let definition = Definition {
        quiet: quiet("22:00", "06:00"),
        ..daily(&["05:59", "06:00", "21:59", "22:00"])
    };
    let schedule = schedule(&definition);
    assert_eq!(
        schedule.next_runs(at(24, 0, 0), 3),
        [at(24, 6, 0), at(24, 21, 59), at(25, 6, 0)]
    );
    assert!(schedule.is_quiet(at(24, 23, 30)) && !schedule.is_quiet(at(24, 6, 0)));
}

#[test]
fn a_wrong_definition_is_refused_by_field_value_and_remedy() {
    let told = |definition: Definition| Schedule::new(&definition).unwrap_err().to_string();
    assert!(told(daily(&[])).starts_with("times"));
    assert!(told(daily(&["24:00"])).contains("\"24:00\" is no time of day"));
    assert!(told(daily(&["2:5"])).contains("2:5"));
    assert!(told(cron("0 2 * *")).contains("five fields"));
    assert!(told(cron("0 2 L * *")).contains("not every cron understands"));
    assert!(told(cron("0 2 * * 5#1")).contains("not every cron understands"));
    assert!(told(cron("61 * * * *")).contains("cannot be read"));
    assert!(told(cron("0 0 30 2 *")).contains("never runs"));
    let asleep = Definition {
        quiet: quiet("01:00", "03:00"),
        ..daily(&["02:00"])
    };
    assert!(told(asleep).contains("never runs"));
    let always = Definition {
        quiet: quiet("01:00", "01:00"),
        ..daily(&["02:00"])
    };
    assert!(told(always).contains("begins and ends at the same time"));
    let both = Definition {
        weekdays: vec![1],
        ..cron("0 2 * * 1")
    };
    assert!(told(both).starts_with("weekdays"));
    let eighth = Definition {
        weekdays: vec![8],
        ..daily(&["02:00"])
    };
    assert!(told(eighth).contains("1 is Monday"));
    let never = Definition {
        timing: Timing::Hourly {
            every: 0,
            minute: 0,
        },
        ..Definition::default()
    };
    assert!(told(never).starts_with("every"));
}

#[test]
fn a_time_is_due_on_its_minute_and_once_taken_not_again() {
    let schedule = schedule(&daily(&["02:00"]));
    let taken = at(23, 2, 0);
    assert_eq!(
        schedule.due(taken, at(24, 1, 59)),
        Due::NotYet(Some(at(24, 2, 0)))
    );
    assert_eq!(
        schedule.due(taken, at(24, 2, 0)),
        Due::Start {
            at: at(24, 2, 0),
            missed: None
        }
    );
    assert_eq!(
        schedule.due(at(24, 2, 0), at(24, 2, 1)),
        Due::NotYet(Some(at(25, 2, 0)))
    );
}

#[test]
fn missed_times_are_counted_and_made_up_for_once_or_passed_over() {
    let mut definition = daily(&["02:00", "14:00"]);
    let passed = Passed {
        first: at(23, 14, 0),
        last: at(25, 2, 0),
        times: 4,
    };
    let (last, now) = (at(23, 2, 0), at(25, 9, 0));
    assert_eq!(schedule(&definition).due(last, now), Due::MakeUp(passed));
    definition.missed = Missed::Skip;
    assert_eq!(schedule(&definition).due(last, now), Due::PassOver(passed));
}

#[test]
fn a_run_on_time_tells_what_was_missed_before_it() {
    let due = schedule(&daily(&["02:00", "14:00"])).due(at(23, 14, 0), at(24, 14, 1));
    let missed = Passed {
        first: at(24, 2, 0),
        last: at(24, 2, 0),
        times: 1,
    };
    assert_eq!(
        due,
        Due::Start {
            at: at(24, 14, 0),
            missed: Some(missed)
        }
    );
}

#[test]
fn a_missed_run_waits_for_the_end_of_the_quiet_hours() {
    let definition = Definition {
        quiet: quiet("08:00", "18:00"),
        ..daily(&["02:00"])
    };
    let schedule = schedule(&definition);
    assert!(matches!(
        schedule.due(at(23, 2, 0), at(24, 9, 0)),
        Due::Quiet(_)
    ));
    assert!(matches!(
        schedule.due(at(23, 2, 0), at(24, 18, 0)),
        Due::MakeUp(_)
    ));
}

#[test]
fn words_say_what_a_definition_means() {
    let definition = Definition {
        weekdays: vec![5, 1, 2, 3, 4],
        quiet: quiet("08:00", "18:00"),
        ..daily(&["14:00", "2:00"])
    };
    assert_eq!(
        in_chinese(&definition),
        "每天 02:00 和 14:00，工作日，08:00–18:00 不启动，增量，错过后补一次"
    );
    assert_eq!(
        in_english(&definition),
        "daily at 02:00 and 14:00, on workdays, nothing starts 08:00–18:00, what changed, one run makes up for missed ones"
    );
    let weekend = Definition {
        weekdays: vec![7, 6],
        full: true,
        missed: Missed::Skip,
        ..daily(&["03:00"])
    };
    assert_eq!(
        in_chinese(&weekend),
        "每天 03:00，周六、周日，全量，错过不补"
    );
}

#[test]
fn names_and_places_cannot_break_out_of_generated_lines() {
    let schedule = schedule(&daily(&["02:00"]));
    let units = Units {
        schedule_id: 7,
        connection: "省级'平台\n* * * * * reboot %n $HOME",
        data_dir: "/srv/\"数据\"",
        words: "w",
    };
    let lines = crontab(&schedule, &units);
    assert_eq!(
        lines.lines().filter(|line| line.contains("reboot")).count(),
        2
    );
    assert!(
        lines
            .lines()
            .all(|line| !line.starts_with("* * * * * reboot"))
    );
    assert!(lines.contains(r"\%n"), "{lines}");
    let (_, service) = systemd(&schedule, &units);
    let start = service
        .lines()
        .find(|line| line.starts_with("ExecStart="))
        .unwrap();
    assert!(
        start.contains(r#""/srv/\"数据\"""#) && start.contains("%%n $$HOME"),
        "{start}"
    );
}

/// Any definition that may be entered, quiet hours aside.
fn definitions() -> impl Strategy<Value = Definition> {
    let time = (0..24_u32, 0..60_u32).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
    let daily = proptest::collection::vec(time, 1..5).prop_map(|times| Timing::Daily { times });
    let hourly =
        (1..24_u32, 0..60_u32).prop_map(|(every, minute)| Timing::Hourly { every, minute });
    let weekdays = proptest::collection::vec(1..8_u8, 0..6);
    let timed = (prop_oneof![daily, hourly], weekdays).prop_map(|(timing, weekdays)| Definition {
        timing,
        weekdays,
        ..Definition::default()
    });
    let field = |low: u32, high: u32| {
        prop_oneof![
            3 => Just("*".to_owned()),
            2 => (low..=high).prop_map(|value| value.to_string()),
            2 => (low..=high, low..=high).prop_map(|(one, other)| format!("{}-{}", one.min(other), one.max(other))),
            1 => (2..9_u32).prop_map(|step| format!("*/{step}")),
            1 => (low..=high, low..=high, 2..5_u32).prop_map(|(one, other, step)| format!("{}-{}/{step}", one.min(other), one.max(other))),
            1 => proptest::collection::btree_set(low..=high, 2..5).prop_map(|values| listed(&values)),
        ]
    };
    let cron = (
        field(0, 59),
        field(0, 23),
        field(1, 28),
        field(1, 12),
        field(0, 6),
    )
        .prop_map(|(minute, hour, day, month, weekday)| {
            cron(&format!("{minute} {hour} {day} {month} {weekday}"))
        });
    prop_oneof![timed, cron]
}

fn listed(values: &BTreeSet<u32>) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

/// POSIX: where a line restricts both kinds of days, either is enough. The other implementation wants
/// both, so that such a line is given to it as two.
fn either_day(line: String) -> Vec<String> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        panic!("{line}");
    };
    if day == "*" || weekday == "*" {
        return vec![line];
    }
    vec![
        format!("{minute} {hour} {day} {month} *"),
        format!("{minute} {hour} * {month} {weekday}"),
    ]
}

/// The next moments by another implementation of cron, over all generated lines.
fn by_lines(schedule: &Schedule, after: NaiveDateTime, n: usize) -> Vec<NaiveDateTime> {
    let mut found = BTreeSet::new();
    for line in schedule
        .rules()
        .iter()
        .map(units::cron_fields)
        .flat_map(either_day)
    {
        let line: cron_parser::Schedule = line.parse().unwrap();
        let mut at = Utc.from_utc_datetime(&after);
        for _ in 0..n {
            let Some(next) = line.next_after(&at) else {
                break;
            };
            found.insert(next.naive_utc());
            at = next;
        }
    }
    found.into_iter().take(n).collect()
}

/// The next moments by systemd, over all `OnCalendar` expressions; absent where it is not installed.
fn by_systemd(schedule: &Schedule, after: NaiveDateTime, n: usize) -> Option<Vec<NaiveDateTime>> {
    let mut found = BTreeSet::new();
    for line in schedule.rules().iter().flat_map(units::on_calendar) {
        let output = Command::new("systemd-analyze")
            .args(["calendar", &format!("--iterations={n}")])
            .arg(format!(
                "--base-time={} UTC",
                (after - Duration::hours(8)).format("%Y-%m-%d %H:%M:%S")
            ))
            .arg(&line)
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .output()
            .ok()?;
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        for told in String::from_utf8_lossy(&output.stdout).lines() {
            let Some((title, rest)) = told.trim().split_once(": ") else {
                continue;
            };
            if title == "Next elapse" || title.starts_with("Iter.") {
                let text = rest.trim().get(4..23).unwrap();
                let utc = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
                found.insert(utc + Duration::hours(8));
            }
        }
    }
    Some(found.into_iter().take(n).collect())
}

/// Those that a schedule looks ahead to; others look further.
fn near(after: NaiveDateTime, mut times: Vec<NaiveDateTime>) -> Vec<NaiveDateTime> {
    times.retain(|at| *at - after <= Duration::days(super::HORIZON_DAYS));
    times
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn crontab_lines_fire_at_the_minutes_of_the_schedule(definition in definitions(), minutes in 0..1_000_000_i64) {
        let after = at(1, 0, 0) + Duration::minutes(minutes);
        if let Ok(schedule) = Schedule::new(&definition) {
            prop_assert_eq!(schedule.next_runs(after, 8), near(after, by_lines(&schedule, after, 8)));
        }
    }

    #[test]
    fn looking_back_finds_what_looking_ahead_finds(definition in definitions(), minutes in 0..1_000_000_i64) {
        let after = at(1, 0, 0) + Duration::minutes(minutes);
        if let Ok(schedule) = Schedule::new(&definition) {
            let ahead = schedule.next_runs(after, 6);
            let last = *ahead.last().unwrap();
            prop_assert_eq!(schedule.runs_between(after, last, 100), ahead);
        }
    }

    #[test]
    fn quiet_hours_only_take_runs_away(definition in definitions(), from in 0..24_u32, to in 0..24_u32) {
        let loud = Schedule::new(&definition);
        let still = Definition { quiet: quiet(&format!("{from:02}:00"), &format!("{to:02}:00")), ..definition };
        if let (Ok(loud), Ok(still)) = (loud, Schedule::new(&still)) {
            let all = loud.next_runs(at(1, 0, 0), 200);
            let expected: Vec<_> = all.iter().copied().filter(|at| !still.is_quiet(*at)).collect();
            let found = still.next_runs(at(1, 0, 0), expected.len());
            prop_assert_eq!(found, expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn systemd_timers_fire_at_the_minutes_of_the_schedule(definition in definitions(), minutes in 0..1_000_000_i64) {
        let after = at(1, 0, 0) + Duration::minutes(minutes);
        if let Ok(schedule) = Schedule::new(&definition)
            && let Some(told) = by_systemd(&schedule, after, 6)
        {
            prop_assert_eq!(schedule.next_runs(after, 6), near(after, told));
        }
    }
}

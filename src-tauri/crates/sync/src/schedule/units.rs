//! The same definition for servers: crontab lines and systemd units that start the command line.
//!
//! Quiet hours and missed times are the command's own business: it asks the cache whether a time is
//! due, takes it, and does nothing when another host has it.

use super::Schedule;
use super::rule::Rule;

/// The time zone of every time.
const ZONE: &str = "Asia/Shanghai";
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// What is to be started.
#[derive(Debug, Clone, Copy)]
pub struct Units<'a> {
    /// Number of the schedule.
    pub schedule_id: i64,
    /// Name of the connection.
    pub connection: &'a str,
    /// The data directory.
    pub data_dir: &'a str,
    /// What the schedule means, in words.
    pub words: &'a str,
}

impl Units<'_> {
    /// The name of the systemd units, without its ending.
    pub fn unit_name(&self) -> String {
        format!("zhengqiao-sync-{}", self.schedule_id)
    }
}

/// Crontab lines.
pub fn crontab(schedule: &Schedule, units: &Units<'_>) -> String {
    let mut lines = vec![
        format!("# {}: {}", plain(units.connection), plain(units.words)),
        "# 时间为北京时间。不支持 CRON_TZ 的 cron，请将系统时区设为 Asia/Shanghai。".into(),
        "# Times are UTC+8. Where cron does not know CRON_TZ, set the system to Asia/Shanghai."
            .into(),
        "# 口令取自 ZHENGQIAO_PASSPHRASE · The passphrase comes from ZHENGQIAO_PASSPHRASE.".into(),
        format!("CRON_TZ={ZONE}"),
    ];
    let command = [
        "zhengqiao",
        "--data-dir",
        &for_shell(units.data_dir),
        "sync",
        &for_shell(units.connection),
        "--scheduled",
        &units.schedule_id.to_string(),
    ]
    .join(" ")
    // In a crontab a percent sign ends the command.
    .replace('%', "\\%");
    for rule in schedule.rules() {
        lines.push(format!("{} {command}", cron_fields(rule)));
    }
    lines.join("\n") + "\n"
}

/// The timer and the service of systemd.
pub fn systemd(schedule: &Schedule, units: &Units<'_>) -> (String, String) {
    let calendar: String = schedule
        .rules()
        .iter()
        .flat_map(on_calendar)
        .map(|line| format!("OnCalendar={line}\n"))
        .collect();
    let name = plain(units.connection).replace('%', "%%");
    let words = plain(units.words).replace('%', "%%");
    let timer = format!(
        "[Unit]\nDescription=Zhengqiao {name}: {words}\n\n[Timer]\n{calendar}AccuracySec=1s\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    );
    let service = format!(
        "[Unit]\nDescription=Zhengqiao {name}\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\nType=oneshot\n# 文件中写 ZHENGQIAO_PASSPHRASE=口令，权限 0600 · The file holds ZHENGQIAO_PASSPHRASE=…, mode 0600\nEnvironmentFile=-/etc/zhengqiao/zhengqiao.env\nExecStart=/usr/bin/zhengqiao --data-dir {} sync {} --scheduled {}\n# 3 有拒收，5 已由他处运行 · 3 finished with rejections, 5 is run elsewhere\nSuccessExitStatus=3 5\n",
        for_systemd(units.data_dir),
        for_systemd(units.connection),
        units.schedule_id
    );
    (timer, service)
}

/// The five fields of a rule.
pub(super) fn cron_fields(rule: &Rule) -> String {
    let days = rule.days();
    // A star at the beginning of a day's field changes how cron joins the two: values are listed.
    let day =
        |values: Option<Vec<u16>>| values.map_or_else(|| "*".to_owned(), |list| ranges(&list, "-"));
    format!(
        "{} {} {} {} {}",
        part(&rule.minutes(), 60),
        part(&rule.hours(), 24),
        day(days.month_days),
        part(&rule.months(), 12),
        day(days.weekdays)
    )
}

/// One expression for each way in which a day can be met.
pub(super) fn on_calendar(rule: &Rule) -> Vec<String> {
    let days = rule.days();
    let two = |value: u16| format!("{value:02}");
    let field = |values: &[u16], all: usize| {
        if values.len() == all {
            "*".to_owned()
        } else {
            values
                .iter()
                .map(|value| two(*value))
                .collect::<Vec<_>>()
                .join(",")
        }
    };
    let (months, hours, minutes) = (
        field(&rule.months(), 12),
        field(&rule.hours(), 24),
        field(&rule.minutes(), 60),
    );
    let on = |weekdays: Option<&[u16]>, month_days: Option<&[u16]>| {
        let weekdays = weekdays.map_or_else(String::new, |list| {
            let names: Vec<&str> = list
                .iter()
                .filter_map(|day| WEEKDAYS.get(usize::from(*day) % 7).copied())
                .collect();
            format!("{} ", names.join(","))
        });
        let month_days = month_days.map_or_else(|| "*".to_owned(), |list| field(list, 31));
        format!("{weekdays}*-{months}-{month_days} {hours}:{minutes}:00 {ZONE}")
    };
    match (&days.weekdays, &days.month_days) {
        (Some(weekdays), Some(month_days)) => {
            vec![on(Some(weekdays), None), on(None, Some(month_days))]
        }
        (weekdays, month_days) => vec![on(weekdays.as_deref(), month_days.as_deref())],
    }
}

/// A field of hours, minutes or months, as short as it reads well.
fn part(values: &[u16], all: usize) -> String {
    if values.len() == all {
        "*".to_owned()
    } else {
        ranges(values, "-")
    }
}

fn ranges(values: &[u16], to: &str) -> String {
    let mut parts: Vec<(u16, u16)> = Vec::new();
    for value in values {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *value => *last = *value,
            _ => parts.push((*value, *value)),
        }
    }
    parts
        .iter()
        .flat_map(|(first, last)| match last - first {
            0 => vec![first.to_string()],
            1 => vec![first.to_string(), last.to_string()],
            _ => vec![format!("{first}{to}{last}")],
        })
        .collect::<Vec<_>>()
        .join(",")
}

/// One line without control characters.
fn plain(text: &str) -> String {
    text.chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .collect()
}

/// One word of a shell.
fn for_shell(text: &str) -> String {
    format!("'{}'", plain(text).replace('\'', r"'\''"))
}

/// One word of a systemd command.
fn for_systemd(text: &str) -> String {
    let escaped = plain(text)
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('$', "$$");
    format!("\"{escaped}\"")
}

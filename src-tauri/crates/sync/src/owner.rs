//! Which process holds a run, told so that a number used again is not taken for the same process.
//!
//! A process is known by its number, the moment it began, the boot of its machine and the space of
//! its process numbers. Where another host shares the boot and the space, it looks into `/proc` and
//! knows at once; elsewhere only the sign of life counts, which comes with every transaction.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Without sign of life for so long, a process that cannot be looked at has lost its run.
const DEAD_AFTER_MS: i64 = 60_000;

/// Who a process is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Owner<'a> {
    pid: &'a str,
    start: &'a str,
    boot: &'a str,
    space: &'a str,
    host: &'a str,
}

impl<'a> Owner<'a> {
    fn parse(text: &'a str) -> Self {
        let mut owner = Self::default();
        for part in text.split(' ') {
            match part.split_once('=') {
                Some(("pid", value)) => owner.pid = value,
                Some(("start", value)) => owner.start = value,
                Some(("boot", value)) => owner.boot = value,
                Some(("space", value)) => owner.space = value,
                Some(("host", value)) => owner.host = value,
                _ => {}
            }
        }
        owner
    }
}

/// This process, as the owner of a run.
pub fn this_process() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let pid = std::process::id();
        let start = start_of("self").unwrap_or_default();
        let word = |path: &str| {
            fs::read_to_string(path)
                .map(|text| text.trim().replace(' ', "_"))
                .unwrap_or_default()
        };
        let boot = word("/proc/sys/kernel/random/boot_id");
        let space = fs::read_link("/proc/self/ns/pid")
            .map(|link| link.to_string_lossy().into_owned())
            .unwrap_or_default();
        let host = host_name();
        format!("pid={pid} start={start} boot={boot} space={space} host={host}")
    })
}

fn host_name() -> String {
    let told = fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_default();
    told.trim().replace(' ', "_")
}

/// When a process began, in ticks since the boot; absent when it is gone or only waits to be reaped.
fn start_of(pid: &str) -> Option<String> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).ok()?;
    // The name in parentheses may hold anything; the fields that count come after it.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let state = fields.first()?;
    (!matches!(*state, "Z" | "X" | "x"))
        .then(|| fields.get(19).map(|start| (*start).to_owned()))
        .flatten()
}

/// Whether the process that holds a run still lives, as far as can be told.
pub fn lives(owner: &str, heartbeat_at: i64, now_ms: i64) -> bool {
    if owner.is_empty() {
        return false;
    }
    if owner == this_process() {
        return true;
    }
    let (other, own) = (Owner::parse(owner), Owner::parse(this_process()));
    let seen_from_here = !own.boot.is_empty()
        && !own.start.is_empty()
        && own.boot == other.boot
        && own.space == other.space;
    if seen_from_here {
        return start_of(other.pid).is_some_and(|start| start == other.start);
    }
    now_ms - heartbeat_at < DEAD_AFTER_MS
}

/// An owner in words: process number and host.
pub fn in_words(owner: &str) -> String {
    let told = Owner::parse(owner);
    match (told.pid, told.host) {
        ("", _) => owner.to_owned(),
        (pid, "") => format!("process {pid}"),
        (pid, host) => format!("process {pid} on {host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This process with one part replaced.
    fn with(name: &str, value: &str) -> String {
        this_process()
            .split(' ')
            .map(|part| match part.split_once('=') {
                Some((one, _)) if one == name => format!("{name}={value}"),
                _ => part.to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn this_process_lives_however_old_its_sign_of_life_is() {
        assert!(lives(this_process(), 0, i64::MAX));
    }

    #[test]
    fn nobody_holds_a_run_without_owner() {
        assert!(!lives("", 100, 100));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_number_that_is_used_again_is_another_process() {
        let (now, fresh) = (1_000_000, 999_999);
        assert!(
            !lives(&with("start", "1"), fresh, now),
            "the same number, begun earlier"
        );
        assert!(
            !lives(&with("pid", "4194305"), fresh, now),
            "no such number"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_living_process_of_this_machine_holds_its_run_though_it_gives_no_sign() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let pid = child.id().to_string();
        let owner = with("start", &start_of(&pid).unwrap());
        let owner = owner.replace(
            &format!("pid={}", std::process::id()),
            &format!("pid={pid}"),
        );
        assert!(lives(&owner, 0, i64::MAX));
        child.kill().unwrap();
        // Until it is reaped it is a zombie, which holds nothing.
        let begun = std::time::Instant::now();
        while lives(&owner, 0, i64::MAX) {
            assert!(
                begun.elapsed().as_secs() < 20,
                "a killed process holds its run"
            );
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(!lives(&owner, 0, i64::MAX));
    }

    #[test]
    fn a_process_of_another_machine_is_known_by_its_sign_of_life() {
        let elsewhere = with("boot", "another");
        assert!(lives(&elsewhere, 1_000, 1_000 + DEAD_AFTER_MS - 1));
        assert!(!lives(&elsewhere, 1_000, 1_000 + DEAD_AFTER_MS));
        let container = with("space", "pid:[1]");
        assert!(lives(&container, 1_000, 2_000));
        assert!(!lives(&container, 1_000, 1_000 + DEAD_AFTER_MS));
    }

    #[test]
    fn an_owner_is_told_by_process_and_host() {
        let told = in_words("pid=12 start=3 boot=b space=s host=gov-01");
        assert_eq!(told, "process 12 on gov-01");
    }
}

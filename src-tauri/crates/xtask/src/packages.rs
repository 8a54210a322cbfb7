//! System packages: what is needed, what is missing, how it gets there.

use std::process::{Command, Stdio};

use crate::process::{Outcome, exists, run};

/// Needed to build the command line.
pub const BUILD: &[&str] = &["build-essential", "pkg-config", "libssl-dev"];
/// Needed besides to build the window.
pub const WINDOW: &[&str] = &["libwebkit2gtk-4.1-dev", "librsvg2-dev"];
/// Needed besides to drive the window in tests.
pub const JOURNEYS: &[&str] = &["webkit2gtk-driver", "xvfb", "fonts-noto-cjk", "dbus"];

/// Needed besides to read real front-end databases in tests.
pub const DATABASES: &[&str] = &["postgresql", "mariadb-server"];

/// Needed besides to read portal accounts from a real directory in tests.
pub const DIRECTORY: &[&str] = &["slapd", "ldap-utils"];

/// Needed besides to run servers from PyPI in tests: identity servers, a SCIM service, openpyxl.
pub const SERVERS: &[&str] = &["python3", "python3-venv"];

/// Installs what is missing of `groups`, or says exactly what to install.
pub fn ensure(groups: &[&[&str]]) -> Outcome {
    if !exists("dpkg-query") {
        eprintln!(
            "not a Debian system: the packages {} are taken for installed",
            groups.concat().join(" ")
        );
        return Ok(());
    }
    let missing: Vec<&str> = groups
        .concat()
        .into_iter()
        .filter(|name| !installed(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let words = missing.join(" ");
    let by_hand = format!("sudo apt-get install -y --no-install-recommends {words}");
    let Some(prefix) = privilege() else {
        return Err(format!(
            "system packages are missing; install them with\n  {by_hand}"
        ));
    };
    let apt = |args: &[&str]| {
        let mut words: Vec<&str> = prefix.to_vec();
        words.push("apt-get");
        words.extend(args);
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env("DEBIAN_FRONTEND", "noninteractive");
        run(command)
    };
    apt(&["update"])?;
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(&missing);
    apt(&args).map_err(|error| format!("{error}; install by hand with\n  {by_hand}"))
}

fn installed(name: &str) -> bool {
    Command::new("dpkg-query")
        .args(["-W", "-f=${db:Status-Status}", name])
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

/// How to become root: nothing for root, `sudo -n` where it asks no password.
fn privilege() -> Option<&'static [&'static str]> {
    let output = |program: &str, args: &[&str]| {
        Command::new(program)
            .args(args)
            .stderr(Stdio::null())
            .output()
    };
    if output("id", &["-u"]).is_ok_and(|output| output.stdout.trim_ascii() == b"0") {
        return Some(&["env"]);
    }
    output("sudo", &["-n", "true"])
        .is_ok_and(|output| output.status.success())
        .then_some(&["sudo", "-n"])
}

//! Real servers: npm `oidc-provider` and PyPI `django-cas-server`, installed beside the build.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

/// Asked when a test runs, not when it was built: clones share their build cache.
fn sources() -> PathBuf {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    here.ancestors()
        .map(|dir| dir.join("tests/servers"))
        .find(|dir| dir.exists())
        .unwrap()
}

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// `oidc-provider` of the committed lock file, installed once.
fn oidc() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let (from, to) = (sources().join("oidc"), place("oidc-provider"));
        std::fs::create_dir_all(&to).unwrap();
        let lock = std::fs::read(from.join("package-lock.json")).unwrap();
        let known = std::fs::read(to.join("installed-lock.json")).ok();
        for name in ["package.json", "package-lock.json", "server.mjs"] {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
        if known.as_ref() != Some(&lock) {
            run(Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&to));
            std::fs::write(to.join("installed-lock.json"), lock).unwrap();
        }
        to
    })
}

/// A Python with `django-cas-server`, installed once.
fn cas() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let (from, to) = (sources().join("cas"), place("django-cas-server"));
        let wanted = std::fs::read(from.join("requirements.txt")).unwrap();
        let python = to.join("bin/python");
        if std::fs::read(to.join("installed.txt")).ok().as_ref() != Some(&wanted) {
            run(Command::new("python3").args(["-m", "venv"]).arg(&to));
            run(Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "-r"])
                .arg(from.join("requirements.txt")));
            std::fs::write(to.join("installed.txt"), wanted).unwrap();
        }
        python
    })
}

/// A server that ends with the test.
pub struct Server {
    child: Child,
    /// What it said of itself.
    pub told: Value,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{command:?}: {line}"));
        Self { child, told }
    }

    /// An OpenID provider with these issuers, for a proxy in front of it.
    pub fn oidc(issuers: &[String], secret: &str, claims: &Value) -> Self {
        Self::oidc_with(&json!({ "issuers": issuers, "secret": secret, "claims": claims }))
    }

    /// An OpenID provider that listens at its issuer's own port.
    pub fn own_oidc(issuer: &str, secret: &str, claims: &Value) -> Self {
        Self::oidc_with(
            &json!({ "issuers": [issuer], "own": true, "secret": secret, "claims": claims }),
        )
    }

    fn oidc_with(settings: &Value) -> Self {
        Self::start(
            Command::new("node")
                .arg("server.mjs")
                .arg(settings.to_string())
                .current_dir(oidc()),
        )
    }

    /// A CAS server below `/cas`.
    pub fn cas(dir: &Path, settings: &Value) -> Self {
        Self::start(
            Command::new(cas())
                .arg(sources().join("cas/server.py"))
                .arg(dir)
                .arg(settings.to_string()),
        )
    }

    /// The port of the server's nth issuer.
    pub fn port(&self, at: usize) -> u16 {
        let told = self.told["ports"].get(at).unwrap_or(&self.told["port"]);
        u16::try_from(told.as_u64().unwrap()).unwrap()
    }

    /// Puts the provider's clock ahead, or behind.
    pub async fn set_clock(&self, ahead_s: i64) {
        let port = &self.told["control"];
        reqwest::get(format!("http://127.0.0.1:{port}/clock?s={ahead_s}"))
            .await
            .unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The real program over a data directory of its own.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A data directory of its own.
pub struct Place {
    pub dir: PathBuf,
    pub passphrase: &'static str,
}

impl Place {
    pub fn new(dir: &Path, name: &str) -> Self {
        Self {
            dir: dir.join(name),
            passphrase: "correct horse battery",
        }
    }

    pub fn run(&self, args: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zhengqiao"))
            .arg("--data-dir")
            .arg(&self.dir)
            .args(args)
            .env("ZHENGQIAO_PASSPHRASE", self.passphrase)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    pub fn json(&self, args: &[&str], input: &str) -> Value {
        let output = self.run(&[args, &["--json"]].concat(), input);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

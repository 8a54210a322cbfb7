//! Starting programs: where, with which cache, and what a failure says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A step's result: nothing, or a sentence that says what failed.
pub type Outcome = Result<(), String>;

/// The repository's root.
///
/// Told by cargo when the program starts, not when it was built: clones share their build cache, so
/// the program may have been built in another one.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(3).unwrap_or(&here).to_path_buf()
}

/// The build cache that clones share: `ZHENGQIAO_BUILD_DIR`, else `CARGO_TARGET_DIR`, else a
/// directory in the user's cache.
pub fn build_dir() -> PathBuf {
    for name in ["ZHENGQIAO_BUILD_DIR", "CARGO_TARGET_DIR"] {
        if let Some(dir) = std::env::var_os(name).filter(|dir| !dir.is_empty()) {
            return PathBuf::from(dir);
        }
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    cache.map_or_else(
        || root().join("target"),
        |cache| cache.join("zhengqiao").join("target"),
    )
}

/// A command in the repository's root with the shared build cache.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(root())
        .env("CARGO_TARGET_DIR", build_dir());
    command
}

/// Runs a command to its end with its output shown.
pub fn run(mut command: Command) -> Outcome {
    let shown = show(&command);
    eprintln!("\n▶ {shown}");
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(error) => Err(format!("`{shown}` could not be started: {error}")),
    }
}

/// Whether a program answers.
pub fn exists(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|arg| arg.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

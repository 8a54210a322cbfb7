//! How long the command line takes to answer over the cache that was filled.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use tokio::process::Command;

use crate::Outcome;
use crate::figures::Report;

/// The passphrase of the cache. Deriving the key from it is slow on purpose and is measured with it.
pub const PASSPHRASE: &str = "bench";

/// Answers that are timed in each repetition.
const ANSWERS: usize = 7;

/// Starts the command line again and again.
pub async fn measure(report: &mut Report, data_dir: &Path, times: usize) -> Outcome<()> {
    let program = crate::beside("zhengqiao")?;
    if !program.exists() {
        println!("the command line is not built beside this program; its start is not measured");
        return Ok(());
    }
    println!("\nthe command line, from its start to its end");
    for (name, args, target) in [
        (
            "`zhengqiao completions bash`, which opens nothing",
            &["completions", "bash"][..],
            "",
        ),
        (
            "`zhengqiao runs`, the key's derivation included",
            &["runs"][..],
            "< 50",
        ),
    ] {
        let mut took = Vec::new();
        for _ in 0..ANSWERS * times {
            let begun = Instant::now();
            let status = Command::new(&program)
                .arg("--data-dir")
                .arg(data_dir)
                .args(args)
                .env("ZHENGQIAO_PASSPHRASE", PASSPHRASE)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .status()
                .await?;
            if !status.success() {
                return Err(format!("{name} ended with {status}").into());
            }
            took.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        report.add(name, "ms", took, None, target);
    }
    Ok(())
}

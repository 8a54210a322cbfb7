//! The whole run in a process of its own: HTTP, mapping, all rules, the encrypted cache.

use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::process::Command;
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Environment, Profile, Secrets, preset};
use zhengqiao_store::{Cache, CacheKey, connection, run};
use zhengqiao_sync::{RunMode, RunOptions, RunScope};

use crate::Outcome;

/// What a whole run reached.
#[derive(Debug, Serialize, Deserialize)]
pub struct Whole {
    /// Records a second of the first run.
    pub first: f64,
    /// Of a second one, when nothing has changed.
    pub again: f64,
    /// Processor seconds of the first run, all threads.
    pub cpu_s: f64,
    /// Peak memory of the process.
    pub peak_bytes: u64,
    /// Outcomes of the first run.
    pub accepted: i64,
    pub rejected: i64,
    pub held: i64,
    /// Size of the cache.
    pub cache_bytes: u64,
    /// The cache file; whoever asked removes its directory.
    pub cache: PathBuf,
}

/// The key of the benchmark's caches.
pub fn key() -> CacheKey {
    CacheKey::new([7; 32])
}

/// The profile of the pages.
pub fn profile(address: &str) -> Outcome<Profile> {
    let mut profile = preset("open").ok_or("there is no preset open")?.profile;
    address.clone_into(&mut profile.base_url);
    profile.environment = Environment::Demo;
    // The share of defects is the benchmark's own choice.
    profile.limits.reject_rate_percent = 0.0;
    Ok(profile)
}

/// Runs in a process of its own and reads what it tells.
pub async fn measured(address: &str) -> Outcome<Whole> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args(["whole", address]).output().await?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// One measured run, told as JSON on standard output.
pub async fn one(address: &str) -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("cache.db");
    let cache = Cache::open(&path, &key())?;
    let text = serde_json::to_string(&profile(address)?)?;
    let connection_id =
        cache.write_blocking(move |tx| connection::insert(tx, "bench", "demo", &text, 1))?;
    // What the cases refer to is there before them.
    part(&cache, connection_id, DatasetId::ServiceItem).await?;
    let before = cpu_seconds();
    let (first, counts) = part(&cache, connection_id, DatasetId::CaseAcceptance).await?;
    let cpu_s = cpu_seconds() - before;
    let (again, _) = part(&cache, connection_id, DatasetId::CaseAcceptance).await?;
    drop(cache);
    let cache_bytes = std::fs::metadata(&path)?.len();
    let whole = Whole {
        first,
        again,
        cpu_s,
        peak_bytes: peak().unwrap_or(0),
        accepted: counts.accepted,
        rejected: counts.rejected,
        held: counts.held,
        cache_bytes,
        cache: dir.keep().join("cache.db"),
    };
    println!("{}", serde_json::to_string(&whole)?);
    Ok(())
}

/// Reads a dataset in whole.
pub async fn part(
    cache: &Cache,
    connection_id: i64,
    dataset: DatasetId,
) -> Outcome<(f64, run::Counts)> {
    let options = RunOptions {
        connection_id,
        datasets: vec![dataset],
        mode: RunMode::Full,
        scope: RunScope::default(),
        asked_by: String::new(),
        now_ms: chrono::Utc::now().timestamp_millis(),
    };
    let started = zhengqiao_sync::start(cache, options)?;
    let begun = Instant::now();
    let state = zhengqiao_sync::run(cache, started.run_id, Secrets::new(None)).await?;
    let took = begun.elapsed().as_secs_f64();
    let row = cache
        .read(move |conn| run::get(conn, started.run_id))
        .await?
        .ok_or("the run is gone")?;
    if row.counts.fetched == 0 {
        return Err(format!("{}: {:?}", state.as_str(), row.message).into());
    }
    Ok((row.counts.fetched as f64 / took, row.counts))
}

/// Processor seconds that this process has taken: user and system, in hundredths.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = rest.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|part| part.parse::<u64>().ok())
        .sum::<u64>() as f64
        / 100.0
}

/// Peak memory of this process, where the system tells it.
pub fn peak() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

//! One run of a connection in a process of its own, to be killed at any moment by a test.
//!
//! Arguments: the cache file, the connection's number, the secret, the moment taken for now in unix
//! ms, full or incremental. The cache's key is the tests' own.

use std::process::ExitCode;

use zhengqiao_exchange::Secrets;
use zhengqiao_store::run;
use zhengqiao_store::{Cache, CacheKey};
use zhengqiao_sync::{RunMode, RunOptions, StateWord};

#[tokio::main]
async fn main() -> ExitCode {
    match one_run().await {
        Ok(StateWord::Succeeded | StateWord::FinishedWithRejections) => ExitCode::SUCCESS,
        Ok(state) => {
            eprintln!("{}", state.as_str());
            ExitCode::from(3)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn one_run() -> Result<StateWord, Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("five arguments are needed");
    let (path, connection_id, secret, now_ms) = (next()?, next()?, next()?, next()?);
    let mode = RunMode::by_name(&next()?).ok_or("the mode is full or incremental")?;
    let cache = Cache::open(std::path::Path::new(&path), &CacheKey::new([7; 32]))?;
    let options = RunOptions {
        connection_id: connection_id.parse()?,
        datasets: Vec::new(),
        mode,
        scope: zhengqiao_sync::RunScope::default(),
        asked_by: String::new(),
        now_ms: now_ms.parse()?,
    };
    let started = zhengqiao_sync::start(&cache, options)?;
    let state = zhengqiao_sync::run(&cache, started.run_id, Secrets::new(Some(secret))).await?;
    let parts = cache.read_blocking(|conn| run::datasets(conn, started.run_id))?;
    for message in parts.iter().filter_map(|part| part.message.as_ref()) {
        eprintln!("{message}");
    }
    Ok(state)
}

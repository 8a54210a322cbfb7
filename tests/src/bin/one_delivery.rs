//! One delivery of a connection in a process of its own, to be killed at any moment by a test.
//!
//! Arguments: the cache file, the connection's number, the library's secret. The cache's key is the
//! tests' own.

use std::process::ExitCode;

use zhengqiao_exchange::Secrets;
use zhengqiao_store::{Cache, CacheKey};

#[tokio::main]
async fn main() -> ExitCode {
    match one_delivery().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn one_delivery() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("three arguments are needed");
    let (path, connection_id, secret) = (next()?, next()?, next()?);
    let cache = Cache::open(std::path::Path::new(&path), &CacheKey::new([7; 32]))?;
    let secrets = Secrets::new(Some(secret));
    zhengqiao_delivery::deliver(&cache, connection_id.parse()?, secrets).await?;
    Ok(())
}

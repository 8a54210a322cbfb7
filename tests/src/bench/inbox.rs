//! The inbox over the cache of the whole run: how long its questions take.

use std::path::Path;
use std::time::{Duration, Instant};

use zhengqiao_store::rejection::{self, RejectionFilter};
use zhengqiao_store::{Cache, cause};

use crate::Outcome;
use crate::whole::key;

/// Askings of each question.
const TIMES: usize = 200;

/// Asks the inbox's questions again and again; tells the time that 99 of 100 stay under. The cache is
/// removed afterwards.
pub async fn measure(path: &Path) -> Outcome<()> {
    let cache = Cache::open(path, &key())?;
    println!("\ninbox, 99 of 100 askings under");
    let open = || RejectionFilter {
        states: vec![1, 2],
        ..RejectionFilter::default()
    };
    ask(&cache, "first page", move |conn| {
        rejection::page(conn, &open(), None, 200).map(|rows| rows.len())
    })
    .await?;
    ask(&cache, "causes with counts", |conn| {
        cause::list(conn, None, None, 500).map(|rows| rows.len())
    })
    .await?;
    ask(&cache, "departments with counts", |conn| {
        rejection::facets(conn, "department", None, &[1, 2]).map(|rows| rows.len())
    })
    .await?;
    drop(cache);
    if let Some(dir) = path.parent() {
        std::fs::remove_dir_all(dir)?;
    }
    Ok(())
}

async fn ask<F>(cache: &Cache, what: &str, question: F) -> Outcome<()>
where
    F: Fn(&zhengqiao_store::Connection) -> Result<usize, zhengqiao_store::StoreError>
        + Copy
        + Send
        + 'static,
{
    let mut times: Vec<Duration> = Vec::with_capacity(TIMES);
    let mut rows = 0;
    for _ in 0..TIMES {
        let begun = Instant::now();
        rows = cache.read(question).await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let slow = times[times.len() * 99 / 100];
    println!(
        "{what:<44} {:>9.2} ms   {rows} rows",
        slow.as_secs_f64() * 1000.0
    );
    Ok(())
}

//! The inbox over the cache of the whole run: how long its questions take.

use std::path::Path;
use std::time::{Duration, Instant};

use zhengqiao_store::Cache;
use zhengqiao_store::rejection::{self, RejectionFilter};

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
    let some = cache
        .read(|conn| {
            let row = rejection::page(conn, &RejectionFilter::default(), None, 1)?;
            Ok(row.into_iter().next())
        })
        .await?
        .ok_or("there is no rejection to ask for")?;
    let narrow = move || RejectionFilter {
        department: some.department.clone(),
        rule: some.rules.first().cloned(),
        ..open()
    };
    for (words, filter) in [("open ones", open()), ("two filters", narrow())] {
        let asked = [
            ("first page", Asked::Page),
            ("groups with counts", Asked::Groups),
            ("facets with counts", Asked::Facets),
        ];
        for (what, asked) in asked {
            ask(&cache, &format!("{what}, {words}"), filter.clone(), asked).await?;
        }
    }
    drop(cache);
    if let Some(dir) = path.parent() {
        std::fs::remove_dir_all(dir)?;
    }
    Ok(())
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Page,
    Groups,
    Facets,
}

async fn ask(cache: &Cache, what: &str, filter: RejectionFilter, asked: Asked) -> Outcome<()> {
    let mut times: Vec<Duration> = Vec::with_capacity(TIMES);
    let mut rows = 0;
    for _ in 0..TIMES {
        let (whole, filter) = (cache.clone(), filter.clone());
        let begun = Instant::now();
        rows = cache
            .read(move |conn| {
                let inbox = whole.inbox();
                Ok(match asked {
                    Asked::Page => inbox.page(conn, &filter, None, 200)?.rows.len(),
                    Asked::Groups => inbox.groups(conn, &filter, 500)?.len(),
                    Asked::Facets => inbox.counts(conn, &filter)?.rule.len(),
                })
            })
            .await?;
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

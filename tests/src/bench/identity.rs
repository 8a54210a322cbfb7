//! The identity review at a size: reading, matching and writing apart, then days on which one in a
//! hundred changed, and what a list of bindings takes.

use std::path::Path;
use std::time::Instant;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{BindingFilter, BindingsRequest, ConnectionId, ReviewTook};
use zhengqiao_demo::{DemoOptions, World};
use zhengqiao_store::Cache;
use zhengqiao_tests::people;

use crate::Outcome;
use crate::figures::Report;
use crate::whole::peak;

/// Days on which one in a hundred changes; the middle one counts.
const DAYS: i64 = 3;
/// Times that a list is asked for.
const TIMES: usize = 5;

/// Reviews a population of about so many identities, and compares with the truth.
pub async fn measure(identities: u64, json: Option<&Path>, compare: Option<&Path>) -> Outcome<()> {
    let mut report = Report::new(identities);
    let dir = tempfile::tempdir()?;
    // Ten cases for a natural person, who is one of 1.3 identities.
    let options = DemoOptions::new(
        identities * 100 / 13,
        1,
        (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc(),
    );
    let world = World::new(options);
    let (console, connection_id) = people::console(dir.path()).await.map_err(plain)?;
    let cache = console.cache()?;
    let filled = people::fill(&cache, connection_id, &world)
        .await
        .map_err(plain)?;
    forget_peak();
    println!(
        "{} identities, {} portal accounts; memory before the review {:.0} MiB, {}",
        filled.people,
        filled.accounts,
        mib("VmRSS:"),
        report.processor
    );
    let id = ConnectionId { connection_id };
    let begun = Instant::now();
    let took = console.review_identity(id).await?.took.unwrap_or_default();
    let whole = begun.elapsed().as_secs_f64();
    let s = |ms: i64| vec![ms as f64 / 1000.0];
    report.add("first review: reading", "s", s(took.read_ms), None, "");
    report.add("first review: matching", "s", s(took.match_ms), None, "");
    let both = s(took.read_ms + took.match_ms);
    report.add(
        "first review: reading and matching",
        "s",
        both,
        None,
        "< 10",
    );
    report.add("first review: writing", "s", s(took.write_ms), None, "");
    report.add("first review: all of it", "s", vec![whole], None, "");
    let most = vec![peak().unwrap_or(0) as f64 / 1_048_576.0];
    report.add("first review: peak memory", "MiB", most, None, "< 500");
    report.add("memory afterwards", "MiB", vec![mib("VmRSS:")], None, "");
    println!("{} bindings written", took.written);
    let took = console.review_identity(id).await?.took.unwrap_or_default();
    println!("nothing changed: {}", told(&took));
    compared(&cache, connection_id, &world).await?;

    forget_peak();
    let (mut read, mut write, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for day in 0..DAYS {
        change(&cache, day).await?;
        let begun = Instant::now();
        let took = console.review_identity(id).await?.took.unwrap_or_default();
        whole.push(begun.elapsed().as_secs_f64());
        println!("one in a hundred changed: {}", told(&took));
        read.extend(s(took.read_ms));
        write.extend(s(took.write_ms));
    }
    report.add("one in a hundred changed: reading", "s", read, None, "");
    report.add("one in a hundred changed: writing", "s", write, None, "");
    report.add(
        "one in a hundred changed: all of it",
        "s",
        whole,
        None,
        "< 1",
    );
    let most = vec![peak().unwrap_or(0) as f64 / 1_048_576.0];
    report.add(
        "one in a hundred changed: peak memory",
        "MiB",
        most,
        None,
        "< 500",
    );
    lists(&mut report, &console, connection_id).await?;
    if let Some(path) = json {
        report.write(path)?;
    }
    compare.map_or(Ok(()), |path| report.compare(path))
}

/// What was found beside what is true.
async fn compared(cache: &Cache, connection_id: i64, world: &World) -> Outcome<()> {
    let truth = people::truth(world);
    let found = people::found(cache, connection_id).await.map_err(plain)?;
    let missed = truth.iter().filter(|(id, _)| !found.contains_key(*id));
    let invented = found.iter().filter(|(id, _)| !truth.contains_key(*id));
    let other = truth
        .iter()
        .filter(|(id, kinds)| found.get(*id).is_some_and(|found| found != *kinds));
    let (missed, invented, other) = (missed.count(), invented.count(), other.count());
    println!(
        "conflicts: {} accounts; missed {missed}, invented {invented}, of another kind {other}",
        truth.len()
    );
    if missed + invented + other > 0 {
        return Err("the review is not the truth".into());
    }
    Ok(())
}

/// One in a hundred gets another telephone or another name.
async fn change(cache: &Cache, day: i64) -> Outcome<()> {
    cache
        .write(move |tx| {
            tx.execute(
                "UPDATE record
                 SET fields = json_set(fields, '$.mobile', '13900000000')
                 WHERE id % 100 = ?1 AND json_extract(fields, '$.account_id') IS NOT NULL",
                [7 + day],
            )?;
            tx.execute(
                "UPDATE record
                 SET fields = json_set(fields, '$.user_name', '某人')
                 WHERE id % 100 = ?1 AND json_extract(fields, '$.user_name') IS NOT NULL",
                [7 + day],
            )?;
            Ok(())
        })
        .await?;
    Ok(())
}

/// What a page of bindings takes under some filters.
async fn lists(report: &mut Report, console: &Console, connection_id: i64) -> Outcome<()> {
    for (what, filter) in [
        ("a page of all", BindingFilter::default()),
        (
            "a page of what is open",
            BindingFilter {
                open: Some(true),
                ..BindingFilter::default()
            },
        ),
        (
            "a page of a rare conflict",
            BindingFilter {
                conflict: serde_json::from_str("\"legal_person_merged\"")?,
                ..BindingFilter::default()
            },
        ),
        (
            "a search",
            BindingFilter {
                search: Some("PA000012".into()),
                ..BindingFilter::default()
            },
        ),
    ] {
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            let request = BindingsRequest {
                connection_id,
                filter: filter.clone(),
                after: None,
                limit: 200,
            };
            console.list_bindings(request).await?;
            took.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        report.add(what, "ms", took, None, "");
    }
    Ok(())
}

fn plain(error: Box<dyn std::error::Error + Send + Sync>) -> Box<dyn std::error::Error> {
    error
}

/// A line of the process's memory.
fn mib(what: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(what));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) as f64 / 1024.0
}

/// The peak begins anew, where the system allows it: filling the cache is not measured.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn told(took: &ReviewTook) -> String {
    format!(
        "read {} records in {} ms, matched in {} ms, wrote {} bindings in {} ms",
        took.records, took.read_ms, took.match_ms, took.written, took.write_ms
    )
}

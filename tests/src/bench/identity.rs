//! The identity review at a size: reading, matching and writing apart, then a day on which one in a
//! hundred changed, and what a list of bindings takes.

use std::time::Instant;

use zhengqiao_api::contract::{BindingFilter, BindingsRequest, ConnectionId, ReviewTook};
use zhengqiao_demo::{DemoOptions, World};
use zhengqiao_tests::people;

use crate::Outcome;
use crate::whole::peak;

/// Reviews a population of about so many identities, and compares with the truth.
pub async fn measure(identities: u64) -> Outcome<()> {
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
    println!(
        "{} identities, {} portal accounts; memory before the review {} MiB",
        filled.people,
        filled.accounts,
        mib()
    );
    let id = ConnectionId { connection_id };
    let summary = console.review_identity(id).await?;
    tell("first review", &summary.took.unwrap_or_default());
    let summary = console.review_identity(id).await?;
    tell("nothing changed", &summary.took.unwrap_or_default());

    let truth = people::truth(&world);
    let found = people::found(&cache, connection_id).await.map_err(plain)?;
    let missed = truth.iter().filter(|(id, _)| !found.contains_key(*id));
    let invented = found.iter().filter(|(id, _)| !truth.contains_key(*id));
    let other = truth
        .iter()
        .filter(|(id, kinds)| found.get(*id).is_some_and(|found| found != *kinds));
    println!(
        "conflicts: {} accounts; missed {}, invented {}, of another kind {}",
        truth.len(),
        missed.count(),
        invented.count(),
        other.count()
    );

    cache
        .write(|tx| {
            tx.execute(
                "UPDATE record SET fields = json_set(fields, '$.mobile', '13900000000')
                 WHERE id % 100 = 7 AND json_extract(fields, '$.account_id') IS NOT NULL",
                [],
            )?;
            tx.execute(
                "UPDATE record SET fields = json_set(fields, '$.user_name', '某人')
                 WHERE id % 100 = 7 AND json_extract(fields, '$.user_name') IS NOT NULL",
                [],
            )?;
            Ok(())
        })
        .await?;
    let summary = console.review_identity(id).await?;
    tell(
        "one in a hundred changed",
        &summary.took.unwrap_or_default(),
    );

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
        let begun = Instant::now();
        let request = BindingsRequest {
            connection_id,
            filter,
            after: None,
            limit: 200,
        };
        let rows = console.list_bindings(request).await?.bindings.len();
        println!(
            "{what:<44} {:>9.2} ms   {rows} rows",
            begun.elapsed().as_secs_f64() * 1000.0
        );
    }
    println!("peak memory {} MiB", peak().unwrap_or(0) / (1024 * 1024));
    Ok(())
}

fn plain(error: Box<dyn std::error::Error + Send + Sync>) -> Box<dyn std::error::Error> {
    error
}

/// Memory now.
fn mib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn tell(what: &str, took: &ReviewTook) {
    println!(
        "{what:<28} read {:>8} records in {:>6} ms, matched in {:>6} ms, wrote {:>8} bindings in {:>6} ms; memory now {} MiB, at most {} MiB",
        took.records,
        took.read_ms,
        took.match_ms,
        took.written,
        took.write_ms,
        mib(),
        peak().unwrap_or(0) / (1024 * 1024)
    );
}

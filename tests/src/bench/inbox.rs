//! The inbox's questions over a cache that has as many rejections as the provider has rows.

use std::path::Path;
use std::time::{Duration, Instant};

use zhengqiao_domain::DatasetId;
use zhengqiao_store::inbox::Most;
use zhengqiao_store::rejection::{self, RejectionFilter};
use zhengqiao_store::{Cache, StoreError, connection};

use crate::Outcome;
use crate::figures::Report;
use crate::{pages, plain, rules, whole};

/// Rows that the rules are measured over.
const MOST_ROWS: usize = 200_000;
/// Askings of each question.
const TIMES: usize = 300;
/// Askings of each question while something else is written.
const TIMES_MEANWHILE: usize = 100;
/// What the window asks for of the groups.
const MOST: Most = Most {
    causes: 500,
    departments: 12,
    days: 31,
};
/// Share of the provider's rows that become rejections at least, in percent.
const MOST_OF_THEM: u64 = 90;

/// Fills a cache with rejections, as far as it has them not yet, and asks its inbox.
pub async fn alone(records: u64, dir: Option<&Path>) -> Outcome<()> {
    let mut report = Report::new(records);
    let server = pages::Server::start(records, 1.0).await?;
    let own = tempfile::tempdir()?;
    let path = dir.unwrap_or(own.path()).join("cache.db");
    let cache = Cache::open(&path, &whole::key())?;
    let text = serde_json::to_string(&whole::profile(server.address())?)?;
    let connection_id = cache.write_blocking(move |tx| {
        // The pages are served elsewhere each time.
        match connection::list(tx)?.first() {
            Some(known) => {
                connection::update(tx, known.id, "bench", "demo", &text, 1)?;
                Ok(known.id)
            }
            None => connection::insert(tx, "bench", "demo", &text, 1),
        }
    })?;
    let there = cache.read_blocking(|conn| rejection::count(conn, &RejectionFilter::default()))?;
    if there < i64::try_from(records * MOST_OF_THEM / 100)? {
        whole::part(&cache, connection_id, DatasetId::ServiceItem).await?;
        let (rate, counts) = whole::part(&cache, connection_id, DatasetId::CaseAcceptance).await?;
        println!(
            "{} rejected and held, {rate:.0} a second",
            counts.rejected + counts.held
        );
    }
    let raw = plain::first(server.address(), MOST_ROWS).await?;
    let alone = rules::alone(&mut report, "rows with a defect", &raw, 1);
    drop(raw);
    rules::would_pass(&mut report, &cache, connection_id, alone, 1).await?;
    both(&mut report, &cache, connection_id).await
}

/// Asks while nothing else goes on, then while everything is read again.
pub async fn both(report: &mut Report, cache: &Cache, connection_id: i64) -> Outcome<()> {
    measure(report, cache, false).await?;
    let meanwhile = {
        let cache = cache.clone();
        tokio::spawn(async move {
            let again = whole::part(&cache, connection_id, DatasetId::CaseAcceptance).await;
            again.map(drop).map_err(|error| error.to_string())
        })
    };
    measure(report, cache, true).await?;
    println!(
        "the run went on all the time: {}",
        if meanwhile.is_finished() { "no" } else { "yes" }
    );
    Ok(meanwhile.await??)
}

/// Asks the inbox's questions again and again; tells the time that 99 of 100 stay under.
pub async fn measure(report: &mut Report, cache: &Cache, meanwhile: bool) -> Outcome<()> {
    let known = cache
        .read(|conn| {
            let open = RejectionFilter {
                states: vec![1, 2],
                ..RejectionFilter::default()
            };
            let rows = rejection::page(conn, &open, None, 50)?;
            Ok(rows)
        })
        .await?;
    let Some(some) = known.first().cloned() else {
        return Err("there is no rejection to ask for".into());
    };
    let open = || RejectionFilter {
        states: vec![1, 2],
        ..RejectionFilter::default()
    };
    let after = if meanwhile { " while syncing" } else { "" };
    let times = if meanwhile { TIMES_MEANWHILE } else { TIMES };
    // Two filters, another pair each time.
    let narrow = |turn: usize| {
        let one = &known[turn % known.len()];
        let mut filter = open();
        match turn % 4 {
            0 => {
                filter.department.clone_from(&one.department);
                filter.rule = one.rules.first().cloned();
            }
            1 => {
                filter.region.clone_from(&one.region);
                filter.outcome = Some(one.outcome);
            }
            2 => {
                filter.rule = one.rules.first().cloned();
                filter.region.clone_from(&one.region);
            }
            _ => {
                filter.department.clone_from(&one.department);
                filter.days = Some(("2000-01-01".into(), "2100-01-01".into()));
            }
        }
        filter
    };
    let searching = |text: &str| RejectionFilter {
        search: Some(text.to_owned()),
        ..open()
    };
    let title: String = some
        .title
        .clone()
        .unwrap_or_default()
        .chars()
        .take(2)
        .collect();
    // The first look reads what the answers are counted in.
    let begun = Instant::now();
    ask(cache, &open(), Asked::Facets).await?;
    let first = begun.elapsed().as_secs_f64() * 1000.0;
    if !meanwhile {
        report.add(
            "inbox, the first look of a process",
            "ms",
            vec![first],
            None,
            "",
        );
        if let Some(extent) = cache.inbox().extent() {
            println!("{extent:?}");
            let each = extent.bytes as f64 / extent.rejections.max(1) as f64;
            report.add("inbox, memory of a rejection", "B", vec![each], None, "");
        }
    }
    let target = if meanwhile { "< 6" } else { "< 3" };
    for (what, asked) in [
        ("first page", Asked::Page(None)),
        ("next page", Asked::Page(Some(some.id / 2))),
        ("groups with counts", Asked::Groups),
        ("facets with counts", Asked::Facets),
    ] {
        let mut took = Vec::with_capacity(times);
        for _ in 0..times {
            took.push(ask(cache, &open(), asked).await?);
        }
        tell(report, &format!("inbox, {what}{after}"), took, target);
        let mut took = Vec::with_capacity(times);
        for turn in 0..times {
            took.push(ask(cache, &narrow(turn), asked).await?);
        }
        tell(
            report,
            &format!("inbox, {what}, two filters{after}"),
            took,
            target,
        );
    }
    for (what, text) in [("with hits", title.as_str()), ("without any", "𠀀𠀁")] {
        let filter = searching(text);
        let mut took = Vec::with_capacity(times / 3);
        for _ in 0..times / 3 {
            took.push(ask(cache, &filter, Asked::Page(None)).await?);
        }
        let target = if meanwhile { "< 40" } else { "< 20" };
        tell(
            report,
            &format!("inbox, search of two characters, {what}{after}"),
            took,
            target,
        );
    }
    Ok(())
}

fn tell(report: &mut Report, what: &str, mut took: Vec<Duration>, target: &str) {
    took.sort_unstable();
    let slow = took[(took.len() * 99).div_ceil(100) - 1];
    let ms = |took: Duration| took.as_secs_f64() * 1000.0;
    report.add(what, "ms", vec![ms(slow)], None, target);
    println!("    half of them under {:.2} ms", ms(took[took.len() / 2]));
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Page(Option<i64>),
    Groups,
    Facets,
}

async fn ask(
    cache: &Cache,
    filter: &RejectionFilter,
    asked: Asked,
) -> Result<Duration, StoreError> {
    let (whole, filter) = (cache.clone(), filter.clone());
    let begun = Instant::now();
    cache
        .read(move |conn| {
            let inbox = whole.inbox();
            Ok(match asked {
                Asked::Page(before) => inbox.page(conn, &filter, before, 50)?.rows.len(),
                Asked::Groups => inbox.groups(conn, &filter, MOST)?.len(),
                Asked::Facets => inbox.counts(conn, &filter)?.rule.len(),
            })
        })
        .await?;
    Ok(begun.elapsed())
}

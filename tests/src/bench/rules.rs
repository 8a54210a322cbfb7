//! The rules alone, and "would it pass now?" over rejected records, which is to be no slower.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zhengqiao_domain::{Check, CompiledMapping, DatasetId, Mapping, RuleSet, RuleSettings};
use zhengqiao_store::Cache;
use zhengqiao_sync::{Change, compute_effect, prepare};

use crate::Outcome;
use crate::figures::Report;

const DATASET: DatasetId = DatasetId::CaseAcceptance;
/// When a computation is told to end.
const INTO_IT: Duration = Duration::from_millis(200);

/// Measures mapping and rules over raw rows on one core and on all; gives the median rate of all.
pub fn alone(report: &mut Report, which: &str, rows: &[Vec<u8>], times: usize) -> f64 {
    let rules = RuleSet::default();
    let now = chrono::Utc::now().naive_utc();
    let Ok(mapping) = CompiledMapping::new(DATASET, &Mapping::default()) else {
        return 0.0;
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let rate = |threads: usize| {
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for part in rows.chunks(rows.len().div_ceil(threads).max(1)) {
                let (rules, mapping) = (&rules, &mapping);
                scope.spawn(move || {
                    let check = Check::new(rules, now);
                    for raw in part {
                        std::hint::black_box(prepare(raw, mapping, DATASET, &check, rules));
                    }
                });
            }
        });
        rows.len() as f64 / begun.elapsed().as_secs_f64()
    };
    let (mut one, mut all) = (Vec::new(), Vec::new());
    for _ in 0..times {
        one.push(rate(1));
        all.push(rate(cores));
    }
    println!("\nparsing, mapping and all rules of a record by itself, {which}");
    let mut add = |threads: &str, rates| {
        let name = format!("rules alone, {which}, {threads}");
        report.add(&name, "records/s", rates, None, "");
    };
    add("one thread", one);
    add("all cores", all);
    report.figures.last().map_or(0.0, |figure| figure.value)
}

/// Asks of every rejection whether it would pass now.
pub async fn would_pass(
    report: &mut Report,
    cache: &Cache,
    connection_id: i64,
    alone: f64,
    times: usize,
) -> Outcome<()> {
    let mappings = BTreeMap::from([(DATASET, Mapping::default())]);
    let now = chrono::Utc::now();
    let change = Change {
        connection_id,
        rules: RuleSettings::default(),
        mappings: mappings.clone(),
        present_rules: RuleSettings::default(),
        present_mappings: mappings,
        now: (now + chrono::Duration::hours(8)).naive_utc(),
        now_ms: now.timestamp_millis(),
    };
    let mut runs = Vec::new();
    for _ in 0..times {
        let (cache, change) = (cache.clone(), change.clone());
        let rate = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let effects = compute_effect(&cache, &change, &AtomicBool::new(false))
                .map_err(|error| error.to_string())?
                .map_err(|error| error.to_string())?;
            let looked: u64 = effects
                .values()
                .map(|one| one.rejected + one.accepted)
                .sum();
            Ok::<_, String>(looked as f64 / begun.elapsed().as_secs_f64())
        })
        .await??;
        runs.push(rate);
    }
    report.add(
        "would it pass now, all cores (ratio to the rules alone)",
        "records/s",
        runs,
        Some(alone),
        "1",
    );
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let (cache, watched) = (cache.clone(), stop.clone());
    let working = tokio::task::spawn_blocking(move || {
        compute_effect(&cache, &change, &*watched)
            .map(drop)
            .map_err(|error| error.to_string())
    });
    tokio::time::sleep(INTO_IT).await;
    let asked = Instant::now();
    stop.store(true, Ordering::Relaxed);
    working.await??;
    let took = asked.elapsed().as_secs_f64() * 1000.0;
    report.add("cancelled after", "ms", vec![took], None, "< 100");
    Ok(())
}

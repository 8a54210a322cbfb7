//! What was measured: medians, ratios and the machine; a table, JSON, and the comparison with an earlier one.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// A ratio that fell or rose by more than this share is told apart.
const NOTEWORTHY: f64 = 0.1;

/// One thing that was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figure {
    /// What.
    pub name: String,
    /// The median.
    pub value: f64,
    /// `records/s`, `ms`, `MiB`, `µs`, `s`, `%`.
    pub unit: String,
    /// The median over that of the plain upsert, or of what else it is named to be compared with.
    #[serde(default)]
    pub ratio: Option<f64>,
    /// What it is to reach.
    #[serde(default)]
    pub target: Option<String>,
    /// Each repetition.
    pub runs: Vec<f64>,
}

/// Everything of one run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// When, in UTC.
    pub at: String,
    /// Cases of the provider.
    pub records: u64,
    /// Cores of the machine.
    pub cores: usize,
    /// Its processor.
    pub processor: String,
    /// Share of the processor time that others took, in percent.
    pub others_percent: f64,
    /// The figures, in the order in which they were measured.
    pub figures: Vec<Figure>,
}

/// The middle of some numbers; 0 of none.
pub fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
    match (sorted.get(low), sorted.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => 0.0,
    }
}

impl Report {
    /// An empty one.
    pub fn new(records: u64) -> Self {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = text.lines().find(|line| line.starts_with("model name"));
        let processor = model
            .and_then(|line| line.split_once(": "))
            .map(|(_, name)| name);
        Self {
            at: chrono::Utc::now().format("%Y-%m-%d %H:%M").to_string(),
            records,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: processor.unwrap_or("unknown").to_owned(),
            ..Self::default()
        }
    }

    /// Adds what was measured, and tells it.
    pub fn add(&mut self, name: &str, unit: &str, runs: Vec<f64>, of: Option<f64>, target: &str) {
        let value = median(&runs);
        let ratio = of.filter(|of| *of > 0.0).map(|of| value / of);
        let figure = Figure {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            ratio,
            target: (!target.is_empty()).then(|| target.to_owned()),
            runs,
        };
        let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
        let digits = if value >= 1000.0 { 0 } else { 2 };
        println!("{name:<56} {value:>12.digits$} {unit:<10} {ratio:>6}  {target}");
        self.figures.push(figure);
    }

    /// Writes it as JSON.
    pub fn write(&self, path: &Path) -> Outcome<()> {
        std::fs::write(path, serde_json::to_string_pretty(self)?)?;
        Ok(())
    }

    /// Tells how the ratios stand to those of an earlier run; an error where some are clearly worse.
    pub fn compare(&self, path: &Path) -> Outcome<()> {
        let before: Report = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        println!(
            "\nratios compared with {} ({} records)",
            before.at, before.records
        );
        let mut worse = Vec::new();
        for now in &self.figures {
            let known = before.figures.iter().find(|known| known.name == now.name);
            let (Some(now_ratio), Some(was)) = (now.ratio, known.and_then(|known| known.ratio))
            else {
                continue;
            };
            let change = now_ratio / was - 1.0;
            println!(
                "{:<56} {was:>8.2} → {now_ratio:>6.2}  {:+.0} %",
                now.name,
                change * 100.0
            );
            // A ratio of times is the better, the smaller it is.
            let loss = if now.unit.ends_with("/s") {
                -change
            } else {
                change
            };
            if loss > NOTEWORTHY {
                worse.push(now.name.as_str());
            }
        }
        if worse.is_empty() {
            Ok(())
        } else {
            Err(format!("worse by more than a tenth: {}", worse.join("; ")).into())
        }
    }
}

/// Processor time that the machine and this benchmark took, in clock ticks.
#[derive(Debug, Clone, Copy)]
pub struct Ticks {
    whole: u64,
    own: u64,
}

impl Ticks {
    /// Until now; `others` are processes that belong to the benchmark and still run.
    pub fn now(others: &[u32]) -> Self {
        let numbers = |text: &str, skip: usize, take: usize| -> u64 {
            text.split_whitespace()
                .skip(skip)
                .take(take)
                .filter_map(|part| part.parse::<u64>().ok())
                .sum()
        };
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let first = stat.lines().next().unwrap_or_default();
        // Everything but idling and waiting: user, nice, system, irq, softirq.
        let whole = numbers(first, 1, 3) + numbers(first, 6, 2);
        let of = |process: &str| {
            let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
            // utime, stime, and those of children that have ended.
            numbers(rest, 11, 4)
        };
        let own = of("self") + others.iter().map(|id| of(&id.to_string())).sum::<u64>();
        Self { whole, own }
    }

    /// The share that others took since, in percent.
    pub fn others_since(self, before: Self) -> f64 {
        let whole = self.whole.saturating_sub(before.whole) as f64;
        let own = self.own.saturating_sub(before.own) as f64;
        if whole > 0.0 {
            ((whole - own) / whole * 100.0).max(0.0)
        } else {
            0.0
        }
    }
}

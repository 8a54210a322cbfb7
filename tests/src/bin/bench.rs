//! The project's own benchmark: rates as ratios within one run. `cargo xtask bench` builds and starts it.

#[path = "../bench/disk.rs"]
mod disk;
#[path = "../bench/figures.rs"]
mod figures;
#[path = "../bench/identity.rs"]
mod identity;
#[path = "../bench/inbox.rs"]
mod inbox;
#[path = "../bench/library.rs"]
mod library;
#[path = "../bench/pages.rs"]
mod pages;
#[path = "../bench/plain.rs"]
mod plain;
#[path = "../bench/rules.rs"]
mod rules;
#[allow(
    clippy::unwrap_used,
    reason = "without its servers there is nothing to measure"
)]
#[path = "../../tests/frontend/servers.rs"]
mod servers;
#[path = "../bench/start.rs"]
mod start;
#[path = "../bench/whole.rs"]
mod whole;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use figures::{Report, Ticks, median};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};
use zhengqiao_domain::DatasetId;
use zhengqiao_store::connection;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Share of rows with a defect, as a province has them.
const DEFECTS: f64 = 0.02;
/// Rows that are kept in each way; more say nothing else.
const MOST_ROWS_OF_THE_DISK: usize = 200_000;

/// Cases up to which the plain table is also filled with raw rows.
const MOST_ROWS_WITH_RAW: u64 = 2_000_000;

/// Measures the pipeline as ratios in one run.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    part: Option<Part>,
    /// Cases of the provider.
    #[arg(long, default_value_t = 100_000)]
    records: u64,
    /// Repetitions, in turn; the middle one counts.
    #[arg(long, global = true, default_value_t = 3)]
    times: usize,
    /// Only the whole run beside the plain upsert.
    #[arg(long)]
    pipeline: bool,
    /// Writes the figures to a file.
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Compares the ratios with those of an earlier file.
    #[arg(long, global = true, value_name = "FILE")]
    compare: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Part {
    /// Serves the pages of a provider from memory, until its standard input ends.
    Pages { records: u64, defects: f64 },
    /// One whole run, told as JSON.
    Whole { address: String },
    /// Delivery to PostgreSQL beside a bare COPY.
    Delivery {
        #[arg(long, default_value_t = 100_000)]
        records: u64,
    },
    /// The identity review.
    Identity { identities: u64 },
    /// The inbox over nothing but rejections.
    Inbox {
        #[arg(long, default_value_t = 100_000)]
        records: u64,
        /// Keeps the cache in this directory, and takes the one that is there.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// Rows are made on one thread and dropped on another, which this allocator does without waiting.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match &args.part {
        Some(Part::Pages { records, defects }) => run(pages::serve(*records, *defects)),
        Some(Part::Whole { address }) => run(whole::one(address)),
        Some(Part::Identity { identities }) => run(identity::measure(
            *identities,
            args.json.as_deref(),
            args.compare.as_deref(),
        )),
        Some(Part::Delivery { records }) => run(async {
            let report = library::measure(*records, args.times).await?;
            tell(&report, &args)
        }),
        Some(Part::Inbox { records, dir }) => run(inbox::alone(*records, dir.as_deref())),
        None => run(everything(&args)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

async fn everything(args: &Args) -> Outcome<()> {
    let mut report = Report::new(args.records);
    let times = args.times.max(1);
    let server = pages::Server::start(args.records, DEFECTS).await?;
    println!(
        "{} cases, {} cores, {}; every page is rendered once before anything is measured",
        args.records, report.cores, report.processor
    );
    plain::each_page(server.address(), |_| true).await?;
    let raw = plain::first(server.address(), MOST_ROWS_OF_THE_DISK).await?;
    let servers: Vec<u32> = server.process().into_iter().collect();
    let begun = Ticks::now(&servers);
    pipeline(&mut report, &server, args.records, times).await?;
    if args.pipeline {
        return tell(&report, args);
    }
    disk::measure(&mut report, raw.clone(), times).await?;
    rules::alone(&mut report, "rows as they come", &raw, times);
    report.others_percent = Ticks::now(&servers).others_since(begun);
    drop((server, raw));
    rejections(&mut report, args.records, times).await?;
    println!(
        "\nothers took {:.0} % of the processor time of the first part",
        report.others_percent
    );
    tell(&report, args)
}

/// Keeps the figures, and compares them.
fn tell(report: &Report, args: &Args) -> Outcome<()> {
    if let Some(path) = &args.json {
        report.write(path)?;
    }
    match &args.compare {
        Some(path) => report.compare(path),
        None => Ok(()),
    }
}

/// The whole run beside what the disk engine can do alone.
async fn pipeline(
    report: &mut Report,
    server: &pages::Server,
    records: u64,
    times: usize,
) -> Outcome<()> {
    let (mut plain, mut raw, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..times {
        plain.push(plain::rate(server.address(), false).await?);
        // Of millions it would need tens of gigabytes to say the same.
        if records <= MOST_ROWS_WITH_RAW {
            raw.push(plain::rate(server.address(), true).await?);
        }
        let whole = whole::measured(server.address()).await?;
        if let Some(dir) = whole.cache.parent() {
            std::fs::remove_dir_all(dir)?;
        }
        wholes.push(whole);
    }
    let rate = median(&plain);
    let of = |get: fn(&whole::Whole) -> f64| wholes.iter().map(get).collect::<Vec<f64>>();
    println!("\nthe pipeline; ratios to the plain upsert");
    let unit = "records/s";
    report.add(
        "plain SQLite upsert of the same columns",
        unit,
        plain,
        Some(rate),
        "",
    );
    if !raw.is_empty() {
        report.add("the same with the raw payload", unit, raw, Some(rate), "");
    }
    let first = of(|one| one.first);
    let first_rate = median(&first);
    report.add("whole run, first", unit, first, Some(rate), "≥ 0.6");
    report.add(
        "whole run, nothing changed (ratio to the first)",
        unit,
        of(|one| one.again),
        Some(first_rate),
        "≥ 2",
    );
    let each = of(|one| one.cpu_s * 1e6 / (one.accepted + one.rejected + one.held) as f64);
    report.add(
        "processor time of a record, all threads",
        "µs",
        each,
        None,
        "",
    );
    let peak = of(|one| one.peak_bytes as f64 / 1_048_576.0);
    report.add("peak memory of the run", "MiB", peak, None, "< 150");
    let size = of(|one| one.cache_bytes as f64 / 1_048_576.0);
    report.add("the cache", "MiB", size, None, "");
    if let Some(one) = wholes.first() {
        println!(
            "outcome: {} accepted, {} rejected, {} held",
            one.accepted, one.rejected, one.held
        );
    }
    Ok(())
}

/// A provider of nothing but rejections: the inbox, "would it pass now?", starting over such a cache.
async fn rejections(report: &mut Report, records: u64, times: usize) -> Outcome<()> {
    let server = pages::Server::start(records, 1.0).await?;
    let raw = plain::first(server.address(), MOST_ROWS_OF_THE_DISK).await?;
    let alone = rules::alone(report, "rows with a defect", &raw, times);
    drop(raw);
    let dir = tempfile::tempdir()?;
    let console = Console::opened(ConsoleOptions {
        data_dir: dir.path().to_path_buf(),
        keys: KeyChoice::Passphrase(Secret::new(start::PASSPHRASE.into())),
        demo: true,
    })
    .await?;
    let cache = console.cache()?;
    let text = serde_json::to_string(&whole::profile(server.address())?)?;
    let connection_id =
        cache.write_blocking(move |tx| connection::insert(tx, "bench", "demo", &text, 1))?;
    whole::part(&cache, connection_id, DatasetId::ServiceItem).await?;
    let (_, counts) = whole::part(&cache, connection_id, DatasetId::CaseAcceptance).await?;
    println!("\n{} rejected and held", counts.rejected + counts.held);
    rules::would_pass(report, &cache, connection_id, alone, times).await?;
    inbox::both(report, &cache, connection_id).await?;
    drop((cache, console));
    start::measure(report, dir.path(), times).await
}

/// A program beside this one.
fn beside(name: &str) -> Outcome<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().unwrap_or(Path::new(".")).join(name))
}

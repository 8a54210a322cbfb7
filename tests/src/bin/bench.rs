//! The project's own benchmark: rates as ratios within one run. `cargo xtask bench` builds and starts it.

#[path = "../bench/identity.rs"]
mod identity;
#[path = "../bench/inbox.rs"]
mod inbox;
#[path = "../bench/pages.rs"]
mod pages;
#[path = "../bench/plain.rs"]
mod plain;
#[path = "../bench/whole.rs"]
mod whole;

use std::process::ExitCode;

/// Identities unless told otherwise.
const IDENTITIES: u64 = 100_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Cases unless told otherwise.
const RECORDS: u64 = 100_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse().ok());
    let outcome = match args.first().map(String::as_str) {
        Some("pages") => run(pages::serve(number(1).unwrap_or(RECORDS))),
        Some("whole") => args
            .get(1)
            .map_or(Err("an address is needed".into()), |address| {
                run(whole::one(
                    address,
                    args.iter().any(|arg| arg == "--warm-up"),
                ))
            }),
        Some("identity") => run(identity::measure(number(1).unwrap_or(IDENTITIES))),
        _ => run(everything(number(0).unwrap_or(RECORDS))),
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

async fn everything(records: u64) -> Outcome<()> {
    let server = pages::Server::start(records).await?;
    println!("{records} cases; every page is rendered once before anything is measured");
    whole::measured(server.address(), true).await?;
    let whole = whole::measured(server.address(), false).await?;
    let plain = plain::rate(server.address(), false).await?;
    let raw = plain::rate(server.address(), true).await?;
    println!("\nrates in records per second");
    line("plain SQLite upsert of the same columns", plain, plain);
    line("the same with the raw payload", raw, plain);
    line("whole run, first", whole.first, plain);
    line("whole run, nothing changed", whole.again, plain);
    println!(
        "again : first = {:.2}   first : plain = {:.2}   peak memory {} MiB",
        whole.again / whole.first,
        whole.first / plain,
        whole.peak_bytes / (1024 * 1024)
    );
    println!(
        "outcome: {} accepted, {} rejected, {} held; cache {} MiB",
        whole.accepted,
        whole.rejected,
        whole.held,
        whole.cache_bytes / (1024 * 1024)
    );
    inbox::measure(&whole.cache).await
}

fn line(what: &str, rate: f64, plain: f64) {
    println!("{what:<44} {rate:>12.0}   {:.2}", rate / plain);
}

//! `cargo xtask`: the project's own commands.
//!
//! Each command does its whole set-up itself, so that a fresh machine with a Rust toolchain,
//! Node.js and git needs nothing else: `demo`, `test`, `dev`, `types`, `package`, `bench`.

mod packages;
mod process;
mod steps;
mod window;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, try and test Zhengqiao", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds everything, starts the demo provider, runs the main job, opens the window.
    Demo {
        /// Run the job to its end and print the result, without a window.
        #[arg(long)]
        headless: bool,
        /// Number of cases that the provider has.
        #[arg(long, default_value_t = 5_000)]
        records: u64,
        /// Seed of the generated data.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Share of records with a defect.
        #[arg(long, default_value_t = 0.02)]
        defects: f64,
    },
    /// Runs every test, the window's journeys under Xvfb included.
    Test {
        /// Leave out the desktop host and the window's journeys.
        #[arg(long)]
        skip_window: bool,
    },
    /// Starts the window with hot reload.
    Dev,
    /// Writes the TypeScript types anew.
    Types {
        /// Only compare with what is committed.
        #[arg(long)]
        check: bool,
    },
    /// Builds the .deb and .rpm packages.
    Package,
    /// Measures the pipeline as ratios in one run, in a release build; `bench --help` tells of what.
    #[command(disable_help_flag = true)]
    Bench {
        /// `parts` for the parts by themselves, or the arguments of the benchmark.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo {
            headless,
            records,
            seed,
            defects,
        } => steps::demo(headless, records, seed, defects),
        Command::Test { skip_window } => steps::test(skip_window),
        Command::Dev => steps::dev(),
        Command::Types { check } => steps::types(check),
        Command::Package => steps::package(),
        Command::Bench { args } => steps::bench(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

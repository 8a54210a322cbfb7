//! One delivery of decisions in a process of its own, to be killed at any moment by a test.
//!
//! Arguments: the data directory, its passphrase, the connection's number.

use std::process::ExitCode;

use zhengqiao_api::contract::DeliverDecisions;
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};

#[tokio::main]
async fn main() -> ExitCode {
    match one_delivery().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn one_delivery() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("three arguments are needed");
    let (dir, passphrase, connection_id) = (next()?, next()?, next()?);
    let console = Console::opened(ConsoleOptions {
        data_dir: dir.into(),
        keys: KeyChoice::Passphrase(Secret::new(passphrase)),
        demo: false,
    })
    .await?;
    let request = DeliverDecisions {
        connection_id: connection_id.parse()?,
        ..DeliverDecisions::default()
    };
    console.deliver_decisions(request, |_| {}).await?;
    Ok(())
}

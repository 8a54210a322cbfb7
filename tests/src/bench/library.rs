//! Delivery to a real PostgreSQL beside a bare COPY of the same rows on the same server.

use std::time::Instant;

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{PostgresTarget, Secrets, Target};
use zhengqiao_store::{Cache, connection, delivery};

use crate::figures::Report;
use crate::{DEFECTS, Outcome, pages, servers, whole};

/// Writes what the library has into a file of the server's own.
const BARE: &str = "
DO $$ BEGIN
  EXECUTE format('COPY portal.case_acceptance TO %L', current_setting('data_directory') || '/bare.txt');
END $$;
CHECKPOINT;";

/// A table like the library's.
const EMPTY: &str = "
DROP TABLE IF EXISTS bare;
CREATE TABLE bare AS SELECT * FROM portal.case_acceptance LIMIT 0;
";

/// The key that every row of the library is found by.
const KEY: &str = "ALTER TABLE bare ADD PRIMARY KEY (stream, row_key);";

const COPY: &str = "
DO $$ BEGIN
  EXECUTE format('COPY bare FROM %L', current_setting('data_directory') || '/bare.txt');
END $$;";

/// Reads cases into a cache and delivers them.
pub async fn measure(records: u64, times: usize) -> Outcome<Report> {
    let mut report = Report::new(records);
    let provider = pages::Server::start(records, DEFECTS).await?;
    let (mut delivered, mut bare, mut keyed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..times.max(1) {
        let server = servers::postgresql();
        let target = PostgresTarget {
            url: server.address(),
            user: "postgres".into(),
            schema: "portal".into(),
            ..PostgresTarget::default()
        };
        let mut profile = whole::profile(provider.address())?;
        profile.delivery = Some(Target::Postgres(target));
        let text = serde_json::to_string(&profile)?;
        let dir = tempfile::tempdir()?;
        let cache = Cache::open(&dir.path().join("cache.db"), &whole::key())?;
        let connection_id = cache.write_blocking(move |tx| {
            let id = connection::insert(tx, "bench", "demo", &text, 1)?;
            let place = profile.delivery.as_ref().map(Target::place);
            delivery::set_up(tx, id, place.as_deref(), "bench")?;
            Ok(id)
        })?;
        whole::part(&cache, connection_id, DatasetId::ServiceItem).await?;
        whole::part(&cache, connection_id, DatasetId::CaseAcceptance).await?;
        let begun = Instant::now();
        let outcome =
            zhengqiao_delivery::deliver(&cache, connection_id, Secrets::new(None)).await?;
        delivered.push(outcome.delivered as f64 / begun.elapsed().as_secs_f64());
        server.script(BARE);
        for (key, took) in [("", &mut bare), (KEY, &mut keyed)] {
            server.script(&format!("{EMPTY}{key}"));
            let begun = Instant::now();
            server.script(COPY);
            let seconds = begun.elapsed().as_secs_f64();
            took.push(server.count("bare", "true") as f64 / seconds);
        }
    }
    println!("\ndelivery to PostgreSQL on the same machine");
    let (of_bare, of_keyed) = (
        crate::figures::median(&bare),
        crate::figures::median(&keyed),
    );
    let unit = "records/s";
    report.add(
        "COPY from the server's own file, no key",
        unit,
        bare,
        None,
        "",
    );
    report.add(
        "COPY from the server's own file, with the key",
        unit,
        keyed,
        Some(of_bare),
        "",
    );
    report.add(
        "delivery : COPY without a key",
        unit,
        delivered.clone(),
        Some(of_bare),
        "≥ 0.5",
    );
    report.add(
        "delivery : COPY into a table with its key",
        unit,
        delivered,
        Some(of_keyed),
        "≥ 0.5",
    );
    Ok(report)
}

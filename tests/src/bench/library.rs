//! Delivery to a real PostgreSQL beside a bare COPY of the same rows on the same server.

use std::time::Instant;

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{PostgresTarget, Secrets, Target};
use zhengqiao_store::{Cache, connection, delivery};

use crate::figures::Report;
use crate::{DEFECTS, Outcome, pages, servers, whole};

/// Makes a table of no index like the library's, out of what the library has, by a file of the server's own.
const BARE: &str = "
DROP TABLE IF EXISTS bare;
CREATE TABLE bare AS SELECT * FROM portal.case_acceptance LIMIT 0;
DO $$ BEGIN
  EXECUTE format('COPY portal.case_acceptance TO %L', current_setting('data_directory') || '/bare.txt');
END $$;
CHECKPOINT;";

const COPY: &str = "
DO $$ BEGIN
  EXECUTE format('COPY bare FROM %L', current_setting('data_directory') || '/bare.txt');
END $$;";

/// Reads cases into a cache and delivers them.
pub async fn measure(records: u64, times: usize) -> Outcome<Report> {
    let mut report = Report::new(records);
    let provider = pages::Server::start(records, DEFECTS).await?;
    let (mut delivered, mut bare) = (Vec::new(), Vec::new());
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
        let begun = Instant::now();
        server.script(COPY);
        let took = begun.elapsed().as_secs_f64();
        bare.push(server.count("bare", "true") as f64 / took);
    }
    println!("\ndelivery to PostgreSQL on the same machine");
    let of = crate::figures::median(&bare);
    report.add(
        "bare COPY from the server's own file, no index",
        "records/s",
        bare,
        None,
        "",
    );
    report.add(
        "delivery (ratio to the bare COPY)",
        "records/s",
        delivered,
        Some(of),
        "≥ 0.5",
    );
    Ok(report)
}

//! The demonstration: a provider of our own, a fresh place, one full synchronisation, and whether
//! it found what the provider knows to be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde::Serialize;
use zhengqiao_demo::{DemoOptions, DemoProvider, identity_truth, truth};
use zhengqiao_domain::{DatasetId, Finding, Outcome};
use zhengqiao_exchange::{Environment, Interface, Profile, preset};
use zhengqiao_signon::{ProtocolSettings, Relay, SignOn};
use zhengqiao_store::record::{self, ACCEPTED, RecordFilter};
use zhengqiao_store::rejection::{self, HELD, State};
use zhengqiao_store::{Connection, StoreError, source};

use crate::contract::{
    ApiError, Counts, ErrorCode, RunId, RunMode, RunProgress, SaveConnection, SaveSignOn, StartSync,
};
use crate::{Console, ConsoleOptions, KeyChoice};

/// Differences that are listed.
const SHOWN_DIFFERENCES: usize = 20;
/// Rows read at once.
const BATCH_ROWS: u32 = 1000;

/// What the demonstration is made of.
#[derive(Debug, Clone, Copy)]
pub struct DemoJob {
    /// Number of cases; the other datasets follow from it.
    pub records: u64,
    /// Seed of everything.
    pub seed: u64,
    /// Share of rows with a defect, 0 to 1.
    pub defects: f64,
}

/// A running demonstration: a provider, and a console with a connection to it in a place that is
/// removed in the end.
pub struct Demonstration {
    /// The console.
    pub console: Console,
    /// The provider.
    pub provider: DemoProvider,
    /// The connection to it.
    pub connection_id: i64,
    _place: tempfile::TempDir,
}

/// What a demonstration came to.
#[derive(Debug, Clone, Serialize)]
pub struct DemoReport {
    /// Number of cases asked for.
    pub records: u64,
    /// Seed.
    pub seed: u64,
    /// Share of defective rows.
    pub defects: f64,
    /// State word of the run.
    pub state: String,
    /// Counts of each dataset.
    pub datasets: BTreeMap<String, Counts>,
    /// Findings of the truth manifest that the run did not make, with sign-on conflicts.
    pub missed: u64,
    /// Findings of the run that the truth manifest does not have, with sign-on conflicts.
    pub invented: u64,
    /// Some of both, in words.
    pub differences: Vec<String>,
    /// Sign-on bindings by state.
    pub bindings: BTreeMap<String, i64>,
    /// Rows of all datasets per second, the review of bindings included.
    pub records_per_s: f64,
    /// Time of the run.
    pub elapsed_ms: u64,
    /// Largest memory of the process, provider included; absent where the system does not tell.
    pub peak_rss_bytes: Option<u64>,
}

impl Demonstration {
    /// Starts the provider and connects to it; nothing is synchronised yet.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] for a share outside 0 to 1, or what starting fails with.
    pub async fn prepare(job: DemoJob) -> Result<Self, ApiError> {
        Self::prepare_as(job, "gateway").await
    }

    /// The same with another interface preset.
    ///
    /// # Errors
    /// As [`Demonstration::prepare`], or when the demo provider does not serve the preset.
    pub async fn prepare_as(job: DemoJob, preset: &str) -> Result<Self, ApiError> {
        if !(0.0..=1.0).contains(&job.defects) {
            return Err(failure(
                ErrorCode::InvalidRequest,
                format!("defects: {} is not between 0 and 1", job.defects),
            ));
        }
        let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
        let options = DemoOptions {
            defects: job.defects,
            ..DemoOptions::new(job.records, job.seed, now)
        };
        let provider = DemoProvider::start(options, ([127, 0, 0, 1], 0).into())
            .await
            .map_err(|error| failure(ErrorCode::Provider, format!("the demo provider: {error}")))?;
        let place = tempfile::Builder::new()
            .prefix("zhengqiao-demo-")
            .tempdir()
            .map_err(|error| failure(ErrorCode::File, error.to_string()))?;
        let options = ConsoleOptions {
            data_dir: place.path().to_path_buf(),
            keys: KeyChoice::Ephemeral,
            demo: true,
        };
        let console = Console::opened(options).await?;
        let profile = demo_profile(&provider, preset)?;
        let request = SaveConnection {
            connection_id: None,
            name: "演示".into(),
            secret: Some(provider.credentials().secret_of(profile.auth.kind())),
            profile,
        };
        let connection_id = console.save_connection(request).await?.connection_id;
        let sign_on = demo_sign_on(&provider);
        console
            .save_sign_on(SaveSignOn {
                connection_id,
                sign_on,
                secret: None,
            })
            .await?;
        Ok(Self {
            console,
            provider,
            connection_id,
            _place: place,
        })
    }

    /// Synchronises everything once and compares with the truth manifest.
    ///
    /// # Errors
    /// The cache's. A provider's failure is the report's state.
    pub async fn run(
        &self,
        job: DemoJob,
        on_progress: impl FnMut(RunProgress) + Send,
    ) -> Result<DemoReport, ApiError> {
        let begun = Instant::now();
        let request = StartSync {
            connection_id: self.connection_id,
            datasets: Vec::new(),
            mode: RunMode::Full,
            scope: None,
        };
        let run = self.console.start_sync(request).await?;
        let last = self
            .console
            .watch_run(RunId { run_id: run.run_id }, on_progress)
            .await?;
        let elapsed = begun.elapsed();
        let peak_rss_bytes = peak_rss();
        let (mut differences, missed_rows, invented_rows) = self.compare_rows().await?;
        let (identity_differences, missed_people, invented_people) = self.compare_people().await?;
        differences.extend(identity_differences);
        differences.truncate(SHOWN_DIFFERENCES);
        let summary = self
            .console
            .get_identity_summary(crate::contract::ConnectionId {
                connection_id: self.connection_id,
            })
            .await?;
        Ok(DemoReport {
            records: job.records,
            seed: job.seed,
            defects: job.defects,
            state: last.state,
            datasets: last
                .datasets
                .into_iter()
                .map(|part| (part.dataset.to_string(), part.counts))
                .collect(),
            missed: missed_rows + missed_people,
            invented: invented_rows + invented_people,
            differences,
            bindings: summary
                .states
                .into_iter()
                .map(|row| (row.state.as_str().to_owned(), row.count))
                .collect(),
            records_per_s: (last.counts.fetched as f64 / elapsed.as_secs_f64()).round(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            peak_rss_bytes,
        })
    }

    async fn compare_rows(&self) -> Result<(Vec<String>, u64, u64), ApiError> {
        let connection_id = self.connection_id;
        let found = self
            .console
            .cache()?
            .read(move |conn| findings(conn, connection_id))
            .await?;
        let mut expected = Findings::new();
        for entry in truth(self.provider.world()) {
            let list = entry
                .findings
                .iter()
                .map(|(rule, field)| ((*rule).to_owned(), (*field).to_owned()));
            expected.insert(
                (entry.dataset.to_owned(), entry.key),
                (entry.outcome.to_owned(), list.collect()),
            );
        }
        Ok(compare(&expected, &found))
    }

    async fn compare_people(&self) -> Result<(Vec<String>, u64, u64), ApiError> {
        let pair = |account: &str, conflicts: BTreeSet<(String, String)>| {
            (
                ("binding".to_owned(), account.to_owned()),
                ("conflicts".to_owned(), conflicts),
            )
        };
        let expected: Findings = identity_truth(self.provider.world())
            .into_iter()
            .map(|entry| {
                pair(
                    &entry.account_id,
                    entry
                        .conflicts
                        .iter()
                        .map(|kind| ((*kind).to_owned(), String::new()))
                        .collect(),
                )
            })
            .collect();
        let found: Findings = self
            .console
            .all_bindings(self.connection_id)
            .await?
            .into_iter()
            .filter(|(_, conflicts)| !conflicts.is_empty())
            .filter_map(|(account, conflicts)| {
                Some(pair(
                    &account?,
                    conflicts
                        .iter()
                        .map(|kind| (kind.as_str().to_owned(), String::new()))
                        .collect(),
                ))
            })
            .collect();
        Ok(compare(&expected, &found))
    }
}

/// The relay of the demo provider.
fn demo_sign_on(provider: &DemoProvider) -> SignOn {
    SignOn {
        protocol: ProtocolSettings::Relay(Relay {
            server: provider.base_url(),
            param_key: provider.site_key(),
            uuid: "demo-portal".into(),
            return_name: "backUrl".into(),
            province_logout: format!("{}/sign-on/logout", provider.base_url()),
            ..Relay::default()
        }),
        ..SignOn::default()
    }
}

/// The profile of a connection to a demo provider, from a preset.
fn demo_profile(provider: &DemoProvider, name: &str) -> Result<Profile, ApiError> {
    let unknown = || {
        failure(
            ErrorCode::InvalidRequest,
            format!("family: the demo provider does not serve {name:?}"),
        )
    };
    let mut profile = preset(name).ok_or_else(unknown)?.profile;
    if profile.interface != Interface::Http {
        return Err(unknown());
    }
    profile.base_url = provider.base_url();
    profile.environment = Environment::Demo;
    let family = profile.auth.kind();
    if let Some(id) = profile.auth.id_mut() {
        provider.credentials().id(family).clone_into(id);
    }
    if let Some(key) = profile.auth.public_key_mut() {
        key.clone_from(&provider.credentials().provider_key);
    }
    Ok(profile)
}

/// By dataset and key: the outcome, and rule and field of every finding.
type Findings = BTreeMap<(String, String), (String, BTreeSet<(String, String)>)>;

fn findings(conn: &Connection, connection_id: i64) -> Result<Findings, StoreError> {
    let mut found = Findings::new();
    let pairs = |text: &str| -> Result<BTreeSet<(String, String)>, StoreError> {
        let list: Vec<Finding> = serde_json::from_str(text)?;
        Ok(list
            .iter()
            .map(|finding| (finding.rule.code().to_owned(), finding.field.to_string()))
            .collect())
    };
    for source in source::list(conn, Some(connection_id))? {
        let dataset = source.dataset;
        let filter = rejection::RejectionFilter {
            source_ids: Some(vec![source.id]),
            states: vec![State::Open as i64],
            ..rejection::RejectionFilter::default()
        };
        let mut before = None;
        loop {
            let page = rejection::page(conn, &filter, before, BATCH_ROWS)?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            for row in page {
                let outcome = if row.outcome == HELD {
                    Outcome::Held
                } else {
                    Outcome::Rejected
                };
                let findings = rejection::findings_of(conn, row.id)?.unwrap_or_default();
                found.insert(
                    (dataset.to_string(), row.record_key),
                    (word(outcome).to_owned(), pairs(&findings)?),
                );
            }
        }
        warned(conn, source.id, dataset, &pairs, &mut found)?;
    }
    Ok(found)
}

fn warned(
    conn: &Connection,
    source_id: i64,
    dataset: DatasetId,
    pairs: &impl Fn(&str) -> Result<BTreeSet<(String, String)>, StoreError>,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let filter = RecordFilter {
        source_ids: vec![source_id],
        state: Some(ACCEPTED),
        ..RecordFilter::default()
    };
    let mut after = None;
    loop {
        let page = record::page(conn, &filter, after, BATCH_ROWS)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for row in page {
            let Some(warnings) = &row.warnings else {
                continue;
            };
            let record = zhengqiao_sync::read_record(dataset, &row.fields)?;
            let key = record
                .get_all(dataset.dataset().key)
                .unwrap_or_default()
                .join("|");
            found.insert(
                (dataset.to_string(), key),
                (word(Outcome::Accepted).to_owned(), pairs(warnings)?),
            );
        }
    }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Held => "held",
        Outcome::Rejected => "rejected",
    }
}

fn compare(expected: &Findings, found: &Findings) -> (Vec<String>, u64, u64) {
    let mut list = Vec::new();
    let (mut missed, mut invented) = (0, 0);
    let nothing = (String::new(), BTreeSet::new());
    for (key, truth) in expected {
        let seen = found.get(key).unwrap_or(&nothing);
        let lost = truth.1.difference(&seen.1).count()
            + usize::from(truth.1 == seen.1 && truth.0 != seen.0);
        let more = seen.1.difference(&truth.1).count();
        missed += lost as u64;
        invented += more as u64;
        if lost + more > 0 {
            list.push(format!(
                "{} {}: expected {truth:?}, found {seen:?}",
                key.0, key.1
            ));
        }
    }
    for (key, seen) in found.iter().filter(|(key, _)| !expected.contains_key(*key)) {
        invented += seen.1.len() as u64;
        list.push(format!(
            "{} {}: expected nothing, found {seen:?}",
            key.0, key.1
        ));
    }
    (list, missed, invented)
}

/// Largest memory of this process so far.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace()
        .next()?
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}

fn failure(code: ErrorCode, message: String) -> ApiError {
    ApiError {
        code,
        message,
        retryable: false,
        details: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_demonstration_misses_nothing_and_invents_nothing() {
        let job = DemoJob {
            records: 300,
            seed: 3,
            defects: 0.1,
        };
        let demonstration = Demonstration::prepare(job).await.unwrap();
        let report = demonstration.run(job, |_| {}).await.unwrap();
        assert_eq!(
            (report.missed, report.invented),
            (0, 0),
            "{:#?}",
            report.differences
        );
        assert_eq!(report.state, "finished_with_rejections");
        assert!(
            report
                .bindings
                .get("conflicting")
                .is_some_and(|count| *count > 0),
            "{:?}",
            report.bindings
        );
    }
}

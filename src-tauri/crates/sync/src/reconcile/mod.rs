//! Reconciliation (对账): what the provider says it has against what is here, by dataset, day and
//! department; what differs is looked into key by key.
//!
//! The provider's side is its own counts, where it offers them; a file and a front-end database are
//! counted by reading them. Our side is one pass over the cache. A day whose figures differ is read
//! again in the walk and with the mapping of a real run, and nothing of it is written but the keys that
//! differ. What a re-pull brings is compared again; what a person signed off is changed no more.

mod compare;
mod look;
mod pull;
mod scope;
mod state;
mod told;
mod watch;

use std::sync::Arc;

use zhengqiao_domain::{CompiledMapping, DatasetId, RuleSet};
use zhengqiao_exchange::{DatasetSource, NoObserver, Profile, Provider, Secrets};
use zhengqiao_store::reconciliation_key::{self, Difference};
use zhengqiao_store::{Cache, Connection, StoreError, connection, reconciliation, source};

use crate::engine::now_ms;
use crate::error::SyncError;

pub use pull::repull;
pub use scope::{ReconcileOptions, ReconcileScope};
pub use state::CellState;
pub use watch::{Phase, Seen, Watch};

/// The code of a comparison that was cancelled.
pub const CANCELLED: &str = "cancelled";

/// Registers a comparison; gives its number.
///
/// # Errors
/// [`SyncError::Scope`] or [`SyncError::NoDataset`] naming what is wrong with what was asked.
pub fn start(cache: &Cache, options: ReconcileOptions) -> Result<i64, SyncError> {
    cache.write_blocking(move |tx| {
        let Some(row) = connection::get(tx, options.connection_id)? else {
            return Ok(Err(SyncError::NoConnection(options.connection_id)));
        };
        let profile: Profile = serde_json::from_str(&row.profile)?;
        let scope = match options.scope(&profile) {
            Ok(scope) => scope,
            Err(error) => return Ok(Err(error)),
        };
        let id = reconciliation::insert(
            tx,
            options.connection_id,
            &options.actor,
            &serde_json::to_string(&scope)?,
            options.now_ms,
        )?;
        Ok(Ok(id))
    })?
}

/// Everything that a comparison needs.
struct Bench {
    cache: Cache,
    id: i64,
    connection_id: i64,
    scope: ReconcileScope,
    profile: Profile,
    provider: Provider,
    rules: Arc<RuleSet>,
    watch: Arc<Watch>,
}

impl Bench {
    async fn open(
        cache: &Cache,
        id: i64,
        secrets: Secrets,
        watch: Arc<Watch>,
    ) -> Result<Self, SyncError> {
        let (row, profile) = cache
            .read(move |conn| {
                let row = reconciliation::get(conn, id)?.ok_or_else(|| {
                    StoreError::Content(format!("there is no reconciliation {id}"))
                })?;
                let connection = connection::get(conn, row.connection_id)?.ok_or_else(|| {
                    StoreError::Content(format!("reconciliation {id} has no connection"))
                })?;
                Ok((row, connection.profile))
            })
            .await?;
        let profile: Profile = serde_json::from_str(&profile).map_err(StoreError::from)?;
        let provider = Provider::new(&profile, secrets, Arc::new(NoObserver))?;
        Ok(Self {
            cache: cache.clone(),
            id,
            connection_id: row.connection_id,
            scope: serde_json::from_str(&row.scope).map_err(StoreError::from)?,
            rules: Arc::new(RuleSet::new(&profile.rules)),
            profile,
            provider,
            watch,
        })
    }

    fn source(&self, dataset: DatasetId) -> Result<&DatasetSource, SyncError> {
        self.profile
            .datasets
            .get(&dataset)
            .ok_or(SyncError::NoDataset(dataset))
    }

    async fn source_id(&self, dataset: DatasetId) -> Result<i64, SyncError> {
        let connection_id = self.connection_id;
        Ok(self
            .cache
            .write(move |tx| source::ensure(tx, connection_id, dataset))
            .await?)
    }

    fn mapping(&self, dataset: DatasetId) -> Result<Arc<CompiledMapping>, SyncError> {
        let source = self.source(dataset)?;
        let mapping = CompiledMapping::new(dataset, &source.mapping).map_err(|error| {
            zhengqiao_exchange::ExchangeError::Settings {
                field: "mapping".into(),
                what: error.to_string(),
            }
        })?;
        Ok(Arc::new(mapping))
    }

    /// Stops where somebody asked to.
    fn check(&self) -> Result<(), SyncError> {
        if self.watch.is_cancelled() {
            Err(SyncError::Cancelled)
        } else {
            Ok(())
        }
    }
}

/// Compares, and keeps the result. What ends it early is kept with it and is no error.
///
/// # Errors
/// The cache's.
pub async fn reconcile(
    cache: &Cache,
    id: i64,
    secrets: Secrets,
    watch: Arc<Watch>,
) -> Result<(), SyncError> {
    let done = match Bench::open(cache, id, secrets, watch).await {
        Ok(bench) => bench.compare().await,
        Err(error) => Err(error),
    };
    let cause = match done {
        Ok(()) => None,
        Err(SyncError::Store(error)) => return Err(error.into()),
        Err(SyncError::Exchange(error)) => Some((error.code().to_owned(), error.to_string())),
        Err(SyncError::Cancelled) => Some((CANCELLED.to_owned(), SyncError::Cancelled.to_string())),
        Err(error) => Some(("failed".to_owned(), error.to_string())),
    };
    cache
        .write(move |tx| {
            let cause = cause
                .as_ref()
                .map(|(code, message)| (code.as_str(), message.as_str()));
            reconciliation::finish(tx, id, cause, now_ms())
        })
        .await?;
    Ok(())
}

/// How many keys of a comparison are open, by how they differ.
///
/// # Errors
/// The cache's.
pub fn open_keys(conn: &Connection, id: i64) -> Result<Vec<(Difference, i64)>, StoreError> {
    Ok(reconciliation_key::counts(conn, id)?
        .into_iter()
        .map(|(kind, open, _)| (kind, open))
        .collect())
}

//! About how much a run would read, by the first small page of each dataset. Nothing is written.

use std::sync::Arc;

use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;
use zhengqiao_exchange::{ExchangeError, NoObserver, Profile, Provider, Scope, Secrets};
use zhengqiao_store::{Cache, StoreError, connection, source};

use crate::engine::{RunOptions, incremental_scope, local};
use crate::error::SyncError;
use crate::state::RunMode;

/// About how much a run would read of a dataset.
#[derive(Debug, Clone)]
pub struct Probed {
    /// The dataset.
    pub dataset: DatasetId,
    /// Rows, where the provider tells or all of them were on the first page.
    pub rows: Option<u64>,
    /// Why it cannot be told.
    pub error: Option<ExchangeError>,
}

/// Asks the first small page of each dataset that a run would read.
///
/// # Errors
/// What [`crate::start`] refuses of the scope, and the cache's.
pub async fn probe(
    cache: &Cache,
    options: RunOptions,
    secrets: Secrets,
) -> Result<Vec<Probed>, SyncError> {
    let connection_id = options.connection_id;
    let (row, states) = cache
        .read(move |conn| {
            let row = connection::get(conn, connection_id)?;
            Ok((row, source::list(conn, Some(connection_id))?))
        })
        .await?;
    let row = row.ok_or(SyncError::NoConnection(connection_id))?;
    let profile: Profile = serde_json::from_str(&row.profile).map_err(StoreError::from)?;
    let now = local(options.now_ms);
    let scope = options.scope.checked(now)?;
    let datasets = scope.datasets(&profile, options.datasets)?;
    let until = moment::canonical(now);
    let provider = Provider::new(&profile, secrets, Arc::new(NoObserver))?;
    let mut list = Vec::with_capacity(datasets.len());
    for dataset in datasets {
        let Some(described) = profile.datasets.get(&dataset) else {
            continue;
        };
        let kept = states
            .iter()
            .find(|state| state.dataset == dataset)
            .and_then(|state| state.incremental_state.as_deref());
        let covered = match scope.narrowed() {
            Some(narrowed) => narrowed,
            None if options.mode == RunMode::Incremental => incremental_scope(described, kept),
            None => Scope::Full,
        };
        let asked = provider
            .first_page_of(dataset, &scope.over(described), covered, &until)
            .await;
        let (rows, error) = match asked {
            Ok(Some(page)) if page.last => (Some(page.records.len() as u64), None),
            Ok(Some(page)) => (page.total, None),
            Ok(None) => (Some(0), None),
            Err(error) => (None, Some(error)),
        };
        list.push(Probed {
            dataset,
            rows,
            error,
        });
    }
    Ok(list)
}

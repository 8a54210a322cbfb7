//! What ends a run.

use zhengqiao_exchange::ExchangeError;
use zhengqiao_store::StoreError;

/// A failure of a run itself; a failure of one dataset is a state of it, not an error.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The cache failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider or the profile failed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// There is no such connection.
    #[error("there is no connection {0}")]
    NoConnection(i64),
    /// A living process runs this connection.
    #[error(
        "run {run_id} of this connection is going on in {owner}, begun {since} (UTC+8); wait for its end, or cancel it"
    )]
    AlreadyRunning {
        /// The active run.
        run_id: i64,
        /// Who runs it: process and host.
        owner: String,
        /// Since when, in UTC+8.
        since: String,
    },
    /// The run has ended, or there is no such run.
    #[error("run {0} is not active")]
    NotActive(i64),
    /// The connection does not carry a dataset that was asked for.
    #[error("the connection does not carry {0}")]
    NoDataset(zhengqiao_domain::DatasetId),
    /// A thread of the run ended unexpectedly.
    #[error("the run was interrupted: {0}")]
    Interrupted(String),
}

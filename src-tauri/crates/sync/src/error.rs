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
    /// Another process runs this connection.
    #[error("run {run_id} of this connection is active in another process ({owner})")]
    AlreadyRunning {
        /// The active run.
        run_id: i64,
        /// Who runs it.
        owner: String,
    },
    /// The connection does not carry a dataset that was asked for.
    #[error("the connection does not carry {0}")]
    NoDataset(zhengqiao_domain::DatasetId),
    /// There is no such run.
    #[error("there is no run {0}")]
    NoRun(i64),
    /// A run was interrupted and must be continued or cancelled first.
    #[error("run {0} has not ended; continue or cancel it first")]
    Unfinished(i64),
    /// Earlier states that the run replaced are gone.
    #[error(
        "run {0} cannot be undone: the earlier versions that it replaced are no longer kept (retention), or it ran before versions were kept"
    )]
    HistoryForgotten(i64),
    /// A thread of the run ended unexpectedly.
    #[error("the run was interrupted: {0}")]
    Interrupted(String),
}

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
    /// A run's scope makes no sense, or cannot be kept to.
    #[error("{field}: {what}")]
    Scope {
        /// The field.
        field: &'static str,
        /// What is wrong and what to do.
        what: String,
    },
    /// A rejected row cannot be overridden, or not so.
    #[error("{field}: {what}")]
    Override {
        /// The field.
        field: String,
        /// Why not.
        what: String,
    },
    /// There is no such dry run any more.
    #[error("there is no dry run {0}; it was discarded, or its seven days are over")]
    NoDryRun(i64),
    /// A dry run cannot be turned into a real one.
    #[error("dry run {dry_id} cannot be turned into a real run: {why}")]
    NotApplicable {
        /// The dry run.
        dry_id: i64,
        /// Why.
        why: String,
    },
    /// The cache has moved on, so that rows would fare otherwise than in the dry run.
    #[error("the cache has changed since dry run {dry_id}, and {} rows would now fare otherwise; start another dry run", .differs.iter().map(|one| one.rows).sum::<u64>())]
    MovedOn {
        /// The dry run.
        dry_id: i64,
        /// What differs.
        differs: Vec<crate::dry::Differs>,
    },
    /// A run does not wait for a decision.
    #[error("run {run_id} does not wait for a decision: {why}")]
    NothingToDecide {
        /// The run.
        run_id: i64,
        /// Why not.
        why: String,
    },
    /// No rejection was chosen, or none that can be checked again.
    #[error("there is no rejection of this connection to check again")]
    NothingChosen,
    /// Somebody asked to end it.
    #[error("it was cancelled")]
    Cancelled,
    /// A reconciliation that was signed off is changed no more.
    #[error("reconciliation {0} was signed off; begin a new one")]
    SignedOff(i64),
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

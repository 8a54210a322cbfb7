//! What can go wrong with the cache and the secret stores.

use std::path::PathBuf;

/// A failure of the cache file, its key, or a secret store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key does not open the file, or the file is no cache.
    #[error("{path}: the key does not open this file, or it is not a cache")]
    WrongKey {
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote the file.
    #[error(
        "{path}: written by a newer version of the program (format {file_version}, this program knows {program_version}); it was not touched"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Format of the file.
        file_version: i64,
        /// Newest format that this program knows.
        program_version: i64,
    },
    /// SQLite refused.
    #[error("the cache failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The migration failed; the backup is kept.
    #[error("the cache could not be brought to the present format: {0}")]
    Migration(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A value in the cache is not what was written.
    #[error("the cache holds a value that cannot be read: {0}")]
    Content(String),
    /// Another process has taken a run over: this one may write nothing more for it.
    #[error("run {run_id} was taken over by {owner}")]
    TakenOver {
        /// The run.
        run_id: i64,
        /// Who has it now; empty when it ended or rests.
        owner: String,
    },
    /// The writer has ended.
    #[error("the cache is closed")]
    Closed,
    /// The passphrase does not open the key file.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The secret store failed.
    #[error("the secret store failed: {0}")]
    SecretStore(String),
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Content(error.to_string())
    }
}

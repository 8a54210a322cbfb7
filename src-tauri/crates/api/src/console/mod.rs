//! The console: one object that a host calls.

mod connections;
mod decisions;
mod delivery;
mod dry;
mod effects;
mod export;
mod history;
mod identity;
pub use identity::site_issue_word;
mod ignoring;
mod inbox;
mod live;
mod mapping;
mod mending;
mod met;
mod neighbours;
mod network;
mod overriding;
mod panel;
mod quality;
mod recipes;
mod reconciliation;
mod records;
mod rejected;
mod report_answers;
mod report_file;
mod report_form;
mod report_write;
mod reports;
mod retention;
mod revalidation;
mod run_page;
mod run_report;
mod runs;
mod schedule;
mod secrets;
mod sharing;
mod system;
mod tables;
mod undo;
mod versions;
mod views;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::NaiveDateTime;
use zhengqiao_exchange::{ExchangeError, Profile};
use zhengqiao_store::{Cache, Connection, StoreError, Transaction, connection};
use zhengqiao_sync::SyncError;

use crate::contract::{ApiError, ErrorCode, KeyStore, StateChange};
use crate::keys::{self, KeyChoice, Open};
use crate::out_file::NotWritten;

/// Changes that a slow listener may be behind.
const CHANGES_KEPT: usize = 64;

/// What a console is made with.
#[derive(Clone)]
pub struct ConsoleOptions {
    /// Directory with cache, sealed secrets and logs.
    pub data_dir: PathBuf,
    /// How keys are kept.
    pub keys: KeyChoice,
    /// Whether this is the demonstration.
    pub demo: bool,
}

struct Shared {
    options: ConsoleOptions,
    key_store: KeyStore,
    open: RwLock<Option<Arc<Open>>>,
    opening: tokio::sync::Mutex<()>,
    running: Mutex<HashMap<i64, tokio::task::JoinHandle<()>>>,
    delivering: Mutex<HashSet<i64>>,
    deciding: identity::Delivering,
    samples: Mutex<mapping::Samples>,
    effects: Mutex<effects::Effects>,
    what_ifs: Mutex<identity::what_if::WhatIfs>,
    identity: identity::Warm,
    reconciling: reconciliation::Reconciling,
    dry: Mutex<dry::DryRuns>,
    reporting: Mutex<report_write::Writing>,
    test_login: identity::TestLogins,
    changes: tokio::sync::broadcast::Sender<StateChange>,
}

/// The use cases. Clones share everything.
#[derive(Clone)]
pub struct Console(Arc<Shared>);

impl Console {
    /// A console over a data directory; the cache is not opened yet.
    pub fn new(options: ConsoleOptions) -> Self {
        let key_store = keys::key_store(&options.data_dir, &options.keys);
        Self(Arc::new(Shared {
            options,
            key_store,
            open: RwLock::default(),
            opening: tokio::sync::Mutex::default(),
            running: Mutex::default(),
            delivering: Mutex::default(),
            deciding: identity::Delivering::default(),
            samples: Mutex::default(),
            effects: Mutex::default(),
            what_ifs: Mutex::default(),
            identity: identity::Warm::default(),
            reconciling: reconciliation::Reconciling::default(),
            dry: Mutex::default(),
            reporting: Mutex::default(),
            test_login: identity::TestLogins::default(),
            changes: tokio::sync::broadcast::Sender::new(CHANGES_KEPT),
        }))
    }

    /// A console whose cache is open.
    ///
    /// # Errors
    /// [`ErrorCode::Locked`] when a passphrase is needed and none was given.
    pub async fn opened(options: ConsoleOptions) -> Result<Self, ApiError> {
        let console = Self::new(options);
        let choice = console.0.options.keys.clone();
        console.open_with(choice).await?;
        Ok(console)
    }

    async fn open_with(&self, choice: KeyChoice) -> Result<(), ApiError> {
        let shared = self.0.clone();
        let open =
            blocking(move || keys::open(&shared.options.data_dir, shared.key_store, &choice))
                .await??;
        *self.0.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(open));
        self.open_expired().await
    }

    /// Opens the cache if that needs nobody's passphrase; says why it could not be opened.
    async fn open_unasked(&self) -> Option<ApiError> {
        let _one_at_a_time = self.0.opening.lock().await;
        if self.open().is_ok() {
            return None;
        }
        let opened = self.open_with(self.0.options.keys.clone()).await;
        opened.err().filter(|error| error.code != ErrorCode::Locked)
    }

    /// Directory with cache, sealed secrets and logs.
    pub fn data_dir(&self) -> &Path {
        &self.0.options.data_dir
    }

    fn open(&self) -> Result<Arc<Open>, ApiError> {
        self.0
            .open
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(|| ApiError {
                code: ErrorCode::Locked,
                message: "the cache is locked".into(),
                retryable: true,
                details: None,
            })
    }

    /// The open cache.
    ///
    /// # Errors
    /// [`ErrorCode::Locked`].
    pub fn cache(&self) -> Result<Cache, ApiError> {
        Ok(self.open()?.cache.clone())
    }

    fn samples(&self) -> std::sync::MutexGuard<'_, mapping::Samples> {
        self.0
            .samples
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        Ok(self.cache()?.read(work).await?)
    }

    async fn write<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        Ok(self.cache()?.write(work).await?)
    }

    /// A connection's row and profile.
    async fn profile(
        &self,
        connection_id: i64,
    ) -> Result<(connection::ConnectionRow, Profile), ApiError> {
        let row = self
            .read(move |conn| connection::get(conn, connection_id))
            .await?
            .ok_or_else(|| not_found(format!("there is no connection {connection_id}")))?;
        let profile = serde_json::from_str(&row.profile).map_err(StoreError::from)?;
        Ok((row, profile))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ApiError {
            code: ErrorCode::Internal,
            message: "a task ended unexpectedly".into(),
            retryable: false,
            details: Some(error.to_string()),
        })
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// Now in UTC+8.
fn now_local() -> NaiveDateTime {
    (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc()
}

/// Who acts, for the audit log.
fn actor() -> String {
    ["USER", "USERNAME", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "local".into())
}

fn not_found(message: String) -> ApiError {
    ApiError {
        code: ErrorCode::NotFound,
        message,
        retryable: false,
        details: None,
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError {
        code: ErrorCode::InvalidRequest,
        message: message.into(),
        retryable: false,
        details: None,
    }
}

fn file_error(path: &str, error: &dyn std::error::Error) -> ApiError {
    ApiError {
        code: ErrorCode::File,
        message: format!("{path}: {error}"),
        retryable: false,
        details: None,
    }
}

/// Why a file at a path was not written.
fn not_written(path: &str, error: NotWritten) -> ApiError {
    match error {
        NotWritten::Store(error) => error.into(),
        NotWritten::File(error) => file_error(path, &error),
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::WrongPassphrase => ErrorCode::WrongPassphrase,
            StoreError::Newer { .. } => ErrorCode::NewerCache,
            StoreError::SecretStore(_) => ErrorCode::SecretStore,
            StoreError::File { .. } => ErrorCode::File,
            _ => ErrorCode::Storage,
        };
        Self {
            code,
            message: error.to_string(),
            retryable: code == ErrorCode::WrongPassphrase,
            details: None,
        }
    }
}

impl From<ExchangeError> for ApiError {
    fn from(error: ExchangeError) -> Self {
        let code = match &error {
            ExchangeError::Settings { .. } => ErrorCode::InvalidRequest,
            ExchangeError::Request { .. } => ErrorCode::Provider,
        };
        Self {
            code,
            message: error.to_string(),
            retryable: error.retryable(),
            details: Some(error.code().to_owned()),
        }
    }
}

impl From<SyncError> for ApiError {
    fn from(error: SyncError) -> Self {
        let details = match &error {
            SyncError::MovedOn { differs, .. } => Some(
                differs
                    .iter()
                    .map(|one| {
                        let (was, now) = (one.was.as_str(), one.now.as_str());
                        format!("{}: {was} → {now}: {}", one.dataset, one.rows)
                    })
                    .collect::<Vec<_>>()
                    .join("\n"),
            ),
            _ => None,
        };
        let code = match error {
            SyncError::Store(error) => return error.into(),
            SyncError::Exchange(error) => return error.into(),
            SyncError::NoConnection(_) | SyncError::NoDryRun(_) | SyncError::NoRun(_) => {
                ErrorCode::NotFound
            }
            SyncError::AlreadyRunning { .. } => ErrorCode::AlreadyRunning,
            SyncError::NoDataset(_)
            | SyncError::Override { .. }
            | SyncError::Scope { .. }
            | SyncError::SignedOff(_)
            | SyncError::NothingToDecide { .. }
            | SyncError::NotApplicable { .. }
            | SyncError::MovedOn { .. }
            | SyncError::Unfinished(_)
            | SyncError::NothingChosen
            | SyncError::HistoryForgotten(_) => ErrorCode::InvalidRequest,
            SyncError::NotActive(_) => ErrorCode::NotFound,
            SyncError::Interrupted(_) | SyncError::Cancelled => ErrorCode::Internal,
        };
        Self {
            code,
            message: error.to_string(),
            retryable: code == ErrorCode::AlreadyRunning,
            details,
        }
    }
}

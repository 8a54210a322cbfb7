//! A provider of any kind, asked in one way.

use std::sync::Arc;

use zhengqiao_domain::DatasetId;

use crate::client::HttpProvider;
use crate::database::{self, Column, DatabaseProvider, Receipt, Slip, Table, TableWalk};
use crate::diagnose::{Layer, Sample, small};
use crate::error::ExchangeError;
use crate::file::{self, FileWalk};
use crate::observe::RequestObserver;
use crate::pager::{HttpWalk, Page, Position, Scope};
use crate::profile::{DatasetSource, Interface, Profile};
use crate::secrets::Secrets;

/// A provider that can be asked, through whatever door it has.
pub enum Provider {
    /// An HTTP interface.
    Http(Box<HttpProvider>),
    /// A front-end database.
    Database(Box<DatabaseProvider>),
    /// Files.
    File(Arc<dyn RequestObserver>),
}

/// Goes through the rows of one dataset, page by page.
pub enum Walk {
    /// The pages of an HTTP interface.
    Http(Box<HttpWalk>),
    /// The rows of a table.
    Table(Box<TableWalk>),
    /// The rows of a file.
    File(Box<FileWalk>),
}

impl Provider {
    /// A provider for a profile and its secret.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the profile cannot be used.
    pub fn new(
        profile: &Profile,
        secrets: Secrets,
        observer: Arc<dyn RequestObserver>,
    ) -> Result<Self, ExchangeError> {
        match profile.interface {
            Interface::Http => HttpProvider::new(profile, secrets, observer)
                .map(|one| Provider::Http(Box::new(one))),
            Interface::File => {
                profile.validate()?;
                Ok(Provider::File(observer))
            }
            Interface::Database => DatabaseProvider::new(profile, secrets, observer)
                .map(|one| Provider::Database(Box::new(one))),
        }
    }

    /// A walk over `dataset`, its window ending at `until` (UTC+8), going on at `resume`.
    pub fn walk(
        &self,
        dataset: DatasetId,
        source: &DatasetSource,
        scope: Scope,
        until: &str,
        resume: Option<Position>,
    ) -> Walk {
        match self {
            Provider::Http(_) => Walk::Http(Box::new(HttpWalk::new(
                dataset, source, scope, until, resume,
            ))),
            Provider::Database(_) => {
                let table = source.table.clone().unwrap_or_default();
                Walk::Table(Box::new(TableWalk::new(
                    dataset, &table, scope, until, resume,
                )))
            }
            Provider::File(_) => {
                let file = source.file.clone().unwrap_or_default();
                Walk::File(Box::new(FileWalk::new(dataset, &file, &scope, resume)))
            }
        }
    }

    /// The next page of a walk that this provider began, or `None` after the last.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn next(&self, walk: &mut Walk) -> Result<Option<Page>, ExchangeError> {
        match (self, walk) {
            (Provider::Http(provider), Walk::Http(walk)) => walk.next(provider).await,
            (Provider::File(observer), Walk::File(walk)) => walk.next(observer.as_ref()).await,
            (Provider::Database(provider), Walk::Table(walk)) => walk.next(provider).await,
            // A walk of another provider has nothing here.
            (Provider::Http(_) | Provider::Database(_) | Provider::File(_), _) => Ok(None),
        }
    }

    /// Writes back what became of rows, where the provider's tables take receipts.
    ///
    /// # Errors
    /// What went wrong, by its name. Rows without a receipt come again.
    pub async fn acknowledge(
        &self,
        dataset: DatasetId,
        source: &DatasetSource,
        receipts: Vec<(Slip, Receipt)>,
    ) -> Result<(), ExchangeError> {
        match (self, &source.table) {
            (Provider::Database(provider), Some(table)) if !receipts.is_empty() => {
                provider.acknowledge(dataset, table, receipts).await
            }
            _ => Ok(()),
        }
    }

    /// The tables of a front-end database that may be read; other kinds have none.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn tables(&self) -> Result<Vec<Table>, ExchangeError> {
        match self {
            Provider::Database(provider) => provider.tables().await,
            Provider::Http(_) | Provider::File(_) => Ok(Vec::new()),
        }
    }

    /// The columns of the table that a dataset is read from; none where there is no table.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn columns(&self, source: &DatasetSource) -> Result<Vec<Column>, ExchangeError> {
        match (self, &source.table) {
            (Provider::Database(provider), Some(table)) => provider.columns(&table.table).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The first page of a dataset, small: a sample.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn first_page(
        &self,
        dataset: DatasetId,
        source: &DatasetSource,
        until: &str,
    ) -> Result<Option<Page>, ExchangeError> {
        let mut walk = self.walk(dataset, &small(source), Scope::Full, until, None);
        self.next(&mut walk).await
    }

    /// Tests the connection; each layer is handed out as it ends. Returns a sample of each dataset
    /// that could be read.
    pub async fn diagnose(
        &self,
        profile: &Profile,
        until: &str,
        on_layer: impl FnMut(Layer),
    ) -> Vec<Sample> {
        match self {
            Provider::Http(provider) => provider.diagnose(profile, until, on_layer).await,
            Provider::Database(provider) => {
                database::diagnose(provider, profile, until, on_layer).await
            }
            Provider::File(_) => file::diagnose(profile, on_layer).await,
        }
    }
}

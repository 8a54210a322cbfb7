//! A provider of any kind, asked in one way.

use std::sync::Arc;

use zhengqiao_domain::DatasetId;

use crate::client::HttpProvider;
use crate::counts::{self, Counted};
use crate::database::{self, Column, DatabaseProvider, Receipt, Slip, Table, TableWalk};
use crate::diagnose::{Layer, Sample, small};
use crate::error::ExchangeError;
use crate::file::{self, FileWalk};
use crate::ldap::{self, LdapProvider, LdapWalk};
use crate::observe::RequestObserver;
use crate::pager::{HttpWalk, Page, Position};
use crate::profile::{DatasetSource, Interface, Profile};
use crate::scim::{self, ScimWalk};
use crate::scope::{self, Plan, Scope};
use crate::secrets::Secrets;
use crate::sieve::Sieve;

/// A provider that can be asked, through whatever door it has.
pub enum Provider {
    /// An HTTP interface.
    Http(Box<HttpProvider>),
    /// A front-end database.
    Database(Box<DatabaseProvider>),
    /// Files.
    File(Arc<dyn RequestObserver>),
    /// A SCIM 2.0 service.
    Scim(Box<HttpProvider>),
    /// A directory.
    Ldap(Box<LdapProvider>),
}

/// Goes through the rows of one dataset, page by page.
pub struct Walk {
    way: Way,
    /// What the provider could not be asked to leave out.
    sieve: Option<Sieve>,
    /// Why it cannot be begun.
    refused: Option<ExchangeError>,
}

enum Way {
    /// The pages of an HTTP interface.
    Http(Box<HttpWalk>),
    /// The rows of a table.
    Table(Box<TableWalk>),
    /// The rows of a file.
    File(Box<FileWalk>),
    /// The users of a SCIM 2.0 service.
    Scim(Box<ScimWalk>),
    /// The entries of a directory.
    Ldap(Box<LdapWalk>),
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
            Interface::Scim => HttpProvider::new(profile, secrets, observer)
                .map(|one| Provider::Scim(Box::new(one))),
            Interface::Ldap => LdapProvider::new(profile, secrets, observer)
                .map(|one| Provider::Ldap(Box::new(one))),
        }
    }

    /// What kind of door it is.
    pub fn interface(&self) -> Interface {
        match self {
            Provider::Http(_) => Interface::Http,
            Provider::Database(_) => Interface::Database,
            Provider::File(_) => Interface::File,
            Provider::Scim(_) => Interface::Scim,
            Provider::Ldap(_) => Interface::Ldap,
        }
    }

    /// A walk over `dataset`, its window ending at `until` (UTC+8), going on at `resume`. What the
    /// scope and the source's filters leave out is not asked for, or left out here; where neither can
    /// be done, the first page is the error that [`crate::check_scope`] tells before.
    pub fn walk(
        &self,
        dataset: DatasetId,
        source: &DatasetSource,
        scope: Scope,
        until: &str,
        resume: Option<Position>,
    ) -> Walk {
        let (plan, refused) = match scope::plan(self.interface(), dataset, source, &scope) {
            Ok(plan) => (plan, None),
            Err(error) => (Plan::default(), Some(error)),
        };
        let way = match self {
            Provider::Http(_) => Way::Http(Box::new(
                HttpWalk::new(dataset, source, scope, until, resume).narrowed(plan.params),
            )),
            Provider::Database(_) => {
                let table = source.table.clone().unwrap_or_default();
                Way::Table(Box::new(
                    TableWalk::new(dataset, &table, scope, until, resume).narrowed(plan.table),
                ))
            }
            Provider::File(_) => {
                let file = source.file.clone().unwrap_or_default();
                Way::File(Box::new(FileWalk::new(dataset, &file, &scope, resume)))
            }
            Provider::Scim(_) => {
                let users = source.scim.clone().unwrap_or_default();
                Way::Scim(Box::new(ScimWalk::new(dataset, users, scope, resume)))
            }
            Provider::Ldap(_) => {
                let entries = source.ldap.clone().unwrap_or_default();
                Way::Ldap(Box::new(LdapWalk::new(dataset, entries, scope, resume)))
            }
        };
        Walk {
            way,
            sieve: plan.sieve,
            refused,
        }
    }

    /// The next page of a walk that this provider began, or `None` after the last.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn next(&self, walk: &mut Walk) -> Result<Option<Page>, ExchangeError> {
        if let Some(error) = &walk.refused {
            return Err(error.clone());
        }
        let page = match (self, &mut walk.way) {
            (Provider::Http(provider), Way::Http(walk)) => walk.next(provider).await,
            (Provider::File(observer), Way::File(walk)) => walk.next(observer.as_ref()).await,
            (Provider::Database(provider), Way::Table(walk)) => walk.next(provider).await,
            (Provider::Scim(provider), Way::Scim(walk)) => walk.next(provider).await,
            (Provider::Ldap(provider), Way::Ldap(walk)) => walk.next(provider).await,
            // A walk of another provider has nothing here.
            _ => Ok(None),
        };
        let mut page = page?;
        if let (Some(page), Some(sieve)) = (&mut page, &walk.sieve) {
            sieve.sift(page);
        }
        Ok(page)
    }

    /// The provider's counts by day and department in a window of time in UTC+8, where it offers them.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn counts(
        &self,
        dataset: DatasetId,
        source: &DatasetSource,
        window: (&str, &str),
    ) -> Result<Option<Vec<Counted>>, ExchangeError> {
        match self {
            Provider::Http(provider) => counts::ask(provider, dataset, source, window).await,
            _ => Ok(None),
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
            _ => Ok(Vec::new()),
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
        self.first_page_of(dataset, source, Scope::Full, until)
            .await
    }

    /// The first page of a scope, small.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn first_page_of(
        &self,
        dataset: DatasetId,
        source: &DatasetSource,
        scope: Scope,
        until: &str,
    ) -> Result<Option<Page>, ExchangeError> {
        let mut walk = self.walk(dataset, &small(source), scope, until, None);
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
            Provider::Scim(provider) => scim::diagnose(provider, profile, on_layer).await,
            Provider::Ldap(provider) => ldap::diagnose(provider, profile, on_layer).await,
        }
    }
}

//! The front-end database (前置库): exchange tables that the provider fills and the demander reads.
//!
//! The database itself writes each row as a JSON object, so that a row looks like any other raw record
//! and no column type needs its own reading here. Rows are read in the order of their keys, a batch at
//! a time: no open cursor, no memory that grows, and any batch can be the first after a break.

mod diagnose;
mod fault;
mod greeting;
mod library;
mod link;
mod mysql;
mod one;
mod postgres;
mod reach;
mod receipts;
mod statement;
mod table;
mod walk;

use std::sync::Arc;

use url::Url;
use zeroize::Zeroizing;
use zhengqiao_domain::DatasetId;

pub use library::Library;
pub use receipts::{Receipt, Slip};
pub use table::{Column, Polling, Receipts, Table, TableSource};
pub use walk::TableWalk;

use crate::auth::Auth;
use crate::diagnose::secured::has_certificate;
use crate::error::ExchangeError;
use crate::network::{Network, is_loopback};
use crate::observe::RequestObserver;
use crate::profile::{Environment, Profile};
use crate::secrets::Secrets;
use crate::tls;

pub(crate) use diagnose::diagnose;
use link::Link;

/// Which database system it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// PostgreSQL, and those that speak as it does.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

/// Whether everything must be encrypted: wherever the profile says whom to trust or how to prove who
/// we are, and wherever else it is not this machine.
fn encrypted(profile: &Profile, url: &Url) -> bool {
    let network = &profile.network;
    if !network.ca_bundle.trim().is_empty() || !network.client_certificate.trim().is_empty() {
        return true;
    }
    !is_loopback(url)
        && (!network.allow_plain_http || profile.environment == Environment::Production)
}

/// A database that can be asked.
pub struct DatabaseProvider {
    system: System,
    host: String,
    port: u16,
    database: String,
    user: String,
    password: Zeroizing<String>,
    /// Whether everything must be encrypted.
    encrypted: bool,
    /// Whether it is this machine.
    is_here: bool,
    network: Network,
    secrets: Secrets,
    observer: Arc<dyn RequestObserver>,
}

impl DatabaseProvider {
    /// A provider for a profile and its secret, which is the password.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the profile cannot be used.
    pub fn new(
        profile: &Profile,
        secrets: Secrets,
        observer: Arc<dyn RequestObserver>,
    ) -> Result<Self, ExchangeError> {
        profile.validate()?;
        let url = profile.address()?;
        let system = match url.scheme() {
            "mysql" | "mariadb" => System::Mysql,
            _ => System::Postgres,
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        let user = match &profile.auth {
            Auth::Basic { user } => user.clone(),
            _ => String::new(),
        };
        let encrypted = encrypted(profile, &url);
        if encrypted {
            tls::client_config(&profile.network, &secrets)?;
        }
        Ok(Self {
            system,
            port: url.port().unwrap_or(match system {
                System::Postgres => 5432,
                System::Mysql => 3306,
            }),
            database: url.path().trim_matches('/').to_owned(),
            user,
            password: Zeroizing::new(secrets.expose().to_owned()),
            encrypted,
            is_here: is_loopback(&url),
            host,
            network: profile.network.clone(),
            secrets,
            observer,
        })
    }

    /// Writes back what became of rows.
    ///
    /// # Errors
    /// What went wrong, by its name. Rows without a receipt come again.
    pub async fn acknowledge(
        &self,
        dataset: DatasetId,
        source: &TableSource,
        receipts: Vec<(Slip, Receipt)>,
    ) -> Result<(), ExchangeError> {
        receipts::write(self, dataset, source, receipts).await
    }

    /// The host as it is resolved: an IPv6 address without brackets.
    fn bare_host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// Where it is, without user and password.
    fn place(&self) -> String {
        let scheme = match self.system {
            System::Postgres => "postgresql",
            System::Mysql => "mysql",
        };
        format!("{scheme}://{}:{}/{}", self.host, self.port, self.database)
    }

    async fn connect(&self) -> Result<Link, fault::Trouble> {
        let limit = std::time::Duration::from_millis(self.network.connect_timeout_ms);
        let connecting = async {
            Ok(match self.system {
                System::Postgres => Link::Postgres(postgres::connect(self).await?),
                System::Mysql => Link::Mysql(Box::new(mysql::connect(self).await?)),
            })
        };
        tokio::time::timeout(limit, connecting)
            .await
            .unwrap_or_else(|_| {
                Err(fault::Trouble::timeout(
                    "the database does not answer in time",
                ))
            })
            .map_err(|trouble| {
                if has_certificate(&self.network) {
                    trouble.proving()
                } else {
                    trouble
                }
            })
    }

    /// The tables that the user may read.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn tables(&self) -> Result<Vec<Table>, ExchangeError> {
        let read = async { self.connect().await?.tables().await };
        read.await
            .map_err(|trouble| trouble.of(None, &self.place()))
    }

    /// The columns of a table; none when there is no such table that the user may see.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn columns(&self, table: &str) -> Result<Vec<Column>, ExchangeError> {
        let (schema, name) = walk::name_of(table);
        let read = async { self.connect().await?.columns(schema, name).await };
        read.await.map_err(|trouble| trouble.of(None, table))
    }
}

//! The front-end database (前置库): exchange tables that the provider fills and the demander reads.
//!
//! The database itself writes each row as a JSON object, so that a row looks like any other raw record
//! and no column type needs its own reading here. Rows are read in the order of their keys, a batch at
//! a time: no open cursor, no memory that grows, and any batch can be the first after a break.

mod diagnose;
mod fault;
mod library;
mod link;
mod mysql;
mod postgres;
mod receipts;
mod statement;
mod table;
mod walk;

use std::sync::Arc;

use zeroize::Zeroizing;
use zhengqiao_domain::DatasetId;

pub use library::Library;
pub use receipts::{Receipt, Slip};
pub use table::{Column, Polling, Receipts, TableSource};
pub use walk::TableWalk;

use crate::auth::Auth;
use crate::error::ExchangeError;
use crate::network::Network;
use crate::observe::RequestObserver;
use crate::profile::{Environment, Profile};
use crate::secrets::Secrets;

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
        let is_local = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        Ok(Self {
            system,
            port: url.port().unwrap_or(match system {
                System::Postgres => 5432,
                System::Mysql => 3306,
            }),
            database: url.path().trim_matches('/').to_owned(),
            user,
            password: Zeroizing::new(secrets.expose().to_owned()),
            encrypted: !is_local
                && (!profile.network.allow_plain_http
                    || profile.environment == Environment::Production),
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
    }
}

//! The way to the portal's library in PostgreSQL: the same connection, encryption and names of
//! faults as for a front-end database.

use std::sync::Arc;
use std::time::Instant;

use super::fault::Trouble;
use super::{DatabaseProvider, postgres};
use crate::auth::Auth;
use crate::diagnose::{Layer, ms};
use crate::error::{ExchangeError, Fault};
use crate::network::Network;
use crate::observe::NoObserver;
use crate::profile::{Environment, Interface, Profile};
use crate::secrets::Secrets;
use crate::target::{PostgresTarget, Target};

/// An open connection to a library.
pub struct Library(postgres::Client);

fn provider(
    target: &PostgresTarget,
    network: &Network,
    environment: Environment,
    secrets: Secrets,
) -> Result<DatabaseProvider, ExchangeError> {
    let profile = Profile {
        interface: Interface::Database,
        base_url: target.url.clone(),
        environment,
        auth: Auth::Basic {
            user: target.user.clone(),
        },
        network: Target::network(network),
        ..Profile::default()
    };
    DatabaseProvider::new(&profile, secrets, Arc::new(NoObserver))
}

impl Library {
    /// Connects.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn open(
        target: &PostgresTarget,
        network: &Network,
        environment: Environment,
        secrets: Secrets,
    ) -> Result<Self, ExchangeError> {
        let to = provider(target, network, environment, secrets)?;
        connect(&to)
            .await
            .map_err(|trouble| trouble.of(None, &to.place()))
    }

    /// A failed statement by the name of its fault.
    pub fn fault(error: tokio_postgres::Error) -> ExchangeError {
        Trouble::from(error).of(None, "library")
    }

    /// What statements are sent through.
    pub fn client(&self) -> &tokio_postgres::Client {
        &self.0.client
    }

    /// Goes the way to the library layer by layer, each handed out as it ends; `None` where it ends
    /// before.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the settings cannot be used.
    pub async fn reach(
        target: &PostgresTarget,
        network: &Network,
        environment: Environment,
        secrets: Secrets,
        on_layer: &mut (impl FnMut(Layer) + Send),
    ) -> Result<Option<Self>, ExchangeError> {
        let to = provider(target, network, environment, secrets)?;
        on_layer(Layer::ok("settings", to.place(), 0));

        let begun = Instant::now();
        let host = to.host.trim_matches(['[', ']']).to_owned();
        let failed = |name, fault: Fault, seen: String, begun| {
            Layer::failed(name, seen, fault.code(), ms(begun))
        };
        let addresses: Vec<_> = match tokio::net::lookup_host((host.as_str(), to.port)).await {
            Ok(found) => found.collect(),
            Err(error) => {
                let seen = format!("{host}: {error}");
                on_layer(failed("name", Fault::NameResolution, seen, begun));
                return Ok(None);
            }
        };
        let shown = addresses
            .first()
            .map_or_else(String::new, |one| format!("{host} → {}", one.ip()));
        on_layer(Layer::ok("name", shown, ms(begun)));

        let begun = Instant::now();
        let limit = std::time::Duration::from_millis(to.network.connect_timeout_ms);
        let connecting = tokio::net::TcpStream::connect(addresses.as_slice());
        let place = format!("{host}:{}", to.port);
        match tokio::time::timeout(limit, connecting).await {
            Ok(Ok(_)) => on_layer(Layer::ok("tcp", place, ms(begun))),
            Ok(Err(error)) => {
                let seen = format!("{place}: {error}");
                on_layer(failed("tcp", Fault::Connect, seen, begun));
                return Ok(None);
            }
            Err(_) => {
                let seen = format!("{place}: {} ms", to.network.connect_timeout_ms);
                on_layer(failed("tcp", Fault::Timeout, seen, begun));
                return Ok(None);
            }
        }

        let begun = Instant::now();
        match connect(&to).await {
            Ok(client) => {
                on_layer(if to.encrypted {
                    Layer::ok("tls", "TLS", ms(begun))
                } else {
                    Layer::ok("tls", "–", ms(begun))
                });
                on_layer(Layer::ok("authentication", to.user.clone(), ms(begun)));
                Ok(Some(client))
            }
            Err(trouble) => {
                let layer = if trouble.fault == Fault::Tls {
                    "tls"
                } else {
                    "authentication"
                };
                on_layer(failed(layer, trouble.fault, trouble.what, begun));
                Ok(None)
            }
        }
    }
}

async fn connect(to: &DatabaseProvider) -> Result<Library, Trouble> {
    let limit = std::time::Duration::from_millis(to.network.connect_timeout_ms);
    tokio::time::timeout(limit, postgres::connect(to))
        .await
        .unwrap_or_else(|_| Err(Trouble::timeout("the library does not answer in time")))
        .map(Library)
}

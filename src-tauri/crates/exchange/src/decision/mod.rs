//! Decisions about the bindings of portal accounts, brought to the portal.
//!
//! A door of any kind does two things: it tells what an account has at present, and it gives the
//! account what it should have. Because the present state is always asked first, a decision that has
//! arrived is never sent again, whatever broke off in between.

mod http;
mod plan;
mod scim;
mod sql;
mod target;
mod template;

use std::sync::Arc;

pub use plan::{Act, Order, Outlook, Present, Wanted, outlook};
pub use target::{DecisionTarget, HttpAct, HttpTarget, ScimTarget, SqlTarget};

use crate::auth::Auth;
use crate::client::HttpProvider;
use crate::database::DatabaseProvider;
use crate::error::ExchangeError;
use crate::observe::RequestObserver;
use crate::profile::{Interface, Profile};
use crate::secrets::Secrets;

/// The portal's way to take decisions, opened.
pub enum DecisionDoor {
    /// A SCIM 2.0 service.
    Scim(Box<HttpProvider>, ScimTarget),
    /// An HTTP interface.
    Http(Box<HttpProvider>, Box<HttpTarget>),
    /// A database.
    Sql(Box<DatabaseProvider>, Box<SqlTarget>),
}

impl DecisionDoor {
    /// The door that a connection's profile describes; its secret is the connection's.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when there is none, or it cannot be used.
    pub fn new(
        profile: &Profile,
        secrets: Secrets,
        observer: Arc<dyn RequestObserver>,
    ) -> Result<Self, ExchangeError> {
        let target = profile
            .decisions
            .clone()
            .ok_or_else(|| target::wrong("kind", "no way to the portal is set up; choose one"))?;
        target.validate(profile.interface)?;
        let http = |base_url: &str, auth: &Auth| {
            HttpProvider::new(
                &other(profile, Interface::Http, base_url, auth),
                secrets.clone(),
                observer.clone(),
            )
            .map(Box::new)
        };
        Ok(match target {
            DecisionTarget::Scim(target) => {
                DecisionDoor::Scim(http(&target.base_url, &target.auth)?, target)
            }
            DecisionTarget::Http(target) => {
                DecisionDoor::Http(http(&target.base_url, &target.auth)?, target)
            }
            DecisionTarget::Sql(target) => {
                let auth = Auth::Basic {
                    user: target.user.clone(),
                };
                let profile = other(profile, Interface::Database, &target.base_url, &auth);
                let database = DatabaseProvider::new(&profile, secrets, observer)?;
                DecisionDoor::Sql(Box::new(database), target)
            }
        })
    }

    /// What an account has at present; `None` when there is no such account.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn present(&self, account_id: &str) -> Result<Option<Present>, ExchangeError> {
        match self {
            DecisionDoor::Scim(provider, target) => {
                scim::present(provider, target, account_id).await
            }
            DecisionDoor::Http(provider, target) => {
                http::present(provider, target, account_id).await
            }
            DecisionDoor::Sql(provider, target) => sql::present(provider, target, account_id).await,
        }
    }

    /// Gives an account what it should have.
    ///
    /// # Errors
    /// What went wrong, by its name; [`crate::Fault::ChangedMeanwhile`] when somebody was faster.
    pub async fn send(&self, order: &Order) -> Result<(), ExchangeError> {
        match self {
            DecisionDoor::Scim(provider, target) => scim::send(provider, target, order).await,
            DecisionDoor::Http(provider, target) => http::send(provider, target, order).await,
            DecisionDoor::Sql(provider, target) => sql::send(provider, target, order).await,
        }
    }

    /// What would be sent, in one line. Keys of people are masked.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the target has no way to do it.
    pub fn describe(&self, order: &Order) -> Result<String, ExchangeError> {
        let order = order.masked();
        match self {
            DecisionDoor::Scim(_, target) => Ok(scim::describe(target, &order)),
            DecisionDoor::Http(_, target) => http::describe(target, &order),
            DecisionDoor::Sql(_, target) => sql::describe(target, &order),
        }
    }
}

/// The profile of the door: the connection's own place and proof where the target names none.
fn other(profile: &Profile, interface: Interface, base_url: &str, auth: &Auth) -> Profile {
    let own = base_url.trim().is_empty();
    Profile {
        interface,
        base_url: if own {
            profile.base_url.clone()
        } else {
            base_url.to_owned()
        },
        auth: if own {
            profile.auth.clone()
        } else {
            auth.clone()
        },
        environment: profile.environment,
        network: profile.network.clone(),
        ..Profile::default()
    }
}

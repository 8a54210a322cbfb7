//! The protocols: same-shaped, each in its own file.
//!
//! Each begins with an address for the browser and what has to come back, and finishes with claims.
//! What lies between (browser, callback, time limit) is the same for all and in [`crate::Trial`].

mod cas;
mod oauth2;
mod oidc;
mod relay;
mod ticket;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;
use url::Url;
use zeroize::Zeroizing;
use zhengqiao_identity::AccountKind;

use crate::error::SignOnError;
use crate::finding::{Finding, FindingKind};
use crate::journal::{Journal, StepKind};
use crate::loopback::{Answer, Expects};
use crate::settings::{Parameter, ProtocolSettings};
use crate::trial::Clock;
use crate::unwrapping::unwrap;
use crate::web::Web;

/// What every protocol has at hand.
pub(crate) struct Trip {
    pub(crate) web: Web,
    pub(crate) journal: Journal,
    pub(crate) kind: AccountKind,
    /// Where the browser comes back to, without any parameter.
    pub(crate) return_to: Url,
    /// Whether the callback takes parameters that we add.
    pub(crate) carries_state: bool,
    pub(crate) state: String,
    pub(crate) secret: Zeroizing<String>,
    pub(crate) unwrap: zhengqiao_exchange::Unwrap,
    pub(crate) unwrap_key: Zeroizing<String>,
    pub(crate) clock: Clock,
}

impl Trip {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Our address with the state in it, for protocols that have no state of their own.
    fn return_with_state(&self) -> Url {
        let mut address = self.return_to.clone();
        address.query_pairs_mut().append_pair("state", &self.state);
        address
    }

    /// What has to come back with that address.
    fn expects(&self, carries: &str, carried: bool) -> Expects {
        Expects {
            carries: carries.to_owned(),
            state: carried.then(|| ("state".to_owned(), self.state.clone())),
        }
    }

    /// Opens what is encrypted in claims and gives them as an object.
    async fn claims(&self, mut found: Value) -> Result<Map<String, Value>, SignOnError> {
        if self.unwrap.is_used() {
            let work = async { unwrap(&self.unwrap, &self.unwrap_key, &mut found) };
            self.journal.during(StepKind::Unwrap, "", work).await?;
        }
        match found {
            Value::Object(claims) => Ok(claims),
            _ => Err(SignOnError::Answer(
                "there is no object where the claims should be: check the pointer".into(),
            )),
        }
    }
}

/// Where the browser goes, and what it has to come back with.
pub(crate) struct Begun {
    pub(crate) open: Url,
    pub(crate) expects: Expects,
    pub(crate) findings: Vec<Finding>,
}

/// What a sign-on brought.
pub struct Received {
    /// The claims, with encrypted values opened.
    pub claims: Map<String, Value>,
    /// What is worth mending about the protocol's side.
    pub findings: Vec<Finding>,
    /// What ends the session again.
    pub logouts: Vec<Logout>,
}

/// How far a logout reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(rename_all = "snake_case")]
pub enum LogoutReach {
    /// The session of this sign-on.
    Local,
    /// The person's session at the province.
    Province,
}

/// What ends a session.
pub struct Logout {
    /// How far it reaches.
    pub reach: LogoutReach,
    /// The address. It may carry what proves; it is never told as it is.
    pub(crate) address: Url,
    /// Whether only the person's browser can do it.
    pub in_browser: bool,
}

/// A protocol of signing on.
pub(crate) trait Protocol: Send + Sync {
    /// Finds out where the browser goes.
    fn begin<'a>(&'a mut self, trip: &'a Trip) -> BoxFuture<'a, Result<Begun, SignOnError>>;

    /// Makes claims out of what came back. `answer` has what was expected.
    fn finish<'a>(
        &'a mut self,
        answer: &'a Answer,
        trip: &'a Trip,
    ) -> BoxFuture<'a, Result<Received, SignOnError>>;
}

/// The protocol of the settings.
pub(crate) fn protocol(settings: &ProtocolSettings) -> Box<dyn Protocol> {
    match settings {
        ProtocolSettings::Oidc(own) => Box::new(oidc::OpenId::new(own)),
        ProtocolSettings::Oauth2(own) => Box::new(oauth2::Plain::new(own)),
        ProtocolSettings::Cas(own) => Box::new(cas::Service::new(own)),
        ProtocolSettings::Ticket(own) => Box::new(ticket::Signed::new(own)),
        ProtocolSettings::Relay(own) => Box::new(relay::Relayed::new(own)),
    }
}

/// An address of the settings.
pub(crate) fn address(field: &str, text: &str) -> Result<Url, SignOnError> {
    Url::parse(text).map_err(|error| SignOnError::Settings {
        field: format!("protocol.{field}"),
        what: format!("{text:?} is no address ({error}); write it as https://host/path"),
    })
}

/// A server's address with a path below it.
pub(crate) fn below(field: &str, server: &str, path: &str) -> Result<Url, SignOnError> {
    let joined = format!(
        "{}/{}",
        server.trim_end_matches('/'),
        path.trim_start_matches('/')
    );
    address(field, &joined)
}

/// Adds the fixed parameters of the settings.
fn with(mut address: Url, extra: &[Parameter]) -> Url {
    if !extra.is_empty() {
        address
            .query_pairs_mut()
            .extend_pairs(extra.iter().map(|one| (&one.name, &one.value)));
    }
    address
}

/// A provider's refusal in the callback.
fn refused(answer: &Answer, trip: &Trip) -> Result<(), SignOnError> {
    match answer.get("error") {
        None => Ok(()),
        Some(code) => Err(SignOnError::Refused {
            code: trip.web.told(code),
            what: trip
                .web
                .told(answer.get("error_description").unwrap_or_default()),
        }),
    }
}

/// The logouts of the settings, opened in the browser, and what is missing among them.
fn browser_logouts(
    local: &str,
    province: &str,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Logout>, SignOnError> {
    let mut list = Vec::new();
    for (reach, field, text) in [
        (LogoutReach::Local, "logout", local),
        (LogoutReach::Province, "province_logout", province),
    ] {
        if !text.is_empty() {
            list.push(Logout {
                reach,
                address: address(field, text)?,
                in_browser: true,
            });
        }
    }
    findings.extend(missing_logout(&list));
    Ok(list)
}

/// What is missing among the logouts.
fn missing_logout(list: &[Logout]) -> Option<Finding> {
    if list.is_empty() {
        return Some(Finding::new(FindingKind::NoLogout, ""));
    }
    list.iter()
        .all(|one| one.reach == LogoutReach::Local)
        .then(|| Finding::new(FindingKind::NoProvinceLogout, ""))
}

//! A whole sign-on for a test, from the address that is opened to the claims that came.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use url::Url;
use zeroize::Zeroizing;
use zhengqiao_exchange::{Caller, Environment, Network, Secrets};
use zhengqiao_identity::AccountKind;

use crate::error::SignOnError;
use crate::finding::{Finding, FindingKind};
use crate::journal::{Journal, StepKind};
use crate::loopback::{Answer, Expects, Loopback};
use crate::protocol::{Begun, Logout, Protocol, Received, Trip, protocol};
use crate::settings::{ProtocolSettings, SignOn};
use crate::unwrapping::weakness;
use crate::web::{Send, Web, shown};

/// What tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + std::marker::Send + Sync>;

/// What a test is made with.
pub struct Setup {
    /// The sign-on.
    pub sign_on: SignOn,
    /// Whose account is tested.
    pub kind: AccountKind,
    /// How the network is used.
    pub network: Network,
    /// The network's secrets.
    pub secrets: Secrets,
    /// Production, test or demonstration.
    pub environment: Environment,
    /// What proves us to the provider.
    pub secret: Zeroizing<String>,
    /// What opens encrypted values.
    pub unwrap_key: Zeroizing<String>,
    /// What tells the time.
    pub clock: Clock,
    /// Where the steps are told.
    pub journal: Journal,
}

/// A test that waits for somebody to sign in.
pub struct Trial {
    protocol: Box<dyn Protocol>,
    trip: Trip,
    begun: Begun,
    loopback: Option<Loopback>,
    time_limit_s: u64,
    findings: Vec<Finding>,
}

impl Trial {
    /// Opens the callback's port and finds out where the browser goes.
    ///
    /// # Errors
    /// [`SignOnError`] when settings, network or provider do not allow it.
    pub async fn begin(setup: Setup) -> Result<Self, SignOnError> {
        let Setup {
            sign_on,
            kind,
            network,
            secrets,
            environment,
            secret,
            unwrap_key,
            clock,
            journal,
        } = setup;
        if let Some(error) = crate::check::check(&sign_on).into_iter().next() {
            return Err(error);
        }
        let addresses = addresses(&sign_on.protocol);
        let encrypted = addresses.iter().any(|url| url.starts_with("https"));
        let web = Web::new(Caller::new(&network, &secrets, environment, encrypted)?);
        web.hide(&secret);
        web.hide(&unwrap_key);
        let mut findings: Vec<Finding> = weakness(&sign_on.unwrap).into_iter().collect();
        for address in &addresses {
            if let Ok(url) = Url::parse(address) {
                web.caller().may_ask(&url)?;
                if url.scheme() == "http" {
                    findings.push(Finding::new(FindingKind::NotHttps, shown(&url)));
                }
            }
        }
        let registered = !sign_on.callback.is_empty();
        let (loopback, return_to) = if registered {
            (None, sign_on.callback.clone())
        } else {
            let work = Loopback::open(sign_on.port);
            let open = journal.during(StepKind::Listen, "127.0.0.1", work).await?;
            let address = open.address();
            (Some(open), address)
        };
        let return_to = Url::parse(&return_to).map_err(|error| SignOnError::Settings {
            field: "callback".into(),
            what: error.to_string(),
        })?;
        if registered && return_to.scheme() == "http" {
            findings.push(Finding::new(FindingKind::NotHttps, shown(&return_to)));
        }
        let trip = Trip {
            web,
            journal,
            kind,
            return_to,
            carries_state: !registered,
            state: random(),
            secret,
            unwrap: sign_on.unwrap.clone(),
            unwrap_key,
            clock,
        };
        let mut protocol = protocol(&sign_on.protocol);
        let begun = protocol.begin(&trip).await?;
        findings.extend(begun.findings.iter().cloned());
        Ok(Self {
            protocol,
            trip,
            begun,
            loopback,
            time_limit_s: sign_on.time_limit_s,
            findings,
        })
    }

    /// Where the browser goes.
    pub fn address(&self) -> &Url {
        &self.begun.open
    }

    /// Where the browser comes back to.
    pub fn return_to(&self) -> &Url {
        &self.trip.return_to
    }

    /// What an address has to carry, for one that is pasted.
    pub fn expects(&self) -> Expects {
        self.begun.expects.clone()
    }

    /// Waits for the browser or for a pasted address, whichever comes first, and goes on to the
    /// claims.
    ///
    /// # Errors
    /// [`SignOnError::TimedOut`], and everything that a provider can do wrong.
    pub async fn receive(
        &mut self,
        mut pasted: mpsc::Receiver<Answer>,
    ) -> Result<Received, SignOnError> {
        let limit = Duration::from_secs(self.time_limit_s);
        let (loopback, expects) = (self.loopback.take(), self.begun.expects.clone());
        let wait = async {
            let paste = async {
                match pasted.recv().await {
                    Some(answer) => answer,
                    // Nobody can paste any more; the port is still there.
                    None => std::future::pending().await,
                }
            };
            match loopback {
                None => Ok(paste.await),
                Some(loopback) => tokio::select! {
                    answer = loopback.answer(expects) => answer,
                    answer = paste => Ok(answer),
                },
            }
        };
        let limited = async {
            tokio::time::timeout(limit, wait)
                .await
                .map_err(|_| SignOnError::TimedOut(self.time_limit_s))?
        };
        let subject = shown(&self.begun.open);
        let answer = self
            .trip
            .journal
            .during(StepKind::Browser, subject, limited)
            .await?;
        self.begun.expects.check(&answer)?;
        let mut received = self.protocol.finish(&answer, &self.trip).await?;
        received.findings.append(&mut self.findings);
        received.findings.sort();
        received.findings.dedup();
        Ok(received)
    }

    /// Ends the sessions that this test made: on the back channel at once, in the browser by the
    /// addresses that are given back.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn log_out(&self, logouts: Vec<Logout>) -> Result<Vec<Url>, SignOnError> {
        let mut in_browser = Vec::new();
        for one in logouts {
            if one.in_browser {
                in_browser.push(one.address);
                continue;
            }
            let work = async {
                let (status, _) = self
                    .trip
                    .web
                    .send(&one.address, Send::Query, &[], &[])
                    .await?;
                if status >= 400 {
                    return Err(SignOnError::Refused {
                        code: status.to_string(),
                        what: String::new(),
                    });
                }
                Ok(())
            };
            self.trip
                .journal
                .during(StepKind::Logout, shown(&one.address), work)
                .await?;
        }
        Ok(in_browser)
    }
}

/// The addresses of the settings.
fn addresses(protocol: &ProtocolSettings) -> Vec<String> {
    let list: Vec<&String> = match protocol {
        ProtocolSettings::Oidc(own) => vec![&own.issuer],
        ProtocolSettings::Oauth2(own) => vec![
            &own.authorize,
            &own.token,
            &own.user_info,
            &own.logout,
            &own.province_logout,
        ],
        ProtocolSettings::Cas(own) => vec![&own.server, &own.province_logout],
        ProtocolSettings::Ticket(own) => vec![
            &own.login,
            &own.interface,
            &own.logout,
            &own.province_logout,
        ],
        ProtocolSettings::Relay(own) => vec![&own.server, &own.province_logout],
    };
    let mut list: Vec<String> = list
        .into_iter()
        .filter(|text| !text.is_empty())
        .cloned()
        .collect();
    list.dedup();
    list
}

/// 256 random bits as text.
fn random() -> String {
    openidconnect::CsrfToken::new_random_len(32)
        .secret()
        .clone()
}

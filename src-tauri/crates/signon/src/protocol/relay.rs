//! Relay: `sendLogin?paramKey` → `verid` → `getLoginUser`.
//!
//! Source: practice of a site of such a platform. The relay knows a site by its key and sends the
//! browser to the address that it has registered, so that nothing of ours comes back: a state only
//! does where the relay takes an address from us.

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{
    Begun, Logout, LogoutReach, Protocol, Received, Trip, address, below, missing_logout, refused,
};
use crate::error::SignOnError;
use crate::finding::{Finding, FindingKind};
use crate::journal::StepKind;
use crate::loopback::Answer;
use crate::settings::Relay;
use crate::web::{Send, shown, text_at};

/// A site behind a relay.
pub(super) struct Relayed {
    own: Relay,
    findings: Vec<Finding>,
}

impl Relayed {
    pub(super) fn new(own: &Relay) -> Self {
        Self {
            own: own.clone(),
            findings: Vec::new(),
        }
    }
}

impl Protocol for Relayed {
    fn begin<'a>(&'a mut self, trip: &'a Trip) -> BoxFuture<'a, Result<Begun, SignOnError>> {
        Box::pin(async move {
            let own = &self.own;
            let mut open = below("login_path", &own.server, &own.login_path)?;
            open.query_pairs_mut()
                .append_pair("paramKey", &own.param_key);
            let carried = trip.carries_state && !own.return_name.is_empty();
            if carried {
                open.query_pairs_mut()
                    .append_pair(&own.return_name, trip.return_with_state().as_str());
            } else {
                self.findings
                    .push(Finding::new(FindingKind::NoState, shown(&trip.return_to)));
            }
            Ok(Begun {
                open,
                expects: trip.expects(&own.verid_name, carried),
                findings: self.findings.clone(),
            })
        })
    }

    fn finish<'a>(
        &'a mut self,
        answer: &'a Answer,
        trip: &'a Trip,
    ) -> BoxFuture<'a, Result<Received, SignOnError>> {
        Box::pin(async move {
            refused(answer, trip)?;
            let own = &self.own;
            let verid = answer
                .get(&own.verid_name)
                .ok_or_else(|| SignOnError::Missing(own.verid_name.clone()))?;
            trip.web.hide(verid);
            let carried = vec![("verid".to_owned(), verid.to_owned())];
            let user = below("user_path", &own.server, &own.user_path)?;
            let work = async {
                let (status, body) = trip.web.ask(&user, Send::Query, &carried, &[]).await?;
                let well = own.success_at.is_empty()
                    || matches!(
                        text_at(&body, &own.success_at).as_deref(),
                        Some("true" | "1" | "200" | "0")
                    );
                if status >= 400 || !well {
                    let said = body.pointer(&own.claims_at).and_then(Value::as_str);
                    return Err(SignOnError::Refused {
                        code: status.to_string(),
                        what: trip.web.told(said.unwrap_or_default()),
                    });
                }
                Ok(body.pointer(&own.claims_at).cloned().unwrap_or_default())
            };
            let found = trip
                .journal
                .during(StepKind::UserInfo, shown(&user), work)
                .await?;
            let mut claims = trip.claims(found).await?;
            // The ticket among the claims is a proof, not a property of the person.
            if let Some(ticket) = claims.remove("ticket")
                && let Some(text) = ticket.as_str()
            {
                trip.web.hide(text);
            }
            let mut logouts = Vec::new();
            if !own.logout_path.is_empty() {
                let mut local = below("logout_path", &own.server, &own.logout_path)?;
                local.query_pairs_mut().extend_pairs(&carried);
                logouts.push(Logout {
                    reach: LogoutReach::Local,
                    address: local,
                    in_browser: false,
                });
            }
            if !own.province_logout.is_empty() {
                let mut all = address("province_logout", &own.province_logout)?;
                all.query_pairs_mut()
                    .append_pair("uuid", &own.uuid)
                    .append_pair("paramKey", &own.param_key);
                logouts.push(Logout {
                    reach: LogoutReach::Province,
                    address: all,
                    in_browser: true,
                });
            }
            let mut findings = self.findings.clone();
            findings.extend(missing_logout(&logouts));
            Ok(Received {
                claims,
                findings,
                logouts,
            })
        })
    }
}

//! Ticket with signature: `ticketValidate` → token → `findOutsideUserByToken`.
//!
//! Source: practice of the JIS family, DB37/T 3448.8. Every call carries mark, time and
//! MD5(mark + word + time), which is weak and is told as a finding.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use url::Url;
use zhengqiao_exchange::{StampForm, jis_sign};
use zhengqiao_identity::AccountKind;

use super::{Begun, Protocol, Received, Trip, address, browser_logouts, refused};
use crate::error::SignOnError;
use crate::finding::{Finding, FindingKind};
use crate::journal::StepKind;
use crate::loopback::Answer;
use crate::settings::Ticket;
use crate::web::{Send, shown, text_at};

/// An application of the family.
pub(super) struct Signed {
    own: Ticket,
    findings: Vec<Finding>,
}

impl Signed {
    pub(super) fn new(own: &Ticket) -> Self {
        Self {
            own: own.clone(),
            findings: vec![Finding::new(FindingKind::WeakAlgorithm, "MD5")],
        }
    }

    /// One signed call; gives the whole answer when its code says that it went well.
    async fn ask(
        &self,
        trip: &Trip,
        interface: &Url,
        service: &str,
        params: Value,
    ) -> Result<Value, SignOnError> {
        let own = &self.own;
        let now = u64::try_from(trip.now().timestamp_millis()).unwrap_or_default();
        let time = StampForm::Compact.write(now);
        let fields: Vec<(String, String)> = [
            ("appmark", own.app_mark.clone()),
            ("time", time.clone()),
            ("sign", jis_sign(&own.app_mark, &trip.secret, &time)),
            ("servicename", service.to_owned()),
            ("params", params.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let how = if own.as_form { Send::Form } else { Send::Query };
        let (_, body) = trip.web.ask(interface, how, &fields, &[]).await?;
        match text_at(&body, &own.code_at) {
            Some(code) if code == own.success_code => Ok(body),
            Some(code) => Err(SignOnError::Refused {
                code: trip.web.told(&code),
                what: trip
                    .web
                    .told(&text_at(&body, &own.message_at).unwrap_or_default()),
            }),
            None => Err(SignOnError::Answer(format!(
                "there is no code at {:?}",
                own.code_at
            ))),
        }
    }
}

impl Protocol for Signed {
    fn begin<'a>(&'a mut self, trip: &'a Trip) -> BoxFuture<'a, Result<Begun, SignOnError>> {
        Box::pin(async move {
            let own = &self.own;
            let mut open = address("login", &own.login)?;
            open.query_pairs_mut().append_pair("appmark", &own.app_mark);
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
                expects: trip.expects(&own.ticket_name, carried),
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
            let ticket = answer
                .get(&own.ticket_name)
                .ok_or_else(|| SignOnError::Missing(own.ticket_name.clone()))?;
            trip.web.hide(ticket);
            let interface = address("interface", &own.interface)?;
            let subject = |service: &str| format!("{} {service}", shown(&interface));
            let work = async {
                let asked = json!({ "ticket": ticket });
                let body = self
                    .ask(trip, &interface, &own.validate_service, asked)
                    .await?;
                text_at(&body, &own.token_at).ok_or_else(|| {
                    SignOnError::Answer(format!("there is no token at {:?}", own.token_at))
                })
            };
            let token = trip
                .journal
                .during(StepKind::Exchange, subject(&own.validate_service), work)
                .await?;
            trip.web.hide(&token);
            let service = match trip.kind {
                AccountKind::Natural => &own.natural_service,
                AccountKind::Legal | AccountKind::Agent => &own.legal_service,
            };
            let work = async {
                let asked = json!({ "token": token });
                let body = self.ask(trip, &interface, service, asked).await?;
                Ok(body.pointer(&own.claims_at).cloned().unwrap_or_default())
            };
            let found = trip
                .journal
                .during(StepKind::UserInfo, subject(service), work)
                .await?;
            let claims = trip.claims(found).await?;
            let mut findings = self.findings.clone();
            let logouts = browser_logouts(&own.logout, &own.province_logout, &mut findings)?;
            Ok(Received {
                claims,
                findings,
                logouts,
            })
        })
    }
}

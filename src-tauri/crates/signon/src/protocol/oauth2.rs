//! OAuth 2.0 with user info, with names and places as data.
//!
//! Source: RFC 6749, RFC 7636. It is written out rather than taken from a library, because the
//! families of practice rename parameters, wrap answers in envelopes and carry tokens in addresses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use serde_json::Value;

use super::{Begun, Protocol, Received, Trip, address, browser_logouts, refused, with};
use crate::error::SignOnError;
use crate::finding::{Finding, FindingKind};
use crate::journal::StepKind;
use crate::loopback::{Answer, Expects};
use crate::settings::{ClientAuth, OAuth2, TokenPlace};
use crate::web::{Send, shown, text_at};

/// A client of such a provider.
pub(super) struct Plain {
    own: OAuth2,
    verifier: Option<PkceCodeVerifier>,
}

impl Plain {
    pub(super) fn new(own: &OAuth2) -> Self {
        Self {
            own: own.clone(),
            verifier: None,
        }
    }

    /// Whether an answer says that it went well.
    fn judged(&self, trip: &Trip, status: u16, body: &Value) -> Result<(), SignOnError> {
        let envelope = &self.own.envelope;
        let said = |pointer: &str| {
            let text = (!pointer.is_empty())
                .then(|| text_at(body, pointer))
                .flatten();
            trip.web.told(&text.unwrap_or_default())
        };
        if let Some(code) = text_at(body, "/error") {
            return Err(SignOnError::Refused {
                code: trip.web.told(&code),
                what: said("/error_description"),
            });
        }
        let success = said(&envelope.success);
        if !envelope.success.is_empty() && success != envelope.success_value {
            return Err(SignOnError::Refused {
                code: success,
                what: said(&envelope.message),
            });
        }
        if status >= 400 {
            return Err(SignOnError::Refused {
                code: status.to_string(),
                what: said(&envelope.message),
            });
        }
        Ok(())
    }

    async fn exchange(&mut self, code: &str, trip: &Trip) -> Result<String, SignOnError> {
        let own = &self.own;
        let mut params = vec![
            ("grant_type".to_owned(), "authorization_code".to_owned()),
            (own.names.code.clone(), code.to_owned()),
            (own.names.redirect_uri.clone(), trip.return_to.to_string()),
        ];
        let mut headers = Vec::new();
        if own.client_auth == ClientAuth::Basic {
            let pair = STANDARD.encode(format!("{}:{}", own.client_id, &*trip.secret));
            headers.push(("authorization".to_owned(), format!("Basic {pair}")));
        } else {
            params.push((own.names.client_id.clone(), own.client_id.clone()));
        }
        if own.client_auth == ClientAuth::Post {
            params.push((own.names.client_secret.clone(), trip.secret.to_string()));
        }
        if let Some(verifier) = self.verifier.take() {
            params.push(("code_verifier".to_owned(), verifier.into_secret()));
        }
        let how = if own.exchange_in_query {
            Send::Query
        } else {
            Send::Form
        };
        let token = address("token", &own.token)?;
        let (status, body) = trip.web.ask(&token, how, &params, &headers).await?;
        self.judged(trip, status, &body)?;
        text_at(&body, &self.own.token_at).ok_or_else(|| {
            SignOnError::Answer(format!("there is no token at {:?}", self.own.token_at))
        })
    }

    async fn user_info(&self, token: &str, trip: &Trip) -> Result<Value, SignOnError> {
        let own = &self.own;
        let carried = vec![(own.names.access_token.clone(), token.to_owned())];
        let bearer = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        let (how, params, headers) = match own.token_in {
            TokenPlace::Header => (Send::Query, Vec::new(), bearer),
            TokenPlace::Query => (Send::Query, carried, Vec::new()),
            TokenPlace::Form => (Send::Form, carried, Vec::new()),
        };
        let place = address("user_info", &own.user_info)?;
        let (status, body) = trip.web.ask(&place, how, &params, &headers).await?;
        self.judged(trip, status, &body)?;
        Ok(body.pointer(&own.claims_at).cloned().unwrap_or_default())
    }
}

impl Protocol for Plain {
    fn begin<'a>(&'a mut self, trip: &'a Trip) -> BoxFuture<'a, Result<Begun, SignOnError>> {
        Box::pin(async move {
            let own = &self.own;
            let mut open = with(address("authorize", &own.authorize)?, &own.extra);
            {
                let mut query = open.query_pairs_mut();
                query
                    .append_pair("response_type", "code")
                    .append_pair(&own.names.client_id, &own.client_id)
                    .append_pair(&own.names.redirect_uri, trip.return_to.as_str())
                    .append_pair(&own.names.state, &trip.state);
                if !own.scopes.is_empty() {
                    query.append_pair("scope", &own.scopes.join(" "));
                }
                if own.pkce {
                    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
                    query
                        .append_pair("code_challenge", challenge.as_str())
                        .append_pair("code_challenge_method", challenge.method().as_str());
                    trip.web.hide(verifier.secret());
                    self.verifier = Some(verifier);
                }
            }
            Ok(Begun {
                open,
                expects: Expects {
                    carries: own.names.code.clone(),
                    state: Some((own.names.state.clone(), trip.state.clone())),
                },
                findings: Vec::new(),
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
            let code = answer
                .get(&self.own.names.code)
                .ok_or_else(|| SignOnError::Missing(self.own.names.code.clone()))?;
            trip.web.hide(code);
            let place = address("token", &self.own.token)?;
            let work = self.exchange(code, trip);
            let token = trip
                .journal
                .during(StepKind::Exchange, shown(&place), work)
                .await?;
            trip.web.hide(&token);
            let place = address("user_info", &self.own.user_info)?;
            let work = self.user_info(&token, trip);
            let found = trip
                .journal
                .during(StepKind::UserInfo, shown(&place), work)
                .await?;
            let claims = trip.claims(found).await?;
            let mut findings = Vec::new();
            if self.own.token_in == TokenPlace::Query {
                findings.push(Finding::new(FindingKind::WeakAlgorithm, "token in address"));
            }
            let logouts =
                browser_logouts(&self.own.logout, &self.own.province_logout, &mut findings)?;
            Ok(Received {
                claims,
                findings,
                logouts,
            })
        })
    }
}

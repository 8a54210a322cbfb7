//! OpenID Connect: discovery, authorization code with PKCE, the token checked, user info added.
//!
//! Source: OpenID Connect Core 1.0 3.1.3.7, Discovery 1.0, RP-Initiated Logout 1.0, RFC 7636,
//! RFC 9207. Tokens are judged by the `openidconnect` crate; what it leaves to its users is here: the
//! issuer in the callback, keys that changed meanwhile, and clocks that differ.

mod refusals;

use chrono::{DateTime, Duration, Utc};
use futures_util::future::BoxFuture;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreGrantType, CoreIdToken, CoreJsonWebKey, CoreJsonWebKeySet,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClientId,
    ClientSecret, CsrfToken, DiscoveryError, EndSessionUrl, HttpRequest, HttpResponse, IssuerUrl,
    Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl,
    Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{Begun, Logout, LogoutReach, Protocol, Received, Trip, missing_logout, refused};
use crate::error::SignOnError;
use crate::finding::{Finding, FindingKind};
use crate::journal::StepKind;
use crate::loopback::{Answer, Expects};
use crate::settings::{ClientAuth, Oidc};
use crate::web::{Send, Web, shown};
use refusals::{not_exchanged, not_verified, payload};

/// Seconds of difference between the clocks that nobody need know of.
const UNNOTICED_S: i64 = 60;

/// Signatures that are accepted. `none` and shared secrets are not among them.
const ACCEPTED: [CoreJwsSigningAlgorithm; 10] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EcdsaP521Sha512,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What is read of the metadata besides what everybody needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Further {
    end_session_endpoint: Option<EndSessionUrl>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for Further {}

type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// A client of an OpenID provider.
pub(super) struct OpenId {
    own: Oidc,
    pending: Option<Pending>,
}

/// What only this sign-on knows.
struct Pending {
    metadata: Metadata,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl OpenId {
    pub(super) fn new(own: &Oidc) -> Self {
        Self {
            own: own.clone(),
            pending: None,
        }
    }

    fn secret(&self, trip: &Trip) -> Option<ClientSecret> {
        (self.own.client_auth != ClientAuth::None)
            .then(|| ClientSecret::new(trip.secret.to_string()))
    }

    async fn discover(&self, trip: &Trip) -> Result<Metadata, SignOnError> {
        let issuer =
            IssuerUrl::new(self.own.issuer.clone()).map_err(|error| SignOnError::Settings {
                field: "protocol.issuer".into(),
                what: error.to_string(),
            })?;
        let http = caller(&trip.web);
        Metadata::discover_async(issuer, &http)
            .await
            .map_err(|error| match error {
                DiscoveryError::Request(error) => error,
                DiscoveryError::Validation(what) => SignOnError::WrongIssuer {
                    expected: self.own.issuer.clone(),
                    found: trip.web.told(&what),
                },
                DiscoveryError::Response(status, _, _) => SignOnError::Refused {
                    code: status.as_u16().to_string(),
                    what: "the metadata is not there: check the issuer".into(),
                },
                other => SignOnError::Answer(trip.web.told(&other.to_string())),
            })
    }

    /// RFC 9207: an answer that another provider gave is not exchanged here.
    fn check_issuer(metadata: &Metadata, answer: &Answer) -> Result<(), SignOnError> {
        let told = metadata
            .additional_metadata()
            .authorization_response_iss_parameter_supported
            == Some(true);
        match answer.get("iss") {
            Some(found) if found != metadata.issuer().as_str() => Err(SignOnError::WrongIssuer {
                expected: metadata.issuer().to_string(),
                found: found.chars().take(200).collect(),
            }),
            None if told => Err(SignOnError::WrongIssuer {
                expected: metadata.issuer().to_string(),
                found: String::new(),
            }),
            _ => Ok(()),
        }
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        verifier: PkceCodeVerifier,
        trip: &Trip,
    ) -> Result<CoreTokenResponse, SignOnError> {
        let mut client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.own.client_id.clone()),
            self.secret(trip),
        )
        .set_redirect_uri(redirect(trip));
        if self.own.client_auth == ClientAuth::Post {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        let http = caller(&trip.web);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| SignOnError::Answer("the metadata names no token endpoint".into()))?
            .set_pkce_verifier(verifier);
        request
            .request_async(&http)
            .await
            .map_err(|error| not_exchanged(error, &trip.web))
    }

    /// Checks a token. With keys that do not have the signing one, the provider is asked for them once
    /// more: it may have changed them since.
    async fn verify(
        &self,
        pending: &mut Pending,
        tokens: &CoreTokenResponse,
        trip: &Trip,
        findings: &mut Vec<Finding>,
    ) -> Result<Map<String, Value>, SignOnError> {
        let token = tokens.id_token().ok_or_else(|| {
            SignOnError::Answer("there is no id_token: is openid asked for?".into())
        })?;
        let first = self.judge(pending, token, tokens, trip);
        let issued = match first {
            Err(SignOnError::UnknownKey) => {
                let address = pending.metadata.jwks_uri().clone();
                let http = caller(&trip.web);
                let work = async {
                    CoreJsonWebKeySet::fetch_async(&address, &http)
                        .await
                        .map_err(|error| match error {
                            DiscoveryError::Request(error) => error,
                            other => SignOnError::Answer(trip.web.told(&other.to_string())),
                        })
                };
                let keys = trip
                    .journal
                    .during(StepKind::Keys, shown(address.url()), work)
                    .await?;
                pending.metadata = pending.metadata.clone().set_jwks(keys);
                let issued = self.judge(pending, token, tokens, trip)?;
                findings.push(Finding::new(FindingKind::KeysRotated, ""));
                issued
            }
            other => other?,
        };
        let ahead = (trip.now() - issued).num_seconds();
        if ahead.abs() > UNNOTICED_S {
            findings.push(Finding::new(FindingKind::ClockDiffers, ahead.to_string()));
        }
        payload(token)
    }

    fn judge(
        &self,
        pending: &Pending,
        token: &CoreIdToken,
        tokens: &CoreTokenResponse,
        trip: &Trip,
    ) -> Result<DateTime<Utc>, SignOnError> {
        let client = CoreClient::from_provider_metadata(
            pending.metadata.clone(),
            ClientId::new(self.own.client_id.clone()),
            self.secret(trip),
        );
        let (now, allowed_s) = (trip.now(), self.own.clock_skew_s);
        let skew = Duration::seconds(allowed_s);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ACCEPTED)
            .set_time_fn(move || now - skew);
        let claims = token
            .claims(&verifier, &pending.nonce)
            .map_err(|error| not_verified(error, &self.own, &trip.web))?;
        // A token that has just been asked for was made now.
        let by_s = (now - claims.issue_time()).num_seconds();
        if by_s.abs() > allowed_s {
            return Err(SignOnError::ClockSkewed { by_s, allowed_s });
        }
        if let Some(told) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|_| SignOnError::BadSignature)?;
            let key = token
                .signing_key(&verifier)
                .map_err(|_| SignOnError::BadSignature)?;
            let own = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
                .map_err(|_| SignOnError::BadSignature)?;
            if own != *told {
                return Err(SignOnError::BadSignature);
            }
        }
        Ok(claims.issue_time())
    }

    async fn user_info(
        &self,
        address: &Url,
        token: &str,
        subject: &Value,
        trip: &Trip,
    ) -> Result<Map<String, Value>, SignOnError> {
        let bearer = [("authorization".to_owned(), format!("Bearer {token}"))];
        let (status, body) = trip.web.ask(address, Send::Query, &[], &bearer).await?;
        if status >= 400 {
            return Err(SignOnError::Refused {
                code: status.to_string(),
                what: String::new(),
            });
        }
        let Value::Object(claims) = body else {
            return Err(SignOnError::Answer("the user info is no object".into()));
        };
        if claims.get("sub") != Some(subject) {
            return Err(SignOnError::WrongSubject);
        }
        Ok(claims)
    }

    fn logouts(&self, metadata: &Metadata) -> Vec<Logout> {
        // Without the token as a hint the provider asks once more; with it, the token would stand in
        // the browser's history.
        let Some(place) = &metadata.additional_metadata().end_session_endpoint else {
            return Vec::new();
        };
        let mut address = place.url().clone();
        address
            .query_pairs_mut()
            .append_pair("client_id", &self.own.client_id);
        vec![Logout {
            reach: LogoutReach::Province,
            address,
            in_browser: true,
        }]
    }
}

impl Protocol for OpenId {
    fn begin<'a>(&'a mut self, trip: &'a Trip) -> BoxFuture<'a, Result<Begun, SignOnError>> {
        Box::pin(async move {
            let metadata = trip
                .journal
                .during(
                    StepKind::Discover,
                    self.own.issuer.clone(),
                    self.discover(trip),
                )
                .await?;
            let client = CoreClient::from_provider_metadata(
                metadata.clone(),
                ClientId::new(self.own.client_id.clone()),
                None,
            )
            .set_redirect_uri(redirect(trip));
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            trip.web.hide(verifier.secret());
            let state = trip.state.clone();
            let mut request = client
                .authorize_url(
                    CoreAuthenticationFlow::AuthorizationCode,
                    || CsrfToken::new(state),
                    Nonce::new_random,
                )
                .set_pkce_challenge(challenge)
                .add_scopes(
                    self.own
                        .scopes
                        .iter()
                        .filter(|scope| *scope != "openid")
                        .cloned()
                        .map(Scope::new),
                );
            for one in &self.own.extra {
                request = request.add_extra_param(&one.name, &one.value);
            }
            let (open, _, nonce) = request.url();
            let mut findings = Vec::new();
            if metadata
                .additional_metadata()
                .authorization_response_iss_parameter_supported
                != Some(true)
            {
                findings.push(Finding::new(FindingKind::NoIssuer, self.own.issuer.clone()));
            }
            self.pending = Some(Pending {
                metadata,
                nonce,
                verifier,
            });
            Ok(Begun {
                open,
                expects: Expects {
                    carries: "code".into(),
                    state: Some(("state".into(), trip.state.clone())),
                },
                findings,
            })
        })
    }

    fn finish<'a>(
        &'a mut self,
        answer: &'a Answer,
        trip: &'a Trip,
    ) -> BoxFuture<'a, Result<Received, SignOnError>> {
        Box::pin(async move {
            let mut pending = self
                .pending
                .take()
                .ok_or_else(|| SignOnError::Missing("nonce".into()))?;
            // First, so that not even a refusal of another provider is believed.
            Self::check_issuer(&pending.metadata, answer)?;
            refused(answer, trip)?;
            let code = answer
                .get("code")
                .ok_or_else(|| SignOnError::Missing("code".into()))?;
            trip.web.hide(code);
            let place = pending
                .metadata
                .token_endpoint()
                .map(|place| shown(place.url()))
                .unwrap_or_default();
            let verifier = PkceCodeVerifier::new(pending.verifier.secret().clone());
            let work = self.exchange(&pending.metadata, code, verifier, trip);
            let tokens = trip.journal.during(StepKind::Exchange, place, work).await?;
            trip.web.hide(tokens.access_token().secret());
            let mut findings = Vec::new();
            let issuer = self.own.issuer.clone();
            let work = self.verify(&mut pending, &tokens, trip, &mut findings);
            let mut claims = trip.journal.during(StepKind::Verify, issuer, work).await?;
            if self.own.user_info
                && let Some(place) = pending.metadata.userinfo_endpoint()
            {
                let subject = claims.get("sub").cloned().unwrap_or_default();
                let token = tokens.access_token().secret();
                let work = self.user_info(place.url(), token, &subject, trip);
                let more = trip
                    .journal
                    .during(StepKind::UserInfo, shown(place.url()), work)
                    .await?;
                for (name, value) in more {
                    // What the token says is signed and stays.
                    claims.entry(name).or_insert(value);
                }
            }
            for own in ["nonce", "at_hash", "c_hash", "jti", "sid"] {
                claims.remove(own);
            }
            let claims = trip.claims(Value::Object(claims)).await?;
            let logouts = self.logouts(&pending.metadata);
            findings.extend(missing_logout(&logouts));
            Ok(Received {
                claims,
                findings,
                logouts,
            })
        })
    }
}

/// Our calls in the form that the library asks by.
fn caller(
    web: &Web,
) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, SignOnError>> + use<> {
    let web = web.clone();
    move |request| {
        let web = web.clone();
        Box::pin(async move { web.request(request).await })
    }
}

fn redirect(trip: &Trip) -> RedirectUrl {
    RedirectUrl::from_url(trip.return_to.clone())
}

//! Families of proof: what a request carries so that the provider knows who asks.
//!
//! Each family is a [`Signer`] in its own file. It gets the request, the moment and a fresh nonce
//! as arguments, so that nothing in it depends on the clock or on chance, and what it makes can be
//! compared with what other programs make.

#[cfg(test)]
mod against_openssl;
pub(crate) mod cipher;
pub(crate) mod digests;
mod gateway;
pub(crate) mod jis;
mod oauth2;
mod plain;
mod sealed_body;
pub(crate) mod secret_parts;
mod sm2_envelope;
pub(crate) mod sm2_keys;
mod stamps;
mod tif;
mod timed_gateway;

use bytes::Bytes;

use crate::auth::Auth;
use crate::envelope;
use crate::error::{ExchangeError, Fault};
use crate::profile::{Method, ParamsIn};

/// A request on its way out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outgoing {
    /// GET or POST.
    pub method: Method,
    /// Path below the base address.
    pub path: String,
    /// The service's number at the provider.
    pub service_id: String,
    /// The query.
    pub query: Vec<(String, String)>,
    /// Headers; none of them is ever logged.
    pub headers: Vec<(String, String)>,
    /// What goes in the body.
    pub body: Payload,
}

/// What goes in a body.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Payload {
    /// Nothing.
    #[default]
    Nothing,
    /// JSON.
    Json(serde_json::Map<String, serde_json::Value>),
    /// A form.
    Form(Vec<(String, String)>),
}

impl Outgoing {
    /// A request with its parameters where the profile wants them.
    pub fn new(method: Method, path: &str, params: &[(String, String)], place: ParamsIn) -> Self {
        let (query, body) = match place {
            ParamsIn::Query => (params.to_vec(), Payload::Nothing),
            ParamsIn::JsonBody => (Vec::new(), Payload::Json(json(params))),
        };
        Self {
            method,
            path: path.to_owned(),
            query,
            body,
            ..Self::default()
        }
    }

    fn header(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.headers.push((name.into(), value.into()));
    }

    /// Takes the parameters out of query and body, for families that wrap them.
    fn take_params(&mut self) -> serde_json::Map<String, serde_json::Value> {
        let mut params = json(&std::mem::take(&mut self.query));
        if let Payload::Json(body) = std::mem::take(&mut self.body) {
            params.extend(body);
        }
        params
    }
}

/// Parameters as JSON; whole numbers become numbers.
fn json(params: &[(String, String)]) -> serde_json::Map<String, serde_json::Value> {
    params
        .iter()
        .map(|(name, value)| {
            let number = value
                .parse::<u32>()
                .ok()
                .filter(|number| number.to_string() == *value);
            (
                name.clone(),
                number.map_or_else(|| value.as_str().into(), Into::into),
            )
        })
        .collect()
}

/// What a signature is made with, besides the request and the keys.
#[derive(Debug, Clone, Copy)]
pub struct Ingredients<'a> {
    /// The moment, in ms since 1970.
    pub now_ms: u64,
    /// A text that was never used before.
    pub nonce: &'a str,
    /// What was granted, for families that need it.
    pub granted: Option<&'a str>,
}

/// What a provider grants for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// A token or a secret.
    pub value: String,
    /// Milliseconds until it ends, if it is known.
    pub life_ms: Option<u64>,
}

/// Why a request could not be signed or an answer not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignError {
    /// Which fault.
    pub fault: Fault,
    /// What was seen; never with a secret in it.
    pub what: String,
}

impl SignError {
    fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
        }
    }
}

/// A family of proof.
pub trait Signer: Send + Sync {
    /// The request that must be answered before any other can be signed, if there is one.
    fn grant(&self, _with: Ingredients<'_>) -> Option<Outgoing> {
        None
    }

    /// What its answer grants.
    fn granted(&self, _answer: &[u8], _now_ms: u64) -> Result<Granted, SignError> {
        Err(SignError::new(
            Fault::ProviderRefused,
            "nothing is granted in this family",
        ))
    }

    /// Makes the request prove who asks.
    fn sign(&self, request: &mut Outgoing, with: Ingredients<'_>) -> Result<(), SignError>;

    /// Opens an answer that is wrapped, once it has proven where it comes from.
    fn open(&self, answer: Bytes) -> Result<Bytes, SignError> {
        Ok(answer)
    }

    /// Whether a refused request may be accepted when it is signed anew.
    fn may_pass_anew(&self) -> bool {
        false
    }
}

/// The signer of a connection.
///
/// # Errors
/// [`ExchangeError::Settings`] naming the field that cannot be used.
pub fn signer(auth: &Auth, secret: &str) -> Result<Box<dyn Signer>, ExchangeError> {
    Ok(match auth {
        Auth::None => Box::new(plain::Open),
        Auth::Bearer => Box::new(plain::ApiKey::bearer(secret)),
        Auth::ApiKey { header } => Box::new(plain::ApiKey::new(header, secret)),
        Auth::Basic { user } => Box::new(plain::Basic::new(user, secret)),
        Auth::Gateway { requester_id } => Box::new(gateway::Gateway::new(requester_id, secret)),
        Auth::TimedGateway(family) => Box::new(timed_gateway::Signing::new(family, secret)?),
        Auth::Tif(family) => Box::new(tif::Signing::new(family, secret)),
        Auth::Jis(family) => Box::new(jis::Signing::new(family, secret)),
        Auth::Sm2Envelope(family) => Box::new(sm2_envelope::Signing::new(family, secret)?),
        Auth::SealedBody(family) => Box::new(sealed_body::Signing::new(family, secret)?),
        Auth::Oauth2Client { .. } => Box::new(oauth2::Signing::new(auth, secret)),
    })
}

fn settings(field: &str, what: impl Into<String>) -> ExchangeError {
    ExchangeError::Settings {
        field: field.to_owned(),
        what: what.into(),
    }
}

/// Replaces the value at a pointer by what `open` makes of it; everything else stays as it came,
/// byte for byte. An answer without such a value stays as it is.
fn splice(
    answer: Bytes,
    pointer: &str,
    open: impl FnOnce(&str) -> Result<String, SignError>,
) -> Result<Bytes, SignError> {
    let Ok(text) = std::str::from_utf8(&answer) else {
        return Ok(answer);
    };
    let Some(place) = envelope::place(text, pointer) else {
        return Ok(answer);
    };
    let opened = open(&text[place.clone()])?;
    if serde_json::from_str::<&serde_json::value::RawValue>(&opened).is_err() {
        return Err(SignError::new(
            Fault::AnswerSeal,
            "what the answer sealed is no JSON",
        ));
    }
    Ok([&text[..place.start], &opened, &text[place.end..]]
        .concat()
        .into())
}

//! The back channel of a test: calls to the provider, and what may not be told of them.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::{ACCEPT, CONTENT_TYPE};
use serde_json::Value;
use url::Url;
use url::form_urlencoded;
use zeroize::Zeroizing;
use zhengqiao_exchange::Caller;

use crate::error::SignOnError;

/// Characters of a provider's own words that are told.
const MOST_WORDS: usize = 200;
/// A secret shorter than this would hide half a sentence.
const LEAST_SECRET: usize = 4;

/// Calls under the connection's caps. Clones share everything.
#[derive(Clone)]
pub(crate) struct Web {
    caller: Arc<Caller>,
    hidden: Arc<Mutex<Vec<Zeroizing<String>>>>,
}

/// How parameters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Send {
    /// In the address, with GET.
    Query,
    /// As a form, with POST.
    Form,
}

impl Web {
    pub(crate) fn new(caller: Caller) -> Self {
        Self {
            caller: Arc::new(caller),
            hidden: Arc::default(),
        }
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Remembers a secret, code, ticket or token, which is never told from now on.
    pub(crate) fn hide(&self, secret: &str) {
        if secret.len() >= LEAST_SECRET {
            self.hidden
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Zeroizing::new(secret.to_owned()));
        }
    }

    /// What may be told of a provider's words.
    pub(crate) fn told(&self, words: &str) -> String {
        let mut words: String = words
            .chars()
            .filter(|char| !char.is_control())
            .take(MOST_WORDS * 4)
            .collect();
        for secret in self
            .hidden
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            words = words.replace(secret.as_str(), "…");
        }
        words.chars().take(MOST_WORDS).collect()
    }

    /// A whole request.
    pub(crate) async fn request(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, SignOnError> {
        Ok(self.caller.call(request).await?)
    }

    /// Sends parameters and gives the answer's text, whatever its status.
    pub(crate) async fn send(
        &self,
        address: &Url,
        how: Send,
        params: &[(String, String)],
        headers: &[(String, String)],
    ) -> Result<(u16, String), SignOnError> {
        let mut address = address.clone();
        let mut request = http::Request::builder().header(ACCEPT, "application/json, */*;q=0.5");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = match how {
            Send::Query => {
                if !params.is_empty() {
                    address.query_pairs_mut().extend_pairs(params);
                }
                Vec::new()
            }
            Send::Form => {
                request = request
                    .method("POST")
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(params)
                    .finish()
                    .into_bytes()
            }
        };
        let request =
            request
                .uri(address.as_str())
                .body(body)
                .map_err(|_| SignOnError::Settings {
                    field: "address".into(),
                    what: "address or headers have characters that cannot be sent".into(),
                })?;
        let answer = self.request(request).await?;
        let status = answer.status().as_u16();
        let text = String::from_utf8(answer.into_body())
            .map_err(|_| SignOnError::Answer("it is not UTF-8".into()))?;
        Ok((status, text))
    }

    /// The same where the answer has to be JSON.
    pub(crate) async fn ask(
        &self,
        address: &Url,
        how: Send,
        params: &[(String, String)],
        headers: &[(String, String)],
    ) -> Result<(u16, Value), SignOnError> {
        let (status, text) = self.send(address, how, params, headers).await?;
        match serde_json::from_str(&text) {
            Ok(value) => Ok((status, value)),
            Err(_) if status >= 400 => Err(SignOnError::Refused {
                code: status.to_string(),
                what: String::new(),
            }),
            Err(error) => Err(SignOnError::Answer(format!("no JSON: {error}"))),
        }
    }
}

/// A value at a JSON pointer as text.
pub(crate) fn text_at(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// An address as it may be shown: without its query, which carries what proves.
pub(crate) fn shown(address: &Url) -> String {
    let mut address = address.clone();
    address.set_query(None);
    address.set_fragment(None);
    address.to_string()
}

//! Sending batches to a portal that takes them, with the tries, limits and proofs of every other call.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::client::{HttpProvider, Posting};
use crate::diagnose::Layer;
use crate::error::ExchangeError;
use crate::network::Network;
use crate::observe::NoObserver;
use crate::profile::{DatasetSource, Environment, Method, ParamsIn, Profile};
use crate::secrets::Secrets;
use crate::target::{PushTarget, Target};

/// Characters of a message that are kept.
const MAX_MESSAGE: usize = 200;

/// A portal's interface that takes batches.
pub struct Pusher {
    provider: HttpProvider,
    target: PushTarget,
    source: DatasetSource,
}

/// What the portal said of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The record's key.
    pub key: String,
    /// The code.
    pub code: String,
    /// The message, if there was one.
    pub message: Option<String>,
}

impl Pusher {
    /// A pusher for a target and its secret.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the settings cannot be used.
    pub fn new(
        target: &PushTarget,
        network: &Network,
        environment: Environment,
        secrets: Secrets,
    ) -> Result<Self, ExchangeError> {
        let profile = Profile {
            base_url: target.url.clone(),
            environment,
            auth: target.auth.clone(),
            network: Target::network(network),
            ..Profile::default()
        };
        let source = DatasetSource {
            path: target.path.clone(),
            method: Method::Post,
            params_in: ParamsIn::JsonBody,
            envelope: target.envelope.clone(),
            ..DatasetSource::default()
        };
        Ok(Self {
            provider: HttpProvider::new(&profile, secrets, Arc::new(NoObserver))?,
            target: target.clone(),
            source,
        })
    }

    /// Sends a batch. `None` says that the batch was taken as a whole; otherwise each record has its
    /// answer, and one without any is not known.
    ///
    /// # Errors
    /// What went wrong, by its name; [`crate::Fault::BadRequest`] and
    /// [`crate::Fault::ProviderRefused`] are the portal's refusal of the batch.
    pub async fn post(
        &self,
        key: &str,
        body: Map<String, Value>,
        retries: bool,
    ) -> Result<Option<Vec<Posted>>, ExchangeError> {
        let each = !self.target.record_key.is_empty();
        let posting = Posting {
            body: Some(body),
            headers: vec![("Idempotency-Key".into(), key.to_owned())],
            has_records: each,
            retries,
        };
        let reply = self
            .provider
            .post(&self.source, &self.source.path, &posting)
            .await?;
        if !each {
            return Ok(None);
        }
        let answers = reply
            .opened
            .records
            .iter()
            .filter_map(|range| {
                let answer: Value = serde_json::from_slice(&reply.body[range.clone()]).ok()?;
                let message = (!self.target.record_message.is_empty())
                    .then(|| text(&answer, &self.target.record_message))
                    .flatten();
                Some(Posted {
                    key: text(&answer, &self.target.record_key)?,
                    code: text(&answer, &self.target.record_code)?,
                    message: message.map(|text| text.chars().take(MAX_MESSAGE).collect()),
                })
            })
            .collect();
        Ok(Some(answers))
    }

    /// Goes the way to the portal layer by layer; says whether it was reached.
    pub async fn reach(&self, on_layer: &mut (impl FnMut(Layer) + Send)) -> bool {
        on_layer(Layer::ok(
            "settings",
            format!("{} {}", self.target.auth.kind(), self.provider.base()),
            0,
        ));
        self.provider.is_reached(&self.target.auth, on_layer).await
    }
}

/// A text or number at a pointer.
fn text(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

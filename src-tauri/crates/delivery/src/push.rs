//! A library behind an HTTP interface: batches of JSON, an idempotency key, an answer a record.
//!
//! A batch that was under way when something broke is sent again with the same key. A record has its
//! key and a number that grows with each of its changes, so that the other side can tell a repetition
//! from a change.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use zhengqiao_exchange::{
    ExchangeError, Fault, Posted, Profile, PushTarget, Pusher, Secrets, Target,
};

use crate::batch::{Act, Batch};
use crate::door::{Answer, SendError};
use crate::settle::{Refusal, without_values};

/// The open way.
pub struct PushDoor {
    pusher: Pusher,
    target: PushTarget,
    name: String,
    stream: String,
}

impl PushDoor {
    /// Opens the way.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the settings cannot be used.
    pub fn open(
        profile: &Profile,
        name: &str,
        target: &PushTarget,
        secrets: Secrets,
        stream: &str,
    ) -> Result<Self, ExchangeError> {
        let network = Target::network(&profile.network);
        Ok(Self {
            pusher: Pusher::new(target, &network, profile.environment, secrets)?,
            target: target.clone(),
            name: name.to_owned(),
            stream: stream.to_owned(),
        })
    }

    fn body(&self, token: &str, records: Vec<Value>) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("stream".into(), self.stream.as_str().into());
        body.insert("connection".into(), self.name.as_str().into());
        body.insert("batch".into(), token.into());
        body.insert("records".into(), records.into());
        body
    }

    /// Sends a batch.
    ///
    /// # Errors
    /// What became of it as a whole.
    pub async fn send(&self, batch: &Batch, token: &str) -> Result<Vec<Answer>, SendError> {
        let records = batch
            .items
            .iter()
            .map(|item| {
                let (act, fields) = match &item.act {
                    Act::Put(fields) => ("put", Some(fields)),
                    Act::Withdraw(fields) => ("withdraw", Some(fields)),
                    Act::Remove => ("remove", None),
                };
                json!({
                    "key": item.key,
                    "dataset": item.dataset,
                    "act": act,
                    "version": item.no,
                    "run": item.run_id,
                    "fields": fields,
                })
            })
            .collect();
        match self
            .pusher
            .post(token, self.body(token, records), true)
            .await
        {
            Ok(None) => Ok(vec![Answer::Arrived; batch.items.len()]),
            Ok(Some(answers)) => Ok(self.match_up(batch, answers)),
            Err(error) => Err(sort(error)),
        }
    }

    /// An answer for each record; one that was not named, or whose code means later, is not known.
    fn match_up(&self, batch: &Batch, answers: Vec<Posted>) -> Vec<Answer> {
        let told: HashMap<String, Posted> = answers
            .into_iter()
            .map(|answer| (answer.key.clone(), answer))
            .collect();
        batch
            .items
            .iter()
            .map(|item| match told.get(&item.key) {
                Some(answer) if self.target.accepted_codes.contains(&answer.code) => {
                    Answer::Arrived
                }
                Some(answer) if !self.target.later_codes.contains(&answer.code) => {
                    Answer::Refused(Refusal {
                        code: without_values(&answer.code),
                        message: without_values(answer.message.as_deref().unwrap_or_default()),
                        field: None,
                    })
                }
                _ => Answer::Unknown,
            })
            .collect()
    }

    /// Whether an empty batch gets any answer of its own.
    pub async fn answers(&self) -> bool {
        let empty = self.body("", Vec::new());
        match self.pusher.post("", empty, false).await {
            Ok(_) => true,
            Err(ExchangeError::Request { fault, .. }) => {
                matches!(fault, Fault::BadRequest | Fault::ProviderRefused)
            }
            Err(ExchangeError::Settings { .. }) => false,
        }
    }
}

/// What a failed request means for its batch.
fn sort(error: ExchangeError) -> SendError {
    let ExchangeError::Request { fault, what, .. } = &error else {
        return SendError::Stop(error.into());
    };
    match fault {
        Fault::BadRequest | Fault::ProviderRefused => SendError::Refused(refusal(what)),
        // The other side may break at one record and do well with the others.
        Fault::ProviderError => SendError::Fails(error),
        fault if fault.retryable() => SendError::Again(error),
        // An answer that cannot be used: the records may have arrived or not.
        Fault::WrongPointer | Fault::TooLarge | Fault::TooDeep => SendError::Again(error),
        _ => SendError::Stop(error.into()),
    }
}

/// Code and message of `… code X: message`.
fn refusal(what: &str) -> Refusal {
    let (code, message) = what
        .split_once("code ")
        .and_then(|(_, rest)| rest.split_once(": "))
        .unwrap_or(("", what));
    Refusal {
        code: without_values(code),
        message: without_values(message),
        field: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_batch_tells_its_code_and_words() {
        let seen = refusal("the provider answered code E12: 字段过长");
        assert_eq!(
            (seen.code.as_str(), seen.message.as_str()),
            ("E12", "字段过长")
        );
    }
}

//! The national exchange platform's gateway: `gjgxjhpt_*` headers, signed with a secret that ends.
//!
//! The first call is signed with the application's key and answers with an encrypted secret and the
//! moment when it ends; every other call is signed with that secret.

use zeroize::Zeroizing;

use super::cipher::aes_decrypt;
use super::gateway::put;
use super::stamps::Stamps;
use super::{Granted, Ingredients, Outgoing, Payload, SignError, Signer, settings};
use crate::auth::TimedGateway;
use crate::error::{ExchangeError, Fault};
use crate::forms::moment_ms;
use crate::profile::Method;

/// The headers' prefix.
const PREFIX: &str = "gjgxjhpt";

/// Signs for one requester.
pub struct Signing {
    family: TimedGateway,
    app_key: Zeroizing<String>,
    aes_key: Zeroizing<Vec<u8>>,
    stamps: Stamps,
}

impl Signing {
    /// A signer for a requester and the application's key.
    pub fn new(family: &TimedGateway, app_key: &str) -> Result<Self, ExchangeError> {
        let aes_key = family
            .key_form
            .read(app_key)
            .filter(|key| [16, 24, 32].contains(&key.len()))
            .ok_or_else(|| {
                settings(
                    "secret",
                    "the application's key must have 16, 24 or 32 bytes; check auth.key_form",
                )
            })?;
        Ok(Self {
            family: family.clone(),
            app_key: Zeroizing::new(app_key.to_owned()),
            aes_key: Zeroizing::new(aes_key),
            stamps: Stamps::default(),
        })
    }

    fn put(&self, request: &mut Outgoing, now_ms: u64, secret: &str) {
        let time = self.stamps.next(String::new(), now_ms, 1).to_string();
        put(request, PREFIX, &self.family.requester_id, &time, secret);
    }
}

impl Signer for Signing {
    fn grant(&self, with: Ingredients<'_>) -> Option<Outgoing> {
        let mut request = Outgoing {
            method: Method::Post,
            path: self.family.secret_path.clone(),
            service_id: self.family.secret_service_id.clone(),
            body: Payload::Json(serde_json::Map::new()),
            ..Outgoing::default()
        };
        self.put(&mut request, with.now_ms, &self.app_key);
        Some(request)
    }

    fn granted(&self, answer: &[u8], now_ms: u64) -> Result<Granted, SignError> {
        let answer: serde_json::Value = serde_json::from_slice(answer)
            .map_err(|_| SignError::new(Fault::MalformedJson, "the secret's answer is no JSON"))?;
        let text = answer
            .pointer(&self.family.secret_at)
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| {
                SignError::new(
                    Fault::Unauthorised,
                    format!("no secret was given at {}", self.family.secret_at),
                )
            })?;
        let value = self
            .family
            .text_form
            .read(text)
            .and_then(|sealed| aes_decrypt(self.family.mode, &self.aes_key, &sealed))
            .and_then(|plain| String::from_utf8(plain).ok())
            .ok_or_else(|| {
                SignError::new(
                    Fault::Unauthorised,
                    "the secret cannot be decrypted; check the application's key and the forms",
                )
            })?;
        let ends = answer.pointer(&self.family.ends_at).and_then(|ends| {
            moment_ms(
                &ends
                    .as_str()
                    .map_or_else(|| ends.to_string(), str::to_owned),
            )
        });
        Ok(Granted {
            value,
            life_ms: ends.map(|ends| ends.saturating_sub(now_ms)),
        })
    }

    fn sign(&self, request: &mut Outgoing, with: Ingredients<'_>) -> Result<(), SignError> {
        let secret = with
            .granted
            .ok_or_else(|| SignError::new(Fault::Unauthorised, "there is no secret yet"))?;
        self.put(request, with.now_ms, secret);
        Ok(())
    }

    fn may_pass_anew(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef";

    fn signing() -> Signing {
        let family = TimedGateway {
            requester_id: "portal".into(),
            secret_service_id: "svc-secret".into(),
            ..TimedGateway::default()
        };
        Signing::new(&family, KEY).unwrap()
    }

    fn with(granted: Option<&str>) -> Ingredients<'_> {
        Ingredients {
            now_ms: 1_700_000_000_000,
            nonce: "",
            granted,
        }
    }

    #[test]
    fn the_first_call_is_signed_with_the_key_and_the_others_with_the_secret() {
        let signing = signing();
        let first = signing.grant(with(None)).unwrap();
        // printf 'svc-secretportal1700000000000' | openssl dgst -sha256 -hmac 0123456789abcdef -binary | base64
        assert_eq!(
            first.headers[3],
            (
                "gjgxjhpt_sign".into(),
                "okn7fr+jBk4vgdJXBjlGaxiGP/8HXNnNfP9RTRg28vk=".to_owned()
            )
        );
        let mut next = Outgoing {
            service_id: "svc-1".into(),
            ..Outgoing::default()
        };
        signing
            .sign(&mut next, with(Some("time-limited-secret")))
            .unwrap();
        // printf 'svc-1portal1700000000001' | openssl dgst -sha256 -hmac time-limited-secret -binary | base64
        assert_eq!(
            next.headers[3].1,
            "oHGThI1Onz99R2SBHQrItSs70hVyMpfYnk/xZ6OcAo4="
        );
    }

    #[test]
    fn the_secret_is_read_as_an_independent_program_writes_it() {
        // printf 'time-limited-secret' | openssl enc -aes-128-ecb -K 30313233343536373839616263646566 -base64
        let answer = r#"{"data":{"secret":"P46X4m6NJx8B31cdL41QnjbGb0yBlIjouqegCL+xAV0=","secretEndTime":"2023-11-15 06:23:20"}}"#;
        assert_eq!(
            signing().granted(answer.as_bytes(), 1_700_000_000_000),
            Ok(Granted {
                value: "time-limited-secret".into(),
                life_ms: Some(600_000),
            })
        );
    }

    #[test]
    fn an_answer_without_a_secret_and_a_wrong_key_say_so() {
        let told = |answer: &str| signing().granted(answer.as_bytes(), 0).unwrap_err().what;
        assert!(told(r#"{"code":300}"#).contains("/data/secret"));
        assert!(told(r#"{"data":{"secret":"AAAA"}}"#).contains("decrypted"));
        assert!(Signing::new(&TimedGateway::default(), "short").is_err());
    }
}

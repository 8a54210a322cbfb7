//! The review interface of one province: SM2(time+appMark+appWord), parameters in
//! `{txnBodyCom, txnCommCom}`.

use bytes::Bytes;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::secret_parts::{needed, part};
use super::sm2_keys::{PrivateKey, ProviderKey};
use super::{Ingredients, Outgoing, Payload, SignError, Signer, settings, splice};
use crate::auth::{Auth, Sealing, SignatureForm, Sm2Envelope, Sm2Proof};
use crate::error::{ExchangeError, Fault};
use crate::forms::StampForm;

/// Signs for one application.
pub struct Signing {
    family: Sm2Envelope,
    app_word: Zeroizing<String>,
    provider: ProviderKey,
    own: Option<PrivateKey>,
}

impl Signing {
    /// A signer for an application and its secrets.
    pub fn new(family: &Sm2Envelope, secret: &str) -> Result<Self, ExchangeError> {
        let auth = Auth::Sm2Envelope(family.clone());
        let names = auth.secret_parts();
        let own = part(secret, names, "private_key")
            .map(|text| PrivateKey::read(&text))
            .transpose()?;
        let needs_own = family.proof == Sm2Proof::Signed || !family.sealed_at.is_empty();
        if own.is_none() && needs_own {
            needed(secret, names, "private_key")?;
        }
        if !family.sealed_at.is_empty() && !family.sealed_at.starts_with('/') {
            return Err(settings(
                "auth.sealed_at",
                format!(
                    "{:?} is no JSON pointer; it begins with /",
                    family.sealed_at
                ),
            ));
        }
        Ok(Self {
            app_word: needed(secret, names, "app_word")?,
            provider: ProviderKey::read(&family.public_key)?,
            own,
            family: family.clone(),
        })
    }

    fn seal(&self, text: &str) -> Result<String, SignError> {
        if text.is_empty() {
            return Ok(String::new());
        }
        self.provider
            .encrypt(self.family.layout, text.as_bytes())
            .map(|sealed| self.family.text_form.write(&sealed))
            .ok_or_else(cannot)
    }

    fn proof(&self, time: &str) -> Result<String, SignError> {
        let message = Zeroizing::new([time, &self.family.app_mark, &self.app_word].concat());
        match (&self.own, self.family.proof) {
            (Some(own), Sm2Proof::Signed) => own
                .sign(
                    &self.family.signer_id,
                    message.as_bytes(),
                    SignatureForm::Raw,
                )
                .map(|signature| self.family.text_form.write(&signature))
                .ok_or_else(cannot),
            _ => self.seal(&message),
        }
    }

    fn content(&self, params: Map<String, Value>) -> Result<Value, SignError> {
        Ok(match self.family.sealing {
            Sealing::Nothing => Value::Object(params),
            Sealing::Whole => self.seal(&Value::Object(params).to_string())?.into(),
            Sealing::Values => Value::Object(
                params
                    .into_iter()
                    .map(|(name, value)| {
                        let text = value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned);
                        Ok((name, self.seal(&text)?.into()))
                    })
                    .collect::<Result<_, SignError>>()?,
            ),
        })
    }
}

fn cannot() -> SignError {
    SignError::new(Fault::BadRequest, "SM2 cannot be used on this machine")
}

impl Signer for Signing {
    fn sign(&self, request: &mut Outgoing, with: Ingredients<'_>) -> Result<(), SignError> {
        let time = StampForm::Compact.write(with.now_ms);
        let sign = self.proof(&time)?;
        let content = self.content(request.take_params())?;
        let pairs = [
            ("appMark", self.family.app_mark.clone()),
            ("time", time),
            ("sign", sign),
            ("serviceName", request.service_id.clone()),
        ];
        let about: Map<String, Value> = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let mut body = Map::new();
        body.insert("txnBodyCom".into(), content);
        body.insert("txnCommCom".into(), about.into());
        request.body = Payload::Json(body);
        Ok(())
    }

    fn open(&self, answer: Bytes) -> Result<Bytes, SignError> {
        let Some(own) = self
            .own
            .as_ref()
            .filter(|_| !self.family.sealed_at.is_empty())
        else {
            return Ok(answer);
        };
        splice(answer, &self.family.sealed_at, |value| {
            let Ok(text) = serde_json::from_str::<String>(value) else {
                return Ok("null".into());
            };
            self.family
                .text_form
                .read(&text)
                .and_then(|sealed| own.decrypt(self.family.layout, &sealed))
                .and_then(|plain| String::from_utf8(plain).ok())
                .ok_or_else(|| {
                    SignError::new(
                        Fault::AnswerSeal,
                        "the answer cannot be decrypted; check the private key and the forms",
                    )
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::{Sm2Layout, TextForm};
    use crate::profile::{Method, ParamsIn};
    use crate::signer::sm2_keys::vectors;

    fn family() -> Sm2Envelope {
        Sm2Envelope {
            app_mark: "hcp-portal".into(),
            public_key: vectors::PUBLIC.into(),
            ..Sm2Envelope::default()
        }
    }

    fn signed(family: &Sm2Envelope, secret: &str) -> Map<String, Value> {
        let params = [("page".to_owned(), "7".to_owned())];
        let mut request = Outgoing::new(Method::Post, "hcp", &params, ParamsIn::JsonBody);
        request.service_id = "reviews".into();
        let with = Ingredients {
            now_ms: 1_700_000_000_000,
            nonce: "",
            granted: None,
        };
        let signing = Signing::new(family, secret).unwrap();
        signing.sign(&mut request, with).unwrap();
        let Payload::Json(body) = request.body else {
            panic!("a JSON body")
        };
        body
    }

    fn opened(text: &Value, layout: Sm2Layout) -> String {
        let sealed = TextForm::Hex.read(text.as_str().unwrap()).unwrap();
        let key = PrivateKey::read(vectors::PRIVATE).unwrap();
        String::from_utf8(key.decrypt(layout, &sealed).unwrap()).unwrap()
    }

    #[test]
    fn only_the_provider_reads_sign_and_values() {
        for layout in [Sm2Layout::C1c3c2, Sm2Layout::C1c2c3, Sm2Layout::Der] {
            let body = signed(&Sm2Envelope { layout, ..family() }, "app-word");
            let about = &body["txnCommCom"];
            assert_eq!(
                opened(&about["sign"], layout),
                "20231115061320hcp-portalapp-word"
            );
            assert_eq!(about["time"], "20231115061320");
            assert_eq!(about["serviceName"], "reviews");
            assert_eq!(opened(&body["txnBodyCom"]["page"], layout), "7");
        }
    }

    #[test]
    fn parameters_may_be_sealed_whole_or_not_at_all() {
        let body = |sealing| {
            signed(
                &Sm2Envelope {
                    sealing,
                    ..family()
                },
                "app-word",
            )
        };
        let whole = opened(&body(Sealing::Whole)["txnBodyCom"], Sm2Layout::C1c3c2);
        assert_eq!(whole, r#"{"page":7}"#);
        assert_eq!(body(Sealing::Nothing)["txnBodyCom"]["page"], 7);
    }

    #[test]
    fn a_signature_instead_needs_a_private_key_of_ones_own() {
        let family = Sm2Envelope {
            proof: Sm2Proof::Signed,
            ..family()
        };
        let error = Signing::new(&family, "app-word").err().unwrap();
        assert!(error.to_string().contains("private_key"), "{error}");
        let secret = format!("app_word=app-word\nprivate_key={}", vectors::PRIVATE);
        let sign = signed(&family, &secret)["txnCommCom"]["sign"].clone();
        let signature = TextForm::Hex.read(sign.as_str().unwrap()).unwrap();
        let key = ProviderKey::read(vectors::PUBLIC).unwrap();
        let message = b"20231115061320hcp-portalapp-word";
        assert!(key.verifies("1234567812345678", message, &signature));
    }

    #[test]
    fn a_sealed_answer_is_opened_in_its_place_and_a_changed_one_is_refused() {
        let family = Sm2Envelope {
            sealed_at: "/data".into(),
            ..family()
        };
        let secret = format!("app_word=w\nprivate_key={}", vectors::PRIVATE);
        let signing = Signing::new(&family, &secret).unwrap();
        let plain = r#"{"list":[1.10]}"#;
        let sealed = signing.seal(plain).unwrap();
        let answer = |sealed: &str| Bytes::from(format!(r#"{{"code":"0","data":"{sealed}"}}"#));
        assert_eq!(
            signing.open(answer(&sealed)).unwrap(),
            r#"{"code":"0","data":{"list":[1.10]}}"#
        );
        let last = if sealed.ends_with('0') { '1' } else { '0' };
        let changed = format!("{}{last}", &sealed[..sealed.len() - 1]);
        assert_eq!(
            signing.open(answer(&changed)).unwrap_err().fault,
            Fault::AnswerSeal
        );
    }
}

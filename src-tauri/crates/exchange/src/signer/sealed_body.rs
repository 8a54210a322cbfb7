//! Bodies encrypted with SM4 and signed with SM2, both ways, as health insurance (医保) has them.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::cipher::{sm4_decrypt, sm4_encrypt};
use super::digests::sha256;
use super::secret_parts::needed;
use super::sm2_keys::{PrivateKey, ProviderKey};
use super::{Ingredients, Outgoing, Payload, SignError, Signer, settings, splice};
use crate::auth::{Auth, SealedBody, Sm4Key};
use crate::error::{ExchangeError, Fault};
use crate::forms::{KeyForm, TextForm};

/// Bytes of SM4's key.
const KEY: usize = 16;

/// Signs for one application.
pub struct Signing {
    family: SealedBody,
    app_secret: Zeroizing<String>,
    sm4_key: Zeroizing<Vec<u8>>,
    own: PrivateKey,
    provider: ProviderKey,
}

impl Signing {
    /// A signer for an application and its secrets.
    pub fn new(family: &SealedBody, secret: &str) -> Result<Self, ExchangeError> {
        let auth = Auth::SealedBody(family.clone());
        let names = auth.secret_parts();
        let app_secret = needed(secret, names, "app_secret")?;
        let own = PrivateKey::read(&needed(secret, names, "private_key")?)?;
        Ok(Self {
            sm4_key: Zeroizing::new(sm4_key(family, &app_secret)?),
            provider: ProviderKey::read(&family.public_key)?,
            own,
            app_secret,
            family: family.clone(),
        })
    }

    fn signer_id(&self) -> &str {
        if self.family.signer_id.is_empty() {
            &self.app_secret
        } else {
            &self.family.signer_id
        }
    }

    /// What is signed: every field but the sealed ones by name, the plain text, and the secret.
    ///
    /// Source: practice of 医保.
    fn signed_text(&self, fields: &BTreeMap<&str, &str>) -> Zeroizing<String> {
        let mut text = String::new();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            text.push_str(name);
            text.push('=');
            text.push_str(value);
            text.push('&');
        }
        text.push_str("key=");
        text.push_str(&self.app_secret);
        Zeroizing::new(text)
    }

    /// Proves and decrypts an answer's sealed part.
    fn unseal(&self, raw: &str) -> Result<String, SignError> {
        let refused = |what: &str| SignError::new(Fault::AnswerSeal, what);
        let fields: BTreeMap<String, Value> = serde_json::from_str(raw)
            .map_err(|_| refused("the answer's sealed part is no object"))?;
        let texts: BTreeMap<&str, String> = fields
            .iter()
            .map(|(name, value)| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (name.as_str(), text)
            })
            .collect();
        let field = |name: &str| texts.get(name).map_or("", String::as_str);
        let plain = self
            .family
            .text_form
            .read(field("encData"))
            .and_then(|sealed| sm4_decrypt(self.family.mode, &self.sm4_key, &sealed))
            .and_then(|plain| String::from_utf8(plain).ok())
            .ok_or_else(|| {
                refused("the answer cannot be decrypted; check the secret and the forms")
            })?;
        let mut signed: BTreeMap<&str, &str> = texts
            .iter()
            .filter(|(name, _)| !["encData", "signData"].contains(name))
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        signed.insert("data", &plain);
        let signature = TextForm::Base64.read(field("signData")).unwrap_or_default();
        let message = self.signed_text(&signed);
        if self
            .provider
            .verifies(self.signer_id(), message.as_bytes(), &signature)
        {
            Ok(plain)
        } else {
            Err(refused(
                "the answer's signature is not the provider's; check auth.public_key",
            ))
        }
    }
}

fn sm4_key(family: &SealedBody, app_secret: &str) -> Result<Vec<u8>, ExchangeError> {
    let wrong = |what: &str| settings("secret", what);
    match family.sm4_key {
        Sm4Key::Text => app_secret
            .as_bytes()
            .get(..KEY)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| wrong("app_secret has less than 16 characters")),
        Sm4Key::Hex => KeyForm::Hex
            .read(app_secret)
            .filter(|key| key.len() == KEY)
            .ok_or_else(|| wrong("app_secret is not 32 hexadecimal digits")),
        Sm4Key::Derived => {
            let code = family.app_code.as_bytes().get(..KEY).ok_or_else(|| {
                settings(
                    "auth.app_code",
                    "has less than 16 characters, so that no key can be derived from it",
                )
            })?;
            let sealed = sm4_encrypt(
                crate::forms::BlockMode::Ecb,
                code,
                [0; KEY],
                app_secret.as_bytes(),
            )
            .unwrap_or_default();
            Ok(TextForm::HexUpper.write(&sealed).as_bytes()[..KEY].to_vec())
        }
    }
}

impl Signer for Signing {
    fn sign(&self, request: &mut Outgoing, with: Ingredients<'_>) -> Result<(), SignError> {
        let params: BTreeMap<String, Value> = request.take_params().into_iter().collect();
        let plain = serde_json::to_string(&params).unwrap_or_default();
        let timestamp = self.family.time_form.write(with.now_ms);
        // The initial vector, where one is used, must not come twice; it need not be secret.
        let mut vector = [0; KEY];
        vector.copy_from_slice(&sha256(with.nonce.as_bytes())[..KEY]);
        let sealed = sm4_encrypt(self.family.mode, &self.sm4_key, vector, plain.as_bytes())
            .map(|sealed| self.family.text_form.write(&sealed));
        let mut fields = BTreeMap::from([
            ("appCode", self.family.app_code.as_str()),
            ("version", &self.family.version),
            ("encType", "SM4"),
            ("signType", "SM2"),
            ("timestamp", &timestamp),
        ]);
        fields.insert("data", &plain);
        let message = self.signed_text(&fields);
        let signature = self
            .own
            .sign(
                self.signer_id(),
                message.as_bytes(),
                self.family.signature_form,
            )
            .map(|signature| TextForm::Base64.write(&signature));
        let Some((sealed, signature)) = sealed.zip(signature) else {
            return Err(SignError::new(
                Fault::BadRequest,
                "SM4 or SM2 cannot be used on this machine",
            ));
        };
        fields.remove("data");
        fields.insert("encData", &sealed);
        fields.insert("signData", &signature);
        let data: Map<String, Value> = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        request.body = Payload::Json(Map::from_iter([("data".to_owned(), data.into())]));
        Ok(())
    }

    fn open(&self, answer: Bytes) -> Result<Bytes, SignError> {
        splice(answer, "/data", |raw| {
            if raw.starts_with('{') && raw.contains("\"encData\"") {
                self.unseal(raw)
            } else {
                // Data that proves nothing is not taken; codes and messages beside it are.
                Ok("null".into())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::SignatureForm;
    use crate::forms::BlockMode;
    use crate::profile::{Method, ParamsIn};
    use crate::signer::sm2_keys::vectors;

    fn family() -> SealedBody {
        SealedBody {
            app_code: "1F2E3D4C5B6A79880".into(),
            // Both sides have the same key here, so that what one seals the other opens.
            public_key: vectors::PUBLIC.into(),
            ..SealedBody::default()
        }
    }

    fn signing(family: &SealedBody) -> Signing {
        let secret = format!(
            "app_secret=insurance-secret\nprivate_key={}",
            vectors::PRIVATE
        );
        Signing::new(family, &secret).unwrap()
    }

    fn sealed(family: &SealedBody) -> Map<String, Value> {
        let params = [
            ("size".to_owned(), "50".to_owned()),
            ("page".to_owned(), "1".to_owned()),
        ];
        let mut request = Outgoing::new(Method::Post, "hsa", &params, ParamsIn::JsonBody);
        let with = Ingredients {
            now_ms: 1_700_000_000_000,
            nonce: "n0nce",
            granted: None,
        };
        signing(family).sign(&mut request, with).unwrap();
        let Payload::Json(body) = request.body else {
            panic!("a JSON body")
        };
        body
    }

    #[test]
    fn the_body_is_that_of_an_independent_program() {
        let body = sealed(&family());
        let data = &body["data"];
        // The key: printf 'insurance-secret' | openssl enc -sm4-ecb -K 31463245334434433542364137393838
        //   | xxd -p -u | head -c 16
        // printf '{"page":1,"size":50}' | openssl enc -sm4-ecb -K (that key's characters) | xxd -p -u
        assert_eq!(
            data["encData"],
            "59D062997D4FDDFE606C167E8BBD4DC7A1DB743DB929ED694149C37107F584F6"
        );
        assert_eq!(data["timestamp"], "1700000000");
        let message = concat!(
            r#"appCode=1F2E3D4C5B6A79880&data={"page":1,"size":50}&encType=SM4&signType=SM2"#,
            "&timestamp=1700000000&version=1.0.0&key=insurance-secret"
        );
        let signature = TextForm::Base64
            .read(data["signData"].as_str().unwrap())
            .unwrap();
        let key = ProviderKey::read(vectors::PUBLIC).unwrap();
        assert_eq!(signature.len(), 64);
        assert!(key.verifies("1234567812345678", message.as_bytes(), &signature));
    }

    #[test]
    fn what_is_sealed_is_opened_in_every_form() {
        for (mode, text_form, signature_form, signer_id) in [
            (
                BlockMode::Ecb,
                TextForm::HexUpper,
                SignatureForm::Raw,
                "1234567812345678",
            ),
            (BlockMode::Cbc, TextForm::Base64, SignatureForm::Der, ""),
            (BlockMode::Cbc, TextForm::Hex, SignatureForm::Raw, "portal"),
        ] {
            let family = SealedBody {
                mode,
                text_form,
                signature_form,
                signer_id: signer_id.into(),
                ..family()
            };
            let answer = Value::Object(sealed(&family)).to_string();
            assert_eq!(
                signing(&family).open(answer.into()).unwrap(),
                r#"{"data":{"page":1,"size":50}}"#
            );
        }
    }

    #[test]
    fn an_answer_that_was_changed_is_refused() {
        for field in ["encData", "signData", "timestamp", "appCode"] {
            let mut body = sealed(&family());
            let other = match field {
                "encData" => sealed(&SealedBody {
                    version: "2".into(),
                    ..family()
                })["data"]["signData"]
                    .clone(),
                _ => "1700000009".into(),
            };
            body["data"][field] = other;
            let error = signing(&family())
                .open(Value::Object(body).to_string().into())
                .unwrap_err();
            assert_eq!(error.fault, Fault::AnswerSeal, "{field}");
            assert!(!error.what.contains("insurance-secret"));
        }
    }

    #[test]
    fn data_without_a_seal_is_not_taken_but_a_refusal_is_read() {
        let open = |answer: &'static str| signing(&family()).open(Bytes::from(answer)).unwrap();
        assert_eq!(
            open(r#"{"code":0,"data":{"list":[1]}}"#),
            r#"{"code":0,"data":null}"#
        );
        assert_eq!(
            open(r#"{"code":401,"message":"签名错误"}"#),
            r#"{"code":401,"message":"签名错误"}"#
        );
    }
}

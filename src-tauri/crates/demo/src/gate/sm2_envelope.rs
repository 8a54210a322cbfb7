//! The review interface: SM2 over time, mark and word, `{txnBodyCom, txnCommCom}`.

use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::ciphers::{sm2_decrypt, sm2_verifies, unhex};
use super::{Asked, Manner, Refusal, compact_ms, inside, texts};
use crate::server::Shared;

/// Hexadecimal digits of a signature.
const SIGNATURE: usize = 128;

#[derive(Clone)]
pub(super) struct Sm2Envelope;

impl Manner for Sm2Envelope {
    fn admit(
        &self,
        shared: &Shared,
        dataset: &str,
        _: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let about = texts(&body["txnCommCom"]);
        let field = |name: &str| about.get(name).map_or("", String::as_str);
        let (mark, time, sign) = (field("appMark"), field("time"), field("sign"));
        let credentials = &shared.credentials;
        if mark != credentials.requester_id {
            return Err(Refusal::Asker);
        }
        shared.gate.fresh(compact_ms(time))?;
        let message = format!("{time}{mark}{}", credentials.secret);
        let binary = unhex(sign).unwrap_or_default();
        let right = if sign.len() == SIGNATURE {
            sm2_verifies(&credentials.public_key(), &message, &binary)
        } else {
            sm2_decrypt(&shared.private_key, &binary) == Some(message)
        };
        if !right {
            return Err(Refusal::Signature);
        }
        shared.gate.once(format!("sm2 {sign}"))?;
        let open = |text: &str| sm2_decrypt(&shared.private_key, &unhex(text)?);
        let params = match &body["txnBodyCom"] {
            Value::String(whole) => {
                let plain = open(whole).ok_or(Refusal::Signature)?;
                texts(&serde_json::from_str(&plain).unwrap_or_default())
            }
            values => texts(values)
                .into_iter()
                .map(|(name, value)| {
                    let plain = open(&value).unwrap_or(value);
                    (name, plain)
                })
                .collect(),
        };
        Ok(Asked {
            dataset: dataset.to_owned(),
            params,
        })
    }

    fn yes(&self, _: &Shared, rows: &str, total: u64) -> String {
        format!(
            r#"{{"code":"0","success":true,"msg":"","data":{{"list":{rows},"total":{total}}}}}"#
        )
    }

    fn no(&self, refusal: Refusal) -> Response {
        inside(r#""code":"401","success":false"#, "msg", refusal)
    }
}

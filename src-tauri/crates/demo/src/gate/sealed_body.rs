//! 医保: bodies encrypted with SM4 and signed with SM2, both ways.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;
use sm4::Sm4;

use super::ciphers::{base64, decrypt, encrypt, hex, sm2_sign, sm2_verifies, unbase64, unhex};
use super::{Asked, Manner, Refusal, inside, texts};
use crate::server::Shared;

#[derive(Clone)]
pub(super) struct SealedBody;

/// The key of SM4: the first characters of the secret's SM4 under the code.
fn key(shared: &Shared) -> Vec<u8> {
    let credentials = &shared.credentials;
    let under = &credentials.app_code.as_bytes()[..16];
    let sealed = encrypt::<Sm4>(under, credentials.secret.as_bytes()).unwrap_or_default();
    let mut key = hex(&sealed).to_uppercase().into_bytes();
    key.truncate(16);
    key
}

/// What is signed.
fn message(fields: &BTreeMap<&str, &str>, secret: &str) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{}&key={secret}", pairs.join("&"))
}

impl Manner for SealedBody {
    fn admit(
        &self,
        shared: &Shared,
        dataset: &str,
        _: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let data = texts(&body["data"]);
        let field = |name: &str| data.get(name).map_or("", String::as_str);
        if field("appCode") != shared.credentials.app_code {
            return Err(Refusal::Asker);
        }
        let seconds: Option<u64> = field("timestamp").parse().ok();
        shared
            .gate
            .fresh(seconds.and_then(|seconds| seconds.checked_mul(1000)))?;
        let plain = unhex(field("encData"))
            .and_then(|sealed| decrypt::<Sm4>(&key(shared), &sealed))
            .and_then(|plain| String::from_utf8(plain).ok())
            .ok_or(Refusal::Signature)?;
        let names = ["appCode", "encType", "signType", "timestamp", "version"];
        let mut fields: BTreeMap<&str, &str> =
            names.into_iter().map(|name| (name, field(name))).collect();
        fields.insert("data", &plain);
        let signature = unbase64(field("signData")).unwrap_or_default();
        let signed = message(&fields, &shared.credentials.secret);
        if !sm2_verifies(&shared.credentials.public_key(), &signed, &signature) {
            return Err(Refusal::Signature);
        }
        shared.gate.once(format!("hsa {}", field("signData")))?;
        Ok(Asked {
            dataset: dataset.to_owned(),
            params: texts(&serde_json::from_str(&plain).unwrap_or_default()),
        })
    }

    fn yes(&self, shared: &Shared, rows: &str, total: u64) -> String {
        let plain = format!(r#"{{"list":{rows},"total":{total}}}"#);
        let sealed = encrypt::<Sm4>(&key(shared), plain.as_bytes()).unwrap_or_default();
        let timestamp = (shared.gate.now_ms() / 1000).to_string();
        let code = &shared.credentials.app_code;
        let fields = BTreeMap::from([
            ("appCode", code.as_str()),
            ("data", &plain),
            ("encType", "SM4"),
            ("signType", "SM2"),
            ("timestamp", &timestamp),
            ("version", "1.0.0"),
        ]);
        let signed = message(&fields, &shared.credentials.secret);
        let signature = base64(&sm2_sign(&shared.private_key, &signed).unwrap_or_default());
        format!(
            r#"{{"code":0,"message":"成功","data":{{"appCode":"{code}","version":"1.0.0","encType":"SM4","signType":"SM2","timestamp":"{timestamp}","signData":"{signature}","encData":"{}"}}}}"#,
            hex(&sealed).to_uppercase()
        )
    }

    fn no(&self, refusal: Refusal) -> Response {
        inside(r#""code":401"#, "message", refusal)
    }
}

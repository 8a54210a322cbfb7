//! Both national gateways: `gjzwfwpt_*` with a lasting secret, `gjgxjhpt_*` with one that ends.

use std::sync::Arc;

use aes::Aes256;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::ciphers::{base64, encrypt, hmac_base64, sha256_hex};
use super::{Asked, Manner, Refusal, text, texts, unauthorised};
use crate::answers::json;
use crate::numbers::mix;
use crate::server::Shared;

/// Whether a call is signed by somebody known, lately, for the first time.
pub(crate) fn signed(
    shared: &Shared,
    prefix: &str,
    service: &str,
    headers: &HeaderMap,
    body: &[u8],
    right: impl Fn(&str, &str) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let field = |name: &str| text(headers, &format!("{prefix}_{name}")).to_owned();
    let (rid, sid, time, sign) = (field("rid"), field("sid"), field("rtime"), field("sign"));
    if rid != shared.credentials.requester_id {
        return Err(Refusal::Asker);
    }
    if sid != format!("svc-{service}") {
        return Err(Refusal::Service);
    }
    shared.gate.fresh(time.parse().ok())?;
    right(&format!("{sid}{rid}{time}"), &sign)?;
    let body = sha256_hex(&String::from_utf8_lossy(body));
    shared.gate.once(format!("{prefix} {sid} {time} {body}"))
}

/// Whether a signature is that of the lasting secret.
pub(crate) fn lasting(shared: &Shared, message: &str, sign: &str) -> Result<(), Refusal> {
    if hmac_base64(&shared.credentials.secret, message) == sign {
        Ok(())
    } else {
        Err(Refusal::Signature)
    }
}

/// Gives a secret that ends, encrypted with the application's key.
pub(super) async fn secret(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let right = |message: &str, sign: &str| lasting(&shared, message, sign);
    if let Err(refusal) = signed(&shared, "gjgxjhpt", "secret", &headers, &body, right) {
        return unauthorised(refusal);
    }
    let options = &shared.world.options;
    let (secret, ends) = shared.gate.grant(
        |count| format!("secret-{:016x}", mix(options.seed, &[count as u64])),
        options.token_ttl_s,
    );
    let key = shared.credentials.secret.as_bytes();
    let sealed = base64(&encrypt::<Aes256>(key, secret.as_bytes()).unwrap_or_default());
    json(
        StatusCode::OK,
        format!(
            r#"{{"code":200,"message":"ok","data":{{"secret":"{sealed}","secretEndTime":"{ends}"}}}}"#
        ),
    )
}

/// `gjgxjhpt_*`.
#[derive(Clone)]
pub(super) struct Timed;

impl Manner for Timed {
    fn admit(
        &self,
        shared: &Shared,
        dataset: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal> {
        let right = |message: &str, sign: &str| {
            shared
                .gate
                .granted(|secret| hmac_base64(secret, message) == sign)
        };
        signed(shared, "gjgxjhpt", dataset, headers, body, right)?;
        Ok(Asked {
            dataset: dataset.to_owned(),
            params: texts(&serde_json::from_slice(body).unwrap_or_default()),
        })
    }

    fn yes(&self, _: &Shared, rows: &str, total: u64) -> String {
        format!(r#"{{"code":200,"message":"ok","data":{{"list":{rows},"total":{total}}}}}"#)
    }

    fn no(&self, refusal: Refusal) -> Response {
        unauthorised(refusal)
    }
}

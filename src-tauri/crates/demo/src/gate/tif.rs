//! `x-tif-*`.

use axum::http::HeaderMap;
use axum::response::Response;

use super::ciphers::sha256_hex;
use super::{Asked, Manner, Refusal, text, texts, unauthorised};
use crate::server::Shared;

#[derive(Clone)]
pub(super) struct Tif;

impl Manner for Tif {
    fn admit(
        &self,
        shared: &Shared,
        dataset: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal> {
        if text(headers, "x-tif-paasid") != shared.credentials.requester_id {
            return Err(Refusal::Asker);
        }
        let (time, nonce) = (
            text(headers, "x-tif-timestamp"),
            text(headers, "x-tif-nonce"),
        );
        let seconds: Option<u64> = time.parse().ok();
        shared
            .gate
            .fresh(seconds.and_then(|seconds| seconds.checked_mul(1000)))?;
        let right = sha256_hex(&format!("{time}{}{nonce}{time}", shared.credentials.secret));
        if !text(headers, "x-tif-signature").eq_ignore_ascii_case(&right) {
            return Err(Refusal::Signature);
        }
        shared.gate.once(format!("tif {nonce}"))?;
        Ok(Asked {
            dataset: dataset.to_owned(),
            params: texts(&serde_json::from_slice(body).unwrap_or_default()),
        })
    }

    fn yes(&self, _: &Shared, rows: &str, total: u64) -> String {
        format!(r#"{{"code":"0","message":"success","data":{{"list":{rows},"total":{total}}}}}"#)
    }

    fn no(&self, refusal: Refusal) -> Response {
        unauthorised(refusal)
    }
}

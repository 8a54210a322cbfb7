//! The national platform's gateway: `gjzwfwpt_*` headers.

use zeroize::Zeroizing;

use super::digests::hmac_sha256;
use super::stamps::Stamps;
use super::{Ingredients, Outgoing, SignError, Signer};
use crate::forms::TextForm;

/// Signs for one requester.
pub struct Gateway {
    requester_id: String,
    secret: Zeroizing<String>,
    stamps: Stamps,
}

impl Gateway {
    /// A signer for a requester and its secret.
    pub fn new(requester_id: &str, secret: &str) -> Self {
        Self {
            requester_id: requester_id.to_owned(),
            secret: Zeroizing::new(secret.to_owned()),
            stamps: Stamps::default(),
        }
    }
}

impl Signer for Gateway {
    fn sign(&self, request: &mut Outgoing, with: Ingredients<'_>) -> Result<(), SignError> {
        let time = self.stamps.next(String::new(), with.now_ms, 1).to_string();
        put(request, "gjzwfwpt", &self.requester_id, &time, &self.secret);
        Ok(())
    }
}

/// Puts the four headers on a request; both national gateways have them.
pub fn put(request: &mut Outgoing, prefix: &str, requester_id: &str, time_ms: &str, secret: &str) {
    let sign = gateway_sign(&request.service_id, requester_id, time_ms, secret);
    let service_id = request.service_id.clone();
    request.header(format!("{prefix}_rid"), requester_id);
    request.header(format!("{prefix}_sid"), service_id);
    request.header(format!("{prefix}_rtime"), time_ms);
    request.header(format!("{prefix}_sign"), sign);
}

/// The `_sign` header: Base64 of HMAC-SHA256 over service, requester and time.
///
/// Source: interface description of the national platform's direct data service, version 0.55.
pub fn gateway_sign(service_id: &str, requester_id: &str, time_ms: &str, secret: &str) -> String {
    let message = [service_id, requester_id, time_ms].concat();
    TextForm::Base64.write(&hmac_sha256(secret.as_bytes(), message.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_an_independent_program() {
        // printf 'svc-1portal1700000000000' | openssl dgst -sha256 -hmac app-secret -binary | base64
        assert_eq!(
            gateway_sign("svc-1", "portal", "1700000000000", "app-secret"),
            "830ADTfgU5gwpDJ34AeNNT9bxbYWs/z/dojc5SAbEKQ="
        );
    }

    #[test]
    fn two_requests_in_one_millisecond_have_different_times() {
        let signer = Gateway::new("portal", "app-secret");
        let with = Ingredients {
            now_ms: 1_700_000_000_000,
            nonce: "",
            granted: None,
        };
        let times: Vec<String> = (0..2)
            .map(|_| {
                let mut request = Outgoing::default();
                signer.sign(&mut request, with).unwrap();
                request.headers[2].1.clone()
            })
            .collect();
        assert_eq!(times, ["1700000000000", "1700000000001"]);
    }
}

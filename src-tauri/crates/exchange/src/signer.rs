//! Signatures: what a request carries so that the provider knows who asks.

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The `gjzwfwpt_sign` header: Base64 of HMAC-SHA256 over service, requester and time.
///
/// Source: interface description of the national platform's direct data service, version 0.55.
pub fn gateway_sign(service_id: &str, requester_id: &str, time_ms: &str, secret: &str) -> String {
    let message = [service_id, requester_id, time_ms].concat();
    base64::engine::general_purpose::STANDARD
        .encode(hmac_sha256(secret.as_bytes(), message.as_bytes()))
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    // A key of any length is accepted, so that this never fails; no signature is an invalid one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_hash_is_that_of_rfc_4231() {
        assert_eq!(
            hex(&hmac_sha256(&[0x0b; 20], b"Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_signature_is_that_of_an_independent_program() {
        // printf 'svc-1portal1700000000000' | openssl dgst -sha256 -hmac app-secret -binary | base64
        assert_eq!(
            gateway_sign("svc-1", "portal", "1700000000000", "app-secret"),
            "830ADTfgU5gwpDJ34AeNNT9bxbYWs/z/dojc5SAbEKQ="
        );
    }
}

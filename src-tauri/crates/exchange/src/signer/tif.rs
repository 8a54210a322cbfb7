//! The `x-tif-*` gateway: SHA-256 over time stamp, token and nonce.

use zeroize::Zeroizing;

use super::digests::sha256;
use super::{Ingredients, Outgoing, SignError, Signer};
use crate::auth::Tif;
use crate::forms::{StampForm, TextForm};

/// Signs for one application.
pub struct Signing {
    family: Tif,
    token: Zeroizing<String>,
}

impl Signing {
    /// A signer for an application and its token.
    pub fn new(family: &Tif, token: &str) -> Self {
        Self {
            family: family.clone(),
            token: Zeroizing::new(token.to_owned()),
        }
    }
}

/// Hexadecimal of SHA-256(time stamp + token + nonce + time stamp).
///
/// Source: practice of the TIF gateway.
fn tif_sign(form: TextForm, timestamp: &str, token: &str, nonce: &str) -> String {
    form.write(&sha256(
        [timestamp, token, nonce, timestamp].concat().as_bytes(),
    ))
}

impl Signer for Signing {
    fn sign(&self, request: &mut Outgoing, with: Ingredients<'_>) -> Result<(), SignError> {
        let timestamp = StampForm::Seconds.write(with.now_ms);
        let form = if self.family.upper_case {
            TextForm::HexUpper
        } else {
            TextForm::Hex
        };
        let signature = tif_sign(form, &timestamp, &self.token, with.nonce);
        request.header("x-tif-paasid", &self.family.paas_id);
        request.header("x-tif-timestamp", timestamp);
        request.header("x-tif-nonce", with.nonce);
        request.header("x-tif-signature", signature);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_an_independent_program_in_either_case() {
        let family = |upper_case| Tif {
            paas_id: "portal".into(),
            upper_case,
        };
        let with = Ingredients {
            now_ms: 1_700_000_000_999,
            nonce: "n0nce",
            granted: None,
        };
        let signed = |upper_case| {
            let mut request = Outgoing::default();
            Signing::new(&family(upper_case), "tif-token")
                .sign(&mut request, with)
                .unwrap();
            request.headers[3].1.clone()
        };
        // printf '1700000000tif-tokenn0nce1700000000' | sha256sum
        let expected = "dcbd8deb2eb5dbef383ff0064d13acb4196778b5c0152fdcccb58a83402c45ac";
        assert_eq!(signed(false), expected);
        assert_eq!(signed(true), expected.to_uppercase());
    }
}

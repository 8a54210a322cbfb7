//! SM2 keys: signing, verifying, encrypting, decrypting, in the forms that practice has.
//!
//! Source: GB/T 32918—2016, GM/T 0009—2012.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sm2::dsa::signature::{RandomizedSigner, Verifier};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::common::getrandom::SysRng;
use sm2::pkcs8::{DecodePrivateKey, DecodePublicKey};
use sm2::pke::{DecryptingKey, EncryptingKey, Mode};
use sm2::{PublicKey, SecretKey};

use super::settings;
use crate::auth::SignatureForm;
use crate::error::ExchangeError;
use crate::forms::{Sm2Layout, unhex};

/// First byte of a point with both its coordinates.
const UNCOMPRESSED: u8 = 4;

/// A private key; it is wiped when it is dropped.
pub struct PrivateKey(SecretKey);

impl PrivateKey {
    /// Reads a key: hexadecimal, Base64 of 32 bytes or of PKCS#8, or PKCS#8 as PEM.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] without the key in it.
    pub fn read(text: &str) -> Result<Self, ExchangeError> {
        let text = text.trim();
        let key = if text.starts_with("-----") {
            SecretKey::from_pkcs8_pem(text).ok()
        } else {
            binary(text).and_then(|bytes| match bytes.len() {
                32 => SecretKey::from_slice(&bytes).ok(),
                // Some programs write the number with a sign.
                33 if bytes[0] == 0 => SecretKey::from_slice(&bytes[1..]).ok(),
                _ => SecretKey::from_pkcs8_der(&bytes).ok(),
            })
        };
        key.map(Self).ok_or_else(|| {
            settings(
                "secret",
                "private_key is no SM2 key; give 64 hexadecimal digits or PKCS#8 in Base64",
            )
        })
    }

    /// Signs. Nothing when the system has no random numbers, or the name is too long.
    pub fn sign(&self, signer_id: &str, message: &[u8], form: SignatureForm) -> Option<Vec<u8>> {
        let key = SigningKey::new(signer_id, &self.0).ok()?;
        let signature: Signature = key.try_sign_with_rng(&mut SysRng, message).ok()?;
        Some(match form {
            SignatureForm::Raw => signature.to_vec(),
            SignatureForm::Der => signature.to_der().as_ref().to_vec(),
        })
    }

    /// Decrypts. Nothing when the text was not encrypted for this key or was changed.
    pub fn decrypt(&self, layout: Sm2Layout, sealed: &[u8]) -> Option<Vec<u8>> {
        let scalar = self.0.to_nonzero_scalar();
        let mode = match layout {
            Sm2Layout::Der => return DecryptingKey::new(self.0.clone()).decrypt_der(sealed).ok(),
            Sm2Layout::C1c3c2 => Mode::C1C3C2,
            Sm2Layout::C1c2c3 => Mode::C1C2C3,
        };
        let key = DecryptingKey::new_with_mode(scalar, mode);
        // Some programs leave the first byte out.
        key.decrypt(sealed)
            .or_else(|_| key.decrypt(&[&[UNCOMPRESSED], sealed].concat()))
            .ok()
    }
}

/// A provider's public key.
#[derive(Clone)]
pub struct ProviderKey(PublicKey);

impl ProviderKey {
    /// Reads a key: the point in hexadecimal or Base64, with or without its first byte, or
    /// SubjectPublicKeyInfo in Base64 or as PEM.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] naming the field.
    pub fn read(text: &str) -> Result<Self, ExchangeError> {
        let text = text.trim();
        let key = if text.starts_with("-----") {
            PublicKey::from_public_key_pem(text).ok()
        } else {
            binary(text).and_then(|bytes| match bytes.len() {
                33 | 65 => PublicKey::from_sec1_bytes(&bytes).ok(),
                64 => PublicKey::from_sec1_bytes(&[&[UNCOMPRESSED], &bytes[..]].concat()).ok(),
                _ => PublicKey::from_public_key_der(&bytes).ok(),
            })
        };
        key.map(Self).ok_or_else(|| {
            let short: String = text.chars().take(20).collect();
            settings(
                "auth.public_key",
                format!("{short:?} is no SM2 key; give the point in hexadecimal, or Base64"),
            )
        })
    }

    /// Whether a signature, raw or DER, is this key's.
    pub fn verifies(&self, signer_id: &str, message: &[u8], signature: &[u8]) -> bool {
        let signature = match signature.len() {
            64 => Signature::from_slice(signature),
            _ => Signature::from_der(signature),
        };
        VerifyingKey::new(signer_id, self.0)
            .and_then(|key| key.verify(message, &signature?))
            .is_ok()
    }

    /// Encrypts. Nothing when the text is empty or the system has no random numbers.
    pub fn encrypt(&self, layout: Sm2Layout, text: &[u8]) -> Option<Vec<u8>> {
        let with = |mode| EncryptingKey::new_with_mode(self.0, mode);
        match layout {
            Sm2Layout::C1c3c2 => with(Mode::C1C3C2).encrypt(&mut SysRng, text),
            Sm2Layout::C1c2c3 => with(Mode::C1C2C3).encrypt(&mut SysRng, text),
            Sm2Layout::Der => with(Mode::C1C3C2).encrypt_der(&mut SysRng, text),
        }
        .ok()
    }
}

/// Hexadecimal, or else Base64.
fn binary(text: &str) -> Option<Vec<u8>> {
    unhex(text).or_else(|| STANDARD.decode(text).ok())
}

/// Keys and values of GB/T 32918.5—2017, annexes A.2 and C.2.
#[cfg(test)]
pub mod vectors {
    /// Private key.
    pub const PRIVATE: &str = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
    /// Public key.
    pub const PUBLIC: &str = concat!(
        "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    );
    /// Signature of "message digest" by "1234567812345678".
    pub const SIGNATURE: &str = concat!(
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3",
        "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    );
    /// "encryption standard" encrypted: point, hash, text.
    pub const SEALED: &str = concat!(
        "0404EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73",
        "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0",
        "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766",
        "21886CA989CA9C7D58087307CA93092D651EFA"
    );
}

#[cfg(test)]
mod tests {
    use super::vectors::{PRIVATE, PUBLIC, SEALED, SIGNATURE};
    use super::*;
    use proptest::prelude::*;

    const NAME: &str = crate::auth::COMMON_SIGNER_ID;

    #[test]
    fn the_signature_of_gb_t_32918_is_accepted_and_a_changed_one_is_not() {
        let key = ProviderKey::read(PUBLIC).unwrap();
        let signature = unhex(SIGNATURE).unwrap();
        assert!(key.verifies(NAME, b"message digest", &signature));
        assert!(!key.verifies(NAME, b"message Digest", &signature));
        assert!(!key.verifies("another", b"message digest", &signature));
        for at in 0..64 {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(
                !key.verifies(NAME, b"message digest", &changed),
                "byte {at}"
            );
        }
        for length in [0, 1, 63, 65, 72] {
            assert!(!key.verifies(NAME, b"message digest", &vec![0x30; length]));
        }
    }

    #[test]
    fn the_text_encrypted_in_gb_t_32918_is_read() {
        let key = PrivateKey::read(PRIVATE).unwrap();
        let sealed = unhex(SEALED).unwrap();
        let plain = key.decrypt(Sm2Layout::C1c3c2, &sealed).unwrap();
        assert_eq!(plain, b"encryption standard");
        // Without the first byte, as some programs write it.
        assert_eq!(key.decrypt(Sm2Layout::C1c3c2, &sealed[1..]).unwrap(), plain);
        // The older order is the same parts.
        let older = [&sealed[..65], &sealed[97..], &sealed[65..97]].concat();
        assert_eq!(key.decrypt(Sm2Layout::C1c2c3, &older).unwrap(), plain);
        assert_eq!(key.decrypt(Sm2Layout::C1c3c2, &older), None);
    }

    #[test]
    fn what_is_signed_is_accepted_in_either_form_and_never_signed_alike() {
        let (own, public) = (
            PrivateKey::read(PRIVATE).unwrap(),
            ProviderKey::read(PUBLIC).unwrap(),
        );
        let raw = own.sign(NAME, b"x", SignatureForm::Raw).unwrap();
        let der = own.sign(NAME, b"x", SignatureForm::Der).unwrap();
        assert!(public.verifies(NAME, b"x", &raw));
        assert!(public.verifies(NAME, b"x", &der));
        assert_ne!(raw, own.sign(NAME, b"x", SignatureForm::Raw).unwrap());
    }

    #[test]
    fn keys_are_read_in_the_forms_that_programs_write() {
        let point = unhex(PUBLIC).unwrap();
        for text in [
            PUBLIC.to_owned(),
            PUBLIC[2..].to_lowercase(),
            STANDARD.encode(&point),
        ] {
            assert!(ProviderKey::read(&text).is_ok(), "{text}");
        }
        for text in ["", "04", "zz", "政桥", &PUBLIC[..64], &"0".repeat(130)] {
            assert!(ProviderKey::read(text).is_err(), "{text}");
            assert!(
                PrivateKey::read(text).is_err() || text.len() == 64,
                "{text}"
            );
        }
        assert!(PrivateKey::read(&format!("00{PRIVATE}")).is_ok());
        let refused = PrivateKey::read(&"f".repeat(64)).err().unwrap();
        assert!(!refused.to_string().contains("ffff"), "{refused}");
    }

    proptest! {
        #[test]
        fn no_ciphertext_and_no_signature_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let key = PrivateKey::read(PRIVATE).unwrap();
            for layout in [Sm2Layout::C1c3c2, Sm2Layout::C1c2c3, Sm2Layout::Der] {
                let _ = key.decrypt(layout, &bytes);
            }
            prop_assert!(!ProviderKey::read(PUBLIC).unwrap().verifies(NAME, b"x", &bytes));
        }
    }
}

//! What the gate computes: hashes, SM4, AES and SM2, straight from the standards' crates.

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit, consts::U16};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use sm2::dsa::signature::{Signer, Verifier};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::pke::DecryptingKey;
use sm2::{PublicKey, SecretKey};

/// The signers' name on both sides.
const NAME: &str = "1234567812345678";

pub(super) use hex::encode as hex;

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(super) fn sha256_hex(text: &str) -> String {
    hex(Sha256::digest(text))
}

pub(super) fn md5_hex(text: &str) -> String {
    hex(md5::Md5::digest(text))
}

pub(super) fn hmac_base64(key: &str, text: &str) -> String {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    base64(&mac.finalize().into_bytes())
}

fn padded(text: &[u8]) -> Vec<u8> {
    let missing = 16 - text.len() % 16;
    let mut out = text.to_vec();
    out.resize(text.len() + missing, missing as u8);
    out
}

/// Each block by itself, with padding.
pub(super) fn encrypt<C>(key: &[u8], text: &[u8]) -> Option<Vec<u8>>
where
    C: KeyInit + BlockCipherEncrypt<BlockSize = U16>,
{
    let cipher = C::new_from_slice(key).ok()?;
    let mut out = padded(text);
    for block in out.chunks_mut(16) {
        cipher.encrypt_block(<&mut Array<u8, U16>>::try_from(block).ok()?);
    }
    Some(out)
}

/// The reverse.
pub(super) fn decrypt<C>(key: &[u8], text: &[u8]) -> Option<Vec<u8>>
where
    C: KeyInit + BlockCipherDecrypt<BlockSize = U16>,
{
    let cipher = C::new_from_slice(key).ok()?;
    let mut out = text.to_vec();
    for block in out.chunks_mut(16) {
        cipher.decrypt_block(<&mut Array<u8, U16>>::try_from(block).ok()?);
    }
    let padding = usize::from(*out.last()?);
    out.truncate(out.len().checked_sub(padding)?);
    (1..=16).contains(&padding).then_some(out)
}

/// Reads a private key of 64 hexadecimal digits.
fn private(key: &str) -> Option<SecretKey> {
    SecretKey::from_slice(&unhex(key)?).ok()
}

/// The public key's point in hexadecimal.
pub(crate) fn public_key(private_key: &str) -> String {
    private(private_key)
        .map(|key| hex(key.public_key().to_sec1_bytes()))
        .unwrap_or_default()
}

pub(super) fn sm2_sign(private_key: &str, text: &str) -> Option<Vec<u8>> {
    let key = SigningKey::new(NAME, &private(private_key)?).ok()?;
    let signature: Signature = key.try_sign(text.as_bytes()).ok()?;
    Some(signature.to_vec())
}

pub(super) fn sm2_verifies(public_key: &str, text: &str, signature: &[u8]) -> bool {
    let verified = || {
        let key = PublicKey::from_sec1_bytes(&unhex(public_key)?).ok()?;
        let signature = Signature::from_slice(signature).ok()?;
        let key = VerifyingKey::new(NAME, key).ok()?;
        key.verify(text.as_bytes(), &signature).ok()
    };
    verified().is_some()
}

pub(super) fn sm2_decrypt(private_key: &str, sealed: &[u8]) -> Option<String> {
    let plain = DecryptingKey::new(private(private_key)?)
        .decrypt(sealed)
        .ok()?;
    String::from_utf8(plain).ok()
}

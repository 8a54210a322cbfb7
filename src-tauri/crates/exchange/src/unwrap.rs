//! Values that a provider encrypts once more inside its answer: which cipher, how written, where.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zeroize::Zeroizing;

use crate::forms::{BlockMode, KeyForm, Sm2Layout, TextForm};
use crate::signer::cipher::{aes_decrypt, sm4_decrypt};
use crate::signer::sm2_keys::PrivateKey;

/// With what values are encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(rename_all = "snake_case")]
pub enum WrapCipher {
    /// They are not.
    #[default]
    None,
    /// AES; the key's length chooses the variant.
    Aes,
    /// SM4.
    Sm4,
    /// SM2; the key is our private one.
    Sm2,
}

/// How encrypted values are opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default, deny_unknown_fields)]
pub struct Unwrap {
    /// The cipher.
    pub cipher: WrapCipher,
    /// How a block cipher is used.
    pub mode: BlockMode,
    /// How its key is written.
    pub key_form: KeyForm,
    /// How the encrypted value is written.
    pub text_form: TextForm,
    /// The order of the parts of SM2.
    pub layout: Sm2Layout,
    /// JSON pointers of the encrypted values; the empty one is the whole. A value that turns out to
    /// be an object takes the place of the text.
    pub at: Vec<String>,
}

impl Unwrap {
    /// Whether anything is encrypted.
    pub fn is_used(&self) -> bool {
        self.cipher != WrapCipher::None
    }

    /// Opens one value. Nothing when key or value are wrong.
    pub fn open(&self, key: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = self.text_form.read(text.trim())?;
        let opened = match self.cipher {
            WrapCipher::None => return None,
            WrapCipher::Aes => {
                let key = Zeroizing::new(self.key_form.read(key.trim())?);
                aes_decrypt(self.mode, &key, &sealed)
            }
            WrapCipher::Sm4 => {
                let key = Zeroizing::new(self.key_form.read(key.trim())?);
                sm4_decrypt(self.mode, &key, &sealed)
            }
            WrapCipher::Sm2 => PrivateKey::read(key).ok()?.decrypt(self.layout, &sealed),
        };
        opened.map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::sm2_keys::vectors;

    #[test]
    fn a_value_of_an_independent_program_is_opened_with_each_cipher() {
        // printf '数据直达' | openssl enc -sm4-ecb -K 0123456789abcdeffedcba9876543210 | xxd -p
        let sm4 = Unwrap {
            cipher: WrapCipher::Sm4,
            key_form: KeyForm::Hex,
            text_form: TextForm::Hex,
            ..Unwrap::default()
        };
        let opened = sm4.open(
            "0123456789abcdeffedcba9876543210",
            "3796e7f25c291de134200762125e94ee",
        );
        assert_eq!(opened.unwrap().as_slice(), "数据直达".as_bytes());
        // printf 'time-limited-secret' | openssl enc -aes-128-ecb -K 30313233343536373839616263646566
        let aes = Unwrap {
            cipher: WrapCipher::Aes,
            text_form: TextForm::Hex,
            ..Unwrap::default()
        };
        let sealed = "3f8e97e26e8d271f01df571d2f8d509e36c66f4c819488e8baa7a008bfb1015d";
        let opened = aes.open("0123456789abcdef", sealed);
        assert_eq!(opened.unwrap().as_slice(), b"time-limited-secret");
        assert!(aes.open("0123456789abcdeF", sealed).is_none());
        // GB/T 32918.5—2017, annex C.2.
        let sm2 = Unwrap {
            cipher: WrapCipher::Sm2,
            text_form: TextForm::Hex,
            ..Unwrap::default()
        };
        let opened = sm2.open(vectors::PRIVATE, vectors::SEALED);
        assert_eq!(opened.unwrap().as_slice(), b"encryption standard");
    }
}

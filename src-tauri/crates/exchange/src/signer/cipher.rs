//! Block ciphers of the families, AES and SM4, with PKCS#7 padding.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt,
    BlockSizeUser, InnerIvInit, KeyInit, consts::U16,
};
use aes::{Aes128, Aes192, Aes256};
use sm4::Sm4;

use crate::forms::BlockMode;

/// Bytes of a block, of both ciphers.
const BLOCK: usize = 16;

/// Decrypts with AES; the key's length chooses the variant. Nothing when key or text are wrong.
///
/// Source: FIPS 197, RFC 5652 6.3.
pub fn aes_decrypt(mode: BlockMode, key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    match key.len() {
        16 => decrypt(mode, Aes128::new_from_slice(key).ok()?, text),
        24 => decrypt(mode, Aes192::new_from_slice(key).ok()?, text),
        32 => decrypt(mode, Aes256::new_from_slice(key).ok()?, text),
        _ => None,
    }
}

/// Encrypts with SM4. `vector` is the initial vector where one is needed. Nothing when the key does
/// not have 16 bytes.
///
/// Source: GB/T 32907—2016.
pub fn sm4_encrypt(
    mode: BlockMode,
    key: &[u8],
    vector: [u8; BLOCK],
    text: &[u8],
) -> Option<Vec<u8>> {
    Some(encrypt(mode, Sm4::new_from_slice(key).ok()?, vector, text))
}

/// Decrypts with SM4. Nothing when key or text are wrong.
///
/// Source: GB/T 32907—2016.
pub fn sm4_decrypt(mode: BlockMode, key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    decrypt(mode, Sm4::new_from_slice(key).ok()?, text)
}

fn encrypt<C>(mode: BlockMode, cipher: C, vector: [u8; BLOCK], text: &[u8]) -> Vec<u8>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    match mode {
        BlockMode::Ecb => {
            let mut out = text.to_vec();
            let missing = BLOCK - out.len() % BLOCK;
            out.extend(std::iter::repeat_n(missing as u8, missing));
            for block in out.chunks_exact_mut(BLOCK) {
                if let Ok(block) = <&mut Array<u8, U16>>::try_from(block) {
                    cipher.encrypt_block(block);
                }
            }
            out
        }
        BlockMode::Cbc => {
            let chained = cbc::Encryptor::inner_iv_init(cipher, &Array::from(vector))
                .encrypt_padded_vec::<Pkcs7>(text);
            [&vector[..], &chained].concat()
        }
    }
}

fn decrypt<C>(mode: BlockMode, cipher: C, text: &[u8]) -> Option<Vec<u8>>
where
    C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>,
{
    match mode {
        BlockMode::Ecb => {
            if text.is_empty() || !text.len().is_multiple_of(BLOCK) {
                return None;
            }
            let mut out = text.to_vec();
            for block in out.chunks_exact_mut(BLOCK) {
                cipher.decrypt_block(<&mut Array<u8, U16>>::try_from(block).ok()?);
            }
            let padding = usize::from(*out.last()?);
            let rest = out.len().checked_sub(padding)?;
            let sound = (1..=BLOCK).contains(&padding)
                && out[rest..].iter().all(|byte| usize::from(*byte) == padding);
            out.truncate(rest);
            sound.then_some(out)
        }
        BlockMode::Cbc => {
            let (vector, text) = text.split_at_checked(BLOCK)?;
            let vector: [u8; BLOCK] = vector.try_into().ok()?;
            cbc::Decryptor::inner_iv_init(cipher, &Array::from(vector))
                .decrypt_padded_vec::<Pkcs7>(text)
                .ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::{hex, unhex};
    use proptest::prelude::*;

    /// GB/T 32907—2016, annex A.1: the key is the text.
    const KEY: &str = "0123456789abcdeffedcba9876543210";

    #[test]
    fn one_block_is_that_of_gb_t_32907() {
        let key = unhex(KEY).unwrap();
        let sealed = sm4_encrypt(BlockMode::Ecb, &key, [0; 16], &key).unwrap();
        assert_eq!(hex(&sealed[..16]), "681edf34d206965e86b3e94f536e4246");
    }

    #[test]
    fn sm4_is_that_of_an_independent_program() {
        let key = unhex(KEY).unwrap();
        let text = "数据直达".as_bytes();
        // printf '数据直达' | openssl enc -sm4-ecb -K 0123456789abcdeffedcba9876543210 | xxd -p
        let ecb = sm4_encrypt(BlockMode::Ecb, &key, [0; 16], text).unwrap();
        assert_eq!(hex(&ecb), "3796e7f25c291de134200762125e94ee");
        // … openssl enc -sm4-cbc -K … -iv 000102030405060708090a0b0c0d0e0f
        let vector: [u8; 16] = std::array::from_fn(|at| at as u8);
        let cbc = sm4_encrypt(BlockMode::Cbc, &key, vector, text).unwrap();
        assert_eq!(hex(&cbc[16..]), "6e96a671cb31e9991de74162266d3e3e");
        assert_eq!(cbc[..16], vector);
        assert_eq!(sm4_decrypt(BlockMode::Ecb, &key, &ecb).unwrap(), text);
        assert_eq!(sm4_decrypt(BlockMode::Cbc, &key, &cbc).unwrap(), text);
    }

    #[test]
    fn aes_is_read_as_an_independent_program_writes_it() {
        let text = b"time-limited-secret";
        // printf 'time-limited-secret' | openssl enc -aes-128-ecb -K 30313233343536373839616263646566
        let ecb =
            unhex("3f8e97e26e8d271f01df571d2f8d509e36c66f4c819488e8baa7a008bfb1015d").unwrap();
        let key = b"0123456789abcdef";
        assert_eq!(aes_decrypt(BlockMode::Ecb, key, &ecb).unwrap(), text);
        // … -aes-256-cbc -K (the same twice) -iv 000102030405060708090a0b0c0d0e0f
        let cbc = unhex("000102030405060708090a0b0c0d0e0fa8657206657116e76bdb910586276959b441c6aaf5139828a0154dd515d4bb41").unwrap();
        assert_eq!(
            aes_decrypt(BlockMode::Cbc, &key.repeat(2), &cbc).unwrap(),
            text
        );
    }

    #[test]
    fn a_wrong_key_length_a_broken_text_and_a_wrong_padding_are_refused() {
        assert_eq!(aes_decrypt(BlockMode::Ecb, b"short", &[0; 16]), None);
        assert_eq!(sm4_encrypt(BlockMode::Ecb, b"short", [0; 16], b"x"), None);
        let key = unhex(KEY).unwrap();
        for text in [&[][..], &[1; 15], &[1; 16], &[1; 17]] {
            assert_eq!(sm4_decrypt(BlockMode::Ecb, &key, text), None);
            assert_eq!(sm4_decrypt(BlockMode::Cbc, &key, text), None);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_text_comes_back(text in proptest::collection::vec(any::<u8>(), 0..100)) {
            for mode in [BlockMode::Ecb, BlockMode::Cbc] {
                let _ = aes_decrypt(mode, &[7; 16], &text);
                let sealed = sm4_encrypt(mode, &[7; 16], [3; 16], &text).unwrap();
                prop_assert_eq!(sm4_decrypt(mode, &[7; 16], &sealed).unwrap(), text.clone());
            }
        }
    }
}

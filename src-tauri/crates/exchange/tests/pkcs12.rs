//! PKCS#12 files made by openssl are opened, in today's and in the old encryption.
//!
//! Made with: openssl req -x509 -newkey rsa:2048 -nodes -days 36500 and openssl pkcs12 -export
//! [-legacy].

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use zhengqiao_exchange::{check_client_certificate, open_pkcs12};

const MODERN: &[u8] = include_bytes!("data/client-modern.p12");
const LEGACY: &[u8] = include_bytes!("data/client-legacy.p12");
const CERTIFICATE: &str = include_str!("data/client.pem");

#[test]
fn files_of_openssl_are_opened_and_key_and_certificate_belong_together() {
    for (file, passphrase) in [(MODERN, "口令-pass"), (LEGACY, "legacy")] {
        let identity = open_pkcs12(file, passphrase).unwrap();
        assert_eq!(identity.chain.trim(), CERTIFICATE.trim());
        check_client_certificate(&identity.chain, &identity.key).unwrap();
    }
}

#[test]
fn a_wrong_passphrase_and_a_damaged_file_are_refused_without_telling_the_passphrase() {
    for (file, passphrase) in [
        (LEGACY, "not-the-passphrase"),
        (&LEGACY[..200], "legacy"),
        (b"not a file".as_slice(), "legacy"),
    ] {
        let error = open_pkcs12(file, passphrase).err().unwrap().to_string();
        assert!(error.contains("cannot be opened"), "{error}");
        assert!(!error.contains(passphrase), "{error}");
    }
}

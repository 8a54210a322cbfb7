//! Signatures and encrypted texts, ours against `openssl`'s: values that it made once, and, where
//! the program is on the machine, values that both make anew. The keys are GB/T 32918.5's.

use std::path::Path;
use std::process::Command;

use super::cipher::{sm4_decrypt, sm4_encrypt};
use super::sm2_keys::{PrivateKey, ProviderKey, vectors};
use crate::auth::{COMMON_SIGNER_ID, SignatureForm};
use crate::forms::{BlockMode, Sm2Layout, TextForm, hex, unhex};

/// The private key as PKCS#8: openssl pkcs8 -topk8 -nocrypt -in k.pem -outform DER | base64
const PKCS8: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgOUUgj3shRLE/NuOKxtOflYiTk2koYLUaQvuB7033xbihRANCAAQJ+d8xHlQhoVDdfRYeS8XGchefrRgz/AdrsI/zVvNQIMzqSQziZ3WlLcbqcYzBqmAK7QX7814ISmYy9gctqa0T";
/// The public key: openssl pkey -in k.pem -pubout -outform DER | base64
const SPKI: &str = "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAECfnfMR5UIaFQ3X0WHkvFxnIXn60YM/wHa7CP81bzUCDM6kkM4md1pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw==";
/// What is signed and encrypted.
const MESSAGE: &[u8] = b"message digest";

/// `openssl pkeyutl -sign -rawin -digest sm3 -inkey k.pem -in m -pkeyopt distid:1234567812345678`
const SIGNATURE: &str = "30460221009efcb37b8ce0530540ed766992d4821defef66f8bb26ea22ba0c0bab9580dcd2022100f7e21c1dc2eee93030dbf0576683ad35815134e4f520c74e4d7acb39dd2f6efb";
/// `openssl pkeyutl -encrypt -pubin -inkey p.pem -in m`
const SEALED: &str = "30760220697f84ff59a9ed5b15b6f7d559ac92cd8c5599b1d00753f226bf23d199bc8bda022003c58b801406dc5d1e2cc1335ff9a26791e317ae32cd63066e62a0424bf53c1304206cb2c9fe742f22e0b36c02e29ff795568003c81913fd73aeeaee006cd9fccb8d040e214d3922a1d397d28ec77295ae62";

fn keys() -> (PrivateKey, ProviderKey) {
    (
        PrivateKey::read(PKCS8).unwrap(),
        ProviderKey::read(SPKI).unwrap(),
    )
}

#[test]
fn what_openssl_made_is_accepted_and_read() {
    let (own, public) = keys();
    let signature = unhex(SIGNATURE).unwrap();
    assert!(public.verifies(COMMON_SIGNER_ID, MESSAGE, &signature));
    let sealed = unhex(SEALED).unwrap();
    assert_eq!(own.decrypt(Sm2Layout::Der, &sealed).unwrap(), MESSAGE);
}

#[test]
fn keys_in_openssls_forms_are_the_same_keys() {
    let (own, _) = keys();
    let sealed = unhex(vectors::SEALED).unwrap();
    assert_eq!(
        own.decrypt(Sm2Layout::C1c3c2, &sealed).unwrap(),
        b"encryption standard"
    );
}

/// Runs the program in a directory; nothing when it is not there or cannot do SM2.
fn openssl(place: &Path, line: &str) -> Option<Vec<u8>> {
    let done = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(place)
        .output()
        .ok()?;
    done.status.success().then_some(done.stdout)
}

#[test]
fn ours_and_openssls_are_accepted_by_each_other() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path();
    let write = |name: &str, bytes: &[u8]| std::fs::write(path.join(name), bytes).unwrap();
    write("key", &TextForm::Base64.read(PKCS8).unwrap());
    write("public", &TextForm::Base64.read(SPKI).unwrap());
    write("message", MESSAGE);
    let own = "-inkey key -keyform DER";
    let public = "-pubin -inkey public -keyform DER";
    let id = "-pkeyopt distid:1234567812345678";
    let sign = format!("pkeyutl -sign -rawin -digest sm3 -in message {own} {id}");
    let Some(theirs) = openssl(path, &sign) else {
        eprintln!("openssl with SM2 is not on this machine");
        return;
    };
    let (key, provider) = keys();
    assert!(provider.verifies(COMMON_SIGNER_ID, MESSAGE, &theirs));

    let ours = key.sign(COMMON_SIGNER_ID, MESSAGE, SignatureForm::Der);
    write("signature", &ours.unwrap());
    let verify =
        format!("pkeyutl -verify -rawin -digest sm3 -in message -sigfile signature {public} {id}");
    assert!(openssl(path, &verify).is_some());

    let theirs = openssl(path, &format!("pkeyutl -encrypt -in message {public}")).unwrap();
    assert_eq!(key.decrypt(Sm2Layout::Der, &theirs).unwrap(), MESSAGE);
    write(
        "sealed",
        &provider.encrypt(Sm2Layout::Der, MESSAGE).unwrap(),
    );
    let decrypt = format!("pkeyutl -decrypt -in sealed {own}");
    assert_eq!(openssl(path, &decrypt).unwrap(), MESSAGE);
}

#[test]
fn sm4_texts_of_every_length_are_openssls() {
    let place = tempfile::tempdir().unwrap();
    let (key, vector) = ([0x5a; 16], [0xc3; 16]);
    for length in [1, 15, 16, 17, 4096] {
        let text: Vec<u8> = (0_u8..=255).cycle().take(length).collect();
        std::fs::write(place.path().join("text"), &text).unwrap();
        for (mode, name) in [(BlockMode::Ecb, "ecb"), (BlockMode::Cbc, "cbc")] {
            let iv = match mode {
                BlockMode::Ecb => String::new(),
                BlockMode::Cbc => format!("-iv {}", hex(vector)),
            };
            let line = format!("enc -sm4-{name} -in text -K {} {iv}", hex(key));
            let Some(theirs) = openssl(place.path(), &line) else {
                eprintln!("openssl with SM4 is not on this machine");
                return;
            };
            let ours = sm4_encrypt(mode, &key, vector, &text).unwrap();
            let skip = ours.len() - theirs.len();
            assert_eq!(ours[skip..], theirs, "{name} {length}");
            assert_eq!(sm4_decrypt(mode, &key, &ours).unwrap(), text);
        }
    }
}

//! Client certificates from PKCS#12 files (RFC 7292): opened once, kept as PEM.

use base64::Engine as _;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use zeroize::Zeroizing;

use crate::error::ExchangeError;

/// Bytes of a file at most.
const MAX_BYTES: usize = 1024 * 1024;

/// What a PKCS#12 file holds.
pub struct ClientIdentity {
    /// The certificate with its chain, as PEM.
    pub chain: String,
    /// The private key, as PEM.
    pub key: Zeroizing<String>,
}

/// Opens a PKCS#12 file with its passphrase.
///
/// # Errors
/// [`ExchangeError::Settings`] for a wrong passphrase, a damaged file, or one without a key.
pub fn open_pkcs12(file: &[u8], passphrase: &str) -> Result<ClientIdentity, ExchangeError> {
    let wrong = |what: String| ExchangeError::Settings {
        field: "network.client_certificate".into(),
        what,
    };
    if file.len() > MAX_BYTES {
        return Err(wrong(format!(
            "the file has {} bytes, more than {MAX_BYTES}",
            file.len()
        )));
    }
    let store =
        KeyStore::from_pkcs12(file, passphrase, Pkcs12ImportPolicy::Relaxed).map_err(|error| {
            wrong(format!(
                "the PKCS#12 file cannot be opened ({error}); check file and passphrase"
            ))
        })?;
    let (_, found) = store
        .private_key_chain()
        .ok_or_else(|| wrong("the PKCS#12 file has no private key".into()))?;
    if found.certs().is_empty() {
        return Err(wrong(
            "the PKCS#12 file has no certificate for its private key".into(),
        ));
    }
    Ok(ClientIdentity {
        chain: found
            .certs()
            .iter()
            .map(|certificate| pem("CERTIFICATE", certificate.as_der()))
            .collect(),
        key: Zeroizing::new(pem("PRIVATE KEY", found.key().as_der())),
    })
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der));
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

//! Whom to trust and how to prove who we are: the one place where TLS is set up.
//!
//! Every call of a connection and its test use the same settings, so that a passed test says
//! something about the calls.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::error::{ExchangeError, Fault};
use crate::network::Network;
use crate::secrets::Secrets;

fn wrong(field: &str, what: impl Into<String>) -> ExchangeError {
    ExchangeError::Settings {
        field: format!("network.{field}"),
        what: what.into(),
    }
}

fn crypto() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The certificates of a PEM text; an empty text has none.
///
/// # Errors
/// [`ExchangeError::Settings`] when the text is not PEM or has no certificate.
pub(crate) fn certificates(
    field: &str,
    pem: &str,
) -> Result<Vec<CertificateDer<'static>>, ExchangeError> {
    if pem.trim().is_empty() {
        return Ok(Vec::new());
    }
    // What the reader says holds the whole text, which may be a key pasted into the wrong field.
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|list| !list.is_empty())
        .ok_or_else(|| {
            wrong(
                field,
                "there is no certificate in PEM; paste all lines from BEGIN CERTIFICATE to END CERTIFICATE",
            )
        })
}

/// Judges servers' certificates: the system's authorities and those of the profile.
///
/// # Errors
/// [`ExchangeError::Settings`] when there is nobody to trust, or a certificate cannot be read.
pub(crate) fn verifier(network: &Network) -> Result<Arc<dyn ServerCertVerifier>, ExchangeError> {
    let extra = certificates("ca_bundle", &network.ca_bundle)?;
    let verifier = Verifier::new_with_extra_roots(extra, crypto())
        .map_err(|error| wrong("ca_bundle", error.to_string()))?;
    Ok(Arc::new(verifier))
}

/// The authorities that [`verifier`] trusts, in DER, for a library that judges by itself.
///
/// # Errors
/// [`ExchangeError::Settings`] when a certificate of the profile cannot be read.
pub(crate) fn authorities(network: &Network) -> Result<Vec<Vec<u8>>, ExchangeError> {
    let mut usable = RootCertStore::empty();
    // What the system has and nobody can read is left out, as the verifier leaves it out.
    let system = rustls_native_certs::load_native_certs().certs;
    let extra = certificates("ca_bundle", &network.ca_bundle)?;
    Ok(system
        .into_iter()
        .filter(|one| usable.add(one.clone()).is_ok())
        .chain(extra)
        .map(|one| one.to_vec())
        .collect())
}

/// How TLS is spoken for a connection, without application protocols.
///
/// # Errors
/// [`ExchangeError::Settings`] naming what is missing or does not fit.
pub(crate) fn client_config(
    network: &Network,
    secrets: &Secrets,
) -> Result<ClientConfig, ExchangeError> {
    let builder = ClientConfig::builder_with_provider(crypto())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("tls", error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(network)?);
    let chain = certificates("client_certificate", &network.client_certificate)?;
    if chain.is_empty() {
        return Ok(builder.with_no_client_auth());
    }
    if secrets.client_key().is_empty() {
        return Err(wrong(
            "client_certificate",
            "its private key is not kept here; enter it",
        ));
    }
    builder
        .with_client_auth_cert(chain, private_key(secrets.client_key())?)
        .map_err(|error| {
            wrong(
                "client_certificate",
                format!("the private key does not belong to it: {error}"),
            )
        })
}

/// Reads a private key in PEM. No error holds any of it.
fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, ExchangeError> {
    if pem.contains("ENCRYPTED") {
        return Err(wrong(
            "client_key",
            "the private key is encrypted; use PKCS#12 with its passphrase, or decrypt it with: openssl pkcs8 -in key.pem -out plain.pem",
        ));
    }
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
        wrong(
            "client_key",
            "this is no private key in PEM; paste the lines from BEGIN PRIVATE KEY to END PRIVATE KEY",
        )
    })
}

/// Says whether a private key in PEM belongs to a certificate chain in PEM.
///
/// # Errors
/// [`ExchangeError::Settings`] naming which of the two cannot be used.
pub fn check_client_certificate(chain: &str, key: &str) -> Result<(), ExchangeError> {
    let network = Network {
        client_certificate: chain.to_owned(),
        ..Network::default()
    };
    if chain.trim().is_empty() {
        return Err(wrong("client_certificate", "is empty"));
    }
    let secrets = Secrets::default().with_client_key(Some(key.to_owned()));
    client_config(&network, &secrets).map(|_| ())
}

/// The name of what is wrong with a certificate.
pub(crate) fn certificate_fault(error: &CertificateError, self_signed: bool) -> Fault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Fault::CertExpired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Fault::CertNotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Fault::CertNameMismatch
        }
        CertificateError::Revoked => Fault::CertRevoked,
        _ if self_signed => Fault::CertSelfSigned,
        // The last two: a trusted authority of the same name has another key.
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            Fault::CertUnknownCa
        }
        _ => Fault::Tls,
    }
}

/// The name of a failed handshake. `proves` says whether we have a client certificate.
pub(crate) fn fault(error: &rustls::Error, self_signed: bool, proves: bool) -> Fault {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(error) => certificate_fault(error, self_signed),
        rustls::Error::InvalidMessage(_) => Fault::WrongProtocol,
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(Alert::ProtocolVersion | Alert::InsufficientSecurity) => {
            Fault::TlsVersion
        }
        rustls::Error::AlertReceived(Alert::CertificateRequired) => Fault::ClientCertMissing,
        rustls::Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) if proves => Fault::ClientCertRefused,
        rustls::Error::AlertReceived(Alert::BadCertificate) => Fault::ClientCertMissing,
        _ => Fault::Tls,
    }
}

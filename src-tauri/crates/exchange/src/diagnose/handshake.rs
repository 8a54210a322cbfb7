//! A TLS handshake that remembers what it saw, with the same trust as every call.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::wire::{Overheard, Wire};

/// Certificates of a chain that are remembered.
const MAX_CHAIN: usize = 10;

/// What a handshake saw, however it ended.
#[derive(Debug, Default)]
pub struct Seen {
    /// The server's certificates, its own first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Whether the server asked for a client certificate.
    pub asked: bool,
    /// The first bytes of the other side.
    pub heard: Vec<u8>,
}

/// A handshake that ended.
pub struct Handshake {
    /// The connection, or why there is none.
    pub outcome: io::Result<TlsStream<Overheard>>,
    /// What was seen.
    pub seen: Seen,
}

#[derive(Debug)]
struct Remembering {
    inner: Arc<dyn ServerCertVerifier>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Remembering {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = std::iter::once(end_entity)
            .chain(intermediates)
            .take(MAX_CHAIN)
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        self.inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[derive(Debug)]
struct Asked {
    inner: Arc<dyn ResolvesClientCert>,
    asked: AtomicBool,
}

impl ResolvesClientCert for Asked {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.inner.resolve(root_hint_subjects, schemes)
    }

    fn has_certs(&self) -> bool {
        // rustls asks only resolvers that have some; this one wants to know that it was asked.
        true
    }
}

/// Shakes hands over `wire`, judged by `verifier`.
pub async fn shake(
    mut config: ClientConfig,
    verifier: Arc<dyn ServerCertVerifier>,
    host: &str,
    wire: Box<dyn Wire>,
    patience: Duration,
) -> Handshake {
    let remembering = Arc::new(Remembering {
        inner: verifier,
        chain: Mutex::default(),
    });
    let asked = Arc::new(Asked {
        inner: config.client_auth_cert_resolver.clone(),
        asked: AtomicBool::new(false),
    });
    config
        .dangerous()
        .set_certificate_verifier(remembering.clone());
    config.client_auth_cert_resolver = asked.clone();
    let (wire, heard) = Overheard::new(wire);
    let outcome = match ServerName::try_from(host.to_owned()) {
        Ok(name) => {
            let connecting = TlsConnector::from(Arc::new(config)).connect(name, wire);
            match tokio::time::timeout(patience, connecting).await {
                Ok(outcome) => outcome,
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        }
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidInput, error)),
    };
    let chain = remembering
        .chain
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Handshake {
        outcome,
        seen: Seen {
            chain,
            asked: asked.asked.load(Ordering::Relaxed),
            heard,
        },
    }
}

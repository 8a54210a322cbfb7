//! The way to a database: name, port, the system that answers, encryption.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;

use super::fault::Trouble;
use super::greeting::{ask_for_encryption, greet};
use super::{DatabaseProvider, System};
use crate::diagnose::certificate::describe;
use crate::diagnose::handshake::{Handshake, Seen, shake};
use crate::diagnose::layer::{Layer, ms};
use crate::diagnose::secured::{
    fail, has_certificate, judged, note_chain, note_own, reason, tls_error, warned,
};
use crate::error::Fault;
use crate::tls;

/// A step of a test waits at most so long.
const MAX_PATIENCE: Duration = Duration::from_mins(1);

/// What the way showed. What the server thinks of our certificate is known only when we log in, so
/// the layer of encryption is still to be told.
pub struct Reached {
    tls: Layer,
    seen: Seen,
    /// Whether the server encrypts and was not asked to.
    could: bool,
}

/// Goes the way to the database; `None` when it ends before.
pub async fn reach(to: &DatabaseProvider, on_layer: &mut impl FnMut(Layer)) -> Option<Reached> {
    let patience = Duration::from_millis(to.network.connect_timeout_ms).min(MAX_PATIENCE);
    let addresses = resolve(to, patience, on_layer).await?;
    let mut wire = connect(to, &addresses, patience, on_layer).await?;
    let begun = Instant::now();
    let greeting = match greet(to.system, &mut wire, &addresses, patience).await {
        Ok(greeting) => greeting,
        Err((fault, seen)) => {
            on_layer(Layer::failed("protocol", seen, fault.code(), ms(begun)));
            return None;
        }
    };
    on_layer(Layer::ok("protocol", greeting.name, ms(begun)));
    let begun = Instant::now();
    if !to.encrypted {
        let tls = if to.is_here {
            Layer::ok("tls", "–", 0)
        } else {
            Layer::warn("tls", "–", "not_encrypted", 0)
        };
        return Some(Reached {
            tls,
            seen: Seen::default(),
            could: greeting.encrypts,
        });
    }
    if !greeting.encrypts {
        let fault = Fault::NoEncryption;
        on_layer(Layer::failed("tls", "–", fault.code(), ms(begun)));
        return None;
    }
    if let Err(error) = ask_for_encryption(to.system, &mut wire).await {
        let fault = Fault::Reset;
        on_layer(Layer::failed(
            "tls",
            error.to_string(),
            fault.code(),
            ms(begun),
        ));
        return None;
    }
    encrypt(to, wire, patience, on_layer).await
}

async fn resolve(
    to: &DatabaseProvider,
    patience: Duration,
    on_layer: &mut impl FnMut(Layer),
) -> Option<Vec<SocketAddr>> {
    let host = to.bare_host();
    let begun = Instant::now();
    let looking = tokio::net::lookup_host((host, to.port));
    let (seen, advice) = match tokio::time::timeout(patience, looking).await {
        Ok(Ok(found)) => {
            let found: Vec<_> = found.collect();
            let all: Vec<String> = found.iter().map(|one| one.ip().to_string()).collect();
            let seen = format!("{host} → {}", all.join(", "));
            on_layer(Layer::ok("name", seen, ms(begun)));
            return Some(found);
        }
        Ok(Err(error)) => (format!("{host}: {error}"), Fault::NameResolution.code()),
        Err(_) => (host.to_owned(), "name_timeout"),
    };
    on_layer(Layer::failed("name", seen, advice, ms(begun)));
    None
}

async fn connect(
    to: &DatabaseProvider,
    addresses: &[SocketAddr],
    patience: Duration,
    on_layer: &mut impl FnMut(Layer),
) -> Option<TcpStream> {
    let begun = Instant::now();
    let place = format!("{}:{}", to.host, to.port);
    let (seen, advice) = match tokio::time::timeout(patience, TcpStream::connect(addresses)).await {
        Ok(Ok(wire)) => {
            let peer = wire.peer_addr().map_or(place, |peer| peer.to_string());
            on_layer(Layer::ok("tcp", peer, ms(begun)));
            return Some(wire);
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
            (format!("{place}: {error}"), "connect_timeout")
        }
        Ok(Err(error)) => (format!("{place}: {error}"), Fault::Connect.code()),
        Err(_) => (
            format!("{place}: {} ms", patience.as_millis()),
            "connect_timeout",
        ),
    };
    on_layer(Layer::failed("tcp", seen, advice, ms(begun)));
    None
}

async fn encrypt(
    to: &DatabaseProvider,
    wire: TcpStream,
    patience: Duration,
    on_layer: &mut impl FnMut(Layer),
) -> Option<Reached> {
    let begun = Instant::now();
    let settings = tls::client_config(&to.network, &to.secrets)
        .and_then(|config| Ok((config, tls::verifier(&to.network)?)));
    let (config, verifier) = match settings {
        Ok(settings) => settings,
        Err(error) => {
            on_layer(Layer::failed("tls", error.to_string(), "settings", 0));
            return None;
        }
    };
    let host = to.bare_host();
    let Handshake { outcome, seen } = shake(config, verifier, host, Box::new(wire), patience).await;
    let mut layer = Layer::ok("tls", "", ms(begun));
    note_chain(&mut layer, &seen.chain, host);
    note_own(&mut layer, &to.network, seen.asked);
    match outcome {
        Ok(stream) => {
            let (_, session) = stream.get_ref();
            let version = session.protocol_version().map(|one| format!("{one:?}"));
            let suite = session
                .negotiated_cipher_suite()
                .map(|one| format!("{:?}", one.suite()));
            let own = seen.chain.first().and_then(subject);
            layer.seen = [version, suite, own]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" · ");
            Some(Reached {
                tls: layer,
                seen,
                could: false,
            })
        }
        Err(error) => {
            let fault = match tls_error(&error) {
                Some(cause) => judged(cause, &seen, has_certificate(&to.network)),
                None if error.kind() == io::ErrorKind::TimedOut => Fault::Timeout,
                None => Fault::Reset,
            };
            on_layer(fail(layer, fault, reason(&error, &seen, fault)));
            None
        }
    }
}

fn subject(der: &CertificateDer<'_>) -> Option<String> {
    describe(der).map(|own| own.subject)
}

impl Reached {
    /// The layer of encryption once we are in.
    pub fn proven(self) -> Layer {
        warned(self.tls)
    }

    /// The layers of a login that failed.
    pub fn refused(self, to: &DatabaseProvider, trouble: Trouble, took: u64) -> Vec<Layer> {
        let proves = has_certificate(&to.network);
        let fault = match trouble.fault {
            // A server that does not like a certificate may close before it is heard to say so.
            Fault::Reset if self.seen.asked && proves => Fault::ClientCertRefused,
            Fault::Reset if self.seen.asked => Fault::ClientCertMissing,
            fault => fault,
        };
        if matches!(
            fault,
            Fault::Tls
                | Fault::TlsVersion
                | Fault::EncryptionNeeded
                | Fault::NoEncryption
                | Fault::ClientCertMissing
                | Fault::ClientCertRefused
                | Fault::CertExpired
                | Fault::CertNotYetValid
                | Fault::CertSelfSigned
                | Fault::CertUnknownCa
                | Fault::CertNameMismatch
                | Fault::CertRevoked
        ) {
            return vec![fail(self.tls, fault, trouble.what)];
        }
        // MySQL says no more than "access denied" where it misses encryption or a certificate.
        let advice = match fault {
            Fault::Unauthorised if to.system == System::Postgres => fault.code(),
            Fault::Unauthorised if self.seen.asked && !proves => "login_or_certificate",
            Fault::Unauthorised if self.could => "login_or_encryption",
            fault => fault.code(),
        };
        vec![
            warned(self.tls),
            Layer::failed("authentication", trouble.what, advice, took),
        ]
    }
}

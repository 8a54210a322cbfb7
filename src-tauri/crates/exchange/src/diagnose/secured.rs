//! The layer of encryption: the handshake, what is wrong with it by its own name, and its dates.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use chrono::Utc;
use rustls::pki_types::CertificateDer;
use url::Url;

use super::certificate::describe;
use super::handshake::{Handshake, Seen, shake};
use super::layer::{Expiry, Layer, LayerState, ms};
use super::reach::{Way, place};
use super::wire::{Answer, Head, Wire, ask, shown};
use crate::error::Fault;
use crate::network::Network;
use crate::tls;

/// A certificate with fewer days left is worth a word.
const SOON_DAYS: i64 = 30;

/// The handshake with the provider and the first question; `None` when it fails.
pub async fn tls(
    way: &Way<'_>,
    wire: Box<dyn Wire>,
    addresses: &[SocketAddr],
    on_layer: &mut impl FnMut(Layer),
) -> Option<Option<Head>> {
    let network = way.provider.network();
    let (host, _) = place(way.provider.base());
    let begun = Instant::now();
    let Handshake { outcome, seen } = match handshake(way, &host, wire).await {
        Ok(handshake) => handshake,
        Err(layer) => {
            on_layer(*layer);
            return None;
        }
    };
    let took = ms(begun);
    let mut layer = Layer::ok("tls", "", took);
    note_chain(&mut layer, &seen.chain, &host);
    note_own(&mut layer, network, seen.asked);
    let mut stream = match outcome {
        Ok(stream) => stream,
        Err(error) => {
            let fault = failed_handshake(way, &error, &seen, addresses).await;
            on_layer(fail(layer, fault, reason(&error, &seen, fault)));
            return None;
        }
    };
    let (_, session) = stream.get_ref();
    layer.seen = [
        session
            .protocol_version()
            .map(|version| format!("{version:?}")),
        session
            .negotiated_cipher_suite()
            .map(|suite| format!("{:?}", suite.suite())),
        seen.chain.first().and_then(describe).map(|own| own.subject),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" · ");
    // TLS 1.3 tells what it thinks of our certificate only with its first answer.
    let head = match ask(&mut stream, &way.question(), way.patience).await {
        Answer::Head(head) => Some(head),
        Answer::Silence => None,
        Answer::Other(bytes) => {
            on_layer(fail(layer, Fault::WrongProtocol, shown(&bytes)));
            return None;
        }
        Answer::Broken(error) => {
            let fault = match tls_error(&error) {
                Some(cause) => judged(cause, &seen, has_certificate(network)),
                None if seen.asked && !has_certificate(network) => Fault::ClientCertMissing,
                None => Fault::Reset,
            };
            on_layer(fail(layer, fault, reason(&error, &seen, fault)));
            return None;
        }
    };
    on_layer(warned(layer));
    Some(head)
}

/// The handshake with a proxy that is itself asked with https.
pub async fn to_proxy(
    way: &Way<'_>,
    proxy: &Url,
    wire: Box<dyn Wire>,
    on_layer: &mut impl FnMut(Layer),
) -> Option<Box<dyn Wire>> {
    let begun = Instant::now();
    let failed =
        |seen: String| Layer::failed("tunnel", seen, Fault::ProxyUnreachable.code(), ms(begun));
    match handshake(way, &place(proxy).0, wire).await {
        Ok(Handshake {
            outcome: Ok(stream),
            ..
        }) => Some(Box::new(stream)),
        Ok(Handshake {
            outcome: Err(error),
            ..
        }) => {
            on_layer(failed(error.to_string()));
            None
        }
        Err(layer) => {
            on_layer(*layer);
            None
        }
    }
}

/// Whether the other side answers a handshake with a certificate.
pub async fn speaks_tls(way: &Way<'_>, addresses: &[SocketAddr]) -> bool {
    let Ok(stream) = way.open(addresses).await else {
        return false;
    };
    let (host, _) = place(way.provider.base());
    handshake(way, &host, Box::new(stream))
        .await
        .is_ok_and(|handshake| !handshake.seen.chain.is_empty())
}

async fn handshake(
    way: &Way<'_>,
    host: &str,
    wire: Box<dyn Wire>,
) -> Result<Handshake, Box<Layer>> {
    let network = way.provider.network();
    let settings = tls::client_config(network, way.provider.secrets())
        .and_then(|config| Ok((config, tls::verifier(network)?)));
    match settings {
        Ok((config, verifier)) => Ok(shake(config, verifier, host, wire, way.patience).await),
        Err(error) => Err(Box::new(Layer::failed(
            "tls",
            error.to_string(),
            "settings",
            0,
        ))),
    }
}

/// Whether we have a client certificate.
pub fn has_certificate(network: &Network) -> bool {
    !network.client_certificate.trim().is_empty()
}

/// The TLS error inside an I/O error.
pub fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The name of what is wrong with a handshake.
pub fn judged(error: &rustls::Error, seen: &Seen, proves: bool) -> Fault {
    use rustls::AlertDescription as Alert;
    let own = seen.chain.first().and_then(describe);
    let fault = tls::fault(error, own.is_some_and(|own| own.self_issued), proves);
    // Before TLS 1.3 a missing certificate is only a failed handshake.
    if fault == Fault::Tls
        && seen.asked
        && matches!(error, rustls::Error::AlertReceived(Alert::HandshakeFailure))
    {
        return if proves {
            Fault::ClientCertRefused
        } else {
            Fault::ClientCertMissing
        };
    }
    fault
}

async fn failed_handshake(
    way: &Way<'_>,
    error: &io::Error,
    seen: &Seen,
    addresses: &[SocketAddr],
) -> Fault {
    if seen.heard.starts_with(b"HTTP/") {
        return Fault::PlainHttp;
    }
    if !seen.heard.is_empty() && !matches!(seen.heard[0], 0x14..=0x17) {
        return Fault::WrongProtocol;
    }
    if error.kind() == io::ErrorKind::TimedOut {
        return Fault::Timeout;
    }
    let fault = match tls_error(error) {
        Some(cause) => judged(cause, seen, has_certificate(way.provider.network())),
        None => Fault::Reset,
    };
    // Many servers without encryption only close when they are greeted with a handshake.
    if seen.heard.is_empty()
        && way.route.proxy.is_none()
        && let Ok(stream) = way.open(addresses).await
    {
        let mut wire: Box<dyn Wire> = Box::new(stream);
        if let Answer::Head(_) = ask(&mut *wire, &way.question(), way.patience).await {
            return Fault::PlainHttp;
        }
    }
    fault
}

/// What to show of a failure.
pub fn reason(error: &io::Error, seen: &Seen, fault: Fault) -> String {
    match fault {
        Fault::PlainHttp if seen.heard.is_empty() => "https → HTTP".into(),
        Fault::PlainHttp | Fault::WrongProtocol => shown(&seen.heard),
        _ => error.to_string().chars().take(300).collect(),
    }
}

/// The same layer, failed.
pub fn fail(mut layer: Layer, fault: Fault, seen: String) -> Layer {
    layer.state = LayerState::Failed;
    layer.advice = Some(fault.code());
    layer.seen = seen;
    layer
}

/// The server's certificates, in words and dates.
pub fn note_chain(layer: &mut Layer, chain: &[CertificateDer<'_>], host: &str) {
    let now = Utc::now();
    for (place, der) in chain.iter().enumerate() {
        let Some(certificate) = describe(der) else {
            continue;
        };
        *layer = std::mem::take(layer).with("certificate", certificate.line(now));
        if place == 0 {
            layer.expiries.push(Expiry {
                kind: "server_certificate",
                subject: if certificate.subject.is_empty() {
                    host.to_owned()
                } else {
                    certificate.subject
                },
                not_after_ms: certificate.not_after_ms,
            });
        }
    }
}

/// Which of our own certificates the call really used.
pub fn note_own(layer: &mut Layer, network: &Network, asked: bool) {
    let now = Utc::now();
    for (kind, text, only_first) in [
        ("ca_bundle", &network.ca_bundle, false),
        ("client_certificate", &network.client_certificate, true),
    ] {
        let all = tls::certificates(kind, text).unwrap_or_default();
        let most = if only_first { 1 } else { all.len() };
        for certificate in all.iter().take(most).filter_map(describe) {
            *layer = std::mem::take(layer).with(kind, certificate.line(now));
            layer.expiries.push(Expiry {
                kind,
                subject: certificate.subject,
                not_after_ms: certificate.not_after_ms,
            });
        }
    }
    *layer = std::mem::take(layer).with("client_asked", if asked { "yes" } else { "no" });
}

/// A word on certificates that end soon.
pub fn warned(mut layer: Layer) -> Layer {
    let soon = Utc::now().timestamp_millis() + SOON_DAYS * 86_400_000;
    let ends = |kind: &str| {
        layer
            .expiries
            .iter()
            .any(|expiry| expiry.kind == kind && expiry.not_after_ms < soon)
    };
    let advice = if ends("server_certificate") {
        Some("cert_expires_soon")
    } else if ends("client_certificate") {
        Some("client_cert_expires_soon")
    } else {
        None
    };
    if advice.is_some() {
        layer.state = LayerState::Warn;
        layer.advice = advice;
    }
    layer
}

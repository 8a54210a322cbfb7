//! The test of a directory, layer by layer.

use std::time::{Duration, Instant};

use super::fault::Trouble;
use super::{Encryption, LdapProvider, LdapWalk};
use crate::diagnose::{Layer, Sample, ms, small};
use crate::error::Fault;
use crate::network::is_loopback;
use crate::profile::Profile;
use crate::scope::Scope;

/// Tests the connection; each layer is handed out as it ends.
pub async fn diagnose(
    provider: &LdapProvider,
    profile: &Profile,
    mut on_layer: impl FnMut(Layer),
) -> Vec<Sample> {
    let (host, port) = provider.place();
    let seen = format!(
        "{}://{host}:{port} ({} datasets)",
        provider.url.scheme(),
        profile.datasets.len()
    );
    on_layer(Layer::ok("settings", seen, 0));
    if !reached(provider, &host, port, &mut on_layer).await {
        return Vec::new();
    }
    let begun = Instant::now();
    let user = if provider.user.is_empty() {
        "anonymous"
    } else {
        provider.user.as_str()
    };
    match provider.connect().await {
        Ok(_) => {
            on_layer(encrypted(provider, ms(begun)));
            on_layer(Layer::ok("authentication", user, ms(begun)));
        }
        Err(trouble) => {
            if matches!(
                trouble.fault,
                Fault::Unauthorised | Fault::Forbidden | Fault::EncryptionNeeded
            ) {
                on_layer(encrypted(provider, ms(begun)));
                let advice = trouble.fault.code();
                on_layer(Layer::failed(
                    "authentication",
                    trouble.what,
                    advice,
                    ms(begun),
                ));
            } else {
                on_layer(Layer::failed(
                    "tls",
                    trouble.what,
                    trouble.fault.code(),
                    ms(begun),
                ));
            }
            return Vec::new();
        }
    }
    let mut samples = Vec::new();
    for (dataset, source) in &profile.datasets {
        let begun = Instant::now();
        let entries = small(source).ldap.unwrap_or_default();
        let base = entries.base.clone();
        let mut walk = LdapWalk::new(*dataset, entries, Scope::Full, None);
        match walk.next(provider).await {
            Ok(page) => {
                on_layer(Layer::ok("permission", base, 0).of(*dataset));
                let page = page.filter(|page| !page.records.is_empty());
                let layer = match &page {
                    Some(page) => Layer::ok("sample", page.records.len().to_string(), ms(begun)),
                    None => Layer::warn("sample", "0", "empty", ms(begun)),
                };
                on_layer(layer.of(*dataset));
                samples.extend(page.map(|page| Sample {
                    dataset: *dataset,
                    body: page.body,
                    records: page.records,
                }));
            }
            Err(error) => {
                let barred = matches!(error.code(), "forbidden" | "not_found");
                let name = if barred { "permission" } else { "sample" };
                let layer = Layer::failed(name, error.to_string(), error.code(), ms(begun));
                on_layer(layer.of(*dataset));
            }
        }
    }
    samples
}

/// Name and port.
async fn reached(
    provider: &LdapProvider,
    host: &str,
    port: u16,
    on_layer: &mut impl FnMut(Layer),
) -> bool {
    let patience = Duration::from_millis(provider.network.connect_timeout_ms);
    let begun = Instant::now();
    let found: Vec<_> =
        match tokio::time::timeout(patience, tokio::net::lookup_host((host, port))).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(error)) => {
                let seen = format!("{host}: {error}");
                on_layer(Layer::failed(
                    "name",
                    seen,
                    Fault::NameResolution.code(),
                    ms(begun),
                ));
                return false;
            }
            Err(_) => {
                on_layer(Layer::failed("name", host, "name_timeout", ms(begun)));
                return false;
            }
        };
    let shown: Vec<String> = found.iter().map(|one| one.ip().to_string()).collect();
    let seen = format!("{host} → {}", shown.join(", "));
    on_layer(Layer::ok("name", seen, ms(begun)));
    let begun = Instant::now();
    let connecting = tokio::net::TcpStream::connect(found.as_slice());
    let trouble = match tokio::time::timeout(patience, connecting).await {
        Ok(Ok(stream)) => {
            let peer = stream.peer_addr().map(|peer| peer.to_string());
            on_layer(Layer::ok("tcp", peer.unwrap_or_default(), ms(begun)));
            return true;
        }
        Ok(Err(error)) => Trouble::new(Fault::Connect, format!("{host}:{port}: {error}")),
        Err(_) => Trouble::new(
            Fault::Timeout,
            format!("{host}:{port}: {} ms", patience.as_millis()),
        ),
    };
    let advice = match trouble.fault {
        Fault::Timeout => "connect_timeout",
        fault => fault.code(),
    };
    on_layer(Layer::failed("tcp", trouble.what, advice, ms(begun)));
    false
}

/// How the connection is encrypted.
fn encrypted(provider: &LdapProvider, took: u64) -> Layer {
    match provider.encryption {
        Encryption::FromTheStart => Layer::ok("tls", "ldaps", took),
        Encryption::StartTls => Layer::ok("tls", "StartTLS", took),
        Encryption::None if is_loopback(&provider.url) => Layer::ok("tls", "ldap", took),
        Encryption::None => Layer::warn("tls", "ldap", "not_encrypted", took),
    }
}

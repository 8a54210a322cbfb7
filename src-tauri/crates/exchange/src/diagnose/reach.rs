//! The way to the provider: name, proxy, port, tunnel, encryption, clock.

use std::io;
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::net::TcpStream;
use url::Url;

use super::layer::{Layer, ms};
use super::secured;
use super::wire::{Answer, Head, Wire, ask, shown};
use crate::client::HttpProvider;
use crate::error::Fault;
use crate::network::is_loopback;
use crate::route::Route;

/// A first question waits at most so long for its answer.
const MAX_PATIENCE: Duration = Duration::from_secs(10);
/// Clocks may differ by so much without a word.
const CLOCK_WARN_MS: i64 = 60_000;
/// Signatures fail when clocks differ by so much (practice of the gateways).
pub const CLOCK_FAIL_MS: i64 = 300_000;

/// What the way to the provider showed.
#[derive(Debug, Default, Clone, Copy)]
pub struct Reached {
    /// Our clock less the provider's, in ms.
    pub ahead_ms: Option<i64>,
}

/// A way to a provider.
pub struct Way<'a> {
    /// Who is asked.
    pub provider: &'a HttpProvider,
    /// Through which proxy.
    pub route: Route,
    /// How long each step may take.
    pub patience: Duration,
}

impl HttpProvider {
    /// Goes the way to the provider; `None` when it ends before.
    pub(super) async fn reach(
        &self,
        signs_time: bool,
        on_layer: &mut impl FnMut(Layer),
    ) -> Option<Reached> {
        let way = Way {
            provider: self,
            route: self.route(),
            patience: Duration::from_millis(self.network().connect_timeout_ms)
                .min(MAX_PATIENCE * 6),
        };
        let first = way.resolve(on_layer).await?;
        on_layer(way.proxy_layer());
        let wire = way.connect(&first, on_layer).await?;
        let wire = way.tunnel(wire, on_layer).await?;
        let answer = if self.base().scheme() == "https" {
            secured::tls(&way, wire, &first, on_layer).await?
        } else {
            plain(&way, wire, &first, on_layer).await?
        };
        Some(clock(answer, signs_time, on_layer))
    }
}

/// Host and port of an address.
pub fn place(url: &Url) -> (String, u16) {
    let host = url.host_str().unwrap_or_default();
    (
        host.trim_matches(['[', ']']).to_owned(),
        url.port_or_known_default().unwrap_or(443),
    )
}

impl Way<'_> {
    fn next_hop(&self) -> &Url {
        self.route.proxy.as_ref().unwrap_or(self.provider.base())
    }

    async fn resolve(&self, on_layer: &mut impl FnMut(Layer)) -> Option<Vec<std::net::SocketAddr>> {
        let (host, port) = place(self.next_hop());
        let begun = Instant::now();
        let proxied = self.route.proxy.is_some();
        let looking = tokio::net::lookup_host((host.as_str(), port));
        let found: Vec<_> = match tokio::time::timeout(self.patience, looking).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(error)) => {
                let advice = if proxied {
                    Fault::ProxyUnreachable
                } else {
                    Fault::NameResolution
                };
                on_layer(Layer::failed(
                    "name",
                    format!("{host}: {error}"),
                    advice.code(),
                    ms(begun),
                ));
                return None;
            }
            Err(_) => {
                on_layer(Layer::failed(
                    "name",
                    host.as_str(),
                    "name_timeout",
                    ms(begun),
                ));
                return None;
            }
        };
        let shown: Vec<String> = found
            .iter()
            .map(|address| address.ip().to_string())
            .collect();
        on_layer(Layer::ok(
            "name",
            format!("{host} → {}", shown.join(", ")),
            ms(begun),
        ));
        Some(found)
    }

    fn proxy_layer(&self) -> Layer {
        let seen = self.route.shown().unwrap_or_default();
        let layer = Layer::ok("proxy", seen, 0).with("proxy_why", self.route.why.code());
        match &self.route.proxy {
            Some(proxy) if !proxy.username().is_empty() => {
                layer.with("proxy_user", proxy.username())
            }
            _ => layer,
        }
    }

    async fn connect(
        &self,
        addresses: &[std::net::SocketAddr],
        on_layer: &mut impl FnMut(Layer),
    ) -> Option<Box<dyn Wire>> {
        let (host, port) = place(self.next_hop());
        let begun = Instant::now();
        let proxied = self.route.proxy.is_some();
        match self.open(addresses).await {
            Ok(stream) => {
                let peer = stream
                    .peer_addr()
                    .map(|peer| peer.to_string())
                    .unwrap_or_default();
                on_layer(Layer::ok("tcp", peer, ms(begun)));
                let wire: Box<dyn Wire> = Box::new(stream);
                match &self.route.proxy {
                    Some(proxy) if proxy.scheme() == "https" => {
                        secured::to_proxy(self, proxy, wire, on_layer).await
                    }
                    _ => Some(wire),
                }
            }
            Err(error) => {
                let timed_out = error.kind() == io::ErrorKind::TimedOut;
                let advice = match (proxied, timed_out) {
                    (true, _) => Fault::ProxyUnreachable.code(),
                    (false, true) => "connect_timeout",
                    (false, false) => Fault::Connect.code(),
                };
                let seen = if timed_out {
                    format!("{host}:{port}: {} ms", self.patience.as_millis())
                } else {
                    format!("{host}:{port}: {error}")
                };
                on_layer(Layer::failed("tcp", seen, advice, ms(begun)));
                None
            }
        }
    }

    /// A connection to the first address that takes one.
    pub async fn open(&self, addresses: &[std::net::SocketAddr]) -> io::Result<TcpStream> {
        tokio::time::timeout(self.patience, TcpStream::connect(addresses))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Asks the proxy for the way to the provider, where it needs a tunnel.
    async fn tunnel(
        &self,
        mut wire: Box<dyn Wire>,
        on_layer: &mut impl FnMut(Layer),
    ) -> Option<Box<dyn Wire>> {
        if self.route.proxy.is_none() || self.provider.base().scheme() != "https" {
            return Some(wire);
        }
        let (host, port) = place(self.provider.base());
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host
        };
        let begun = Instant::now();
        let request = format!(
            "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{}\r\n",
            self.proxy_authorization()
        );
        let (seen, advice) = match ask(&mut *wire, &request, self.patience).await {
            Answer::Head(head) if (200..300).contains(&head.status) => {
                on_layer(Layer::ok(
                    "tunnel",
                    format!("CONNECT {host}:{port} → {}", head.status),
                    ms(begun),
                ));
                return Some(wire);
            }
            Answer::Head(head) => {
                let advice = match head.status {
                    407 => Fault::ProxyAuth.code(),
                    502..=504 => "proxy_target",
                    _ => Fault::ProxyRefused.code(),
                };
                (format!("CONNECT {host}:{port} → {}", head.line), advice)
            }
            Answer::Other(bytes) => (shown(&bytes), "proxy_protocol"),
            Answer::Silence => (format!("{} ms", self.patience.as_millis()), "proxy_timeout"),
            Answer::Broken(error) => (error.to_string(), Fault::ProxyUnreachable.code()),
        };
        on_layer(Layer::failed("tunnel", seen, advice, ms(begun)));
        None
    }

    fn proxy_authorization(&self) -> String {
        self.route
            .authorization()
            .map(|value| format!("Proxy-Authorization: {value}\r\n"))
            .unwrap_or_default()
    }

    /// The head of a first question that asks for nothing and proves nothing.
    pub fn question(&self) -> String {
        let base = self.provider.base();
        let plain_proxy = self.route.proxy.is_some() && base.scheme() == "http";
        let target = if plain_proxy {
            base.as_str()
        } else {
            base.path()
        };
        let authorization = if plain_proxy {
            self.proxy_authorization()
        } else {
            String::new()
        };
        format!(
            "HEAD {target} HTTP/1.1\r\nHost: {}\r\nUser-Agent: zhengqiao/{}\r\nAccept: */*\r\nConnection: close\r\n{authorization}\r\n",
            base.authority(),
            env!("CARGO_PKG_VERSION"),
        )
    }
}

/// The first question where there is no encryption; `None` when the other side is no HTTP server.
async fn plain(
    way: &Way<'_>,
    mut wire: Box<dyn Wire>,
    addresses: &[std::net::SocketAddr],
    on_layer: &mut impl FnMut(Layer),
) -> Option<Option<Head>> {
    let begun = Instant::now();
    let answer = ask(&mut *wire, &way.question(), way.patience).await;
    let proxied = way.route.proxy.is_some();
    let odd = match &answer {
        Answer::Head(head) => head.status == 400,
        Answer::Silence => false,
        Answer::Other(_) | Answer::Broken(_) => true,
    };
    if odd && !proxied && secured::speaks_tls(way, addresses).await {
        on_layer(Layer::failed(
            "tls",
            "http → TLS",
            Fault::HttpsNeeded.code(),
            ms(begun),
        ));
        return None;
    }
    let head = match answer {
        Answer::Head(head) if proxied && head.status == 407 => {
            on_layer(Layer::failed(
                "tunnel",
                head.line,
                Fault::ProxyAuth.code(),
                ms(begun),
            ));
            return None;
        }
        Answer::Head(head) => Some(head),
        Answer::Other(bytes) => {
            let advice = Fault::WrongProtocol.code();
            on_layer(Layer::failed("tls", shown(&bytes), advice, ms(begun)));
            return None;
        }
        Answer::Broken(error) => {
            on_layer(Layer::failed(
                "tls",
                error.to_string(),
                Fault::Reset.code(),
                ms(begun),
            ));
            return None;
        }
        Answer::Silence => None,
    };
    on_layer(if is_loopback(way.provider.base()) {
        Layer::ok("tls", "http", ms(begun))
    } else {
        Layer::warn("tls", "http", "not_encrypted", ms(begun))
    });
    Some(head)
}

/// Compares the clocks.
fn clock(head: Option<Head>, signs_time: bool, on_layer: &mut impl FnMut(Layer)) -> Reached {
    let Some(date) = head.and_then(|head| head.date) else {
        on_layer(Layer::skipped("clock", "Date: –"));
        return Reached::default();
    };
    // The header tells whole seconds.
    let ahead_ms = Utc::now().timestamp_millis() - date.timestamp_millis() - 500;
    let layer = clock_layer(ahead_ms, signs_time);
    on_layer(layer.with("date", date.to_rfc3339()));
    Reached {
        ahead_ms: Some(ahead_ms),
    }
}

/// How far our clock is ahead of the other side's, and what that means.
pub fn clock_layer(ahead_ms: i64, signs_time: bool) -> Layer {
    let apart = ahead_ms.abs();
    let seen = format!("{:+.1} s", ahead_ms as f64 / 1000.0);
    if apart > CLOCK_FAIL_MS && signs_time {
        Layer::failed("clock", seen, "clock_too_far", 0)
    } else if apart > CLOCK_WARN_MS {
        Layer::warn("clock", seen, "clock", 0)
    } else {
        Layer::ok("clock", seen, 0)
    }
}

//! Small servers on the loopback: HTTP, TLS with certificates made on the spot, a CONNECT proxy.

#![allow(dead_code, reason = "each test file uses some of them")]

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// An authority that signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
    der: CertificateDer<'static>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for a name, changed as the test wants.
    pub fn sign(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let mut params = leaf_params(name);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Leaf {
            chain: vec![certificate.der().clone()],
            pem: certificate.pem(),
            key: key.serialize_pem(),
            key_der: key.serialize_der(),
        }
    }

    /// Takes only clients with a certificate of this authority.
    pub fn clients(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        WebPkiClientVerifier::builder_with_provider(roots.into(), crypto())
            .build()
            .unwrap()
    }
}

fn leaf_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params
}

/// A certificate with its key.
pub struct Leaf {
    chain: Vec<CertificateDer<'static>>,
    pub pem: String,
    pub key: String,
    key_der: Vec<u8>,
}

impl Leaf {
    pub fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf_params(name).self_signed(&key).unwrap();
        Self {
            chain: vec![certificate.der().clone()],
            pem: certificate.pem(),
            key: key.serialize_pem(),
            key_der: key.serialize_der(),
        }
    }

    /// A server's TLS with this certificate.
    pub fn server(&self, clients: Option<Arc<dyn ClientCertVerifier>>) -> TlsAcceptor {
        let builder = rustls::ServerConfig::builder_with_provider(crypto())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key_der.clone()));
        let config = builder.with_single_cert(self.chain.clone(), key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn crypto() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A request's head as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub head: String,
}

/// What is answered.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn json(status: u16, body: &str) -> Self {
        Self::of(status, "application/json", body)
    }

    pub fn of(status: u16, kind: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), kind.into())],
            body: body.into(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

pub type Answering = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// Answers every dataset with one row.
pub fn one_row() -> Answering {
    Arc::new(|_| Reply::json(200, r#"{"data":{"list":[{"a":1}]}}"#))
}

async fn head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        if bytes.len() > 64 * 1024 || stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        bytes.push(byte[0]);
        // Whatever does not begin as a request is none.
        if bytes.len() == 1 && !byte[0].is_ascii_uppercase() {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answering: Answering,
) -> io::Result<()> {
    while let Some(text) = head(&mut stream).await? {
        let mut words = text.split(' ');
        let asked = Asked {
            method: words.next().unwrap_or("").into(),
            target: words.next().unwrap_or("").into(),
            head: text.clone(),
        };
        let reply = answering(&asked);
        let mut out = format!("HTTP/1.1 {} X\r\n", reply.status);
        for (name, value) in &reply.headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        out.push_str(&format!("content-length: {}\r\n\r\n", reply.body.len()));
        if asked.method != "HEAD" {
            out.push_str(&reply.body);
        }
        stream.write_all(out.as_bytes()).await?;
        stream.flush().await?;
        if text.to_ascii_lowercase().contains("connection: close") {
            break;
        }
    }
    stream.shutdown().await
}

async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An HTTP server.
pub async fn http(answering: Answering) -> SocketAddr {
    let (listener, address) = bind().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(speak(stream, answering.clone()));
        }
    });
    address
}

/// An HTTPS server.
pub async fn https(acceptor: TlsAcceptor, answering: Answering) -> SocketAddr {
    let (listener, address) = bind().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answering) = (acceptor.clone(), answering.clone());
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await?;
                speak(stream, answering).await
            });
        }
    });
    address
}

/// A server that says something and then waits.
pub async fn banner(text: &'static [u8]) -> SocketAddr {
    let (listener, address) = bind().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.write_all(text).await?;
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await
            });
        }
    });
    address
}

/// What a proxy does.
#[derive(Clone)]
pub enum Proxying {
    /// Lets calls through.
    Through,
    /// Lets calls through that prove themselves with this header's value.
    Asking(&'static str),
    /// Answers with this status.
    Refusing(u16),
}

/// A proxy for CONNECT and for plain calls.
pub struct Proxy {
    pub address: SocketAddr,
    pub calls: Arc<Mutex<Vec<String>>>,
    pub tunnels: Arc<AtomicUsize>,
}

pub async fn proxy(proxying: Proxying) -> Proxy {
    let (listener, address) = bind().await;
    let calls: Arc<Mutex<Vec<String>>> = Arc::default();
    let tunnels: Arc<AtomicUsize> = Arc::default();
    let (told, counted) = (calls.clone(), tunnels.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (proxying, told, counted) = (proxying.clone(), told.clone(), counted.clone());
            tokio::spawn(async move { pass(stream, &proxying, &told, &counted).await });
        }
    });
    Proxy {
        address,
        calls,
        tunnels,
    }
}

async fn pass(
    mut stream: TcpStream,
    proxying: &Proxying,
    told: &Mutex<Vec<String>>,
    counted: &AtomicUsize,
) -> io::Result<()> {
    let Some(text) = head(&mut stream).await? else {
        return Ok(());
    };
    let mut words = text.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    told.lock().unwrap().push(format!("{method} {target}"));
    let refused = match proxying {
        Proxying::Through => None,
        Proxying::Asking(wanted) if text.contains(wanted) => None,
        Proxying::Asking(_) => Some(407),
        Proxying::Refusing(status) => Some(*status),
    };
    if let Some(status) = refused {
        let answer = format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n");
        return stream.write_all(answer.as_bytes()).await;
    }
    let place = if method == "CONNECT" {
        target.to_owned()
    } else {
        let url = url::Url::parse(target).unwrap();
        format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(80))
    };
    // Any name leads to this machine, so that a test can use names that nobody has.
    let port: u16 = place.rsplit(':').next().unwrap().parse().unwrap();
    let mut onward = TcpStream::connect(("127.0.0.1", port)).await?;
    if method == "CONNECT" {
        counted.fetch_add(1, Ordering::Relaxed);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    } else {
        onward.write_all(text.as_bytes()).await?;
    }
    tokio::io::copy_bidirectional(&mut stream, &mut onward).await?;
    Ok(())
}

/// An address that accepts no connection and refuses none: its queue is full. What is handed out
/// keeps it full.
pub async fn silent() -> (SocketAddr, Vec<TcpStream>, TcpListener) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..64 {
        let connecting = TcpStream::connect(address);
        match tokio::time::timeout(std::time::Duration::from_millis(200), connecting).await {
            Ok(stream) => waiting.push(stream.unwrap()),
            Err(_) => return (address, waiting, listener),
        }
    }
    panic!("the queue never became full");
}

/// An address at which nobody listens.
pub fn nobody() -> SocketAddr {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    // Bound and not listening: it refuses, and no other test can get it meanwhile.
    std::mem::forget(socket);
    address
}

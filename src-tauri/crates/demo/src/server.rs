//! The server: who may get in, and what goes wrong.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::families::{cursor, gateway, gateway_counts, oauth2};
use crate::faults::FaultScript;
use crate::gate::{self, Gate};
use crate::numbers::key64;
use crate::portal::{self, Portal};
use crate::slips::SlipScript;
use crate::world::{DemoOptions, World};

/// How to get in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Gateways: requester; where an application has a mark, this is it.
    pub requester_id: String,
    /// OAuth 2.0: client; basic authentication: user.
    pub client_id: String,
    /// Sealed bodies: the application's code.
    pub app_code: String,
    /// The secret of all families.
    pub secret: String,
    /// The caller's private key, where the caller signs with SM2.
    pub private_key: String,
    /// The provider's public key.
    pub provider_key: String,
}

impl Credentials {
    /// The caller's name in a family.
    pub fn id(&self, family: &str) -> &str {
        match family {
            "oauth2_client" | "basic" => &self.client_id,
            "sealed_body" => &self.app_code,
            _ => &self.requester_id,
        }
    }

    /// The caller's secret in a family, with all its parts.
    pub fn secret_of(&self, family: &str) -> String {
        let (secret, key) = (&self.secret, &self.private_key);
        match family {
            "sealed_body" => format!("app_secret={secret}\nprivate_key={key}"),
            "sm2_envelope" => format!("app_word={secret}\nprivate_key={key}"),
            _ => secret.clone(),
        }
    }

    /// The caller's public key.
    pub(crate) fn public_key(&self) -> String {
        gate::public_key(&self.private_key)
    }
}

/// The server could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the demo provider could not listen on {addr}: {source}")]
pub struct StartError {
    addr: SocketAddr,
    source: std::io::Error,
}

pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) credentials: Credentials,
    pub(crate) gate: Gate,
    /// The provider's own.
    pub(crate) private_key: String,
    faults: FaultScript,
    pub(crate) slips: SlipScript,
    pub(crate) portal: Portal,
    pub(crate) signed_in: gate::SignedIn,
}

impl Shared {
    /// The faults to come.
    pub(crate) fn faults(&self) -> &FaultScript {
        &self.faults
    }
}

/// A running provider. It ends with this value.
pub struct DemoProvider {
    shared: Arc<Shared>,
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

impl DemoProvider {
    /// Starts a provider; port 0 means any free one.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn start(options: DemoOptions, addr: SocketAddr) -> Result<Self, StartError> {
        let failed = |source| StartError { addr, source };
        let seed = options.seed;
        let shared = Arc::new(Shared {
            credentials: Credentials {
                requester_id: "demo-portal".into(),
                client_id: "demo-client".into(),
                app_code: "demo-portal-0001".into(),
                secret: key64(seed, &[1])[..32].to_owned(),
                private_key: private_key(seed, 2),
                provider_key: gate::public_key(&private_key(seed, 3)),
            },
            private_key: private_key(seed, 3),
            gate: Gate::default(),
            world: World::new(options),
            faults: FaultScript::default(),
            slips: SlipScript::default(),
            portal: Portal::default(),
            signed_in: gate::SignedIn::default(),
        });
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let router = Router::new()
            .route("/health", get(|| async { "ok" }))
            .route("/sysapi/{dataset}", post(gateway))
            .route("/sysapi/{dataset}/counts", post(gateway_counts))
            .route("/service/api/{dataset}/123", get(oauth2))
            .route("/v1/{dataset}", get(cursor))
            .route(
                "/portal/records",
                post(portal::receive).layer(DefaultBodyLimit::max(64 * 1024 * 1024)),
            )
            .merge(gate::routes())
            .with_state(shared.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let serve = axum::serve(listener, router).with_graceful_shutdown(async {
                // A dropped sender stops the server too.
                let _ = stopped.await;
            });
            // The only errors are of single connections, which the caller sees.
            let _ = serve.await;
        });
        Ok(Self {
            shared,
            addr,
            stop: Some(stop),
        })
    }

    /// Base address.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How to get in.
    pub fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    /// The site's key at the relay of the sign-on.
    pub fn site_key(&self) -> String {
        gate::site_key(&self.shared)
    }

    /// The faults to come.
    pub fn faults(&self) -> &FaultScript {
        &self.shared.faults
    }

    /// The rows that are lost or sent twice in pages.
    pub fn slips(&self) -> &SlipScript {
        &self.shared.slips
    }

    /// The receiving side.
    pub fn portal(&self) -> &Portal {
        &self.shared.portal
    }

    /// Sets the provider's clock ahead of this machine's, or behind it.
    pub fn set_clock_ahead_s(&self, seconds: i64) {
        self.shared.gate.set_offset_ms(seconds.saturating_mul(1000));
    }

    /// The rows.
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// Stops listening.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended already.
            let _ = stop.send(());
        }
    }
}

impl Drop for DemoProvider {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A private key out of the seed; the first digit keeps it below the group's order.
fn private_key(seed: u64, number: u64) -> String {
    format!("1{}", &key64(seed, &[number])[1..64])
}

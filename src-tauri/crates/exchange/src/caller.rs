//! Calls besides those of the datasets: any address of a connection, under its network settings.
//!
//! Signing on asks several hosts of a provider in forms that its libraries know best, so a call is a
//! whole HTTP request here. The caps are those of every other call: size, time, the way through a
//! proxy, whom to trust, and no redirect to another host.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Url, redirect};

use crate::client::read_body;
use crate::error::ExchangeError;
use crate::failure::{Failure, network as failed};
use crate::network::Network;
use crate::profile::Environment;
use crate::route::Router;
use crate::secrets::Secrets;
use crate::tls;

/// Redirects on one host that are followed.
const MOST_REDIRECTS: usize = 5;

/// Makes calls.
pub struct Caller {
    client: reqwest::Client,
    network: Network,
    environment: Environment,
}

impl Caller {
    /// A caller under a connection's network settings. `encrypted` says whether any address is
    /// https.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the settings cannot be used.
    pub fn new(
        network: &Network,
        secrets: &Secrets,
        environment: Environment,
        encrypted: bool,
    ) -> Result<Self, ExchangeError> {
        let router = Arc::new(Router::new(network, secrets)?);
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_millis(network.connect_timeout_ms))
            .timeout(Duration::from_millis(network.request_timeout_ms))
            .user_agent(concat!("zhengqiao/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::custom(|attempt| {
                let same = attempt.previous().first().is_some_and(|first| {
                    first.scheme() == attempt.url().scheme()
                        && first.host_str() == attempt.url().host_str()
                        && first.port_or_known_default() == attempt.url().port_or_known_default()
                });
                if same && attempt.previous().len() < MOST_REDIRECTS {
                    attempt.follow()
                } else {
                    attempt.stop()
                }
            }))
            .proxy(reqwest::Proxy::custom(move |url| router.route(url).proxy));
        if encrypted {
            let mut config = tls::client_config(network, secrets)?;
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            builder = builder.tls_backend_preconfigured(config);
        }
        let client = builder.build().map_err(|error| ExchangeError::Settings {
            field: "network".into(),
            what: error.to_string(),
        })?;
        Ok(Self {
            client,
            network: network.clone(),
            environment,
        })
    }

    /// Whether an address may be asked as it is.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when it needs encryption and has none.
    pub fn may_ask(&self, url: &Url) -> Result<(), ExchangeError> {
        self.network.validate_encryption(url, self.environment)
    }

    /// Makes a call once and gives the answer, whatever its status.
    ///
    /// # Errors
    /// [`ExchangeError`]; its path is the address without its query.
    pub async fn call(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, ExchangeError> {
        let request = reqwest::Request::try_from(request).map_err(|_| ExchangeError::Settings {
            field: "address".into(),
            what: "is no address that can be asked".into(),
        })?;
        self.may_ask(request.url())?;
        let mut shown = request.url().clone();
        shown.set_query(None);
        shown.set_fragment(None);
        let proves = !self.network.client_certificate.is_empty();
        let told = |failure: Failure| ExchangeError::Request {
            fault: failure.fault,
            dataset: None,
            path: shown.to_string(),
            what: failure.what,
        };
        let response = self
            .client
            .execute(request)
            .await
            .map_err(|error| told(failed(&error, proves)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response, self.network.max_body_bytes, proves)
            .await
            .map_err(told)?;
        let mut answer = http::Response::new(body.to_vec());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

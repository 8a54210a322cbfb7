//! Asking a provider: one request with its tries, judged by error, status and body.

mod body;
mod tries;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Url, redirect};
use tokio::sync::Semaphore;
use zhengqiao_domain::DatasetId;

pub(crate) use self::body::read_body;
use crate::envelope::Opened;
use crate::error::{ExchangeError, Fault};
use crate::failure::{chain, network};
use crate::network::Network;
use crate::observe::RequestObserver;
use crate::pace::{self, Pace};
use crate::profile::{DatasetSource, Profile};
use crate::route::{Route, Router};
use crate::secrets::Secrets;
use crate::signer::{self, Signer};
use crate::tls;
use crate::token::TokenKeeper;

/// An opened answer with its body.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The body without a byte order mark.
    pub body: Bytes,
    /// Where it has what.
    pub opened: Opened,
    /// Its headers.
    pub headers: HeaderMap,
}

/// A provider that can be asked.
pub struct HttpProvider {
    client: reqwest::Client,
    base: Url,
    signer: Box<dyn Signer>,
    network: Network,
    secrets: Secrets,
    tokens: TokenKeeper,
    router: Arc<Router>,
    pace: Arc<Pace>,
    turns: Semaphore,
    fitting: Mutex<Vec<String>>,
    observer: Arc<dyn RequestObserver>,
}

/// What is asked, without its proof.
struct Question<'a> {
    dataset: Option<DatasetId>,
    source: &'a DatasetSource,
    path: &'a str,
    params: &'a [(String, String)],
    posting: Option<&'a Posting>,
}

/// What is sent to a portal's interface.
pub struct Posting {
    /// The body, where there is one.
    pub body: Option<serde_json::Map<String, serde_json::Value>>,
    /// Headers besides those of the proof.
    pub headers: Vec<(String, String)>,
    /// Whether the answer has a list of records.
    pub has_records: bool,
    /// Whether a failed try is made again.
    pub retries: bool,
}

impl Question<'_> {
    const fn method(&self) -> &'static str {
        self.source.method.as_str()
    }

    /// Path and paging parameters, which carry no proof.
    fn shown(&self) -> String {
        let shown: Vec<String> = self
            .params
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if shown.is_empty() {
            self.path.to_owned()
        } else {
            format!("{}?{}", self.path, shown.join("&"))
        }
    }
}

impl HttpProvider {
    /// A provider for a profile and its secret.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the profile cannot be used.
    pub fn new(
        profile: &Profile,
        secrets: Secrets,
        observer: Arc<dyn RequestObserver>,
    ) -> Result<Self, ExchangeError> {
        profile.validate()?;
        let mut base = profile.address()?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let settings = |error: &reqwest::Error| ExchangeError::Settings {
            field: "network".into(),
            what: chain(error),
        };
        let host = base.host_str().map(str::to_owned);
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_millis(profile.network.connect_timeout_ms))
            .timeout(Duration::from_millis(profile.network.request_timeout_ms))
            .user_agent(concat!("zhengqiao/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::custom(move |attempt| {
                if attempt.url().host_str().map(str::to_owned) == host
                    && attempt.previous().len() < 5
                {
                    attempt.follow()
                } else {
                    attempt.stop()
                }
            }));
        if base.scheme() == "https" {
            let mut config = tls::client_config(&profile.network, &secrets)?;
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            builder = builder.tls_backend_preconfigured(config);
        }
        // The way is found by us for system and own proxies alike, so that the test of a connection
        // can say which one its calls use.
        let router = Arc::new(Router::new(&profile.network, &secrets)?);
        let ways = router.clone();
        builder = builder.proxy(reqwest::Proxy::custom(move |url| ways.route(url).proxy));
        let pace = pace::of_host(&base);
        let turns = match profile.network.max_concurrent {
            0 => Semaphore::MAX_PERMITS,
            most => most as usize,
        };
        Ok(Self {
            client: builder.build().map_err(|error| settings(&error))?,
            base,
            signer: signer::signer(&profile.auth, secrets.expose())?,
            network: profile.network.clone(),
            secrets,
            tokens: TokenKeeper::default(),
            router,
            pace,
            turns: Semaphore::new(turns),
            fitting: Mutex::default(),
            observer,
        })
    }

    /// Asks for an address's head without proving anything; gives the status and where it leads.
    pub(crate) async fn head(
        &self,
        address: &Url,
    ) -> Result<(u16, Option<String>), (Fault, String)> {
        let answer = self
            .client
            .head(address.clone())
            .send()
            .await
            .map_err(|error| {
                let failure = network(&error, false);
                (failure.fault, failure.what)
            })?;
        let leads = answer
            .headers()
            .get(reqwest::header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(|to| to.split(['?', '#']).next().unwrap_or_default().to_owned());
        Ok((answer.status().as_u16(), leads))
    }

    pub(crate) fn max_pages(&self) -> u64 {
        self.network.max_pages
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(crate) fn route(&self) -> Route {
        self.router.route(&self.base)
    }

    fn proves(&self) -> bool {
        !self.network.client_certificate.is_empty()
    }

    /// Pointers that would fit the last answer that had no records at its pointer.
    pub(crate) fn take_fitting(&self) -> Vec<String> {
        std::mem::take(&mut *self.fitting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks with all tries.
    pub(crate) async fn ask(
        &self,
        dataset: Option<DatasetId>,
        source: &DatasetSource,
        path: &str,
        params: &[(String, String)],
    ) -> Result<Reply, ExchangeError> {
        self.put(Question {
            dataset,
            source,
            path,
            params,
            posting: None,
        })
        .await
    }

    /// Asks or sends in any way, about a dataset or not, with all tries.
    pub(crate) async fn call(
        &self,
        dataset: Option<DatasetId>,
        source: &DatasetSource,
        params: &[(String, String)],
        posting: &Posting,
    ) -> Result<Reply, ExchangeError> {
        self.put(Question {
            dataset,
            source,
            path: &source.path,
            params,
            posting: Some(posting),
        })
        .await
    }

    /// Sends with all tries.
    pub(crate) async fn post(
        &self,
        source: &DatasetSource,
        path: &str,
        posting: &Posting,
    ) -> Result<Reply, ExchangeError> {
        self.put(Question {
            dataset: None,
            source,
            path,
            params: &[],
            posting: Some(posting),
        })
        .await
    }
}

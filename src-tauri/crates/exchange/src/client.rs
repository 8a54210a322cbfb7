//! Asking a provider: one request with its tries, judged by error, status and body.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Url, redirect};
use tokio::sync::Semaphore;
use zhengqiao_domain::DatasetId;

use crate::depth;
use crate::envelope::{self, Closed, Opened};
use crate::error::{ExchangeError, Fault};
use crate::failure::{Failure, asks_to_sign_in, by_status, chain, content_type, network, refusal};
use crate::network::Network;
use crate::observe::{Headers, RequestBegun, RequestEntry, RequestObserver, shown};
use crate::pace::{self, Pace};
use crate::pointers;
use crate::profile::{DatasetSource, Method, Profile};
use crate::route::{Route, Router};
use crate::secrets::Secrets;
use crate::signer::{self, Ingredients, Outgoing, Payload, Signer};
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

    async fn put(&self, question: Question<'_>) -> Result<Reply, ExchangeError> {
        let (dataset, path) = (question.dataset, question.path);
        let retries = match question.posting {
            Some(posting) if !posting.retries => 0,
            _ => self.network.retries,
        };
        let (mut attempt, mut refused, mut anew): (u32, Option<String>, bool) = (1, None, false);
        loop {
            self.pace.keep(self.network.requests_per_second).await;
            let begun = Instant::now();
            self.observer.begun(RequestBegun {
                dataset,
                at_ms: i64::try_from(now_ms()).unwrap_or(i64::MAX),
                method: question.method(),
                url: question.shown(),
                attempt,
            });
            let token = self.granted(refused.as_deref()).await;
            let mut headers = Headers::default();
            let outcome = match &token {
                Ok(token) => {
                    self.try_once(&question, token.as_deref(), &mut headers)
                        .await
                }
                Err(failure) => Err(Failure {
                    fault: failure.fault,
                    what: failure.what.clone(),
                    wait: failure.wait,
                    token_refused: false,
                    status: failure.status,
                    bytes: 0,
                }),
            };
            self.observe(&question, &outcome, attempt, begun.elapsed(), headers);
            let failure = match outcome {
                Ok((_, reply)) => return Ok(reply),
                Err(failure) => failure,
            };
            if failure.token_refused && !anew && self.signer.may_pass_anew() {
                anew = true;
                refused = token.ok().flatten();
                attempt += 1;
                continue;
            }
            if attempt > retries || !failure.fault.retryable() {
                return Err(ExchangeError::Request {
                    fault: failure.fault,
                    dataset,
                    path: path.to_owned(),
                    what: if attempt > 1 {
                        format!("{} ({attempt} tries)", failure.what)
                    } else {
                        failure.what
                    },
                });
            }
            tokio::time::sleep(failure.wait.unwrap_or_else(|| self.backoff(attempt))).await;
            attempt += 1;
        }
    }

    fn backoff(&self, attempt: u32) -> Duration {
        let base = self
            .network
            .backoff_ms
            .saturating_mul(1 << (attempt - 1).min(6));
        // A little apart for each try, so that several connections do not ask in step.
        Duration::from_millis(base + base * u64::from(attempt * 37 % 25) / 100)
    }

    /// What is granted at present, or anew where it was refused; nothing where nothing is needed.
    async fn granted(&self, refused: Option<&str>) -> Result<Option<String>, Failure> {
        let nonce = nonce();
        let with = |now_ms| Ingredients {
            now_ms,
            nonce: &nonce,
            granted: None,
        };
        if self.signer.grant(with(0)).is_none() {
            return Ok(None);
        }
        let grant = || async {
            let now = now_ms();
            let Some(request) = self.signer.grant(with(now)) else {
                return Err(Failure::new(Fault::BadRequest, "nothing is granted"));
            };
            let response = self
                .build(request)?
                .send()
                .await
                .map_err(|error| network(&error, self.proves()))?;
            let status = response.status();
            if !status.is_success() {
                let mut failure =
                    by_status(status, response.headers(), self.network.max_retry_after_s);
                failure.what = format!("the token was refused: {}", failure.what);
                return Err(failure);
            }
            let body = self.body(response).await?;
            self.signer.granted(&body, now).map_err(Failure::from)
        };
        self.tokens.token(refused, grant).await.map(Some)
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        self.base
            .join(path.trim_start_matches('/'))
            .map_err(|error| {
                Failure::new(Fault::BadRequest, format!("{path:?} is no path: {error}"))
            })
    }

    async fn try_once(
        &self,
        question: &Question<'_>,
        token: Option<&str>,
        seen: &mut Headers,
    ) -> Result<(u16, Reply), Failure> {
        // Nothing closes it, so that a turn always comes.
        let _turn = self.turns.acquire().await.ok();
        let request = self
            .request(question, token)?
            .build()
            .map_err(|error| network(&error, self.proves()))?;
        seen.sent = shown(request.headers());
        let response = self
            .client
            .execute(request)
            .await
            .map_err(|error| network(&error, self.proves()))?;
        seen.received = shown(response.headers());
        let status = response.status();
        let note = |mut failure: Failure| {
            failure.status = Some(status.as_u16());
            failure
        };
        if !status.is_success() {
            let mut failure = by_status(status, response.headers(), self.network.max_retry_after_s);
            let told = matches!(failure.fault, Fault::BadRequest | Fault::ChangedMeanwhile);
            if question.posting.is_some() && told {
                let said = self.body(response).await.unwrap_or_default();
                failure.what = refusal(status, &said, question.source);
            }
            return Err(note(failure));
        }
        if let Err(failure) = content_type(response.headers()) {
            let page = self.body(response).await.unwrap_or_default();
            return Err(note(if asks_to_sign_in(&page) {
                Failure::new(
                    Fault::SignInPage,
                    "the answer is a page for people to sign in, not JSON",
                )
            } else {
                failure
            }));
        }
        let headers = response.headers().clone();
        let body = self.body(response).await.map_err(note)?;
        let bytes = body.len() as u64;
        let with_bytes = |mut failure: Failure| {
            failure.bytes = bytes;
            note(failure)
        };
        let too_deep = |body: &[u8]| {
            if !depth::is_too_deep(body) {
                return Ok(());
            }
            let what = format!("the JSON nests deeper than {}", depth::MAX_DEPTH);
            Err(with_bytes(Failure::new(Fault::TooDeep, what)))
        };
        too_deep(&body)?;
        let begins = body.as_ptr();
        let body = self
            .signer
            .open(body)
            .map_err(|error| with_bytes(Failure::from(error)))?;
        if body.as_ptr() != begins {
            too_deep(&body)?;
        }
        let text = std::str::from_utf8(&body).map_err(|error| {
            with_bytes(Failure::new(
                Fault::MalformedJson,
                format!("not UTF-8 at byte {}", error.valid_up_to()),
            ))
        })?;
        let opened = match question.posting {
            Some(posting) if !posting.has_records && text.is_empty() => Ok(Opened::default()),
            Some(posting) if !posting.has_records => {
                envelope::judged(text, &question.source.envelope).map(|()| Opened::default())
            }
            _ => envelope::open(text, &question.source.envelope),
        };
        let opened = opened.map_err(|closed| {
            if matches!(closed, Closed::Fault(Fault::WrongPointer, _)) {
                *self.fitting.lock().unwrap_or_else(PoisonError::into_inner) =
                    pointers::to_records(text);
            }
            with_bytes(match closed {
                Closed::Fault(fault, what) => Failure::new(fault, what),
                Closed::Busy(what) => Failure::new(Fault::RateLimited, what),
                Closed::Expired(what) => Failure {
                    token_refused: true,
                    ..Failure::new(Fault::Unauthorised, what)
                },
            })
        })?;
        Ok((
            status.as_u16(),
            Reply {
                body,
                opened,
                headers,
            },
        ))
    }

    fn request(
        &self,
        question: &Question<'_>,
        granted: Option<&str>,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let source = question.source;
        let mut request = Outgoing::new(
            source.method,
            question.path,
            question.params,
            source.params_in,
        );
        request.service_id.clone_from(&source.service_id);
        if let Some(posting) = question.posting {
            if let Some(body) = &posting.body {
                request.body = Payload::Json(body.clone());
            }
            request.headers.extend(posting.headers.iter().cloned());
        }
        let with = Ingredients {
            now_ms: now_ms(),
            nonce: &nonce(),
            granted,
        };
        self.signer.sign(&mut request, with)?;
        self.build(request)
    }

    fn build(&self, request: Outgoing) -> Result<reqwest::RequestBuilder, Failure> {
        let mut url = self.url(&request.path)?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut builder = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url),
            Method::Put => self.client.put(url),
            Method::Patch => self.client.patch(url),
            Method::Delete => self.client.delete(url),
        };
        for (name, value) in &request.headers {
            let header = HeaderName::try_from(name.as_str()).map_err(|_| {
                Failure::new(Fault::BadRequest, format!("{name:?} is no header name"))
            })?;
            builder = builder.header(header, secret_header(value)?);
        }
        Ok(match request.body {
            Payload::Nothing => builder,
            Payload::Json(body) => builder.json(&body),
            Payload::Form(fields) => builder.form(&fields),
        })
    }

    async fn body(&self, response: reqwest::Response) -> Result<Bytes, Failure> {
        read_body(response, self.network.max_body_bytes, self.proves()).await
    }

    fn observe(
        &self,
        question: &Question<'_>,
        outcome: &Result<(u16, Reply), Failure>,
        attempt: u32,
        elapsed: Duration,
        headers: Headers,
    ) {
        let (status, bytes, records, outcome) = match outcome {
            Ok((status, reply)) => (
                Some(*status),
                reply.body.len() as u64,
                reply.opened.records.len() as u64,
                "ok",
            ),
            Err(failure) => (failure.status, failure.bytes, 0, failure.fault.code()),
        };
        self.observer.request(RequestEntry {
            dataset: question.dataset,
            at_ms: i64::try_from(now_ms()).unwrap_or(i64::MAX),
            method: question.method(),
            url: question.shown(),
            status,
            ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            bytes,
            records,
            attempt,
            outcome,
            headers,
        });
    }
}

/// A body up to its limit, without a byte order mark.
pub(crate) async fn read_body(
    mut response: reqwest::Response,
    limit: u64,
    proves: bool,
) -> Result<Bytes, Failure> {
    let too_large = || {
        Failure::new(
            Fault::TooLarge,
            format!("the body is larger than {limit} bytes"),
        )
    };
    let told = response.content_length();
    if told.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body =
        BytesMut::with_capacity(usize::try_from(told.unwrap_or(64 * 1024)).unwrap_or(64 * 1024));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk);
                if body.len() as u64 > limit {
                    return Err(too_large());
                }
            }
            Ok(None) => break,
            Err(error) if error.is_timeout() => return Err(network(&error, proves)),
            Err(error) => {
                return Err(Failure::new(
                    Fault::TruncatedBody,
                    format!(
                        "the body broke off after {} bytes: {}",
                        body.len(),
                        chain(&error)
                    ),
                ));
            }
        }
    }
    let body = body.freeze();
    Ok(if body.starts_with(b"\xEF\xBB\xBF") {
        body.slice(3..)
    } else {
        body
    })
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|time| u64::try_from(time.as_millis()).ok())
        .unwrap_or_default()
}

/// A text that was never used before.
fn nonce() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

fn secret_header(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Failure::new(
            Fault::BadRequest,
            "the secret has characters that a header cannot carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

//! One question's tries.

use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::body::read_body;
use super::{HttpProvider, Question, Reply};
use crate::depth;
use crate::envelope::{self, Closed, Opened};
use crate::error::{ExchangeError, Fault};
use crate::failure::{Failure, asks_to_sign_in, by_status, content_type, network, refusal};
use crate::observe::{Headers, RequestBegun, RequestEntry, shown};
use crate::pointers;
use crate::profile::Method;
use crate::signer::{Ingredients, Outgoing, Payload};

impl HttpProvider {
    pub(super) async fn put(&self, question: Question<'_>) -> Result<Reply, ExchangeError> {
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

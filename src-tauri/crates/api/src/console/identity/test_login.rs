//! The test login: begun, watched, pasted, broken off. There is one at a time.
//!
//! Claims stay in memory for as long as somebody may want to keep them as a sample, then they are
//! forgotten; codes and tokens are dropped with the trial.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use url::Url;
use zeroize::Zeroizing;
use zhengqiao_identity::AccountKind;
use zhengqiao_signon::{
    Answer, Expects, Journal, SECRET_PARTS, Setup, SignOn, SignOnError, StepKind, Trial,
    open_browser,
};

use super::super::secrets::Which;
use super::super::{Console, invalid, now_ms};
use super::judged::Standard;
use super::sign_on::api_error;
use crate::contract::{
    ApiError, ConnectionId, Nothing, PasteTestLogin, StartTestLogin, TestLoginFailure, TestLoginId,
    TestLoginState, TestLoginView, WatchTestLogin,
};

/// How long a watcher waits for a change.
const WATCH: Duration = Duration::from_secs(20);
/// How long claims can be kept as a sample.
const REMEMBERED: Duration = Duration::from_mins(10);
/// Characters of a pasted address at most.
const LONGEST_ADDRESS: usize = 16 * 1024;

/// The present test login.
#[derive(Default)]
pub(in super::super) struct TestLogins {
    present: Mutex<Option<Arc<TestLogin>>>,
    last: AtomicI64,
}

impl TestLogins {
    pub(super) fn get(&self, id: i64) -> Option<Arc<TestLogin>> {
        self.present
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .filter(|login| login.view.test_login_id == id)
    }

    /// Puts a test login in the place of the one before, which is broken off.
    fn replace(&self, login: Option<Arc<TestLogin>>) {
        let before = std::mem::replace(
            &mut *self.present.lock().unwrap_or_else(PoisonError::into_inner),
            login,
        );
        if let Some(before) = before {
            before.stop();
        }
    }
}

/// What was received, and what it is judged by.
type Claims = (Arc<Standard>, Arc<Map<String, Value>>);

/// One test login.
pub(super) struct TestLogin {
    view: TestLoginView,
    journal: Journal,
    paste: mpsc::Sender<Answer>,
    inner: Mutex<Inner>,
}

struct Inner {
    state: TestLoginState,
    address: Option<Url>,
    return_to: Option<Url>,
    needs_paste: bool,
    until: Option<i64>,
    expects: Option<Expects>,
    failure: Option<TestLoginFailure>,
    result: Option<crate::contract::TestLoginResult>,
    logout_addresses: Vec<String>,
    claims: Option<Claims>,
    task: Option<tokio::task::AbortHandle>,
}

impl TestLogin {
    pub(super) const fn connection_id(&self) -> i64 {
        self.view.connection_id
    }

    pub(super) fn claims(&self) -> Option<Claims> {
        self.inner().claims.clone()
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.inner());
        self.journal.touch();
    }

    /// Breaks it off where it still goes on, and forgets what it received.
    fn stop(&self) {
        self.change(|inner| {
            if let Some(task) = inner.task.take() {
                task.abort();
            }
            if matches!(
                inner.state,
                TestLoginState::Preparing | TestLoginState::Waiting
            ) {
                inner.state = TestLoginState::Cancelled;
            }
            inner.claims = None;
        });
    }

    fn shown(&self) -> TestLoginView {
        // The version first: a change that comes in between is told again.
        let version = *self.journal.watch().borrow();
        let inner = self.inner();
        TestLoginView {
            version,
            state: inner.state,
            address: inner.address.as_ref().map(Url::to_string),
            return_to: inner.return_to.as_ref().map(Url::to_string),
            needs_paste: inner.needs_paste,
            until: inner.until,
            steps: self.journal.steps(),
            failure: inner.failure.clone(),
            result: inner.result.clone(),
            logout_addresses: inner.logout_addresses.clone(),
            ..self.view.clone()
        }
    }
}

impl Console {
    /// Begins a test login; the one before is broken off.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when nobody has said how people sign on.
    pub async fn start_test_login(
        &self,
        request: StartTestLogin,
    ) -> Result<TestLoginView, ApiError> {
        let connection_id = request.connection_id;
        let (row, profile) = self.profile(connection_id).await?;
        let view = self.get_sign_on(ConnectionId { connection_id }).await?;
        if !view.is_saved {
            return Err(invalid(
                "sign_on: nobody has said yet how people sign on; save the settings first",
            ));
        }
        let standard = Arc::new(Standard {
            rows: super::claims::claims(&row)?,
            policy: super::policy(&row)?,
            connection_id,
            accounts_from: row.accounts_from.unwrap_or(connection_id),
            kind: request.kind,
            profile,
        });
        let setup = self
            .setup(connection_id, &standard, view.sign_on, request.kind)
            .await?;
        let (paste, pasted) = mpsc::channel(1);
        let login = Arc::new(TestLogin {
            view: TestLoginView {
                test_login_id: self.0.test_login.last.fetch_add(1, Ordering::Relaxed) + 1,
                connection_id,
                kind: request.kind,
                version: 0,
                state: TestLoginState::Preparing,
                address: None,
                return_to: None,
                needs_paste: false,
                until: None,
                steps: Vec::new(),
                failure: None,
                result: None,
                logout_addresses: Vec::new(),
            },
            journal: setup.journal.clone(),
            paste,
            inner: Mutex::new(Inner {
                state: TestLoginState::Preparing,
                address: None,
                return_to: None,
                needs_paste: !setup.sign_on.callback.is_empty(),
                until: None,
                expects: None,
                failure: None,
                result: None,
                logout_addresses: Vec::new(),
                claims: None,
                task: None,
            }),
        });
        self.0.test_login.replace(Some(login.clone()));
        let (console, own) = (self.clone(), login.clone());
        let task = tokio::spawn(async move {
            let limit_s = setup.sign_on.time_limit_s;
            let gone = console
                .go_through(&own, setup, pasted, &standard, request.log_out, limit_s)
                .await;
            own.change(|inner| match gone {
                Ok(()) => inner.state = TestLoginState::Done,
                Err(failure) => {
                    inner.state = TestLoginState::Failed;
                    inner.failure = Some(failure);
                }
            });
            tokio::time::sleep(REMEMBERED).await;
            own.change(|inner| inner.claims = None);
        });
        login.inner().task = Some(task.abort_handle());
        Ok(login.shown())
    }

    async fn setup(
        &self,
        connection_id: i64,
        standard: &Standard,
        sign_on: SignOn,
        kind: AccountKind,
    ) -> Result<Setup, ApiError> {
        let secret = self.secret(connection_id, Which::SignOn).await?;
        let secret = Zeroizing::new(secret.unwrap_or_default());
        let part = |name: &str| {
            zhengqiao_exchange::secret_part(&secret, &SECRET_PARTS, name).unwrap_or_default()
        };
        Ok(Setup {
            kind,
            network: standard.profile.network.clone(),
            secrets: self
                .with_network_secrets(connection_id, zhengqiao_exchange::Secrets::default())
                .await?,
            environment: standard.profile.environment,
            secret: part("client_secret"),
            unwrap_key: part("unwrap_key"),
            clock: Arc::new(Utc::now),
            journal: Journal::default(),
            sign_on,
        })
    }

    /// The whole way, from the address that is opened to the result.
    async fn go_through(
        &self,
        login: &TestLogin,
        setup: Setup,
        pasted: mpsc::Receiver<Answer>,
        standard: &Arc<Standard>,
        log_out: bool,
        limit_s: u64,
    ) -> Result<(), TestLoginFailure> {
        let journal = login.journal.clone();
        let mut trial = Trial::begin(setup).await.map_err(failure)?;
        let limit_ms = i64::try_from(limit_s * 1000).unwrap_or(i64::MAX);
        login.change(|inner| {
            inner.state = TestLoginState::Waiting;
            inner.address = Some(trial.address().clone());
            inner.return_to = Some(trial.return_to().clone());
            inner.expects = Some(trial.expects());
            inner.until = Some(now_ms().saturating_add(limit_ms));
        });
        let received = trial.receive(pasted).await.map_err(failure)?;
        let told = |error: ApiError| SignOnError::Answer(error.message);
        let claims = Arc::new(received.claims);
        let work = async {
            self.judged(standard, &claims, received.findings)
                .await
                .map_err(told)
        };
        let result = journal
            .during(StepKind::Bind, "", work)
            .await
            .map_err(failure)?;
        login.change(|inner| {
            inner.claims = Some((standard.clone(), claims.clone()));
            inner.result = Some(result);
        });
        if log_out {
            // A logout that fails is a failed step; what was received stands all the same.
            let addresses = trial.log_out(received.logouts).await.unwrap_or_default();
            for address in &addresses {
                // Without a browser the address is there to be opened by hand.
                if let Err(error) = open_browser(address) {
                    tracing::debug!(%error, "the logout was not opened");
                }
            }
            login.change(|inner| {
                inner.logout_addresses = addresses.iter().map(Url::to_string).collect();
            });
        }
        Ok(())
    }

    /// The test login, as soon as it is another than the one seen.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn watch_test_login(
        &self,
        request: WatchTestLogin,
    ) -> Result<TestLoginView, ApiError> {
        let login = self.test_login(request.test_login_id)?;
        let mut changes = login.journal.watch();
        let changed = changes.wait_for(|version| *version > request.seen);
        // After a while the same is told again, so that a window that was closed asks no more.
        let _ = tokio::time::timeout(WATCH, changed).await;
        Ok(login.shown())
    }

    /// Opens the system's browser where a person signs in.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when there is no browser, or nothing to open.
    pub async fn open_test_login(&self, request: TestLoginId) -> Result<Nothing, ApiError> {
        let login = self.test_login(request.test_login_id)?;
        let address = login.inner().address.clone();
        let address =
            address.ok_or_else(|| invalid("the provider has not said yet where to go"))?;
        super::super::blocking(move || open_browser(&address))
            .await?
            .map_err(|error| api_error(&error))?;
        Ok(Nothing {})
    }

    /// Goes on with the address that a browser ended at.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for one that does not belong to this test,
    /// which goes on waiting.
    #[allow(
        clippy::unused_async,
        reason = "every use case is awaited by its hosts"
    )]
    pub async fn paste_test_login(&self, request: PasteTestLogin) -> Result<Nothing, ApiError> {
        let login = self.test_login(request.test_login_id)?;
        let text = request.address.trim();
        let address = (text.len() <= LONGEST_ADDRESS)
            .then(|| Url::parse(text).ok())
            .flatten()
            .ok_or_else(|| {
                invalid("address: this is no address; paste all of the browser's address line")
            })?;
        let expects = login.inner().expects.clone();
        let expects = expects.ok_or_else(|| invalid("the provider has not been asked yet"))?;
        let answer = Answer::of(&address);
        expects.check(&answer).map_err(|error| {
            invalid(format!(
                "address: {error}; paste the address of the page that the sign-in ended at"
            ))
        })?;
        login
            .paste
            .try_send(answer)
            .map_err(|_| invalid("an address has been received already"))?;
        Ok(Nothing {})
    }

    /// Breaks a test login off, or forgets what it received.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    #[allow(
        clippy::unused_async,
        reason = "every use case is awaited by its hosts"
    )]
    pub async fn cancel_test_login(&self, request: TestLoginId) -> Result<Nothing, ApiError> {
        self.test_login(request.test_login_id)?.stop();
        Ok(Nothing {})
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn failure(error: SignOnError) -> TestLoginFailure {
    TestLoginFailure {
        code: error.code().to_owned(),
        message: error.to_string(),
    }
}

//! The steps of a test, each with its time, as they happen.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use ts_rs::TS;

use crate::error::SignOnError;

/// What is done in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "SignOnStepKind")]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The callback's port is opened.
    Listen,
    /// The provider's metadata is read.
    Discover,
    /// A person signs in in the browser.
    Browser,
    /// A code or ticket is exchanged.
    Exchange,
    /// The provider's keys are read again.
    Keys,
    /// The token is checked.
    Verify,
    /// Claims are asked for.
    UserInfo,
    /// Encrypted values are opened.
    Unwrap,
    /// Claims are mapped and portal accounts compared.
    Bind,
    /// The session at the provider is ended.
    Logout,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "SignOnStepOutcome")]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It goes on.
    Running,
    /// It is done.
    Done,
    /// It failed.
    Failed,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "SignOnStep")]
pub struct Step {
    /// What.
    pub kind: StepKind,
    /// With whom: an address without its query.
    pub subject: String,
    /// Milliseconds since the test began.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// Milliseconds that it took.
    #[ts(type = "number | null")]
    pub took_ms: Option<u64>,
    /// How it stands.
    pub outcome: StepOutcome,
    /// What went wrong, as a code.
    pub code: Option<String>,
}

/// The steps of one test. Clones share everything.
#[derive(Debug, Clone)]
pub struct Journal {
    begun: Instant,
    steps: Arc<Mutex<Vec<Step>>>,
    changed: watch::Sender<u64>,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            steps: Arc::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Journal {
    /// The steps so far.
    pub fn steps(&self) -> Vec<Step> {
        self.steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Tells of every change from now on; the number grows with each.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Tells that something besides the steps has changed.
    pub fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Does something as a step.
    ///
    /// # Errors
    /// What the work gives.
    pub async fn during<T>(
        &self,
        kind: StepKind,
        subject: impl Into<String>,
        work: impl Future<Output = Result<T, SignOnError>>,
    ) -> Result<T, SignOnError> {
        let at = self.begin(kind, subject.into());
        let begun = Instant::now();
        let outcome = work.await;
        let code = outcome.as_ref().err().map(|error| error.code().to_owned());
        self.end(at, begun, code);
        outcome
    }

    fn begin(&self, kind: StepKind, subject: String) -> usize {
        let at_ms = millis(self.begun);
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push(Step {
            kind,
            subject,
            at_ms,
            took_ms: None,
            outcome: StepOutcome::Running,
            code: None,
        });
        let at = steps.len() - 1;
        drop(steps);
        self.touch();
        at
    }

    fn end(&self, at: usize, begun: Instant, code: Option<String>) {
        if let Some(step) = self
            .steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(at)
        {
            step.took_ms = Some(millis(begun));
            step.outcome = if code.is_none() {
                StepOutcome::Done
            } else {
                StepOutcome::Failed
            };
            step.code = code;
        }
        self.touch();
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

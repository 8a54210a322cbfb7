//! Scripted faults: what goes wrong with which request.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// 429 with `Retry-After`.
    RateLimited {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// A 5xx.
    ServerError {
        /// The status.
        status: u16,
    },
    /// No answer at all.
    Timeout,
    /// A body that comes in small pieces.
    SlowBody {
        /// Milliseconds between pieces.
        pause_ms: u64,
    },
    /// JSON that ends too early.
    TruncatedJson,
    /// A body shorter than its length says.
    BrokenBody,
    /// JSON that cannot be read.
    MalformedJson,
    /// 200 with an error inside.
    ErrorInOk {
        /// The code.
        code: String,
        /// The message.
        message: String,
    },
    /// The token is refused.
    ExpiredToken,
    /// The page before comes again.
    RepeatedPage,
    /// A row has slipped in before the page, so that one row comes twice.
    PageDrift,
    /// The cursor points to where the walk has been.
    CursorLoop,
    /// A sign-in page instead of data.
    WrongContentType,
    /// More bytes than anybody wants.
    OversizedBody {
        /// How many.
        bytes: u64,
    },
    /// A byte order mark before the JSON.
    Bom,
    /// Numbers as texts.
    NumbersAsText,
    /// Every row twice.
    DuplicatedRows,
    /// The page in reverse order.
    RowsOutOfOrder,
    /// No rows, whatever there are.
    Empty,
    /// Every second record of a batch that was taken gets no answer.
    HalfAnswered,
}

/// A fault and when it happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Only with this dataset.
    #[serde(default)]
    pub dataset: Option<String>,
    /// Requests that pass before.
    #[serde(default)]
    pub skip: u32,
    /// How many requests it meets.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub struct FaultScript(Mutex<Vec<Fault>>);

impl FaultScript {
    /// Reads a script: a JSON array of faults.
    ///
    /// # Errors
    /// What is wrong with the JSON.
    pub fn from_json(text: &str) -> Result<Vec<Fault>, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Adds a fault.
    pub fn push(&self, fault: Fault) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(fault);
    }

    /// Forgets all faults.
    pub fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Whether every fault has met what it was to meet.
    pub fn is_spent(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    /// The fault that meets a request for a dataset, if one does.
    pub(crate) fn meet(&self, dataset: &str) -> Option<FaultKind> {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met = None;
        for fault in list.iter_mut() {
            if fault
                .dataset
                .as_deref()
                .is_some_and(|wanted| wanted != dataset)
                || fault.times == 0
            {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if met.is_none() {
                fault.times -= 1;
                met = Some(fault.kind.clone());
            }
        }
        list.retain(|fault| fault.times > 0);
        met
    }
}

//! What a test found that does not stop anybody from signing on, but is worth mending.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[ts(export, rename = "SignOnFindingKind")]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The real-name level is below what the site asks for.
    LevelTooLow,
    /// The agent's authorisation is over.
    AgentExpired,
    /// The agent's authorisation has not begun.
    AgentNotYetValid,
    /// A claim that is needed did not come.
    ClaimMissing,
    /// A claim came with a value that the portal cannot use.
    ClaimInvalid,
    /// The claims are those of another kind of account.
    ClaimWrongKind,
    /// A claim is used that the provider says it has not checked.
    UnprovenClaim,
    /// The person is bound to an account of somebody else.
    BoundElsewhere,
    /// MD5, DES or the like.
    WeakAlgorithm,
    /// An address without encryption.
    NotHttps,
    /// Nothing ends the session at the provider.
    NoLogout,
    /// Only the local session is ended, not the province's.
    NoProvinceLogout,
    /// The callback does not name its issuer, so that two providers could be mixed up.
    NoIssuer,
    /// The callback cannot carry a state, so that an answer cannot be told from another's.
    NoState,
    /// The provider has changed its keys while it was asked.
    KeysRotated,
    /// The clocks differ, within what is allowed.
    ClockDiffers,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[ts(export, rename = "SignOnFinding")]
pub struct Finding {
    /// What was found.
    pub kind: FindingKind,
    /// On what: a claim, an address, an algorithm. Never a value of a person.
    pub subject: String,
}

impl Finding {
    /// A finding on something.
    pub fn new(kind: FindingKind, subject: impl Into<String>) -> Self {
        Self {
            kind,
            subject: subject.into(),
        }
    }
}

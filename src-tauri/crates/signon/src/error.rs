//! Why a sign-on for a test came to nothing, each reason by its own name.

use zhengqiao_exchange::ExchangeError;

/// A failed sign-on. No variant holds a code, ticket, token or claim: what a provider said is cleaned
/// of them first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignOnError {
    /// The settings cannot be used.
    #[error("{field}: {what}")]
    Settings {
        /// The field.
        field: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// A technical fault of a call.
    #[error(transparent)]
    Request(#[from] ExchangeError),
    /// The provider refused, in its own words.
    #[error("the provider refused: {code}{}{what}", if .what.is_empty() { "" } else { ": " })]
    Refused {
        /// Its code.
        code: String,
        /// What it said.
        what: String,
    },
    /// An answer that cannot be read.
    #[error("the provider's answer cannot be read: {0}")]
    Answer(String),
    /// The callback does not carry what it has to.
    #[error("the address does not carry {0:?}")]
    Missing(String),
    /// The callback belongs to another sign-on.
    #[error("the state in the address is not the one of this test")]
    WrongState,
    /// The callback or the metadata is another provider's.
    #[error("the issuer is {found:?} and not {expected:?}: perhaps another provider answers")]
    WrongIssuer {
        /// The expected one.
        expected: String,
        /// The one found; empty when there is none.
        found: String,
    },
    /// The token was made for another sign-on.
    #[error("the token's nonce is not the one of this test")]
    WrongNonce,
    /// The token is for another client.
    #[error("the token is not for this client")]
    WrongAudience,
    /// User info of somebody else.
    #[error("the user info belongs to another subject than the token")]
    WrongSubject,
    /// The token carries no signature.
    #[error("the token is not signed")]
    Unsigned,
    /// The signature does not fit.
    #[error("the token's signature is not the provider's")]
    BadSignature,
    /// The key that signed is not among the provider's, not even after asking anew.
    #[error("the provider does not publish the key that signed the token")]
    UnknownKey,
    /// The signature's algorithm is not accepted.
    #[error("the token is signed with {0}, which is not accepted")]
    Algorithm(String),
    /// The token is over.
    #[error("the token is over")]
    Expired,
    /// The two clocks differ too much.
    #[error(
        "the clocks differ by {by_s} s, more than the {allowed_s} s allowed: set this machine's or the provider's clock right"
    )]
    ClockSkewed {
        /// Seconds by which ours is ahead.
        by_s: i64,
        /// Seconds allowed.
        allowed_s: i64,
    },
    /// An encrypted value could not be opened.
    #[error("the encrypted value at {0:?} could not be opened: check cipher, key and form")]
    Sealed(String),
    /// Nobody came back in time.
    #[error("nobody came back from signing in within {0} s")]
    TimedOut(u64),
    /// No port of this machine could be opened.
    #[error("no port could be opened on 127.0.0.1: {0}")]
    NoPort(String),
    /// No browser could be started.
    #[error("no browser could be started: {0}")]
    NoBrowser(String),
}

impl SignOnError {
    /// The error's code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Settings { .. } => "settings",
            Self::Request(error) => error.code(),
            Self::Refused { .. } => "refused",
            Self::Answer(_) => "answer",
            Self::Missing(_) => "missing_parameter",
            Self::WrongState => "wrong_state",
            Self::WrongIssuer { .. } => "wrong_issuer",
            Self::WrongNonce => "wrong_nonce",
            Self::WrongAudience => "wrong_audience",
            Self::WrongSubject => "wrong_subject",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad_signature",
            Self::UnknownKey => "unknown_key",
            Self::Algorithm(_) => "algorithm",
            Self::Expired => "expired",
            Self::ClockSkewed { .. } => "clock_skewed",
            Self::Sealed(_) => "sealed",
            Self::TimedOut(_) => "timed_out",
            Self::NoPort(_) => "no_port",
            Self::NoBrowser(_) => "no_browser",
        }
    }
}

//! Signing on for a test: the protocols, the loopback callback, and what was received.
//!
//! A [`Trial`] goes the whole way that a person's browser and a portal go together, and ends where a
//! portal would begin: with claims. It signs nobody in and writes nothing; codes, tickets and tokens
//! live only as long as it does. Everything that provinces do differently is data in a [`SignOn`].

mod browser;
mod check;
mod claims;
mod error;
mod finding;
mod journal;
mod loopback;
mod protocol;
mod replace;
mod settings;
mod trial;
mod unwrapping;
mod web;

pub use browser::open_browser;
pub use check::check;
pub use claims::flat;
pub use error::SignOnError;
pub use finding::{Finding, FindingKind};
pub use journal::{Journal, Step, StepKind, StepOutcome};
pub use loopback::{Answer, Expects, Loopback};
pub use protocol::{Logout, LogoutReach, Received};
pub use replace::replaced;
pub use settings::{
    Cas, ClientAuth, Envelope, OAuth2, OAuth2Names, Oidc, Parameter, ProtocolSettings, Relay,
    SignOn, Ticket, TokenPlace,
};
pub use trial::{Clock, Setup, Trial};

/// Names of the parts of a sign-on's secret, where it has several: `client_secret=…` and
/// `unwrap_key=…`, each on a line of its own. A plain text is the first.
pub const SECRET_PARTS: [&str; 2] = ["client_secret", "unwrap_key"];

//! What the tests of signing on have in common: the real servers, a browser, a proxy that lies.

#![allow(dead_code, reason = "each test uses its part")]

pub mod browser;
pub mod liar;
pub mod servers;

use std::sync::Arc;

use chrono::{Duration, Utc};
use tokio::sync::mpsc;
use zeroize::Zeroizing;
use zhengqiao_exchange::{Environment, Network, Secrets};
use zhengqiao_identity::AccountKind;
use zhengqiao_signon::{Journal, Setup, SignOn};

/// The provider's secret.
pub const SECRET: &str = "a-secret-of-the-test-7431";

/// A set-up for a sign-on, with a clock that is so many seconds ahead.
pub fn setup(sign_on: SignOn, secret: &str, ahead_s: i64) -> Setup {
    Setup {
        sign_on,
        kind: AccountKind::Natural,
        network: Network::default(),
        secrets: Secrets::default(),
        environment: Environment::Test,
        secret: Zeroizing::new(secret.to_owned()),
        unwrap_key: Zeroizing::new(String::new()),
        clock: Arc::new(move || Utc::now() + Duration::seconds(ahead_s)),
        journal: Journal::default(),
    }
}

/// Nobody pastes an address.
pub fn nothing_pasted() -> mpsc::Receiver<zhengqiao_signon::Answer> {
    mpsc::channel(1).1
}

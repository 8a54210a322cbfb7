//! OAuth 2.0 tokens: had once, kept until shortly before they expire, one request at a time.

use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Mutex;

/// A token is renewed so long before it expires.
const SAFETY: Duration = Duration::from_secs(10);

/// The answer of a token endpoint.
#[derive(Deserialize)]
pub struct Granted {
    /// The token.
    pub access_token: String,
    /// Seconds until it expires.
    #[serde(default)]
    pub expires_in: Option<u64>,
}

#[derive(Clone)]
struct Kept {
    token: String,
    until: Option<Instant>,
}

/// The kept token.
#[derive(Default)]
pub struct TokenKeeper {
    kept: Mutex<Option<Kept>>,
}

impl TokenKeeper {
    /// A token that is not `refused`, from the keeper or by `grant`. Only one grant is under way.
    pub async fn token<E, F>(
        &self,
        refused: Option<&str>,
        grant: impl FnOnce() -> F,
    ) -> Result<String, E>
    where
        F: Future<Output = Result<Granted, E>>,
    {
        let mut kept = self.kept.lock().await;
        if let Some(current) = kept.as_ref()
            && refused != Some(current.token.as_str())
            && current.until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(current.token.clone());
        }
        let granted = grant().await?;
        let until = granted.expires_in.map(|seconds| {
            let life = Duration::from_secs(seconds);
            Instant::now() + life.saturating_sub(SAFETY).max(life / 2)
        });
        *kept = Some(Kept {
            token: granted.access_token.clone(),
            until,
        });
        Ok(granted.access_token)
    }
}

//! What is granted for a time, tokens and secrets: had once, kept until shortly before it ends, one
//! request at a time.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::signer::Granted;

/// A token is renewed so long before it expires.
const SAFETY: Duration = Duration::from_secs(10);
/// Longer lives are not believed.
const LONGEST: Duration = Duration::from_hours(30 * 24);

#[derive(Clone)]
struct Kept {
    token: Zeroizing<String>,
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
            && refused != Some(&**current.token)
            && current.until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(current.token.to_string());
        }
        let granted = grant().await?;
        let until = granted.life_ms.map(|life_ms| {
            let life = Duration::from_millis(life_ms).min(LONGEST);
            Instant::now() + life.saturating_sub(SAFETY).max(life / 2)
        });
        *kept = Some(Kept {
            token: Zeroizing::new(granted.value.clone()),
            until,
        });
        Ok(granted.value)
    }
}

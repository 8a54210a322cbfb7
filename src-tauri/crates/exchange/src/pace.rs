//! Pacing: one host is asked by all connections together, never faster than each of them allows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use url::Url;

/// The pace at one host.
#[derive(Default)]
pub struct Pace(tokio::sync::Mutex<Option<Instant>>);

static HOSTS: OnceLock<Mutex<HashMap<String, Weak<Pace>>>> = OnceLock::new();

/// The pace of an address' host and port, shared by everyone who asks there.
pub fn of_host(url: &Url) -> Arc<Pace> {
    let mut hosts = HOSTS
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    hosts.retain(|_, pace| pace.strong_count() > 0);
    let place = url.authority().to_owned();
    if let Some(pace) = hosts.get(&place).and_then(Weak::upgrade) {
        return pace;
    }
    let pace = Arc::new(Pace::default());
    hosts.insert(place, Arc::downgrade(&pace));
    pace
}

impl Pace {
    /// Waits for the next turn at `per_second` requests a second; 0 does not wait.
    pub async fn keep(&self, per_second: f64) {
        if per_second <= 0.0 {
            return;
        }
        let gap = Duration::from_secs_f64((1.0 / per_second).min(3600.0));
        let mut next = self.0.lock().await;
        let now = Instant::now();
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + gap);
        drop(next);
        tokio::time::sleep(at - now).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_to_one_host_share_its_pace_and_others_do_not() {
        let url = |text: &str| Url::parse(text).unwrap();
        let one = of_host(&url("https://pace.example:8443/a"));
        let same = of_host(&url("https://pace.example:8443/b"));
        let other = of_host(&url("https://pace.example:8444/a"));
        assert!(Arc::ptr_eq(&one, &same));
        assert!(!Arc::ptr_eq(&one, &other));
    }
}

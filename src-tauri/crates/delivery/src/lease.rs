//! One delivery of a connection at a time: its owner, their sign of life, and the wish to end.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use zhengqiao_store::delivery::{self, DeliveryRow};
use zhengqiao_store::{Cache, StoreError};

use crate::error::DeliveryError;

/// Between two signs of life.
const BEAT_EVERY: Duration = Duration::from_secs(2);
/// Without sign of life for so long an owner is gone.
const DEAD_AFTER_MS: i64 = 60_000;

static OWN: OnceLock<Mutex<HashSet<String>>> = OnceLock::new();

fn own() -> std::sync::MutexGuard<'static, HashSet<String>> {
    OWN.get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Whether somebody delivers, as far as can be told.
pub fn is_running(row: &DeliveryRow, now_ms: i64) -> bool {
    if row.state != "running" {
        return false;
    }
    let mut words = row.owner.split(' ').skip(1);
    let pid = words.next().unwrap_or_default();
    if pid == std::process::id().to_string() {
        return own().contains(&row.owner);
    }
    if std::path::Path::new("/proc/self").exists()
        && !std::path::Path::new("/proc").join(pid).exists()
    {
        return false;
    }
    now_ms - row.heartbeat_at < DEAD_AFTER_MS
}

/// The right to deliver for a connection; it ends with this value.
pub struct Lease {
    owner: String,
    stopped: Arc<AtomicBool>,
    beat: tokio::task::JoinHandle<()>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.beat.abort();
        own().remove(&self.owner);
    }
}

impl Lease {
    /// Takes the right to deliver.
    ///
    /// # Errors
    /// [`DeliveryError::NoTarget`], or [`DeliveryError::AlreadyDelivering`] while somebody else does.
    pub async fn take(cache: &Cache, connection_id: i64) -> Result<Self, DeliveryError> {
        let owner = format!(
            "pid {} {}",
            std::process::id(),
            uuid::Uuid::new_v4().simple()
        );
        own().insert(owner.clone());
        let wanted = owner.clone();
        let taken = cache
            .write(move |tx| {
                let Some(row) = delivery::get(tx, connection_id)? else {
                    return Ok(Err(DeliveryError::NoTarget(connection_id)));
                };
                let now = now_ms();
                if is_running(&row, now) {
                    return Ok(Err(DeliveryError::AlreadyDelivering {
                        owner: row.owner.split(' ').take(2).collect::<Vec<_>>().join(" "),
                    }));
                }
                delivery::begin(tx, connection_id, &wanted, now)?;
                Ok(Ok(()))
            })
            .await;
        if !matches!(taken, Ok(Ok(()))) {
            own().remove(&owner);
        }
        taken??;
        let stopped = Arc::new(AtomicBool::new(false));
        let (cache, name, flag) = (cache.clone(), owner.clone(), stopped.clone());
        let beat = tokio::spawn(async move {
            loop {
                tokio::time::sleep(BEAT_EVERY).await;
                let name = name.clone();
                let goes_on: Result<bool, StoreError> = cache
                    .write(move |tx| delivery::heartbeat(tx, connection_id, &name, now_ms()))
                    .await;
                if matches!(goes_on, Ok(false)) {
                    flag.store(true, Ordering::Relaxed);
                }
            }
        });
        Ok(Self {
            owner,
            stopped,
            beat,
        })
    }

    /// Whether somebody wants the delivery to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Now, unix ms.
pub fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

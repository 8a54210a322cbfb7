//! A thread that catches up with what a run writes, so that questions need not.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::OpenFlags;

use super::snapshot::Snapshot;
use crate::cache::{CacheKey, connect};

/// How often it looks whether something was written.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long it goes on after the last question that it was woken by.
const LASTS: Duration = Duration::from_secs(30);

/// The thread, while it is needed.
#[derive(Debug)]
pub(super) struct Keeper {
    path: PathBuf,
    key: CacheKey,
    running: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

impl Keeper {
    pub(super) fn new(path: PathBuf, key: CacheKey) -> Self {
        Self {
            path,
            key,
            running: Mutex::default(),
        }
    }

    /// Has the columns caught up with, soon.
    pub(super) fn wake(&self, snapshot: &Arc<Snapshot>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let is_awake = running
            .as_ref()
            .is_some_and(|(wake, _)| wake.send(()).is_ok());
        if !is_awake {
            // One that cannot begin leaves the work to the questions after the run.
            *running = self.start(Arc::clone(snapshot));
        }
    }

    fn start(&self, snapshot: Arc<Snapshot>) -> Option<(Sender<()>, JoinHandle<()>)> {
        let (path, key) = (self.path.clone(), self.key.clone());
        let (wake, woken) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("inbox-keeper".into())
            .spawn(move || {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let Ok(connection) = connect(&path, &key, flags) else {
                    return;
                };
                let mut until = Instant::now() + LASTS;
                while Instant::now() < until {
                    if snapshot.catch_up(&connection).is_err() {
                        // The next question meets the same and tells it.
                        return;
                    }
                    match woken.recv_timeout(LOOK_EVERY) {
                        Ok(()) => until = Instant::now() + LASTS,
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            })
            .ok()?;
        Some((wake, thread))
    }

    /// Ends it, and waits until it has closed the file.
    pub(super) fn end(&self) {
        let running = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((wake, thread)) = running {
            drop(wake);
            // One that panicked has closed it.
            let _ = thread.join();
        }
    }
}

//! Carrying what was committed from the log into the file, on a thread and connection of its own.
//!
//! SQLite does so after a commit, on the writer's thread, which writes nothing meanwhile. A checkpoint that
//! waits for nobody goes on beside the next transaction; what it leaves, the writer carries over when
//! the log has grown long, and only then does the log begin anew.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags};

use crate::cache::{CacheKey, connect};

/// Changed rows after which it is worth the while.
const MANY_CHANGES: u64 = 20_000;

/// The thread, from the first time that it is needed.
pub(crate) struct Checkpointer {
    path: PathBuf,
    key: CacheKey,
    seen: u64,
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Checkpointer {
    /// One that has nothing to do yet.
    pub(crate) fn new(path: PathBuf, key: CacheKey) -> Self {
        Self {
            path,
            key,
            seen: 0,
            running: None,
        }
    }

    /// Carries over what the writer has committed, where it is much.
    pub(crate) fn after(&mut self, writer: &Connection) {
        let changes = writer.total_changes();
        if changes.saturating_sub(self.seen) < MANY_CHANGES {
            return;
        }
        self.seen = changes;
        if self.running.is_none() {
            self.running = self.start();
        }
        if let Some((wake, _)) = &self.running {
            // A thread that could not open the file has ended; the writer then does it all.
            let _ = wake.send(());
        }
    }

    fn start(&self) -> Option<(Sender<()>, JoinHandle<()>)> {
        let (path, key) = (self.path.clone(), self.key.clone());
        let (wake, woken) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("cache-checkpoint".into())
            .spawn(move || {
                let Ok(connection) = connect(&path, &key, OpenFlags::default()) else {
                    return;
                };
                while woken.recv().is_ok() {
                    while woken.try_recv().is_ok() {}
                    // One that is not done now is done with the next, or by the writer.
                    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                }
            })
            .ok()?;
        Some((wake, thread))
    }
}

impl Drop for Checkpointer {
    /// Waits for its end: who closes the file last tidies the log away, and that is the writer.
    fn drop(&mut self) {
        if let Some((wake, thread)) = self.running.take() {
            drop(wake);
            // One that panicked has nothing left to close.
            let _ = thread.join();
        }
    }
}

//! The open cache: its key, its one writer, its readers, its format.

mod opening;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::checkpoint::Checkpointer;
use crate::error::StoreError;
use crate::inbox::Inbox;
use crate::scratch;
use opening::{attach, copy};

pub(crate) use opening::connect;

/// Memory of the writer's page cache, in KiB.
const WRITER_CACHE_KIB: u32 = 24 * 1024;
/// Pages of the log at which the writer itself carries over what [`Checkpointer`] has left: 128 MiB.
const LONG_LOG_PAGES: u32 = 16_000;
/// Readers kept open for reuse.
const IDLE_READERS: usize = 4;

pub(crate) const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("../migrations/0001.sql")),
    M::up(include_str!("../migrations/0002.sql")),
    M::up(include_str!("../migrations/0003.sql")),
    M::up(include_str!("../migrations/0004.sql")),
    M::up(include_str!("../migrations/0005.sql")),
    M::up(include_str!("../migrations/0006.sql")),
    M::up(include_str!("../migrations/0007.sql")),
    M::up(include_str!("../migrations/0008.sql")),
    M::up(include_str!("../migrations/0009.sql")),
    M::up(include_str!("../migrations/0010.sql")),
    M::up(include_str!("../migrations/0011.sql")),
    M::up(include_str!("../migrations/0012.sql")),
    M::up(include_str!("../migrations/0013.sql")),
    M::up(include_str!("../migrations/0014.sql")),
    M::up(include_str!("../migrations/0015.sql")),
    M::up(include_str!("../migrations/0016.sql")),
    M::up(include_str!("../migrations/0017.sql")),
    M::up(include_str!("../migrations/0018.sql")),
    M::up(include_str!("../migrations/0019.sql")),
    M::up(include_str!("../migrations/0020.sql")),
    M::up(include_str!("../migrations/0021.sql")),
    M::up(include_str!("../migrations/0022.sql")),
    M::up(include_str!("../migrations/0023.sql")),
];

/// The key that the cache file is encrypted with.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// A key of 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key as SQLCipher reads one that is no passphrase.
    fn literal(&self) -> String {
        use fmt::Write as _;
        let mut text = String::with_capacity(80);
        text.push_str("x'");
        for byte in self.0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\'');
        text
    }

    fn pragma(&self) -> String {
        let mut literal = self.literal();
        let text = format!("PRAGMA key = \"{literal}\"");
        literal.zeroize();
        text
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CacheKey(…)")
    }
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// How many wait for the writer: who has it for long gives it back when there is one.
#[derive(Debug, Clone, Default)]
pub struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// Whether there is one.
    pub fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

struct Shared {
    path: PathBuf,
    /// The real cache, of a scratch cache.
    base: Option<PathBuf>,
    key: CacheKey,
    writer: Mutex<Option<Sender<Job>>>,
    /// Jobs that wait for the writer.
    waiting: Waiting,
    thread: Mutex<Option<JoinHandle<()>>>,
    readers: Mutex<Vec<Connection>>,
    inbox: Inbox,
}

impl Drop for Shared {
    /// Waits until the writer has closed the file, so that nothing changes it afterwards.
    fn drop(&mut self) {
        self.inbox.end();
        self.readers
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.writer
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            && thread.thread().id() != std::thread::current().id()
        {
            // A panicked writer has nothing left to close.
            let _ = thread.join();
        }
    }
}

/// The open cache. Clones share one writer and its readers.
#[derive(Clone)]
pub struct Cache(Arc<Shared>);

impl fmt::Debug for Cache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Cache({})", self.0.path.display())
    }
}

impl Cache {
    /// Opens or creates the cache file and brings it to the present format. Before a file with
    /// content changes its format, a copy is written beside it.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`], [`StoreError::Newer`] (the file is not touched), or the disk's.
    pub fn open(path: &Path, key: &CacheKey) -> Result<Self, StoreError> {
        Self::open_with(path, key, None, |_| Ok(()))
    }

    /// Opens or makes the scratch cache of a dry run: of the same format, encrypted with the same key,
    /// beside the real cache, which its writer can read as `base` and cannot write.
    ///
    /// # Errors
    /// As [`Cache::open`], or SQLite's when the real cache cannot be read.
    pub fn scratch(path: &Path, key: &CacheKey, base: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, key, Some(base), |connection| {
            connection.execute_batch(scratch::TABLES)?;
            attach(connection, base, key)
        })
    }

    /// [`Cache::scratch`] with this cache as the real one, or beside this scratch cache.
    ///
    /// # Errors
    /// As there.
    pub fn scratch_at(&self, path: &Path) -> Result<Self, StoreError> {
        let base = self.0.base.as_deref().unwrap_or(&self.0.path);
        Self::scratch(path, &self.0.key, base)
    }

    fn open_with(
        path: &Path,
        key: &CacheKey,
        base: Option<&Path>,
        ready: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let mut connection = connect(path, key, OpenFlags::default())?;
        let file_version: i64 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let program_version = MIGRATIONS.len() as i64;
        if file_version > program_version {
            return Err(StoreError::Newer {
                path: path.to_path_buf(),
                file_version,
                program_version,
            });
        }
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "cache_size", -i64::from(WRITER_CACHE_KIB))?;
        connection.pragma_update(None, "wal_autocheckpoint", LONG_LOG_PAGES)?;
        if file_version > 0 && file_version < program_version {
            copy(
                &connection,
                &path.with_extension(format!("before-v{program_version}.db")),
                key,
            )?;
        }
        Migrations::from_slice(MIGRATIONS)
            .to_latest(&mut connection)
            .map_err(|error| StoreError::Migration(error.to_string()))?;
        ready(&connection)?;
        // A scratch cache is thrown away.
        let mut checkpointer = base
            .is_none()
            .then(|| Checkpointer::new(path.to_path_buf(), key.clone()));
        let (sender, receiver) = channel::<Job>();
        let thread = std::thread::Builder::new()
            .name("cache-writer".into())
            .spawn(move || {
                for job in receiver {
                    job(&mut connection);
                    if let Some(checkpointer) = &mut checkpointer {
                        checkpointer.after(&connection);
                    }
                }
                drop(checkpointer);
            })
            .map_err(|source| StoreError::File {
                path: path.to_path_buf(),
                source,
            })?;
        Ok(Self(Arc::new(Shared {
            path: path.to_path_buf(),
            base: base.map(Path::to_path_buf),
            key: key.clone(),
            writer: Mutex::new(Some(sender)),
            waiting: Waiting::default(),
            thread: Mutex::new(Some(thread)),
            readers: Mutex::new(Vec::new()),
            inbox: Inbox::new(path.to_path_buf(), key.clone()),
        })))
    }

    /// Those who wait for the writer.
    pub fn waiting(&self) -> &Waiting {
        &self.0.waiting
    }

    /// The inbox of rejected records.
    pub fn inbox(&self) -> &Inbox {
        &self.0.inbox
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Runs `work` in one transaction on the writer's thread and waits for it. An error rolls back.
    ///
    /// # Errors
    /// What `work` returned, or SQLite's on commit.
    pub fn write_blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, receiver) = channel();
        let waiting = self.0.waiting.clone();
        waiting.0.fetch_add(1, Ordering::Relaxed);
        let job: Job = Box::new(move |connection| {
            waiting.0.fetch_sub(1, Ordering::Relaxed);
            let outcome = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(StoreError::from)
                .and_then(|transaction| {
                    let value = work(&transaction)?;
                    transaction.commit()?;
                    Ok(value)
                });
            // Nobody waits any more when the receiver is gone; the work is done all the same.
            let _ = sender.send(outcome);
        });
        self.0
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .ok_or(StoreError::Closed)?
            .send(job)
            .map_err(|_| StoreError::Closed)?;
        receiver.recv().map_err(|_| StoreError::Closed)?
    }

    /// [`Cache::write_blocking`] for async callers.
    ///
    /// # Errors
    /// As there.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let cache = self.clone();
        tokio::task::spawn_blocking(move || cache.write_blocking(work))
            .await
            .map_err(|_| StoreError::Closed)?
    }

    /// Runs `work` on a read-only connection.
    ///
    /// # Errors
    /// What `work` returned.
    pub fn read_blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError>,
    {
        let idle = self
            .0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = if let Some(connection) = idle {
            connection
        } else {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = connect(&self.0.path, &self.0.key, flags)?;
            connection.pragma_update(None, "query_only", true)?;
            connection
        };
        let outcome = work(&connection);
        let mut readers = self
            .0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        outcome
    }

    /// [`Cache::read_blocking`] for async callers.
    ///
    /// # Errors
    /// As there.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let cache = self.clone();
        tokio::task::spawn_blocking(move || cache.read_blocking(work))
            .await
            .map_err(|_| StoreError::Closed)?
    }

    /// Copies the cache, encrypted with the same key, while it is in use.
    ///
    /// # Errors
    /// SQLite's or the disk's.
    pub fn backup(&self, to: &Path) -> Result<u64, StoreError> {
        self.read_blocking(|connection| copy(connection, to, &self.0.key))?;
        std::fs::metadata(to)
            .map(|data| data.len())
            .map_err(|source| StoreError::File {
                path: to.to_path_buf(),
                source,
            })
    }

    /// Size of the file and its log.
    pub fn size_bytes(&self) -> u64 {
        let log = self.0.path.with_extension("db-wal");
        [self.0.path.as_path(), log.as_path()]
            .iter()
            .filter_map(|path| std::fs::metadata(path).ok())
            .map(|data| data.len())
            .sum()
    }
}

#[cfg(test)]
mod tests;

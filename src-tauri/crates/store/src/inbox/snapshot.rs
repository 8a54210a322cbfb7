//! The columns as they were last caught up with: who asks reads them while others bring them further.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rusqlite::{Connection, Transaction};

use super::load::{self, Known};
use crate::error::StoreError;

/// The columns as they were last caught up with.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// Held for as long as it takes to look which ones they are.
    newest: RwLock<Option<Arc<Known>>>,
    /// One catches up at a time.
    pub(super) catching_up: Mutex<()>,
}

impl Snapshot {
    /// The columns, once they were asked for.
    pub(super) fn known(&self) -> Option<Arc<Known>> {
        self.newest
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Brings the columns to what the connection sees, or further when others have done so.
    pub(super) fn catch_up(&self, connection: &Connection) -> Result<Arc<Known>, StoreError> {
        let _one_at_a_time = self
            .catching_up
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let _one_state = one_state(connection)?;
        let newest = load::newest_change(connection)?;
        let known = self.known();
        if let Some(known) = known.as_ref().filter(|known| known.change >= newest) {
            return Ok(Arc::clone(known));
        }
        let further = match known {
            Some(known) => load::catch_up(connection, &known)?,
            None => None,
        };
        let further = Arc::new(match further {
            Some(further) => further,
            None => load::all(connection)?,
        });
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&further));
        Ok(further)
    }
}

/// A transaction, so that all that is read is of one moment, unless the connection is in one.
pub(super) fn one_state(connection: &Connection) -> Result<Option<Transaction<'_>>, StoreError> {
    Ok(if connection.is_autocommit() {
        Some(connection.unchecked_transaction()?)
    } else {
        None
    })
}

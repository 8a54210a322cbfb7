//! Turning a key back to what it was.

use zhengqiao_store::hash::Hash;
use zhengqiao_store::record::{self, ACCEPTED};
use zhengqiao_store::record_version::{self, Present};
use zhengqiao_store::{StoreError, Transaction, rejection, rejection_version, source};

use super::standing::{Standing, Turn};
use crate::batch::Desk;

impl Desk {
    /// Turns both halves of a key back to what they were.
    pub(super) fn turn_back(
        &self,
        tx: &Transaction<'_>,
        key_hash: &Hash,
        standing: &Standing,
    ) -> Result<(), StoreError> {
        match (standing.record_turn, &standing.record) {
            (Turn::Remove, Some(present)) => self.remove(tx, present)?,
            (Turn::Restore(version), present) => self.restore(tx, version, present.as_ref())?,
            _ => {}
        }
        match (standing.rejection_turn, &standing.rejection) {
            (Turn::Remove, Some(head)) => {
                rejection_version::keep(tx, head.id, &self.act())?;
                rejection::remove(tx, head.id)
            }
            (Turn::Restore(version), head) => {
                match head {
                    Some(head) => rejection_version::keep(tx, head.id, &self.act())?,
                    None => {
                        rejection_version::keep_absence(tx, self.source_id, key_hash, &self.act())?;
                    }
                }
                rejection_version::restore(tx, version, self.at)
            }
            _ => Ok(()),
        }
    }

    /// Removes a record that the undone run had brought new.
    fn remove(&self, tx: &Transaction<'_>, present: &Present) -> Result<(), StoreError> {
        self.keep_record(tx, present.id)?;
        record::remove(tx, present.id)?;
        self.bump(tx, Some(present.state), None)
    }

    /// Restores a record's earlier state.
    fn restore(
        &self,
        tx: &Transaction<'_>,
        version_id: i64,
        present: Option<&Present>,
    ) -> Result<(), StoreError> {
        if let Some(present) = present {
            self.keep_record(tx, present.id)?;
        }
        let id = record_version::restore(
            tx,
            version_id,
            present.map(|present| present.id),
            self.run_id,
            self.at,
        )?;
        let now = record::state(tx, id)?;
        self.bump(tx, present.map(|present| present.state), now)
    }

    /// Keeps the source's counters right when a record's state changes.
    fn bump(
        &self,
        tx: &Transaction<'_>,
        before: Option<i64>,
        now: Option<i64>,
    ) -> Result<(), StoreError> {
        let (mut accepted, mut withdrawn) = (0, 0);
        for (state, by) in [(before, -1), (now, 1)] {
            match state {
                Some(ACCEPTED) => accepted += by,
                Some(_) => withdrawn += by,
                None => {}
            }
        }
        source::bump(tx, self.source_id, accepted, withdrawn)
    }
}

//! How a key stands to the run that is undone.

use zhengqiao_domain::DatasetId;
use zhengqiao_store::hash::Hash;
use zhengqiao_store::record;
use zhengqiao_store::record_version::{self, Present};
use zhengqiao_store::rejection::{self, RejectionHead};
use zhengqiao_store::rejection_version::{self, Since};
use zhengqiao_store::undone::{KEPT, REMOVED, RESTORED};
use zhengqiao_store::{Connection, StoreError};

use crate::batch::read_record;

/// What happens to one half of a key: its record or its rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Leave,
    Remove,
    Restore(i64),
}

/// How a key stands to the run that is undone.
pub(super) struct Standing {
    pub(super) record: Option<Present>,
    pub(super) rejection: Option<RejectionHead>,
    pub(super) record_turn: Turn,
    pub(super) rejection_turn: Turn,
    /// What changed it since.
    pub(super) since: Option<Since>,
}

impl Standing {
    pub(super) fn of(
        conn: &Connection,
        source_id: i64,
        key_hash: &Hash,
        run_id: i64,
    ) -> Result<Self, StoreError> {
        let record = record_version::present(conn, source_id, key_hash)?;
        let rejection = rejection::find(conn, source_id, key_hash)?;
        let later_record = record
            .as_ref()
            .filter(|record| {
                // A person checked it again after the run; a run that does so is the run itself.
                record.run_id > run_id || (record.run_id == run_id && record.actor.is_some())
            })
            .map(|record| Since {
                run_id: record.run_id,
                actor: record.actor.clone(),
                act: record.via.clone(),
                at: record.changed_at,
            });
        let since = [
            later_record,
            record_version::since(conn, source_id, key_hash, run_id)?,
            rejection_version::since(conn, source_id, key_hash, run_id)?,
            rejection_version::opened_since(conn, source_id, key_hash, run_id)?,
        ]
        .into_iter()
        .flatten()
        .max_by_key(|since| (since.run_id, since.actor.is_some(), since.at));
        let record_turn = match record_version::before_run(conn, source_id, key_hash, run_id)? {
            // The run brought it new and changed it again.
            Some(former) if former.run_id == run_id => Turn::Remove,
            Some(former) => Turn::Restore(former.id),
            None if record.as_ref().is_some_and(|now| now.run_id == run_id) => Turn::Remove,
            None => Turn::Leave,
        };
        let opened = rejection
            .as_ref()
            .is_some_and(|now| now.first_run_id == run_id);
        let rejection_turn = match rejection_version::before_run(conn, source_id, key_hash, run_id)?
        {
            Some(former) if !former.existed => Turn::Remove,
            Some(former) => Turn::Restore(former.id),
            None if opened => Turn::Remove,
            None => Turn::Leave,
        };
        Ok(Self {
            record,
            rejection,
            record_turn,
            rejection_turn,
            since,
        })
    }

    /// Restored, removed or kept; `None` for a key that the run left as it was.
    pub(super) fn fate(&self) -> Option<i64> {
        if self.since.is_some() {
            return Some(KEPT);
        }
        if self.record_turn == Turn::Leave && self.rejection_turn == Turn::Leave {
            return None;
        }
        let stays = |turn: Turn, present: bool| match turn {
            Turn::Leave => present,
            Turn::Remove => false,
            Turn::Restore(_) => true,
        };
        let known = stays(self.record_turn, self.record.is_some())
            || stays(self.rejection_turn, self.rejection.is_some());
        Some(if known { RESTORED } else { REMOVED })
    }

    /// The key as text, from the rejection or the record's own fields.
    pub(super) fn record_key(
        &self,
        conn: &Connection,
        dataset: DatasetId,
    ) -> Result<String, StoreError> {
        if let Some(head) = &self.rejection {
            return Ok(rejection::get(conn, head.id)?
                .map(|row| row.record_key)
                .unwrap_or_default());
        }
        if let Turn::Restore(id) = self.rejection_turn
            && let Some(key) = rejection_version::record_key(conn, id)?
        {
            return Ok(key);
        }
        let fields = match (&self.record, self.record_turn) {
            (Some(record), _) => record::get(conn, record.id)?.map(|(row, _)| row.fields),
            (None, Turn::Restore(id)) => Some(record_version::fields(conn, id)?),
            (None, _) => None,
        };
        let Some(fields) = fields else {
            return Ok(String::new());
        };
        let record = read_record(dataset, &fields)?;
        Ok(record
            .get_all(dataset.dataset().key)
            .map(|parts| parts.join("|"))
            .unwrap_or_default())
    }
}

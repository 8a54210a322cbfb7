//! What a dry run notes of every row: what it was, what would become of it.
//!
//! The noting stands beside the deciding and changes nothing of it: the fate is read from the counter
//! that the commit raised, before and after from the scratch cache itself.

use bytes::Bytes;
use serde_json::Value;
use zhengqiao_domain::Outcome;
use zhengqiao_exchange::Slip;
use zhengqiao_store::dry_row::{self, Fate, NewDryRow};
use zhengqiao_store::hash::{self, Hash};
use zhengqiao_store::rejection::{HELD, RejectionHead};
use zhengqiao_store::run::Counts;
use zhengqiao_store::scratch::{self, Look};
use zhengqiao_store::{Connection, StoreError, record, rejection};

use crate::batch::Desk;
use crate::prepare::Prepared;

/// Brings over what the commit of rows will look at.
pub(crate) fn bring(
    connection: &Connection,
    desk: &Desk,
    rows: &[Prepared],
) -> Result<(), StoreError> {
    if !desk.dry {
        return Ok(());
    }
    let references = desk.dataset.dataset().parents;
    let parents: Vec<Vec<(i64, Hash)>> = rows
        .iter()
        .map(|row| {
            references
                .iter()
                .zip(&desk.parents)
                .filter_map(|(reference, source_id)| {
                    let value = row.record.get(reference.field)?;
                    Some(((*source_id)?, hash::of_parts([value])))
                })
                .collect()
        })
        .collect();
    scratch::bring(
        connection,
        rows.iter().zip(&parents).map(|(row, parents)| Look {
            source_id: desk.source_id,
            key_hash: &row.key_hash,
            business_hash: row.business_hash.as_ref(),
            parents,
        }),
    )
}

/// The number of the commit that is to come.
pub(crate) fn next_batch(connection: &Connection, desk: &Desk) -> Result<i64, StoreError> {
    if desk.dry {
        dry_row::next_batch(connection, desk.source_id)
    } else {
        Ok(0)
    }
}

/// A row as it was before its commit.
pub(crate) struct Seen {
    key_hash: Hash,
    key: String,
    raw: Bytes,
    was_accepted: bool,
    before: Option<String>,
    counts: Counts,
}

impl Seen {
    /// Looks at a row before its commit; at nothing where nothing is noted.
    pub fn before(
        connection: &Connection,
        desk: &Desk,
        row: &Prepared,
        counts: &Counts,
    ) -> Result<Option<Self>, StoreError> {
        if !desk.dry {
            return Ok(None);
        }
        let head = record::find(connection, desk.source_id, &row.key_hash)?;
        let was_accepted = head.is_some_and(|head| head.state == record::ACCEPTED);
        let before = if was_accepted {
            record::fields_of(connection, desk.source_id, &row.key_hash)?
        } else {
            None
        };
        Ok(Some(Self {
            key_hash: row.key_hash,
            key: row.key.clone(),
            raw: row.raw.clone(),
            was_accepted,
            before,
            counts: *counts,
        }))
    }

    /// Notes what became of it.
    pub fn after(
        self,
        connection: &Connection,
        desk: &Desk,
        batch: i64,
        now: &Counts,
    ) -> Result<(), StoreError> {
        let was = &self.counts;
        let fate = if now.accepted > was.accepted {
            if self.was_accepted {
                Fate::Changed
            } else {
                Fate::Created
            }
        } else if now.unchanged > was.unchanged {
            Fate::Unchanged
        } else if now.withdrawn > was.withdrawn {
            Fate::Withdrawn
        } else if now.held > was.held {
            Fate::Held
        } else if now.rejected > was.rejected {
            Fate::Rejected
        } else {
            Fate::Superseded
        };
        let (after, findings) = match fate {
            Fate::Created | Fate::Changed => (
                record::fields_of(connection, desk.source_id, &self.key_hash)?,
                None,
            ),
            Fate::Rejected | Fate::Held => {
                judged(connection, desk.source_id, &self.key_hash)?.unzip()
            }
            _ => (None, None),
        };
        dry_row::insert(
            connection,
            &NewDryRow {
                source_id: desk.source_id,
                batch,
                fate,
                key_hash: &self.key_hash,
                record_key: &self.key,
                before: self.before.as_deref(),
                after: after.as_deref(),
                findings: findings.as_deref(),
                raw: Some(&self.raw),
                slip: None,
            },
        )
    }
}

/// Mapped fields and findings of a row's rejection.
fn judged(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
) -> Result<Option<(String, String)>, StoreError> {
    let Some(head) = rejection::find(connection, source_id, key_hash)? else {
        return Ok(None);
    };
    Ok(rejection::payload(connection, head.id)?.map(|(_, mapped, findings)| (mapped, findings)))
}

/// Notes the slips of a commit's rows, for receipts of the real run.
pub(crate) fn slips(
    connection: &Connection,
    source_id: i64,
    slips: &[Slip],
) -> Result<(), StoreError> {
    let texts: Vec<String> = slips
        .iter()
        .map(|slip| Value::from(vec![slip.keys.join("\u{1f}"), slip.mark.clone()]).to_string())
        .collect();
    let batch = dry_row::next_batch(connection, source_id)? - 1;
    dry_row::set_slips(connection, source_id, batch, &texts)
}

/// A slip that [`slips`] noted.
pub(crate) fn slip(text: &str) -> Option<Slip> {
    let [keys, mark]: [String; 2] = serde_json::from_str(text).ok()?;
    Some(Slip {
        keys: keys.split('\u{1f}').map(str::to_owned).collect(),
        mark,
    })
}

/// Notes what became of a held row that was looked at again.
pub(crate) fn rechecked(
    connection: &Connection,
    desk: &Desk,
    rejection_id: i64,
    head: Option<&RejectionHead>,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let Some(head) = head.filter(|head| desk.dry && head.outcome == HELD) else {
        return Ok(());
    };
    let own = head.run_id == desk.run_id;
    let fate = match (outcome, own) {
        (Outcome::Held, _) => return Ok(()),
        (Outcome::Accepted, true) => Fate::Created,
        (Outcome::Accepted, false) => Fate::Released,
        (Outcome::Rejected, true) => Fate::Rejected,
        (Outcome::Rejected, false) => Fate::Expired,
    };
    let Some((key_hash, key)) = dry_row::key_of_rejection(connection, rejection_id)? else {
        return Ok(());
    };
    let (after, findings) = match fate {
        Fate::Created | Fate::Released => (
            record::fields_of(connection, desk.source_id, &key_hash)?,
            None,
        ),
        _ => judged(connection, desk.source_id, &key_hash)?.unzip(),
    };
    if own {
        return dry_row::settle(
            connection,
            desk.source_id,
            &key_hash,
            fate,
            after.as_deref(),
            findings.as_deref(),
        );
    }
    dry_row::insert(
        connection,
        &NewDryRow {
            source_id: desk.source_id,
            batch: 0,
            fate,
            key_hash: &key_hash,
            record_key: &key,
            before: None,
            after: after.as_deref(),
            findings: findings.as_deref(),
            raw: None,
            slip: None,
        },
    )
}

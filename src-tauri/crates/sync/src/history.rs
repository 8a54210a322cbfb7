//! What is kept of a record or a rejection before it changes, and under whose hand it changes.

use zhengqiao_store::record;
use zhengqiao_store::record_version;
use zhengqiao_store::rejection::{self, NewRejection, RejectionHead, State};
use zhengqiao_store::rejection_version::{self, Act};
use zhengqiao_store::{Connection, StoreError, Transaction, run, undone};

use crate::batch::Desk;
use crate::judge::say_the_same;

/// Under what and through whom something is written.
#[derive(Debug, Clone)]
pub struct Hand {
    /// run, revalidation, override or undo.
    pub via: &'static str,
    /// The person, where one does it.
    pub actor: Option<String>,
    /// The profile version that rows are mapped under.
    pub profile_version: Option<i64>,
    /// The run, or the last one before a person's act.
    pub after_run: i64,
}

impl Default for Hand {
    fn default() -> Self {
        Self {
            via: "run",
            actor: None,
            profile_version: None,
            after_run: 0,
        }
    }
}

impl Hand {
    /// A run's own hand.
    pub(crate) fn of_run(connection: &Connection, run_id: i64) -> Result<Self, StoreError> {
        Ok(Self {
            profile_version: run::profile_version(connection, run_id)?,
            after_run: run_id,
            ..Self::default()
        })
    }
}

/// How a rejected row stands to its rejection.
pub(crate) enum Again {
    /// It has none, or another content, or is found fault with otherwise.
    Other,
    /// The same is said of the same row.
    Alike,
    /// Everything is as it was kept, in the rejection of this number.
    Identical(i64),
}

impl Desk {
    /// The same desk, at which a person checks again under a profile version.
    ///
    /// # Errors
    /// The cache's.
    pub fn by_person(
        mut self,
        connection: &Connection,
        connection_id: i64,
        actor: &str,
        profile_version: i64,
    ) -> Result<Self, StoreError> {
        self.hand = Hand {
            via: "revalidation",
            actor: Some(actor.to_owned()),
            profile_version: Some(profile_version),
            after_run: undone::last_run(connection, connection_id)?,
        };
        Ok(self)
    }

    /// The same desk, at which a person overrides rows.
    ///
    /// # Errors
    /// The cache's.
    pub fn by_override(
        self,
        connection: &Connection,
        connection_id: i64,
        actor: &str,
        profile_version: i64,
    ) -> Result<Self, StoreError> {
        let mut desk = self.by_person(connection, connection_id, actor, profile_version)?;
        desk.hand.via = crate::overriding::OVERRIDE;
        Ok(desk)
    }

    /// How a record is written at this desk.
    pub(crate) fn record_hand(&self) -> record::Hand<'_> {
        record::Hand {
            run_id: self.run_id,
            at: self.at,
            profile_version: self.hand.profile_version,
            via: self.hand.via,
            actor: self.hand.actor.as_deref(),
        }
    }

    pub(crate) fn act(&self) -> Act<'_> {
        Act {
            run_id: self.hand.after_run,
            actor: self.hand.actor.as_deref(),
            act: self.hand.via,
            at: self.at,
        }
    }

    /// Keeps a record as it is, because it is about to be replaced.
    pub(crate) fn keep_record(&self, tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
        record_version::keep(tx, id, &self.act())
    }

    /// Keeps a rejection as it is, because it is about to change. What the run itself opened was not
    /// there before it: nothing is kept of that.
    pub(crate) fn keep_rejection(
        &self,
        tx: &Transaction<'_>,
        head: &RejectionHead,
    ) -> Result<(), StoreError> {
        if self.hand.actor.is_none() && head.first_run_id == self.run_id {
            return Ok(());
        }
        rejection_version::keep(tx, head.id, &self.act())
    }

    /// Keeps the rejection of a row that comes again, unless it is only seen again; says which it is.
    pub(crate) fn keep_if_changed(
        &self,
        tx: &Transaction<'_>,
        new: &NewRejection<'_>,
    ) -> Result<Again, StoreError> {
        let Some(head) = rejection::find(tx, new.source_id, new.key_hash)? else {
            return Ok(Again::Other);
        };
        let as_before = head.outcome == new.outcome
            && head.state != State::Resolved as i64
            && head.hash == *new.hash;
        let before = match rejection::payload(tx, head.id)? {
            Some((raw, mapped, findings)) if as_before && raw == new.raw => {
                Some((mapped, findings))
            }
            _ => None,
        };
        let Some((mapped, findings)) = before else {
            self.keep_rejection(tx, &head)?;
            return Ok(Again::Other);
        };
        if findings == new.findings {
            return Ok(if mapped == new.mapped {
                Again::Identical(head.id)
            } else {
                Again::Alike
            });
        }
        self.keep_rejection(tx, &head)?;
        Ok(if say_the_same(&findings, new.findings)? {
            Again::Alike
        } else {
            Again::Other
        })
    }
}

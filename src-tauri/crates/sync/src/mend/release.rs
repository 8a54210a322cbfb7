//! What was held and may go on, once a run that checks rejections again has accepted more.

use zhengqiao_domain::Check;
use zhengqiao_store::run::{self, Progress};
use zhengqiao_store::{Cache, StoreError, Transaction, hold, rejection, source};

use super::Work;
use crate::engine::{local, now_ms, owner};
use crate::error::SyncError;
use crate::recheck;

impl Work {
    /// Held rows of other datasets may have waited for what was accepted now.
    pub(super) async fn release(&self, cache: &Cache) -> Result<(), SyncError> {
        let connection_id = self.row.connection_id;
        let sources = cache
            .read(move |conn| source::list(conn, Some(connection_id)))
            .await?;
        for other in sources {
            if other.held == 0 || !self.rulings.mappings.contains_key(&other.dataset) {
                continue;
            }
            let mut after = Some(0);
            while let Some(from) = after {
                let (work, other) = (self.clone(), other.clone());
                after = cache
                    .write(move |tx| work.release_some(tx, &other, from))
                    .await?;
            }
        }
        Ok(())
    }

    fn release_some(
        &self,
        tx: &Transaction<'_>,
        other: &source::SourceRow,
        from: i64,
    ) -> Result<Option<i64>, StoreError> {
        let Some(mapping) = self.rulings.mappings.get(&other.dataset) else {
            return Ok(None);
        };
        if rejection::due(tx, other.id, from, 1)?.is_empty() {
            return Ok(None);
        }
        let id = self.row.id;
        run::ensure_dataset(tx, id, other.id, other.dataset, now_ms())?;
        let mut progress = Progress::default();
        let check = Check::new(&self.rulings.rules, local(now_ms()));
        let desk = self.desk(tx, other.dataset)?;
        let rules = &self.rulings.rules;
        let next =
            recheck::due(tx, &desk, mapping, &check, rules, from, &mut progress).map_err(stored)?;
        run::progress(tx, id, other.id, &progress, now_ms())?;
        hold::sign_of_life(tx, id, &owner(), now_ms())?;
        Ok(next)
    }
}

fn stored(error: SyncError) -> StoreError {
    match error {
        SyncError::Store(error) => error,
        other => StoreError::Content(other.to_string()),
    }
}

//! Rejections that were ignored until a date open again by themselves when it has passed.

use std::collections::BTreeMap;

use zhengqiao_domain::primitives::moment;
use zhengqiao_store::rejection_version::Act;
use zhengqiao_store::{Cache, StoreError, ignore, rejection, undone};

use crate::engine::local;

/// Rejections of one transaction.
const BATCH_ROWS: u32 = 500;
/// Who opens them.
const PROGRAM: &str = "zhengqiao";

/// The day in UTC+8 of unix ms.
pub fn today(now_ms: i64) -> String {
    let mut text = moment::canonical(local(now_ms));
    text.truncate(10);
    text
}

/// Opens what is ignored beyond its date and ends the decisions; says how many it opened. Done again,
/// it changes nothing.
///
/// # Errors
/// The cache's.
pub async fn open_expired(cache: &Cache, today: &str, now_ms: i64) -> Result<i64, StoreError> {
    let day = today.to_owned();
    if !cache
        .read(move |conn| ignore::is_any_over(conn, &day))
        .await?
    {
        return Ok(0);
    }
    let mut opened = 0;
    loop {
        let day = today.to_owned();
        let some = cache
            .write(move |tx| {
                let ids = ignore::expired(tx, &day, BATCH_ROWS)?;
                if ids.is_empty() {
                    ignore::end_expired(tx, &day, now_ms)?;
                    return Ok(0);
                }
                let mut by_connection: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
                for id in ids {
                    if let Some(connection_id) = rejection::connection_of(tx, id)? {
                        by_connection.entry(connection_id).or_default().push(id);
                    }
                }
                let mut changed = 0;
                for (connection_id, ids) in by_connection {
                    let act = Act {
                        run_id: undone::last_run(tx, connection_id)?,
                        actor: Some(PROGRAM),
                        act: "ignore_expired",
                        at: now_ms,
                    };
                    changed += ignore::uncover(tx, &ids, &act)?;
                }
                Ok(changed)
            })
            .await?;
        if some == 0 {
            return Ok(opened);
        }
        opened += some;
    }
}

//! The rows of a dry run in place of the provider's, for the real run of the same data.
//!
//! A page is what the dry run committed at once, so that the guards look at the same moments. The
//! last page ends where the provider's last page ended: the next incremental run goes on from there.

use bytes::Bytes;
use tokio::sync::mpsc;
use zhengqiao_exchange::{Drift, ExchangeError, Fault, Page, Position};
use zhengqiao_store::{Cache, StoreError, dry_row, run, source};

use crate::engine::Place;
use crate::trace;
use zhengqiao_domain::DatasetId;

/// Sends the pages of a dataset, from the first that was not committed.
pub(crate) async fn feed(
    dry: Cache,
    dataset: DatasetId,
    from: Position,
    to: mpsc::Sender<Result<Page, ExchangeError>>,
) {
    let mut walk = from;
    while !walk.ended {
        let (cache, at) = (dry.clone(), walk.clone());
        let page = cache
            .read(move |conn| next(conn, dataset, &at))
            .await
            .map_err(|error| ExchangeError::Request {
                fault: Fault::FileRead,
                dataset: Some(dataset),
                path: "dry run".into(),
                what: error.to_string(),
            });
        if let Ok(page) = &page {
            walk = page.position_after.clone();
        }
        let failed = page.is_err();
        if to.send(page).await.is_err() || failed {
            break;
        }
    }
}

fn next(
    conn: &zhengqiao_store::Connection,
    dataset: DatasetId,
    at: &Position,
) -> Result<Page, StoreError> {
    let gone = || StoreError::Content(format!("the dry run has no {dataset}"));
    let row = dry_row::dry_run(conn)?.ok_or_else(gone)?;
    let source_id = source::find(conn, row.connection_id, dataset)?.ok_or_else(gone)?;
    let part = run::datasets(conn, row.run_id)?
        .into_iter()
        .find(|part| part.source_id == source_id)
        .ok_or_else(gone)?;
    let end: Place = part
        .position
        .as_deref()
        .map(serde_json::from_str)
        .transpose()?
        .ok_or_else(gone)?;
    let batch = i64::try_from(at.pages)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    let rows = dry_row::batch(conn, source_id, batch)?;
    let last = batch + 1 >= dry_row::next_batch(conn, source_id)?;
    let (mut body, mut records, mut slips) = (Vec::new(), Vec::new(), Vec::new());
    for (raw, slip) in rows {
        let begin = body.len();
        body.extend_from_slice(&raw);
        records.push(begin..body.len());
        slips.extend(slip.as_deref().and_then(trace::slip));
    }
    if slips.len() != records.len() {
        slips.clear();
    }
    Ok(Page {
        position_after: if last {
            end.walk
        } else {
            Position {
                pages: at.pages + 1,
                rows: at.rows + records.len() as u64,
                ..Position::default()
            }
        },
        body: Bytes::from(body),
        records,
        total: None,
        last,
        drift: (last && end.drifted).then_some(Drift::Overlap),
        slips,
        left_out: 0,
    })
}

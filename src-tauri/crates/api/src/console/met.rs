//! The list behind a run's numbers of rows that changed nothing: what they met in the cache.

use zhengqiao_store::rejection::{self, HELD};
use zhengqiao_store::run_row::{self, Met};
use zhengqiao_store::{Connection, StoreError, record, source};

use super::records::{fields, record_row};
use super::rejected;
use crate::contract::{RecordRow, RecordsPage, RecordsRequest};

/// Where the newer rejections of a list begin; positions among them are negative.
const REJECTIONS: i64 = -1;

/// What the rows of a run met, by the word of a request; `None` for another word.
pub(super) fn of_word(word: Option<&str>) -> Option<Met> {
    match word? {
        "unchanged" => Some(Met::Unchanged),
        "superseded" => Some(Met::NewerRecord),
        "released" => Some(Met::Released),
        _ => None,
    }
}

/// A page of what the rows of a run met, in the order of their arrival. What the cache has no more is
/// left out.
pub(super) fn page(
    conn: &Connection,
    request: &RecordsRequest,
    run_id: i64,
    met: Met,
    limit: usize,
) -> Result<RecordsPage, StoreError> {
    let sources: Vec<i64> = source::list(conn, request.connection_id)?
        .into_iter()
        .filter(|source| {
            request
                .dataset
                .is_none_or(|dataset| dataset == source.dataset)
        })
        .map(|source| source.id)
        .collect();
    let after = request.after;
    if after.is_none_or(|after| after >= 0) {
        let (ids, next) = run_row::page(conn, run_id, &sources, met, after, limit)?;
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some((row, _)) = record::get(conn, id)? {
                records.push(record_row(&row, &fields(&row.fields)?));
            }
        }
        let others = run_row::page(conn, run_id, &sources, Met::NewerRejection, None, 1)?;
        let next = next.or((met == Met::NewerRecord && !others.0.is_empty()).then_some(REJECTIONS));
        return Ok(RecordsPage { records, next });
    }
    let after = after
        .filter(|after| *after != REJECTIONS)
        .and_then(i64::checked_neg);
    let (ids, next) = run_row::page(conn, run_id, &sources, Met::NewerRejection, after, limit)?;
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(row) = rejection::get(conn, id)? {
            records.push(in_its_place(row));
        }
    }
    Ok(RecordsPage {
        records,
        next: next.map(|next| -next),
    })
}

/// A rejection in a list of records.
fn in_its_place(row: rejection::RejectionRow) -> RecordRow {
    let held = row.outcome == HELD;
    let row = rejected::row(row);
    RecordRow {
        record_id: 0,
        rejection_id: Some(row.rejection_id),
        dataset: row.dataset,
        state: if held { "held" } else { "rejected" }.into(),
        title: row.title,
        business_key: row.business_key.or(Some(row.record_key)),
        department: row.department,
        region: row.region,
        source_time: None,
        warnings: 0,
    }
}

//! A run's page beyond its counters: how it came about, and how it compares with an earlier one.

use std::collections::BTreeMap;

use zhengqiao_domain::DatasetId;
use zhengqiao_domain::rules::cluster::words;
use zhengqiao_store::run::RunDatasetRow;
use zhengqiao_store::run_cause::{self, RunCause as Row};
use zhengqiao_store::{Connection, StoreError, run, undone};
use zhengqiao_sync::{REVALIDATION, UNDO};

use super::runs::{counts, run_row};
use super::undo::changed;
use super::{Console, invalid, not_found};
use crate::contract::{
    ApiError, CompareRuns, DatasetComparison, Header, KeptBy, RunCause, RunComparison, RunStanding,
};

impl Console {
    /// Two runs of a connection side by side: counters, times, causes that are new and gone.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`], or [`crate::contract::ErrorCode::InvalidRequest`] for
    /// runs of different connections.
    pub async fn compare_runs(&self, request: CompareRuns) -> Result<RunComparison, ApiError> {
        let id = request.run_id;
        let found = self
            .read(move |conn| {
                let Some(row) = run::get(conn, id)? else {
                    return Ok(None);
                };
                let other = match request.other {
                    Some(other) => Some(other),
                    None => previous(conn, &row)?,
                };
                let other = match other {
                    Some(other) => run::get(conn, other)?,
                    None => None,
                };
                Ok(Some((row, other)))
            })
            .await?;
        let (row, other) = found.ok_or_else(|| not_found(format!("there is no run {id}")))?;
        let other = other.ok_or_else(|| {
            not_found(match request.other {
                Some(other) => format!("there is no run {other}"),
                None => format!("there is no earlier run to compare run {id} with"),
            })
        })?;
        if other.connection_id != row.connection_id {
            return Err(invalid(format!(
                "other: run {} is of another connection than run {id}",
                other.id
            )));
        }
        self.read(move |conn| {
            let (parts, other_parts) =
                (run::datasets(conn, row.id)?, run::datasets(conn, other.id)?);
            let (causes, other_causes) = (
                run_cause::list(conn, row.id)?,
                run_cause::list(conn, other.id)?,
            );
            Ok(RunComparison {
                run: run_row(conn, row)?,
                other: run_row(conn, other)?,
                datasets: datasets(&parts, &other_parts),
                new_causes: without(&causes, &other_causes),
                gone_causes: without(&other_causes, &causes),
            })
        })
        .await
    }
}

fn datasets(parts: &[RunDatasetRow], others: &[RunDatasetRow]) -> Vec<DatasetComparison> {
    let mut both: BTreeMap<DatasetId, (Option<&RunDatasetRow>, Option<&RunDatasetRow>)> =
        BTreeMap::new();
    for part in parts {
        both.entry(part.dataset).or_default().0 = Some(part);
    }
    for part in others {
        both.entry(part.dataset).or_default().1 = Some(part);
    }
    let took = |part: &RunDatasetRow| Some(part.ended_at? - part.started_at?);
    both.into_iter()
        .map(|(dataset, (part, other))| DatasetComparison {
            dataset,
            counts: part.map(|part| counts(&part.counts)),
            other: other.map(|part| counts(&part.counts)),
            took_ms: part.and_then(took),
            other_took_ms: other.and_then(took),
        })
        .collect()
}

/// The causes of one list that the other has not.
fn without(causes: &[Row], others: &[Row]) -> Vec<RunCause> {
    let same = |one: &Row, other: &Row| {
        (one.dataset, &one.rule, &one.field, &one.cluster)
            == (other.dataset, &other.rule, &other.field, &other.cluster)
    };
    causes
        .iter()
        .filter(|one| !others.iter().any(|other| same(one, other)))
        .map(|one| RunCause {
            dataset: one.dataset,
            rule: one.rule.clone(),
            field: one.field.clone(),
            values: words(&one.cluster).into(),
            rows: one.rows,
        })
        .collect()
}

/// The run before one that reads in the same way, or else the one before; never an undo.
fn previous(conn: &Connection, row: &run::RunRow) -> Result<Option<i64>, StoreError> {
    let mut nearest = None;
    let mut before = Some(row.id);
    // Far enough back to find one of the same kind, if there is any.
    for _ in 0..10 {
        let page = run::page(conn, Some(row.connection_id), before, 20)?;
        let mut readings = page
            .iter()
            .filter(|one| one.mode != UNDO && one.mode != REVALIDATION);
        nearest = nearest.or(readings.clone().next().map(|one| one.id));
        if let Some(found) = readings.find(|one| one.mode == row.mode) {
            return Ok(Some(found.id));
        }
        match page.last() {
            Some(last) => before = Some(last.id),
            None => break,
        }
    }
    Ok(nearest)
}

/// How a run came about and how it stands to others.
pub(super) fn run_standing(
    conn: &Connection,
    row: &run::RunRow,
) -> Result<RunStanding, StoreError> {
    let standing = undone::standing(conn, row.id)?;
    let (undone_by, undone_state) = standing.undone_by.unzip();
    let kept = match standing.undoes {
        Some(_) => undone::kept(conn, row.id)?,
        None => Vec::new(),
    };
    Ok(RunStanding {
        asked_by: standing.asked_by,
        undoes: standing.undoes,
        undone_by,
        undone_state,
        undoable: if row.ended_at.is_none() {
            "running"
        } else if standing.history_forgotten {
            "history_forgotten"
        } else {
            "ended"
        }
        .into(),
        kept: kept
            .into_iter()
            .map(|(since, keys)| KeptBy {
                since: changed(since),
                keys,
            })
            .collect(),
        previous: if standing.undoes.is_some() {
            None
        } else {
            previous(conn, row)?
        },
    })
}

pub(super) fn headers(list: Vec<(String, String)>) -> Vec<Header> {
    list.into_iter()
        .map(|(name, value)| Header { name, value })
        .collect()
}

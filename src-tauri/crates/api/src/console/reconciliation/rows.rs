//! Comparisons, their figures and their keys as hosts see them.

use std::collections::{BTreeMap, HashMap};

use zhengqiao_domain::DatasetId;
use zhengqiao_store::reconciliation_cell::{self, CellRow};
use zhengqiao_store::reconciliation_key::{self, Difference, KeyRow};
use zhengqiao_store::{Connection, StoreError, reconciliation};
use zhengqiao_sync::reconcile::{CANCELLED, CellState, ReconcileScope};

use crate::contract::{ReconciliationCell, ReconciliationKey, ReconciliationRow};
use crate::masks;

pub(super) fn key(row: KeyRow) -> ReconciliationKey {
    ReconciliationKey {
        key_id: row.id,
        dataset: row.dataset,
        record_key: masks::joined(row.dataset, row.dataset.dataset().key, &row.record_key),
        day: row.day,
        department: row.department,
        kind: row.kind.as_str().into(),
        healed_at: row.healed_at,
    }
}

pub(super) fn cell(row: CellRow, department: Option<String>) -> ReconciliationCell {
    let figures = row.figures;
    ReconciliationCell {
        dataset: row.dataset,
        day: row.day,
        department,
        state: row.state,
        provider: figures.provider,
        received: figures.received,
        accepted: figures.accepted,
        rejected: figures.rejected,
        held: figures.held,
        withdrawn: figures.withdrawn,
        looked: row.looked_at.is_some(),
        open_keys: row.open_keys,
        healed_keys: row.healed_keys,
    }
}

/// The departments of each dataset's day together: the sums, and the worst state of them.
pub(super) fn days(cells: Vec<CellRow>) -> Vec<ReconciliationCell> {
    let mut days: BTreeMap<(DatasetId, String), ReconciliationCell> = BTreeMap::new();
    for row in cells {
        let one = cell(row, None);
        days.entry((one.dataset, one.day.clone()))
            .and_modify(|sum| {
                // What is unknown of a part is unknown of the whole.
                sum.provider = sum.provider.zip(one.provider).map(|(a, b)| a + b);
                sum.received += one.received;
                sum.accepted += one.accepted;
                sum.rejected += one.rejected;
                sum.held += one.held;
                sum.withdrawn += one.withdrawn;
                sum.looked |= one.looked;
                sum.open_keys += one.open_keys;
                sum.healed_keys += one.healed_keys;
                if CellState::by_name(&one.state) > CellState::by_name(&sum.state) {
                    sum.state.clone_from(&one.state);
                }
            })
            .or_insert(one);
    }
    days.into_values().collect()
}

pub(super) fn list_row(
    conn: &Connection,
    row: reconciliation::ReconciliationRow,
    busy: &[i64],
) -> Result<ReconciliationRow, StoreError> {
    let scope: ReconcileScope = serde_json::from_str(&row.scope)?;
    let mut open: HashMap<Difference, i64> = HashMap::new();
    let mut healed = 0;
    for (kind, still, done) in reconciliation_key::counts(conn, row.id)? {
        open.insert(kind, still);
        healed += done;
    }
    let worst = reconciliation_cell::states(conn, row.id)?
        .iter()
        .filter_map(|state| CellState::by_name(state))
        .max();
    let state = if busy.contains(&row.id) {
        "running"
    } else if row.ended_at.is_none() {
        "interrupted"
    } else {
        match (row.code.as_deref(), worst) {
            (Some(CANCELLED), _) => "cancelled",
            (Some(_), _) => "failed",
            (None, Some(worst)) if worst.differs() => "differs",
            (None, None | Some(CellState::Unknown)) => "unknown",
            (None, Some(_)) => "equal",
        }
    };
    let open = |kind| open.get(&kind).copied().unwrap_or(0);
    Ok(ReconciliationRow {
        reconciliation_id: row.id,
        connection_id: row.connection_id,
        state: state.into(),
        begun_at: row.begun_at,
        ended_at: row.ended_at,
        actor: row.actor,
        datasets: scope.datasets,
        from: scope.from,
        to: scope.to,
        every_key: scope.every_key,
        code: row.code,
        message: row.message,
        signed_by: row.signed_by,
        signed_at: row.signed_at,
        note: row.note,
        missing: open(Difference::Missing),
        surplus: open(Difference::Surplus),
        doubled: open(Difference::Doubled),
        different: open(Difference::Different),
        healed,
    })
}

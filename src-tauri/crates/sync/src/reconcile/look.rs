//! Key by key: a window of time is read in the real walk with the real mapping, and compared.

use std::collections::HashMap;

use zhengqiao_domain::{Check, DatasetId};
use zhengqiao_exchange::{Drift, Scope};
use zhengqiao_store::hash::Hash;
use zhengqiao_store::reconciliation_cell::{self, Figures, Place};
use zhengqiao_store::reconciliation_key::{self, Difference};
use zhengqiao_store::rejection::State;
use zhengqiao_store::stock::{self, Standing};
use zhengqiao_store::{Connection, StoreError, record, rejection};

use super::compare::write_state;
use super::{Bench, CellState};
use crate::engine::{local, now_ms};
use crate::error::SyncError;
use crate::prepare::prepare;

/// Readings of a window whose rows move between pages.
const MAX_PASSES: usize = 3;

/// A row that the provider sent.
#[derive(Debug, Clone)]
pub(super) struct Came {
    /// Day of its time; of the window's beginning where it has none.
    pub day: String,
    /// Department's code.
    pub department: String,
    /// Whether its time lies in the window.
    pub inside: bool,
    /// Its key as text; empty where a part is missing.
    pub key: String,
    /// Hash of the key.
    pub key_hash: Hash,
    /// Hash of the mapped content.
    pub hash: Hash,
    version: Option<i64>,
    source_time: Option<String>,
    withdraws: bool,
    /// How often it came with this content.
    times: u32,
}

/// A key that differs.
struct Found {
    day: String,
    department: String,
    kind: Difference,
    key: String,
    key_hash: Hash,
    hash: Option<Hash>,
}

impl Bench {
    /// Reads a window; says whether rows were lost between pages.
    pub(super) async fn read(
        &self,
        dataset: DatasetId,
        window: &(String, String),
        mut each: impl FnMut(Came),
    ) -> Result<bool, SyncError> {
        let source = self.source(dataset)?;
        let mapping = self.mapping(dataset)?;
        let scope = Scope::Window {
            from: window.0.clone(),
            to: window.1.clone(),
        };
        let mut walk = self.provider.walk(dataset, source, scope, &window.1, None);
        let mut lost = false;
        while let Some(page) = self.provider.next(&mut walk).await? {
            self.check()?;
            self.watch.rows(page.records.len());
            lost |= matches!(
                page.drift,
                Some(Drift::Shortfall { .. } | Drift::TotalChanged { .. } | Drift::MoreWasTold)
            );
            let (rules, mapping, window) = (self.rules.clone(), mapping.clone(), window.clone());
            let rows = tokio::task::spawn_blocking(move || {
                let check = Check::new(&rules, local(now_ms()));
                let described = dataset.dataset();
                (0..page.records.len())
                    .map(|at| {
                        let row = prepare(page.raw(at), &mapping, dataset, &check, &rules);
                        let get = |field: Option<&'static str>| {
                            field.and_then(|field| row.record.get(field))
                        };
                        let time = get(described.source_time).map(str::to_owned);
                        let department = get(described.department).unwrap_or_default().to_owned();
                        Came {
                            day: time
                                .as_deref()
                                .and_then(|time| time.get(..10))
                                .unwrap_or(&window.0[..10])
                                .to_owned(),
                            inside: time
                                .as_ref()
                                .is_some_and(|time| *time >= window.0 && *time < window.1),
                            department,
                            key_hash: row.key_hash,
                            hash: row.hash,
                            version: row.version,
                            source_time: time,
                            withdraws: row.withdraws,
                            times: 1,
                            key: row.key,
                        }
                    })
                    .collect::<Vec<_>>()
            })
            .await
            .map_err(|error| SyncError::Interrupted(error.to_string()))?;
            rows.into_iter().for_each(&mut each);
        }
        Ok(lost)
    }

    /// Compares the keys of a window one by one and writes those that differ, of all days or only of
    /// those whose figures differ.
    pub(super) async fn look(
        &self,
        dataset: DatasetId,
        window: &(String, String),
        only_differing: bool,
    ) -> Result<(), SyncError> {
        let mut pass = 0;
        let (rows, lost) = loop {
            pass += 1;
            let mut rows: HashMap<Hash, Came> = HashMap::new();
            let lost = self
                .read(dataset, window, |came| {
                    rows.entry(came.key_hash)
                        .and_modify(|known| {
                            if known.hash == came.hash && known.withdraws == came.withdraws {
                                known.times += 1;
                            } else {
                                // A later version of the same record; the last one counts.
                                *known = came.clone();
                            }
                        })
                        .or_insert(came);
                })
                .await?;
            if !lost || pass >= MAX_PASSES {
                break (rows, lost);
            }
        };
        let source_id = self.source_id(dataset).await?;
        let (id, within) = (self.id, window.clone());
        let found = self
            .cache
            .read(move |conn| compare(conn, source_id, dataset, &within, &rows, !lost))
            .await?;
        let within = window.clone();
        self.cache
            .write(move |tx| {
                let cells = reconciliation_cell::list(tx, id, Some(dataset), None)?;
                let mut by_place: HashMap<(String, String), (i64, bool)> = cells
                    .into_iter()
                    .map(|cell| {
                        let differs =
                            CellState::by_name(&cell.state).is_some_and(CellState::differs);
                        ((cell.day, cell.department), (cell.id, differs))
                    })
                    .collect();
                let mut days: std::collections::BTreeSet<String> = by_place
                    .iter()
                    .filter(|((day, _), (_, differs))| {
                        day.as_str() >= &within.0[..10]
                            && day.as_str() < &within.1[..]
                            && (*differs || !only_differing)
                    })
                    .map(|((day, _), _)| day.clone())
                    .collect();
                if !only_differing {
                    days.extend(found.iter().map(|one| one.day.clone()));
                }
                for one in &found {
                    if !days.contains(&one.day) {
                        continue;
                    }
                    let at = (one.day.clone(), one.department.clone());
                    let cell_id = if let Some((cell_id, _)) = by_place.get(&at) {
                        *cell_id
                    } else {
                        let place = Place {
                            reconciliation_id: id,
                            dataset,
                            day: &one.day,
                            department: &one.department,
                        };
                        let word = CellState::Unknown.as_str();
                        let made = reconciliation_cell::put(tx, &place, &Figures::default(), word)?;
                        by_place.insert(at, (made, false));
                        made
                    };
                    reconciliation_key::put(
                        tx,
                        cell_id,
                        one.kind,
                        &one.key,
                        &one.key_hash,
                        one.hash.as_ref(),
                    )?;
                }
                for day in &days {
                    reconciliation_cell::looked(tx, id, dataset, day, now_ms())?;
                    for cell in reconciliation_cell::list(tx, id, Some(dataset), Some(day))? {
                        let figures = cell.figures.clone();
                        write_state(tx, id, &cell, &figures)?;
                    }
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

/// Which keys differ. Without having read everything, nothing can be called surplus.
fn compare(
    conn: &Connection,
    source_id: i64,
    dataset: DatasetId,
    window: &(String, String),
    rows: &HashMap<Hash, Came>,
    complete: bool,
) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    for came in rows.values() {
        let mut note = |kind| {
            found.push(Found {
                day: came.day.clone(),
                department: came.department.clone(),
                kind,
                key: came.key.clone(),
                key_hash: came.key_hash,
                hash: Some(came.hash),
            });
        };
        if came.times > 1 {
            note(Difference::Doubled);
        }
        if let Some(kind) = stands(conn, source_id, came)? {
            note(kind);
        }
    }
    if complete {
        let described = dataset.dataset();
        stock::for_each(
            conn,
            source_id,
            (&window.0, &window.1),
            described.key,
            described.department,
            |ours| {
                if ours.standing != Standing::Withdrawn && !rows.contains_key(&ours.key_hash) {
                    found.push(Found {
                        day: ours.day,
                        department: ours.department,
                        kind: Difference::Surplus,
                        key: ours.key,
                        key_hash: ours.key_hash,
                        hash: None,
                    });
                }
            },
        )?;
    }
    found.sort_by(|one, other| (&one.day, &one.key).cmp(&(&other.day, &other.key)));
    Ok(found)
}

/// How a row that came stands to what is here; nothing where it is here as it came, or newer.
fn stands(
    conn: &Connection,
    source_id: i64,
    came: &Came,
) -> Result<Option<Difference>, StoreError> {
    let record = record::find(conn, source_id, &came.key_hash)?;
    let waiting = rejection::find(conn, source_id, &came.key_hash)?
        .filter(|one| one.state != State::Resolved as i64);
    let newer = |version: Option<i64>, time: Option<&str>| match (version, came.version) {
        (Some(ours), Some(theirs)) => ours > theirs,
        _ => {
            matches!((time, came.source_time.as_deref()), (Some(ours), Some(theirs)) if ours > theirs)
        }
    };
    if let Some(one) = &waiting
        && (one.hash == came.hash || newer(one.version, one.source_time.as_deref()))
    {
        return Ok(None);
    }
    if let Some(one) = &record {
        let state = if came.withdraws {
            record::WITHDRAWN
        } else {
            record::ACCEPTED
        };
        if (one.hash == came.hash && one.state == state)
            || newer(one.version, one.source_time.as_deref())
        {
            return Ok(None);
        }
    }
    Ok(Some(if record.is_none() && waiting.is_none() {
        Difference::Missing
    } else {
        Difference::Different
    }))
}

/// Whether a key is here now as the provider sent it.
pub(super) fn is_healed(
    conn: &Connection,
    source_id: i64,
    key: &reconciliation_key::KeyRow,
) -> Result<bool, StoreError> {
    let record = record::find(conn, source_id, &key.key_hash)?;
    let waiting = rejection::find(conn, source_id, &key.key_hash)?
        .filter(|one| one.state != State::Resolved as i64);
    Ok(match key.kind {
        Difference::Missing => record.is_some() || waiting.is_some(),
        Difference::Different => {
            record.is_some_and(|one| Some(one.hash) == key.hash)
                || waiting.is_some_and(|one| Some(one.hash) == key.hash)
        }
        Difference::Surplus => {
            waiting.is_none() && record.is_none_or(|one| one.state == record::WITHDRAWN)
        }
        // What the provider sends twice is for it to mend.
        Difference::Doubled => false,
    })
}

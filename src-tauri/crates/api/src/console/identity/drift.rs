//! What changed since a person last signed the review off, and signing it off.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zhengqiao_identity::{AccountKind, BindingState, ConflictKind};
use zhengqiao_store::binding_sign_off::{self, Drifted, SignOff, Which};
use zhengqiao_store::{StoreError, audit, connection};

use super::super::report_form::{self, Cell, Table, Words, moment, number, text};
use super::super::system::LARGEST_PAGE;
use super::super::{Console, actor, blocking, file_error, invalid, not_found, now_ms};
use super::bindings::{at, kinds, shown, today};
use super::known::place;
use super::names;
use crate::contract::{
    ApiError, BindingDrift, BindingDriftPage, BindingDriftRequest, BindingSignOff, BindingSignOffs,
    BindingStateCount, ConflictCount, ConnectionId, ExportSignOff, GoneBinding, Nothing,
    SignOffBindings, StateDrift,
};

/// Sign-offs that are listed.
const MOST_SIGN_OFFS: u32 = 200;
/// Characters of a note.
const MOST_NOTE: usize = 1_000;

/// The counts as they are kept with a sign-off.
#[derive(Serialize, Deserialize)]
struct Signed {
    states: Vec<BindingStateCount>,
    conflicts: Vec<ConflictCount>,
}

impl Console {
    /// How the bindings differ from what was signed off last.
    ///
    /// # Errors
    /// The cache's.
    pub async fn get_binding_drift(&self, request: ConnectionId) -> Result<BindingDrift, ApiError> {
        let connection_id = request.connection_id;
        self.read(move |conn| {
            let signed = binding_sign_off::list(conn, connection_id, None, 1)?.pop();
            let Some(signed) = signed else {
                return Ok(BindingDrift {
                    signed: None,
                    new: 0,
                    gone: 0,
                    states: Vec::new(),
                    conflicts: Vec::new(),
                    ended: Vec::new(),
                });
            };
            let groups = binding_sign_off::drift(conn, connection_id)?;
            let gone = binding_sign_off::gone_count(conn, connection_id)?;
            summed(Some(told(signed)?), &groups, gone)
        })
        .await
    }

    /// The bindings behind a number of the difference.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown part.
    pub async fn list_binding_drift(
        &self,
        request: BindingDriftRequest,
    ) -> Result<BindingDriftPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let bit = request.conflict.map(|kind| i64::from(kind.bit()));
        let which = match (request.what.as_str(), request.from, request.to, bit) {
            ("new", ..) => Some(Which::New),
            ("state", Some(from), Some(to), _) => Some(Which::State(
                place(BindingState::ALL, &from),
                place(BindingState::ALL, &to),
            )),
            ("conflict", _, _, Some(bit)) => Some(Which::Conflict(bit)),
            ("ended", _, _, Some(bit)) => Some(Which::Ended(bit)),
            ("gone", ..) => None,
            (what, ..) => {
                return Err(invalid(format!(
                    "what: {what:?} is none of new, gone, state (with from and to), conflict and ended (with conflict)"
                )));
            }
        };
        let connection_id = request.connection_id;
        let (connection, _) = self.profile(connection_id).await?;
        let reader = super::reader(&connection)?;
        self.read(move |conn| {
            let Some(which) = which else {
                let gone = binding_sign_off::gone(conn, connection_id, request.after, limit)?;
                let next = next(gone.len(), limit, gone.last().map(|one| one.id));
                let gone = gone
                    .into_iter()
                    .map(|one| {
                        Ok(GoneBinding {
                            kind: at(AccountKind::ALL, one.kind)?,
                            account_id: one.account_id,
                            state: at(BindingState::ALL, one.state)?,
                            conflicts: kinds(one.conflicts),
                        })
                    })
                    .collect::<Result<_, StoreError>>()?;
                return Ok(BindingDriftPage {
                    bindings: Vec::new(),
                    gone,
                    next,
                });
            };
            let rows = binding_sign_off::page(conn, connection_id, which, request.after, limit)?;
            let next = next(rows.len(), limit, rows.last().map(|row| row.id));
            let today = today();
            let bindings = rows
                .into_iter()
                .map(|row| shown(conn, &reader, row, &today))
                .collect::<Result<_, _>>()?;
            Ok(BindingDriftPage {
                bindings,
                gone: Vec::new(),
                next,
            })
        })
        .await
    }

    /// Signs the review off as it stands, with a note.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when nothing was reviewed or the note is missing.
    pub async fn sign_off_bindings(
        &self,
        request: SignOffBindings,
    ) -> Result<BindingSignOff, ApiError> {
        let SignOffBindings {
            connection_id,
            note,
        } = request;
        let note = note.trim().to_owned();
        if note.is_empty() || note.chars().count() > MOST_NOTE {
            return Err(invalid(format!(
                "note: a sign-off needs a note of at most {MOST_NOTE} characters"
            )));
        }
        let id = ConnectionId { connection_id };
        let summary = self.get_identity_summary(id).await?;
        if summary.computed_at.is_none() {
            return Err(invalid("connection_id: the bindings were not reviewed yet"));
        }
        let drift = self.get_binding_drift(id).await?;
        let (connection, _) = self.profile(connection_id).await?;
        self.write(move |tx| {
            let signed = Signed {
                states: summary.states,
                conflicts: summary.conflicts,
            };
            let mut row = SignOff {
                id: 0,
                signed_at: now_ms(),
                signed_by: actor(),
                note,
                summary: serde_json::to_string(&signed)?,
                drift: drift
                    .signed
                    .is_some()
                    .then(|| serde_json::to_string(&drift))
                    .transpose()?,
            };
            row.id = binding_sign_off::sign(tx, connection_id, &row)?;
            audit::append(
                tx,
                row.signed_at,
                &row.signed_by,
                "sign_off_bindings",
                &connection.name,
                &row.summary,
            )?;
            told(row)
        })
        .await
    }

    /// Past sign-offs, newest first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_binding_sign_offs(
        &self,
        request: ConnectionId,
    ) -> Result<BindingSignOffs, ApiError> {
        self.read(move |conn| {
            let rows = binding_sign_off::list(conn, request.connection_id, None, MOST_SIGN_OFFS)?;
            Ok(BindingSignOffs {
                sign_offs: rows.into_iter().map(told).collect::<Result<_, _>>()?,
            })
        })
        .await
    }

    /// Writes a sign-off as a page or a spreadsheet.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for another ending,
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn export_binding_sign_off(
        &self,
        request: ExportSignOff,
    ) -> Result<Nothing, ApiError> {
        let path = PathBuf::from(&request.path);
        report_form::check_ending(&path)?;
        let ExportSignOff {
            connection_id,
            sign_off_id,
            ..
        } = request;
        let found = self
            .read(move |conn| {
                let name = connection::get(conn, connection_id)?.map(|row| row.name);
                let row = binding_sign_off::get(conn, connection_id, sign_off_id)?;
                Ok(name.zip(row))
            })
            .await?;
        let (name, row) =
            found.ok_or_else(|| not_found(format!("there is no sign-off {sign_off_id}")))?;
        let words = Words(request.language != "en");
        let drift: Option<BindingDrift> = row
            .drift
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(StoreError::from)?;
        let signed = told(row)?;
        let title = format!(
            "{} · {name}",
            words.of("账号绑定核对签核", "Sign-off of the account bindings")
        );
        let tables = tables(&signed, drift.as_ref(), words);
        blocking(move || {
            report_form::write(&path, &title, &tables, words)
                .map_err(|error| file_error(&path.display().to_string(), &error))
        })
        .await??;
        Ok(Nothing {})
    }
}

fn next(count: usize, limit: u32, last: Option<i64>) -> Option<i64> {
    (count == limit as usize).then_some(last).flatten()
}

fn told(row: SignOff) -> Result<BindingSignOff, StoreError> {
    let signed: Signed = serde_json::from_str(&row.summary)?;
    Ok(BindingSignOff {
        sign_off_id: row.id,
        signed_at: row.signed_at,
        signed_by: row.signed_by,
        note: row.note,
        states: signed.states,
        conflicts: signed.conflicts,
    })
}

fn summed(
    signed: Option<BindingSignOff>,
    groups: &[Drifted],
    gone: i64,
) -> Result<BindingDrift, StoreError> {
    let there = || groups.iter().filter(|group| group.signed_state.is_some());
    let mut states: Vec<StateDrift> = Vec::new();
    for group in there() {
        let from = at(BindingState::ALL, group.signed_state.unwrap_or_default())?;
        let to = at(BindingState::ALL, group.state)?;
        if from == to {
            continue;
        }
        match states
            .iter_mut()
            .find(|one| one.from == from && one.to == to)
        {
            Some(one) => one.count += group.n,
            None => states.push(StateDrift {
                from,
                to,
                count: group.n,
            }),
        }
    }
    states.sort_by_key(|one| std::cmp::Reverse(one.count));
    let by_kind = |of: fn(&Drifted) -> i64| -> Vec<ConflictCount> {
        ConflictKind::ALL
            .iter()
            .map(|kind| ConflictCount {
                conflict: *kind,
                count: there()
                    .filter(|group| of(group) & i64::from(kind.bit()) != 0)
                    .map(|group| group.n)
                    .sum(),
            })
            .filter(|row| row.count > 0)
            .collect()
    };
    Ok(BindingDrift {
        signed,
        new: groups
            .iter()
            .filter(|group| group.signed_state.is_none())
            .map(|group| group.n)
            .sum(),
        gone,
        states,
        conflicts: by_kind(|group| group.conflicts & !group.signed_conflicts),
        ended: by_kind(|group| group.signed_conflicts & !group.conflicts),
    })
}

fn tables(signed: &BindingSignOff, drift: Option<&BindingDrift>, words: Words) -> Vec<Table> {
    let table = |title, columns, rows| Table {
        title,
        columns,
        rows,
        line: None,
    };
    let pairs = [
        (
            words.of("签核时间", "Signed at"),
            moment(Some(signed.signed_at)),
        ),
        (words.of("签核人", "Signed by"), signed.signed_by.clone()),
        (words.of("说明", "Note"), signed.note.clone()),
    ];
    let (item, count) = (words.of("项目", "Item"), words.of("数量", "Count"));
    let mut all = vec![
        table(
            words.of("签核", "Sign-off"),
            vec![item, words.of("内容", "Value")],
            pairs
                .into_iter()
                .map(|(name, value)| vec![text(name), text(value)])
                .collect(),
        ),
        table(
            words.of("状态", "States"),
            vec![item, count],
            signed
                .states
                .iter()
                .map(|row| {
                    vec![
                        text(names::state(row.state, words)),
                        number(Some(row.count)),
                    ]
                })
                .collect(),
        ),
        table(
            words.of("冲突", "Conflicts"),
            vec![item, count],
            conflicts(&signed.conflicts, words),
        ),
    ];
    if let Some(drift) = drift {
        let mut rows = vec![
            vec![text(words.of("新增", "New")), number(Some(drift.new))],
            vec![text(words.of("消失", "Gone")), number(Some(drift.gone))],
        ];
        rows.extend(drift.states.iter().map(|one| {
            vec![
                text(format!(
                    "{} → {}",
                    names::state(one.from, words),
                    names::state(one.to, words)
                )),
                number(Some(one.count)),
            ]
        }));
        all.push(table(
            words.of("自上次签核的变化", "Since the last sign-off"),
            vec![item, count],
            rows,
        ));
        all.push(table(
            words.of("新出现的冲突", "New conflicts"),
            vec![item, count],
            conflicts(&drift.conflicts, words),
        ));
    }
    all
}

fn conflicts(rows: &[ConflictCount], words: Words) -> Vec<Vec<Cell>> {
    rows.iter()
        .map(|row| {
            vec![
                text(names::conflict(row.conflict, words)),
                number(Some(row.count)),
            ]
        })
        .collect()
}

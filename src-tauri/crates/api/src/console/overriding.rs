//! Override (覆盖): trying an edited copy of a rejected row, putting it in its place, taking it back.

use zhengqiao_domain::{Check, CompiledMapping, RuleSet};
use zhengqiao_exchange::Profile;
use zhengqiao_store::rejection::{self, RejectionRow};
use zhengqiao_store::{Connection, StoreError, audit, connection, source};
use zhengqiao_sync::overriding::{self, Edits, Tried};
use zhengqiao_sync::{Desk, SyncError};

use super::records::mapping;
use super::rejected::given_reason;
use super::{Console, actor, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, EditedField, Nothing, OverrideReport, OverrideRequest, OverrideStanding, RejectionId,
    RevokeOverride,
};
use crate::masks;

/// What it takes to judge a rejection's row.
struct Case {
    found: RejectionRow,
    profile_version: i64,
    profile: Profile,
    mapping: CompiledMapping,
    rules: RuleSet,
}

impl Case {
    fn open(conn: &Connection, id: i64) -> Result<Option<Self>, StoreError> {
        let Some(found) = rejection::get(conn, id)? else {
            return Ok(None);
        };
        let Some(row) = connection::get(conn, found.connection_id)? else {
            return Ok(None);
        };
        let profile: Profile = serde_json::from_str(&row.profile)?;
        Ok(Some(Self {
            mapping: mapping(&profile, found.dataset)?,
            rules: RuleSet::new(&profile.rules),
            profile_version: row.profile_version,
            profile,
            found,
        }))
    }
}

fn edits(fields: Vec<EditedField>) -> Edits {
    fields
        .into_iter()
        .map(|one| (one.field, one.value))
        .collect()
}

fn report(case: &Case, tried: Tried, written: bool) -> OverrideReport {
    OverrideReport {
        outcome: tried.outcome,
        findings: tried
            .findings
            .into_iter()
            .map(|finding| masks::finding(case.found.dataset, finding))
            .collect(),
        written,
    }
}

fn none(id: i64) -> ApiError {
    not_found(format!("there is no rejection {id}"))
}

impl Console {
    /// Whether a rejected row can be overridden, and whether it is.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_override(&self, request: RejectionId) -> Result<OverrideStanding, ApiError> {
        let id = request.rejection_id;
        self.read(move |conn| {
            let Some(case) = Case::open(conn, id)? else {
                return Ok(None);
            };
            let author = overriding::author(conn, case.found.source_id, &case.found.key_hash)?
                .filter(|_| case.found.state == rejection::State::Overridden as i64);
            let dataset = case.found.dataset.dataset();
            let fixed = dataset.key.iter().copied().chain(dataset.version);
            let (author, at) = author.unzip();
            Ok(Some(OverrideStanding {
                allowed: case.profile.limits.allows_override,
                fixed: fixed.map(str::to_owned).collect(),
                reason: author.is_some().then_some(case.found.reason).flatten(),
                author,
                at,
            }))
        })
        .await?
        .ok_or_else(|| none(id))
    }

    /// What an edited copy would be found with. Nothing is written.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for a field that cannot be edited.
    pub async fn try_override(&self, request: OverrideRequest) -> Result<OverrideReport, ApiError> {
        let id = request.rejection_id;
        let edits = edits(request.fields);
        let tried = self
            .read(move |conn| {
                let Some(case) = Case::open(conn, id)? else {
                    return Ok(None);
                };
                let now = now_local();
                let text = zhengqiao_domain::primitives::moment::canonical(now);
                let (connection_id, dataset) = (case.found.connection_id, case.found.dataset);
                let source_id = source::find(conn, connection_id, dataset)?.unwrap_or_default();
                let desk = Desk::reading(conn, connection_id, dataset, source_id, now_ms(), &text)?;
                let check = Check::new(&case.rules, now);
                let tried = overriding::try_override(
                    conn,
                    &desk,
                    &case.mapping,
                    &check,
                    &case.rules,
                    id,
                    &edits,
                );
                Ok(Some(match tried {
                    Ok(tried) => Ok(report(&case, tried, false)),
                    Err(SyncError::Store(error)) => return Err(error),
                    Err(other) => Err(other),
                }))
            })
            .await?
            .ok_or_else(|| none(id))?;
        Ok(tried?)
    }

    /// Puts an edited copy in the place of a rejected row, where it passes the rules. The row as
    /// received, the author and the reason are kept.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] without a reason, where the connection does not
    /// allow it, or for a field that cannot be edited.
    pub async fn override_rejection(
        &self,
        request: OverrideRequest,
    ) -> Result<OverrideReport, ApiError> {
        let reason = given_reason(&request.reason)?;
        if request.fields.is_empty() {
            return Err(invalid("fields: edit at least one field"));
        }
        let id = request.rejection_id;
        let edits = edits(request.fields);
        let done = self
            .write(move |tx| {
                let Some(case) = Case::open(tx, id)? else {
                    return Ok(None);
                };
                if !case.profile.limits.allows_override {
                    return Ok(Some(Err(invalid(
                        "allows_override: this connection does not allow to override; its settings can",
                    ))));
                }
                let desk = desk(tx, &case)?;
                let check = Check::new(&case.rules, now_local());
                let tried = overriding::override_rejection(
                    tx, &desk, &case.mapping, &check, &case.rules, id, &edits, &reason,
                );
                let tried = match tried {
                    Ok(tried) => tried,
                    Err(SyncError::Store(error)) => return Err(error),
                    Err(other) => return Ok(Some(Err(other.into()))),
                };
                let written = tried.outcome == zhengqiao_domain::Outcome::Accepted;
                if written {
                    let fields: Vec<&String> = edits.keys().collect();
                    let detail = serde_json::json!({ "reason": reason, "fields": fields });
                    note(tx, "override_rejection", &case, &detail)?;
                }
                Ok(Some(Ok(report(&case, tried, written))))
            })
            .await?
            .ok_or_else(|| none(id))??;
        if done.written {
            self.deliver_everywhere().await;
        }
        Ok(done)
    }

    /// Takes an override back: the record is as it was before, or gone, and the rejection open.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] without a reason or where nothing is overridden.
    pub async fn revoke_override(&self, request: RevokeOverride) -> Result<Nothing, ApiError> {
        let reason = given_reason(&request.reason)?;
        let id = request.rejection_id;
        self.write(move |tx| {
            let Some(case) = Case::open(tx, id)? else {
                return Ok(None);
            };
            let desk = desk(tx, &case)?;
            match overriding::revoke_override(tx, &desk, id) {
                Ok(()) => {}
                Err(SyncError::Store(error)) => return Err(error),
                Err(other) => return Ok(Some(Err(ApiError::from(other)))),
            }
            let detail = serde_json::json!({ "reason": reason });
            note(tx, "revoke_override", &case, &detail)?;
            Ok(Some(Ok(())))
        })
        .await?
        .ok_or_else(|| none(id))??;
        self.deliver_everywhere().await;
        Ok(Nothing {})
    }
}

fn desk(tx: &zhengqiao_store::Transaction<'_>, case: &Case) -> Result<Desk, StoreError> {
    let text = zhengqiao_domain::primitives::moment::canonical(now_local());
    let (connection_id, dataset) = (case.found.connection_id, case.found.dataset);
    Desk::new(
        tx,
        connection_id,
        dataset,
        case.found.run_id,
        now_ms(),
        &text,
    )?
    .by_override(tx, connection_id, &actor(), case.profile_version)
}

fn note(
    tx: &zhengqiao_store::Transaction<'_>,
    act: &str,
    case: &Case,
    detail: &serde_json::Value,
) -> Result<(), StoreError> {
    let subject = format!("{} {}", case.found.dataset, case.found.id);
    audit::append(tx, now_ms(), &actor(), act, &subject, &detail.to_string())
}

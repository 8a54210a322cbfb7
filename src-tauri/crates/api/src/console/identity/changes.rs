//! A tried change as a proposal: another look, or another person, applies or discards it.
//!
//! Applying saves a new version and computes the bindings by it. Going back to the version before it is
//! the undo.

use zhengqiao_identity::EffectNumbers;
use zhengqiao_store::{StoreError, audit, identity_change, identity_version};

use super::super::{Console, actor, invalid, not_found, now_ms};
use super::{settings, versions};
use crate::contract::{
    ApiError, AppliedIdentityChange, ConnectionId, IdentityChangeId, IdentityChangeRow,
    ProposeIdentityChange,
};

/// Proposals that are listed.
const LISTED: u32 = 200;

impl Console {
    /// Makes a trial that is done a proposal.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when it is not done, changes nothing, or has no
    /// note.
    pub async fn propose_identity_change(
        &self,
        request: ProposeIdentityChange,
    ) -> Result<IdentityChangeRow, ApiError> {
        let job = self.what_if(request.what_if_id)?;
        let connection_id = job.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let note = versions::noted(&request.note)?;
        if note.is_empty() {
            return Err(invalid("note: say why the change is proposed"));
        }
        let Some(found) = job.state().found.clone() else {
            return Err(invalid(format!(
                "trial {} is not done; wait for its numbers",
                request.what_if_id
            )));
        };
        if job.before == job.after {
            return Err(invalid("the trial changes nothing; change a row first"));
        }
        let (claims, policy) = settings::stored(&job.after)?;
        let numbers = serde_json::to_string(&found.numbers).map_err(StoreError::from)?;
        let based_on = job.based_on;
        let change_id = self
            .write(move |tx| {
                let (at, by) = (now_ms(), actor());
                let change = identity_change::IdentityChange {
                    id: 0,
                    based_on,
                    claims,
                    policy,
                    note,
                    numbers,
                    proposed_at: at,
                    proposed_by: by.clone(),
                    state: "open".into(),
                    decided_at: None,
                    decided_by: None,
                    version: None,
                };
                let id = identity_change::propose(tx, connection_id, &change)?;
                let detail = serde_json::json!({ "change": id, "note": change.note }).to_string();
                audit::append(tx, at, &by, "propose_identity_change", &row.name, &detail)?;
                Ok(id)
            })
            .await?;
        self.identity_change(IdentityChangeId {
            connection_id,
            change_id,
        })
        .await
    }

    /// The proposals of a connection, the latest first.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn list_identity_changes(
        &self,
        request: ConnectionId,
    ) -> Result<Vec<IdentityChangeRow>, ApiError> {
        let connection_id = request.connection_id;
        self.profile(connection_id).await?;
        let kept = self
            .read(move |conn| identity_change::list(conn, connection_id, LISTED))
            .await?;
        let mut list = Vec::with_capacity(kept.len());
        for change in kept {
            list.push(self.shown_change(connection_id, change).await?);
        }
        Ok(list)
    }

    /// Applies a proposal: a new version, and the bindings computed by it.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when it was decided already, or tried against a
    /// version that is no longer in force.
    pub async fn apply_identity_change(
        &self,
        request: IdentityChangeId,
    ) -> Result<AppliedIdentityChange, ApiError> {
        let IdentityChangeId {
            connection_id,
            change_id,
        } = request;
        let (row, _) = self.profile(connection_id).await?;
        let change = self.kept_change(request).await?;
        let proposed = settings::parsed(&change.claims, &change.policy)?;
        settings::refuse(&settings::problems(&proposed))?;
        let before = settings::stored(&settings::of(&row)?)?;
        let outcome = self
            .write(move |tx| {
                let present = identity_version::present(tx, connection_id)?;
                if present != change.based_on {
                    return Ok(Err(versions::moved_on(change.based_on, present)));
                }
                let after = (change.claims, change.policy);
                let act = "apply_identity_change";
                let version = present + 1;
                let by = actor();
                if !identity_change::decide(
                    tx,
                    connection_id,
                    change_id,
                    "applied",
                    &by,
                    now_ms(),
                    Some(version),
                )? {
                    return Ok(Err(decided(change_id, &change.state)));
                }
                versions::save(tx, &row, &before, &after, &change.note, act)?;
                Ok(Ok((version, present)))
            })
            .await?;
        let (version, before) = outcome?;
        let summary = self.review_identity(ConnectionId { connection_id }).await?;
        Ok(AppliedIdentityChange {
            version,
            before,
            summary,
        })
    }

    /// Discards a proposal; it stays in the list.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when it was decided already.
    pub async fn discard_identity_change(
        &self,
        request: IdentityChangeId,
    ) -> Result<IdentityChangeRow, ApiError> {
        let IdentityChangeId {
            connection_id,
            change_id,
        } = request;
        let (row, _) = self.profile(connection_id).await?;
        let change = self.kept_change(request).await?;
        let was_open = self
            .write(move |tx| {
                let (at, by) = (now_ms(), actor());
                if !identity_change::decide(
                    tx,
                    connection_id,
                    change_id,
                    "discarded",
                    &by,
                    at,
                    None,
                )? {
                    return Ok(false);
                }
                let detail = serde_json::json!({ "change": change_id }).to_string();
                audit::append(tx, at, &by, "discard_identity_change", &row.name, &detail)?;
                Ok(true)
            })
            .await?;
        if !was_open {
            return Err(decided(change_id, &change.state));
        }
        self.identity_change(request).await
    }

    async fn kept_change(
        &self,
        request: IdentityChangeId,
    ) -> Result<identity_change::IdentityChange, ApiError> {
        let IdentityChangeId {
            connection_id,
            change_id,
        } = request;
        self.read(move |conn| identity_change::get(conn, connection_id, change_id))
            .await?
            .ok_or_else(|| not_found(format!("there is no proposal {change_id}")))
    }

    async fn identity_change(
        &self,
        request: IdentityChangeId,
    ) -> Result<IdentityChangeRow, ApiError> {
        let change = self.kept_change(request).await?;
        self.shown_change(request.connection_id, change).await
    }

    async fn shown_change(
        &self,
        connection_id: i64,
        change: identity_change::IdentityChange,
    ) -> Result<IdentityChangeRow, ApiError> {
        let based_on = change.based_on;
        let (present, kept) = self
            .read(move |conn| {
                Ok((
                    identity_version::present(conn, connection_id)?,
                    identity_version::get(conn, connection_id, based_on)?,
                ))
            })
            .await?;
        // Before the first save there is no version: what is in force is what it was tried against.
        let before = match kept {
            Some(kept) => settings::parsed(&kept.claims, &kept.policy)?,
            None => settings::of(&self.profile(connection_id).await?.0)?,
        };
        let after = settings::parsed(&change.claims, &change.policy)?;
        let numbers: EffectNumbers =
            serde_json::from_str(&change.numbers).map_err(StoreError::from)?;
        Ok(IdentityChangeRow {
            change_id: change.id,
            connection_id,
            based_on,
            outdated: change.state == "open" && present != based_on,
            note: change.note,
            differences: settings::between(&before, &after),
            numbers,
            proposed_at: change.proposed_at,
            proposed_by: change.proposed_by,
            state: change.state,
            decided_at: change.decided_at,
            decided_by: change.decided_by,
            version: change.version,
        })
    }
}

fn decided(change_id: i64, state: &str) -> ApiError {
    invalid(format!(
        "proposal {change_id} was decided already ({state}); propose the change anew"
    ))
}

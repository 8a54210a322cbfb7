//! Versions of a connection: every save is one; any can be compared and made the present one again.

use serde_json::Value;
use zhengqiao_store::{StoreError, connection};

use super::{Console, not_found};
use crate::contract::{
    ApiError, ConnectionDetail, ConnectionId, ProfileVersion, RevertConnection, SaveConnection,
};
use crate::differences;

/// Versions that are listed.
const LISTED: u32 = 200;

impl Console {
    /// The versions of a connection, the latest first, each with what it changed.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn list_profile_versions(
        &self,
        request: ConnectionId,
    ) -> Result<Vec<ProfileVersion>, ApiError> {
        let (row, _) = self.profile(request.connection_id).await?;
        let kept = self
            .read(move |conn| connection::versions(conn, request.connection_id, LISTED))
            .await?;
        let values: Vec<Value> = kept
            .iter()
            .map(|one| serde_json::from_str(&one.profile))
            .collect::<Result<_, _>>()
            .map_err(StoreError::from)?;
        Ok(kept
            .into_iter()
            .enumerate()
            .map(|(at, one)| ProfileVersion {
                differences: values
                    .get(at + 1)
                    .map(|before| differences::between(before, &values[at]))
                    .unwrap_or_default(),
                current: one.version == row.profile_version,
                version: one.version,
                at: one.at,
                actor: one.actor,
            })
            .collect())
    }

    /// Makes an earlier version the present one, as a new version.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`], or [`crate::contract::ErrorCode::InvalidRequest`]
    /// when the profile can no longer be used.
    pub async fn revert_connection(
        &self,
        request: RevertConnection,
    ) -> Result<ConnectionDetail, ApiError> {
        let (row, _) = self.profile(request.connection_id).await?;
        let kept = self
            .read(move |conn| connection::version(conn, request.connection_id, request.version))
            .await?
            .ok_or_else(|| not_found(format!("there is no version {}", request.version)))?;
        let profile = serde_json::from_str(&kept.profile).map_err(StoreError::from)?;
        self.save_connection(SaveConnection {
            connection_id: Some(request.connection_id),
            name: row.name,
            profile,
            secret: None,
        })
        .await
    }
}

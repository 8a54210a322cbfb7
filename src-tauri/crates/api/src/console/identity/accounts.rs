//! Where the portal's own accounts come from: the connection itself, or another one.

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::Profile;
use zhengqiao_store::{Connection, StoreError, audit, connection, source};

use super::super::connections::place_of;
use super::super::{Console, actor, invalid, not_found, now_ms};
use crate::contract::{
    AccountSource, AccountSourceChoice, ApiError, ConnectionId, SaveAccountSource,
};

impl Console {
    /// Where a connection's review takes the portal's accounts from.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_account_source(
        &self,
        request: ConnectionId,
    ) -> Result<AccountSource, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let from = row.accounts_from.unwrap_or(connection_id);
        let mut choices = self
            .read(|conn| {
                connection::list(conn)?
                    .iter()
                    .map(|row| choice(conn, row))
                    .collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        // The sort keeps the order of names.
        choices.sort_by_key(|one| (one.connection_id != connection_id, !one.reads_accounts));
        let source = choices
            .iter()
            .find(|one| one.connection_id == from)
            .cloned()
            .ok_or_else(|| not_found(format!("there is no connection {from}")))?;
        Ok(AccountSource {
            connection_id,
            is_own: from == connection_id,
            source,
            choices,
        })
    }

    /// Says where a connection's review takes the portal's accounts from. The bindings are those of
    /// the last review until they are computed anew.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when that connection reads no portal accounts.
    pub async fn save_account_source(
        &self,
        request: SaveAccountSource,
    ) -> Result<AccountSource, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let from = request.accounts_from.filter(|from| *from != connection_id);
        let name = match from {
            Some(from) => {
                let (other, profile) = self.profile(from).await?;
                if !profile.datasets.contains_key(&DatasetId::PortalAccount) {
                    return Err(invalid(format!(
                        "accounts_from: {} does not carry the dataset portal_account; add it to the connection, or choose another",
                        other.name
                    )));
                }
                other.name
            }
            None => row.name.clone(),
        };
        self.write(move |tx| {
            connection::set_accounts_from(tx, connection_id, from)?;
            let detail = serde_json::json!({ "accounts_from": name }).to_string();
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "save_account_source",
                &row.name,
                &detail,
            )
        })
        .await?;
        self.get_account_source(ConnectionId { connection_id })
            .await
    }
}

fn choice(
    conn: &Connection,
    row: &connection::ConnectionRow,
) -> Result<AccountSourceChoice, StoreError> {
    let profile: Profile = serde_json::from_str(&row.profile)?;
    let counts = source::list(conn, Some(row.id))?
        .into_iter()
        .find(|source| source.dataset == DatasetId::PortalAccount);
    Ok(AccountSourceChoice {
        connection_id: row.id,
        name: row.name.clone(),
        environment: profile.environment,
        interface: profile.interface,
        place: place_of(&profile),
        reads_accounts: profile.datasets.contains_key(&DatasetId::PortalAccount),
        accounts: counts.as_ref().map_or(0, |one| one.accepted),
        rejected: counts.as_ref().map_or(0, |one| one.rejected),
        last_read_at: counts.and_then(|one| one.last_success_at),
    })
}

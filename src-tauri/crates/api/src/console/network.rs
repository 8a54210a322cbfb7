//! The secrets of a connection's network, and the calendar of what ends.

use base64::Engine as _;
use chrono::NaiveDate;
use zhengqiao_exchange::{Environment, Layer, Profile, check_client_certificate, open_pkcs12};
use zhengqiao_store::secret::Secret;
use zhengqiao_store::{StoreError, audit, connection, connection_secret, expiry};

use super::secrets::Which;
use super::{Console, actor, invalid, now_ms};
use crate::contract::{
    ApiError, ConnectionDetail, ConnectionId, ExpiryRow, Nothing, SaveNetworkSecrets,
};

/// Characters of a PKCS#12 file in base64 at most.
const MAX_BASE64: usize = 2 * 1024 * 1024;
/// Characters of a private key or password at most.
const MAX_SECRET: usize = 64 * 1024;
/// What a test sees itself.
const SEEN_KINDS: [&str; 3] = ["server_certificate", "client_certificate", "ca_bundle"];

impl Console {
    /// Changes the proxy's password, the client certificate's key, or certificate and key at once.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when key and certificate do not belong
    /// together or a file cannot be opened.
    pub async fn save_network_secrets(
        &self,
        request: SaveNetworkSecrets,
    ) -> Result<ConnectionDetail, ApiError> {
        let id = request.connection_id;
        let (row, mut profile) = self.profile(id).await?;
        let too_long = |text: &Option<String>| text.as_ref().is_some_and(|t| t.len() > MAX_SECRET);
        if too_long(&request.proxy_password) || too_long(&request.client_key) {
            return Err(invalid("network: the secret is too long"));
        }
        let mut client_key = request.client_key;
        let mut changed_profile = None;
        if let Some(file) = request.client_pkcs12 {
            if file.content.len() > MAX_BASE64 {
                return Err(invalid("client_pkcs12: the file is too large"));
            }
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(file.content.trim())
                .map_err(|_| invalid("client_pkcs12: the content is not base64"))?;
            let identity = open_pkcs12(&bytes, &file.passphrase)?;
            profile
                .network
                .client_certificate
                .clone_from(&identity.chain);
            client_key = Some(identity.key.to_string());
            changed_profile = Some(serde_json::to_string(&profile).map_err(StoreError::from)?);
        }
        if let Some(key) = client_key.as_deref().filter(|key| !key.is_empty()) {
            check_client_certificate(&profile.network.client_certificate, key)?;
        }
        let mut changed = Vec::new();
        for (which, text) in [
            (Which::ProxyPassword, request.proxy_password),
            (Which::ClientKey, client_key),
        ] {
            let Some(text) = text else { continue };
            let kept = !text.is_empty();
            self.set_secret(id, which, kept.then(|| Secret::new(text)))
                .await?;
            changed.push((which.name(), kept));
        }
        let environment = profile.environment.as_str();
        self.write(move |tx| {
            let at = now_ms();
            if let Some(text) = changed_profile {
                connection::update(tx, id, &row.name, environment, &text, at)?;
                audit::append(tx, at, &actor(), "change_connection", &row.name, "{}")?;
            }
            for (name, kept) in changed {
                connection_secret::note(tx, id, name, kept.then_some(at))?;
                let detail = serde_json::json!({ "secret": name, "kept": kept }).to_string();
                audit::append(
                    tx,
                    at,
                    &actor(),
                    "change_network_secret",
                    &row.name,
                    &detail,
                )?;
            }
            Ok(())
        })
        .await?;
        self.get_connection(ConnectionId { connection_id: id })
            .await
    }

    /// Everything that ends one day over all connections, the next first: certificates as tests saw
    /// them, secrets as the user noted them.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_expiries(&self, _request: Nothing) -> Result<Vec<ExpiryRow>, ApiError> {
        self.read(|conn| {
            let connections = connection::list(conn)?;
            let mut seen = expiry::list(conn)?;
            let mut list = Vec::new();
            for row in connections {
                let environment = serde_json::from_str::<Profile>(&row.profile)?.environment;
                let (own, rest) = seen
                    .into_iter()
                    .partition(|one: &expiry::ExpiryRow| one.connection_id == row.id);
                seen = rest;
                list.extend(own.into_iter().map(|one| ExpiryRow {
                    connection_id: row.id,
                    connection: row.name.clone(),
                    environment,
                    kind: one.kind,
                    subject: one.subject,
                    not_after_ms: one.not_after_ms,
                    seen_at: Some(one.seen_at),
                }));
                list.extend(noted(&row, environment));
            }
            list.sort_by(|a, b| {
                (a.not_after_ms, &a.connection, &a.kind).cmp(&(
                    b.not_after_ms,
                    &b.connection,
                    &b.kind,
                ))
            });
            Ok(list)
        })
        .await
    }

    /// Notes what a test saw ending.
    pub(super) async fn note_expiries(
        &self,
        connection_id: i64,
        layers: Vec<Layer>,
    ) -> Result<(), ApiError> {
        let seen_at = now_ms();
        let rows: Vec<_> = layers
            .into_iter()
            .flat_map(|layer| layer.expiries)
            .map(|one| expiry::ExpiryRow {
                connection_id,
                kind: one.kind.into(),
                subject: one.subject,
                not_after_ms: one.not_after_ms,
                seen_at,
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.write(move |tx| expiry::replace(tx, connection_id, &SEEN_KINDS, &rows))
            .await
    }
}

/// The day that the user noted for a secret; it ends with that day in UTC+8.
fn noted(row: &connection::ConnectionRow, environment: Environment) -> Option<ExpiryRow> {
    let day = row.secret_expires_on.as_deref()?;
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let end = day.succ_opt()?.and_hms_opt(0, 0, 0)?.and_utc() - chrono::Duration::hours(8);
    Some(ExpiryRow {
        connection_id: row.id,
        connection: row.name.clone(),
        environment,
        kind: "secret".into(),
        subject: String::new(),
        not_after_ms: end.timestamp_millis(),
        seen_at: None,
    })
}

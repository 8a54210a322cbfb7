//! How a connection's people sign on: shown, checked, kept. The secret goes to the secret store.

use zhengqiao_exchange::ExchangeError;
use zhengqiao_signon::{ProtocolSettings, SignOn, SignOnError, check};
use zhengqiao_store::secret::Secret;
use zhengqiao_store::{StoreError, audit, connection_secret, sign_on};

use super::super::secrets::Which;
use super::super::{Console, actor, invalid, now_ms};
use crate::contract::{ApiError, ConnectionId, ErrorCode, SaveSignOn, SignOnView};

/// Characters of a secret at most.
const MAX_SECRET: usize = 64 * 1024;

impl Console {
    /// How a connection's people sign on.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn get_sign_on(&self, request: ConnectionId) -> Result<SignOnView, ApiError> {
        let connection_id = request.connection_id;
        self.profile(connection_id).await?;
        let (text, secrets) = self
            .read(move |conn| {
                Ok((
                    sign_on::get(conn, connection_id)?,
                    connection_secret::list(conn, connection_id)?,
                ))
            })
            .await?;
        Ok(SignOnView {
            connection_id,
            is_saved: text.is_some(),
            usual: ProtocolSettings::usual(),
            sign_on: match text {
                Some(text) => serde_json::from_str(&text).map_err(StoreError::from)?,
                None => SignOn::default(),
            },
            secret_changed_at: secrets
                .into_iter()
                .find(|(name, _)| name == Which::SignOn.name())
                .map(|(_, at)| at),
        })
    }

    /// Saves how a connection's people sign on.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] naming every field that is wrong.
    pub async fn save_sign_on(&self, request: SaveSignOn) -> Result<SignOnView, ApiError> {
        let id = request.connection_id;
        let (row, _) = self.profile(id).await?;
        let errors = check(&request.sign_on);
        if !errors.is_empty() {
            let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
            return Err(invalid(list.join("; ")));
        }
        let secret = request.secret;
        if secret.as_ref().is_some_and(|text| text.len() > MAX_SECRET) {
            return Err(invalid("secret: it is too long"));
        }
        let text = serde_json::to_string(&request.sign_on).map_err(StoreError::from)?;
        let kept = secret.as_ref().map(|text| !text.is_empty());
        if let Some(secret) = secret {
            let secret = (!secret.is_empty()).then(|| Secret::new(secret));
            self.set_secret(id, Which::SignOn, secret).await?;
        }
        let detail = serde_json::json!({
            "protocol": request.sign_on.protocol.word(), "secret_kept": kept,
        })
        .to_string();
        self.write(move |tx| {
            let at = now_ms();
            sign_on::set(tx, id, &text)?;
            if let Some(kept) = kept {
                connection_secret::note(tx, id, Which::SignOn.name(), kept.then_some(at))?;
            }
            audit::append(tx, at, &actor(), "save_sign_on", &row.name, &detail)
        })
        .await?;
        self.get_sign_on(ConnectionId { connection_id: id }).await
    }
}

/// A failed sign-on as hosts see it.
pub(super) fn api_error(error: &SignOnError) -> ApiError {
    let (code, message, details) = match error {
        SignOnError::Request(error @ ExchangeError::Settings { .. }) => {
            (ErrorCode::InvalidRequest, error.to_string(), None)
        }
        SignOnError::Settings { .. }
        | SignOnError::Missing(_)
        | SignOnError::WrongState
        | SignOnError::NoBrowser(_) => (ErrorCode::InvalidRequest, error.to_string(), None),
        other => (
            ErrorCode::Provider,
            other.to_string(),
            Some(other.code().to_owned()),
        ),
    };
    ApiError {
        code,
        message,
        retryable: false,
        details,
    }
}

//! A connection's secret: kept, changed, and the new one beside the old one until it is proven.
//!
//! Runs use the old secret until a test has shown that the provider takes the new one; a mistyped
//! secret therefore never stops a synchronisation.

use chrono::NaiveDate;
use zhengqiao_exchange::Secrets;
use zhengqiao_store::secret::Secret;
use zhengqiao_store::{audit, connection, connection_secret};

use super::{Console, ConsoleOptions, actor, blocking, invalid, now_ms};
use crate::contract::{
    ApiError, ChangePassphrase, ChangeSecret, ConnectionDetail, ConnectionId, KeyStore, Nothing,
    SetSecretExpiry,
};

/// A secret this long shows its last four characters.
const SHOWS_LAST_FOUR: usize = 12;

/// Which of a connection's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that runs use.
    Current,
    /// The one that waits for its test.
    Next,
    /// The password at the proxy.
    ProxyPassword,
    /// The client certificate's private key.
    ClientKey,
    /// What proves us to the portal's library.
    Delivery,
    /// What proves us to the provider of the sign-on.
    SignOn,
}

impl Which {
    /// All of them.
    pub(super) const ALL: [Which; 6] = [
        Which::Current,
        Which::Next,
        Which::ProxyPassword,
        Which::ClientKey,
        Which::Delivery,
        Which::SignOn,
    ];

    /// Its name in the cache.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Which::Current => "secret",
            Which::Next => "next_secret",
            Which::ProxyPassword => "proxy_password",
            Which::ClientKey => "client_key",
            Which::Delivery => "delivery",
            Which::SignOn => "sign_on",
        }
    }
}

impl Console {
    /// Changes a connection's secret. Where there is one already, the new one waits beside it until
    /// it has passed a test, unless it is to be taken at once.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an empty secret or a day that is none.
    pub async fn change_secret(&self, request: ChangeSecret) -> Result<ConnectionDetail, ApiError> {
        let id = request.connection_id;
        let (row, _) = self.profile(id).await?;
        if request.secret.is_empty() {
            return Err(invalid("secret: is empty"));
        }
        let last_four = last_four(&request.secret);
        let waits = row.secret_changed_at.is_some() && !request.at_once;
        let which = if waits { Which::Next } else { Which::Current };
        self.set_secret(id, which, Some(Secret::new(request.secret)))
            .await?;
        if !waits {
            self.set_secret(id, Which::Next, None).await?;
        }
        let at = now_ms();
        self.write(move |tx| {
            if waits {
                connection::next_secret_changed(tx, id, last_four.as_deref(), Some(at))?;
            } else {
                connection::next_secret_changed(tx, id, last_four.as_deref(), None)?;
                connection::secret_promoted(tx, id, at)?;
            }
            let act = if waits {
                "add_next_secret"
            } else {
                "change_secret"
            };
            audit::append(tx, at, &actor(), act, &row.name, "{}")
        })
        .await?;
        self.get_connection(ConnectionId { connection_id: id })
            .await
    }

    /// Forgets the secret that waits for its test.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn discard_next_secret(
        &self,
        request: ConnectionId,
    ) -> Result<ConnectionDetail, ApiError> {
        let id = request.connection_id;
        let (row, _) = self.profile(id).await?;
        self.set_secret(id, Which::Next, None).await?;
        self.write(move |tx| {
            connection::next_secret_changed(tx, id, None, None)?;
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "discard_next_secret",
                &row.name,
                "{}",
            )
        })
        .await?;
        self.get_connection(request).await
    }

    /// Notes the day on which the secret ends, as the provider told it; absent forgets the day.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when it is no day.
    pub async fn set_secret_expiry(
        &self,
        request: SetSecretExpiry,
    ) -> Result<ConnectionDetail, ApiError> {
        let id = request.connection_id;
        let (row, _) = self.profile(id).await?;
        let day = request.expires_on.filter(|day| !day.trim().is_empty());
        if let Some(day) = &day
            && NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err()
        {
            return Err(invalid(format!(
                "expires_on: {day:?} is no day; write it as 2027-01-31"
            )));
        }
        self.write(move |tx| {
            connection::set_secret_expiry(tx, id, day.as_deref())?;
            let detail = serde_json::json!({ "expires_on": day }).to_string();
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "set_secret_expiry",
                &row.name,
                &detail,
            )
        })
        .await?;
        self.get_connection(ConnectionId { connection_id: id })
            .await
    }

    /// Seals the secrets with another passphrase, where a passphrase keeps them.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::WrongPassphrase`],
    /// [`crate::contract::ErrorCode::InvalidRequest`] for one that is too short.
    pub async fn change_passphrase(&self, request: ChangePassphrase) -> Result<Nothing, ApiError> {
        if request.new.chars().count() < 8 {
            return Err(invalid("new: choose at least eight characters"));
        }
        let open = self.open()?;
        let (old, new) = (Secret::new(request.old), Secret::new(request.new));
        blocking(move || open.secrets.change_passphrase(&old, &new)).await??;
        self.write(|tx| audit::append(tx, now_ms(), &actor(), "change_passphrase", "", "{}"))
            .await?;
        Ok(Nothing {})
    }

    /// The secret that runs use.
    pub(super) async fn secrets(&self, connection_id: i64) -> Result<Secrets, ApiError> {
        let secret = self.secret(connection_id, Which::Current).await?;
        self.with_network_secrets(connection_id, Secrets::new(secret))
            .await
    }

    /// The secret that a test uses: the waiting one where there is one.
    pub(super) async fn secrets_to_test(
        &self,
        connection_id: i64,
    ) -> Result<(Secrets, Which), ApiError> {
        match self.secret(connection_id, Which::Next).await? {
            Some(next) => {
                let secrets = Secrets::new(Some(next));
                let secrets = self.with_network_secrets(connection_id, secrets).await?;
                Ok((secrets, Which::Next))
            }
            None => Ok((self.secrets(connection_id).await?, Which::Current)),
        }
    }

    /// Adds what the network needs; the store is asked only for what is kept.
    pub(super) async fn with_network_secrets(
        &self,
        connection_id: i64,
        secrets: Secrets,
    ) -> Result<Secrets, ApiError> {
        let kept = self
            .read(move |conn| connection_secret::list(conn, connection_id))
            .await?;
        let mut found = [None, None];
        for (place, which) in [Which::ProxyPassword, Which::ClientKey]
            .into_iter()
            .enumerate()
        {
            if kept.iter().any(|(name, _)| name == which.name()) {
                found[place] = self.secret(connection_id, which).await?;
            }
        }
        let [password, key] = found;
        Ok(secrets.with_proxy_password(password).with_client_key(key))
    }

    /// Puts the proven new secret in the old one's place.
    pub(super) async fn promote_secret(&self, connection_id: i64) -> Result<(), ApiError> {
        let Some(next) = self.secret(connection_id, Which::Next).await? else {
            return Ok(());
        };
        self.set_secret(connection_id, Which::Current, Some(Secret::new(next)))
            .await?;
        self.set_secret(connection_id, Which::Next, None).await?;
        let at = now_ms();
        self.write(move |tx| {
            connection::secret_promoted(tx, connection_id, at)?;
            let subject = connection_id.to_string();
            audit::append(tx, at, &actor(), "change_secret", &subject, "{}")
        })
        .await
    }

    pub(super) async fn secret(
        &self,
        connection_id: i64,
        which: Which,
    ) -> Result<Option<String>, ApiError> {
        let open = self.open()?;
        let name = secret_name(&self.0.options, self.0.key_store, connection_id, which);
        let secret = blocking(move || open.secrets.get(&name)).await??;
        Ok(secret.map(|secret| secret.expose().to_owned()))
    }

    pub(super) async fn set_secret(
        &self,
        connection_id: i64,
        which: Which,
        secret: Option<Secret>,
    ) -> Result<(), ApiError> {
        let open = self.open()?;
        let name = secret_name(&self.0.options, self.0.key_store, connection_id, which);
        blocking(move || match secret {
            Some(secret) => open.secrets.set(&name, &secret),
            None => open.secrets.delete(&name),
        })
        .await??;
        Ok(())
    }
}

/// Names a connection's secret; in the system's store also the data directory.
fn secret_name(
    options: &ConsoleOptions,
    store: KeyStore,
    connection_id: i64,
    which: Which,
) -> String {
    let kind = match which {
        Which::Current => "",
        Which::Next => "-next",
        Which::ProxyPassword => "-proxy-password",
        Which::ClientKey => "-client-key",
        Which::Delivery => "-delivery",
        Which::SignOn => "-sign-on",
    };
    match store {
        KeyStore::System => {
            format!(
                "connection-{connection_id}{kind}@{}",
                options.data_dir.display()
            )
        }
        KeyStore::PassphraseFile => format!("connection-{connection_id}{kind}"),
    }
}

fn last_four(secret: &str) -> Option<String> {
    // Of a secret of several parts the end is a private key, of which nothing is shown.
    if secret.trim().contains('\n') {
        return None;
    }
    let chars: Vec<char> = secret.chars().collect();
    (chars.len() >= SHOWS_LAST_FOUR).then(|| chars[chars.len() - 4..].iter().collect())
}

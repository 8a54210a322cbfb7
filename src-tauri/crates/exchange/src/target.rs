//! Where accepted records go on to (数据入库): the portal's library, as data.
//!
//! Without a target the local cache is the library. The way to it is the connection's own network;
//! what proves the portal there is a secret of its own and never part of this.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::Url;

use crate::auth::Auth;
use crate::error::ExchangeError;
use crate::network::Network;
use crate::profile::{Envelope, Environment};

/// Rows of one delivery at most.
const MAX_BATCH_ROWS: u32 = 50_000;
/// Characters of a name in PostgreSQL at most.
const MAX_NAME: usize = 63;

/// The portal's library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// PostgreSQL, or a database that speaks as it does.
    Postgres(PostgresTarget),
    /// An HTTP interface of the portal that takes batches.
    Push(Box<PushTarget>),
}

/// A schema of its own in a PostgreSQL database. The secret is the user's password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PostgresTarget {
    /// `postgresql://host:5432/database`.
    pub url: String,
    /// The user.
    pub user: String,
    /// The schema, which the program makes and keeps.
    pub schema: String,
    /// Rows of one transaction.
    pub batch_rows: u32,
}

impl Default for PostgresTarget {
    fn default() -> Self {
        Self {
            url: String::new(),
            user: String::new(),
            schema: "zhengqiao".into(),
            batch_rows: 5000,
        }
    }
}

/// An HTTP interface that takes batches of records and answers for each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PushTarget {
    /// Base address.
    pub url: String,
    /// Path below it.
    pub path: String,
    /// How requests prove who asks.
    pub auth: Auth,
    /// Rows of one request.
    pub batch_rows: u32,
    /// Where the answer has what; `records` is the list with one answer a record.
    pub envelope: Envelope,
    /// JSON pointer, within one answer, to the record's key. Empty means that the answer speaks for
    /// the whole batch.
    pub record_key: String,
    /// JSON pointer to its code.
    pub record_code: String,
    /// Codes that mean that the record was taken, or had been taken before.
    pub accepted_codes: Vec<String>,
    /// Codes that mean that it should come again later.
    pub later_codes: Vec<String>,
    /// JSON pointer to the message of a refusal.
    pub record_message: String,
}

impl Default for PushTarget {
    fn default() -> Self {
        Self {
            url: String::new(),
            path: "records".into(),
            auth: Auth::None,
            batch_rows: 500,
            envelope: Envelope {
                records: "/results".into(),
                code: "/code".into(),
                success: vec!["0".into(), "200".into()],
                message: "/message".into(),
                ..Envelope::default()
            },
            record_key: "/key".into(),
            record_code: "/code".into(),
            accepted_codes: vec!["0".into(), "200".into()],
            later_codes: Vec::new(),
            record_message: "/message".into(),
        }
    }
}

fn wrong(field: &str, what: impl Into<String>) -> ExchangeError {
    ExchangeError::Settings {
        field: format!("delivery.{field}"),
        what: what.into(),
    }
}

impl Target {
    /// Its kind's name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Target::Postgres(_) => "postgres",
            Target::Push(_) => "push",
        }
    }

    /// Rows of one delivery.
    pub fn batch_rows(&self) -> u32 {
        match self {
            Target::Postgres(target) => target.batch_rows,
            Target::Push(target) => target.batch_rows,
        }
    }

    /// Whether a secret is needed.
    pub fn needs_secret(&self) -> bool {
        match self {
            Target::Postgres(_) => true,
            Target::Push(target) => target.auth.needs_secret(),
        }
    }

    /// What names the library: another place is another library.
    pub fn place(&self) -> String {
        match self {
            Target::Postgres(target) => {
                format!(
                    "{}#{}",
                    target.url.trim().trim_end_matches('/'),
                    target.schema
                )
            }
            Target::Push(target) => format!(
                "{}/{}",
                target.url.trim().trim_end_matches('/'),
                target.path.trim_start_matches('/')
            ),
        }
    }

    /// The network as it is used to reach the library: the certificate that proves us to the
    /// provider is not shown to anybody else.
    pub fn network(network: &Network) -> Network {
        Network {
            client_certificate: String::new(),
            ..network.clone()
        }
    }

    /// Whether the settings can be used; the first thing that is wrong otherwise.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] naming the field, its value and the remedy.
    pub fn validate(
        &self,
        network: &Network,
        environment: Environment,
    ) -> Result<(), ExchangeError> {
        let rows = self.batch_rows();
        if !(1..=MAX_BATCH_ROWS).contains(&rows) {
            return Err(wrong(
                "batch_rows",
                format!("{rows} is not between 1 and {MAX_BATCH_ROWS}"),
            ));
        }
        match self {
            Target::Postgres(target) => target.validate(),
            Target::Push(target) => target.validate(network, environment),
        }
    }
}

/// An address without user, password and query, of one of these schemes.
fn address(text: &str, schemes: &[&str]) -> Result<Url, ExchangeError> {
    let url = Url::parse(text.trim())
        .map_err(|error| wrong("url", format!("{text:?} is no address ({error})")))?;
    if !schemes.contains(&url.scheme()) {
        return Err(wrong(
            "url",
            format!("{:?} is none of {}", url.scheme(), schemes.join(", ")),
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("url", format!("{text:?} names no host")));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(wrong(
            "url",
            "leave out user, password and query; they have their own fields",
        ));
    }
    Ok(url)
}

impl PostgresTarget {
    fn validate(&self) -> Result<(), ExchangeError> {
        let url = address(&self.url, &["postgresql", "postgres"])?;
        if url.path().trim_matches('/').is_empty() {
            return Err(wrong(
                "url",
                "name the database behind the host, as postgresql://host:5432/portal",
            ));
        }
        if self.user.trim().is_empty() {
            return Err(wrong("user", "is empty"));
        }
        let plain = |text: &str| {
            text.chars()
                .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
                && text.starts_with(|one: char| one.is_ascii_lowercase() || one == '_')
        };
        if !plain(&self.schema) || self.schema.len() > MAX_NAME || self.schema.starts_with("pg_") {
            return Err(wrong(
                "schema",
                format!(
                    "{:?} is no name for it; use small letters, digits and _, as zhengqiao",
                    self.schema
                ),
            ));
        }
        Ok(())
    }
}

impl PushTarget {
    fn validate(&self, network: &Network, environment: Environment) -> Result<(), ExchangeError> {
        let url = address(&self.url, &["https", "http"])?;
        network.validate_encryption(&url, environment)?;
        if self.path.trim().is_empty() {
            return Err(wrong("path", "is empty"));
        }
        for (field, pointer) in [
            ("envelope.records", &self.envelope.records),
            ("envelope.code", &self.envelope.code),
            ("envelope.message", &self.envelope.message),
            ("record_key", &self.record_key),
            ("record_code", &self.record_code),
            ("record_message", &self.record_message),
        ] {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err(wrong(
                    field,
                    format!("{pointer:?} is no JSON pointer; it begins with /"),
                ));
            }
        }
        if !self.record_key.is_empty() && self.accepted_codes.is_empty() {
            return Err(wrong(
                "accepted_codes",
                "name the codes that mean that a record was taken",
            ));
        }
        if !self.record_key.is_empty() && self.record_code.is_empty() {
            return Err(wrong("record_code", "is empty"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(target: &Target, environment: Environment) -> Option<String> {
        match target.validate(&Network::default(), environment) {
            Err(ExchangeError::Settings { field, .. }) => Some(field),
            _ => None,
        }
    }

    fn postgres(change: impl FnOnce(&mut PostgresTarget)) -> Target {
        let mut target = PostgresTarget {
            url: "postgresql://library.example:5432/portal".into(),
            user: "portal".into(),
            ..PostgresTarget::default()
        };
        change(&mut target);
        Target::Postgres(target)
    }

    fn push(change: impl FnOnce(&mut PushTarget)) -> Target {
        let mut target = PushTarget {
            url: "https://library.example/api".into(),
            ..PushTarget::default()
        };
        change(&mut target);
        Target::Push(Box::new(target))
    }

    #[test]
    fn what_is_wrong_with_a_target_is_told_by_its_field() {
        let test = Environment::Test;
        assert_eq!(field(&postgres(|_| {}), test), None);
        assert_eq!(field(&push(|_| {}), test), None);
        let cases: [(Target, &str); 9] = [
            (
                postgres(|one| one.url = "mysql://a/b".into()),
                "delivery.url",
            ),
            (
                postgres(|one| one.url = "postgresql://a".into()),
                "delivery.url",
            ),
            (
                postgres(|one| one.url = "postgresql://u:p@a/b".into()),
                "delivery.url",
            ),
            (postgres(|one| one.user.clear()), "delivery.user"),
            (
                postgres(|one| one.schema = "a\"b".into()),
                "delivery.schema",
            ),
            (postgres(|one| one.batch_rows = 0), "delivery.batch_rows"),
            (push(|one| one.path.clear()), "delivery.path"),
            (
                push(|one| one.record_key = "key".into()),
                "delivery.record_key",
            ),
            (
                push(|one| one.accepted_codes.clear()),
                "delivery.accepted_codes",
            ),
        ];
        for (target, expected) in cases {
            assert_eq!(
                field(&target, test).as_deref(),
                Some(expected),
                "{target:?}"
            );
        }
    }

    #[test]
    fn a_push_without_encryption_is_refused_unless_it_is_this_machine() {
        let there = push(|one| one.url = "http://library.example/".into());
        assert_eq!(
            field(&there, Environment::Production).as_deref(),
            Some("base_url")
        );
        let here = push(|one| one.url = "http://127.0.0.1:9/".into());
        assert_eq!(field(&here, Environment::Production), None);
    }

    #[test]
    fn a_target_is_read_as_it_was_written() {
        for target in [postgres(|_| {}), push(|_| {})] {
            let text = serde_json::to_string(&target).unwrap();
            assert_eq!(serde_json::from_str::<Target>(&text).unwrap(), target);
        }
    }
}

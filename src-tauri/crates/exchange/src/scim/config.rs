//! What a service says that it can do.

use serde_json::Value;

use crate::client::{HttpProvider, Posting};
use crate::error::{ExchangeError, Fault};
use crate::profile::DatasetSource;

/// Where a service says what it can do (RFC 7644, 4).
pub const PATH: &str = "ServiceProviderConfig";

/// Something that a service may be able to do, and where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// Filters.
    Filter,
    /// Sorts.
    Sort,
    /// Gives cursors (RFC 9865).
    Cursor,
    /// Changes single attributes.
    Patch,
    /// Gives versions of its users.
    Version,
}

impl Ability {
    const ALL: [(Ability, &'static str, &'static str); 5] = [
        (Ability::Filter, "/filter/supported", "filter"),
        (Ability::Sort, "/sort/supported", "sort"),
        (Ability::Cursor, "/pagination/cursor", "cursor"),
        (Ability::Patch, "/patch/supported", "patch"),
        (Ability::Version, "/etag/supported", "etag"),
    ];
}

/// What a service can do. One that says nothing can do nothing beyond pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    abilities: Vec<Ability>,
    /// Users a request at most, if it says so.
    pub most_rows: Option<u32>,
}

impl Config {
    fn read(value: &Value) -> Self {
        let most = |pointer: &str| {
            value
                .pointer(pointer)
                .and_then(Value::as_u64)
                .and_then(|rows| u32::try_from(rows).ok())
                .filter(|rows| *rows > 0)
        };
        Self {
            abilities: Ability::ALL
                .into_iter()
                .filter(|(_, pointer, _)| value.pointer(pointer) == Some(&Value::Bool(true)))
                .map(|(ability, ..)| ability)
                .collect(),
            most_rows: [most("/filter/maxResults"), most("/pagination/maxPageSize")]
                .into_iter()
                .flatten()
                .min(),
        }
    }

    /// Whether it says that it can do that.
    pub fn can(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }

    /// In words for a test: what it can do.
    pub fn words(&self) -> String {
        let names: Vec<&str> = Ability::ALL
            .into_iter()
            .filter_map(|(ability, _, name)| self.can(ability).then_some(name))
            .collect();
        if names.is_empty() {
            "-".into()
        } else {
            names.join(", ")
        }
    }

    /// Asks the service.
    ///
    /// # Errors
    /// What went wrong; a service that has no such place is no error.
    pub async fn ask(provider: &HttpProvider) -> Result<Self, ExchangeError> {
        let source = DatasetSource {
            path: PATH.into(),
            ..DatasetSource::default()
        };
        let nothing = Posting {
            body: None,
            headers: vec![accept()],
            has_records: false,
            retries: true,
        };
        match provider.call(None, &source, &[], &nothing).await {
            Ok(reply) => Ok(serde_json::from_slice(&reply.body)
                .map(|value| Self::read(&value))
                .unwrap_or_default()),
            Err(ExchangeError::Request {
                fault: Fault::NotFound | Fault::Forbidden | Fault::BadRequest,
                ..
            }) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }
}

/// What is wanted of a SCIM service (RFC 7644, 3.1).
pub fn accept() -> (String, String) {
    (
        "accept".into(),
        "application/scim+json, application/json".into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_believed_in_what_it_says_and_in_nothing_else() {
        let told = serde_json::json!({
            "filter": {"supported": true, "maxResults": 100}, "sort": {"supported": false},
            "pagination": {"cursor": true, "maxPageSize": 50}, "patch": {"supported": "yes"},
        });
        let config = Config::read(&told);
        assert_eq!(config.words(), "filter, cursor");
        assert_eq!(config.most_rows, Some(50));
        assert_eq!(Config::read(&Value::Null), Config::default());
    }
}

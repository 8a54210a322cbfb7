//! Single sign-on: the claim mapping, the bindings with their conflicts, and the test login.

mod account_texts;
mod accounts;
mod binding;
mod bindings;
mod changes;
mod claims;
mod sites;

pub use sites::site_issue_word;
mod judged;
mod kept;
mod population;
mod settings;
mod sign_on;
mod test_login;
mod versions;
pub(super) mod what_if;

pub(super) use test_login::TestLogins;
mod delivering;

pub(super) use delivering::Delivering;
mod deciding;
mod drift;
mod known;
mod names;
mod ruled;
mod texts;
mod written;

pub(super) use known::Warm;
pub(super) use population::has_people;

use zhengqiao_identity::{AccountReader, ReviewPolicy};
use zhengqiao_store::StoreError;
use zhengqiao_store::connection::ConnectionRow;

use crate::contract::ApiError;

/// What a connection's review goes by.
fn policy(row: &ConnectionRow) -> Result<ReviewPolicy, ApiError> {
    match &row.review_policy {
        Some(text) => Ok(serde_json::from_str(text).map_err(StoreError::from)?),
        None => Ok(ReviewPolicy::default()),
    }
}

/// A reader of people as a connection's mapping and policy have them, for what is shown or decided.
fn reader(row: &ConnectionRow) -> Result<AccountReader, ApiError> {
    AccountReader::of(&policy(row)?, &claims::claims(row)?, texts::SHOWN_BY)
        .map_err(|error| super::invalid(error.to_string()))
}

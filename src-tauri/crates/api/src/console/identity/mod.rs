//! Single sign-on: the claim mapping, and the bindings with their conflicts.

mod binding;
mod bindings;
mod claims;
mod deciding;
mod drift;
mod known;
mod names;
mod texts;

pub(super) use known::Warm;

use zhengqiao_identity::ReviewPolicy;
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

//! Single sign-on: the claim mapping, and the bindings with their conflicts.

mod accounts;
mod bindings;
mod claims;
mod delivering;

pub(super) use delivering::Delivering;

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

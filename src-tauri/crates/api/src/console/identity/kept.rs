//! A test login kept as a sample: every personal value replaced by another of the same form.

use serde_json::{Map, Value};
use zhengqiao_signon::replaced;
use zhengqiao_store::claim_sample::ClaimSample;
use zhengqiao_store::{StoreError, audit, claim_sample, connection};

use super::super::{Console, actor, invalid, not_found, now_ms};
use super::judged::{Standard, fares, is_kept};
use crate::contract::{ApiError, KeepTestLogin, KeptSample};

/// Characters of a sample's name at most.
const LONGEST_NAME: usize = 60;
/// Seeds that are tried until the replacements fare as the values did.
const TRIES: u32 = 8;

impl Console {
    /// Keeps the claims of a test login as a sample.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] when there is no such test any more,
    /// [`crate::contract::ErrorCode::InvalidRequest`] without a name or without claims.
    pub async fn keep_test_login(&self, request: KeepTestLogin) -> Result<KeptSample, ApiError> {
        let name = request.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(invalid(format!(
                "name: give the sample a name of 1 to {LONGEST_NAME} characters"
            )));
        }
        let login = self.test_login(request.test_login_id)?;
        let Some((standard, claims)) = login.claims() else {
            return Err(invalid("this test login has no claims that could be kept"));
        };
        let (connection_id, kind) = (login.connection_id(), standard.kind);
        let sample = of_same_form(&standard, &claims)?;
        let count = sample.len() as u64;
        let kept = ClaimSample {
            id: 0,
            kind: kind.as_str().into(),
            name: name.clone(),
            claims: Value::Object(sample).to_string(),
            kept_at: now_ms(),
            kept_by: actor(),
        };
        let detail = serde_json::json!({ "kind": kind, "sample": name }).to_string();
        let sample_id = self
            .write(move |tx| {
                let row = connection::get(tx, connection_id)?
                    .ok_or_else(|| StoreError::Content("the connection is gone".into()))?;
                let id = claim_sample::keep(tx, connection_id, &kept)?;
                let at = kept.kept_at;
                audit::append(tx, at, &actor(), "keep_test_login", &row.name, &detail)?;
                Ok(id)
            })
            .await?;
        Ok(KeptSample {
            sample_id,
            kind,
            name,
            claims: count,
        })
    }

    pub(super) fn test_login(
        &self,
        id: i64,
    ) -> Result<std::sync::Arc<super::test_login::TestLogin>, ApiError> {
        self.0
            .test_login
            .get(id)
            .ok_or_else(|| not_found(format!("there is no test login {id} any more")))
    }
}

/// Replacements that fare under the mapping as the values themselves do.
fn of_same_form(
    standard: &Standard,
    claims: &Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let wanted = fares(standard, claims);
    let keep = |name: &str, _: &Value| is_kept(standard, name);
    for _ in 0..TRIES {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed)
            .map_err(|error| StoreError::Content(format!("no random numbers: {error}")))?;
        let sample = replaced(claims, u64::from_le_bytes(seed), &keep);
        if fares(standard, &sample) == wanted {
            return Ok(sample);
        }
    }
    Err(invalid(
        "no replacement was found that fares under the mapping as this sign-on does",
    ))
}

//! Decisions to a SCIM 2.0 service: GET for what is, PATCH for what shall be.

use serde_json::{Map, Value, json};

use super::plan::{Order, Present};
use super::target::ScimTarget;
use super::template::escaped;
use crate::client::{HttpProvider, Posting};
use crate::error::{ExchangeError, Fault};
use crate::profile::{DatasetSource, Envelope, Method};
use crate::scim::{accept, find};

/// The schema of a PATCH (RFC 7644, 3.5.2).
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn place(target: &ScimTarget, account_id: &str, method: Method) -> DatasetSource {
    DatasetSource {
        path: format!("{}/{}", target.path.trim_matches('/'), escaped(account_id)),
        method,
        envelope: Envelope {
            message: "/detail".into(),
            ..Envelope::default()
        },
        ..DatasetSource::default()
    }
}

pub async fn present(
    provider: &HttpProvider,
    target: &ScimTarget,
    account_id: &str,
) -> Result<Option<Present>, ExchangeError> {
    let asking = Posting {
        body: None,
        headers: vec![accept()],
        has_records: false,
        retries: true,
    };
    let source = place(target, account_id, Method::Get);
    let reply = match provider.call(None, &source, &[], &asking).await {
        Ok(reply) => reply,
        Err(ExchangeError::Request {
            fault: Fault::NotFound,
            ..
        }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(Value::Object(user)) = serde_json::from_slice(&reply.body) else {
        return Err(ExchangeError::Request {
            fault: Fault::MalformedJson,
            dataset: None,
            path: source.path,
            what: "the answer is no user".into(),
        });
    };
    let told = reply
        .headers
        .get("etag")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    Ok(Some(Present {
        bound_to: find(&user, &target.attribute).filter(|text| !text.trim().is_empty()),
        active: user.get("active").and_then(Value::as_bool),
        version: told.or_else(|| find(&user, "meta.version")),
    }))
}

/// The operations that make what is into what shall be.
fn operations(target: &ScimTarget, order: &Order) -> Vec<Value> {
    let mut operations = Vec::new();
    if order.from.bound_to != order.wanted.bound_to {
        operations.push(match &order.wanted.bound_to {
            Some(key) => json!({ "op": "replace", "path": target.attribute, "value": key }),
            None => json!({ "op": "remove", "path": target.attribute }),
        });
    }
    if let Some(active) = order.wanted.active
        && order.from.active != Some(active)
    {
        operations.push(json!({ "op": "replace", "path": "active", "value": active }));
    }
    operations
}

pub async fn send(
    provider: &HttpProvider,
    target: &ScimTarget,
    order: &Order,
) -> Result<(), ExchangeError> {
    let mut headers = vec![
        accept(),
        (
            "content-type".to_owned(),
            "application/scim+json".to_owned(),
        ),
    ];
    if let Some(version) = &order.from.version {
        headers.push(("if-match".into(), version.clone()));
    }
    let body: Map<String, Value> = [
        ("schemas".to_owned(), json!([PATCH])),
        ("Operations".to_owned(), operations(target, order).into()),
    ]
    .into_iter()
    .collect();
    let sending = Posting {
        body: Some(body),
        headers,
        has_records: false,
        // What the account has is asked again first.
        retries: false,
    };
    let source = place(target, &order.account_id, Method::Patch);
    provider
        .call(None, &source, &[], &sending)
        .await
        .map(|_| ())
}

pub fn describe(target: &ScimTarget, order: &Order) -> String {
    let source = place(target, &order.account_id, Method::Patch);
    let operations = Value::from(operations(target, order));
    format!("PATCH {} {operations}", source.path)
}

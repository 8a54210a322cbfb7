//! Decisions to an HTTP interface of the portal's own.

use serde_json::Value;

use super::plan::{Act, Order, Present, Wanted};
use super::target::{HttpAct, HttpTarget, wrong};
use super::template;
use crate::client::{HttpProvider, Posting};
use crate::error::{ExchangeError, Fault};
use crate::profile::{DatasetSource, Method};

pub async fn present(
    provider: &HttpProvider,
    target: &HttpTarget,
    account_id: &str,
) -> Result<Option<Present>, ExchangeError> {
    let asking = Posting {
        body: None,
        headers: Vec::new(),
        has_records: false,
        retries: true,
    };
    let order = Order {
        act: Act::Link,
        restores: false,
        account_id: account_id.to_owned(),
        remaining_account_id: None,
        from: Present::default(),
        wanted: Wanted::default(),
        key: String::new(),
    };
    let source = DatasetSource {
        path: template::path(&target.read_path, &order),
        method: Method::Get,
        envelope: target.envelope.clone(),
        ..DatasetSource::default()
    };
    let reply = match provider.call(None, &source, &[], &asking).await {
        Ok(reply) => reply,
        Err(ExchangeError::Request {
            fault: Fault::NotFound,
            ..
        }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let fault = |fault, what: String| ExchangeError::Request {
        fault,
        dataset: None,
        path: source.path.clone(),
        what,
    };
    let account: Value = serde_json::from_slice(&reply.body)
        .map_err(|error| fault(Fault::MalformedJson, error.to_string()))?;
    // An account without a binding may leave the field out, yet never everything around it.
    let parent = target.bound_to.rsplit_once('/').map_or("", |pair| pair.0);
    if account
        .pointer(parent)
        .is_none_or(|value| !value.is_object())
    {
        let what = format!("nothing usable at {}", target.bound_to);
        return Err(fault(Fault::WrongPointer, what));
    }
    Ok(Some(Present {
        bound_to: account
            .pointer(&target.bound_to)
            .and_then(|value| match value {
                Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }),
        active: (!target.active.is_empty())
            .then(|| account.pointer(&target.active))
            .flatten()
            .and_then(truth),
        version: reply
            .headers
            .get("etag")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
    }))
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_i64()? != 0),
        Value::String(text) => match text.as_str() {
            "true" | "1" | "active" => Some(true),
            "false" | "0" | "disabled" | "deleted" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The request that does it.
fn act<'a>(target: &'a HttpTarget, order: &Order) -> Result<&'a HttpAct, ExchangeError> {
    let is_set = |act: &HttpAct| !act.path.trim().is_empty();
    let merged = order.act == Act::Merge && is_set(&target.merge);
    Ok(match (merged, order.restores, &order.wanted.bound_to) {
        (true, false, _) => &target.merge,
        (true, true, _) if is_set(&target.undo_merge) => &target.undo_merge,
        (true, true, _) => {
            return Err(wrong(
                "undo_merge",
                "the portal has no request that takes a merge back; do it in the portal",
            ));
        }
        (false, _, Some(_)) => &target.link,
        (false, _, None) => &target.unlink,
    })
}

pub async fn send(
    provider: &HttpProvider,
    target: &HttpTarget,
    order: &Order,
) -> Result<(), ExchangeError> {
    let act = act(target, order)?;
    let mut headers = Vec::new();
    if !target.key_header.trim().is_empty() {
        headers.push((target.key_header.trim().to_owned(), order.key.clone()));
    }
    if let Some(version) = &order.from.version {
        headers.push(("if-match".into(), version.clone()));
    }
    let sending = Posting {
        body: template::body(&act.body, order),
        headers,
        has_records: false,
        // What the account has is asked again first.
        retries: false,
    };
    let source = DatasetSource {
        path: template::path(&act.path, order),
        method: act.method,
        envelope: target.envelope.clone(),
        ..DatasetSource::default()
    };
    provider
        .call(None, &source, &[], &sending)
        .await
        .map(|_| ())
}

pub fn describe(target: &HttpTarget, order: &Order) -> Result<String, ExchangeError> {
    let act = act(target, order)?;
    let path = template::path(&act.path, order);
    let body = template::body(&act.body, order)
        .map(|body| format!(" {}", Value::Object(body)))
        .unwrap_or_default();
    Ok(format!("{} {path}{body}", act.method.as_str()))
}

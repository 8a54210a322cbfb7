//! The receiving side: a portal that takes batches of records, as scripted well or badly.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::answers::{early, json as answer, late};
use crate::faults::FaultKind;
use crate::server::Shared;

/// The name that faults of the receiving side have in place of a dataset.
pub const PORTAL: &str = "portal";

/// A record as the portal has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Its dataset.
    pub dataset: String,
    /// put or withdraw.
    pub act: String,
    /// The greatest version that was taken.
    pub version: i64,
    /// Its fields.
    pub fields: Value,
    /// How many versions were taken.
    pub changes: u32,
}

/// What the portal does with records that have a value in a field.
#[derive(Debug, Clone)]
pub struct Objection {
    /// The field.
    pub field: String,
    /// The value that is objected to.
    pub value: String,
    /// The code; empty means that the portal breaks at the record.
    pub code: String,
    /// The message.
    pub message: String,
}

#[derive(Debug, Default)]
struct Kept {
    records: HashMap<(String, String), Received>,
    answers: HashMap<String, String>,
    objections: Vec<Objection>,
    repeated: u64,
}

/// What the portal has taken.
#[derive(Debug, Default)]
pub struct Portal(Mutex<Kept>);

impl Portal {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records by stream and key.
    pub fn records(&self) -> HashMap<(String, String), Received> {
        self.kept().records.clone()
    }

    /// How often a batch or a version came that had been taken before.
    pub fn repeated(&self) -> u64 {
        self.kept().repeated
    }

    /// Objects to records from now on.
    pub fn object(&self, objection: Objection) {
        self.kept().objections.push(objection);
    }

    /// Objects to nothing any more.
    pub fn relent(&self) {
        self.kept().objections.clear();
    }
}

/// `POST /portal/records`.
pub(crate) async fn receive(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    if text("x-api-key") != shared.credentials.secret {
        return answer(
            StatusCode::UNAUTHORIZED,
            r#"{"code":401,"message":"unknown key"}"#.into(),
        );
    }
    let Ok(batch) = serde_json::from_slice::<Value>(&body) else {
        return answer(
            StatusCode::BAD_REQUEST,
            r#"{"code":400,"message":"no JSON"}"#.into(),
        );
    };
    let fault = shared.faults().meet(PORTAL);
    if let Some(response) = early(fault.as_ref()).await {
        return response;
    }
    let half = fault == Some(FaultKind::HalfAnswered);
    match take(&shared.portal, &text("idempotency-key"), &batch, half) {
        Some(body) => late(fault.as_ref(), body),
        None => answer(StatusCode::INTERNAL_SERVER_ERROR, "{}".into()),
    }
}

/// Takes a batch; `None` when the portal breaks at it.
fn take(portal: &Portal, key: &str, batch: &Value, half: bool) -> Option<String> {
    let mut kept = portal.kept();
    if let Some(answer) = kept.answers.get(key).cloned() {
        kept.repeated += 1;
        return Some(answer);
    }
    let word = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let stream = word(batch, "stream");
    let records = batch.get("records").and_then(Value::as_array)?;
    let objections = kept.objections.clone();
    let objection = |record: &Value| {
        objections.iter().find(|one| {
            record["fields"]
                .get(&one.field)
                .and_then(Value::as_str)
                .is_some_and(|value| value == one.value)
        })
    };
    if records
        .iter()
        .any(|record| objection(record).is_some_and(|one| one.code.is_empty()))
    {
        return None;
    }
    let mut results = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let name = word(record, "key");
        if let Some(refused) = objection(record) {
            results.push(json!({ "key": name, "code": refused.code, "message": refused.message }));
            continue;
        }
        let version = record["version"].as_i64().unwrap_or_default();
        let place = (stream.clone(), name.clone());
        let known = kept.records.get(&place).map(|known| known.version);
        if known.is_some_and(|known| known >= version) {
            kept.repeated += 1;
        } else if word(record, "act") == "remove" {
            kept.records.remove(&place);
        } else {
            let changes = kept.records.get(&place).map_or(0, |known| known.changes) + 1;
            kept.records.insert(
                place,
                Received {
                    dataset: word(record, "dataset"),
                    act: word(record, "act"),
                    version,
                    fields: record["fields"].clone(),
                    changes,
                },
            );
        }
        if !half || at % 2 == 0 {
            results.push(json!({ "key": name, "code": 0 }));
        }
    }
    let body = json!({ "code": 0, "message": "ok", "results": results }).to_string();
    if !key.is_empty() && !half {
        kept.answers.insert(key.to_owned(), body.clone());
    }
    Some(body)
}

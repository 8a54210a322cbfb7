//! Families that sign nothing: open, user and password, OAuth 2.0 tokens.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::ciphers::base64;
use super::{Asked, Manner, Refusal, text, texts, unauthorised};
use crate::answers::json;
use crate::numbers::mix;
use crate::server::{Credentials, Shared};

fn asked(dataset: &str, body: &[u8]) -> Asked {
    Asked {
        dataset: dataset.to_owned(),
        params: texts(&serde_json::from_slice(body).unwrap_or_default()),
    }
}

fn yes(rows: &str, total: u64) -> String {
    format!(r#"{{"code":200,"message":"ok","data":{{"list":{rows},"total":{total}}}}}"#)
}

fn basic(credentials: &Credentials) -> String {
    let pair = format!("{}:{}", credentials.client_id, credentials.secret);
    format!("Basic {}", base64(pair.as_bytes()))
}

/// Anybody.
#[derive(Clone)]
pub(super) struct Open;

impl Manner for Open {
    fn admit(
        &self,
        _: &Shared,
        dataset: &str,
        _: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal> {
        Ok(asked(dataset, body))
    }

    fn yes(&self, _: &Shared, rows: &str, total: u64) -> String {
        yes(rows, total)
    }

    fn no(&self, refusal: Refusal) -> Response {
        unauthorised(refusal)
    }
}

/// User and password.
#[derive(Clone)]
pub(super) struct Basic;

impl Manner for Basic {
    fn admit(
        &self,
        shared: &Shared,
        dataset: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal> {
        if text(headers, "authorization") != basic(&shared.credentials) {
            return Err(Refusal::Asker);
        }
        Ok(asked(dataset, body))
    }

    fn yes(&self, _: &Shared, rows: &str, total: u64) -> String {
        yes(rows, total)
    }

    fn no(&self, refusal: Refusal) -> Response {
        unauthorised(refusal)
    }
}

/// `Authorization: Bearer`.
#[derive(Clone)]
pub(super) struct Bearer;

impl Manner for Bearer {
    fn admit(
        &self,
        shared: &Shared,
        dataset: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal> {
        let token = text(headers, "authorization").strip_prefix("Bearer ");
        shared.gate.granted(|known| Some(known) == token)?;
        Ok(asked(dataset, body))
    }

    fn yes(&self, _: &Shared, rows: &str, total: u64) -> String {
        yes(rows, total)
    }

    fn no(&self, refusal: Refusal) -> Response {
        unauthorised(refusal)
    }
}

/// Gives a token to the client, wherever it puts its secret.
pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let given = |name: &str| {
        form.get(name)
            .or_else(|| query.get(name))
            .map_or("", String::as_str)
    };
    let credentials = &shared.credentials;
    let known = given("client_id") == credentials.client_id
        && given("client_secret") == credentials.secret
        || text(&headers, "authorization") == basic(credentials);
    if !known || given("grant_type") != "client_credentials" {
        return json(
            StatusCode::UNAUTHORIZED,
            r#"{"error":"invalid_client"}"#.into(),
        );
    }
    let options = &shared.world.options;
    let life = options.token_ttl_s;
    let (token, _) = shared.gate.grant(
        |count| {
            let count = count as u64;
            format!(
                "{:016x}{:016x}",
                mix(count, &[options.seed]),
                mix(7, &[count])
            )
        },
        life,
    );
    json(
        StatusCode::OK,
        format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{life}}}"#),
    )
}

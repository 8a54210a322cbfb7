//! People sign on: the demo provider's side of OAuth 2.0, ticket with signature, and relay.
//!
//! One page lists people of the provider's own population and asks for no password: who is chosen is
//! signed in. Codes, tickets and `verid`s are good once; tokens are good until the provider ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aes::Aes128;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use url::Url;

use super::ciphers::{base64, encrypt, md5_hex, unbase64};
use super::compact_ms;
use crate::numbers::key64;
use crate::row::Value as Cell;
use crate::server::Shared;
use crate::world::World;

/// People on the page.
const SHOWN: u64 = 12;
/// Datasets of those who can sign in: natural persons and legal persons.
const NATURAL: usize = 7;
const LEGAL: usize = 8;

type Provider = State<Arc<Shared>>;
type Params = HashMap<String, String>;

/// Who has signed in and not yet been asked for.
#[derive(Default)]
pub(crate) struct SignedIn {
    open: Mutex<HashMap<String, Person>>,
    made: std::sync::atomic::AtomicU64,
}

#[derive(Clone, Copy)]
struct Person {
    dataset: usize,
    index: u64,
}

impl SignedIn {
    fn add(&self, world: &World, prefix: &str, person: Person) -> String {
        let number = self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let key = format!(
            "{prefix}-{}",
            &key64(world.options.seed, &[777, number])[..32]
        );
        self.open().insert(key.clone(), person);
        key
    }

    fn take(&self, key: &str) -> Option<Person> {
        self.open().remove(key)
    }

    fn see(&self, key: &str) -> Option<Person> {
        self.open().get(key).copied()
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<String, Person>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/oauth2/authorize", get(page))
        .route("/jis/login", get(page))
        .route("/unified-sso/user/sendLogin", get(page))
        .route("/sign-on/choose", get(choose))
        .route("/sign-on/logout", get(logout))
        .route("/oauth2/token", post(token))
        .route("/oauth2/userinfo", get(user_info))
        .route("/jis/sso", post(interface))
        .route("/unified-sso/user/getLoginUser", get(login_user))
        .route("/unified-sso/user/removeCache", get(remove_cache))
}

/// The page on which a person is chosen.
async fn page(State(shared): Provider, Query(asked): Query<Params>) -> Response {
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let known = [
        text("client_id") == shared.credentials.client_id,
        text("appmark") == shared.credentials.requester_id,
        text("paramKey") == site_key(&shared),
    ];
    let (manner, back) = match known {
        [true, ..] => ("oauth2", text("redirect_uri")),
        [_, true, _] => ("ticket", text("gotourl")),
        [.., true] => ("relay", text("backUrl")),
        _ => return plain(StatusCode::BAD_REQUEST, "应用未登记 unknown application"),
    };
    let local = Url::parse(back)
        .is_ok_and(|url| url.scheme() == "http" && url.host_str() == Some("127.0.0.1"));
    if !local {
        return plain(
            StatusCode::BAD_REQUEST,
            "回调地址未登记 unknown callback address",
        );
    }
    let mut list = String::new();
    for (dataset, title, name) in [
        (NATURAL, "自然人 Natural persons", "user_name"),
        (LEGAL, "法人 Legal persons", "corp_name"),
    ] {
        list.push_str(&format!("<h2>{title}</h2><ul>"));
        for index in 0..SHOWN.min(shared.world.places(dataset)) {
            let mut link = url::form_urlencoded::Serializer::new(String::new());
            link.append_pair("manner", manner)
                .append_pair("back", back)
                .append_pair("state", text("state"))
                .append_pair("dataset", &dataset.to_string())
                .append_pair("index", &index.to_string());
            let link = link.finish().replace('&', "&amp;");
            let name = shared.world.row(dataset, index).get(name);
            list.push_str(&format!(
                "<li><a href=\"/sign-on/choose?{link}\">{name}</a></li>"
            ));
        }
        list.push_str("</ul>");
    }
    Html(format!("<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>演示身份认证 Demo sign-in</title><h1>请选择登录人 Choose who signs in</h1>{list}")).into_response()
}

async fn choose(State(shared): Provider, Query(asked): Query<Params>) -> Response {
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let (Ok(dataset), Ok(index), Ok(mut back)) = (
        text("dataset").parse(),
        text("index").parse(),
        Url::parse(text("back")),
    ) else {
        return plain(StatusCode::BAD_REQUEST, "请求不完整 incomplete request");
    };
    if !matches!(dataset, NATURAL | LEGAL) || index >= SHOWN {
        return plain(StatusCode::BAD_REQUEST, "没有此人 nobody of that number");
    }
    let (prefix, name) = match text("manner") {
        "oauth2" => ("OC", "code"),
        "ticket" => ("TK", "ticket"),
        _ => ("VR", "verid"),
    };
    let person = Person { dataset, index };
    let key = shared.signed_in.add(&shared.world, prefix, person);
    back.query_pairs_mut().append_pair(name, &key);
    if text("manner") == "oauth2" {
        back.query_pairs_mut().append_pair("state", text("state"));
    }
    Redirect::to(back.as_str()).into_response()
}

async fn logout() -> Response {
    plain(StatusCode::OK, "已退出 logged out")
}

/// OAuth 2.0, with an envelope around the claims as the Guangdong family has it.
async fn token(State(shared): Provider, headers: HeaderMap, Form(asked): Form<Params>) -> Response {
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(unbase64)
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let given = basic.unwrap_or_else(|| format!("{}:{}", text("client_id"), text("client_secret")));
    let own = &shared.credentials;
    if given != format!("{}:{}", own.client_id, own.secret) {
        return told(
            StatusCode::UNAUTHORIZED,
            &json!({"error": "invalid_client"}),
        );
    }
    match shared.signed_in.take(text("code")) {
        Some(person) => {
            let token = shared.signed_in.add(&shared.world, "AT", person);
            let body = json!({"access_token": token, "token_type": "bearer", "expires_in": 300});
            told(StatusCode::OK, &body)
        }
        None => told(StatusCode::BAD_REQUEST, &json!({"error": "invalid_grant"})),
    }
}

async fn user_info(
    State(shared): Provider,
    headers: HeaderMap,
    Query(asked): Query<Params>,
) -> Response {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = bearer.or(asked.get("access_token").map(String::as_str));
    match token.and_then(|token| shared.signed_in.see(token)) {
        Some(person) => told(
            StatusCode::OK,
            &json!({"code": 200, "message": "成功", "data": {"user": claims(&shared, person)}}),
        ),
        None => told(StatusCode::OK, &json!({"code": 401, "message": "令牌无效"})),
    }
}

/// Ticket with signature: the claims are encrypted with AES under the first half of the word.
async fn interface(State(shared): Provider, Form(asked): Form<Params>) -> Response {
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let own = &shared.credentials;
    let (mark, time) = (text("appmark"), text("time"));
    let refuse =
        |code: &str, msg: &str| told(StatusCode::OK, &json!({"retcode": code, "msg": msg}));
    if shared.gate.fresh(compact_ms(time)).is_err() {
        return refuse("000403", "时间戳超出范围");
    }
    if mark != own.requester_id || text("sign") != md5_hex(&format!("{mark}{}{time}", own.secret)) {
        return refuse("000401", "签名错误");
    }
    let params: Value = serde_json::from_str(text("params")).unwrap_or_default();
    let given = |name: &str| params[name].as_str().unwrap_or_default().to_owned();
    let data = match text("servicename") {
        "ticketValidate" => shared.signed_in.take(&given("ticket")).map(|person| {
            let token = shared.signed_in.add(&shared.world, "TO", person);
            json!({ "token": token })
        }),
        service @ ("findOutsideUserByToken" | "findCorUserByToken") => {
            let wanted = if service == "findCorUserByToken" {
                LEGAL
            } else {
                NATURAL
            };
            shared
                .signed_in
                .see(&given("token"))
                .filter(|person| person.dataset == wanted)
                .and_then(|person| {
                    let claims = Value::Object(claims(&shared, person)).to_string();
                    let sealed =
                        encrypt::<Aes128>(&own.secret.as_bytes()[..16], claims.as_bytes())?;
                    Some(Value::String(base64(&sealed)))
                })
        }
        _ => return refuse("000404", "服务不存在"),
    };
    match data {
        Some(data) => told(
            StatusCode::OK,
            &json!({"retcode": "000000", "msg": "成功", "data": data}),
        ),
        None => refuse("000405", "票据或令牌无效"),
    }
}

/// Relay.
async fn login_user(State(shared): Provider, Query(asked): Query<Params>) -> Response {
    let verid = asked.get("verid").map_or("", String::as_str);
    match shared.signed_in.see(verid) {
        Some(person) => {
            let mut msg = claims(&shared, person);
            msg.insert("ticket".into(), format!("T{verid}").into());
            told(StatusCode::OK, &json!({"success": true, "msg": msg}))
        }
        None => told(
            StatusCode::OK,
            &json!({"success": false, "msg": "verid 无效或已过期"}),
        ),
    }
}

async fn remove_cache(State(shared): Provider, Query(asked): Query<Params>) -> Response {
    let verid = asked.get("verid").map_or("", String::as_str);
    let success = shared.signed_in.take(verid).is_some();
    told(StatusCode::OK, &json!({ "success": success }))
}

/// The site's key at the relay.
pub(crate) fn site_key(shared: &Shared) -> String {
    key64(shared.world.options.seed, &[778])[..32].to_owned()
}

/// A person's columns as claims.
fn claims(shared: &Shared, person: Person) -> Map<String, Value> {
    let row = shared.world.row(person.dataset, person.index);
    row.values
        .iter()
        .filter(|(name, _)| !name.starts_with("cd_"))
        .map(|(name, value)| {
            let value = match value {
                Cell::Text(text) => Value::String(text.clone()),
                _ => Value::String(row.get(name)),
            };
            ((*name).to_owned(), value)
        })
        .collect()
}

fn told(status: StatusCode, body: &Value) -> Response {
    crate::answers::json(status, body.to_string())
}

fn plain(status: StatusCode, text: &str) -> Response {
    (
        status,
        Html(format!(
            "<!doctype html><meta charset=\"utf-8\"><p>{text}</p>"
        )),
    )
        .into_response()
}

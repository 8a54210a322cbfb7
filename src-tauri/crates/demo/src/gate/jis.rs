//! JIS: one address, the service's name in the form.

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::response::Response;

use super::ciphers::md5_hex;
use super::{Asked, Manner, Refusal, compact_ms, inside, texts};
use crate::server::Shared;

#[derive(Clone)]
pub(super) struct Jis;

impl Manner for Jis {
    fn admit(
        &self,
        shared: &Shared,
        _: &str,
        _: &HeaderMap,
        body: &[u8],
    ) -> Result<Asked, Refusal> {
        let form: HashMap<String, String> =
            url::form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let (mark, time, sign) = (field("appmark"), field("time"), field("sign"));
        let (service, params) = (field("servicename"), field("params"));
        if mark != shared.credentials.requester_id {
            return Err(Refusal::Asker);
        }
        shared.gate.fresh(compact_ms(time))?;
        if sign != md5_hex(&format!("{mark}{}{time}", shared.credentials.secret)) {
            return Err(Refusal::Signature);
        }
        shared.gate.once(format!("jis {time} {service} {params}"))?;
        Ok(Asked {
            dataset: service
                .strip_prefix("svc-")
                .ok_or(Refusal::Service)?
                .to_owned(),
            params: texts(&serde_json::from_str(params).unwrap_or_default()),
        })
    }

    fn yes(&self, _: &Shared, rows: &str, total: u64) -> String {
        format!(r#"{{"retcode":"000000","msg":"成功","data":{{"list":{rows},"total":{total}}}}}"#)
    }

    fn no(&self, refusal: Refusal) -> Response {
        inside(r#""retcode":"000401""#, "msg", refusal)
    }
}

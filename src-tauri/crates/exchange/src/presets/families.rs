//! Presets of the families whose paths and names each provider chooses for itself: what stands here
//! is a beginning, and what the demo provider serves.

use super::{narrowable, pages, profile, window};
use crate::auth::{Auth, ClientIn, Jis, SealedBody, Sm2Envelope, Tif, TimedGateway, TokenIn};
use crate::profile::{DatasetSource, Envelope, Method, ParamsIn, Profile};
use zhengqiao_domain::DatasetId;

/// Records in `/data/list`, the total in `/data/total`, parameters in a JSON body.
fn listed(id: DatasetId, path: String, envelope: Envelope) -> DatasetSource {
    let source = DatasetSource {
        path,
        method: Method::Post,
        service_id: format!("svc-{id}"),
        params_in: ParamsIn::JsonBody,
        envelope,
        pager: pages(),
        incremental: window(id, "since", "until"),
        ..DatasetSource::default()
    };
    narrowable(id, "dept_code", "area_code", source)
}

fn envelope(code: &str, success: &str, expired: &str, message: &str) -> Envelope {
    Envelope {
        records: "/data/list".into(),
        code: code.into(),
        success: vec![success.into()],
        busy_codes: vec!["429".into()],
        expired_codes: [expired]
            .into_iter()
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect(),
        message: message.into(),
        total: "/data/total".into(),
        ..Envelope::default()
    }
}

pub fn timed_gateway() -> Profile {
    let auth = Auth::TimedGateway(TimedGateway {
        secret_path: "gjgxjhpt/secret".into(),
        secret_service_id: "svc-secret".into(),
        ..TimedGateway::default()
    });
    profile("timed_gateway", auth, |id| {
        let envelope = envelope("/code", "200", "401", "/message");
        listed(id, format!("gjgxjhpt/{id}"), envelope)
    })
}

pub fn tif() -> Profile {
    profile("tif", Auth::Tif(Tif::default()), |id| {
        let envelope = envelope("/code", "0", "", "/message");
        listed(id, format!("tif/{id}"), envelope)
    })
}

pub fn jis() -> Profile {
    profile("jis", Auth::Jis(Jis::default()), |id| {
        let envelope = envelope("/retcode", "000000", "000401", "/msg");
        listed(id, "jis/interface".into(), envelope)
    })
}

pub fn sm2_envelope() -> Profile {
    let auth = Auth::Sm2Envelope(Sm2Envelope::default());
    profile("sm2_envelope", auth, |id| {
        let envelope = envelope("/code", "0", "401", "/msg");
        listed(id, format!("hcp/{id}"), envelope)
    })
}

pub fn sealed_body() -> Profile {
    let auth = Auth::SealedBody(SealedBody::default());
    profile("sealed_body", auth, |id| {
        let envelope = envelope("/code", "0", "401", "/message");
        listed(id, format!("hsa/{id}"), envelope)
    })
}

pub fn oauth2_header() -> Profile {
    let auth = Auth::Oauth2Client {
        token_path: "oauth/token".into(),
        client_id: String::new(),
        token_method: Method::Post,
        client_in: ClientIn::Basic,
        scope: String::new(),
        token_in: TokenIn::Header,
    };
    profile("oauth2_header", auth, |id| {
        let envelope = envelope("/code", "200", "", "/message");
        listed(id, format!("bearer/{id}"), envelope)
    })
}

pub fn basic() -> Profile {
    let auth = Auth::Basic {
        user: String::new(),
    };
    profile("basic", auth, |id| {
        let envelope = envelope("/code", "200", "", "/message");
        listed(id, format!("basic/{id}"), envelope)
    })
}

pub fn open() -> Profile {
    profile("open", Auth::None, |id| {
        let envelope = envelope("/code", "200", "", "/message");
        listed(id, format!("open/{id}"), envelope)
    })
}

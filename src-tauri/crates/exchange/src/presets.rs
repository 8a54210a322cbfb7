//! Presets for the interface families, each complete but for address, id and secret.

use std::collections::BTreeMap;

use zhengqiao_domain::{DatasetId, FieldMap, Mapping};

use crate::auth::{Auth, ClientIn, TokenIn};
use crate::profile::{
    CountsSource, DatasetSource, Envelope, Incremental, Method, Pager, ParamsIn, Profile,
};

/// A window begins so long before the last one ended, because rows appear late.
const OVERLAP_S: u32 = 600;

/// A profile to begin from.
#[derive(Debug, Clone)]
pub struct Preset {
    /// Its name in files and commands.
    pub name: &'static str,
    /// Chinese title.
    pub zh: &'static str,
    /// English title.
    pub en: &'static str,
    /// The profile.
    pub profile: Profile,
}

/// All presets.
pub fn presets() -> Vec<Preset> {
    vec![
        Preset {
            name: "gateway",
            zh: "国家平台网关(gjzwfwpt 签名)",
            en: "National gateway (gjzwfwpt signature)",
            profile: gateway(),
        },
        Preset {
            name: "oauth2",
            zh: "OAuth 2.0 客户端凭据(数组分页)",
            en: "OAuth 2.0 client credentials (bare arrays)",
            profile: oauth2(),
        },
        Preset {
            name: "cursor",
            zh: "游标接口(API 密钥)",
            en: "Cursor interface (API key)",
            profile: cursor(),
        },
    ]
}

/// The preset of that name.
pub fn preset(name: &str) -> Option<Preset> {
    presets().into_iter().find(|preset| preset.name == name)
}

fn profile(name: &str, auth: Auth, source: impl Fn(DatasetId) -> DatasetSource) -> Profile {
    let datasets: BTreeMap<_, _> = DatasetId::ALL
        .into_iter()
        .map(|id| (id, source(id)))
        .collect();
    Profile {
        preset: name.into(),
        auth,
        datasets,
        ..Profile::default()
    }
}

/// Whether the dataset's rows carry the moment of their last change.
fn window(id: DatasetId, from: &str, to: &str) -> Option<Incremental> {
    id.dataset().source_time.map(|_| Incremental::Window {
        from_param: from.into(),
        to_param: to.into(),
        overlap_s: OVERLAP_S,
    })
}

fn gateway() -> Profile {
    profile(
        "gateway",
        Auth::Gateway {
            requester_id: String::new(),
        },
        |id| DatasetSource {
            path: format!("sysapi/{id}"),
            method: Method::Post,
            service_id: format!("svc-{id}"),
            params_in: ParamsIn::JsonBody,
            envelope: Envelope {
                records: "/data/list".into(),
                code: "/code".into(),
                success: vec!["200".into()],
                busy_codes: vec!["429".into(), "api-429".into()],
                expired_codes: Vec::new(),
                message: "/message".into(),
                total: "/data/total".into(),
                next_cursor: String::new(),
                has_more: String::new(),
            },
            pager: Pager::Page {
                page_param: "page".into(),
                size_param: "size".into(),
                size: 1000,
                first: 1,
            },
            incremental: window(id, "since", "until"),
            counts: Some(CountsSource {
                path: format!("sysapi/{id}/counts"),
            }),
            ..DatasetSource::default()
        },
    )
}

fn oauth2() -> Profile {
    let auth = Auth::Oauth2Client {
        token_path: "oauth/token".into(),
        client_id: String::new(),
        token_method: Method::Post,
        client_in: ClientIn::Form,
        scope: String::new(),
        token_in: TokenIn::Query,
    };
    profile("oauth2", auth, |id| DatasetSource {
        path: format!("service/api/{id}/123"),
        pager: Pager::Page {
            page_param: "pageNumber".into(),
            size_param: "pageSize".into(),
            size: 1000,
            first: 1,
        },
        incremental: window(id, "beginTime", "endTime"),
        mapping: renamed(
            id,
            if id == DatasetId::Review {
                camel_case
            } else {
                str::to_uppercase
            },
        ),
        ..DatasetSource::default()
    })
}

fn cursor() -> Profile {
    profile(
        "cursor",
        Auth::ApiKey {
            header: "X-Api-Key".into(),
        },
        |id| DatasetSource {
            path: format!("v1/{id}"),
            envelope: Envelope {
                records: "/items".into(),
                next_cursor: "/next".into(),
                ..Envelope::default()
            },
            pager: Pager::Cursor {
                cursor_param: "cursor".into(),
                size_param: "limit".into(),
                size: 1000,
                cursor_header: String::new(),
            },
            incremental: Some(Incremental::Cursor),
            mapping: if id == DatasetId::Review {
                renamed(id, camel_case)
            } else {
                Mapping::default()
            },
            ..DatasetSource::default()
        },
    )
}

fn renamed(id: DatasetId, name: fn(&str) -> String) -> Mapping {
    let fields = id
        .dataset()
        .fields
        .iter()
        .map(|field| FieldMap {
            field: field.name.into(),
            source: name(field.name),
            transforms: Vec::new(),
        })
        .collect();
    Mapping { fields }
}

/// The live review interface's names; one is not in camel case there.
fn camel_case(name: &str) -> String {
    if name == "is_default" {
        return "isdefault".into();
    }
    let mut parts = name.split('_');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        text.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(chars.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_once_it_has_an_address() {
        for mut preset in presets() {
            preset.profile.base_url = "https://provider.example".into();
            preset.profile.validate().unwrap();
        }
    }

    #[test]
    fn production_needs_https_and_a_secret_has_no_place_in_the_address() {
        let mut profile = gateway();
        profile.environment = crate::Environment::Production;
        profile.base_url = "http://provider.example".into();
        assert!(profile.validate().is_err());
        profile.base_url = "https://user:pass@provider.example".into();
        assert!(profile.validate().is_err());
    }

    #[test]
    fn review_names_are_those_of_the_live_interface() {
        assert_eq!(camel_case("project_no"), "projectNo");
        assert_eq!(camel_case("eval_detail"), "evalDetail");
    }
}

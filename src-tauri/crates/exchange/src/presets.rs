//! Presets for the interface families, each complete but for address, id and secret.

mod accounts;
mod families;
mod tables;

use std::collections::BTreeMap;

use zhengqiao_domain::{DatasetId, FieldMap, Mapping, Transform};

use crate::auth::{Auth, ClientIn, TokenIn};
use crate::counts::CountsSource;
use crate::file::FileSource;
use crate::profile::{
    DatasetSource, Envelope, Incremental, Interface, Method, Pager, ParamsIn, Profile,
};
use crate::scope::{IdsQuery, WindowQuery};

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
    [
        (
            "gateway",
            "国家平台网关(gjzwfwpt 签名)",
            "National gateway (gjzwfwpt signature)",
            gateway(),
        ),
        (
            "timed_gateway",
            "国家共享交换平台(gjgxjhpt 限时密钥)",
            "National exchange platform (gjgxjhpt, secret that ends)",
            families::timed_gateway(),
        ),
        (
            "tif",
            "TIF 网关(x-tif 签名)",
            "TIF gateway (x-tif signature)",
            families::tif(),
        ),
        (
            "jis",
            "JIS 接口(MD5 签名,弱算法)",
            "JIS interface (MD5 signature, weak algorithm)",
            families::jis(),
        ),
        (
            "sm2_envelope",
            "好差评接口(SM2 信封)",
            "Review interface (SM2 envelope)",
            families::sm2_envelope(),
        ),
        (
            "sealed_body",
            "医保式接口(SM4 加密、SM2 签名)",
            "Health-insurance style (SM4 encrypted, SM2 signed)",
            families::sealed_body(),
        ),
        (
            "oauth2",
            "OAuth 2.0 客户端凭据(数组分页)",
            "OAuth 2.0 client credentials (bare arrays)",
            oauth2(),
        ),
        (
            "oauth2_header",
            "OAuth 2.0 客户端凭据(令牌置于请求头)",
            "OAuth 2.0 client credentials (token in the header)",
            families::oauth2_header(),
        ),
        (
            "cursor",
            "游标接口(API 密钥)",
            "Cursor interface (API key)",
            cursor(),
        ),
        (
            "basic",
            "用户名和密码(HTTP Basic)",
            "User and password (HTTP basic)",
            families::basic(),
        ),
        (
            "open",
            "无需认证的接口",
            "Interface without authentication",
            families::open(),
        ),
        (
            "frontend_postgresql",
            "前置库(PostgreSQL)",
            "Front-end database (PostgreSQL)",
            tables::postgresql(),
        ),
        (
            "frontend_mysql",
            "前置库(MySQL、MariaDB)",
            "Front-end database (MySQL, MariaDB)",
            tables::mysql(),
        ),
        (
            "files",
            "文件导入(CSV、Excel、JSON)",
            "Files (CSV, Excel, JSON)",
            files(),
        ),
        (
            "scim",
            "门户账号(SCIM 2.0)",
            "Portal accounts (SCIM 2.0)",
            accounts::scim(),
        ),
        (
            "ldap",
            "门户账号(LDAP 目录)",
            "Portal accounts (LDAP directory)",
            accounts::ldap(),
        ),
    ]
    .into_iter()
    .map(|(name, zh, en, profile)| Preset {
        name,
        zh,
        en,
        profile,
    })
    .collect()
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

/// The same source with the parameters that take a list of ids, a department and a region, where its
/// rows have them.
fn narrowable(
    id: DatasetId,
    department: &str,
    region: &str,
    source: DatasetSource,
) -> DatasetSource {
    let where_known = |field: Option<&str>, param: &str| match field {
        Some(_) => param.to_owned(),
        None => String::new(),
    };
    DatasetSource {
        ids: Some(IdsQuery::default()),
        department_param: where_known(id.dataset().department, department),
        region_param: where_known(id.dataset().region, region),
        ..source
    }
}

/// Counts by day and department, with a digest of the keys.
fn counts(id: DatasetId, path: String) -> CountsSource {
    let department = if id.dataset().department.is_some() {
        "/dept_code".into()
    } else {
        String::new()
    };
    CountsSource {
        path,
        department,
        digest: "/digest".into(),
        from_param: "since".into(),
        to_param: "until".into(),
        ..CountsSource::default()
    }
}

/// Files have no key, time and batch of their own: they come from the file.
fn files() -> Profile {
    let mut profile = profile("files", Auth::None, |id| DatasetSource {
        incremental: Some(Incremental::Cursor),
        mapping: file_mapping(id),
        file: Some(FileSource::default()),
        ..DatasetSource::default()
    });
    profile.interface = Interface::File;
    // A first reading is expected to be rejected as a whole, and to be mended then.
    profile.limits.reject_rate_percent = 0.0;
    profile
}

fn file_mapping(id: DatasetId) -> Mapping {
    let constant = |value: &str| {
        vec![Transform::Default {
            value: value.into(),
        }]
    };
    let fields = [
        ("row_guid", "/_file/key", Vec::new()),
        ("cd_operation", "cd_operation", constant("I")),
        ("cd_time", "/_file/time", Vec::new()),
        ("cd_batch", "/_file/name", Vec::new()),
    ];
    Mapping {
        fields: fields
            .into_iter()
            .filter(|(field, ..)| id.dataset().field(field).is_some())
            .map(|(field, source, transforms)| FieldMap {
                field: field.into(),
                source: source.into(),
                transforms,
            })
            .collect(),
    }
}

/// Page number and size in the parameters `page` and `size`.
fn pages() -> Pager {
    Pager::Page {
        page_param: "page".into(),
        size_param: "size".into(),
        size: 1000,
        first: 1,
    }
}

fn gateway() -> Profile {
    profile(
        "gateway",
        Auth::Gateway {
            requester_id: String::new(),
        },
        |id| {
            let source = DatasetSource {
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
                pager: pages(),
                incremental: window(id, "since", "until"),
                counts: Some(counts(id, format!("sysapi/{id}/counts"))),
                ..DatasetSource::default()
            };
            narrowable(id, "dept_code", "area_code", source)
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
    profile("oauth2", auth, |id| {
        let source = DatasetSource {
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
        };
        narrowable(id, "deptCode", "areaCode", source)
    })
}

fn cursor() -> Profile {
    profile(
        "cursor",
        Auth::ApiKey {
            header: "X-Api-Key".into(),
        },
        |id| {
            let source = DatasetSource {
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
                window: id.dataset().source_time.map(|_| WindowQuery {
                    from_param: "changed_from".into(),
                    to_param: "changed_to".into(),
                }),
                mapping: if id == DatasetId::Review {
                    renamed(id, camel_case)
                } else {
                    Mapping::default()
                },
                ..DatasetSource::default()
            };
            narrowable(id, "department", "region", source)
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
            let address = match preset.profile.interface {
                Interface::Database => "postgresql://provider.example/exchange",
                Interface::Ldap => "ldaps://provider.example",
                Interface::Http | Interface::File | Interface::Scim => "https://provider.example",
            };
            preset.profile.base_url = address.into();
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

//! A connection as data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{CompiledMapping, DatasetId, Mapping, RuleSettings};

use crate::auth::Auth;
use crate::counts::CountsSource;
use crate::database::TableSource;
use crate::decision::DecisionTarget;
use crate::error::ExchangeError;
use crate::file::FileSource;
use crate::ldap::LdapSource;
use crate::limits::Limits;
use crate::network::Network;
use crate::scim::ScimSource;
use crate::scope::{Filters, IdsQuery, WindowQuery};
use crate::target::Target;

/// What a connection is for; its colour is seen everywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// 生产.
    Production,
    /// 测试.
    #[default]
    Test,
    /// 演示.
    Demo,
}

impl Environment {
    /// Its name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Environment::Production => "production",
            Environment::Test => "test",
            Environment::Demo => "demo",
        }
    }

    /// Its name in Chinese lists.
    pub const fn zh(self) -> &'static str {
        match self {
            Environment::Production => "生产",
            Environment::Test => "测试",
            Environment::Demo => "演示",
        }
    }
}

/// What kind of door the provider's data comes through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Interface {
    /// An HTTP interface.
    #[default]
    Http,
    /// Exchange tables in a front-end database (前置库).
    Database,
    /// Files.
    File,
    /// A SCIM 2.0 service's users.
    Scim,
    /// A directory (LDAP).
    Ldap,
}

/// How a request acts; datasets are read by GET or POST.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl Method {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// Where parameters go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ParamsIn {
    /// Into the query.
    #[default]
    Query,
    /// Into a JSON body.
    JsonBody,
}

/// Where an answer has what. Each is a JSON pointer; empty means that there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Envelope {
    /// The records; empty means that the whole answer is the array.
    pub records: String,
    /// The answer's code.
    pub code: String,
    /// Codes that mean success.
    pub success: Vec<String>,
    /// Codes that mean "later".
    pub busy_codes: Vec<String>,
    /// Codes that mean that the token or signature has expired.
    pub expired_codes: Vec<String>,
    /// The answer's message.
    pub message: String,
    /// How many records there are in all.
    pub total: String,
    /// The cursor of the next page.
    pub next_cursor: String,
    /// Whether there is more: true, 1 or "true".
    pub has_more: String,
}

/// How pages follow one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Pager {
    /// Page number and size.
    Page {
        /// Name of the page's parameter.
        page_param: String,
        /// Name of the size's parameter.
        size_param: String,
        /// Rows a page.
        size: u32,
        /// Number of the first page.
        first: u32,
    },
    /// Offset and size.
    Offset {
        /// Name of the offset's parameter.
        offset_param: String,
        /// Name of the size's parameter.
        size_param: String,
        /// Rows a page.
        size: u32,
    },
    /// A cursor that the answer gives.
    Cursor {
        /// Name of the cursor's parameter.
        cursor_param: String,
        /// Name of the size's parameter.
        size_param: String,
        /// Rows a page.
        size: u32,
        /// The header that the answer gives it in; empty means that it is in the body.
        #[serde(default)]
        cursor_header: String,
    },
    /// The answer's `Link` header with `rel="next"` (RFC 8288); only below the base address.
    Link {
        /// Name of the size's parameter; empty means that there is none.
        size_param: String,
        /// Rows a page.
        size: u32,
    },
    /// Everything in one answer.
    Single,
}

impl Default for Pager {
    fn default() -> Self {
        Pager::Page {
            page_param: "page".into(),
            size_param: "size".into(),
            size: 1000,
            first: 1,
        }
    }
}

/// How to ask only for what changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Incremental {
    /// Rows changed in a window of time.
    Window {
        /// Name of the beginning's parameter.
        from_param: String,
        /// Name of the end's parameter.
        to_param: String,
        /// The window begins so many seconds before the last one ended.
        overlap_s: u32,
    },
    /// Rows with a greater version.
    Version {
        /// Name of the parameter.
        param: String,
    },
    /// The pager's own cursor is kept.
    Cursor,
}

/// A full reading goes through the time in slices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Slices {
    /// Name of the beginning's parameter.
    pub from_param: String,
    /// Name of the end's parameter.
    pub to_param: String,
    /// Where the first slice of a full reading begins, in UTC+8: `yyyy-MM-dd HH:mm:ss`.
    pub begin: String,
    /// Length of a slice.
    pub hours: u32,
    /// Each slice begins so many seconds before the last one ended.
    pub overlap_s: u32,
}

/// Where one dataset is and what it looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct DatasetSource {
    /// Path below the base address.
    pub path: String,
    /// GET or POST.
    pub method: Method,
    /// `gjzwfwpt_sid`, the service's number.
    pub service_id: String,
    /// Where parameters go.
    pub params_in: ParamsIn,
    /// Parameters that are always sent.
    pub fixed_params: BTreeMap<String, String>,
    /// Where the answer has what.
    pub envelope: Envelope,
    /// How pages follow one another.
    pub pager: Pager,
    /// A page with fewer rows than asked for is the last, where no total is told.
    pub short_page_ends: bool,
    /// How to ask only for what changed.
    pub incremental: Option<Incremental>,
    /// Whether to read slice by slice.
    pub slices: Option<Slices>,
    /// Their names and forms to ours.
    pub mapping: Mapping,
    /// Where counts are had.
    pub counts: Option<CountsSource>,
    /// How a window of time is asked for, where it differs from an incremental reading.
    pub window: Option<WindowQuery>,
    /// How records are asked for by their ids; absent means that they cannot be.
    pub ids: Option<IdsQuery>,
    /// Name of the parameter, or of the table's column, that takes a department's code.
    pub department_param: String,
    /// Name of the parameter, or of the table's column, that takes a region's code.
    pub region_param: String,
    /// Only the rows of a department or region.
    pub only: Filters,
    /// The exchange table, where the interface is a front-end database.
    pub table: Option<TableSource>,
    /// The file, where the interface is files.
    pub file: Option<FileSource>,
    /// The users, where the interface is SCIM 2.0.
    pub scim: Option<ScimSource>,
    /// The entries, where the interface is a directory.
    pub ldap: Option<LdapSource>,
}

/// Everything about a connection except its name and its secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Profile {
    /// The preset that it began from.
    pub preset: String,
    /// Folder in the list of connections; empty means none.
    pub folder: String,
    /// Tags to find it by.
    pub tags: Vec<String>,
    /// What kind of door the data comes through.
    pub interface: Interface,
    /// Base address, without a path's end; `postgresql://` or `mysql://` for a front-end database,
    /// `ldaps://` or `ldap://` for a directory, empty for files.
    pub base_url: String,
    /// What it is for.
    pub environment: Environment,
    /// How requests prove who asks.
    pub auth: Auth,
    /// How the network is used.
    pub network: Network,
    /// What it puts up with.
    pub limits: Limits,
    /// Rules and code lists.
    pub rules: RuleSettings,
    /// The datasets that it carries.
    #[ts(as = "std::collections::HashMap<DatasetId, DatasetSource>")]
    pub datasets: BTreeMap<DatasetId, DatasetSource>,
    /// Where accepted records go on to; without it the local cache is the library.
    pub delivery: Option<Target>,
    /// How decisions about the bindings of accounts go to the portal.
    pub decisions: Option<DecisionTarget>,
}

fn wrong(field: &str, what: String) -> ExchangeError {
    ExchangeError::Settings {
        field: field.to_owned(),
        what,
    }
}

impl Profile {
    /// Whether the profile can be used; the first thing that is wrong otherwise.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] naming the field, its value and the remedy.
    pub fn validate(&self) -> Result<(), ExchangeError> {
        if self.interface != Interface::File {
            self.address()?;
        }
        self.limits.validate()?;
        self.rules
            .validate()
            .map_err(|error| wrong("rules", error.to_string()))?;
        for (id, source) in &self.datasets {
            self.validate_dataset(*id, source)?;
        }
        if let Some(target) = &self.delivery {
            target.validate(&self.network, self.environment)?;
        }
        if let Some(target) = &self.decisions {
            target.validate(self.interface)?;
        }
        Ok(())
    }

    /// The base address, once it can be used.
    pub(crate) fn address(&self) -> Result<url::Url, ExchangeError> {
        let url = url::Url::parse(self.base_url.trim()).map_err(|error| {
            wrong(
                "base_url",
                format!("{:?} is no address ({error})", self.base_url),
            )
        })?;
        if url.host().is_none() {
            return Err(wrong(
                "base_url",
                format!("{:?} names no host", self.base_url),
            ));
        }
        let schemes: &[&str] = match self.interface {
            Interface::Database => &["postgresql", "postgres", "mysql", "mariadb"],
            Interface::Ldap => &["ldaps", "ldap"],
            Interface::Http | Interface::File | Interface::Scim => &["https", "http"],
        };
        if !schemes.contains(&url.scheme()) {
            return Err(wrong(
                "base_url",
                format!("{:?} is none of {}", url.scheme(), schemes.join(", ")),
            ));
        }
        if self.interface == Interface::Database && url.path().trim_matches('/').is_empty() {
            return Err(wrong(
                "base_url",
                "name the database behind the host, as postgresql://host:5432/exchange".into(),
            ));
        }
        self.network.validate()?;
        self.network.validate_encryption(&url, self.environment)?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(wrong(
                "base_url",
                "leave out user, password and query; the secret has its own field".into(),
            ));
        }
        Ok(url)
    }

    fn validate_dataset(&self, id: DatasetId, source: &DatasetSource) -> Result<(), ExchangeError> {
        CompiledMapping::new(id, &source.mapping)
            .map_err(|error| wrong("mapping", error.to_string()))?;
        if self.interface == Interface::File {
            return Ok(());
        }
        if self.interface == Interface::Database {
            return source
                .table
                .clone()
                .unwrap_or_default()
                .validate(&format!("datasets.{id}.table"));
        }
        if self.interface == Interface::Scim {
            let place = format!("datasets.{id}.scim");
            return source.scim.clone().unwrap_or_default().validate(&place);
        }
        if self.interface == Interface::Ldap {
            let place = format!("datasets.{id}.ldap");
            return source.ldap.clone().unwrap_or_default().validate(&place);
        }
        if source.path.is_empty() {
            return Err(wrong(
                &format!("datasets.{id}.path"),
                "the path is empty".into(),
            ));
        }
        let pointers = [
            &source.envelope.records,
            &source.envelope.code,
            &source.envelope.total,
            &source.envelope.next_cursor,
            &source.envelope.has_more,
        ];
        if let Some(slices) = &source.slices
            && !matches!(moment::parse(&slices.begin), Some(moment::Parsed::At(_)))
        {
            return Err(wrong(
                &format!("datasets.{id}.slices.begin"),
                format!(
                    "{:?} is no moment; write it as 2020-01-01 00:00:00",
                    slices.begin
                ),
            ));
        }
        if let Some(pointer) = pointers
            .into_iter()
            .find(|pointer| !pointer.is_empty() && !pointer.starts_with('/'))
        {
            return Err(wrong(
                &format!("datasets.{id}.envelope"),
                format!("{pointer:?} is no JSON pointer; it begins with /"),
            ));
        }
        Ok(())
    }
}

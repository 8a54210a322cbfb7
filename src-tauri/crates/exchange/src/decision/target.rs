//! How decisions about bindings go to the portal, as data.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::template::{self, Statement};
use crate::auth::Auth;
use crate::error::ExchangeError;
use crate::profile::{Envelope, Interface, Method};

/// How decisions about bindings go to the portal. What proves us there is the connection's secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DecisionTarget {
    /// A SCIM 2.0 service: PATCH (RFC 7644, 3.5.2).
    Scim(ScimTarget),
    /// An HTTP interface of the portal's own.
    Http(Box<HttpTarget>),
    /// A statement in PostgreSQL or MySQL.
    Sql(Box<SqlTarget>),
}

/// A SCIM 2.0 service that takes decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ScimTarget {
    /// Base address; empty means the connection's own.
    pub base_url: String,
    /// How requests prove who asks, at an address of its own.
    pub auth: Auth,
    /// Path of the users.
    pub path: String,
    /// The attribute that holds the identity that an account is bound to.
    pub attribute: String,
    /// Whether an account that was merged into another can no longer be used.
    pub deactivate_merged: bool,
}

impl Default for ScimTarget {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            auth: Auth::None,
            path: "Users".into(),
            attribute: "urn:zhengqiao:scim:extension:identity:2.0:User:boundTo".into(),
            deactivate_merged: false,
        }
    }
}

/// One request of an HTTP interface. `{account_id}`, `{identity_key}`, `{previous_key}` and
/// `{remaining_account_id}` are replaced by the decision's values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct HttpAct {
    /// How it acts.
    pub method: Method,
    /// Path below the base address.
    pub path: String,
    /// A JSON object; empty means no body.
    pub body: String,
}

/// An HTTP interface that takes decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct HttpTarget {
    /// Base address; empty means the connection's own.
    pub base_url: String,
    /// How requests prove who asks, at an address of its own.
    pub auth: Auth,
    /// Path at which an account's present state is read.
    pub read_path: String,
    /// JSON pointer to the identity that it is bound to.
    pub bound_to: String,
    /// JSON pointer to whether it can be used; empty means that it is not told.
    pub active: String,
    /// Where answers have a code and a message.
    pub envelope: Envelope,
    /// Name of the header that takes the same text for every try.
    pub key_header: String,
    /// Binds.
    pub link: HttpAct,
    /// Takes a binding away.
    pub unlink: HttpAct,
    /// Merges; without a path it is an unlink.
    pub merge: HttpAct,
    /// Takes a merge back; without a path it cannot be.
    pub undo_merge: HttpAct,
}

impl Default for HttpTarget {
    fn default() -> Self {
        let act = |method, path: &str, body: &str| HttpAct {
            method,
            path: path.into(),
            body: body.into(),
        };
        Self {
            base_url: String::new(),
            auth: Auth::None,
            read_path: "accounts/{account_id}".into(),
            bound_to: "/bound_to".into(),
            active: String::new(),
            envelope: Envelope::default(),
            key_header: "Idempotency-Key".into(),
            link: act(
                Method::Put,
                "accounts/{account_id}/binding",
                "{\"identity_key\": \"{identity_key}\"}",
            ),
            unlink: act(Method::Delete, "accounts/{account_id}/binding", ""),
            merge: HttpAct::default(),
            undo_merge: HttpAct::default(),
        }
    }
}

/// A database that takes decisions. In the statements `:account_id`, `:identity_key`, `:previous_key`
/// and `:remaining_account_id` stand for the decision's values. Each has to change exactly one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct SqlTarget {
    /// `postgresql://` or `mysql://`; empty means the connection's own.
    pub base_url: String,
    /// The user, at an address of its own.
    pub user: String,
    /// Gives the identity that an account is bound to and, if there is a second column, whether the
    /// account can be used.
    pub read: String,
    /// Binds.
    pub link: String,
    /// Takes a binding away.
    pub unlink: String,
    /// Merges; empty means an unlink.
    pub merge: String,
    /// Takes a merge back; empty means that it cannot be.
    pub undo_merge: String,
}

impl Default for SqlTarget {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            user: String::new(),
            read: "SELECT bound_to FROM portal_account WHERE account_id = :account_id".into(),
            link:
                "UPDATE portal_account SET bound_to = :identity_key WHERE account_id = :account_id"
                    .into(),
            unlink: "UPDATE portal_account SET bound_to = NULL WHERE account_id = :account_id"
                .into(),
            merge: String::new(),
            undo_merge: String::new(),
        }
    }
}

pub fn wrong(field: &str, what: impl Into<String>) -> ExchangeError {
    ExchangeError::Settings {
        field: format!("decisions.{field}"),
        what: what.into(),
    }
}

impl DecisionTarget {
    /// Its kind's name.
    pub const fn kind(&self) -> &'static str {
        match self {
            DecisionTarget::Scim(_) => "scim",
            DecisionTarget::Http(_) => "http",
            DecisionTarget::Sql(_) => "sql",
        }
    }

    /// Whether an account that was merged into another can no longer be used.
    pub fn deactivates(&self) -> bool {
        match self {
            DecisionTarget::Scim(target) => target.deactivate_merged,
            DecisionTarget::Http(target) => !target.merge.path.trim().is_empty(),
            DecisionTarget::Sql(target) => !target.merge.trim().is_empty(),
        }
    }

    /// Whether it can be used by a connection of this kind; the first thing that is wrong otherwise.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] naming the field, its value and the remedy.
    pub fn validate(&self, interface: Interface) -> Result<(), ExchangeError> {
        let (base_url, fits) = match self {
            DecisionTarget::Scim(target) => (
                &target.base_url,
                matches!(interface, Interface::Scim | Interface::Http),
            ),
            DecisionTarget::Http(target) => (
                &target.base_url,
                matches!(interface, Interface::Scim | Interface::Http),
            ),
            DecisionTarget::Sql(target) => (&target.base_url, interface == Interface::Database),
        };
        if base_url.trim().is_empty() && !fits {
            return Err(wrong(
                "base_url",
                "the connection itself has no such address; enter the portal's",
            ));
        }
        match self {
            DecisionTarget::Scim(target) => {
                if target.path.trim().is_empty() {
                    return Err(wrong("path", "the path is empty; it is usually Users"));
                }
                if target.attribute.trim().is_empty() {
                    return Err(wrong(
                        "attribute",
                        "name the attribute that holds the binding",
                    ));
                }
            }
            DecisionTarget::Http(target) => {
                if !target.bound_to.starts_with('/') {
                    let what =
                        format!("{:?} is no JSON pointer; it begins with /", target.bound_to);
                    return Err(wrong("bound_to", what));
                }
                template::check_path("read_path", &target.read_path, true)?;
                for (name, act, needed) in [
                    ("link", &target.link, true),
                    ("unlink", &target.unlink, true),
                    ("merge", &target.merge, false),
                    ("undo_merge", &target.undo_merge, false),
                ] {
                    template::check_path(&format!("{name}.path"), &act.path, needed)?;
                    template::check_body(&format!("{name}.body"), &act.body)?;
                }
            }
            DecisionTarget::Sql(target) => {
                for (name, text, needed) in [
                    ("read", &target.read, true),
                    ("link", &target.link, true),
                    ("unlink", &target.unlink, true),
                    ("merge", &target.merge, false),
                    ("undo_merge", &target.undo_merge, false),
                ] {
                    if needed || !text.trim().is_empty() {
                        Statement::new(name, text)?;
                    }
                }
            }
        }
        Ok(())
    }
}

//! Presets for the sources of the portal's own accounts. What stands here is a beginning: each portal
//! has attributes of its own, which its mapping names.

use std::collections::BTreeMap;

use zhengqiao_domain::{DatasetId, FieldMap, Mapping, Transform};

use super::OVERLAP_S;
use crate::auth::Auth;
use crate::ldap::LdapSource;
use crate::profile::{DatasetSource, Incremental, Interface, Profile};
use crate::scim::ScimSource;

/// Prefix of the portal fields that SCIM has no name for, as the claim mapping has it.
const EXTENSION: &str = "urn:zhengqiao:scim:extension:identity:2.0:User:";

/// A SCIM 2.0 service, with the names of RFC 7643 and the extension of the claim mapping.
pub fn scim() -> Profile {
    let own = |name: &str| format!("{EXTENSION}{name}");
    let fields = vec![
        field("account_id", "id", Vec::new()),
        field(
            "account_kind",
            &own("accountKind"),
            vec![default("natural")],
        ),
        field("display_name", "name.formatted", Vec::new()),
        field("cert_key", &own("certKey"), Vec::new()),
        field("id_number", &own("certificateNumber"), Vec::new()),
        field("id_type", &own("certificateType"), Vec::new()),
        field("credit_code", &own("creditCode"), Vec::new()),
        field(
            "mobile",
            "phoneNumbers[type eq \"mobile\"].value",
            Vec::new(),
        ),
        field("required_level", &own("requiredLevel"), Vec::new()),
        field("account_state", "active", vec![default("1"), states()]),
        field("bound_to", &own("boundTo"), Vec::new()),
        field("bound_by", &own("boundBy"), Vec::new()),
        field("roles", "roles", Vec::new()),
        field(
            "site",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization",
            Vec::new(),
        ),
        field("updated_at", "meta.lastModified", Vec::new()),
    ];
    accounts(
        "scim",
        Interface::Scim,
        Auth::Bearer,
        fields,
        DatasetSource {
            scim: Some(ScimSource::default()),
            ..DatasetSource::default()
        },
    )
}

/// A directory, with the names of RFC 2798 and RFC 4519, and for what they lack those of the claim
/// mapping.
pub fn ldap() -> Profile {
    let fields = vec![
        field("account_id", "uid", Vec::new()),
        field("account_kind", "employeeType", vec![default("natural")]),
        field("display_name", "cn", Vec::new()),
        field("cert_key", "certKey", Vec::new()),
        field("id_number", "certificateNumber", Vec::new()),
        field("mobile", "mobile", Vec::new()),
        field(
            "account_state",
            "pwdAccountLockedTime",
            vec![
                Transform::Capture {
                    pattern: "^.".into(),
                },
                Transform::CodeTable {
                    table: BTreeMap::new(),
                    other: Some("disabled".into()),
                },
                default("active"),
            ],
        ),
        field("bound_to", "boundTo", Vec::new()),
        field("roles", "title", Vec::new()),
        field("site", "departmentNumber", Vec::new()),
        field("updated_at", "modifyTimestamp", Vec::new()),
    ];
    let auth = Auth::Basic {
        user: String::new(),
    };
    accounts(
        "ldap",
        Interface::Ldap,
        auth,
        fields,
        DatasetSource {
            ldap: Some(LdapSource::default()),
            ..DatasetSource::default()
        },
    )
}

fn accounts(
    name: &str,
    interface: Interface,
    auth: Auth,
    fields: Vec<FieldMap>,
    source: DatasetSource,
) -> Profile {
    let source = DatasetSource {
        // The names of the parameters are the interface's own.
        incremental: Some(Incremental::Window {
            from_param: String::new(),
            to_param: String::new(),
            overlap_s: OVERLAP_S,
        }),
        mapping: Mapping { fields },
        ..source
    };
    Profile {
        preset: name.into(),
        interface,
        auth,
        base_url: match interface {
            Interface::Ldap => "ldaps://".into(),
            _ => String::new(),
        },
        datasets: BTreeMap::from([(DatasetId::PortalAccount, source)]),
        ..Profile::default()
    }
}

fn field(field: &str, source: &str, transforms: Vec<Transform>) -> FieldMap {
    FieldMap {
        field: field.into(),
        source: source.into(),
        transforms,
    }
}

fn default(value: &str) -> Transform {
    Transform::Default {
        value: value.into(),
    }
}

/// SCIM knows only active and not active; a deleted user is gone.
fn states() -> Transform {
    let table = [("1", "active"), ("0", "disabled")];
    Transform::CodeTable {
        table: table
            .into_iter()
            .map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()))
            .collect(),
        other: None,
    }
}

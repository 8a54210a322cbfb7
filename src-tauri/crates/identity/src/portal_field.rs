//! The portal fields that a claim may fill, as they are offered.
//!
//! First those that stand for a column of the national user tables, then the other names of SCIM 2.0
//! (RFC 7643): the core's and the enterprise extension's. A site may add any name of its own.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::claims::{columns, portal_name};
use crate::kind::AccountKind;

/// Prefix of the enterprise extension (RFC 7643, 4.3).
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:";

/// Names that stand for no column; one that begins with `>` is of the enterprise extension.
const OTHERS: &[&str] = &[
    "name.familyName",
    "name.givenName",
    "nickName",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "active",
    "emails[type eq \"work\"].value",
    "emails[type eq \"home\"].value",
    "phoneNumbers[type eq \"work\"].value",
    "addresses[type eq \"work\"].formatted",
    "addresses[type eq \"home\"].formatted",
    "externalId",
    "displayName",
    ">employeeNumber",
    ">organization",
    ">division",
    ">department",
    ">costCenter",
    ">manager.value",
];

/// A portal field that is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PortalField {
    /// The kind of account.
    pub kind: AccountKind,
    /// Its SCIM name.
    pub name: String,
    /// The column that it stands for.
    pub column: Option<String>,
    /// Whether the column is required, so that nobody should sign in without it.
    pub required: bool,
    /// Whether its values are personal data.
    pub personal: bool,
}

/// Every portal field that is offered, by kind.
pub fn portal_fields() -> Vec<PortalField> {
    let mut fields: Vec<PortalField> = columns()
        .map(|(kind, column, name, required, personal)| PortalField {
            kind,
            name,
            column: Some(column.to_owned()),
            required,
            personal,
        })
        .collect();
    for kind in AccountKind::ALL.iter().copied() {
        for other in OTHERS {
            let name = match other.strip_prefix('>') {
                Some(name) => format!("{ENTERPRISE}{name}"),
                None => portal_name(other),
            };
            if fields
                .iter()
                .all(|known| known.kind != kind || known.name != name)
            {
                fields.push(PortalField {
                    kind,
                    personal: name.starts_with("name.")
                        || name.starts_with("emails")
                        || name.starts_with("phone")
                        || name.starts_with("addresses")
                        || name == "nickName",
                    name,
                    column: None,
                    required: false,
                });
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::default_claims;

    #[test]
    fn every_field_is_offered_once_and_the_defaults_are_among_them() {
        let fields = portal_fields();
        for (at, field) in fields.iter().enumerate() {
            let again = fields[at + 1..]
                .iter()
                .any(|other| other.kind == field.kind && other.name == field.name);
            assert!(!again, "{}", field.name);
        }
        for row in default_claims() {
            assert!(
                fields
                    .iter()
                    .any(|field| field.kind == row.kind && field.name == row.portal_field)
            );
        }
        assert!(fields.iter().any(|field| field.name
            == "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization"));
    }
}

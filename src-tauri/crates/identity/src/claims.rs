//! The claim mapping: which received claim fills which field of the portal's account.
//!
//! Portal fields have their SCIM 2.0 names (RFC 7643), with an extension for what the national user
//! tables know and SCIM does not. Each known portal field stands for one column of those tables, so
//! that a claim is judged by the same rules as the column.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::mapping::MappingError;
use zhengqiao_domain::primitives::masking;
use zhengqiao_domain::{CompiledField, DatasetId, FieldMap, Personal, Transform};

use crate::error::ClaimError;
use crate::kind::AccountKind;

/// Prefix of the portal fields that SCIM has no name for.
pub const PORTAL_EXTENSION: &str = "urn:zhengqiao:scim:extension:identity:2.0:User:";

pub(crate) const MOBILE: &str = "phoneNumbers[type eq \"mobile\"].value";

/// One row of a claim mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClaimRow {
    /// The kind of account that the row is for.
    pub kind: AccountKind,
    /// The claim's name, or a JSON pointer when it begins with `/`.
    pub claim: String,
    /// SCIM name of the portal's field.
    pub portal_field: String,
    /// Steps applied in order.
    #[serde(default)]
    pub transforms: Vec<Transform>,
    /// Whether nobody may sign in without it.
    #[serde(default)]
    pub required: bool,
    /// Whether the value is personal data.
    #[serde(default)]
    pub personal: bool,
}

impl ClaimRow {
    /// The column of the national user tables that the portal field stands for.
    pub(crate) fn column(&self) -> Option<&'static str> {
        COLUMNS
            .iter()
            .find(|(kind, _, field)| *kind == self.kind && self.portal_field == portal_name(field))
            .map(|(_, column, _)| *column)
    }

    /// The class of personal data that the row's values belong to.
    pub fn personal_class(&self) -> Personal {
        let known = self.column().and_then(|column| {
            let dataset = self.kind.dataset().dataset();
            dataset
                .position(column)
                .map(|at| dataset.fields[at].personal)
        });
        match known {
            Some(class) if class != Personal::None => class,
            _ if self.personal => Personal::FreeText,
            _ => Personal::None,
        }
    }

    /// A value of this row as it is shown by default.
    pub fn mask(&self, value: &str) -> String {
        masking::mask(self.personal_class(), value)
    }
}

/// Columns and the portal fields that they fill. A name that begins with `+` is one of the extension.
const COLUMNS: &[(AccountKind, &str, &str)] = &[
    (AccountKind::Natural, "cert_key", "userName"),
    (AccountKind::Natural, "cert_key", "+certKey"),
    (AccountKind::Natural, "user_name", "name.formatted"),
    (AccountKind::Natural, "user_mobile", MOBILE),
    (AccountKind::Natural, "cert_type", "+certificateType"),
    (AccountKind::Natural, "cert_no", "+certificateNumber"),
    (
        AccountKind::Natural,
        "cert_eff_date",
        "+certificateValidFrom",
    ),
    (
        AccountKind::Natural,
        "cert_ext_date",
        "+certificateValidUntil",
    ),
    (AccountKind::Natural, "user_real_lvl", "+realNameLevel"),
    (
        AccountKind::Natural,
        "user_region",
        "addresses[type eq \"home\"].region",
    ),
    (AccountKind::Natural, "birthday", "+birthday"),
    (AccountKind::Natural, "sex", "+sex"),
    (AccountKind::Legal, "certificate_sno", "userName"),
    (AccountKind::Legal, "certificate_key", "+certKey"),
    (AccountKind::Legal, "certificate_sno", "+creditCode"),
    (AccountKind::Legal, "corp_name", "displayName"),
    (AccountKind::Legal, "corp_type", "+legalPersonType"),
    (AccountKind::Legal, "corp_status", "+legalPersonStatus"),
    (AccountKind::Legal, "legal_name", "name.formatted"),
    (AccountKind::Legal, "legal_mobile", MOBILE),
    (AccountKind::Legal, "legal_cert_type", "+certificateType"),
    (AccountKind::Legal, "legal_cert_no", "+certificateNumber"),
    (
        AccountKind::Legal,
        "legal_cert_eff_date",
        "+certificateValidFrom",
    ),
    (
        AccountKind::Legal,
        "legal_cert_ext_date",
        "+certificateValidUntil",
    ),
    (AccountKind::Agent, "trust_acct_no", "userName"),
    (AccountKind::Agent, "trust_acct_no_key", "externalId"),
    (AccountKind::Agent, "agent_cert_key", "+certKey"),
    (AccountKind::Agent, "agent_name", "name.formatted"),
    (AccountKind::Agent, "agent_mobile", MOBILE),
    (AccountKind::Agent, "agent_cert_type", "+certificateType"),
    (AccountKind::Agent, "agent_cert", "+certificateNumber"),
    (AccountKind::Agent, "certificate_sno", "+creditCode"),
    (AccountKind::Agent, "acct_type", "+accountType"),
    (AccountKind::Agent, "agent_channel", "+agentChannel"),
    (AccountKind::Agent, "agent_eff_date", "+agentValidFrom"),
    (AccountKind::Agent, "agent_exp_date", "+agentValidUntil"),
];

pub(crate) fn portal_name(name: &str) -> String {
    match name.strip_prefix('+') {
        Some(own) => format!("{PORTAL_EXTENSION}{own}"),
        None => name.to_owned(),
    }
}

/// Each portal field that stands for a column: kind, column, name, whether it is required, whether it
/// is personal data.
pub(crate) fn columns() -> impl Iterator<Item = (AccountKind, &'static str, String, bool, bool)> {
    COLUMNS.iter().filter_map(|(kind, column, field)| {
        let dataset = kind.dataset().dataset();
        let described = &dataset.fields[dataset.position(column)?];
        let personal = described.personal != Personal::None;
        let name = portal_name(field);
        Some((*kind, *column, name, described.required, personal))
    })
}

/// The mapping that a new connection starts with: claims named like the national user tables'
/// columns, required where the column is.
pub fn default_claims() -> Vec<ClaimRow> {
    columns()
        .map(
            |(kind, column, portal_field, required, personal)| ClaimRow {
                kind,
                claim: column.to_owned(),
                portal_field,
                transforms: Vec::new(),
                required,
                personal,
            },
        )
        .collect()
}

/// Everything that is wrong with a mapping; empty when it may be saved.
pub fn check_claims(rows: &[ClaimRow]) -> Vec<ClaimError> {
    let mut errors = Vec::new();
    let mut filled = HashSet::new();
    for (at, row) in rows.iter().enumerate() {
        let (kind, target) = (row.kind, row.portal_field.trim());
        if row.claim.trim().is_empty() || target.is_empty() {
            errors.push(ClaimError::Empty { kind, row: at + 1 });
            continue;
        }
        if is_password(&row.claim) || is_password(target) {
            errors.push(ClaimError::Password {
                kind,
                row: at + 1,
                claim: row.claim.clone(),
            });
        }
        if !filled.insert((kind, target)) {
            errors.push(ClaimError::Twice {
                kind,
                row: at + 1,
                portal_field: target.to_owned(),
            });
        }
        errors.extend(compile(row, at + 1).err());
    }
    let key = portal_name("+certKey");
    for kind in AccountKind::ALL.iter().copied() {
        let mut of_kind = rows.iter().filter(|row| row.kind == kind).peekable();
        if of_kind.peek().is_some()
            && !of_kind.any(|row| {
                row.required && (row.portal_field == "userName" || row.portal_field == key)
            })
        {
            errors.push(ClaimError::NoKey { kind });
        }
    }
    errors
}

/// A row made ready, as the field of the column that it stands for. A field of the site itself is read
/// like a column of free text.
pub(crate) fn compile(row: &ClaimRow, number: usize) -> Result<CompiledField, ClaimError> {
    let (dataset, field) = row
        .column()
        .map_or((DatasetId::PortalAccount, "roles"), |column| {
            (row.kind.dataset(), column)
        });
    let map = FieldMap {
        field: field.to_owned(),
        source: row.claim.trim().to_owned(),
        transforms: row.transforms.clone(),
    };
    CompiledField::new(dataset, &map).map_err(|error| {
        let (step, what) = match error {
            MappingError::Step { step, what, .. } => (step, what),
            other => (0, other.to_string()),
        };
        ClaimError::Step {
            kind: row.kind,
            row: number,
            portal_field: row.portal_field.clone(),
            step,
            what,
        }
    })
}

fn is_password(name: &str) -> bool {
    let last = name.rsplit(['/', '.', ':']).next().unwrap_or(name);
    let last: String = last
        .chars()
        .filter(|char| char.is_alphanumeric())
        .collect::<String>()
        .to_lowercase();
    last.contains("password")
        || last.contains("passwd")
        || last.contains("密码")
        || last.contains("口令")
        || last == "pwd"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_mapping_covers_three_kinds_and_is_sound() {
        let rows = default_claims();
        assert_eq!(rows.len(), COLUMNS.len());
        for kind in AccountKind::ALL {
            assert!(rows.iter().any(|row| row.kind == *kind && row.required));
        }
        assert_eq!(check_claims(&rows), vec![]);
    }

    #[test]
    fn every_required_column_is_mapped() {
        let rows = default_claims();
        for kind in AccountKind::ALL {
            for field in kind.dataset().dataset().fields {
                let mapped = rows
                    .iter()
                    .any(|row| row.kind == *kind && row.claim == field.name);
                assert!(
                    mapped || !field.required || field.name.starts_with("cd_"),
                    "{}",
                    field.name
                );
            }
        }
    }

    #[test]
    fn a_password_a_second_filling_and_an_empty_row_are_refused() {
        let mut rows = default_claims();
        rows[1].claim = "/user/passWord".into();
        rows[3].portal_field = "name.formatted".into();
        rows[4].claim = " ".into();
        assert_eq!(
            check_claims(&rows),
            vec![
                ClaimError::Password {
                    kind: AccountKind::Natural,
                    row: 2,
                    claim: "/user/passWord".into()
                },
                ClaimError::Twice {
                    kind: AccountKind::Natural,
                    row: 4,
                    portal_field: "name.formatted".into()
                },
                ClaimError::Empty {
                    kind: AccountKind::Natural,
                    row: 5
                },
            ]
        );
    }

    #[test]
    fn a_phone_number_alone_keeps_nobody_apart() {
        let rows: Vec<ClaimRow> = default_claims()
            .into_iter()
            .filter(|row| row.kind == AccountKind::Natural && row.portal_field == MOBILE)
            .collect();
        assert_eq!(
            check_claims(&rows),
            vec![ClaimError::NoKey {
                kind: AccountKind::Natural
            }]
        );
    }

    #[test]
    fn a_value_is_masked_by_its_column_and_a_field_of_the_site_by_its_mark() {
        let mut row = default_claims()
            .into_iter()
            .find(|row| row.portal_field == MOBILE)
            .unwrap();
        assert_eq!(row.mask("13812341234"), "138****1234");
        row.portal_field = "nickName".into();
        assert_eq!(row.mask("小明同学"), "小***");
        row.personal = false;
        assert_eq!(row.mask("小明同学"), "小明同学");
    }
}

//! Somebody who arrives: the claims of one sign-on as a record, and the portal accounts that it
//! could concern.

use serde_json::{Map, Value};
use zhengqiao_domain::mapping::MappingError;
use zhengqiao_domain::{CompiledMapping, FieldMap, Mapping, Record};

use crate::account::PortalAccount;
use crate::claims::ClaimRow;
use crate::identity::Identity;
use crate::kind::AccountKind;

/// The claims as a record of the kind's dataset, under the mapping's rows of that kind.
///
/// # Errors
/// When a row cannot be used.
pub fn arrived(
    kind: AccountKind,
    rows: &[ClaimRow],
    claims: &Map<String, Value>,
) -> Result<Record, MappingError> {
    let mut fields: Vec<FieldMap> = Vec::new();
    for row in rows.iter().filter(|row| row.kind == kind) {
        if let Some(column) = row.column()
            && fields.iter().all(|known| known.field != column)
        {
            fields.push(FieldMap {
                field: column.to_owned(),
                source: row.claim.trim().to_owned(),
                transforms: row.transforms.clone(),
            });
        }
    }
    Ok(CompiledMapping::new(kind.dataset(), &Mapping { fields })?.apply(claims))
}

/// Whether a portal account has a key, a number or a telephone in common with an identity.
pub fn concerns(identity: &Identity, account: &PortalAccount) -> bool {
    fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.is_some() && one == other
    }
    let bound = account.bound_key();
    account.kind == identity.kind
        && ((bound.is_some()
            && (bound == Some(&*identity.key) || bound == identity.other_key.as_deref()))
            || same(account.cert_key.as_ref(), identity.cert_key.as_ref())
            || same(
                account.id_number_hash.as_ref(),
                identity.id_number_hash.as_ref(),
            )
            || same(account.credit_code.as_ref(), identity.credit_code.as_ref())
            || same(account.mobile.as_ref(), identity.mobile.as_ref()))
}

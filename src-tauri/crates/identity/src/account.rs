//! The portal's own accounts.

use crate::identity::IdNumberHash;
use crate::kind::AccountKind;
use crate::words::words;

words! {
    /// Whether a portal account can be used.
    pub enum AccountState {
        /// 正常.
        Active = "active",
        /// 停用.
        Disabled = "disabled",
        /// 注销.
        Deleted = "deleted",
    }
}

words! {
    /// What the portal went by when it bound the account.
    pub enum BoundBy {
        /// 散列标识: the identity hash.
        CertKey = "cert_key",
        /// 证件号码: the document's number.
        IdNumber = "id_number",
        /// 信用代码: the credit code.
        CreditCode = "credit_code",
        /// 手机号: the telephone number, which proves nothing.
        Phone = "phone",
        /// 人工: a person decided.
        Manual = "manual",
    }
}

/// An account of the government-website platform.
///
/// Codes and keys are in the form that [`crate::AccountReader`] gives them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortalAccount {
    /// Its identifier in the portal.
    pub account_id: Box<str>,
    /// Whom it belongs to.
    pub kind: AccountKind,
    /// Display name.
    pub title: Option<Box<str>>,
    /// The identity hash that it carries, lower case.
    pub cert_key: Option<Box<str>>,
    /// Hash of the ID number, where the portal's list has the number.
    pub id_number_hash: Option<IdNumberHash>,
    /// Credit code, upper case.
    pub credit_code: Option<Box<str>>,
    /// Code of the certificate's type.
    pub id_type: Option<Box<str>>,
    /// Mobile number without a country prefix.
    pub mobile: Option<Box<str>>,
    /// Rank of the real-name level that its site asks for.
    pub required_level: Option<u8>,
    /// Whether it can be used.
    pub state: AccountState,
    /// Key of the identity that it is bound to.
    pub bound_to: Option<Box<str>>,
    /// What it was bound by.
    pub bound_by: Option<BoundBy>,
    /// Roles, as the portal writes them.
    pub roles: Option<Box<str>>,
    /// Its site.
    pub site: Option<Box<str>>,
}

impl PortalAccount {
    /// Whether the account can be used.
    pub const fn is_active(&self) -> bool {
        matches!(self.state, AccountState::Active)
    }
}

//! The portal's own accounts.

use crate::identity::IdNumberHash;
use crate::kind::AccountKind;
use crate::number::NumberForm;
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

/// A decision that changes what an account belongs to. One that only puts it off is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decided {
    /// It belongs to the identity with this key.
    Link(Box<str>),
    /// It does not belong to the identity with this key; without a key, to the one it is bound to.
    Unlink(Option<Box<str>>),
    /// It is given up for another account.
    Merge,
    /// It stays as it is.
    DoNotTouch,
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
    /// Form of the ID number.
    pub number_form: Option<NumberForm>,
    /// Credit code, or the organisation code that the portal still has; upper case.
    pub credit_code: Option<Box<str>>,
    /// A legal person's representative, as the portal has it.
    pub representative: Option<Box<str>>,
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
    /// What a person decided about its binding.
    pub decided: Option<Decided>,
}

impl PortalAccount {
    /// The key that it is bound to, by a decision or by the portal.
    pub fn bound_key(&self) -> Option<&str> {
        match &self.decided {
            Some(Decided::Link(key)) => Some(key),
            _ => self.bound_to.as_deref(),
        }
    }

    /// Whether the account can be used.
    pub const fn is_active(&self) -> bool {
        matches!(self.state, AccountState::Active)
    }
}

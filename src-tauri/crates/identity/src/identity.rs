//! Accounts of the unified identity.

use chrono::NaiveDate;

use crate::kind::AccountKind;

/// A keyed hash of a document's number, so that numbers can be compared without being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNumberHash(pub [u8; 16]);

/// An account of the unified identity: a natural person, a legal person or an agent.
///
/// Codes and keys are in the form that [`crate::AccountReader`] gives them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Whose it is.
    pub kind: AccountKind,
    /// What a portal account is bound to: a natural person's `cert_key`, a legal person's credit
    /// code, an agent's account number.
    pub key: Box<str>,
    /// Another key that portals are seen to bind to: a legal person's `certificate_key`, the hash of
    /// an agent's account number.
    pub other_key: Option<Box<str>>,
    /// Name.
    pub title: Option<Box<str>>,
    /// Identity hash, lower case.
    pub cert_key: Option<Box<str>>,
    /// Hash of the ID number of the person behind it: holder, legal representative or agent.
    pub id_number_hash: Option<IdNumberHash>,
    /// Credit code of the legal person, or of the one that the agent acts for; upper case.
    pub credit_code: Option<Box<str>>,
    /// Mobile number without a country prefix.
    pub mobile: Option<Box<str>>,
    /// Rank of the real-name level.
    pub level: Option<u8>,
    /// First day of the certificate or authorisation.
    pub valid_from: Option<NaiveDate>,
    /// Last day of the certificate or authorisation; `None` when there is no end.
    pub valid_until: Option<NaiveDate>,
    /// A legal person's `corp_status`.
    pub status: Option<Box<str>>,
}

impl Identity {
    /// Whether the same person, or the same legal person, is behind both. An agent counts as the
    /// legal person's own; two agents of one legal person are two persons.
    pub(crate) fn is_same_person(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.is_some() && one == other
        }
        (self.kind == other.kind && self.key == other.key)
            || same(self.cert_key.as_ref(), other.cert_key.as_ref())
            || same(self.id_number_hash.as_ref(), other.id_number_hash.as_ref())
            || ((self.kind != AccountKind::Agent || other.kind != AccountKind::Agent)
                && same(self.credit_code.as_ref(), other.credit_code.as_ref()))
    }
}

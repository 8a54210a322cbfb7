//! Accounts of the unified identity.

use chrono::NaiveDate;

use crate::kind::AccountKind;
use crate::number::NumberForm;

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
    /// Form of that number.
    pub number_form: Option<NumberForm>,
    /// A legal person's representative.
    pub representative: Option<Box<str>>,
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
